"""The register out of a data folder into the database 底册导入.

Files are read by `feeds` as the daily job reads them (Parquet, CSV or Excel, wrong rows told), then stream from DuckDB
in batches, each of one transaction. A row that is there already is compared and never overwritten: what differs is
reported. So a load that was killed is finished by starting it again: what it had written is found equal.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from xianjie.dictionary import dictionary
from xianjie.dictionary.masking import mask_value
from xianjie.engines import Engine, open_engine, quote_name
from xianjie.feeds import read_entities
from xianjie.messages import UserError, say
from xianjie.screening.run_folder import file_fingerprint
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.daily.bulk import chunks, insert_rows
from xianjie.web.daily.models import RegisterTable
from xianjie.web.daily.scheduling import schedule_runs
from xianjie.web.daily.tables import Table, sealed_data, tables
from xianjie.web.regions.models import Region
from xianjie.web.registry.models import Fact, Membership, Person
from xianjie.web.registry.records import initials_of
from xianjie.web.sealing import index_of, seal, unseal

Progress = Callable[[int, int, str], None]
BATCH = 5_000
SHOWN_DIFFERENCES = 500
OWN = ("household", "person")


@dataclass
class Loaded:
    """What became of one table's rows: read = refused + added + same + different."""

    read: int = 0
    refused: int = 0
    added: int = 0
    same: int = 0
    different: int = 0


@dataclass
class Load:
    """One load: the engine with the folder's tables, the counts, the differences found, who is elsewhere by now."""

    engine: Engine
    progress: Progress
    total: int = 0
    done: int = 0
    counts: dict[str, Loaded] = field(default_factory=dict)
    differences: list[dict[str, Any]] = field(default_factory=list)
    moved: dict[str, tuple[str | None, str]] = field(default_factory=dict)  # person → where the database has them
    counties: list[str] = field(default_factory=list)
    day: str = field(default_factory=lambda: today().isoformat())

    def told(self, table: str, rows: int) -> None:
        """Say how far the load is."""
        self.done += rows
        self.progress(self.done, self.total, say("daily.loading", table=dictionary().by_table(table).zh))  # type: ignore[union-attr]


def load_register(data_folder: Path, progress: Progress) -> dict[str, Any]:
    """Load a data folder's register; gives {county, tables: {table: counts}, problems, differences, checksums}.

    `progress(done, total, text)` counts rows; what it raises (a wish to stop) ends the load between two batches.
    Raises `UserError` when the folder has no households or no people. One audit event tells the load when it is whole.
    """
    data_folder = Path(data_folder)
    work = Path(settings.HOME) / "incoming" / f"load-{data_folder.resolve().name}"
    shutil.rmtree(work, ignore_errors=True)
    try:
        readings = read_entities(data_folder, work)
        problems = [one.problem.text for one in readings.values() if one.problem]
        paths = {name: one.parquet for name, one in readings.items() if one.parquet}
        if not {"households", "persons"} <= paths.keys():
            raise UserError("daily.no_register", folder=data_folder, problems="；".join(problems))
        with open_engine(memory_limit="1GB", temp_folder=work) as engine:
            for name, path in paths.items():
                engine.view_parquet(name, path)
            load = Load(engine, progress)
            load.total = sum(engine.value(f"SELECT count(*) FROM {quote_name(name)}") for name in paths)
            for name, one in readings.items():
                if one.parquet:
                    refused = one.counts.rejected
                    load.counts[name] = Loaded(read=refused, refused=refused)
            load.counties = _counties(load)
            _load_tables(load)
        checksums = {one.path.name: file_fingerprint(one.path) for one in readings.values() if one.parquet}
        result = {
            "county": load.counties[0],
            "tables": {name: vars(one) for name, one in load.counts.items()},
            "problems": problems + _refusals(load),
            "differences": load.differences,
            "checksums": checksums,
        }
        told = {"folder": data_folder.name, "files": checksums, "tables": result["tables"]}
        with transaction.atomic():
            for county in load.counties:
                for name in load.counts:
                    RegisterTable.everything.get_or_create(region_code=county, table=name)
            schedule_runs()
            record("daily.load", subject=("register", data_folder.name), region_code=load.counties[0], after=told)
        return result
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refusals(load: Load) -> list[str]:
    return [
        say("daily.rows_refused", table=name, number=one.refused) for name, one in load.counts.items() if one.refused
    ]


def _counties(load: Load) -> list[str]:
    """The county codes of the households, the largest first."""
    sql = "SELECT substr(region_code, 1, 6) || '000000', count(*) FROM households GROUP BY 1 ORDER BY 2 DESC, 1"
    return [row[0] for row in load.engine.rows(sql)]


def _load_tables(load: Load) -> None:
    if "regions" in load.counts:
        _load_regions(load)
    load.engine.run("""
        CREATE TABLE owner AS
        SELECT p.person_id, h.household_id, h.region_code FROM persons p JOIN households h USING (household_id)
    """)
    for table in tables():
        if table.name in load.counts:
            _load_table(load, table)


def _load_table(load: Load, table: Table) -> None:
    counts = load.counts[table.name]
    select, names = SELECTS.get(table.entity.entity) or SELECTS[table.model.__name__]
    listed = load.engine.value(f"SELECT count(*) FROM {quote_name(table.name)}")
    fresh = not _scoped(table).exists()
    seen = 0
    for batch in load.engine.stream(select(table), BATCH):
        rows = [_row(load, names, row) for row in batch]
        with transaction.atomic():
            there = {} if fresh else _there(table, [row["key"] for row in rows])
            new = [row for row in rows if row["key"] not in there]
            _insert(load, table, new)
        for row in rows:
            if row["key"] in there:
                _compare(load, table, row, there[row["key"]], counts)
        seen += len(rows)
        counts.added += len(new)
        load.told(table.name, len(rows))
    counts.read += listed
    counts.refused += listed - seen


def _scoped(table: Table) -> Any:
    rows = table.model.everything  # type: ignore[attr-defined]
    return rows.filter(entity=table.entity.entity) if hasattr(table.model, "entity") else rows.all()


# What each kind of table selects: the key, the columns, the JSON text of the rest, the secret values of the rest.
# A row whose text is longer than its column, or whose owner is not there, is left out and so counted as refused.


def _select_household(table: Table) -> str:
    return f"""
        SELECT t.household_id, t.region_code, coalesce(t.head_name, ''), coalesce(t.household_type, ''),
               coalesce(t.group_name, ''), coalesce(s.size, 0), {table.data_sql}{table.secret_sql}
        FROM households t
        LEFT JOIN (SELECT household_id, count(*) FILTER (alive IS NOT FALSE) AS size FROM persons GROUP BY ALL) s
             USING (household_id)
        WHERE length(t.household_id) <= 40 AND length(t.region_code) = 12
          AND length(coalesce(t.head_name, '')) <= 100 AND length(coalesce(t.group_name, '')) <= 60
        ORDER BY t.region_code, t.household_id"""


def _select_person(table: Table) -> str:
    return f"""
        SELECT t.person_id, o.household_id, coalesce(t.region_code, o.region_code), coalesce(t.name, ''),
               coalesce(t.sex, ''), CAST(t.birth_date AS VARCHAR), coalesce(t.relation, ''), t.alive, t.id_no, t.phone,
               {table.data_sql}{table.secret_sql}
        FROM persons t JOIN owner o USING (person_id)
        WHERE length(t.person_id) <= 40 AND length(coalesce(t.name, '')) <= 100
          AND length(coalesce(t.region_code, o.region_code)) = 12
        ORDER BY o.region_code, o.household_id, t.person_id"""


def _select_fact(table: Table) -> str:
    entity = table.entity
    by_person = entity.parent == "person"
    person = "t.person_id" if "person_id" in entity.fields else "CAST(NULL AS VARCHAR)"
    owner = "owner o USING (person_id)" if by_person else "households o USING (household_id)"
    check = (
        ""
        if by_person or person.startswith("CAST")
        else "AND (t.person_id IS NULL OR t.person_id IN (SELECT person_id FROM owner))"
    )
    begins, ends = (
        f"CAST(t.{quote_name(name)} AS VARCHAR)" if name else "CAST(NULL AS VARCHAR)"
        for name in (*entity.validity, "", "")[:2]
    )
    return f"""
        SELECT t.{quote_name(entity.key)}, o.household_id, {person}, o.region_code, {begins}, {ends},
               {table.data_sql}{table.secret_sql}
        FROM {quote_name(entity.table)} t JOIN {owner}
        WHERE length(t.{quote_name(entity.key)}) <= 60 {check}
        ORDER BY t.{quote_name(entity.key)}"""


def _select_place(table: Table) -> str:
    entity = table.entity
    year = "coalesce(':' || t.year, '')" if "year" in entity.fields else "''"
    key = f"t.{quote_name(entity.key)} || {year}"
    return f"""
        SELECT {key}, t.region_code, {table.data_sql}{table.secret_sql}
        FROM {quote_name(entity.table)} t WHERE length({key}) <= 60 AND length(t.region_code) = 12 ORDER BY 1"""


SELECTS: dict[str, tuple[Callable[[Table], str], tuple[str, ...]]] = {
    "household": (
        _select_household,
        ("key", "region_code", "head_name", "household_type", "group_name", "size", "data"),
    ),
    "person": (
        _select_person,
        (
            "key",
            "household_id",
            "region_code",
            "name",
            "sex",
            "birth_date",
            "relation",
            "alive",
            "id_no",
            "phone",
            "data",
        ),
    ),
    "Fact": (_select_fact, ("key", "household_id", "person_id", "region_code", "holds_from", "holds_to", "data")),
    "PlaceRow": (_select_place, ("key", "region_code", "data")),
}


def _row(load: Load, names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """A selected row by name; a fact follows its person to where the database has them."""
    row = dict(zip(names, values, strict=False))
    row["secret"] = values[len(names) :]
    moved = load.moved.get(row.get("person_id") or "")
    if moved and moved[0]:
        row["household_id"], row["region_code"] = moved
    return row


def _insert(load: Load, table: Table, rows: list[dict[str, Any]]) -> None:
    """Write new rows; a person's membership with them."""
    if not rows:
        return
    ready = [
        READY[table.model.__name__](load, table, row) | {"data": sealed_data(row["data"], table.secret, row["secret"])}
        for row in rows
    ]
    names = tuple(ready[0])
    insert_rows(table.model, names, (tuple(one.values()) for one in ready))
    if table.model is Person:
        insert_rows(
            Membership,
            ("person", "household", "region_code", "relation", "begins_by"),
            ((row["key"], row["household_id"], row["region_code"], row["relation"], "register") for row in rows),
        )


# Each kind's rows as the database takes them: model field → value.


def _ready_household(load: Load, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    own = {name: row[name] for name in ("region_code", "head_name", "household_type", "group_name", "size")}
    return {"household_id": row["key"], **own, "initials": initials_of(row["head_name"])}


def _ready_person(load: Load, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    own = {name: row[name] for name in ("region_code", "name", "sex", "birth_date", "relation", "alive")}
    return {
        "person_id": row["key"],
        "household": row["household_id"],
        **own,
        "initials": initials_of(row["name"]),
        "id_no": seal(row["id_no"]),
        "id_index": index_of(row["id_no"]),
        "phone": seal(row["phone"]),
        "phone_index": index_of(row["phone"]),
    }


def _ready_fact(load: Load, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    own = {name: row[name] for name in ("key", "region_code", "holds_from", "holds_to")}
    return {
        "entity": table.entity.entity,
        "household": row["household_id"],
        "person": row["person_id"],
        **own,
        "source": "register",
        "recorded_on": load.day,
    }


def _ready_place(load: Load, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {"entity": table.entity.entity, "key": row["key"], "region_code": row["region_code"]}


READY = {"Household": _ready_household, "Person": _ready_person, "Fact": _ready_fact, "PlaceRow": _ready_place}

COMPARED = {
    "Household": ("region_code", "head_name", "household_type", "group_name", "data"),
    "Person": (
        "household_id",
        "region_code",
        "name",
        "sex",
        "birth_date",
        "relation",
        "alive",
        "id_no",
        "phone",
        "data",
    ),
    "Fact": ("household_id", "person_id", "data"),
    "PlaceRow": ("region_code", "data"),
}


def _there(table: Table, keys: list[str]) -> dict[str, dict[str, Any]]:
    """The rows of these keys as the database has them now."""
    rows = _scoped(table)
    key = "key" if table.model.__name__ in ("Fact", "PlaceRow") else table.entity.key
    if table.model is Fact:
        rows = rows.filter(withdrawn_on__isnull=True)
    names = COMPARED[table.model.__name__]
    found = {}
    for some in chunks(keys, 900):
        for values in rows.filter(**{f"{key}__in": some}).values(key, *names):
            found[values[key]] = values
    return found


def _compare(load: Load, table: Table, row: dict[str, Any], there: dict[str, Any], counts: Loaded) -> None:
    """Count a row that is there already as same or different, and tell what differs."""
    ours = _plain(table, {**{name: there[name] for name in COMPARED[table.model.__name__]}})
    secret = {name: value for name, value in zip(table.secret, row["secret"], strict=True) if value}
    theirs = {name: row[name] for name in COMPARED[table.model.__name__] if name != "data"}
    theirs |= json.loads(row["data"]) | secret
    if table.model is Person and (ours["household_id"], ours["region_code"]) != (
        theirs["household_id"],
        theirs["region_code"],
    ):
        load.moved[row["key"]] = (ours["household_id"], ours["region_code"])
    names = sorted(
        name for name in ours.keys() | theirs.keys() if (ours.get(name) or None) != (theirs.get(name) or None)
    )
    if not names:
        counts.same += 1
        return
    counts.different += 1
    for name in names[: max(0, SHOWN_DIFFERENCES - len(load.differences))]:
        load.differences.append(
            {"table": table.name, "key": row["key"], "field": name}
            | {side: _shown(table, name, values.get(name)) for side, values in (("register", ours), ("file", theirs))}
        )


def _plain(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    data = values.pop("data")
    secret = {name: unseal(data[name]) for name in table.secret if data.get(name)}
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    return plain | data | secret


def _shown(table: Table, name: str, value: Any) -> Any:
    """A value as the report of a load may show it: secret and health values masked."""
    known = table.entity.fields.get(name)
    return mask_value(known, value) if known and known.sensitivity in ("secret", "health") else value


def _load_regions(load: Load) -> None:
    """Regions by code and first day; a known one is compared by name, level, parent and last day."""
    counts = load.counts["regions"]
    names = ("name", "level", "parent_code", "valid_to", "successor_code", "outline")
    sql = """
        SELECT region_code, CAST(valid_from AS VARCHAR), coalesce(name, ''), coalesce(level, ''),
               coalesce(parent_code, ''), CAST(valid_to AS VARCHAR), coalesce(successor_code, ''), coalesce(outline, '')
        FROM regions WHERE length(region_code) = 12 AND length(coalesce(name, '')) <= 100 ORDER BY 1, 2"""
    listed, seen = load.engine.value("SELECT count(*) FROM regions"), 0
    for batch in load.engine.stream(sql, BATCH):
        with transaction.atomic():
            there = dict(_known_regions([row[0] for row in batch], names))
            new = [row for row in batch if row[:2] not in there]
            insert_rows(Region, ("region_code", "valid_from", *names), new)
        for row in batch:
            if row[:2] in there:
                same = there[row[:2]] == row[2:]
                counts.same, counts.different = counts.same + same, counts.different + (not same)
                if not same:
                    told = {"table": "regions", "key": row[0], "field": ""}
                    load.differences.append(told | {"register": str(there[row[:2]]), "file": str(row[2:])})
        counts.added += len(new)
        seen += len(batch)
        load.told("regions", len(batch))
    counts.read += listed
    counts.refused += listed - seen


def _known_regions(codes: list[str], names: Sequence[str]) -> Iterator[tuple[tuple[str, str | None], tuple[Any, ...]]]:
    for some in chunks(codes, 900):
        for region in Region.objects.filter(region_code__in=some):
            values = tuple(getattr(region, name) for name in names)
            plain = tuple(value.isoformat() if isinstance(value, date) else value for value in values)
            yield (region.region_code, region.valid_from.isoformat() if region.valid_from else None), plain
