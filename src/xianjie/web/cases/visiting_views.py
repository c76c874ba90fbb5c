"""Pages of follow-up visits: who is due, and the short form of a visit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases import selectors
from xianjie.web.cases.forms import ANY, places
from xianjie.web.cases.visiting_rules import due_on, frequencies, frequency_for, visited_cases, visits_due
from xianjie.web.cases.visiting_services import Visit, record_visit, visits_of
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Link, Status
from xianjie.web.dictionary_forms import DayField
from xianjie.web.flows.definition import load_flows
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import code_label, label

YES_NO = [("true", _("是")), ("false", _("否"))]
INCOME = [("same", _("没有变化")), ("less", _("减少")), ("more", _("增加"))]
GUARANTEES = [
    ("food", _("吃穿")), ("school", _("义务教育")), ("medical", _("基本医疗")), ("house", _("住房安全")),
    ("water", _("饮水安全")),
]  # fmt: skip


class VisitFilter(forms.Form):
    """Filters of the list of visits."""

    place = forms.ChoiceField(label=_("地区"), required=False)
    phase = forms.ChoiceField(label=_("阶段"), required=False)
    state = forms.ChoiceField(
        label=_("范围"), required=False, choices=[("", _("到期和超期")), ("all", _("全部在访农户"))]
    )

    def __init__(self, *arguments: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        phases = load_flows()["monitoring_case"][0].phases
        self.fields["place"].choices = places(scope, "cases.view")  # type: ignore[attr-defined]
        self.fields["phase"].choices = [ANY, *((one, label(phases[one])) for one in _phases())]  # type: ignore[attr-defined]


def _phases() -> list[str]:
    return list(dict.fromkeys(one.phase for one in frequencies()))


class VisitForm(forms.Form):
    """A visit in few answers; what is as it was stays as it is filled in."""

    visited_on = DayField(label=_("走访日期"), initial=today)
    visitor = forms.CharField(label=_("走访人"), max_length=100)
    met = forms.ChoiceField(label=_("见到本人"), choices=YES_NO, initial="true", widget=forms.RadioSelect)
    income = forms.ChoiceField(label=_("收入有无变化"), choices=INCOME, initial="same", widget=forms.RadioSelect)
    failing = forms.MultipleChoiceField(
        label=_("哪些没有保障（都有保障的不选）"),
        choices=GUARANTEES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(
        label=_("发现的问题"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("没有问题的不填"),
    )  # fmt: skip
    clue = forms.BooleanField(label=_("转为线索，交乡镇研判"), required=False)
    urgent = forms.BooleanField(label=_("突发事件（可走绿色通道）"), required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if (values.get("clue") or values.get("urgent")) and not self.errors and not self.finding:
            self.add_error("note", _("转为线索须写明发现的问题。"))
        return values

    @property
    def finding(self) -> str:
        """What was found, in words; empty for nothing."""
        given = self.cleaned_data
        parts = []
        if given.get("income") in ("less", "more"):
            parts.append(gettext("收入%(change)s") % {"change": dict(INCOME)[given["income"]]})
        names = dict(GUARANTEES)
        if given.get("failing"):
            parts.append(
                gettext("没有保障：%(what)s") % {"what": "、".join(str(names[one]) for one in given["failing"])}
            )
        if given.get("note"):
            parts.append(given["note"].strip())
        return "；".join(parts)

    @property
    def visit(self) -> Visit:
        """The visit as the register keeps it; of a household nobody met, food and clothing stay unknown."""
        given = self.cleaned_data
        met = given["met"] == "true"
        enough = "food" not in given["failing"] if met or given["failing"] else None
        return Visit(given["visited_on"], given["visitor"].strip(), met, enough, self.finding)


@needs("cases.view")
def visits(request: Any) -> HttpResponse:
    """Who is due for a visit, those who have waited longest first."""
    form = VisitFilter(request.GET or None, scope=request.scope)
    rows = visits_due(request.scope, form.cleaned_data if form.is_bound and form.is_valid() else {})
    page = page_of(rows, "seen_on", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    known = full_names({case.region_code for case in page.rows})
    acting = request.scope.has("cases.act")
    columns = [
        Column(
            gettext("户主"), "household.head_name", main=True, link=lambda case: reverse("cases:case", args=[case.pk])
        ),
        Column(gettext("地区"), lambda case: known[case.region_code]),
        Column(gettext("阶段"), lambda case: label(load_flows()["monitoring_case"][0].phases[case.phase]), minor=True),
        Column(gettext("应走访日期"), due_on, kind="date"),
        Column(gettext("状态"), lambda case: due_status(due_on(case)), kind="status"),
    ]
    if acting:
        columns.append(
            Column(gettext("登记"), lambda case: Link(gettext("登记走访"), reverse("cases:add_visit", args=[case.pk])))
        )
    table = Table(
        columns, page.rows, gettext("走访"), page=page, count=rows.count(), walk=True,
        empty_title=gettext("没有到期的走访"), empty_text=gettext("监测对象到了应走访的日期会出现在这里。"),
    )  # fmt: skip
    rules = [
        {"phase": label(load_flows()["monitoring_case"][0].phases[one.phase]), "days": one.days, "source": one.source,
         "trust": one.trust}
        for phase in _phases()
        if (one := frequency_for(phase, request.scope.home))
    ]  # fmt: skip
    return render(
        request, "cases/visits.html",
        {"page_title": gettext("跟踪走访"), "form": form, "table": table, "rules": rules},
    )  # fmt: skip


def due_status(day: Any) -> Status:
    """How a visit stands against its day."""
    left = (day - today()).days
    if left < 0:
        return Status(gettext("超期 %(days)d 天") % {"days": -left}, "bad")
    return (
        Status(gettext("今天到期"), "warn")
        if left == 0
        else Status(gettext("还有 %(days)d 天") % {"days": left}, "good")
    )


@needs("cases.act")
def visit(request: Any, pk: int) -> HttpResponse:
    """Record a visit to the household of a case."""
    case = selectors.case_in_scope(request.scope, pk)
    watched = visited_cases(request.scope, "cases.act").filter(pk=pk).first()
    if watched is None:
        raise Http404
    form = VisitForm(request.POST or None, initial={"visitor": request.user.display_name})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            record_visit(request.scope, case, form.visit, clue=given["clue"] or given["urgent"], urgent=given["urgent"])
            messages.success(
                request,
                gettext("走访已登记，并转为线索。") if given["clue"] or given["urgent"] else gettext("走访已登记。"),
            )
            return redirect("cases:visits")
        except UserError as error:
            form.add_error(None, str(error))
    context = {
        "page_title": gettext("登记走访"), "page_subtitle": case.household.head_name, "case": case, "form": form,
        "history": visit_events(case.household_id)[:5],
    }  # fmt: skip
    return render(request, "cases/visit.html", context)


def visit_events(household_id: str) -> list[dict[str, Any]]:
    """A household's visits as a timeline shows them."""
    return [
        {
            "date": one["visited_on"], "source": one.get("visitor") or "", "text": one.get("finding") or "",
            "title": code_label("visit_kind", str(one.get("kind") or "routine")),
        }
        for one in visits_of(household_id)
    ]  # fmt: skip
