"""To and fro with the national system, which gives nothing but Excel exports and takes nothing but what is keyed in.

What it holds, as far as we know, stands in one Parquet file per layout (`base`): what its last export said, and what
somebody confirmed to have keyed in since. What it holds and what our register says differ in two directions. A
difference that an import brings is open until somebody accepts theirs into the register or keeps ours; everything else
in which the register departs from the base must be keyed in there, and comes with every export until it is confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from pydantic import BaseModel, ConfigDict

from xianjie.dictionary import DictionaryField, Entity, dictionary
from xianjie.dictionary.schemas import empty_relation_sql
from xianjie.engines import Engine, quote, quote_name
from xianjie.feeds import read_layouts
from xianjie.web.words import label

OWNERS = ("household_id", "person_id", "region_code")


class Exchanged(BaseModel):
    """How the rows of a layout are told apart, and which way they go."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    owner: str
    theirs: str
    back: bool
    whole: bool
    dated: str = ""

    def key(self, owner: str, prefix: str = "") -> str:
        """The SQL of a row's key, `owner` being that of the owner."""
        day = f" || '|' || coalesce(CAST({prefix}{quote_name(self.dated)} AS VARCHAR), '')" if self.dated else ""
        return f"{owner}{day}"


class Rules(BaseModel):
    """`national.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    layouts: dict[str, Exchanged]
    kinds: dict[str, dict[str, str]]


@cache
def rules() -> Rules:
    """What is exchanged. Raises `ValueError` when the file is not of its shape."""
    text = (Path(__file__).parent / "national.yaml").read_text(encoding="utf-8")
    return Rules.model_validate(yaml.safe_load(text))


def title(layout: str) -> str:
    """A layout's name for people."""
    return label(read_layouts()[layout])


def entity_of(layout: str) -> Entity:
    """The entity whose rows a layout brings."""
    return dictionary().entities[read_layouts()[layout].entity]


def needed(layouts: Iterable[str]) -> set[str]:
    """The entities of our register that comparing these layouts takes."""
    return {"household", "person"} | {entity_of(layout).entity for layout in layouts}


def base_path(county: str, layout: str) -> Path:
    """What the national system holds of a layout, as far as we know."""
    return Path(settings.HOME) / "files" / "national" / county / f"{layout}.parquet"


def view_ours(engine: Engine, layout: str, register: Path) -> None:
    """The relation `ours`: key, owners, place, name of whom it is about, and every field of the layout's entity."""
    entity = entity_of(layout)
    path = register / f"{entity.table}.parquet"
    rows = f"read_parquet({quote(str(path))})" if path.exists() else _empty(entity)
    people, homes = (
        f"read_parquet({quote(str(register / name))})" for name in ("persons.parquet", "households.parquet")
    )
    one = rules().layouts[layout]
    key = one.key(f"t.{quote_name(one.owner)}", "t.")
    if entity.entity == "village":
        joined, own = "", "'' AS household_id_, '' AS person_id_, t.region_code AS region_code_, t.name AS name_"
    elif entity.parent == "person" or entity.entity == "person":
        joined = f"LEFT JOIN {people} p USING (person_id)" if entity.entity != "person" else ""
        own = _own("p" if joined else "t", "household_id", "t.person_id", "name")
    else:
        joined = f"LEFT JOIN {homes} h USING (household_id)" if entity.entity != "household" else ""
        own = _own("h" if joined else "t", "household_id", "''", "head_name")
    engine.run(f"""
        CREATE OR REPLACE TABLE ours AS
        SELECT * FROM (SELECT {key} AS key, {own}, household_id_ AS household_, t.* FROM {rows} t {joined})
        QUALIFY row_number() OVER (PARTITION BY key ORDER BY {quote_name(entity.key)}) = 1""")


def _own(whose: str, household: str, person: str, name: str) -> str:
    """The columns that say whom a row is about, `whose` being the table that knows place and name."""
    return (
        f"{whose}.{household} AS household_id_, {person} AS person_id_, {whose}.region_code AS region_code_, "
        f"{whose}.{name} AS name_"
    )


def _empty(entity: Entity) -> str:
    return f"({empty_relation_sql(entity)})"


@dataclass(frozen=True)
class Difference:
    """One difference: `left` and `right` are texts, of a whole row JSON."""

    kind: str
    key: str
    field: str
    left: str | None
    right: str | None
    household_id: str
    person_id: str
    region_code: str
    name: str


def differences(
    engine: Engine, layout: str, fields: list[str], left: str, right: str, whole: bool
) -> Iterator[Difference]:
    """What the relation `right` says otherwise than `left`: new rows, changed values, gone rows (of whole tables)."""

    def row(side: str) -> str:
        inside = ", ".join(f"{quote_name(name)}: {side}.{quote_name(name)}" for name in fields)
        return f"CAST(to_json({{{inside}}}) AS VARCHAR)"

    own = "o.household_id_, o.person_id_, o.region_code_, o.name_"
    changed = " UNION ALL ".join(
        f"SELECT 'changed', l.key, {quote(name)}, CAST(l.{column} AS VARCHAR), CAST(r.{column} AS VARCHAR), {own} "
        f"FROM {left} l JOIN {right} r USING (key) LEFT JOIN ours o USING (key) "
        f"WHERE l.{column} IS DISTINCT FROM r.{column}"
        for name in fields
        for column in [quote_name(name)]
    )
    new = (
        f"SELECT 'new', r.key, '', NULL, {row('r')}, "
        "coalesce(o.household_id_, r.household_), o.person_id_, o.region_code_, o.name_ "
        f"FROM {right} r ANTI JOIN {left} l USING (key) LEFT JOIN ours o USING (key)"
    )
    gone = (
        f"SELECT 'gone', l.key, '', {row('l')}, NULL, {own} "
        f"FROM {left} l ANTI JOIN {right} r USING (key) LEFT JOIN ours o USING (key)"
    )
    parts = [changed, new, *([gone] if whole else [])]
    sql = f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY 1, 2, 3"
    for batch in engine.stream(sql):
        for kind, key, field, before, after, household, person, region, name in batch:
            yield Difference(kind, key, field, before, after, household or "", person or "", region or "", name or "")


ROW = (
    "exchange",
    "region_code",
    "layout",
    "kind",
    "key",
    "household_id",
    "person_id",
    "name",
    "field",
    "before",
    "after",
    "state",
)


def typed(field: DictionaryField, value: Any) -> Any:
    """A value from its text."""
    if value is None or value == "":
        return None
    if field.type == "date":
        return date.fromisoformat(str(value))
    if field.type in ("int", "fen"):
        return int(value)
    if field.type == "number":
        return float(value)
    if field.type == "bool":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    return str(value)
