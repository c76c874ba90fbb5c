"""Money followed both ways: from a grant down to households and contractors, and from any payment up to its grant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.ledgers.declaration import OUTSIDE, ledgers, sheets
from xianjie.web.ledgers.models import Account, Entry, Transfer
from xianjie.web.ledgers.money import account_of
from xianjie.web.words import label

VIEW = "ledgers.view"
DEEPEST, MOST = 4, 2000


@dataclass(frozen=True)
class Step:
    """A transfer on the way down: how deep, by which entry, between whom."""

    depth: int
    entry: Entry
    source: str
    target: str
    on: date
    amount: int
    end: bool  # the target hands nothing on: a household or a payee


def account_words(code: str) -> str:
    """What an account is called."""
    _county, kind, key = code.split("/", 2)
    if kind == OUTSIDE:
        return _("外部（%(ledger)s）") % {"ledger": label(ledgers()[key])} if key in ledgers() else _("外部")
    if kind == "household":
        return _("农户 %(key)s") % {"key": key}
    if kind == "payee":
        return key
    return f"{label(sheets()[kind])} {key}" if kind in sheets() else key


def has_account(name: str) -> bool:
    """Whether entries of a sheet have money of their own."""
    return any(
        sheet.money and (
            (sheet.name == name and "self" in (sheet.money.source, sheet.money.target))
            or ({"parent", "other"} & {sheet.money.source, sheet.money.target} and name in sheet.links.values())
        )
        for sheet in sheets().values()
    )  # fmt: skip


def money_of(scope: Scope, entry: Entry) -> dict[str, Any] | None:
    """An entry's balance and newest transfers; None for one without an account. Two queries."""
    if not has_account(entry.sheet):
        return None
    code = account_of(entry)
    balance = Account.objects.filter(pk=code).values_list("balance", flat=True).first() or 0
    seen = Transfer.objects.within(scope, VIEW)
    rows = (seen.filter(source=code) | seen.filter(target=code)).order_by("-on", "-pk")[:20]
    lines = [
        {"on": one.on, "amount": one.amount if one.target_id == code else -one.amount,
         "with": account_words(one.source_id if one.target_id == code else one.target_id),
         "undoes": one.undoes_id is not None}
        for one in rows
    ]  # fmt: skip
    return {"balance": balance, "lines": lines}


def above_of(scope: Scope, entry: Entry) -> list[Entry]:
    """The entries above, from the source of the money down, as far as the user may see them."""
    chain: list[Entry] = []
    one: Entry | None = entry
    while one is not None and len(chain) < DEEPEST:
        chain.append(one)
        up = Entry.objects.within(scope, VIEW).select_related("parent").filter(pk=one.parent_id or 0)
        one = up.first()
    return chain[::-1]


def steps_of(scope: Scope, entry: Entry) -> list[Step]:
    """Every transfer that stands for an entry and those below it, in the order of the tree. A few queries."""
    found: dict[int | None, list[Entry]] = {}
    level = [entry]
    for _depth in range(DEEPEST):
        ids = [one.pk for one in level]
        under = Entry.objects.within(scope, VIEW).filter(parent_id__in=ids[:MOST], withdrawn_on__isnull=True)
        level = list(under.order_by("pk")[:MOST])
        for one in level:
            found.setdefault(one.parent_id, []).append(one)
        if not level:
            break
    everything = [entry, *(one for listed in found.values() for one in listed)]
    standing = Transfer.objects.within(scope, VIEW).filter(
        entry__in=[one.pk for one in everything], undoes__isnull=True, undone__isnull=True
    )
    moved = {one.entry_id: one for one in standing}
    steps: list[Step] = []

    def walk(one: Entry, depth: int) -> None:
        transfer = moved.get(one.pk)
        if transfer:
            kind = transfer.target_id.split("/", 2)[1]
            steps.append(Step(depth, one, account_words(transfer.source_id), account_words(transfer.target_id),
                              transfer.on, transfer.amount, kind in ("household", "payee")))  # fmt: skip
        for under in found.get(one.pk, ()):
            walk(under, depth + 1)

    walk(entry, 0)
    return steps


def ends_of(steps: Sequence[Step]) -> list[tuple[str, int]]:
    """Who received how much in the end, the most first."""
    received: dict[str, int] = {}
    for step in steps:
        if step.end:
            received[step.target] = received.get(step.target, 0) + step.amount
    return sorted(received.items(), key=lambda pair: (-pair[1], pair[0]))
