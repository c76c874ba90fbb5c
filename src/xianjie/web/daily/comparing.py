"""Two runs side by side: what is new, gone and unchanged, by kind and place, within somebody's areas.

The findings of every run stay in its folder, so any run can be compared with any other of its county.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xianjie.engines import Engine, open_engine, quote
from xianjie.messages import UserError
from xianjie.web.daily.models import Run
from xianjie.web.paging import Page

CHANGES = ("new", "gone", "still")
SIZE = 50
TEXTS = {
    "findings": ("household_id", "region_code", "finding", "grp", "text", "causes"),
    "households": ("household_id", "head_name"),
}
Areas = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """What a list of changes is narrowed to; empty means all."""

    change: str = ""
    finding: str = ""
    town: str = ""


@contextmanager
def compared(run: Run, other: Run | None, areas: Areas) -> Iterator[Engine]:
    """An engine with the relation `changed`: household_id, region_code, head_name, finding, grp, score, text, causes,
    change (new, gone, still). Without another run everything is new."""
    with open_engine(memory_limit="512MB", threads=1) as engine:
        for name, one in (("now_", run), ("then_", other)):
            for kind in ("findings", "households"):
                _view(engine, f"{name}{kind}", one.folder / f"{kind}.parquet" if one else None, kind, areas)
        engine.run("""
            CREATE TABLE changed AS
            SELECT household_id, coalesce(n.region_code, t.region_code) AS region_code,
                   coalesce(nh.head_name, th.head_name, '') AS head_name, finding, coalesce(n.grp, t.grp) AS grp,
                   coalesce(n.score, t.score) AS score, coalesce(n.text, t.text) AS text,
                   coalesce(n.causes, t.causes, '') AS causes,
                   CASE WHEN t.finding IS NULL THEN 'new' WHEN n.finding IS NULL THEN 'gone' ELSE 'still' END AS change
            FROM now_findings n FULL JOIN then_findings t USING (household_id, finding)
            LEFT JOIN now_households nh USING (household_id) LEFT JOIN then_households th USING (household_id)
        """)
        yield engine


def _view(engine: Engine, name: str, path: Path | None, kind: str, areas: Areas) -> None:
    if path is None or not path.exists():
        texts = ", ".join(f"'' AS {column}" for column in TEXTS[kind])
        engine.run(f"CREATE VIEW {name} AS SELECT {texts}, 0 AS score LIMIT 0")
        return
    engine.run(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({quote(str(path))}) WHERE {within(areas)}")


def within(areas: Areas) -> str:
    """The SQL condition that keeps rows of some areas; of none, no row."""
    ranges = [f"(region_code >= {quote(low)} AND region_code < {quote(high)})" for low, high in areas]
    return f"({' OR '.join(ranges)})" if ranges else "false"


def by_kind(engine: Engine) -> list[dict[str, Any]]:
    """Per kind of finding: {finding, grp, new, gone, still}, the most changed first."""
    return _counts(engine, "finding, any_value(grp) AS grp", "finding")


def by_town(engine: Engine) -> list[dict[str, Any]]:
    """Per township: {town (12-digit code), new, gone, still}."""
    return _counts(engine, "substr(region_code, 1, 9) || '000' AS town", "town", "town")


def _counts(engine: Engine, columns: str, group: str, order: str = "") -> list[dict[str, Any]]:
    counted = ", ".join(f"count(*) FILTER (change = '{one}') AS {one}" for one in CHANGES)
    order = order or f"count(*) FILTER (change <> 'still') DESC, {group}"
    return engine.records(f"SELECT {columns}, {counted} FROM changed GROUP BY {group} ORDER BY {order}")


def totals(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The sums over rows of `by_kind` or `by_town`."""
    return {one: sum(row[one] for row in rows) for one in CHANGES}


def _where(asked: Asked) -> str:
    parts = ["true"]
    for column, value in (("change", asked.change), ("finding", asked.finding)):
        if value:
            parts.append(f"{column} = {quote(value)}")
    if asked.town:
        parts.append(f"substr(region_code, 1, 9) = {quote(asked.town[:9])}")
    return " AND ".join(parts)


def count(engine: Engine, asked: Asked) -> int:
    """How many changes there are of what was asked for."""
    return int(engine.value(f"SELECT count(*) FROM changed WHERE {_where(asked)}"))


def page(engine: Engine, asked: Asked, after: str = "", before: str = "") -> Page:
    """One page of the changes, by place, household and finding. Raises `UserError` for a page word that is not ours."""
    beyond, order = "true", "region_code, household_id, finding"
    if word := after or before:
        place = ", ".join(quote(part) for part in _parts(word))
        beyond = f"(region_code, household_id, finding) {'>' if after else '<'} ({place})"
    if before:
        order = "region_code DESC, household_id DESC, finding DESC"
    sql = f"SELECT * FROM changed WHERE {_where(asked)} AND {beyond} ORDER BY {order} LIMIT {SIZE + 1}"
    found = engine.records(sql)
    more, found = len(found) > SIZE, found[:SIZE]
    if before:
        found.reverse()
    if not found:
        return Page([], "", "")
    leads_on, leads_back = (True, more) if before else (more, bool(after))
    return Page(found, _word(found[-1]) if leads_on else "", _word(found[0]) if leads_back else "")


def every(engine: Engine, asked: Asked) -> Iterator[dict[str, Any]]:
    """All changes of what was asked for, in the order of the pages."""
    sql = f"SELECT * FROM changed WHERE {_where(asked)} ORDER BY region_code, household_id, finding"
    names = engine.result_columns(sql)
    for batch in engine.stream(sql):
        for row in batch:
            yield dict(zip(names, row, strict=True))


def _word(row: dict[str, Any]) -> str:
    parts = [row[name] for name in ("region_code", "household_id", "finding")]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def _parts(word: str) -> list[str]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(word.encode()))
    except ValueError as error:
        raise UserError("web.bad_page") from error
    if not isinstance(parts, list) or len(parts) != 3 or not all(isinstance(part, str) for part in parts):
        raise UserError("web.bad_page")
    return parts
