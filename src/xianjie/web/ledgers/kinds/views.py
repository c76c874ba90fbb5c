"""Pages of kinds of ledgers that have rules beyond their declaration: matching, gaps in help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.web.accounts.access import needs
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Lines, yuan
from xianjie.web.ledgers import selectors, tables
from xianjie.web.ledgers.declaration import sheets
from xianjie.web.ledgers.forms import ProblemFilter
from xianjie.web.ledgers.kinds.matching import Match, matches
from xianjie.web.ledgers.kinds.pairing import without_helper
from xianjie.web.ledgers.models import Entry
from xianjie.web.ledgers.selectors import VIEW
from xianjie.web.paging import page_of
from xianjie.web.regions.models import area_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import code_label


@needs(VIEW)
def matching(request: Any) -> HttpResponse:
    """Who looks for work, and which vacancies fit them, with reasons."""
    sheet = sheets()["seeker"]
    form = _place_form(request)
    rows = selectors.entries(request.scope, sheet, {"state": "looking", **form.asked()})
    page = page_of(
        rows, "region_code", after=request.GET.get("after", ""), before=request.GET.get("before", ""), size=20
    )
    fitting, places = matches(request.scope, page.rows), full_names({one.region_code for one in page.rows})
    columns = [
        Column(_("求职者"), "title", main=True, link=tables.url_of, second=lambda one: places.get(one.region_code)),
        Column(_("工种"), lambda one: code_label("jobs.skill", one.data["skill"])),
        Column(_("愿去最远"), lambda one: code_label("jobs.reach", one.data["reach"])),
        Column(_("期望月工资（元）"), lambda one: one.data["wage"], "money"),
        *(Column(_("第%(n)d推荐") % {"n": place + 1}, partial(_told, fitting, place), "long") for place in range(3)),
    ]  # fmt: skip
    table = Table(columns, page.rows, _("人岗匹配"), page=page, count=rows.count(), empty_title=_("没有人在求职"))
    context = {"page_title": _("人岗匹配"), "page_subtitle": _("按区域、证书、年龄排除，再按工种、工资、距离排序"),
               "form": form, "table": table}  # fmt: skip
    return render(request, "ledgers/list.html", context)


def _told(fitting: Mapping[int, Sequence[Match]], place: int, seeker: Entry) -> Any:
    """The vacancy of this rank for a seeker, with the reasons."""
    found = fitting[seeker.pk]
    if place >= len(found):
        return ""
    match = found[place]
    offer = match.vacancy.data
    name = f"{match.vacancy.title}（{offer['employer']}，{yuan(offer['wage'], 0)}，{match.points}分）"
    return Lines(name, "；".join((*match.reasons, *match.against)))


def _place_form(request: Any) -> ProblemFilter:
    form = ProblemFilter(request.GET, request.scope)
    del form.fields["ledger"]
    return form


@needs(VIEW)
def gaps(request: Any) -> HttpResponse:
    """Monitored households that nobody is paired with today."""
    form = _place_form(request)
    rows = without_helper(request.scope)
    if place := form.asked().get("place"):
        low, high = area_of(place)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    page = page_of(rows, "region_code", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    places = full_names({one.region_code for one in page.rows})
    add, may = reverse("ledgers:add", args=["pair"]), request.scope.has("ledgers.change")
    columns = [
        Column(_("户主"), "head_name", main=True, second="household_id"),
        Column(_("地区"), lambda one: places.get(one.region_code)),
        Column(_("监测对象"), lambda one: code_label("monitored_kind", one.monitored_kind)),
        Column(_("办理"), lambda one: _("登记结对") if may else "",
               link=lambda one: f"{add}?household_id={one.household_id}&kind=cadre" if may else ""),
    ]  # fmt: skip
    table = Table(columns, page.rows, _("帮扶断档"), page=page, count=rows.count(),
                  empty_title=_("监测户都有人帮扶"))  # fmt: skip
    context = {
        "page_title": _("帮扶断档"),
        "page_subtitle": _("今天没有结对帮扶人的监测户"),
        "form": form,
        "table": table,
    }
    return render(request, "ledgers/list.html", context)
