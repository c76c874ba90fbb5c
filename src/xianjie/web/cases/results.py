"""What the newest daily run says of one household: results on which actions hang, facts that a decision freezes."""

from __future__ import annotations

from typing import Any

from xianjie.messages import UserError
from xianjie.web.daily.explaining import has_page, reader_of
from xianjie.web.daily.selectors import newest_run

# What a flow calls a condition → the policy's result.
WANTED = {"removal_due": "removal_may_be_due"}


def _page(household_id: str, region_code: str) -> dict[str, Any] | None:
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
    page = _page(household_id, region_code)
    results = page["results"] if page else {}
    return {name: results.get(result) for name, result in WANTED.items()}


def frozen(household_id: str, region_code: str) -> dict[str, Any]:
    """Results, findings and facts of the household with the run's day, kept with the decision."""
    page = _page(household_id, region_code)
    if page is None:
        return {}
    return {name: page[name] for name in ("date", "results", "findings", "facts") if name in page}
