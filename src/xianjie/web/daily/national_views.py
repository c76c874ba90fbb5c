"""Pages of the round trip with the national system."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.daily import national, national_in, national_out
from xianjie.web.daily.models import NationalExchange, NationalRow
from xianjie.web.design.tables import Action, Column, Table
from xianjie.web.design.values import Status
from xianjie.web.dictionary_forms import label_of, shown_value
from xianjie.web.intake.services import check_size
from xianjie.web.jobs.services import enqueue
from xianjie.web.paging import page_of
from xianjie.web.regions.models import level_of

PERMISSION = "registry.national"
MOST = 200
KINDS = {NationalRow.NEW: lazy("新增"), NationalRow.CHANGED: lazy("变更"), NationalRow.GONE: lazy("缺少")}
STATES = {
    NationalExchange.IN: {
        NationalRow.OPEN: (lazy("待处理"), "warn"),
        NationalRow.ACCEPTED: (lazy("已采用国家系统的"), "good"),
        NationalRow.KEPT: (lazy("以本系统为准"), "info"),
        NationalRow.SUPERSEDED: (lazy("已有新的导出"), "neutral"),
    },
    NationalExchange.OUT: {
        NationalRow.OPEN: (lazy("待补录"), "warn"),
        NationalRow.CONFIRMED: (lazy("已补录"), "good"),
        NationalRow.SUPERSEDED: (lazy("列入新的补录表"), "neutral"),
    },
}


class ImportForm(forms.Form):
    """An export of the national system to take in."""

    layout = forms.ChoiceField(label=lazy("哪张导出表"))
    file = forms.FileField(
        label=lazy("文件"),
        help_text=lazy("国家系统导出的 Excel，原样上传"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )
    day = forms.DateField(label=lazy("导出日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["layout"].choices = [(one, national.title(one)) for one in national.rules().layouts]  # type: ignore[attr-defined]


class RowsFilter(forms.Form):
    """Which differences are listed."""

    layout = forms.ChoiceField(label=lazy("表"), required=False)
    kind = forms.ChoiceField(label=lazy("差异"), required=False, choices=[("", lazy("全部")), *KINDS.items()])
    state = forms.ChoiceField(label=lazy("状态"), required=False)

    def __init__(self, exchange: NationalExchange, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        listed = [(one, national.title(one)) for one in ([exchange.layout] if exchange.layout else exchange.headers)]
        self.fields["layout"].choices = [("", _("全部")), *listed]  # type: ignore[attr-defined]
        states = STATES[exchange.direction]
        self.fields["state"].choices = [("", _("全部")), *((code, words[0]) for code, words in states.items())]  # type: ignore[attr-defined]


def _county(request: Any) -> str:
    """The county that the user exchanges for: the first that they hold."""
    held = sorted(one.region_code for one in request.scope.holding(PERMISSION) if level_of(one.region_code) == "county")
    if not held:
        raise PermissionDenied
    return held[0]


def _exchange(request: Any, pk: int) -> NationalExchange:
    found = NationalExchange.objects.within(request.scope, PERMISSION).select_related("job").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@needs(PERMISSION)
def exchanges(request: Any) -> HttpResponse:
    """All exchanges, a form to take an export in, a button to write what must be keyed in."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            check_size(given["file"].size)
            made = national_in.take_in(
                _county(request),
                given["layout"],
                given["file"].name,
                given["file"].chunks(),
                request.user,
                given["day"],
            )
            return redirect("daily:exchange", made.pk)
        except UserError as error:
            form.add_error("file", str(error))
    rows = NationalExchange.objects.within(request.scope, PERMISSION).select_related("job")
    try:
        page = page_of(rows, "-id", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("daily:national")
    open_rows = NationalRow.objects.within(request.scope, PERMISSION).filter(
        exchange__in=[one.pk for one in page.rows], state=NationalRow.OPEN
    )
    waiting = dict(open_rows.order_by().values_list("exchange").annotate(number=Count("id")))
    context = {"page_title": _("国家系统往来"), "form": form, "table": _table(page, waiting)}
    return render(request, "daily/national.html", context)


def _table(page: Any, waiting: dict[int, int]) -> Table:
    columns = [
        Column(_("日期"), "day", kind="date", main=True, link=lambda row: reverse("daily:exchange", args=[row.pk])),
        Column(_("方向"), lambda row: _("导入") if row.direction == NationalExchange.IN else _("补录表")),
        Column(_("表"), lambda row: national.title(row.layout) if row.layout else "—", second="file_name"),
        Column(_("状态"), _state, kind="status"),
        Column(_("待处理"), lambda row: waiting.get(row.pk, 0), kind="number"),
        Column(_("经办"), "made_by"),
    ]
    return Table(
        columns,
        page.rows,
        _("往来记录"),
        page=page,
        empty_title=_("还没有往来"),
        empty_text=_("先导入国家系统的导出表，以后每次只补录变化的内容。"),
    )


def _state(exchange: NationalExchange) -> Status:
    if exchange.done:
        return Status(_("完成"), "good")
    if exchange.problem or (exchange.job and exchange.job.is_over):
        return Status(_("未完成"), "bad")
    return Status(_("进行中"), "info")


@require_POST
@needs(PERMISSION)
def write_out(request: Any) -> HttpResponse:
    """Queue the file of what must be keyed in."""
    county = _county(request)
    if not national_out.newest_headers(county):
        messages.warning(request, _("请先导入一次国家系统的户、成员或监测对象导出表，才知道那边现有什么。"))
        return redirect("daily:national")
    return redirect("daily:exchange", national_out.start_from_register(county, request.user).pk)


@needs(PERMISSION)
def exchange(request: Any, pk: int) -> HttpResponse:
    """One exchange: how far it is, then its differences."""
    found = _exchange(request, pk)
    context: dict[str, Any] = {"page_title": _title(found), "exchange": found, "part": _job_part(found)}
    if not found.done:
        return render(request, "daily/exchange_under_way.html", context)
    form = RowsFilter(found, request.GET)
    rows = NationalRow.objects.within(request.scope, PERMISSION).filter(exchange=found)
    given = form.cleaned_data if form.is_valid() else {}
    for name in ("layout", "kind", "state"):
        if given.get(name):
            rows = rows.filter(**{name: given[name]})
    try:
        page = page_of(rows, "id", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("daily:exchange", pk)
    counted = NationalRow.objects.within(request.scope, PERMISSION).filter(exchange=found)
    by_state = dict(counted.order_by().values_list("state").annotate(number=Count("id")))
    context |= {
        "form": form,
        "tiles": [
            {"label": words[0], "figure": by_state.get(code, 0), "url": f"?state={code}"}
            for code, words in STATES[found.direction].items()
        ],
        "table": _rows_table(request.scope, found, page, rows.count()),
        "open": by_state.get(NationalRow.OPEN, 0),
        "is_in": found.direction == NationalExchange.IN,
    }
    return render(request, "daily/exchange.html", context)


def _title(found: NationalExchange) -> str:
    if found.direction == NationalExchange.IN:
        return f"{national.title(found.layout)} {found.day.isoformat()}"
    return _("补录表 %(day)s") % {"day": found.day.isoformat()}


def _job_part(found: NationalExchange) -> dict[str, Any] | None:
    job = found.job
    if job is None:
        return None
    state = {"queued": "waiting"}.get(job.state, job.state)
    return {
        "id": found.pk,
        "label": _title(found),
        "state": state,
        "done": job.done,
        "total": job.total or 100,
        "text": job.error or found.problem or job.text,
        "url": reverse("daily:exchange", args=[found.pk]),
        "result_url": reverse("daily:exchange", args=[found.pk]),
        "cancel_url": "",
    }


def _rows_table(scope: Scope, found: NationalExchange, page: Any, count: int) -> Table:
    is_in = found.direction == NationalExchange.IN
    left, right = (_("本系统"), _("国家系统")) if is_in else (_("国家系统现值"), _("应补录为"))
    states = STATES[found.direction]
    columns = [
        Column(
            _("姓名"),
            lambda row: row.name or _name(row) or row.key,
            main=True,
            second="key",
            link=lambda row: reverse("registry:household", args=[row.household_id]) if row.household_id else "",
        ),
        Column(_("表"), lambda row: national.title(row.layout), minor=True),
        Column(_("差异"), lambda row: str(KINDS[row.kind])),
        Column(_("字段"), lambda row: _header(found, row)),
        Column(left, lambda row: _shown(scope, row, row.before), kind="long"),
        Column(right, lambda row: _shown(scope, row, row.after), kind="long"),
        Column(
            _("状态"), lambda row: Status(str(states[row.state][0]), states[row.state][1]), kind="status", second="note"
        ),
    ]
    actions = (
        [Action(_("采用国家系统的"), "what", "accept", kind="primary"), Action(_("以本系统为准"), "what", "keep")]
        if is_in
        else [Action(_("选中的已补录"), "what", "confirm", kind="primary")]
    )
    return Table(
        columns,
        page.rows,
        _("差异"),
        page=page,
        count=count,
        pick="ids",
        actions=actions,
        walk=True,
        action_url=reverse("daily:decide", args=[found.pk]),
        empty_title=_("没有差异"),
    )


def _header(found: NationalExchange, row: NationalRow) -> str:
    if not row.field:
        return _("整行")
    headers = found.headers.get(row.layout, {}) if found.direction == NationalExchange.OUT else found.headers
    return headers.get(row.field) or label_of(national.entity_of(row.layout).fields[row.field])


def _name(row: NationalRow) -> str:
    whole = json.loads(row.after or row.before or "{}") if not row.field else {}
    return str(whole.get("name") or whole.get("head_name") or "")


def _shown(scope: Scope, row: NationalRow, value: str | None) -> str | None:
    fields = national.entity_of(row.layout).fields
    if value is None:
        return None
    if row.field:
        return _masked(scope, row, fields[row.field], value)
    whole = json.loads(value)
    told: Iterator[str] = (
        f"{label_of(fields[name])}：{_masked(scope, row, fields[name], one)}"
        for name, one in whole.items()
        if one is not None and name in fields
    )
    return "；".join(told)


def _masked(scope: Scope, row: NationalRow, field: Any, value: Any) -> str:
    real = national.typed(field, value)
    shown = scope.show(field, real, row.region_code)
    return shown_value(field, real) if shown is real else str(shown)


@require_POST
@needs(PERMISSION)
def decide(request: Any, pk: int) -> HttpResponse:
    """Work differences off: the picked ones at once, all of them as a job."""
    found = _exchange(request, pk)
    what = request.POST.get("what", "")
    if what not in ("accept", "keep", "confirm") or (what == "confirm") != (found.direction == NationalExchange.OUT):
        raise Http404
    if request.POST.get("all"):
        made = enqueue(
            "daily.national_decide",
            title=_title(found),
            region_code=found.region_code,
            owner=request.user,
            exchange=found.pk,
            what=what,
        )
        messages.info(request, _("正在后台处理全部差异（任务 %(job)s），完成后刷新本页。") % {"job": made.pk})
        return redirect("daily:exchange", pk)
    ids = [int(word) for word in request.POST.getlist("ids") if word.isdigit()][:MOST]
    rows = list(
        NationalRow.objects.within(request.scope, PERMISSION)
        .filter(exchange=found, pk__in=ids)
        .select_related("exchange")
    )
    if len(rows) != len(set(ids)):
        raise Http404
    if what == "confirm":
        done, problems = national_out.confirm(request.scope, rows), list[str]()
    else:
        done, problems = national_in.decide(request.scope, rows, accept=what == "accept")
    messages.success(request, _("已处理 %(count)s 条。") % {"count": done})
    for problem in problems[:5]:
        messages.warning(request, problem)
    return redirect("daily:exchange", pk)


@needs(PERMISSION)
def sheet(request: Any, pk: int) -> HttpResponse:
    """The Excel of what must be keyed in; it shows numbers in full, so taking it is on record."""
    found = _exchange(request, pk)
    if not found.done or found.direction != NationalExchange.OUT or not found.sheet.exists():
        raise Http404
    record(
        "daily.download",
        subject=("national", str(found.pk)),
        region_code=found.region_code,
        after={"file": found.sheet.name},
    )
    return _download(found.sheet, f"{_title(found)}.xlsx")


def _download(path: Path, name: str) -> Any:
    response = FileResponse(
        path.open("rb"), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = f"attachment; filename=list.xlsx; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response
