"""Data-quality checks 数据质量检查: run over the entity tables of one engine, findings to one Parquet file.

A check is data (`policy/checks/*.yaml`, see docs/checks.md). Predicates over one base with the same facts are
answered in a single pass. A check whose table, column or policy number is absent is *not run*, and said so:
never passed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, EngineError
from xianjie.messages import UserError, say
from xianjie.screening.check_shapes import Check, CheckBook, load_checks
from xianjie.screening.check_sql import Compiler, Pass
from xianjie.screening.watching import Tell

__all__ = ["CheckBook", "CheckCount", "CheckCounts", "NotRun", "example_findings", "load_checks", "run_checks"]

NO_FINDING = (
    "SELECT CAST(NULL AS VARCHAR) AS check_id, CAST(NULL AS VARCHAR) AS severity, CAST(NULL AS VARCHAR) AS "
    "household_id, CAST(NULL AS VARCHAR) AS person_id, CAST(NULL AS VARCHAR) AS value WHERE false"
)

FOUND = "check_found"


@dataclass(frozen=True)
class CheckCount:
    """How many findings a check had; `seconds` is the time of the pass that answered it with its fellows."""

    check_id: str
    severity: str
    findings: int
    passed_in: str
    seconds: float


@dataclass(frozen=True)
class NotRun:
    """A check that could not be run, and what the data lacks for it."""

    check_id: str
    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """What is missing, in words."""
        lacks = (("table", self.tables), ("column", self.columns), ("number", self.numbers))
        return "；".join(say(f"checks.missing_{what}", names="、".join(names)) for what, names in lacks if names)


@dataclass(frozen=True)
class CheckCounts:
    """What a run of the checks gave: findings in all and by check, and the checks that were not run."""

    findings: int
    checks: tuple[CheckCount, ...]
    not_run: tuple[NotRun, ...]


def run_checks(
    engine: Engine,
    book: CheckBook,
    present: Mapping[str, Collection[str]],
    today: date,
    out: Path,
    numbers: Mapping[str, int | float | date | str] | None = None,
    tell: Tell | None = None,
) -> CheckCounts:
    """Run all checks that the data allows; write their findings, sorted, to the Parquet file `out`.

    `present`: table → columns that the data really had; the engine's tables have all columns of the
    dictionary (absent ones NULL). `numbers`: values of the policy's numbers, such as the monitoring line in
    fen a person and year. Columns of `out`: check_id, severity, household_id, person_id (NULL for a finding
    about a household), region_code (village), value (the evidence in words). `tell` hears what is being checked.
    Raises `UserError` naming the check whose SQL is wrong.
    """
    compiler = Compiler(book, today, numbers or {})
    runnable: list[Check] = []
    not_run: list[NotRun] = []
    for check in book:
        lacking = _lacking(compiler, check, present)
        if lacking:
            not_run.append(lacking)
        else:
            runnable.append(check)
    passes, times = _run_passes(engine, compiler, runnable, tell)
    findings = engine.write_parquet(_with_village(FOUND, present), out)
    engine.run(f"DROP TABLE {FOUND}")
    engine.view_parquet("check_findings", out)
    counted = dict(engine.rows("SELECT check_id, count(*) FROM check_findings GROUP BY check_id"))
    counts = [
        CheckCount(check.id, check.severity, counted.get(check.id, 0), one.name, seconds)
        for one, seconds in zip(passes, times, strict=True)
        for check in one.checks
    ]
    return CheckCounts(findings, tuple(sorted(counts, key=lambda count: count.check_id)), tuple(not_run))


def _lacking(compiler: Compiler, check: Check, present: Mapping[str, Collection[str]]) -> NotRun | None:
    needs = compiler.needs(check)
    tables, columns = needs.missing_tables(present), needs.missing_columns(present)
    if tables or columns or needs.numbers:
        return NotRun(check.id, tables, columns, tuple(sorted(needs.numbers)))
    return None


def _run_passes(
    engine: Engine, compiler: Compiler, checks: Sequence[Check], tell: Tell | None
) -> tuple[list[Pass], list[float]]:
    """Run the passes of the checks into the table `check_found`; gives them with the seconds that each took."""
    shared = compiler.share(checks)
    passes = compiler.passes(checks)
    engine.run(f"CREATE OR REPLACE TEMP TABLE {FOUND} AS {NO_FINDING}")
    times, before = [], ""
    try:
        for table, query in shared.items():
            _make(engine, compiler, table, query)
        for number, one in enumerate(passes):
            group = _group(one)
            if tell and group != before:
                tell(number, len(passes), say("checks.group", group=group, done=number, total=len(passes)))
            before = group
            times.append(_run_pass(engine, compiler, one))
    finally:
        for table in shared:
            engine.run(f"DROP TABLE IF EXISTS {table}")
    return passes, times


def _make(engine: Engine, compiler: Compiler, table: str, query: str) -> None:
    try:
        engine.run(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
    except EngineError as error:
        raise UserError("checks.facts_failed", base=table, error=error) from error


def _group(one: Pass) -> str:
    """What a pass is about, for people: the entity of its checks."""
    base = one.checks[0].base or one.checks[0].entity
    return dictionary().entities[base].zh


def _run_pass(engine: Engine, compiler: Compiler, one: Pass) -> float:
    started = time.perf_counter()
    try:
        engine.run(f"INSERT INTO {FOUND} {one.sql}")
    except EngineError as error:
        raise _blamed(engine, compiler, one, error) from error
    return time.perf_counter() - started


def _blamed(engine: Engine, compiler: Compiler, one: Pass, error: EngineError) -> UserError:
    """The error of a pass with the name of the check that causes it, found by running each alone."""
    if len(one.checks) == 1:
        return UserError("checks.sql_failed", check=one.checks[0].id, error=error)
    for check in one.checks:
        try:
            engine.run(f"INSERT INTO {FOUND} {compiler.passes([check])[0].sql}")
        except EngineError as own:
            return UserError("checks.sql_failed", check=check.id, error=own)
    return UserError("checks.facts_failed", base=one.name, error=error)


def _with_village(found: str, present: Mapping[str, Collection[str]]) -> str:
    """Findings once each, with the village of the household or, where the register lacks it, of the person."""
    households = "households" if "households" in present else _nobody("household_id")
    persons = "persons" if "persons" in present else _nobody("person_id")
    return (
        "SELECT DISTINCT f.check_id, f.severity, f.household_id, f.person_id, "
        "coalesce(h.region_code, p.region_code) AS region_code, f.value "
        f"FROM {found} f LEFT JOIN {households} h ON h.household_id = f.household_id "
        f"LEFT JOIN {persons} p ON p.person_id = f.person_id "
        "ORDER BY check_id, region_code NULLS LAST, f.household_id NULLS LAST, f.person_id NULLS LAST, value"
    )


def _nobody(key: str) -> str:
    return f"(SELECT CAST(NULL AS VARCHAR) AS {key}, CAST(NULL AS VARCHAR) AS region_code WHERE false)"


def example_findings(
    engine: Engine, book: CheckBook, check: Check, rows: Mapping[str, Sequence[Mapping[str, object]]]
) -> list[tuple[object, ...]]:
    """The findings of one check on the small tables of an example (`fires` or `passes`).

    Columns that a row leaves out are NULL; a key is numbered from 1 within its table (`person 1`), the key of
    an owner is that of the first. Raises `UserError` when the example lacks something that the check needs.
    """
    present: dict[str, Collection[str]] = {}
    for table, given in rows.items():
        entity = dictionary().by_table(table)
        if entity is None:
            raise UserError("checks.unknown_name", check=check.id, name=table)
        if unknown := sorted({name for row in given for name in row} - set(entity.fields)):
            raise UserError("checks.unknown_name", check=check.id, name=f"{table}.{unknown[0]}")
        owners = {"household_id": "household 1", "person_id": "person 1"}
        owned = {key: owner for key, owner in owners.items() if key in entity.fields and entity.fields[key].required}
        filled = [{**owned, entity.key: f"{entity.entity} {number}", **row} for number, row in enumerate(given, 1)]
        columns = {name: field.storage for name, field in entity.fields.items()}
        engine.create_table(table, columns, [tuple(row.get(name) for name in columns) for row in filled])
        present[table] = entity.fields
    compiler = Compiler(book, check.day, {name: n.value for name, n in book.numbers.items() if n.policy})
    if lacking := _lacking(compiler, check, present):
        raise UserError("checks.poor_example", check=check.id, reason=lacking.reason)
    try:
        return engine.rows(compiler.passes([check])[0].sql)
    except EngineError as error:
        raise UserError("checks.sql_failed", check=check.id, error=error) from error
