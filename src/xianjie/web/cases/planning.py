"""The plan and its measures on the case's page, with what does not work."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from xianjie.rules import add_months
from xianjie.web.cases.measures_views import state_of
from xianjie.web.cases.models import Case
from xianjie.web.cases.planning_models import Measure
from xianjie.web.cases.planning_rules import first_measure, open_risks, standing_risks
from xianjie.web.cases.planning_services import may_plan, newest_plan
from xianjie.web.cases.planning_views import due_words, risk_label
from xianjie.web.cases.visiting_rules import visit_rules
from xianjie.web.cases.work import work_panel
from xianjie.web.clock import today


def show(request: Any, case: Case) -> dict[str, Any] | None:
    """The measures of a case and the warnings about them; nothing before there is a plan to make."""
    last = newest_plan(case)
    planning = may_plan(request.scope, case)
    if last is None and not planning and case.phase != "help":
        return None
    measures = list(Measure.everything.filter(case=case).order_by("state", "ends_on", "pk"))
    known = (open_risks(case), standing_risks(case.household_id))
    return {
        "plan": last, "may_plan": planning, "warnings": warnings(measures, *known, planned=last is not None),
        "measures": [{"one": one, "state": state_of(one), "risk": risk_label(one.risk)} for one in measures],
        "first": due_words(first_measure(case), any(one.begun_on for one in measures)),
    }  # fmt: skip


def warnings(
    measures: list[Measure], risks: dict[str, list[str]], standing: dict[str, list[str]], *, planned: bool
) -> list[dict[str, str]]:
    """Signs that help does not work: a measure past its end, a risk that data still show, a risk nobody works on."""
    rule = visit_rules()["stands_months"]
    found = [
        {"text": _("“%(title)s”应于 %(day)s 完成，至今未完成") % {"title": one.title, "day": one.ends_on}, "source": ""}
        for one in measures
        if one.state in Measure.RUNNING and one.ends_on < today()
    ]
    since = add_months(today(), -rule["value"])
    for risk, rests in risks.items():
        begun = [one.begun_on for one in measures if one.risk == risk and one.begun_on]
        if risk in standing and begun and min(begun) <= since:
            text = _("“%(risk)s”的措施已于 %(day)s 开始，满 %(n)d 个月风险仍在，请调整方案") % {
                "risk": risk_label(risk),
                "day": min(begun),
                "n": rule["value"],
            }
            found.append({"text": text, "source": _("%(source)s（未核实）") % {"source": rule["source"]}})
        elif planned and not any(one.risk == risk and one.state != Measure.STOPPED for one in measures):
            found.append(
                {"text": _("“%(risk)s”没有在实施的措施") % {"risk": risk_label(risk)}, "source": "、".join(rests)}
            )
    return found


for _phase in ("help", "removal", "watch"):
    work_panel(_phase, "cases/plan_panel.html", show)
