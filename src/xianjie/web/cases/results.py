"""What the newest daily run says of one household: results on which actions hang, facts that a decision freezes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine, quote
from xianjie.messages import UserError
from xianjie.web.daily.explaining import has_page, reader_of
from xianjie.web.daily.selectors import newest_run

# What a flow calls a condition → the policy's result.
WANTED = {"removal_due": "removal_may_be_due"}


def page_of_household(household_id: str, region_code: str) -> dict[str, Any] | None:
    """The household in its county's newest run (`RunReader.household`); None when the run does not know it."""
    run = newest_run(region_code)
    if run is None or not has_page(run):
        return None
    try:
        page: dict[str, Any] = reader_of(run).reader.household(household_id)
    except UserError:  # a household that came after the run
        return None
    return page


def household_results(household_id: str, region_code: str) -> dict[str, bool | None]:
    """The results that flows name in `when`; unknown when there is no run or it does not know the household."""
    page = page_of_household(household_id, region_code)
    results = page["results"] if page else {}
    return {name: results.get(result) for name, result in WANTED.items()}


def frozen(household_id: str, region_code: str) -> dict[str, Any]:
    """Results, findings and facts of the household with the run's day, kept with the decision."""
    return frozen_many([household_id], region_code).get(household_id, {})


def frozen_many(household_ids: Sequence[str], region_code: str) -> dict[str, dict[str, Any]]:
    """Household → what its county's newest run knew of it, as JSON keeps it, without secret numbers; by few queries.

    Households that the run does not know are left out; all of them without a run.
    """
    run = newest_run(region_code)
    if run is None or not has_page(run) or not household_ids:
        return {}
    with open_engine() as engine:
        wanted = [(one,) for one in household_ids]
        engine.create_table("wanted", {"household_id": "VARCHAR"}, wanted)
        known: dict[str, dict[str, Any]] = {
            row.pop("household_id"): {"date": run.day.isoformat(), "results": row, "findings": [], "facts": {}}
            for row in _rows(engine, run.folder / "work" / "results.parquet", "household_id")
        }
        for row in _rows(engine, run.folder / "findings.parquet", "household_id, finding"):
            known[row.pop("household_id")]["findings"].append(row)
        engine.view_parquet("people", run.folder / "work" / "entities" / "persons.parquet")
        for entity in dictionary().entities.values():
            path = run.folder / "work" / "entities" / f"{entity.table}.parquet"
            if entity.parent not in ("household", "person") or entity.entity == "person" or not path.exists():
                continue
            secret = {name for name, field in entity.fields.items() if field.sensitivity == "secret"}
            for row in _rows(engine, path, entity.key, of_person=entity.parent == "person"):
                kept = {name: row[name] for name in row if name not in secret and row[name] is not None}
                known[row["household_id"]]["facts"].setdefault(entity.table, []).append(kept)
    told: dict[str, dict[str, Any]] = json.loads(json.dumps(known, default=str))
    return told


def _rows(engine: Engine, path: Path, order: str, of_person: bool = False) -> list[dict[str, Any]]:
    """The rows of the wanted households in a table of the run."""
    source = f"read_parquet({quote(str(path))})"
    if of_person:
        source = f"(SELECT p.household_id, t.* FROM {source} t JOIN people p USING (person_id))"
    known = "household_id IN (SELECT household_id FROM wanted)"
    return engine.records(f"SELECT * FROM {source} WHERE {known} ORDER BY {order}")
