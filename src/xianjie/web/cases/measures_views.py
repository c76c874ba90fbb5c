"""Pages of measures: the tasks of departments and of those who help, and what became of each."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases import papers
from xianjie.web.cases.forms import PAPER_TYPES
from xianjie.web.cases.planning_forms import MeasureFilter, TellForm
from xianjie.web.cases.planning_models import Measure, MeasureReport
from xianjie.web.cases.planning_services import ANSWER, Told, may_tell, tell
from xianjie.web.cases.planning_views import risk_label
from xianjie.web.clock import today
from xianjie.web.daily.kinds import department_label
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status, day, yuan
from xianjie.web.paging import page_of
from xianjie.web.regions.models import area_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import code_label

VIEW = "cases.view"
SORTS = ("ends_on", "-ends_on", "region_code", "-region_code")
SOON = 7


def measures_of(scope: Scope) -> QuerySet[Measure]:
    """The measures that a user sees: a department's own, and all of the areas whose cases they see."""
    seen: QuerySet[Measure] = Measure.objects.within(scope, VIEW)
    if scope.has(ANSWER):
        own: QuerySet[Measure] = Measure.objects.within(scope, ANSWER)
        return seen | own if scope.has(VIEW) else own
    return seen


def measure_list(scope: Scope, wanted: dict[str, Any]) -> QuerySet[Measure]:
    """Measures by state, place, department and risk; without a state, those that are still to be carried out."""
    rows = measures_of(scope).select_related("household")
    if place := wanted.get("place"):
        low, high = area_of(place)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    for name in ("department", "risk"):
        if wanted.get(name):
            rows = rows.filter(**{name: wanted[name]})
    match wanted.get("state") or "":
        case "all":
            return rows
        case "late":
            return rows.filter(state__in=Measure.RUNNING, ends_on__lt=today())
        case "":
            return rows.filter(state__in=Measure.RUNNING)
        case state:
            return rows.filter(state=state)


def state_of(measure: Measure) -> Status:
    """A measure's state as a page shows it."""
    word = code_label("programme_state", measure.state)
    if measure.state in Measure.RUNNING:
        left = (measure.ends_on - today()).days
        if left < 0:
            return Status(_("%(state)s，超期 %(days)d 天") % {"state": word, "days": -left}, "bad")
        return Status(word, "warn" if left <= SOON else "info")
    return Status(word, "good" if measure.state == Measure.DONE else "neutral")


@needs("measures.answer", "cases.view")
def measures(request: Any) -> HttpResponse:
    """The list of measures, those that end first first."""
    permission = VIEW if request.scope.has(VIEW) else ANSWER
    form = MeasureFilter(request.GET or None, scope=request.scope, permission=permission)
    rows = measure_list(request.scope, form.cleaned_data if form.is_bound and form.is_valid() else {})
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "ends_on"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    places = full_names({one.region_code for one in page.rows})
    columns = [
        Column(_("措施"), "title", main=True, link=lambda one: reverse("cases:measure", args=[one.pk])),
        Column(_("农户"), "household.head_name", second=lambda one: places[one.region_code]),
        Column(_("对应风险"), lambda one: risk_label(one.risk)),
        Column(_("责任部门"), lambda one: department_label(one.department)),
        Column(_("状态"), state_of, kind="status"),
        Column(_("结束日期"), "ends_on", kind="date", sort="ends_on"),
        Column(_("计划金额（元）"), "amount", kind="money", minor=True),
    ]
    table = Table(
        columns, page.rows, _("帮扶措施"), page=page, count=rows.count(), sort=sort, walk=True,
        empty_title=_("没有措施"), empty_text=_("帮扶方案保存完整后，其中的措施会派给责任部门并出现在这里。"),
    )  # fmt: skip
    return render(request, "cases/measures.html", {"page_title": _("帮扶措施"), "form": form, "table": table})


@needs("measures.answer", "cases.view")
def measure(request: Any, pk: int) -> HttpResponse:
    """One measure: what was planned, what was told, and the form to tell more."""
    found = measures_of(request.scope).select_related("household").filter(pk=pk).first()
    if found is None:
        raise Http404
    may = may_tell(request.scope, found)
    form = TellForm(request.POST or None, request.FILES or None, measure=found,
                    initial={"seen": found.reports, "state": found.state})  # fmt: skip
    if request.method == "POST" and may and form.is_valid():
        given = form.cleaned_data
        try:
            file = papers.keep(given["file"]) if given["file"] else ""
            told = Told(given["state"], given["day"], given["text"], file, given["money"], given["goods"])
            tell(request.scope, pk, told, seen=given["seen"])
            messages.success(request, _("已记录措施进展。"))
            return redirect("cases:measure", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {
        "page_title": found.title, "page_subtitle": found.household.head_name, "measure": found,
        "form": form if may else None, "state": state_of(found), "facts": _facts(found),
        "history": [_event(one) for one in MeasureReport.everything.filter(measure=found).order_by("-pk")],
        "sees_case": request.scope.allows(VIEW, found.region_code),
    }  # fmt: skip
    return render(request, "cases/measure.html", context)


def _facts(found: Measure) -> list[dict[str, Any]]:
    return [
        {"label": _("农户"), "value": found.household.head_name},
        {"label": _("地区"), "value": full_names({found.region_code})[found.region_code]},
        {"label": _("对应风险"), "value": risk_label(found.risk)},
        {"label": _("责任部门"), "value": department_label(found.department)},
        {"label": _("开始日期"), "value": day(found.begun_on or found.starts_on)},
        {"label": _("结束日期"), "value": day(found.over_on or found.ends_on)},
        {"label": _("计划金额（元）"), "value": yuan(found.amount) if found.amount is not None else _("未定")},
    ]


def _event(one: MeasureReport) -> dict[str, Any]:
    parts = [one.text]
    if one.money is not None:
        parts.append(_("收到资金 %(yuan)s 元") % {"yuan": f"{one.money / 100:,.2f}"})
    if one.goods:
        parts.append(_("收到物资：%(goods)s") % {"goods": one.goods})
    if one.file:
        parts.append(_("附材料（点标题查看）"))
    return {
        "date": one.day, "title": code_label("programme_state", one.state), "source": one.by_name or one.by,
        "text": "\n".join(part for part in parts if part),
        "url": reverse("cases:measure_paper", args=[one.measure_id, one.pk]) if one.file else "",
    }  # fmt: skip


@needs("measures.answer", "cases.view")
def measure_paper(request: Any, pk: int, report_pk: int) -> Any:
    """A paper that was handed in with a report."""
    found = measures_of(request.scope).filter(pk=pk).first()
    told = MeasureReport.everything.filter(measure=found, pk=report_pk).first() if found else None
    if told is None or not told.file or not (path := papers.path_of(told.file)).exists():
        raise Http404
    return FileResponse(
        path.open("rb"), content_type=PAPER_TYPES[path.suffix], headers={"X-Content-Type-Options": "nosniff"}
    )
