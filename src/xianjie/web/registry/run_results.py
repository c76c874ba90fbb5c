"""What the newest daily run left of conflicts and data-quality findings, read within an area.

Parquet is read by DuckDB, with the condition of the area in the SQL; nothing of another area leaves the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Q

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine, quote
from xianjie.policy import builtin
from xianjie.screening.check_shapes import SEVERITIES, Check, CheckBook, load_checks
from xianjie.web.accounts.scope import Scope
from xianjie.web.regions.models import area_of, level_of
from xianjie.web.regions.selectors import on_day

PAGE = 50


@dataclass(frozen=True)
class NewestRun:
    """The newest run that concerns a user: its folder and its day."""

    folder: Path
    day: date | None = None


def newest_run(scope: Scope, permission: str, place: str = "") -> NewestRun | None:
    """The newest finished run of the county of `place`, else of the only county where the permission is held.

    None when there is none yet, and when several counties lie in the user's area and none was chosen.
    """
    try:
        from xianjie.web.daily import selectors as daily
    except ImportError:  # the daily job is another app; without it there is no run
        return None
    if place:
        county = county_of(place)
    elif len(known := counties(scope, permission)) == 1:
        county = next(iter(known))
    else:
        return None
    run = daily.newest_run(county)
    if run is None or not Path(run.folder).exists():
        return None
    return NewestRun(Path(run.folder), getattr(run, "day", None))


def county_of(region_code: str) -> str:
    """The county's 12-digit code of any region below it."""
    return region_code[:6].ljust(12, "0")


def counties(scope: Scope, permission: str) -> dict[str, str]:
    """The counties of which the user sees all or part: code → name. No query for who holds one county or less."""
    held = {one.region_code for one in scope.holding(permission)}
    inside = {county_of(code) for code in held if level_of(code) in ("county", "township", "village")}
    if len(inside) == 1 and len(held) == 1:
        return dict.fromkeys(inside, "")
    within = Q(region_code__in=inside)
    for low, high in scope.areas(permission):
        within |= Q(region_code__gte=low, region_code__lt=high)
    return dict(on_day().filter(within, level="county").values_list("region_code", "name"))


@cache
def checks() -> CheckBook:
    """The checks of the built-in policy, with titles and advice."""
    return load_checks([builtin() / "checks"])


@cache
def check_of(check_id: str) -> Check | None:
    """One check by its id; None for one of a folder that this process does not know."""
    return next((check for check in checks() if check.id == check_id), None)


def source_of(check: Check) -> str:
    """Whose data a check looks at: the department of the entity it goes through, else the register's."""
    if check.base in dictionary().entities:
        return dictionary().entities[check.base].source or "revitalisation"
    return "revitalisation"


def area_sql(scope: Scope, permission: str, column: str, place: str = "") -> str:
    """The SQL condition that keeps the rows of a scope, narrowed to a place. Of no area, no row."""
    parts = [f"({column} >= {quote(low)} AND {column} < {quote(high)})" for low, high in scope.areas(permission)]
    condition = f"({' OR '.join(parts)})" if parts else "false"
    if place:
        low, high = area_of(place)
        condition += f" AND {column} >= {quote(low)} AND {column} < {quote(high)}"
    return condition


def open_run(run: NewestRun, *names: str) -> Engine:
    """An engine with a run's Parquet files as views; `names` are paths without ending ("checks/findings").

    A file that the run does not have is an empty view of its shape.
    """
    engine = open_engine(memory_limit="500MB", threads=2)
    for name in names:
        path, view = run.folder / f"{name}.parquet", name.replace("/", "_")
        if path.exists():
            engine.view_parquet(view, path)
        else:
            engine.run(f"CREATE VIEW {view} AS {EMPTY[view]}")
    return engine


EMPTY = {
    "conflicts": "SELECT '' AS entity, '' AS household_id, '' AS person_id, '' AS key, '' AS field, "
    "[{'source': '', 'layout': '', 'value': '', 'as_of': ''}] AS values, '' AS taken, '' AS why, "
    "'' AS against WHERE false",
    "households": "SELECT '' AS household_id, '' AS region_code, '' AS head_name WHERE false",
    "checks_findings": "SELECT '' AS check_id, '' AS severity, '' AS household_id, '' AS person_id, '' AS region_code, "
    "'' AS value WHERE false",
}


# Conflicts


def conflicts_sql(scope: Scope, permission: str, place: str = "", entity: str = "") -> str:
    """The conflicts of an area, with where the household is."""
    narrowed = f" AND c.entity = {quote(entity)}" if entity else ""
    return f"""
        SELECT c.*, h.region_code, h.head_name FROM conflicts c JOIN households h USING (household_id)
        WHERE {area_sql(scope, permission, "h.region_code", place)}{narrowed}"""


CONFLICT_KEY = ("region_code", "household_id", "entity", "key", "field")


def conflict_page(
    engine: Engine, sql: str, done: Sequence[tuple[str, str, str]], after: Sequence[str] = (), size: int = PAGE
) -> tuple[list[dict[str, Any]], list[str]]:
    """The next conflicts that are not in `done` (entity, key, field), and the key of the last one when more follow."""
    engine.create_table("done", {"entity": "VARCHAR", "key": "VARCHAR", "field": "VARCHAR"}, done)
    names = ", ".join(CONFLICT_KEY)
    beyond = f"AND ({names}) > ({', '.join(map(quote, after))})" if after else ""
    rows = engine.records(f"""
        SELECT * FROM ({sql}) c WHERE why <> 'settled' {beyond}
        AND NOT EXISTS (SELECT 1 FROM done d WHERE d.entity = c.entity AND d.key = c.key AND d.field = c.field)
        ORDER BY {names} LIMIT {size + 1}""")
    more, rows = len(rows) > size, rows[:size]
    return rows, [str(rows[-1][name]) for name in CONFLICT_KEY] if more else []


def conflict_counts(engine: Engine, sql: str, done: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """Open conflicts of an area by entity. `conflict_page` has put the settled ones into the engine."""
    rows = engine.rows(f"""
        SELECT entity, count(*) FROM ({sql}) c WHERE why <> 'settled'
        AND NOT EXISTS (SELECT 1 FROM done d WHERE d.entity = c.entity AND d.key = c.key AND d.field = c.field)
        GROUP BY entity ORDER BY entity""")
    return {entity: int(count) for entity, count in rows}


def find_conflict(engine: Engine, sql: str, entity: str, key: str, field: str) -> dict[str, Any] | None:
    """One conflict of an area."""
    wanted = f"entity = {quote(entity)} AND key = {quote(key)} AND field = {quote(field)}"
    return next(iter(engine.records(f"SELECT * FROM ({sql}) WHERE {wanted} LIMIT 1")), None)


# Data-quality findings


@dataclass(frozen=True)
class FindingsAsked:
    """What a worklist of findings is asked for."""

    place: str = ""
    check: str = ""
    severity: str = ""
    state: str = ""  # open or answered, empty for both


def findings_sql(scope: Scope, permission: str, asked: FindingsAsked) -> str:
    """The findings of an area; `answers` is a table of (check_id, household_id, person_id) in the engine."""
    parts = [area_sql(scope, permission, "f.region_code", asked.place)]
    if asked.check:
        parts.append(f"f.check_id = {quote(asked.check)}")
    if asked.severity:
        parts.append(f"f.severity = {quote(asked.severity)}")
    if asked.state:
        parts.append(f"a.check_id IS {'NULL' if asked.state == 'open' else 'NOT NULL'}")
    return f"""
        SELECT f.check_id, f.severity, coalesce(f.household_id, '') AS household_id,
            coalesce(f.person_id, '') AS person_id, f.region_code, coalesce(min(f.value), '') AS value,
            count(*) AS times, a.check_id IS NOT NULL AS answered
        FROM checks_findings f LEFT JOIN answers a ON a.check_id = f.check_id
            AND a.household_id = coalesce(f.household_id, '') AND a.person_id = coalesce(f.person_id, '')
        WHERE {" AND ".join(parts)}
        GROUP BY ALL"""


FINDING_KEY = ("region_code", "check_id", "household_id", "person_id", "severity")


def with_answers(engine: Engine, answers: Sequence[tuple[str, str, str]]) -> None:
    """Put the findings that have been answered into the engine."""
    engine.create_table("answers", {"check_id": "VARCHAR", "household_id": "VARCHAR", "person_id": "VARCHAR"}, answers)


def finding_page(
    engine: Engine, sql: str, after: Sequence[str] = (), size: int = PAGE
) -> tuple[list[dict[str, Any]], list[str]]:
    """The next findings by village, check and household, and the key of the last one when more follow."""
    names = ", ".join(FINDING_KEY)
    beyond = f"WHERE ({names}) > ({', '.join(map(quote, after))})" if after else ""
    rows = engine.records(f"SELECT * FROM ({sql}) {beyond} ORDER BY {names} LIMIT {size + 1}")
    more, rows = len(rows) > size, rows[:size]
    return rows, [str(rows[-1][name]) for name in FINDING_KEY] if more else []


def picked_findings(engine: Engine, sql: str, keys: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """The findings of an area that these keys (check, household, person) name."""
    engine.create_table("picked", {"check_id": "VARCHAR", "household_id": "VARCHAR", "person_id": "VARCHAR"}, keys)
    return engine.records(f"SELECT f.* FROM ({sql}) f SEMI JOIN picked USING (check_id, household_id, person_id)")


def still_found(run: NewestRun, keys: Sequence[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Which of these findings (check, household, person) a run has found."""
    with open_run(run, "checks/findings") as engine:
        engine.create_table("asked", {"check_id": "VARCHAR", "household_id": "VARCHAR", "person_id": "VARCHAR"}, keys)
        found = engine.rows("""
            SELECT DISTINCT a.check_id, a.household_id, a.person_id FROM asked a JOIN checks_findings f
            ON a.check_id = f.check_id AND a.household_id = coalesce(f.household_id, '')
            AND a.person_id = coalesce(f.person_id, '')""")
    return {(row[0], row[1], row[2]) for row in found}


def finding_stream(engine: Engine, sql: str) -> Iterator[dict[str, Any]]:
    """All findings of a list, a chunk at a time."""
    ordered = f"SELECT * FROM ({sql}) ORDER BY {', '.join(FINDING_KEY)}"
    names = engine.result_columns(ordered)
    for chunk in engine.stream(ordered):
        for row in chunk:
            yield dict(zip(names, row, strict=True))


def village_scores(engine: Engine, scope: Scope, permission: str, place: str = "") -> list[dict[str, Any]]:
    """Each village's households, open findings by severity, answered ones, and its data-quality score in percent.

    The score is the share of households without an unanswered finding of the severities that the checks name.
    """
    area = area_sql(scope, permission, "region_code", place)
    counted = ", ".join(quote(severity) for severity in checks().score.severities)
    by_severity = ", ".join(
        f"count(*) FILTER (severity = {quote(name)} AND NOT answered) AS {name}" for name in SEVERITIES
    )
    zeros = ", ".join(f"coalesce(f.{name}, 0) AS {name}" for name in SEVERITIES)
    found = findings_sql(scope, permission, FindingsAsked(place=place))
    return engine.records(f"""
        WITH found AS ({found}), by_village AS (
            SELECT region_code, {by_severity}, count(*) FILTER (answered) AS answered,
                count(DISTINCT household_id) FILTER (NOT answered AND severity IN ({counted})) AS faulty
            FROM found GROUP BY region_code),
        homes AS (SELECT region_code, count(*) AS households FROM households WHERE {area} GROUP BY region_code)
        SELECT h.region_code, h.households, {zeros}, coalesce(f.answered, 0) AS answered,
            coalesce(f.faulty, 0) AS faulty,
            greatest(h.households - coalesce(f.faulty, 0), 0) / h.households AS score
        FROM homes h LEFT JOIN by_village f USING (region_code) ORDER BY h.region_code""")


def check_counts(engine: Engine, scope: Scope, permission: str, place: str = "") -> list[dict[str, Any]]:
    """Open and answered findings of an area by check."""
    found = findings_sql(scope, permission, FindingsAsked(place=place))
    return engine.records(f"""
        SELECT check_id, severity, count(*) FILTER (NOT answered) AS open, count(*) FILTER (answered) AS answered
        FROM ({found}) GROUP BY ALL ORDER BY open DESC, check_id""")
