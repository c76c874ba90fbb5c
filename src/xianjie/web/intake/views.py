"""Pages of deliveries: hand in, list, one delivery with its rows, downloads."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.intake import listing, selectors, services, watching
from xianjie.web.intake.forms import DeliverForm, DeliveriesFilter, ReasonForm, RowsFilter, ScheduleForm
from xianjie.web.intake.layouts import (
    expected,
    layouts,
    of_department,
    title,
    write_layout_template,
)
from xianjie.web.intake.models import Delivery
from xianjie.web.intake.watching import WATCH_JOB
from xianjie.web.jobs.services import enqueue
from xianjie.web.paging import page_of
from xianjie.web.words import department_name

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MARGIN = 1 << 20  # what a form with a file sends besides the file


def _delivery(request: Any, pk: int, permission: str = "intake.view") -> Delivery:
    delivery = selectors.deliveries(request.scope, permission).filter(pk=pk).first()
    if delivery is None:
        raise Http404
    return delivery


def _may_deliver(request: Any, delivery: Delivery) -> bool:
    return bool(request.scope.allows("intake.deliver", delivery.region_code, delivery.department))


@needs("intake.view")
def deliveries(request: Any) -> HttpResponse:
    """All deliveries in sight, the newest first."""
    form = DeliveriesFilter(request.scope, request.GET)
    rows = _filtered(request, form)
    try:
        page = page_of(rows, "-id", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("intake:deliveries")
    context = {
        "page_title": _("部门报送"),
        "form": form,
        "tiles": listing.waiting_tiles(selectors.waiting(request.scope)),
        "table": listing.deliveries_table(page),
        "may_deliver": request.scope.has("intake.deliver"),
    }
    return render(request, "intake/deliveries.html", context)


def _filtered(request: Any, form: DeliveriesFilter) -> Any:
    rows = selectors.deliveries(request.scope)
    if not form.is_valid():
        return rows
    given = form.cleaned_data
    if given["layout"]:
        rows = rows.filter(layout=given["layout"])
    if given["state"]:
        rows = rows.filter(state=given["state"])
    if given["since"]:
        rows = rows.filter(day__gte=given["since"])
    if given["until"]:
        rows = rows.filter(day__lte=given["until"])
    return rows


@needs("intake.view")
def export(request: Any) -> HttpResponse:
    """The list of deliveries as an Excel file."""
    form = DeliveriesFilter(request.scope, request.GET)
    return listing.deliveries_workbook(request.scope, _filtered(request, form).order_by("-id"), request.GET.dict())


@csrf_exempt  # only until the size is known; `_deliver` checks the token
@needs("intake.deliver")
def deliver(request: Any) -> HttpResponse:
    """Hand in a file. One that is far too big is refused before a byte of it is read."""
    if request.method == "POST" and _length(request) > settings.UPLOAD_LIMIT_BYTES + MARGIN:
        size = f"{_length(request) / 1_048_576:,.0f}"
        error = UserError("intake.too_big", size=size, limit=f"{settings.UPLOAD_LIMIT_BYTES / 1_048_576:,.0f}")
        response = _deliver_page(request, DeliverForm(request.scope, initial=_proposed(request)), str(error), 413)
        response["Connection"] = "close"
        return response
    return _deliver(request)


def _length(request: Any) -> int:
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdigit() else 0


@csrf_protect
def _deliver(request: Any) -> HttpResponse:
    if request.method != "POST":
        return _deliver_page(request, DeliverForm(request.scope, initial=_proposed(request)))
    form = DeliverForm(request.scope, request.POST, request.FILES)
    if not form.is_valid():
        return _deliver_page(request, form)
    given = form.cleaned_data
    offer = services.Offer(given["county"], given["layout"], given["day"], given["file"].name, given["mode"])
    try:
        receipt = services.receive(offer, given["file"].chunks(), request.scope, request.user)
    except UserError as error:
        form.add_error("day" if error.code == "intake.bad_day" else "file", str(error))
        return _deliver_page(request, form)
    if receipt.repeated:
        told = _("这份文件已在 %(day)s 报送过（数据日期 %(of)s），内容完全相同，没有重复计算。下面是上次的结果。")
        messages.warning(request, told % {"day": receipt.delivery.received_on, "of": receipt.delivery.day})
    return redirect("intake:delivery", receipt.delivery.pk)


def _proposed(request: Any) -> dict[str, Any]:
    """What the form proposes: layout and day of the address, else the last day of last month."""
    layout, day = request.GET.get("layout", ""), request.GET.get("day", "")
    mode = request.GET.get("mode", "")
    return {
        "layout": layout if layout in layouts() else "",
        "day": day or (today().replace(day=1) - timedelta(days=1)),
        "mode": mode if mode in Delivery.MODES else Delivery.WHOLE,
    }


def _deliver_page(request: Any, form: DeliverForm, problem: str = "", status: int = 200) -> HttpResponse:
    counties = selectors.counties(request.scope, "intake.deliver")
    mine = selectors.departments(request.scope, "intake.deliver")
    wanted = of_department("") if "" in mine else [one for name in sorted(mine) for one in of_department(name)]
    last = selectors.last_of_layouts(request.scope, counties, [one.layout for one in wanted])
    context = {
        "page_title": _("报送数据"),
        "form": form,
        "problem": problem,
        "table": listing.layouts_table(wanted, last),
        "whole_county": "" in mine,
    }
    return render(request, "intake/deliver.html", context, status=status)


@needs("intake.view")
def layout_page(request: Any, layout: str) -> HttpResponse:
    """What a file of a layout holds: its columns, other names they may have, the template."""
    if layout not in layouts():
        raise Http404
    may = layouts()[layout].department in (of := selectors.departments(request.scope, "intake.deliver")) or "" in of
    context = {
        "page_title": title(layout),
        "page_subtitle": department_name(layouts()[layout].department),
        "layout": layout,
        "may_deliver": may,
        "table": listing.columns_table(expected(layout)),
    }
    return render(request, "intake/layout.html", context)


@needs("intake.view")
def template(request: Any, layout: str) -> HttpResponse:
    """The layout's Excel template."""
    if layout not in layouts():
        raise Http404
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        path = Path(folder) / "template.xlsx"
        write_layout_template(layout, path)
        return _download(path, f"{title(layout)}-模板.xlsx", XLSX)


def _download(path: Path, name: str, kind: str = "application/octet-stream") -> Any:
    response = FileResponse(path.open("rb"), content_type=kind)
    response["Content-Disposition"] = f"attachment; filename=file{path.suffix}; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response


@needs("intake.view")
def delivery(request: Any, pk: int) -> HttpResponse:
    """One delivery: how far its reading is, what became of its rows."""
    one = _delivery(request, pk)
    form = RowsFilter(one, request.GET)
    table, problem = None, ""
    if one.read_at and not one.problem:
        try:
            table = listing.rows_table(request, one, form)
        except UserError as error:
            problem = str(error)
    context = {
        "page_title": one.file_name,
        "page_subtitle": f"{department_name(one.department)} · {title(one.layout)}",
        "delivery": one,
        "standing": one.standing,
        "job": listing.job_part(one),
        "facts": listing.delivery_facts(one),
        "tiles": listing.outcome_tiles(one, selectors.doubts_of_delivery(request.scope, one)),
        "form": form,
        "table": table,
        "problem": problem,
        "may_deliver": _may_deliver(request, one),
        "again_url": f"{reverse('intake:deliver')}?{urlencode({'layout': one.layout, 'day': one.day.isoformat()})}",
    }
    return render(request, "intake/delivery.html", context)


@needs("intake.deliver")
@require_POST
def cancel(request: Any, pk: int) -> HttpResponse:
    """Stop the reading."""
    return _change(request, pk, services.cancel)


@needs("intake.deliver")
@require_POST
def again(request: Any, pk: int) -> HttpResponse:
    """Read once more."""
    return _change(request, pk, lambda one: services.read_again(one, request.user))


@needs("intake.deliver")
@require_POST
def settle(request: Any, pk: int) -> HttpResponse:
    """A held file: does it replace, or count beside?"""
    mode = request.POST.get("mode", "")
    if mode not in Delivery.MODES:
        raise Http404
    return _change(request, pk, lambda one: services.settle_held(one, mode))


def _change(request: Any, pk: int, what: Any) -> HttpResponse:
    one = _delivery(request, pk, "intake.deliver")
    try:
        what(one)
    except UserError as error:
        messages.error(request, str(error))
    return redirect("intake:delivery", pk)


@needs("intake.deliver")
def withdraw(request: Any, pk: int) -> HttpResponse:
    """Take a delivery back, with a reason."""
    one = _delivery(request, pk, "intake.deliver")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _change(request, pk, lambda found: services.withdraw(found, form.cleaned_data["why"]))
    context = {
        "page_title": _("撤回报送"),
        "text": _("撤回以后，这份文件的行不再参加比对；文件和读取结果仍保留备查。"),
        "facts": listing.delivery_facts(one),
        "form": form,
        "action": _("撤回"),
        "danger": True,
        "cancel_url": reverse("intake:delivery", args=[pk]),
    }
    return render(request, "components/confirm_page.html", context)


@needs("intake.deliver")
def giveback(request: Any, pk: int) -> HttpResponse:
    """The same Excel with remarks: rows that came back or were repaired. It holds full numbers: logged."""
    one = _delivery(request, pk, "intake.deliver")
    path = one.read_folder / "giveback.xlsx"
    if not path.is_file():
        raise Http404
    _tell_download(one, "giveback")
    return _download(path, f"{Path(one.file_name).stem}-退回说明.xlsx", XLSX)


@needs("intake.deliver")
def given(request: Any, pk: int) -> HttpResponse:
    """The file as it came, byte for byte. Logged."""
    one = _delivery(request, pk, "intake.deliver")
    if not one.given.is_file():
        raise Http404
    _tell_download(one, "given")
    return _download(one.given, one.file_name)


def _tell_download(one: Delivery, what: str) -> None:
    record("intake.download", subject=("delivery", str(one.pk)), region_code=one.region_code, after={"file": what})


@needs("intake.deliver")
def watched(request: Any) -> HttpResponse:
    """The watched folders: where they lie, and a button that looks into them now. For the county's own staff."""
    counties = [
        code
        for code in selectors.counties(request.scope, "intake.deliver")
        if request.scope.allows("intake.deliver", code, "")
    ]
    if not counties:
        raise PermissionDenied
    if request.method == "POST":
        code = request.POST.get("county", counties[0])
        if code not in counties:
            raise PermissionDenied
        if request.POST.get("do") == "schedule":
            return _schedule(request, code)
        enqueue(WATCH_JOB, title=_("检查监视文件夹"), region_code=code, owner=request.user)
        messages.success(request, format_html('{} <a href="{}">{}</a>', _("已开始检查，接收到的文件会出现在列表里。"),
                                              reverse("intake:deliveries"), _("查看列表")))  # fmt: skip
        return redirect("intake:watched")
    context = {
        "page_title": _("监视文件夹"),
        "county": counties[0],
        "form": ScheduleForm(initial=watching.schedule_of(counties[0])),
        "table": listing.folders_table(watching.department_folders()),
    }
    return render(request, "intake/watched.html", context)


def _schedule(request: Any, region_code: str) -> HttpResponse:
    form = ScheduleForm(request.POST)
    if form.is_valid():
        watching.schedule(region_code, form.cleaned_data["at"], form.cleaned_data["enabled"])
        messages.success(request, _("已保存。"))
    else:
        messages.error(request, _("时间不对，没有保存。"))
    return redirect("intake:watched")
