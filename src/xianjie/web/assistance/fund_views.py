"""Pages of the townships' reserve funds."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.assistance import fund
from xianjie.web.assistance.forms import MoneyForm, WhyForm, townships
from xianjie.web.assistance.fund_models import Fund, FundEntry
from xianjie.web.assistance.payment_views import may_pay
from xianjie.web.assistance.showing import civil_affairs
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Link, yuan
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names

VIEW, PAY = "assistance.view", "assistance.pay"


@needs("assistance.view")
def funds(request: Any) -> HttpResponse:
    """The townships' reserve funds with their balances."""
    rows = Fund.objects.within(request.scope, VIEW).order_by("region_code")
    found = list(rows)
    places = full_names({one.region_code for one in found})
    table = Table(
        [
            Column(_("乡镇"), lambda one: places[one.region_code], main=True,
                   link=lambda one: reverse("assistance:fund", args=[one.pk])),
            Column(_("余额（元）"), "balance", kind="money"),
        ],
        found, _("临时救助备用金"), total=[_("合计"), sum(one.balance for one in found)] if found else (),
        empty_title=_("还没有备用金"), empty_text=_("县级拨入后，乡镇可在急难救助中先行支出。"),
    )  # fmt: skip
    buttons = []
    if civil_affairs(request.scope).has(PAY):
        buttons.append((_("登记拨入"), reverse("assistance:bring_in"), "plus"))
    context = {"page_title": _("临时救助备用金"), "table": table, "buttons": buttons}
    return render(request, "assistance/list.html", context)


@needs("assistance.view")
def fund_page(request: Any, pk: int) -> HttpResponse:
    """One fund: every entry with both its accounts."""
    one = Fund.objects.within(request.scope, VIEW).filter(pk=pk).first()
    if one is None:
        raise Http404
    rows = FundEntry.objects.within(request.scope, VIEW).filter(fund=one).select_related("reversed_by")
    page = page_of(rows, "-id", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    accounts = {FundEntry.COUNTY: _("县级拨款"), FundEntry.RESERVE: _("乡镇备用金"), FundEntry.RELIEF: _("救助支出")}
    pays = may_pay(request.scope, one.region_code)
    table = Table(
        [
            Column(_("摘要"), "note", main=True),
            Column(_("日期"), "day", kind="date"),
            Column(_("转出"), lambda entry: accounts[entry.source]),
            Column(_("转入"), lambda entry: accounts[entry.target]),
            Column(_("金额（元）"), "amount", kind="money"),
            Column(_("申请"), _to_application),
            Column(_("冲销"), lambda entry: _reversal(entry, pays)),
        ],
        page.rows, _("收支明细"), page=page, count=rows.count(), empty_title=_("还没有收支"),
    )  # fmt: skip
    place = full_names({one.region_code})[one.region_code]
    return render(
        request, "assistance/list.html",
        {"page_title": _("备用金：%(place)s") % {"place": place}, "table": table,
         "tiles": [{"label": _("余额（元）"), "figure": str(yuan(one.balance))}]},
    )  # fmt: skip


def _to_application(entry: FundEntry) -> Any:
    if entry.application_id is None:
        return ""
    return Link(_("查看"), reverse("assistance:application", args=[entry.application_id]))


def _reversal(entry: FundEntry, pays: bool) -> Any:
    if entry.reverses_id:
        return _("冲销第 %(number)d 笔") % {"number": entry.reverses_id}
    if hasattr(entry, "reversed_by"):
        return _("已冲销")
    return Link(_("冲销"), reverse("assistance:reverse", args=[entry.pk])) if pays else ""


@needs("assistance.pay")
def bring_in(request: Any) -> HttpResponse:
    """Record money from the county into a township's reserve."""
    form = MoneyForm(request.POST or None)
    form.fields["place"].choices = townships(civil_affairs(request.scope), PAY)[1:]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            entry = fund.bring_in(
                request.scope, form.cleaned_data["place"], form.cleaned_data["amount"], form.cleaned_data["note"]
            )
            return redirect("assistance:fund", pk=entry.fund_id)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request, "assistance/form.html",
        {"page_title": _("登记备用金拨入"), "form": form, "button": _("登记"), "back": _("临时救助备用金"),
         "back_url": reverse("assistance:funds")},
    )  # fmt: skip


@needs("assistance.pay")
def reverse_entry(request: Any, pk: int) -> HttpResponse:
    """Take an entry back by its opposite."""
    entry = FundEntry.objects.within(request.scope, PAY).filter(pk=pk).first()
    if entry is None:
        raise Http404
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            fund.reverse(request.scope, pk, form.cleaned_data["why"])
            return redirect("assistance:fund", pk=entry.fund_id)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request, "assistance/form.html",
        {"page_title": _("冲销"), "form": form, "button": _("冲销"), "back": _("临时救助备用金"),
         "back_url": reverse("assistance:fund", args=[entry.fund_id])},
    )  # fmt: skip
