"""Where two sources tell one fact differently, and what a clerk has settled about it.

Which fields are compared stands in `merging.yaml`. A settlement is a value with the sources' values at the time;
it holds while the sources still say the same, and is passed over when one of them has changed its mind.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from xianjie.dictionary import Entity
from xianjie.engines import Engine, quote, quote_name

SETTLEMENT = ("entity", "key", "field", "value", "settled_on", "settled_by", "against")
TOLD = "STRUCT(source VARCHAR, layout VARCHAR, value VARCHAR, as_of VARCHAR)[]"
COLUMNS = {
    "entity": "VARCHAR",
    "household_id": "VARCHAR",
    "person_id": "VARCHAR",
    "key": "VARCHAR",
    "field": "VARCHAR",
    "values": TOLD,
    "against": "VARCHAR",
    "settled": "VARCHAR",
    "taken": "VARCHAR",
    "why": "VARCHAR",
}
WRITTEN = ("entity", "household_id", "person_id", "key", "field", "values", "taken", "why", "against")


class Conflict(BaseModel):
    """What makes two rows tell one fact (the owner, when nothing is named), and which fields they should agree in."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    fact: tuple[str, ...] = ()
    fields: tuple[str, ...]

    def key(self, entity: Entity) -> tuple[str, ...]:
        """The fields whose values say which fact it is."""
        return self.fact or (entity.parent_key,)


@dataclass(frozen=True)
class Source:
    """Rows of one source: SQL of `origin` and the entity's columns. `layout` is empty for the register."""

    origin: int
    name: str
    layout: str
    date: datetime.date | None
    sql: str


class Conflicts:
    """The conflicts of one run, in the table `conflict`; settlements come from the relation `settlements`, if any."""

    def __init__(self, engine: Engine, settlements: bool) -> None:
        self.engine, self.settlements = engine, settlements
        self._keys: dict[str, Conflict] = {}
        columns = ", ".join(f"{quote_name(name)} {kind}" for name, kind in COLUMNS.items())
        engine.run(f"CREATE OR REPLACE TABLE conflict ({columns})")

    def find(self, entity: Entity, conflict: Conflict, sources: Sequence[Source], dated: str) -> bool:
        """Note what the sources of an entity tell differently; gives whether some of it is settled.

        `dated`: the field that says of which day a row is; without it a row is of its file's day.
        """
        self._keys[entity.entity] = conflict
        self.engine.run(self._found(entity, conflict, sources, dated))
        if not self.settlements:
            return False
        self.engine.run(f"""
            UPDATE conflict SET settled = s.value FROM (
                SELECT * FROM settlements WHERE entity = {quote(entity.entity)} QUALIFY row_number() OVER (
                    PARTITION BY key, field ORDER BY settled_on DESC NULLS LAST, settled_by DESC NULLS LAST, value) = 1
            ) s
            WHERE conflict.entity = s.entity AND conflict.key = s.key AND conflict.field = s.field
                AND conflict.against = s.against AND {_castable(entity, conflict)}""")
        return bool(
            self.engine.value(
                f"SELECT count(*) FROM conflict WHERE entity = {quote(entity.entity)} AND settled IS NOT NULL"
            )
        )

    def _found(self, entity: Entity, conflict: Conflict, sources: Sequence[Source], dated: str) -> str:
        key = _key(conflict.key(entity))
        known = " AND ".join(f"{quote_name(name)} IS NOT NULL" for name in conflict.key(entity))
        owners = [name for name in ("person_id", "household_id") if name in entity.fields]
        fields = ", ".join(f"CAST({quote_name(name)} AS VARCHAR) AS {quote_name(name)}" for name in conflict.fields)
        differ = " OR ".join(f"min({quote_name(name)}) <> max({quote_name(name)})" for name in conflict.fields)
        rows = ", ".join(f"{{'field': {quote(name)}, 'value': {quote_name(name)}}}" for name in conflict.fields)
        household = "e.household_id" if "household_id" in owners else "p.household_id"
        person = "e.person_id" if "person_id" in owners else "NULL"
        people = "" if "household_id" in owners else "LEFT JOIN register_persons p USING (person_id)"
        facts = ", ".join(
            f"({source.origin}, {quote(source.name)}, {quote(source.layout)}, "
            f"{quote(source.date.isoformat()) if source.date else 'NULL'})"
            for source in sources
        )
        day = f"CAST({quote_name(dated)} AS VARCHAR)" if dated else "NULL"
        return f"""
            INSERT INTO conflict
            WITH source(origin, source, layout, day) AS (VALUES {facts}),
            every AS (
                SELECT {key} AS key, origin, {", ".join(owners)}, {fields},
                       {quote_name(entity.key)} AS row_key, {day} AS day
                FROM ({" UNION ALL ".join(source.sql for source in sources)}) WHERE {known}),
            differing AS (SELECT key FROM every GROUP BY key HAVING {differ}),
            told AS (
                SELECT key, origin, {", ".join(owners)}, row_key, day, unnest([{rows}], recursive := true)
                FROM every SEMI JOIN differing USING (key)),
            said AS (
                SELECT t.*, s.source, s.layout, coalesce(t.day, s.day) AS as_of
                FROM told t JOIN source s USING (origin) WHERE value IS NOT NULL
                QUALIFY row_number() OVER (PARTITION BY key, field, s.layout
                    ORDER BY coalesce(t.day, s.day) DESC NULLS LAST, origin, row_key) = 1),
            e AS (
                SELECT key, field, {", ".join(f"min({name}) AS {name}" for name in owners)},
                    list({{'source': source, 'layout': layout, 'value': value, 'as_of': as_of}} ORDER BY layout)
                        AS told,
                    string_agg(CASE layout WHEN '' THEN 'register' ELSE layout END || '=' || value, ';'
                        ORDER BY layout) AS against
                FROM said GROUP BY key, field HAVING min(value) <> max(value))
            SELECT {quote(entity.entity)}, {household}, {person}, key, field, told, against, NULL, NULL, NULL
            FROM e {people}"""

    def settled(self, entity: Entity, source: str) -> str:
        """SQL of a source's rows with the settled values put in."""
        conflict = self._keys[entity.entity]
        columns = ["r.origin"]
        for name, field in entity.fields.items():
            value = f"r.{quote_name(name)}"
            if name in conflict.fields:
                value = f"coalesce(TRY_CAST(s.{quote_name(name)} AS {field.storage}), {value}) AS {quote_name(name)}"
            columns.append(value)
        fields = ", ".join(
            f"max(settled) FILTER (field = {quote(name)}) AS {quote_name(name)}" for name in conflict.fields
        )
        return f"""
            SELECT {", ".join(columns)} FROM (SELECT *, {_key(conflict.key(entity))} AS fact_key FROM ({source})) r
            LEFT JOIN (SELECT key, {fields} FROM conflict
                       WHERE entity = {quote(entity.entity)} AND settled IS NOT NULL GROUP BY key) s
                ON s.key = r.fact_key"""

    def see_what_stands(self, entity: Entity, merged: Path, dated: str) -> None:
        """Note beside each conflict the value that stands in the merged rows, and why."""
        conflict = self._keys.get(entity.entity)
        if conflict is None:
            return
        mine = f"entity = {quote(entity.entity)}"
        if not self.engine.value(f"SELECT count(*) FROM conflict WHERE {mine}"):
            return
        rows = ", ".join(
            f"{{'field': {quote(name)}, 'value': CAST({quote_name(name)} AS VARCHAR)}}" for name in conflict.fields
        )
        why = "'newest'" if dated else "CASE WHEN contains(against, 'register=') THEN 'register' ELSE 'first' END"
        self.engine.run(f"""
            UPDATE conflict SET taken = m.taken, why = CASE WHEN settled IS NOT NULL THEN 'settled'
                WHEN m.values > 1 THEN 'both' ELSE {why} END
            FROM (SELECT key, field, string_agg(DISTINCT value, ';' ORDER BY value) AS taken,
                         count(DISTINCT value) AS values
                  FROM (SELECT {_key(conflict.key(entity))} AS key, unnest([{rows}], recursive := true)
                        FROM read_parquet({quote(str(merged))}))
                  SEMI JOIN (SELECT key FROM conflict WHERE {mine}) USING (key) GROUP BY key, field) m
            WHERE {mine} AND conflict.key = m.key AND conflict.field = m.field""")

    def write(self, out: Path) -> dict[str, int]:
        """Write `conflicts.parquet`; gives how many there are, how many settled, how many settlements are overtaken."""
        columns = ", ".join(map(quote_name, WRITTEN))
        found = self.engine.write_parquet(
            f"SELECT {columns} FROM conflict ORDER BY entity, household_id, person_id, key, field", out
        )
        given = self.engine.value("SELECT count(*) FROM settlements") if self.settlements else 0
        used = self.engine.value("SELECT count(*) FROM conflict WHERE settled IS NOT NULL")
        return {"found": found, "given": int(given), "used": int(used), "overtaken": int(given) - int(used)}


def _key(fields: Sequence[str]) -> str:
    """SQL of a fact's key as text."""
    if len(fields) == 1:
        return f"CAST({quote_name(fields[0])} AS VARCHAR)"
    return f"concat_ws('|', {', '.join(quote_name(name) for name in fields)})"


def _castable(entity: Entity, conflict: Conflict) -> str:
    """SQL: whether the settled value can stand in its field."""
    cases = " ".join(
        f"WHEN {quote(name)} THEN TRY_CAST(s.value AS {entity.fields[name].storage}) IS NOT NULL"
        for name in conflict.fields
    )
    return f"CASE conflict.field {cases} ELSE FALSE END"
