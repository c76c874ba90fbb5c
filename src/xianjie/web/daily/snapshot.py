"""The database's register as a data folder 底册快照: what the daily job reads.

Rows stream out of the database as JSON lines, the fields still in the text that the database keeps; DuckDB reads them
into the dictionary's columns and types. Secret values are unsealed on the way, so the folder is for its owner alone
(mode 0700) and the lines go as soon as their table is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from json.encoder import encode_basestring_ascii as text_of
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine, quote, quote_name
from xianjie.messages import say
from xianjie.web.daily.models import PlaceRow, RegisterTable
from xianjie.web.daily.tables import Table, tables
from xianjie.web.regions.models import Region, area_of
from xianjie.web.regions.selectors import chain
from xianjie.web.registry.models import Fact, Household, Person
from xianjie.web.registry.records import HOUSEHOLD_COLUMNS, PERSON_COLUMNS
from xianjie.web.sealing import unseal

Progress = Callable[[int, int, str], None]
CHUNK = 5_000


def write_register(county_code: str, folder: Path, progress: Progress, only: Collection[str] = ()) -> dict[str, int]:
    """Write the register of a region (12-digit code) into `folder` as the dictionary's Parquet tables; rows by table.

    A table without rows is written empty when a load once brought it (none), and left out otherwise (unknown).
    Households that have ended, people who belong to none and facts withdrawn or without owner are left out.
    `progress(done, total, text)` counts rows; no query is open while it is called, so it may write. `only`: the
    entities to write besides regions, for whoever needs no more.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    known = set(RegisterTable.everything.filter(region_code=county_code).values_list("table", flat=True))
    rows: dict[str, int] = {}
    with _Lines(folder) as lines, open_engine(memory_limit="1GB", temp_folder=folder) as engine:
        rows["regions"] = _write_regions(engine, county_code, folder)
        _read_all(county_code, lines, progress, only)
        for table in tables():
            if only and table.entity.entity not in only:
                continue
            if table.name in lines.counts or table.name in known:
                path = folder / f"{table.name}.parquet"
                rows[table.name] = engine.write_parquet(_table_sql(table, lines.close(table.name), rows), path)
                engine.view_parquet(table.name, path)
    if settings.DEMO:
        (folder / "about.json").write_text(json.dumps({"invented": True}) + "\n", encoding="utf-8")
    return rows


class _Lines:
    """The files of JSON lines, one for each table, gone when the work is over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: dict[str, int] = {}
        self._files: dict[str, TextIO] = {}

    def write(self, table: str, line: str) -> None:
        """Append a line to a table's file."""
        if table not in self._files:
            self._files[table] = self._path(table).open("w", encoding="utf-8", newline="\n")
            self.counts[table] = 0
        self._files[table].write(line)
        self.counts[table] += 1

    def close(self, table: str) -> Path:
        """The table's file, whole; an empty one where there is no row."""
        if table in self._files:
            self._files[table].close()
        else:
            self._path(table).touch(mode=0o600)
        return self._path(table)

    def _path(self, table: str) -> Path:
        return self.folder / f"{table}.jsonl"

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *exception: object) -> None:
        for file in self._files.values():
            file.close()
        for path in self.folder.glob("*.jsonl"):
            path.unlink()


def _within(county_code: str) -> Q:
    low, high = area_of(county_code)
    return Q(region_code__gte=low, region_code__lt=high)


STANDING: dict[type[Model], Q] = {
    Household: Q(ends_on__isnull=True),
    Person: Q(household__isnull=False),
    Fact: Q(withdrawn_on__isnull=True),
    PlaceRow: Q(),
}


def _read_all(county_code: str, lines: _Lines, progress: Progress, only: Collection[str]) -> None:
    """Every row that stands today, in pages by key: between two pages no query is open."""
    queries = {
        model: model.everything.filter(_within(county_code), standing)  # type: ignore[attr-defined]
        for model, standing in STANDING.items()
    }
    if only:
        queries[Fact] = queries[Fact].filter(entity__in=only)
        queries[PlaceRow] = queries[PlaceRow].filter(entity__in=only)
    total, done = sum(rows.count() for rows in queries.values()), 0
    by_entity = {table.entity.entity: table for table in tables()}
    for model, rows in queries.items():
        columns = COLUMNS[model]
        values = rows.annotate(text=Cast("data", TextField())).values_list("pk", *columns, "text").order_by("pk")
        page = list(values[:CHUNK])
        while page:
            for row in page:
                entity = KINDS.get(model) or row[1]
                if table := by_entity.get(entity):
                    lines.write(table.name, _line(table, model, dict(zip(columns, row[1:-1], strict=True)), row[-1]))
            done += len(page)
            progress(min(done, total), total, say("daily.writing_register"))
            page = list(values.filter(pk__gt=page[-1][0])[:CHUNK])


KINDS: dict[type[Model], str] = {Household: "household", Person: "person"}
COLUMNS: dict[type[Model], tuple[str, ...]] = {
    Household: HOUSEHOLD_COLUMNS,
    Person: PERSON_COLUMNS,
    Fact: ("entity", "key", "household_id", "person_id"),
    PlaceRow: ("entity",),
}


def _line(table: Table, model: type[Model], known: dict[str, Any], data: str) -> str:
    """A row as JSON: `c` its own columns, `d` the fields as the database keeps them, `s` the secret ones, unsealed."""
    if model is Fact:
        known = {table.entity.key: known["key"], **{name: known[name] for name in table.columns[1:]}}
    elif model is PlaceRow:
        known = {}
    own = ",".join(f'"{name}":{_json(value)}' for name, value in known.items() if value not in (None, ""))
    line = f'{{"c":{{{own}}},"d":{data}'
    if table.secret:
        kept = json.loads(data)
        line += ',"s":' + json.dumps({name: unseal(kept[name]) for name in table.secret if kept.get(name)})
    return line + "}\n"


def _json(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(text_of(str(value)))


def _table_sql(table: Table, lines: Path, written: dict[str, int]) -> str:
    fields = table.entity.fields

    def struct(names: tuple[str, ...]) -> str:
        inside = ", ".join(f"{quote_name(name)} {fields[name].storage}" for name in names)
        return quote(f"STRUCT({inside})")

    parts = {"c": table.columns, "d": table.plain, "s": table.secret}
    declared = ", ".join(f"{part}: {struct(names)}" for part, names in parts.items() if names)
    where = {name: part for part, names in parts.items() for name in names}
    columns = ", ".join(f"{where[name]}.{quote_name(name)} AS {quote_name(name)}" for name in fields)
    owners = (("household_id", "households"), ("person_id", "persons"))
    owned = [
        f"({owner} IS NULL OR {owner} IN (SELECT {owner} FROM {of}))"
        for owner, of in owners
        if owner in fields and of in written
    ]
    kept = f"WHERE {' AND '.join(owned)}" if owned else ""
    return f"""
        SELECT * FROM (SELECT {columns} FROM read_json({quote(str(lines))}, format='newline_delimited',
                       columns={{{declared}}}, maximum_object_size=16777216))
        {kept} ORDER BY {quote_name(table.entity.key)}"""


def _write_regions(engine: Engine, county_code: str, folder: Path) -> int:
    entity = dictionary().entities["region"]
    regions = Region.objects.filter(_within(county_code) | Q(region_code__in=chain(county_code)))
    rows = [
        [getattr(region, name) or None for name in entity.fields]
        for region in regions.order_by("region_code", "valid_from")
    ]
    engine.create_table("regions", {name: field.storage for name, field in entity.fields.items()}, rows)
    return engine.write_parquet("SELECT * FROM regions ORDER BY region_code, valid_from", folder / "regions.parquet")
