"""A run's findings into the database: what is new, what changed its words, what is gone; and households' scores.

Both sides meet in DuckDB, so that Python sees only the rows that differ. Everything happens in one transaction: a page
shows the findings of one run or of the next, never half of each.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q

from xianjie.engines import Engine, open_engine, quote
from xianjie.web.daily.bulk import chunks, insert_rows
from xianjie.web.daily.models import Finding, Run
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import Household

AT_ONCE = 900
COLUMNS = ("household", "region_code", "finding", "group", "score", "text", "causes", "departments", "evidence", "cite")


def sync_findings(run: Run) -> dict[str, int]:
    """Bring the county's findings to what `run` found; gives {new, gone, changed, unchanged, households}.

    Doing it twice changes nothing the second time.
    """
    spill = run.place / "sync"
    spill.mkdir(parents=True, exist_ok=True, mode=0o700)
    low, high = area_of(run.region_code)
    here = Q(region_code__gte=low, region_code__lt=high)
    with open_engine(memory_limit="1GB", temp_folder=spill) as engine, transaction.atomic():
        counts = _findings(engine, run, here, spill)
        counts["households"] = _households(engine, run, here, spill)
    return counts


def _lines(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", encoding="utf-8") as target:
        for row in rows:
            target.write(json.dumps(list(row), ensure_ascii=False) + "\n")


def _view_rows(engine: Engine, name: str, path: Path, columns: dict[str, str], rows: Iterable[Iterable[Any]]) -> None:
    """Database rows as a relation of the engine."""
    _lines(path, rows)
    picked = ", ".join(
        f"CAST(json->>{position} AS {kind}) AS {column}" for position, (column, kind) in enumerate(columns.items())
    )
    engine.run(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {picked} FROM read_json_objects({quote(str(path))}, "
        "format='newline_delimited', maximum_object_size=16777216)"
    )
    path.unlink()


def _findings(engine: Engine, run: Run, here: Q, spill: Path) -> dict[str, int]:
    standing = Finding.everything.filter(here, gone_on__isnull=True)
    columns = {"id": "BIGINT", "household_id": "VARCHAR", "finding": "VARCHAR", "score": "BIGINT", "text": "VARCHAR"}
    _view_rows(engine, "standing", spill / "standing.jsonl", columns, standing.values_list(*columns).iterator())
    known = Household.everything.filter(here).values_list("household_id").iterator()
    _view_rows(engine, "known", spill / "known.jsonl", {"household_id": "VARCHAR"}, known)
    engine.run(
        f"CREATE TABLE found AS SELECT * FROM read_parquet({quote(str(run.folder / 'findings.parquet'))}) "
        "WHERE household_id IN (SELECT household_id FROM known)"
    )
    gone = engine.rows("SELECT s.id FROM standing s ANTI JOIN found f USING (household_id, finding) ORDER BY 1")
    for some in chunks((row[0] for row in gone), AT_ONCE):
        Finding.everything.filter(pk__in=some).update(gone_on=run.day)
    changed = _rewrite(engine, run)
    new = insert_rows(Finding, (*COLUMNS, "first_run", "last_run", "first_seen_on"), _new(engine, run))
    Finding.everything.filter(here, gone_on__isnull=True).exclude(last_run=run).update(last_run=run)
    whole = int(engine.value("SELECT count(*) FROM found"))
    return {"new": new, "gone": len(gone), "changed": changed, "unchanged": whole - new - changed}


def _new(engine: Engine, run: Run) -> Iterator[tuple[Any, ...]]:
    sql = """
        SELECT f.household_id, region_code, f.finding, grp, f.score, f.text, coalesce(causes, ''),
               coalesce(departments, ''), evidence, coalesce(cite, '')
        FROM found f ANTI JOIN standing s USING (household_id, finding) ORDER BY f.household_id, f.finding"""
    day = run.day.isoformat()
    for batch in engine.stream(sql):
        for row in batch:
            yield (*row, run.pk, run.pk, day)


def _rewrite(engine: Engine, run: Run) -> int:
    """Findings that still stand with another sentence or score."""
    sql = """
        SELECT s.id, f.score, f.text, f.evidence, coalesce(f.cite, ''), coalesce(f.causes, ''),
               coalesce(f.departments, ''), f.region_code, f.grp
        FROM found f JOIN standing s USING (household_id, finding)
        WHERE f.text <> s.text OR f.score <> s.score ORDER BY 1"""
    fields = ["score", "text", "evidence", "cite", "causes", "departments", "region_code", "group"]
    count = 0
    for batch in engine.stream(sql, 2_000):
        rows = [
            Finding(
                pk=row[0],
                score=row[1],
                text=row[2],
                evidence=json.loads(row[3]),
                cite=row[4],
                causes=row[5],
                departments=row[6],
                region_code=row[7],
                group=row[8],
            )
            for row in batch
        ]
        Finding.everything.bulk_update(rows, fields, batch_size=100)
        count += len(rows)
    return count


def _households(engine: Engine, run: Run, here: Q, spill: Path) -> int:
    """Score, number of risks and registered kind of the households of which the run says something else."""
    columns = {"household_id": "VARCHAR", "score": "BIGINT", "risks": "BIGINT", "monitored_kind": "VARCHAR"}
    before = Household.everything.filter(here).values_list(*columns).iterator()
    _view_rows(engine, "before", spill / "before.jsonl", columns, before)
    kinds = run.folder / "work" / "entities" / "monitorings.parquet"
    registered = (
        f"""(SELECT household_id, arg_max(kind, coalesce(identified_on, DATE '0001-01-01')) AS kind
             FROM read_parquet({quote(str(kinds))}) WHERE removed IS NOT TRUE GROUP BY household_id)"""
        if kinds.exists()
        else "(SELECT '' AS household_id, '' AS kind)"
    )
    sql = f"""
        SELECT coalesce(r.score, 0), coalesce(r.risks, 0), coalesce(k.kind, ''), b.household_id
        FROM before b LEFT JOIN read_parquet({quote(str(run.folder / "households.parquet"))}) r USING (household_id)
        LEFT JOIN {registered} k USING (household_id)
        WHERE (b.score, b.risks, b.monitored_kind) <> (coalesce(r.score, 0), coalesce(r.risks, 0), coalesce(k.kind, ''))
        ORDER BY b.household_id"""
    alike: dict[tuple[int, int, str], list[str]] = defaultdict(list)
    for score, risks, kind, household_id in engine.rows(sql):
        alike[(score, risks, kind)].append(household_id)
    for (score, risks, kind), ids in alike.items():
        for some in chunks(ids, AT_ONCE):
            Household.everything.filter(pk__in=some).update(score=score, risks=risks, monitored_kind=kind)
    return sum(map(len, alike.values()))
