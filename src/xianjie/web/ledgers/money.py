"""Money that entries move: the transfer that should stand for each entry, made, undone or left as it is.

`settle` is the only writer. It compares what an entry now says with the transfer that stands for it; a difference
undoes the old one by its reverse and makes a new one. No account but the outside may fall below zero: nobody pays more
than was allocated, nothing is distributed that was not earned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from xianjie.messages import say
from xianjie.web.clock import today
from xianjie.web.ledgers.declaration import OUTSIDE, SELF, Sheet, sheets
from xianjie.web.ledgers.models import Account, Entry, Transfer
from xianjie.web.ledgers.values import stored


@dataclass(frozen=True)
class Wanted:
    """The transfer that an entry stands for."""

    source: str
    target: str
    amount: int
    on: str


def account_of(entry: Entry) -> str:
    """The account of an entry that has money."""
    return f"{entry.county}/{entry.sheet}/{entry.key}"


def household_account(county: str, household_id: str) -> str:
    """The account of a household: what it received through the ledgers."""
    return f"{county}/household/{household_id}"


def wanted_of(entry: Entry) -> Wanted | None:
    """What should stand for an entry; None where it moves nothing (yet)."""
    sheet = sheets()[entry.sheet]
    money = sheet.money
    if money is None or entry.withdrawn_on or (money.when and entry.state not in money.when):
        return None
    amount = entry.data.get(money.amount) or 0
    if amount <= 0 or not (on := entry.data.get(money.on)):
        return None
    source, target = (_place(sheet, entry, word) for word in (money.source, money.target))
    return Wanted(source, target, amount, on) if source and target and source != target else None


def _place(sheet: Sheet, entry: Entry, word: str) -> str:
    if word == SELF:
        return account_of(entry)
    if word == OUTSIDE:
        return f"{entry.county}/{OUTSIDE}/{sheet.ledger}"
    if word in ("parent", "other"):
        above = entry.parent if word == "parent" else entry.other
        return account_of(above) if above else ""
    if word == "household":
        return household_account(entry.county, entry.household_id) if entry.household_id else ""
    payee = str(entry.data.get(word) or "").strip()
    if not payee and entry.household_id:
        return household_account(entry.county, entry.household_id)
    return f"{entry.county}/payee/{payee[:100]}" if payee else ""


def settle(entries: Sequence[Entry]) -> dict[int, str]:
    """Make the transfers of entries fit what they say; gives what cannot be, by position: such entries moved nothing.

    Must run inside a transaction, after the entries are saved; entries that cannot be settled are for the caller to
    take back.
    """
    standing = {one.entry_id: one for one in _standing(entries)} if entries else {}
    steps = [(position, entry, standing.get(entry.pk), wanted_of(entry)) for position, entry in enumerate(entries)]
    moving = [step for step in steps if not _same(step[2], step[3])]
    if not moving:
        return {}
    books = _Books(moving)
    fresh: list[Transfer] = []
    problems: dict[int, str] = {}
    for position, entry, old, new in moving:
        undo = [(old.target_id, old.source_id, old.amount)] if old else []
        make = [(new.source, new.target, new.amount)] if new else []
        if problem := books.post([*undo, *make]):
            problems[position] = problem
            continue
        if old:
            fresh.append(_transfer(entry, old.target_id, old.source_id, old.amount, today().isoformat(), old))
        if new:
            fresh.append(_transfer(entry, new.source, new.target, new.amount, new.on))
    books.save()
    Transfer.everything.bulk_create(fresh, batch_size=1000)
    return problems


def _standing(entries: Sequence[Entry]) -> Iterable[Transfer]:
    """The transfers that stand for entries: those that undo nothing and are not undone."""
    ids = [entry.pk for entry in entries]
    for start in range(0, len(ids), 5000):
        yield from Transfer.everything.filter(
            entry_id__in=ids[start : start + 5000], undoes__isnull=True, undone__isnull=True
        )


def _same(old: Transfer | None, new: Wanted | None) -> bool:
    if old is None or new is None:
        return old is None and new is None
    return (old.source_id, old.target_id, old.amount, old.on.isoformat()) == (
        new.source, new.target, new.amount, new.on,
    )  # fmt: skip


def _transfer(entry: Entry, source: str, target: str, amount: int, on: str, undoes: Transfer | None = None) -> Transfer:
    return Transfer(
        source_id=source, target_id=target, amount=amount, on=stored("date", on), entry=entry, undoes=undoes,
        region_code=entry.region_code, department=entry.department,
    )  # fmt: skip


class _Books:
    """The balances that a batch of transfers touches, locked, moved in memory and written once."""

    def __init__(self, moving: Iterable[tuple[int, Entry, Transfer | None, Wanted | None]]) -> None:
        codes: set[str] = set()
        for _position, _entry, old, new in moving:
            codes |= {old.source_id, old.target_id} if old else set()
            codes |= {new.source, new.target} if new else set()
        ordered = sorted(codes)
        self.accounts: dict[str, Account] = {}
        for start in range(0, len(ordered), 5000):
            found = Account.objects.select_for_update().filter(pk__in=ordered[start : start + 5000]).order_by("pk")
            self.accounts.update({one.pk: one for one in found})
        fresh = [Account(code=code, outside=f"/{OUTSIDE}/" in code) for code in ordered if code not in self.accounts]
        Account.objects.bulk_create(fresh, batch_size=1000)
        self.accounts.update({one.pk: one for one in fresh})

    def post(self, lines: Iterable[tuple[str, str, int]]) -> str:
        """Move amounts; what cannot be is said, and then nothing has moved."""
        moved: dict[str, int] = {}
        for source, target, amount in lines:
            moved[source] = moved.get(source, 0) - amount
            moved[target] = moved.get(target, 0) + amount
        for code, change in moved.items():
            account = self.accounts[code]
            if change < 0 and not account.outside and account.balance + change < 0:
                return say("ledgers.overdrawn", left=f"{account.balance / 100:,.2f}", short=f"{-change / 100:,.2f}",
                           account=code.split("/", 2)[2])  # fmt: skip
        for code, change in moved.items():
            self.accounts[code].balance += change
        return ""

    def save(self) -> None:
        Account.objects.bulk_update(self.accounts.values(), ["balance"], batch_size=500)


def transfers_of(account: str) -> QuerySet[Transfer]:
    """What an account gave and received, newest first; for callers that have checked the scope of its entry."""
    return (Transfer.everything.filter(source_id=account) | Transfer.everything.filter(target_id=account)).order_by(
        "-on", "-pk"
    )
