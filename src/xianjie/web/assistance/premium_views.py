"""The page of the yearly list of premium help."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.messages import UserError
from xianjie.web import exporting
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import premium, selectors
from xianjie.web.assistance.payment_models import PremiumLine, PremiumList
from xianjie.web.assistance.showing import amount_of, name_of
from xianjie.web.cases.forms import ANY, places
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status, yuan
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry.run_results import counties

VIEW, PAY = "assistance.view", "assistance.pay"
# In addresses, in the policy (`medical_identity`) and on pages.
IDENTITIES = {
    "tekun": ("特困", gettext_lazy("特困")), "dibao": ("低保", gettext_lazy("低保")),
    "returned": ("返贫致贫", gettext_lazy("返贫致贫")), "at_risk": ("易返贫致贫", gettext_lazy("易返贫致贫")),
    "margin": ("低保边缘", gettext_lazy("低保边缘")), "relieved": ("脱贫", gettext_lazy("脱贫")),
}  # fmt: skip
SHOWN = dict(IDENTITIES.values())


class PremiumFilter(forms.Form):
    """Filters of the list."""

    identity = forms.ChoiceField(label=gettext_lazy("最高身份"), required=False)
    place = forms.ChoiceField(label=gettext_lazy("地区"), required=False)
    short = forms.BooleanField(label=gettext_lazy("只看资助不足"), required=False)
    uninsured = forms.BooleanField(label=gettext_lazy("只看未参保"), required=False)

    def __init__(self, *arguments: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        chosen: Any = self.fields
        chosen["identity"].choices = [ANY, *((code, shown) for code, (_word, shown) in IDENTITIES.items())]
        chosen["place"].choices = places(scope, VIEW)


@needs("assistance.view")
def premium_list(request: Any) -> HttpResponse:
    """Who is helped with the premium this year, by the highest single identity."""
    scope = request.scope
    known = list(counties(scope, VIEW))
    made = PremiumList.everything.filter(region_code__in=known).order_by("-year", "pk").first()
    if request.method == "POST":
        return _ordered(request, known)
    form = PremiumFilter(request.GET or None, scope=scope)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = _rows(scope, made, wanted)
    if "export" in request.GET and made is not None:
        return _out(request, made, rows)
    page = page_of(rows, "region_code", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    query = request.GET.copy()
    query["export"] = "1"
    codes = full_names({one.region_code for one in page.rows})
    table = Table(
        _columns(scope, codes), page.rows, _("参保资助名单"), page=page, count=rows.count(), walk=True,
        export=f"?{query.urlencode()}" if made else "",
        empty_title=_("没有名单"), empty_text=_("由县级或医保部门按最近一次比对编制。"),
    )  # fmt: skip
    whole = made is not None and scope.contains(VIEW, made.region_code)
    context = {
        "page_title": _("参保资助"), "form": form, "table": table, "made": made, "whole": whole,
        "tiles": [
            {"label": _("资助对象"), "figure": made.persons},
            {"label": _("应资助合计（元）"), "figure": str(yuan(made.total))},
            {"label": _("标准不明"), "figure": made.unknown, "tone": "warn" if made.unknown else ""},
        ] if whole and made else [],
        "makes": any(scope.allows(PAY, one, premium.MEDICAL) for one in known),
    }  # fmt: skip
    return render(request, "assistance/premium.html", context)


def _ordered(request: Any, known: list[str]) -> HttpResponse:
    county = next((one for one in known if request.scope.allows(PAY, one, premium.MEDICAL)), "")
    try:
        ordered = premium.order(request.scope, county, request.user)
    except UserError as error:
        messages.error(request, str(error))
        return redirect("assistance:premium")
    return redirect(reverse("jobs:job", args=[ordered.pk]))


def _rows(scope: Scope, made: PremiumList | None, wanted: dict[str, Any]) -> Any:
    rows: QuerySet[Any] = PremiumLine.objects.within(scope, VIEW).filter(list=made)
    rows = selectors.in_place(rows, wanted.get("place", ""))
    if identity := wanted.get("identity"):
        rows = rows.filter(identity=IDENTITIES[identity][0])
    if wanted.get("short"):
        rows = rows.filter(Q(helped__lt=F("due")) | Q(helped__isnull=True, due__gt=0), insured=True)
    if wanted.get("uninsured"):
        rows = rows.exclude(insured=True)
    return rows


def _columns(scope: Scope, places_of: dict[str, str]) -> list[Column]:
    return [
        Column(_("姓名"), lambda one: name_of(scope, one.name, one.region_code), main=True),
        Column(_("地区"), lambda one: places_of[one.region_code]),
        Column(_("最高身份"), lambda one: SHOWN.get(one.identity, one.identity) or None),
        Column(_("应资助（元）"), lambda one: amount_of(scope, one.due, one.region_code)),
        Column(_("已资助（元）"), lambda one: amount_of(scope, one.helped, one.region_code)),
        Column(_("参保"), insured, kind="status"),
    ]


def insured(one: PremiumLine) -> Status:
    """Whether the person is enrolled as a resident, as a word."""
    if one.insured is None:
        return Status(_("不明"), "neutral")
    return Status(_("已参保"), "good") if one.insured else Status(_("未参居民医保"), "warn")


def _out(request: Any, made: PremiumList, rows: Any) -> HttpResponse:
    scope = request.scope

    def money(name: str) -> Any:
        return lambda one: getattr(one, name) if scope.sees("personal", one.region_code) else None

    columns = [
        exporting.Column(_("姓名"), lambda one: name_of(scope, one.name, one.region_code), 12),
        exporting.Column(_("人员编号"), "person_id", 20),
        exporting.Column(_("村代码"), "region_code", 15),
        exporting.Column(_("最高身份"), "identity", 12),
        exporting.Column(_("应资助（元）"), money("due"), 12, "fen"),
        exporting.Column(_("已资助（元）"), money("helped"), 12, "fen"),
        exporting.Column(_("参保"), "insured", 8, "bool"),
    ]
    title = _("%(year)d 年参保资助名单") % {"year": made.year}
    return exporting.workbook_response(
        exporting.Listing(title, columns, scope), rows.order_by("region_code", "household_id", "pk").iterator(),
        verb="assistance.export", region_code=made.region_code, asked={"list": str(made.pk)},
    )  # fmt: skip
