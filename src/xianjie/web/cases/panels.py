"""The household's case and clue on its page in the register."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.cases.models import Case, Clue
from xianjie.web.flows.definition import flow_by_key
from xianjie.web.registry.models import Household
from xianjie.web.registry.panels import panel
from xianjie.web.words import label


def show(scope: Scope, household: Household, day: date) -> tuple[str, dict[str, Any]] | None:
    """Where the household's case stands, its open clue, and the way to tell a new one."""
    case = Case.objects.within(scope, "cases.view").filter(household=household, opened_on__lte=day).first()
    clue = Clue.objects.within(scope, "cases.view").filter(household=household, state=Clue.OPEN).first()
    acts = scope.allows("cases.act", household.region_code)
    if case is None and clue is None and not acts:
        return None
    step = ""
    if case is not None:
        flow = flow_by_key(case.flow)
        step = label(flow.steps[case.at]) if case.at in flow.steps else label(flow.ends[case.at])
    return "cases/panel.html", {"case": case, "step": step, "clue": clue, "acts": acts}


panel(15, _("监测帮扶"), "cases.view", show)
