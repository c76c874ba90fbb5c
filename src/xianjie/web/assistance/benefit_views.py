"""Pages of benefits: who receives what, deaths to look into, a household's whole assistance as a letter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.messages import UserError
from xianjie.screening.letter import letter
from xianjie.web import exporting
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import benefits, selectors
from xianjie.web.assistance.application_views import asked_words, subtitle
from xianjie.web.assistance.models import Benefit
from xianjie.web.assistance.programmes import listed, programmes
from xianjie.web.assistance.showing import amount_of, civil_affairs, household_url, name_of
from xianjie.web.cases.forms import ANY, places
from xianjie.web.cases.results import page_of_household
from xianjie.web.clock import today
from xianjie.web.daily.explaining import health_rules
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Link, Status
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry.models import Household

SORTS = ("region_code", "-region_code", "begins_on", "-begins_on", "id")


class BenefitFilter(forms.Form):
    """Filters of the list of benefits."""

    programme = forms.ChoiceField(label=gettext_lazy("待遇"), required=False)
    place = forms.ChoiceField(label=gettext_lazy("地区"), required=False)
    due = forms.BooleanField(label=gettext_lazy("只看核查到期"), required=False)
    grace = forms.BooleanField(label=gettext_lazy("只看渐退期"), required=False)
    no_amount = forms.BooleanField(label=gettext_lazy("只看没有核定金额"), required=False)
    ended = forms.BooleanField(label=gettext_lazy("含已停止"), required=False)

    def __init__(self, *arguments: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        chosen: Any = self.fields
        chosen["programme"].choices = [ANY, *listed()]
        chosen["place"].choices = places(scope, "assistance.view")


@needs("assistance.view")
def received(request: Any) -> HttpResponse:
    """Who receives what since when."""
    form = BenefitFilter(request.GET or None, scope=request.scope)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = selectors.benefits(request.scope, wanted)
    if "export" in request.GET:
        return _benefits_out(request, rows, wanted)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "region_code"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    places_of = full_names({one.region_code for one in page.rows})
    query = request.GET.copy()
    query["export"] = "1"
    table = Table(
        _columns(request.scope, places_of), page.rows, _("在享待遇"), page=page, count=rows.count(), sort=sort,
        export=f"?{query.urlencode()}", walk=True, muted=lambda one: one.ends_on is not None,
        empty_title=_("没有在享待遇"), empty_text=_("每日比对后，民政名单和本系统的认定会出现在这里。"),
    )  # fmt: skip
    return render(
        request, "assistance/list.html",
        {"page_title": _("在享待遇"), "form": form, "table": table,
         "buttons": [(_("死亡核查"), reverse("assistance:deaths"), "alert")]},
    )  # fmt: skip


def _columns(scope: Scope, places_of: dict[str, str]) -> list[Column]:
    known = programmes()
    return [
        Column(_("姓名"), lambda one: name_of(scope, one.person.name, one.region_code), main=True,
               link=lambda one: household_url(scope, one.household_id)),
        Column(_("待遇"), lambda one: known[one.programme].label),
        Column(_("地区"), lambda one: places_of[one.region_code], sort="region_code"),
        Column(_("月金额（元）"), lambda one: amount_of(scope, one.amount_month, one.region_code)),
        Column(_("起始"), "begins_on", kind="date", sort="begins_on"),
        Column(_("状态"), state_of, kind="status"),
        Column(_("下次核查"), "review_due_on", kind="date", minor=True),
        Column(_("办理"), lambda one: source_of(scope, one), minor=True),
    ]  # fmt: skip


def state_of(one: Benefit) -> Status:
    """How a benefit stands, as a word."""
    if one.ends_on is not None:
        return Status(_("%(day)s 起停止") % {"day": one.ends_on}, "neutral")
    if one.grace_until is not None:
        return Status(_("渐退期至 %(day)s") % {"day": one.grace_until}, "warn")
    if one.review_due_on is not None and one.review_due_on <= today():
        return Status(_("核查到期"), "bad")
    return Status(_("在享"), "good")


def source_of(scope: Scope, one: Benefit) -> Any:
    """The application that decided a benefit; for one from the departments' lists the way to its first review here."""
    if one.application_id:
        return Link(_("查看申请"), reverse("assistance:application", args=[one.application_id]))
    if one.ends_on is None and scope.allows("assistance.act", one.region_code, one.department):
        return Link(_("名单比对，转核查"), apply_url(one.household_id, one.programme, "township"))
    return _("名单比对")


def _benefits_out(request: Any, rows: Any, wanted: dict[str, Any]) -> HttpResponse:
    known, scope = programmes(), request.scope
    columns = [
        exporting.Column(_("姓名"), lambda one: name_of(scope, one.person.name, one.region_code), 12),
        exporting.Column(_("待遇"), lambda one: known[one.programme].label, 18),
        exporting.Column(_("村代码"), "region_code", 15),
        exporting.Column(_("户编号"), "household_id", 20),
        exporting.Column(
            _("月金额（元）"),
            lambda one: one.amount_month if scope.sees("personal", one.region_code) else None, 12, "fen",
        ),
        exporting.Column(_("起始"), "begins_on", 12, "date"),
        exporting.Column(_("停止"), "ends_on", 12, "date"),
        exporting.Column(_("渐退期至"), "grace_until", 12, "date"),
        exporting.Column(_("下次核查"), "review_due_on", 12, "date"),
    ]  # fmt: skip
    listing = exporting.Listing(_("在享待遇"), columns, scope)
    return exporting.workbook_response(
        listing, rows.order_by("region_code", "household_id", "pk").iterator(), verb="assistance.export",
        asked=asked_words(wanted),
    )  # fmt: skip


@needs("assistance.view")
def deaths(request: Any) -> HttpResponse:
    """Benefits that run for the dead, and families in which somebody died."""
    place, scope = request.GET.get("place", ""), civil_affairs(request.scope)
    rule = benefits.death_rule()
    running = list(benefits.dead(scope, place).order_by("region_code", "household_id", "pk")[:500])
    families = benefits.bereaved(scope, place)
    codes = {one.region_code for one in running} | {one["household"].region_code for one in families}
    names, known = full_names(codes), programmes()
    still = Table(
        [
            Column(_("姓名"), lambda one: name_of(scope, one.person.name, one.region_code), main=True,
                   link=lambda one: household_url(scope, one.household_id)),
            Column(_("待遇"), lambda one: known[one.programme].label),
            Column(_("地区"), lambda one: names[one.region_code]),
            Column(_("办理"), lambda one: Link(_("去停发"), apply_url(one.household_id, one.programme, "run"))),
        ],
        running, _("已去世或已销户仍在享"), id="running", empty_title=_("没有已去世或已销户仍在享的人员"),
    )  # fmt: skip
    bereaved = Table(
        [
            Column(_("户主"), lambda one: name_of(scope, one["household"].head_name, one["household"].region_code),
                   main=True, link=lambda one: household_url(scope, one["household"].pk)),
            Column(_("地区"), lambda one: names[one["household"].region_code]),
            Column(_("去世登记"), "died_on", kind="date"),
            Column(_("核查到期"), lambda one: _due(one["due_on"]), kind="status"),
        ],
        families, _("有成员去世、尚未核查的家庭"), id="families", empty_title=_("没有待核查的家庭"),
    )  # fmt: skip
    context = {"page_title": _("死亡核查"), "still": still, "bereaved": bereaved, "rule": rule}
    return render(request, "assistance/deaths.html", context)


def _due(day: Any) -> Status:
    left = (day - today()).days
    words = _("超期 %(days)d 天") % {"days": -left} if left < 0 else _("还有 %(days)d 天") % {"days": left}
    return Status(words, "bad" if left < 0 else "warn")


def apply_url(household_id: str, programme: str, channel: str) -> str:
    """The way to an application of a household."""
    return f"{reverse('assistance:apply', args=[household_id])}?programme={programme}&channel={channel}"


@needs("assistance.view")
def household_letter(request: Any, household_id: str) -> HttpResponse:
    """A household's whole assistance as a letter: what it has, what it could have, how it came about."""
    scope = civil_affairs(request.scope)
    found = Household.objects.within(scope, "assistance.view").filter(pk=household_id).first()
    if found is None or not scope.sees("personal", found.region_code):
        raise Http404
    try:
        page = page_of_household(found.pk, found.region_code)
    except UserError:
        page = None
    lines = letter(_readable(scope, found, page)) if page else []
    context = {"page_title": _("救助情况说明"), "page_subtitle": subtitle(found), "lines": lines, "household": found,
               "back_url": household_url(request.scope, found.pk) if request.scope.has("registry.view")
               else reverse("assistance:benefits")}  # fmt: skip
    return render(request, "assistance/letter.html", context)


def _readable(scope: Scope, found: Household, page: dict[str, Any]) -> dict[str, Any]:
    """The explanation without what tells of health, for who does not see health."""
    if scope.sees("health", found.region_code):
        return page
    hidden = health_rules()
    kept = [number for number, step in enumerate(page["steps"]) if step["rule"] not in hidden]
    return {
        **page,
        "steps": [page["steps"][number] for number in kept],
        "readable": [page["readable"][number] for number in kept],
        "results": {name: value for name, value in page["results"].items() if name not in hidden},
        "missing": {name: needs for name, needs in page["missing"].items() if name not in hidden},
    }
