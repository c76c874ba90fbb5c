"""Pages of targets: which are reached, on the way, at risk, missed; one with its series, forecast and line."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from xianjie.messages import UserError, say
from xianjie.web.accounts.access import needs
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Spark, Status, day
from xianjie.web.dictionary_forms import DayField
from xianjie.web.exporting import Column as Cell
from xianjie.web.exporting import Listing, workbook_response
from xianjie.web.jobs.services import enqueue
from xianjie.web.paging import page_of
from xianjie.web.supervision import targets as services
from xianjie.web.supervision.areas import MANAGE, VIEW, home_of
from xianjie.web.supervision.declared import forecast_share, indicators
from xianjie.web.supervision.document_forms import OPERATORS
from xianjie.web.supervision.following import series
from xianjie.web.supervision.measuring import KIND
from xianjie.web.supervision.target_models import Observation, Target
from xianjie.web.words import label

TONES = {Target.REACHED: "good", Target.ON_WAY: "info", Target.AT_RISK: "warn", Target.MISSED: "bad",
         Target.UNKNOWN: "neutral"}  # fmt: skip
SORTS = ("due_on", "-due_on", "title", "-title")
SOURCES = [("report", gettext_lazy("单位报告")), ("survey", gettext_lazy("抽样调查")),
           ("third_party", gettext_lazy("第三方评估"))]  # fmt: skip


def state_word(state: str) -> Status:
    """A target's state."""
    return Status(str(Target.STATES[state]), TONES[state])


class TargetFilter(forms.Form):
    """Filters of the list of targets."""

    q = forms.CharField(label=gettext_lazy("目标名称"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("状态"), required=False,
                              choices=[("", gettext_lazy("全部")), *Target.STATES.items()])  # fmt: skip


class TargetForm(forms.Form):
    """A target."""

    title = forms.CharField(label=gettext_lazy("目标名称"), max_length=200)
    indicator = forms.ChoiceField(label=gettext_lazy("系统指标"), required=False,
                                  help_text=gettext_lazy("选了系统指标，数据由系统自动取得，不再要求填报"))  # fmt: skip
    operator = forms.ChoiceField(label=gettext_lazy("要求"), choices=OPERATORS)
    value = forms.FloatField(label=gettext_lazy("目标值"))
    unit = forms.CharField(label=gettext_lazy("单位"), required=False, max_length=30)
    base = forms.FloatField(label=gettext_lazy("基数"), required=False, help_text=gettext_lazy("要求为“增加”时填写"))
    begins_on = DayField(label=gettext_lazy("起始日期"))
    due_on = DayField(label=gettext_lazy("完成时限"))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        known = [(name, f"{label(one)}（{one['unit']}）") for name, one in indicators().items()]
        self.fields["indicator"].choices = [("", _("无，由单位报告")), *known]  # type: ignore[attr-defined]


class ValueForm(forms.Form):
    """A value of a target's own series."""

    day = DayField(label=gettext_lazy("日期"))
    value = forms.FloatField(label=gettext_lazy("数值"))
    source = forms.ChoiceField(label=gettext_lazy("来源"), choices=SOURCES)

    def clean_day(self) -> Any:
        """Not in the future."""
        given = self.cleaned_data["day"]
        if given > today():
            raise forms.ValidationError(_("日期不能晚于今天。"))
        return given


def find(request: Any, pk: int) -> Target:
    """A target that the user sees. Raises `Http404` otherwise."""
    found = services.targets(request.scope).select_related("document", "task").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def goal_words(one: Target) -> str:
    """The target in a few words: 不低于 95 %."""
    return f"{dict(OPERATORS)[one.operator]} {one.value:g}{one.unit}"


def _chosen(request: Any) -> tuple[TargetFilter, QuerySet[Target]]:
    form = TargetFilter(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = services.targets(request.scope)
    if wanted.get("state"):
        rows = rows.filter(state=wanted["state"])
    if wanted.get("q"):
        rows = rows.filter(title__contains=wanted["q"])
    return form, rows


@needs(VIEW)
def targets(request: Any) -> HttpResponse:
    """The list of targets, what is due first first, with how many stand where."""
    form, rows = _chosen(request)
    counted = dict(
        services.targets(request.scope).order_by().values_list("state").annotate(number=Count("pk"))
    )  # fmt: skip
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "due_on"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    known = services.all_series(page.rows)
    columns = [
        Column(_("目标"), "title", main=True, sort="title", second=goal_words,
               link=lambda one: reverse("supervision:target", args=[one.pk])),
        Column(_("最新值"), lambda one: services.shown(one.latest, one.unit)),
        Column(_("走势"), lambda one: Spark([value for _day, value in known[one.pk]], one.title), minor=True),
        Column(_("预计到期值"), services.range_words),
        Column(_("完成时限"), "due_on", kind="date", sort="due_on"),
        Column(_("状态"), lambda one: state_word(one.state), kind="status"),
    ]  # fmt: skip
    export = reverse("supervision:target_export") + ("?" + request.GET.urlencode() if request.GET else "")
    table = Table(columns, page.rows, _("目标监测"), page=page, count=rows.count(), sort=sort, export=export, walk=True,
                  empty_title=_("没有目标"), empty_text=_("由条款生成任务时，量化目标一并进入这里。"))  # fmt: skip
    tiles = [
        {"label": word, "figure": counted.get(state, 0), "url": f"?state={state}",
         "tone": TONES[state] if counted.get(state) and TONES[state] in ("good", "warn", "bad") else ""}
        for state, word in Target.STATES.items()
    ]  # fmt: skip
    return render(request, "supervision/targets.html", {
        "page_title": _("目标监测"), "form": form, "table": table, "tiles": tiles,
        "may_manage": request.scope.has(MANAGE),
    })  # fmt: skip


@needs(VIEW)
def export(request: Any) -> HttpResponse:
    """The list as Excel."""
    _form, rows = _chosen(request)
    columns = [
        Cell(_("目标"), "title", 40), Cell(_("要求"), goal_words, 16), Cell(_("最新值"), "latest", kind="number"),
        Cell(_("预计到期值"), services.range_words, 24), Cell(_("完成时限"), "due_on", kind="date"),
        Cell(_("状态"), lambda one: str(Target.STATES[one.state])), Cell(_("原文"), "text", 60),
    ]  # fmt: skip
    return workbook_response(Listing(_("目标监测"), columns), rows.order_by("due_on", "pk"), verb="supervision.export")


@needs(VIEW)
def target(request: Any, pk: int) -> HttpResponse:
    """One target with its chart."""
    found = find(request, pk)
    values = series(found)
    manages = request.scope.allows(MANAGE, found.region_code)
    form = ValueForm(request.POST or None, initial={"day": today()}) if manages and not found.indicator else None
    if request.method == "POST" and form and form.is_valid():
        services.add_value(request.scope, found, **form.cleaned_data)
        messages.success(request, _("已记录数值。"))
        return redirect("supervision:target", pk=pk)
    return render(request, "supervision/target.html", {
        "page_title": found.title, "target": found, "state": state_word(found.state), "facts": _facts(found),
        "values": [(one, say(f"supervision.source_{one.source}")) for one in reversed(values)],
        "chart": _chart(found, values),
        "form": form, "manages": manages, "share": round(forecast_share() * 100),
    })  # fmt: skip


def _facts(found: Target) -> list[dict[str, Any]]:
    known = indicators().get(found.indicator)
    return [
        {"label": _("要求"), "value": goal_words(found)},
        {"label": _("基数"), "value": services.shown(found.base, "") if found.base is not None else ""},
        {"label": _("完成时限"), "value": day(found.due_on)},
        {"label": _("最新值"), "value": services.shown(found.latest, found.unit)},
        {"label": _("预计到期值"), "value": services.range_words(found)},
        {"label": _("数据来源"), "value": _("系统指标：%(name)s") % {"name": label(known)} if known else _("单位报告")},
        {"label": _("来源文件"), "value": found.document.title if found.document else ""},
        {"label": _("原文"), "value": found.text, "wide": True},
    ]


def _chart(found: Target, values: list[Observation]) -> dict[str, Any] | None:
    """The series, the line to reach, and at its day the forecast with its range."""
    if not values:
        return None
    seen, last = found.outlook, values[-1]
    days = [one.day.isoformat() for one in values]
    ahead = seen.get("at") is not None and found.due_on > last.day
    if found.due_on > last.day:
        days.append(found.due_on.isoformat())
    gap: list[float | None] = [None] * (len(values) - 1)
    lines = [{"name": _("实际"), "data": [one.value for one in values]}]
    if seen.get("line") is not None:
        lines.append({"name": _("目标线"), "data": [seen["line"]] * len(days)})
    if ahead:
        for name, word in (("at", _("预计")), ("low", _("预计下限")), ("high", _("预计上限"))):
            lines.append({"name": word, "data": [*gap, last.value, round(seen[name], 2)]})
    return {"kind": "line", "categories": days, "series": lines, "unit": found.unit}


@needs(MANAGE)
def change(request: Any, pk: int) -> HttpResponse:
    """Change a target: its indicator, its line, its day."""
    found = find(request, pk)
    if not request.scope.allows(MANAGE, found.region_code):
        raise Http404
    form = TargetForm(request.POST or None, initial={name: getattr(found, name) for name in TargetForm.base_fields})
    if request.method == "POST" and form.is_valid():
        services.change_target(request.scope, found, form.cleaned_data)
        messages.success(request, _("已保存。"))
        return redirect("supervision:target", pk=pk)
    return _form(request, _("修改目标"), form, reverse("supervision:target", args=[pk]), found.text)


@needs(MANAGE)
def add(request: Any) -> HttpResponse:
    """A target by hand."""
    form = TargetForm(request.POST or None, initial={"begins_on": today()})
    if request.method == "POST" and form.is_valid():
        made = services.add_target(request.scope, form.cleaned_data)
        messages.success(request, _("已新建目标。"))
        return redirect("supervision:target", pk=made.pk)
    return _form(request, _("新建目标"), form, reverse("supervision:targets"))


def _form(request: Any, title: str, form: Any, back: str, before: str = "") -> HttpResponse:
    return render(request, "supervision/form.html", {
        "page_title": title, "form": form, "send": _("保存"), "back": (_("目标监测"), back), "before": before,
    })  # fmt: skip


@needs(MANAGE)
@require_POST
def measure(request: Any) -> HttpResponse:
    """Have the system's indicators worked out now."""
    try:
        place = home_of(request.scope, MANAGE)
        started = enqueue(KIND, title=say("supervision.measure_title"), region_code=place, owner=request.user)
        return redirect("jobs:job", pk=started.pk)
    except UserError as error:
        messages.error(request, str(error))
        return redirect("supervision:targets")
