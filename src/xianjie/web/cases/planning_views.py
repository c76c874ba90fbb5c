"""Pages of the plan of a household 一户一策: write it, look at a version, print it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases import selectors
from xianjie.web.cases.models import Case
from xianjie.web.cases.planning_forms import PlanForm, Rows, initial_row
from xianjie.web.cases.planning_models import Plan
from xianjie.web.cases.planning_rules import FirstMeasure, first_measure
from xianjie.web.cases.planning_services import (
    PlanFacts,
    Planned,
    may_plan,
    newest_plan,
    plan_facts,
    running_rows,
    save_plan,
)
from xianjie.web.cases.plans import Gap, answers, catalogue, propose
from xianjie.web.clock import today
from xianjie.web.daily.kinds import department_label
from xianjie.web.design.tables import Column, Table
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import code_label, label

YEAR = timedelta(days=365)


def risk_label(risk: str) -> str:
    """A risk's name; the one for development help, which is no risk but may be lacking."""
    return str(_("开发式帮扶")) if risk == "development" else code_label("risk", risk)


def gap_words(gap: Gap) -> str:
    """What is lacking, in words."""
    if gap.what == "risk":
        return _("“%(risk)s”没有对应类别的措施，也没有写明原因") % {"risk": risk_label(gap.risk)}
    if gap.what == "development":
        return _("户内有劳动力，没有产业、就业等开发式措施，也没有写明原因")
    if gap.what == "first":
        return _("没有一项措施在首项措施期限前开始")
    return _("没有帮扶责任人或其电话")


def proposed_rows(facts: PlanFacts, begin: date, has: list[Planned]) -> list[Planned]:
    """A first plan: for each open risk a measure that the policy accepts, development help where somebody can work."""
    covered = {row.risk for row in has}
    risks = [risk for risk in facts.risks if risk not in covered]
    names = propose(risks, facts.able, facts.accepted, facts.development, [row.name for row in has if row.name])
    rows = []
    used: set[str] = set()
    for risk in risks:
        name = next((name for name in names if answers(catalogue()[name], risk, facts.accepted)), "")
        if name:
            used.add(name)
            rows.append(_row(name, risk, begin))
    for name in names:
        if name not in used:
            wanted = [risk for risk in facts.risks if risk in catalogue()[name].risks]
            rows.append(_row(name, (wanted or list(catalogue()[name].risks))[0], begin))
    return rows


def _row(name: str, risk: str, begin: date) -> Planned:
    one = catalogue()[name]
    return Planned(one.zh, one.group, risk, one.department, begin, begin + YEAR, name)


def rows_of(plan: Plan) -> list[Planned]:
    """The rows of a saved version."""
    made = []
    for row in plan.measures:
        days = {name: date.fromisoformat(row[name]) for name in ("starts_on", "ends_on")}
        made.append(Planned(**{**row, **days}))
    return made


@needs("cases.act")
def plan(request: Any, pk: int) -> HttpResponse:
    """Write the plan: proposed rows, or those of the last version."""
    case = selectors.case_in_scope(request.scope, pk)
    if not may_plan(request.scope, case):
        return redirect("cases:plan_shown", pk=pk)
    facts, last = plan_facts(case), newest_plan(case)
    due = first_measure(case)
    options: dict[str, Any] = {"risks": facts.risks, "able": facts.able}
    initial = _initial_rows(case, facts, last)
    if request.method == "POST":
        data = request.POST.copy()
        if "more" in data:
            data["row-TOTAL_FORMS"] = str(min(int(data.get("row-TOTAL_FORMS", "0") or 0) + 1, 40))
        form, rows = PlanForm(data, **options), Rows(data, initial=initial, prefix="row")
        if "more" not in data and form.is_valid() and rows.is_valid():
            try:
                return _saved(request, case, form, rows)
            except UserError as error:
                form.add_error(None, str(error))
    else:
        form = PlanForm(initial=_initial(request, last), **options)
        rows = Rows(initial=initial, prefix="row")
    context = {
        "page_title": _("帮扶方案"), "page_subtitle": case.household.head_name, "case": case, "form": form,
        "rows": rows,
        "facts": facts, "risks": _risks(facts), "due": due, "last": last, "able": able_words(facts.able),
    }  # fmt: skip
    return render(request, "cases/plan_form.html", context)


def able_words(able: bool | None) -> str:
    """Whether somebody can work, in words."""
    return {True: _("有劳动力"), False: _("整户无劳动力"), None: _("未知（没有比对结果）")}[able]


def _risks(facts: PlanFacts) -> list[dict[str, Any]]:
    groups = dictionary().codes["measure_group"].values
    return [
        {
            "label": risk_label(risk), "rests": "、".join(rests),
            "groups": "、".join(label(groups[group]) for group in facts.accepted.get(risk, ()) if group in groups),
        }
        for risk, rests in facts.risks.items()
    ]  # fmt: skip


def _initial_rows(case: Case, facts: PlanFacts, last: Plan | None) -> list[dict[str, Any]]:
    kept = [] if last is None else running_rows(case) if last.complete else rows_of(last)
    return [initial_row(row) for row in (*kept, *proposed_rows(facts, today(), kept))]


def _initial(request: Any, last: Plan | None) -> dict[str, Any]:
    if last is None:
        return {"seen": 0}
    why = {f"why_{risk}": words for risk, words in last.uncovered.items()}
    return {"seen": last.version, "helper": last.helper, "phone": last.helper_phone or "", **why}


def _saved(request: Any, case: Case, form: PlanForm, rows: Any) -> HttpResponse:
    given = form.cleaned_data
    deleted = rows.deleted_forms
    planned = [row.row for row in rows.forms if (row not in deleted and row.has_changed()) or _kept(row, deleted)]
    made, lacking = save_plan(
        request.scope, case.pk, planned, seen=given["seen"], helper=given["helper"], phone=given["phone"],
        uncovered=form.uncovered,
    )  # fmt: skip
    if lacking:
        words = "；".join(gap_words(gap) for gap in lacking)
        messages.warning(request, _("已保存第 %(n)d 版，还缺：%(gaps)s。") % {"n": made.version, "gaps": words})
        return redirect("cases:plan", pk=case.pk)
    messages.success(request, _("已保存第 %(n)d 版，每项风险都有安排；措施已派给责任部门。") % {"n": made.version})
    return redirect("cases:case", pk=case.pk)


def _kept(row: Any, deleted: list[Any]) -> bool:
    """A proposed row that nobody changed is taken as it stands; an empty one is none."""
    return row not in deleted and bool(row.cleaned_data.get("offer"))


@needs("cases.view")
def plan_shown(request: Any, pk: int) -> HttpResponse:
    """The newest version of the plan, or `?version=`, with all versions and the way to print."""
    case = selectors.case_in_scope(request.scope, pk)
    versions = list(Plan.everything.filter(case=case).order_by("-version"))
    shown = chosen_version(request, versions)
    context = {
        "page_title": _("帮扶方案"), "page_subtitle": case.household.head_name, "case": case, "plan": shown,
        "table": plan_table(shown) if shown else None, "uncovered": _uncovered(shown),
        "able": able_words(shown.able) if shown else "",
        "versions": [
            {"date": one.day, "title": _("第 %(n)d 版") % {"n": one.version}, "source": one.by_name or one.by,
             "text": "" if one.complete else _("未完成"), "url": f"?version={one.version}"}
            for one in versions
        ],
        "may_plan": may_plan(request.scope, case),
    }  # fmt: skip
    return render(request, "cases/plan.html", context)


def chosen_version(request: Any, versions: list[Plan]) -> Plan | None:
    """The version that `?version=` names, or the newest; None for no plan. Raises `Http404` for none of that number."""
    word = request.GET.get("version", "")
    if not word:
        return versions[0] if versions else None
    found = next((one for one in versions if str(one.version) == word), None)
    if found is None:
        raise Http404
    return found


def plan_table(shown: Plan) -> Table:
    """The measures of a version."""
    groups = dictionary().codes["measure_group"].values
    return Table(
        [
            Column(_("措施"), "title", main=True, second=lambda row: label(groups[row.group])),
            Column(_("对应风险"), lambda row: risk_label(row.risk)),
            Column(_("责任部门"), lambda row: department_label(row.department)),
            Column(_("开始"), "starts_on", kind="date"),
            Column(_("结束"), "ends_on", kind="date"),
            Column(_("计划金额（元）"), "amount", kind="money"),
        ],
        rows_of(shown), _("帮扶措施"), empty_title=_("没有措施"), id="plan-measures",
    )  # fmt: skip


def _uncovered(shown: Plan | None) -> list[dict[str, str]]:
    return [{"risk": risk_label(risk), "why": why} for risk, why in shown.uncovered.items()] if shown else []


@needs("cases.view")
def plan_printed(request: Any, pk: int) -> HttpResponse:
    """The plan as an A4 sheet for signing."""
    case = selectors.case_in_scope(request.scope, pk)
    shown = chosen_version(request, list(Plan.everything.filter(case=case).order_by("-version")))
    if shown is None:
        raise Http404
    context = {
        "page_title": _("防返贫监测对象帮扶方案（一户一策）"), "case": case, "plan": shown,
        "place": full_names({case.region_code})[case.region_code], "able": able_words(shown.able),
        "rows": [
            {"row": row, "risk": risk_label(row.risk), "department": department_label(row.department)}
            for row in rows_of(shown)
        ],
        "risks": [risk_label(risk) for risk in shown.risks], "uncovered": _uncovered(shown),
        "back_url": reverse("cases:plan_shown", args=[case.pk]),
    }  # fmt: skip
    return render(request, "cases/plan_print.html", context)


def due_words(due: FirstMeasure | None, begun: bool) -> dict[str, Any] | None:
    """How a case stands against the day of its first measure."""
    if due is None:
        return None
    return {"due": due, "begun": begun, "late": not begun and today() > due.due_on}
