"""Visits on the case's page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from xianjie.web.cases.models import Case
from xianjie.web.cases.visiting_rules import frequencies, frequency_for
from xianjie.web.cases.visiting_views import due_status, visit_events
from xianjie.web.cases.work import work_panel

SHOWN = 5


def show(request: Any, case: Case) -> dict[str, Any] | None:
    """The last visits of the household and when the next is due, by which number."""
    frequency = frequency_for(case.phase, case.region_code)
    if frequency is None:
        return None
    history = visit_events(case.household_id)
    last = history[0]["date"] if history else case.phase_since
    due: date = last + timedelta(frequency.days)
    return {
        "history": history[:SHOWN], "due": due, "due_status": due_status(due), "frequency": frequency,
        "acts": request.scope.allows("cases.act", case.region_code),
    }  # fmt: skip


for _phase in sorted({one.phase for one in frequencies()}):
    work_panel(_phase, "cases/visit_panel.html", show)
