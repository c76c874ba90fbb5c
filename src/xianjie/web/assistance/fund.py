"""Entries of the township reserve fund 备用金: each moves an amount from one account to another, never below zero."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, Sum

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import DEPARTMENT
from xianjie.web.assistance.fund_models import Fund, FundEntry
from xianjie.web.assistance.models import Application
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today

ACT, PAY = "assistance.act", "assistance.pay"


def township_of(region_code: str) -> str:
    """The township's 12-digit code of a village's."""
    return region_code[:9].ljust(12, "0")


def _locked(region_code: str) -> Fund:
    code = township_of(region_code)
    Fund.everything.get_or_create(region_code=code)
    return Fund.everything.select_for_update().get(region_code=code)


def balance_of(fund: Fund) -> int:
    """The balance by the entries: what came in less what went out, in fen."""
    sums = FundEntry.everything.filter(fund=fund).aggregate(
        come=Sum("amount", filter=Q(target=FundEntry.RESERVE)), gone=Sum("amount", filter=Q(source=FundEntry.RESERVE))
    )
    return (sums["come"] or 0) - (sums["gone"] or 0)


def _post(
    fund: Fund, source: str, target: str, amount: int, note: str, application: Application | None = None,
    reverses: FundEntry | None = None,
) -> FundEntry:  # fmt: skip
    """Write one entry; the fund is locked. Raises `UserError` when the reserve would fall below zero."""
    if amount <= 0:
        raise UserError("assistance.no_amount")
    after = fund.balance + (amount if target == FundEntry.RESERVE else -amount)
    if after < 0:
        raise UserError("assistance.fund_too_small", balance=f"{fund.balance / 100:,.2f}")
    event = record(
        "assistance.fund", subject=("fund", str(fund.pk)), region_code=fund.region_code, why=note,
        before={"balance": fund.balance}, after={"balance": after, "amount": amount, "from": source, "to": target},
    )  # fmt: skip
    fund.balance = after
    fund.save()
    return FundEntry.everything.create(
        fund=fund, day=today(), source=source, target=target, amount=amount, note=note, application=application,
        reverses=reverses, by=current_actor().username, event=event.seq,
    )  # fmt: skip


@transaction.atomic
def bring_in(scope: Scope, region_code: str, amount: int, note: str) -> FundEntry:
    """Money from the county into a township's reserve; by who makes payments in the county."""
    if not scope.allows(PAY, township_of(region_code), DEPARTMENT):
        raise PermissionDenied
    if not note.strip():
        raise UserError("assistance.no_note")
    return _post(_locked(region_code), FundEntry.COUNTY, FundEntry.RESERVE, amount, note.strip())


@transaction.atomic
def pay_relief(scope: Scope, one: Application, amount: int, note: str) -> FundEntry:
    """Relief out of the reserve of the household's township, with the decision that grants it."""
    if not scope.allows(ACT, one.region_code, one.department):
        raise PermissionDenied
    return _post(_locked(one.region_code), FundEntry.RESERVE, FundEntry.RELIEF, amount, note, one)


@transaction.atomic
def reverse(scope: Scope, pk: int, note: str) -> FundEntry:
    """Take an entry back by its opposite, once; both stay."""
    entry = FundEntry.everything.select_related("fund").get(pk=pk)
    if not scope.allows(PAY, entry.fund.region_code, DEPARTMENT):
        raise PermissionDenied
    if not note.strip():
        raise UserError("assistance.no_note")
    fund = _locked(entry.fund.region_code)
    if entry.reverses_id or FundEntry.everything.filter(reverses=entry).exists():
        raise UserError("assistance.reversed_already")
    return _post(fund, entry.target, entry.source, entry.amount, note.strip(), entry.application, entry)
