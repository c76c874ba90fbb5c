"""On a monitoring case's page: the household's applications, and the way from the case to a new one."""

from __future__ import annotations

from typing import Any

from xianjie.web.assistance.benefit_views import apply_url
from xianjie.web.assistance.models import Application
from xianjie.web.assistance.programmes import programmes
from xianjie.web.assistance.selectors import step_word
from xianjie.web.cases.models import Case
from xianjie.web.cases.work import ANYWHERE, work_panel


def context(request: Any, case: Case) -> dict[str, Any] | None:
    """Open applications of the case's household; nothing for who neither sees nor takes any."""
    opened = Application.objects.within(request.scope, "assistance.view").filter(
        household=case.household_id, over=False
    )
    known = programmes()
    found = [(one.pk, known[one.programme].label, step_word(one)) for one in opened.order_by("pk")]
    acts = request.scope.allows("assistance.act", case.region_code)
    if not found and not acts:
        return None
    return {"applications": found, "new": apply_url(case.household_id, "", "case") if acts else ""}


work_panel(ANYWHERE, "assistance/case_panel.html", context)
