"""Pages of findings: households by what was found of them; a sentence shown on request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web import exporting
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.daily import selectors
from xianjie.web.daily.forms import FindingsFilter, ReasonForm
from xianjie.web.daily.kinds import group_label, kind_label, may_read
from xianjie.web.daily.models import Finding
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Masked
from xianjie.web.paging import page_of
from xianjie.web.regions.models import area_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry.records import fields_of


def chosen(scope: Scope, form: FindingsFilter) -> Any:
    """The standing findings that the filter asks for."""
    rows = selectors.findings(scope)
    given = form.cleaned_data if form.is_valid() else {}
    if given.get("finding"):
        rows = rows.filter(finding=given["finding"])
    if given.get("region"):
        low, high = area_of(given["region"])
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    if given.get("monitored"):
        without = {"household__monitored_kind": ""}
        rows = rows.filter(**without) if given["monitored"] == "no" else rows.exclude(**without)
    return rows


@needs("registry.view")
def findings(request: Any) -> HttpResponse:
    """Households by what the newest run found of them."""
    form = FindingsFilter(request.scope, request.GET)
    rows = chosen(request.scope, form)
    try:
        page = page_of(rows, "-score", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("daily:findings")
    query = request.GET.urlencode()
    export = f"{reverse('daily:export_findings')}?{query}" if request.scope.has("registry.export") else ""
    context = {
        "page_title": _("风险发现"),
        "form": form,
        "table": _table(request.scope, page, rows.count(), export),
        "tiles": _tiles(request.scope) if not request.GET else [],
    }
    return render(request, "daily/findings.html", context)


def _tiles(scope: Scope) -> list[dict[str, Any]]:
    counted = sorted(selectors.finding_counts(scope).items(), key=lambda one: (-one[1], one[0]))
    url = reverse("daily:findings")
    return [
        {"label": kind_label(code), "figure": number, "url": f"{url}?finding={code}"} for code, number in counted[:8]
    ]


def _table(scope: Scope, page: Any, count: int, export: str) -> Table:
    places = full_names({row.region_code for row in page.rows})
    head = fields_of("household")["head_name"]
    columns = [
        Column(
            _("户主"),
            lambda row: scope.show(head, row.household.head_name, row.region_code),
            main=True,
            link=lambda row: reverse("registry:household", args=[row.household_id]),
            second="household_id",
        ),
        Column(_("地区"), lambda row: places.get(row.region_code, row.region_code)),
        Column(_("发现"), lambda row: kind_label(row.finding), second=lambda row: group_label(row.group)),
        Column(_("说明"), lambda row: readable(scope, row), kind="long"),
        Column(_("分值"), "score", kind="number"),
        Column(_("首次发现"), "first_seen_on", kind="date", minor=True),
    ]
    return Table(
        columns,
        page.rows,
        _("风险发现"),
        page=page,
        count=count,
        export=export,
        walk=True,
        sort="-score",
        empty_title=_("没有符合条件的发现"),
        empty_text=_("换一个条件试试；还没有比对过时，这里也是空的。"),
    )


def readable(scope: Scope, row: Finding, department: str = "") -> Any:
    """A finding's sentence, or a link to where it is shown for a reason."""
    if may_read(scope, row.causes, row.region_code, department):
        return row.text
    may = scope.may_reveal("health", row.region_code)
    return Masked(_("涉及健康信息"), reverse("daily:reveal", args=[row.pk]) if may else "", _("发现说明"))


@needs("registry.export")
def export_findings(request: Any) -> HttpResponse:
    """The list as Excel; sentences about health are left out for who does not see health."""
    form = FindingsFilter(request.scope, request.GET)
    allowed = request.scope.where("registry.export")
    rows = exporting.chunks(chosen(request.scope, form).filter(allowed).order_by("region_code", "id"), _prepared)
    listing = _listing(request.scope)
    try:
        home = request.scope.home
        return exporting.workbook_response(
            listing, rows, verb="daily.export", region_code=home, asked=request.GET.dict()
        )
    except UserError as error:
        messages.error(request, str(error))
        return redirect("daily:findings")


def _prepared(rows: list[Finding]) -> Iterator[dict[str, Any]]:
    places = full_names({row.region_code for row in rows})
    for row in rows:
        yield {
            "row": row,
            "region_code": row.region_code,
            "household_id": row.household_id,
            "head_name": row.household.head_name,
            "place": places.get(row.region_code, row.region_code),
        }


def _listing(scope: Scope) -> exporting.Listing:
    def text(one: dict[str, Any]) -> str:
        row = one["row"]
        return row.text if may_read(scope, row.causes, row.region_code) else _("（健康信息，已隐去）")

    of = exporting.Column.of
    columns = [
        exporting.Column(_("地区"), "place", 24),
        of("household", "household_id", 14),
        of("household", "head_name", 12),
        exporting.Column(_("类别"), lambda one: group_label(one["row"].group), 14),
        exporting.Column(_("发现"), lambda one: kind_label(one["row"].finding), 22),
        exporting.Column(_("说明"), text, 60),
        exporting.Column(_("分值"), lambda one: one["row"].score, 8, "int"),
        exporting.Column(_("首次发现"), lambda one: one["row"].first_seen_on, 12, "date"),
        exporting.Column(_("依据"), lambda one: one["row"].cite, 60),
    ]
    return exporting.Listing(_("风险发现"), columns, scope)


@needs("registry.view", "warnings.view")
def reveal(request: Any, pk: int) -> HttpResponse:
    """Show one finding's sentence, for a reason that is kept on record."""
    finding = _findable(request.scope, pk)
    if finding is None or not request.scope.may_reveal("health", finding.region_code):
        raise Http404
    form = ReasonForm(request.POST or None)
    context: dict[str, Any] = {
        "page_title": _("查看涉及健康的说明"),
        "text": _("这条发现的说明涉及家庭成员的健康状况，请填写查看原因。"),
        "facts": [
            {"label": _("户主"), "value": finding.household.head_name},
            {"label": _("发现"), "value": kind_label(finding.finding)},
        ],
        "form": form,
        "action": _("查看"),
        "cancel_url": reverse("registry:household", args=[finding.household_id]),
    }
    if request.method == "POST" and form.is_valid():
        record(
            "registry.reveal",
            subject=("finding", str(finding.pk)),
            region_code=finding.region_code,
            why=form.cleaned_data["reason"],
            after={"household": finding.household_id, "finding": finding.finding},
        )
        context |= {"finding": finding, "kind": kind_label(finding.finding)}
        return render(request, "daily/revealed.html", context)
    return render(request, "components/confirm_page.html", context)


def _findable(scope: Scope, pk: int) -> Finding | None:
    found: Iterable[Finding] = selectors.findings(scope).filter(pk=pk)
    first = next(iter(found), None)
    if first is None:
        warning = selectors.warnings(scope).filter(finding_id=pk).first()
        first = warning.finding if warning else None
    return first
