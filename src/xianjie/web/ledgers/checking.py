"""Checks of ledgers: entries as tables of DuckDB, and the declared predicates over them.

One way serves the form, the import, the nightly job and the examples: `Tables` are filled with rows, `hits` asks the
checks. A sheet's table has `pk`, `region_code`, `state`, `state_since` and its fields by name; `person`, `household`
and `employment` are what the register knows; `village` lists the villages. `number('name', region_code, day)` is a
number of the policy as it holds there on that day, unknown where nobody has one; `day_today()` is the day of the check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from xianjie.dictionary import DictionaryField, dictionary
from xianjie.engines import Engine, open_engine
from xianjie.engines.face import literal, quote_name
from xianjie.web.dictionary_forms import shown_value
from xianjie.web.ledgers.declaration import Check, Sheet, numbers, sheets

ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "DATE": pa.date32(),
         "BOOLEAN": pa.bool_()}  # fmt: skip
OWN = {"pk": "VARCHAR", "region_code": "VARCHAR", "state": "VARCHAR", "state_since": "DATE"}
PEOPLE: dict[str, dict[str, str]] = {
    "person": {"person_id": "VARCHAR", "household_id": "VARCHAR", "region_code": "VARCHAR", "name": "VARCHAR",
               "birth_date": "DATE", "alive": "BOOLEAN", "left_by": "VARCHAR", "labour_skill": "VARCHAR"},
    "household": {"household_id": "VARCHAR", "region_code": "VARCHAR", "household_type": "VARCHAR",
                  "monitored_kind": "VARCHAR", "ends_on": "DATE"},
    "employment": {"person_id": "VARCHAR", "channel": "VARCHAR", "place": "VARCHAR", "working": "BOOLEAN",
                   "started_on": "DATE", "ended_on": "DATE"},
    "village": {"region_code": "VARCHAR"},
}  # fmt: skip
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_SHOWN = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Hit:
    """A check that is true of an entry, with the sentence that says so."""

    pk: str
    check: str
    text: str


def columns_of(sheet: Sheet) -> dict[str, str]:
    """The columns of a sheet's table, with their types."""
    return {**OWN, **{name: field.storage for name, field in sheet.fields.items() if name not in OWN}}


def tables_named(sql: str) -> set[str]:
    """The sheets and tables of the register that a piece of SQL names."""
    words = set(_WORD.findall(sql))
    return words & (sheets().keys() | PEOPLE.keys())


def needed(sheet: Sheet, refuse_only: bool = False) -> set[str]:
    """The tables that a sheet's checks ask, its own included."""
    texts = [check.where + " ".join(one.sql for one in check.show.values())
             for check in sheet.checks.values() if check.refuse or not refuse_only]  # fmt: skip
    return {sheet.name}.union(*map(tables_named, texts))


class Tables:
    """Rows under the names that checks know."""

    def __init__(self, engine: Engine, folder: Path, day: date) -> None:
        self.engine, self.folder, self.filled = engine, folder, 0
        engine.run(_macros(day))

    def fill(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Give a table its rows; what a row does not tell is unknown."""
        columns = columns_of(sheets()[name]) if name in sheets() else PEOPLE[name]
        table = pa.table({
            column: pa.array([row.get(column) for row in rows], ARROW[kind]) for column, kind in columns.items()
        })  # fmt: skip
        self.filled += 1
        path = self.folder / f"{name}-{self.filled}.parquet"  # a file of its own: the engine remembers what it read
        pq.write_table(table, path, compression="none")
        self.engine.view_parquet(name, path)

    def hits(self, sheet: Sheet, refuse: bool | None = None, pks: Iterable[str] | None = None) -> list[Hit]:
        """What the checks of a sheet say, by entry; `refuse` asks one kind of check only, `pks` some entries only."""
        if pks is not None:
            self.engine.create_table("asked", {"pk": "VARCHAR"}, [(pk,) for pk in pks])
        found: list[Hit] = []
        for name, check in sheet.checks.items():
            if refuse is None or check.refuse == refuse:
                found += self._ask(sheet, name, check, pks is not None)
        return sorted(found, key=lambda hit: (hit.pk, hit.check))

    def _ask(self, sheet: Sheet, name: str, check: Check, some: bool) -> Iterator[Hit]:
        named = [word for word in _SHOWN.findall(check.text) if word in sheet.fields]
        shown = [f"({one.sql}) AS {word}" for word, one in check.show.items()]
        table = quote_name(sheet.name)
        chosen = ", ".join([f"{table}.pk AS _pk", *(f"{table}.{word}" for word in named), *shown])
        only = f"{table}.pk IN (SELECT pk FROM asked) AND " if some else ""
        for row in self.engine.records(f"SELECT {chosen} FROM {table} WHERE {only}({check.where}) ORDER BY _pk"):
            yield Hit(row["_pk"], name, _sentence(sheet, check, row))


def _macros(day: date) -> str:
    """The numbers of the policy and the day, for SQL."""
    rows = [
        (name, value.region, value.since, value.until, float(value.value) if value.known else None)
        for name, parameter in numbers().items()
        for value in parameter.values.values()
    ]
    listed = ", ".join(
        f"({literal(name)}, {literal(region)}, DATE {literal(since.isoformat())}, "
        f"{'NULL::DATE' if until is None else f'DATE {literal(until.isoformat())}'}, {literal(value)}::DOUBLE)"
        for name, region, since, until, value in rows
    )
    return f"""
    CREATE TABLE policy_numbers AS SELECT * FROM (VALUES {listed}) t(name, region, since, until, value);
    CREATE MACRO number(wanted, place, day) AS (
        SELECT arg_max_null(value, [CASE region WHEN '00' THEN 0 ELSE length(region) END,
            date_diff('day', DATE '1900-01-01', since)])
        FROM policy_numbers WHERE name = wanted AND (region = '00' OR starts_with(place, region))
        AND since <= day AND (until IS NULL OR until >= day));
    CREATE MACRO day_today() AS DATE {literal(day.isoformat())};"""


def _sentence(sheet: Sheet, check: Check, row: Mapping[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        word = found[1]
        if word in check.show:
            kind = check.show[word].type
            if kind == "percent":
                return "" if row[word] is None else f"{row[word] * 100:.4g}%"
            if kind == "int" and row[word] is not None:
                return f"{row[word]:.0f}"
            field = DictionaryField(name=word, zh=word, type=kind, sensitivity="internal")
            return shown_value(field, round(row[word]) if kind == "fen" and row[word] is not None else row[word])
        return shown_value(sheet.fields[word], row[word])

    return _SHOWN.sub(value, check.text)


@contextmanager
def opened(day: date, folder: Path | None = None) -> Iterator[Tables]:
    """Empty tables for a day, gone when the block ends."""
    with TemporaryDirectory(dir=folder) as place, open_engine(temp_folder=Path(place), threads=1) as engine:
        yield Tables(engine, Path(place), day)


def example_rows(sheet: Sheet, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """A check's example as rows for `Tables.fill`: numbered keys, one place, the first state where none is told."""
    made: dict[str, list[dict[str, Any]]] = {name: [] for name in (*needed(sheet), *rows)}
    for name, listed in rows.items():
        for position, row in enumerate(listed):
            filled = {"pk": f"{name} {position}", "region_code": "629901100201", **row}
            if name in sheets():
                filled.setdefault("state", sheets()[name].start)
                filled.setdefault(sheets()[name].key, f"{name} {position}")
            made[name].append(filled)
    return made


def code_label_of(field: DictionaryField, value: Any) -> str:
    """The Chinese label of a code; the value itself for any other field."""
    return dictionary().label(field.codes, value) if field.codes else str(value)
