"""The page of who qualifies and has it not, who has it and no longer qualifies, of whom too little is known."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.web import exporting
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import covering
from xianjie.web.assistance.benefit_views import apply_url
from xianjie.web.assistance.models import Application
from xianjie.web.assistance.programmes import programmes
from xianjie.web.assistance.showing import amount_of, civil_affairs, household_url, name_of
from xianjie.web.cases.forms import places
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Link
from xianjie.web.regions.selectors import full_names


class CoverageFilter(forms.Form):
    """Filters of the list of who is missed."""

    programme = forms.ChoiceField(label=gettext_lazy("待遇"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("情况"), required=False)
    place = forms.ChoiceField(label=gettext_lazy("地区"), required=False)

    def __init__(self, *arguments: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        chosen: Any = self.fields
        chosen["programme"].choices = [(code, one.label) for code, one in programmes().items()]
        chosen["state"].choices = [(state, words) for state, (words, _tone) in covering.STATES.items()]
        chosen["place"].choices = places(scope, "assistance.view")


@needs("assistance.view")
def coverage(request: Any) -> HttpResponse:
    """Who qualifies and has it not, who has it and no longer qualifies, of whom too little is known."""
    scope = civil_affairs(request.scope)
    form = CoverageFilter(request.GET or None, scope=scope)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    programme = programmes()[wanted.get("programme") or "dibao"]
    asked = covering.Asked(programme, wanted.get("state") or covering.MISSED, wanted.get("place") or "")
    run = covering.run_for(scope, asked.place)
    context: dict[str, Any] = {"page_title": _("应保尽保核对"), "form": form}
    if run is None:
        empty = Table(
            [Column(_("户主"), "head_name", main=True)], [], _("应保尽保核对"), empty_title=_("没有可用的比对结果"),
            empty_text=_("请先运行每日比对；管辖几个县的，请先选择地区。"),
        )  # fmt: skip
        return render(request, "assistance/list.html", {**context, "table": empty})
    if "export" in request.GET:
        return _coverage_out(request, scope, run, asked)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = covering.page(scope, run, asked, after=after, before=before)
    counted = covering.counts(scope, run, asked)
    query = request.GET.copy()
    query["export"] = "1"
    context["table"] = _coverage_table(scope, asked, page, counted, f"?{query.urlencode()}")
    context["tiles"] = [
        {"label": words, "figure": counted.get(state, 0), "tone": tone if counted.get(state) else "",
         "url": f"?programme={programme.code}&state={state}&place={asked.place}"}
        for state, (words, tone) in covering.STATES.items()
    ]  # fmt: skip
    context["told"] = _("%(programme)s，按 %(day)s 比对。名单只是提示，由人核实后办理。") % {
        "programme": programme.label, "day": run.day}  # fmt: skip
    return render(request, "assistance/list.html", context)


def _coverage_table(scope: Scope, asked: covering.Asked, page: Any, counted: dict[str, int], export: str) -> Table:
    names = full_names({row["region_code"] for row in page.rows})
    opened = dict(
        Application.objects.within(scope, "assistance.view")
        .filter(household__in=[row["household_id"] for row in page.rows], programme=asked.programme.code, over=False)
        .values_list("household_id", "pk")
    )
    columns = [
        Column(_("户主"), lambda row: name_of(scope, row["head_name"], row["region_code"]), main=True,
               link=lambda row: household_url(scope, row["household_id"])),
        Column(_("地区"), lambda row: names[row["region_code"]]),
        Column(_("核算人均年收入（元）"), lambda row: amount_of(scope, row["income"], row["region_code"])),
        Column(_("按规则月金额（元）"), lambda row: _rule_amount(scope, row, asked)),
        Column(_("缺什么"), lambda row: covering.missing_words(row["missing"]), kind="long", minor=True),
        Column(_("办理"), lambda row: _way(scope, row, asked, opened)),
    ]  # fmt: skip
    return Table(
        columns, page.rows, _("应保尽保核对"), page=page, count=counted.get(asked.state, 0), export=export, walk=True,
        empty_title=_("没有这种情况的农户"),
    )  # fmt: skip


def _rule_amount(scope: Scope, row: dict[str, Any], asked: covering.Asked) -> Any:
    """The household's amount by the rule; who qualifies alone has an amount of their own, told on the explanation."""
    if asked.state == covering.MISSED and row["amount"] == 0 and asked.programme.alone:
        return _("按单人户")
    return amount_of(scope, row["amount"], row["region_code"])


def _way(scope: Scope, row: dict[str, Any], asked: covering.Asked, opened: dict[str, int]) -> Any:
    """Where a row leads: the open application, a new one, a review, or the explanation."""
    household = row["household_id"]
    if household in opened:
        return Link(_("在办申请"), reverse("assistance:application", args=[opened[household]]))
    if asked.state in (covering.MISSED, covering.RECHECK) and scope.allows("assistance.act", row["region_code"]):
        words = _("受理申请") if asked.state == covering.MISSED else _("转核查")
        return Link(words, apply_url(household, asked.programme.code, "run"))
    return Link(_("核算说明"), reverse("assistance:letter", args=[household]))


def _coverage_out(request: Any, scope: Scope, run: Any, asked: covering.Asked) -> HttpResponse:
    def seen(name: str) -> Any:
        return lambda row: row[name] if scope.sees("personal", row["region_code"]) else None

    columns = [
        exporting.Column(_("户主"), lambda row: name_of(scope, row["head_name"], row["region_code"]), 12),
        exporting.Column(_("户编号"), "household_id", 20),
        exporting.Column(_("村代码"), "region_code", 15),
        exporting.Column(_("核算人均年收入（元）"), seen("income"), 16, "fen"),
        exporting.Column(_("按规则月金额（元）"), seen("amount"), 16, "fen"),
        exporting.Column(_("缺什么"), lambda row: covering.missing_words(row["missing"]), 60),
    ]
    title = f"{asked.programme.label}-{covering.STATES[asked.state][0]}"
    return exporting.workbook_response(
        exporting.Listing(title, columns, scope, notes=[(_("比对日期"), str(run.day))]),
        covering.rows(scope, run, asked), verb="assistance.export", region_code=asked.place,
        asked={"programme": asked.programme.code, "state": asked.state},
    )  # fmt: skip
