"""Pages of assessments: list, begin, the ranking with what it hangs on, one unit explained, values, publication."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
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
from xianjie.web.design.values import Bar, Status, day
from xianjie.web.dictionary_forms import DayField
from xianjie.web.exporting import Column as Cell
from xianjie.web.exporting import Listing, workbook_response
from xianjie.web.paging import page_of
from xianjie.web.supervision import assessments as services
from xianjie.web.supervision.areas import ASSESS, ASSESS_VIEW
from xianjie.web.supervision.declared import schemes
from xianjie.web.supervision.scoring import firmness, gains, score, weights
from xianjie.web.supervision.target_models import AssessedUnit, Assessment, Objection, Talk
from xianjie.web.words import label

SORTS = ("-ends_on", "ends_on", "title", "-title")
TONES = {Assessment.DRAFT: "info", Assessment.PUBLISHED: "warn", Assessment.FINAL: "good"}
ON_PAGE = 60  # units whose values are typed on one page


class BeginForm(forms.Form):
    """A new assessment."""

    scheme = forms.ChoiceField(label=gettext_lazy("评价方案"))
    title = forms.CharField(label=gettext_lazy("名称"), max_length=200)
    begins_on = DayField(label=gettext_lazy("评价期自"))
    ends_on = DayField(label=gettext_lazy("评价期至"))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["scheme"].choices = [(name, label(one)) for name, one in schemes().items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The period goes forward."""
        values = super().clean() or self.cleaned_data
        if values.get("begins_on") and values.get("ends_on") and values["ends_on"] < values["begins_on"]:
            self.add_error("ends_on", _("结束日期早于开始日期。"))
        return values


class TextForm(forms.Form):
    """A text that is asked for."""

    text = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *arguments: Any, label: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["text"].label = label


class TalkForm(forms.Form):
    """A talk that was held."""

    held_on = DayField(label=gettext_lazy("约谈日期"))
    text = forms.CharField(label=gettext_lazy("约谈情况"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class ValuesForm(forms.Form):
    """Values by hand: one box for each unit and indicator that the system does not know."""

    why = forms.CharField(label=gettext_lazy("依据"), max_length=300,
                          help_text=gettext_lazy("如“2025年10月抽样调查”"))  # fmt: skip

    def __init__(
        self, *arguments: Any, assessed: list[AssessedUnit], asked: list[dict[str, Any]], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.assessed, self.asked = assessed, asked
        for unit in assessed:
            for one in asked:
                known = unit.values.get(one["name"], {}).get("value")
                box = forms.FloatField(required=False, initial=known, label=f"{unit.name} {one['zh']}")
                self.fields[f"{unit.pk}-{one['name']}"] = box

    def rows(self) -> list[dict[str, Any]]:
        """Unit with its boxes, for the table."""
        return [
            {"unit": unit, "boxes": [self[f"{unit.pk}-{one['name']}"] for one in self.asked]} for unit in self.assessed
        ]

    @property
    def given(self) -> dict[int, dict[str, float | None]]:
        """Unit → indicator → value."""
        return {
            unit.pk: {one["name"]: self.cleaned_data[f"{unit.pk}-{one['name']}"] for one in self.asked}
            for unit in self.assessed
        }


def find(request: Any, pk: int) -> Assessment:
    """An assessment that the user sees. Raises `Http404` otherwise."""
    found = services.assessments(request.scope).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def find_run(request: Any, pk: int) -> Assessment:
    """An assessment that the user runs. Raises `Http404` otherwise."""
    found = find(request, pk)
    if not services.may_run(request.scope, found):
        raise Http404
    return found


def state_of(one: Assessment) -> Status:
    """Where an assessment stands."""
    return Status(str(Assessment.STATES[one.state]), TONES[one.state])


@needs(ASSESS_VIEW)
def assessments(request: Any) -> HttpResponse:
    """The list of assessments, the newest first."""
    rows = services.assessments(request.scope)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "-ends_on"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    columns = [
        Column(_("名称"), "title", main=True, sort="title", second=lambda one: label(one.scheme),
               link=lambda one: reverse("supervision:assessment", args=[one.pk])),
        Column(_("评价期自"), "begins_on", kind="date"), Column(_("评价期至"), "ends_on", kind="date", sort="-ends_on"),
        Column(_("状态"), state_of, kind="status"),
    ]  # fmt: skip
    table = Table(columns, page.rows, _("考核评价"), page=page, count=rows.count(), sort=sort, walk=True,
                  empty_title=_("没有考核评价"), empty_text=_("公布后的结果在这里查看。"))  # fmt: skip
    return render(request, "supervision/assessments.html", {
        "page_title": _("考核评价"), "table": table, "may_run": request.scope.has(ASSESS),
    })  # fmt: skip


@needs(ASSESS)
def begin(request: Any) -> HttpResponse:
    """Begin an assessment."""
    first = {"begins_on": today().replace(month=1, day=1), "ends_on": today()}
    form = BeginForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.begin(request.scope, **form.cleaned_data)
            return redirect("supervision:assessment", pk=made.pk)
        except UserError as error:
            form.add_error(None, str(error))
    return render(request, "supervision/form.html", {
        "page_title": _("发起考核评价"), "form": form, "send": _("发起"),
        "back": (_("考核评价"), reverse("supervision:assessments")),
        "facts": [{"label": label(one), "value": one["about"], "source": one["source"], "wide": True}
                  for one in schemes().values()],
        "facts_title": _("评价方案"),
    })  # fmt: skip


@needs(ASSESS_VIEW)
def assessment(request: Any, pk: int) -> HttpResponse:
    """The ranking, how firm it is, objections and talks."""
    found = find(request, pk)
    return _page(request, found, {})


def _page(request: Any, found: Assessment, typed: dict[str, Any]) -> HttpResponse:
    """The assessment's page; `typed`: a form that was sent and could not be taken, by its name."""
    assessed = services.units(found)
    firm = firmness(found.scheme, services.plain_values(assessed))
    runs = services.may_run(request.scope, found)
    lacking = services.missing(found, assessed)
    objections = list(Objection.everything.filter(unit__assessment=found).select_related("unit").order_by("-pk"))
    context = {
        "page_title": found.title, "page_subtitle": label(found.scheme), "assessment": found, "state": state_of(found),
        "table": _ranking(found, assessed, firm), "runs": runs, "lacking": lacking[:20], "lacking_count": len(lacking),
        "facts": _facts(found), "objections": objections,
        "talks": Talk.everything.filter(unit__assessment=found).select_related("unit").order_by("pk"),
        "talk_form": TalkForm(initial={"held_on": today()}), "answer_form": TextForm(label=_("答复")),
        "settle_form": typed.get("settle") or TextForm(label=_("结果运用")), "chart": _chart(assessed),
        "mine": [one for one in assessed if not runs and request.scope.allows(ASSESS_VIEW, one.region_code)],
        "object_form": typed.get("object") or TextForm(label=_("异议内容")),
        "may_object": found.state == Assessment.PUBLISHED and found.objections_to and today() <= found.objections_to,
    }  # fmt: skip
    return render(request, "supervision/assessment.html", context)


def _facts(found: Assessment) -> list[dict[str, Any]]:
    return [
        {"label": _("评价期"), "value": f"{day(found.begins_on)} — {day(found.ends_on)}"},
        {"label": _("公布日期"), "value": day(found.published_on) if found.published_on else ""},
        {"label": _("异议截止"), "value": day(found.objections_to) if found.objections_to else ""},
        {"label": _("定案日期"), "value": day(found.final_on) if found.final_on else ""},
        {"label": _("方案依据"), "value": found.scheme["source"], "wide": True},
        {"label": _("方案说明"), "value": found.scheme["about"], "wide": True},
        {"label": _("结果运用"), "value": found.use, "wide": True},
    ]


def _ranking(found: Assessment, assessed: list[AssessedUnit], firm: Any) -> Table:
    def rank_range(one: AssessedUnit) -> str:
        held = firm[one.region_code]
        return str(held.best) if held.best == held.worst else f"{held.best}–{held.worst}"

    columns = [
        Column(_("单位"), "name", main=True,
               link=lambda one: reverse("supervision:assessed", args=[found.pk, one.pk])),
        Column(_("得分"), lambda one: Bar(round(one.score or 0, 2), 100)),
        Column(_("名次"), "rank", kind="number"),
        Column(_("权重变动时的名次"), rank_range),
        Column(_("等次或类别"), "grade"),
    ]  # fmt: skip
    return Table(columns, assessed, _("得分与名次"), count=len(assessed),
                 export=reverse("supervision:assessment_export", args=[found.pk]))  # fmt: skip


def _chart(assessed: list[AssessedUnit]) -> dict[str, Any] | None:
    if len(assessed) > 30:
        return None
    return {"kind": "bar", "lying": True, "categories": [one.name for one in assessed],
            "series": [{"name": _("得分"), "data": [round(one.score or 0, 2) for one in assessed]}]}  # fmt: skip


@needs(ASSESS_VIEW)
def assessed(request: Any, pk: int, unit_pk: int) -> HttpResponse:
    """One unit explained: every indicator with its value, points, where they come from; what would lift it."""
    found = find(request, pk)
    everyone = services.units(found)
    unit = next((one for one in everyone if one.pk == unit_pk), None)
    if unit is None:
        raise Http404
    values = services.plain_values(everyone)
    scored, weighed = score(found.scheme, values)[unit.region_code], weights(found.scheme)
    held, lifts = firmness(found.scheme, values)[unit.region_code], gains(found.scheme, values)[unit.region_code]
    names = {one["name"]: label(one) for one in found.scheme["indicators"]}
    rows = [
        _line(one, unit, scored.parts[one["name"]], weighed[one["name"]], values) for one in found.scheme["indicators"]
    ]
    columns = [
        Column(_("指标"), "name", main=True, second="scale"), Column(_("数值"), "value"),
        Column(_("各单位平均"), "mean", minor=True), Column(_("满分"), "weight", kind="number"),
        Column(_("得分"), lambda row: Bar(row["points"], row["weight"])), Column(_("来源"), "source"),
    ]  # fmt: skip
    lift_columns = [
        Column(_("指标"), lambda one: names[one.indicator], main=True),
        Column(_("最多可提高（分）"), "points", kind="number"),
        Column(_("届时名次"), "rank", kind="number"),
    ]  # fmt: skip
    return render(request, "supervision/assessed.html", {
        "page_title": unit.name, "page_subtitle": found.title, "assessment": found, "unit": unit,
        "table": Table(columns, rows, _("得分构成"), id="parts"),
        "lifts": Table(lift_columns, lifts, _("改进哪项最有用"), id="lifts", empty_title=_("各项已满分")),
        "firm": held, "moved_by": [names[name] for name in held.moved_by],
        "shift": round(found.scheme["weight_shift"] * 100), "total": round(unit.score or 0, 2),
    })  # fmt: skip


def _line(one: dict[str, Any], unit: AssessedUnit, points: float, weight: float, values: Any) -> dict[str, Any]:
    kept = unit.values.get(one["name"])
    known = [row[one["name"]] for row in values.values() if row.get(one["name"]) is not None]
    scale = (
        _("%(worst)s 至 %(best)s") % {"worst": one["worst"], "best": one["best"]} if one["scale"] == "span"
        else _("按最低至最高")
    )  # fmt: skip
    source = say(f"supervision.source_{one['source']}")
    return {
        "name": label(one),
        "scale": scale,
        "weight": round(weight, 2),
        "points": round(points, 2),
        "value": f"{kept['value']:g}{one['unit']}" if kept else None,
        "mean": f"{sum(known) / len(known):.2f}{one['unit']}" if known else None,
        "source": f"{source} {kept['day']}" if kept else source,
    }


@needs(ASSESS)
def values(request: Any, pk: int) -> HttpResponse:
    """Fill in what the system does not know."""
    found = find_run(request, pk)
    asked = [one for one in found.scheme["indicators"] if one["source"] != services.SYSTEM]
    everyone = sorted(services.units(found), key=lambda one: one.region_code)
    start = int(request.GET.get("from", "0")) if request.GET.get("from", "0").isdigit() else 0
    form = ValuesForm(request.POST or None, assessed=everyone[start : start + ON_PAGE], asked=asked)
    if request.method == "POST" and form.is_valid():
        try:
            number = services.set_values(request.scope, found, form.given, form.cleaned_data["why"])
            messages.success(request, _("已保存 %(n)d 个数值，得分已重算。") % {"n": number})
            return redirect("supervision:assessment", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    following = start + ON_PAGE if start + ON_PAGE < len(everyone) else None
    return render(request, "supervision/values.html", {
        "page_title": _("填写评价数值"), "assessment": found, "form": form, "following": following,
        "asked": [(label(one), one["unit"], say(f"supervision.source_{one['source']}")) for one in asked],
    })  # fmt: skip


@needs(ASSESS)
@require_POST
def do(request: Any, pk: int, action: str) -> HttpResponse:
    """Fill in from the system anew, publish, or settle."""
    found = find_run(request, pk)
    try:
        if action == "refresh" and found.state == Assessment.DRAFT:
            services.fill_in(found)
            messages.success(request, _("已按系统数据更新。"))
        elif action == "publish":
            services.publish(request.scope, found)
            messages.success(request, _("已公布，各单位可在期限内提出异议。"))
        elif action == "settle":
            form = TextForm(request.POST, label=_("结果运用"))
            if not form.is_valid():
                return _page(request, found, {"settle": form})
            services.settle(request.scope, found, form.cleaned_data["text"])
            messages.success(request, _("已定案。"))
        else:
            raise Http404
    except UserError as error:
        messages.error(request, str(error))
    return redirect("supervision:assessment", pk=pk)


@needs(ASSESS_VIEW)
@require_POST
def object_to(request: Any, pk: int, unit_pk: int) -> HttpResponse:
    """Object to one's own result."""
    found = find(request, pk)
    unit = AssessedUnit.objects.within(request.scope, ASSESS_VIEW).filter(assessment=found, pk=unit_pk).first()
    if unit is None:
        raise Http404
    form = TextForm(request.POST, label=_("异议内容"))
    if not form.is_valid():
        return _page(request, found, {"object": form})
    try:
        services.object_to(request.scope, unit, form.cleaned_data["text"])
        messages.success(request, _("已提出异议。"))
    except UserError as error:
        messages.error(request, str(error))
    return redirect("supervision:assessment", pk=pk)


@needs(ASSESS)
@require_POST
def answer(request: Any, pk: int, objection_pk: int) -> HttpResponse:
    """Answer an objection."""
    found = find_run(request, pk)
    objection = Objection.everything.select_related("unit__assessment").filter(
        unit__assessment=found, pk=objection_pk).first()  # fmt: skip
    if objection is None:
        raise Http404
    form = TextForm(request.POST, label=_("答复"))
    if form.is_valid():
        try:
            services.answer_objection(request.scope, objection, upheld="upheld" in request.POST,
                                      answer=form.cleaned_data["text"])  # fmt: skip
            messages.success(request, _("已答复。"))
        except UserError as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("请填写答复。"))
    return redirect("supervision:assessment", pk=pk)


@needs(ASSESS)
@require_POST
def talk(request: Any, pk: int, talk_pk: int) -> HttpResponse:
    """Record that a talk was held."""
    found = find_run(request, pk)
    one = Talk.everything.select_related("unit__assessment").filter(unit__assessment=found, pk=talk_pk).first()
    if one is None:
        raise Http404
    form = TalkForm(request.POST)
    if form.is_valid():
        try:
            services.hold_talk(request.scope, one, form.cleaned_data["held_on"], form.cleaned_data["text"])
            messages.success(request, _("已记录约谈。"))
        except UserError as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("请填写约谈日期和情况。"))
    return redirect("supervision:assessment", pk=pk)


@needs(ASSESS_VIEW)
def export(request: Any, pk: int) -> HttpResponse:
    """The ranking with every value as Excel."""
    found = find(request, pk)
    columns = [Cell(_("名次"), "rank", kind="int"), Cell(_("单位"), "name", 24),
               Cell(_("得分"), "score", kind="number"),
               Cell(_("等次或类别"), "grade")]  # fmt: skip
    columns += [
        Cell(f"{label(one)}（{one['unit']}）", _value_of(one["name"]),
             kind="number")
        for one in found.scheme["indicators"]
    ]  # fmt: skip
    return workbook_response(Listing(found.title, columns), services.units(found), verb="supervision.export",
                             region_code=found.region_code)  # fmt: skip


def _value_of(name: str) -> Callable[[AssessedUnit], Any]:
    return lambda row: row.values.get(name, {}).get("value")
