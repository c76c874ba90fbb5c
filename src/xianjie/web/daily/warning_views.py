"""Pages of warnings: what a department is asked to do, by when, and its answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web import exporting
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.clock import today
from xianjie.web.daily import selectors
from xianjie.web.daily.finding_views import readable
from xianjie.web.daily.forms import AnswerForm, WarningsFilter
from xianjie.web.daily.kinds import department_label, group_label, kind_label, may_read, warning_rules
from xianjie.web.daily.models import Warning
from xianjie.web.daily.warnings import answer as answer_warnings
from xianjie.web.design.tables import Action, Column, Table
from xianjie.web.design.values import Status
from xianjie.web.paging import page_of
from xianjie.web.regions.models import area_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry.records import fields_of

MOST_AT_ONCE = 200
SOON = 3


def chosen(scope: Scope, form: WarningsFilter, permission: str = "warnings.view") -> Any:
    """The warnings that the filter asks for; without a state, those that still need an answer or have one."""
    rows = selectors.warnings(scope, permission)
    given = form.cleaned_data if form.is_valid() else {}
    for name in ("department", "finding"):
        if given.get(name):
            rows = rows.filter(**{"code" if name == "finding" else name: given[name]})
    if given.get("region"):
        low, high = area_of(given["region"])
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    state = given.get("state") or ""
    if state == "overdue":
        return rows.filter(state=Warning.OPEN, due_on__lt=today())
    if state == "returned":
        return rows.filter(state=Warning.OPEN, returned__gt=0)
    if state:
        return rows.filter(state=state)
    return rows.filter(state=Warning.OPEN)


@needs("warnings.view")
def warnings(request: Any) -> HttpResponse:
    """The warnings in sight, those due first first."""
    form = WarningsFilter(request.scope, request.GET)
    rows = chosen(request.scope, form)
    try:
        page = page_of(rows, "due_on", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("daily:warnings")
    query = request.GET.urlencode()
    may_take = request.scope.has("registry.export") or request.scope.has("warnings.answer")
    export = f"{reverse('daily:export_warnings')}?{query}" if may_take else ""
    context = {
        "page_title": _("预警反馈"),
        "form": form,
        "tiles": _tiles(request.scope),
        "table": _table(request.scope, page, rows.count(), export),
        "rules": [
            {"group": group_label(group), "days": due.days, "source": due.source, "trust": due.trust}
            for group, due in warning_rules().due.items()
        ],
    }
    return render(request, "daily/warnings.html", context)


def _tiles(scope: Scope) -> list[dict[str, Any]]:
    counted, url = selectors.warning_counts(scope), reverse("daily:warnings")
    tiles = (
        ("overdue", _("逾期未反馈"), "bad"),
        ("", _("待反馈"), "warn"),
        ("returned", _("反馈不实、再次出现"), "warn"),
        ("answered", _("已反馈"), "good"),
    )
    return [
        {
            "label": label,
            "figure": counted[code or "open"],
            "url": f"{url}?state={code}" if code else url,
            "tone": tone if counted[code or "open"] else "",
        }
        for code, label, tone in tiles
    ]


def state_of(warning: Warning) -> Status:
    """A warning's state as a page shows it."""
    if warning.state == Warning.CLOSED:
        return Status(_("发现已消失"))
    if warning.state == Warning.ANSWERED:
        known = warning_rules().answers.get(warning.answer)
        return Status(known.label if known else warning.answer, "good")
    late = (today() - warning.due_on).days
    if late > 0:
        return Status(_("逾期%(days)s天") % {"days": late}, "bad")
    if warning.returned:
        return Status(_("再次出现，请重新核实"), "warn")
    return Status(_("待反馈"), "warn" if warning.due_on <= today() + timedelta(days=SOON) else "neutral")


def _table(scope: Scope, page: Any, count: int, export: str) -> Table:
    places = full_names({row.region_code for row in page.rows})
    head = fields_of("household")["head_name"]
    may_look = scope.has("registry.view")
    columns = [
        Column(
            _("户主"),
            lambda row: scope.show(head, row.household.head_name, row.region_code),
            main=True,
            link=lambda row: reverse("registry:household", args=[row.household_id]) if may_look else "",
            second="household_id",
        ),
        Column(_("状态"), state_of, kind="status", second=lambda row: row.note),
        Column(_("期限"), "due_on", kind="date"),
        Column(_("部门"), lambda row: department_label(row.department)),
        Column(_("预警"), lambda row: kind_label(row.code), second=lambda row: group_label(row.group)),
        Column(_("说明"), lambda row: readable(scope, row.finding, row.department), kind="long"),
        Column(_("地区"), lambda row: places.get(row.region_code, row.region_code)),
        Column(_("发出"), "raised_on", kind="date", minor=True),
    ]
    may_answer = scope.has("warnings.answer")
    return Table(
        columns,
        page.rows,
        _("部门预警"),
        page=page,
        count=count,
        export=export,
        walk=True,
        pick="ids" if may_answer else "",
        actions=[Action(_("反馈选中的预警"), "act", kind="primary")] if may_answer else (),
        action_url=reverse("daily:answer"),
        empty_title=_("没有待反馈的预警"),
        empty_text=_("比对发现与部门有关的风险时，会出现在这里。"),
    )


@needs("warnings.answer")
def answer(request: Any) -> HttpResponse:
    """Answer the picked warnings together: first the form, then what it says."""
    ids = [int(word) for word in request.POST.getlist("ids") if word.isdigit()][:MOST_AT_ONCE]
    rows = list(selectors.warnings(request.scope, "warnings.answer").filter(pk__in=ids).order_by("due_on", "pk"))
    if request.method == "POST" and len(rows) != len(set(ids)):
        raise Http404
    if not rows:
        messages.warning(request, _("请先勾选要反馈的预警。"))
        return redirect("daily:warnings")
    form = AnswerForm(request.POST if "answer" in request.POST or "note" in request.POST else None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            count = answer_warnings(request.scope, rows, given["answer"], given["note"], given["department"])
            messages.success(request, _("已反馈 %(count)s 条预警。") % {"count": count})
            return redirect("daily:warnings")
        except UserError as error:
            form.add_error(None, str(error))
    context = {
        "page_title": _("反馈预警"),
        "form": form,
        "ids": [row.pk for row in rows],
        "table": _picked(request.scope, rows),
    }
    return render(request, "daily/answer.html", context)


def _picked(scope: Scope, rows: list[Warning]) -> Table:
    head = fields_of("household")["head_name"]
    columns = [
        Column(_("户主"), lambda row: scope.show(head, row.household.head_name, row.region_code), main=True),
        Column(_("预警"), lambda row: kind_label(row.code)),
        Column(_("说明"), lambda row: readable(scope, row.finding, row.department), kind="long"),
        Column(_("部门"), lambda row: department_label(row.department)),
        Column(_("期限"), "due_on", kind="date"),
    ]
    return Table(columns, rows, _("要反馈的预警"), id="picked")


@needs("warnings.view")
def export_warnings(request: Any) -> HttpResponse:
    """The list as Excel, for who may take lists out or answers for a department."""
    scope = request.scope
    permission = "registry.export" if scope.has("registry.export") else "warnings.answer"
    if not scope.has(permission):
        raise PermissionDenied
    rows = chosen(scope, WarningsFilter(scope, request.GET)).filter(
        scope.where(permission, department_field="department")
    )
    prepared = exporting.chunks(rows.order_by("due_on", "id"), _prepared)
    try:
        return exporting.workbook_response(
            _listing(scope), prepared, verb="daily.export", region_code=scope.home, asked=request.GET.dict()
        )
    except UserError as error:
        messages.error(request, str(error))
        return redirect("daily:warnings")


def _prepared(rows: list[Warning]) -> Iterator[dict[str, Any]]:
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
        readable_here = may_read(scope, row.finding.causes, row.region_code, row.department)
        return row.finding.text if readable_here else _("（健康信息，已隐去）")

    of = exporting.Column.of
    columns = [
        exporting.Column(_("地区"), "place", 24),
        of("household", "household_id", 14),
        of("household", "head_name", 12),
        exporting.Column(_("部门"), lambda one: department_label(one["row"].department), 14),
        exporting.Column(_("预警"), lambda one: kind_label(one["row"].code), 22),
        exporting.Column(_("说明"), text, 60),
        exporting.Column(_("发出"), lambda one: one["row"].raised_on, 12, "date"),
        exporting.Column(_("期限"), lambda one: one["row"].due_on, 12, "date"),
        exporting.Column(_("状态"), lambda one: state_of(one["row"]).word, 18),
        exporting.Column(_("反馈说明"), lambda one: one["row"].note, 40),
        exporting.Column(_("反馈人"), lambda one: one["row"].answered_by, 12),
        exporting.Column(_("反馈日期"), lambda one: one["row"].answered_on, 12, "date"),
    ]
    return exporting.Listing(_("部门预警"), columns, scope)
