"""Pages of the monthly payment lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.messages import UserError
from xianjie.web import exporting
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import DEPARTMENT, payments, selectors
from xianjie.web.assistance.deciding import next_month
from xianjie.web.assistance.forms import MonthForm, WhyForm, townships
from xianjie.web.assistance.payment_models import PaymentLine, PaymentList
from xianjie.web.assistance.programmes import paid, programmes
from xianjie.web.assistance.showing import amount_of, civil_affairs, name_of
from xianjie.web.cases.forms import ANY
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Link, Status, yuan
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names, names
from xianjie.web.registry.run_results import counties

VIEW, PAY = "assistance.view", "assistance.pay"
TONES = {PaymentLine.NEW: "info", PaymentLine.UP: "info", PaymentLine.DOWN: "warn", PaymentLine.STOPPED: "warn"}


def may_pay(scope: Scope, county: str) -> bool:
    """Whether the user makes the county's lists."""
    return scope.allows(PAY, county, DEPARTMENT)


@needs("assistance.view")
def lists(request: Any) -> HttpResponse:
    """The payment lists of the user's counties, the newest first."""
    scope = civil_affairs(request.scope)
    rows = PaymentList.everything.filter(scope.where(VIEW) | _counties_q(scope))
    page = page_of(rows, "-month", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    known, places = programmes(), names({one.region_code for one in page.rows})
    table = Table(
        [
            Column(_("月份"), lambda one: f"{one.month:%Y-%m}", main=True,
                   link=lambda one: reverse("assistance:payment", args=[one.pk])),
            Column(_("待遇"), lambda one: known[one.programme].label),
            Column(_("地区"), lambda one: places[one.region_code]),
            Column(_("人数"), "persons", kind="number"),
            Column(_("户数"), "households", kind="number"),
            Column(_("合计（元）"), "total", kind="money"),
            Column(_("暂停发放"), "held", kind="number"),
            Column(_("状态"), list_state, kind="status"),
        ],
        page.rows, _("待遇发放清单"), page=page, count=rows.count(), walk=True,
        empty_title=_("还没有发放清单"), empty_text=_("县级民政按月编制，锁定后不再更改。"),
    )  # fmt: skip
    buttons = []
    if any(may_pay(request.scope, one) for one in counties(request.scope, PAY)):
        buttons.append((_("编制清单"), reverse("assistance:make_payment"), "plus"))
    return render(
        request, "assistance/list.html", {"page_title": _("待遇发放清单"), "table": table, "buttons": buttons}
    )


def _counties_q(scope: Scope) -> Any:
    """The lists of the counties of which the user sees a part: they then see their own area's lines."""
    return Q(region_code__in=list(counties(scope, VIEW)))


def list_state(one: PaymentList) -> Status:
    """Whether a list is locked."""
    if one.state == PaymentList.LOCKED:
        return Status(_("%(day)s 锁定") % {"day": one.locked_on}, "good")
    return Status(_("已编制，未锁定"), "warn")


@needs("assistance.pay")
def make(request: Any) -> HttpResponse:
    """Make the list of a month."""
    known = counties(request.scope, PAY)
    county = next((code for code in known if may_pay(request.scope, code)), "")
    form = MonthForm(request.POST or None, choices=paid(), initial={"month": f"{next_month(today()):%Y-%m}"})
    if not county:
        raise Http404
    if request.method == "POST" and form.is_valid():
        try:
            made = payments.make(
                request.scope, county, form.cleaned_data["programme"], form.cleaned_data["month"]
            )  # fmt: skip
            messages.success(request, _("清单已编制，请核对后锁定。"))
            return redirect("assistance:payment", pk=made.pk)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request, "assistance/form.html",
        {"page_title": _("编制发放清单"), "form": form, "button": _("编制"), "back": _("待遇发放清单"),
         "back_url": reverse("assistance:payments"),
         "told": _("按在享待遇和核定金额编制，自动核对去世、迁出、重复、渐退期满和没有金额的人员；次月起发。")},
    )  # fmt: skip


class LineFilter(forms.Form):
    """Filters of a list's lines."""

    change = forms.ChoiceField(label=gettext_lazy("与上月相比"), required=False)
    place = forms.ChoiceField(label=gettext_lazy("乡镇"), required=False)
    held = forms.BooleanField(label=gettext_lazy("只看暂停发放"), required=False)

    def __init__(self, *arguments: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        chosen: Any = self.fields
        chosen["change"].choices = [ANY, *payments.CHANGES.items()]
        chosen["place"].choices = townships(scope, VIEW)


def _list_in_scope(scope: Scope, pk: int) -> PaymentList:
    """The list, or 404: of a county of which the user sees all or part."""
    seen = civil_affairs(scope)
    found = PaymentList.everything.filter(seen.where(VIEW) | _counties_q(seen), pk=pk).select_related("previous")
    one = found.first()
    if one is None:
        raise Http404
    return one


@needs("assistance.view")
def payment(request: Any, pk: int) -> HttpResponse:
    """A list: its sum and how it came about from the month before, and the lines of the user's area."""
    made = _list_in_scope(request.scope, pk)
    form = LineFilter(request.GET or None, scope=civil_affairs(request.scope))
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows: QuerySet[Any] = PaymentLine.objects.within(request.scope, VIEW).filter(list=made)
    rows = selectors.in_place(rows, wanted.get("place", ""))
    if change := wanted.get("change"):
        rows = rows.filter(change=change)
    if wanted.get("held"):
        rows = rows.exclude(held="").filter(amount=0)
    if "export" in request.GET:
        return _payment_out(request, made, rows, wanted)
    page = page_of(rows, "region_code", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    query = request.GET.copy()
    query["export"] = "1"
    pays = may_pay(request.scope, made.region_code)
    whole = request.scope.contains(VIEW, made.region_code)
    places = full_names({one.region_code for one in page.rows})
    table = Table(
        _line_columns(request.scope, made, places, pays), page.rows, _("发放明细"), page=page, count=rows.count(),
        export=f"?{query.urlencode()}", walk=True, muted=lambda one: not one.amount,
        empty_title=_("没有符合条件的明细"),
    )  # fmt: skip
    context = {
        "page_title": f"{programmes()[made.programme].label} {made.month:%Y-%m}", "made": made, "form": form,
        "table": table, "state": list_state(made), "pays": pays and made.state == PaymentList.MADE,
        "tiles": _tiles(made) if whole else [], "differences": _differences(made) if whole else [],
        "place": names({made.region_code})[made.region_code],
    }  # fmt: skip
    return render(request, "assistance/payment.html", context)


def _tiles(made: PaymentList) -> list[dict[str, Any]]:
    return [
        {"label": _("合计（元）"), "figure": str(yuan(made.total))},
        {"label": _("发放人数"), "figure": made.persons},
        {"label": _("发放户数"), "figure": made.households},
        {"label": _("暂停发放"), "figure": made.held, "url": "?held=on", "tone": "warn" if made.held else ""},
    ]


def _differences(made: PaymentList) -> list[dict[str, Any]]:
    """Lines that lead from the sum of the month before to this one."""
    found = payments.differences(made)
    return [
        {"label": payments.CHANGES[change], "number": found[change]["number"], "fen": found[change]["difference"],
         "url": f"?change={change}"}
        for change in payments.CHANGES
        if change in found
    ]  # fmt: skip


def _line_columns(scope: Scope, made: PaymentList, places: dict[str, str], pays: bool) -> list[Column]:
    return [
        Column(_("姓名"), lambda one: name_of(scope, one.name, one.region_code), main=True),
        Column(_("户主"), lambda one: name_of(scope, one.head_name, one.region_code), minor=True),
        Column(_("地区"), lambda one: places[one.region_code]),
        Column(_("本月（元）"), lambda one: amount_of(scope, one.amount, one.region_code)),
        Column(_("上月（元）"), lambda one: amount_of(scope, one.was, one.region_code), minor=True),
        Column(
            _("与上月相比"), lambda one: Status(str(payments.CHANGES[one.change]), TONES.get(one.change, "neutral"))
        ),
        Column(_("说明"), "why", kind="long", minor=True),
        Column(_("核对"), lambda one: _held(one, made, pays), kind="status"),
    ]


def change_of(one: PaymentLine) -> Status:
    """How a line differs from the month before, as a word."""
    return Status(str(payments.CHANGES[one.change]), TONES.get(one.change, "neutral"))


def _held(one: PaymentLine, made: PaymentList, pays: bool) -> Any:
    if not one.held:
        return Status(_("正常"), "good")
    words = str(payments.HELD[one.held])
    if one.released:
        return Status(_("%(why)s，照发：%(reason)s") % {"why": words, "reason": one.released}, "warn")
    if pays and made.state == PaymentList.MADE and one.held not in payments.FINAL:
        return Link(_("%(why)s（照发）") % {"why": words}, reverse("assistance:release", args=[one.pk]))
    return Status(words, "bad")


def _payment_out(request: Any, made: PaymentList, rows: Any, wanted: dict[str, Any]) -> HttpResponse:
    scope = request.scope

    def money(name: str) -> Any:
        return lambda one: getattr(one, name) if scope.sees("personal", one.region_code) else None

    columns = [
        exporting.Column(_("姓名"), lambda one: name_of(scope, one.name, one.region_code), 12),
        exporting.Column(_("户主"), lambda one: name_of(scope, one.head_name, one.region_code), 12),
        exporting.Column(_("人员编号"), "person_id", 20),
        exporting.Column(_("户编号"), "household_id", 20),
        exporting.Column(_("村代码"), "region_code", 15),
        exporting.Column(_("本月（元）"), money("amount"), 12, "fen"),
        exporting.Column(_("上月（元）"), money("was"), 12, "fen"),
        exporting.Column(_("与上月相比"), lambda one: str(payments.CHANGES[one.change]), 10),
        exporting.Column(_("说明"), "why", 30),
        exporting.Column(_("暂停原因"), lambda one: str(payments.HELD[one.held]) if one.held else "", 20),
        exporting.Column(_("照发理由"), "released", 24),
    ]
    title = f"{programmes()[made.programme].label} {made.month:%Y-%m}"
    notes = [(_("状态"), list_state(made).word), (_("全县合计（元）"), f"{made.total / 100:,.2f}")]
    return exporting.workbook_response(
        exporting.Listing(title, columns, scope, notes=notes), rows.order_by("region_code", "household_id", "pk"),
        verb="assistance.export", region_code=made.region_code,
        asked={"list": str(made.pk), **{name: str(value) for name, value in wanted.items() if value}},
    )  # fmt: skip


@needs("assistance.pay")
def lock(request: Any, pk: int) -> HttpResponse:
    """Lock a list; when something has changed since, it is made anew and shown instead."""
    made = _list_in_scope(request.scope, pk)
    if request.method == "POST":
        try:
            _made, locked = payments.lock(request.scope, pk)
            if locked:
                messages.success(request, _("清单已锁定。"))
            else:
                messages.warning(request, _("编制以后情况有变化，清单已重新编制，请核对后再锁定。"))
        except UserError as error:
            messages.error(request, str(error))
        return redirect("assistance:payment", pk=pk)
    context = {
        "page_title": _("锁定清单"), "action": _("锁定"), "danger": False,
        "text": _("锁定后不能更改，可以导出发放。差错在下月清单调整。"),
        "facts": [{"label": _("月份"), "value": f"{made.month:%Y-%m}"}, {"label": _("人数"), "value": made.persons},
                  {"label": _("合计（元）"), "value": yuan(made.total)}],
        "cancel_url": reverse("assistance:payment", args=[pk]), "form": forms.Form(),
    }  # fmt: skip
    return render(request, "components/confirm_page.html", context)


@needs("assistance.pay")
def release(request: Any, line_pk: int) -> HttpResponse:
    """Pay a held line all the same."""
    line = PaymentLine.objects.within(request.scope, PAY).filter(pk=line_pk).select_related("list").first()
    if line is None:
        raise Http404
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            payments.release(request.scope, line_pk, form.cleaned_data["why"])
            return redirect("assistance:payment", pk=line.list_id)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request, "assistance/form.html",
        {"page_title": _("照发"), "page_subtitle": line.name, "form": form, "button": _("照发"),
         "told": str(payments.HELD.get(line.held, "")), "back": _("待遇发放清单"),
         "back_url": reverse("assistance:payment", args=[line.list_id])},
    )  # fmt: skip
