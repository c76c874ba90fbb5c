"""Whatever is recorded, put right, moved and withdrawn: the books balance, and nobody but the outside owes."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.web.base_samples import A, make_places
from tests.web.ledger_samples import OFFICE, asset, record
from xianjie.messages import UserError
from xianjie.web.ledgers.models import Account, Entry, Transfer
from xianjie.web.ledgers.money import account_of
from xianjie.web.ledgers.moving import change, make_move, withdraw

# income or distribution, of how much, and what is done with the one before
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["earn", "share", "pay", "more", "less", "withdraw"]), st.integers(1, 500), st.integers(0, 9)
    ),
    min_size=4,
    max_size=9,
)


class BooksBalance(TestCase):
    """Sequences of everything that can be done to an asset's income and its distribution."""

    def setUp(self) -> None:
        make_places()

    @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def test_the_books_balance_after_every_step(self, steps: list[tuple[str, int, int]]) -> None:
        one = asset(f"Z{Entry.everything.count()}")
        made: list[int] = []
        for number, (what, amount, which) in enumerate(steps):
            self.do(one, what, amount, made, which, number)
            total = Account.objects.aggregate(total=Sum("balance"))["total"] or 0
            assert total == 0
            assert not Account.objects.filter(outside=False, balance__lt=0).exists()
        code = account_of(one)
        came = Transfer.everything.filter(target_id=code).aggregate(total=Sum("amount"))["total"] or 0
        went = Transfer.everything.filter(source_id=code).aggregate(total=Sum("amount"))["total"] or 0
        held = Account.objects.filter(pk=code).values_list("balance", flat=True).first() or 0
        assert held == came - went
        standing = Entry.everything.filter(parent=one, withdrawn_on__isnull=True)
        earned = sum(row.amount for row in standing.filter(sheet="asset_income"))
        paid = sum(row.amount for row in standing.filter(sheet="distribution", state="paid"))
        assert held == earned - paid

    def do(self, one: Entry, what: str, amount: int, made: list[int], which: int, number: int) -> None:
        key = f"{one.key}-{number}"
        if what == "earn":
            told = record(
                "asset_income", A, income_no=key, asset_no=one.key, received_on=date(2025, 5, 1), amount=amount
            )
            made.extend(entry.pk for entry in told.added.values())
        elif what == "share":
            told = record("distribution", A, OFFICE, "approved", distribution_no=key, asset_no=one.key, use="upkeep",
                          payee="村", planned_on=date(2025, 5, 1), amount=amount)  # fmt: skip
            made.extend(entry.pk for entry in told.added.values())
        elif made:
            entry = Entry.everything.get(pk=made[which % len(made)])
            with suppress(UserError, PermissionDenied):
                self.alter(entry, what, amount)

    def alter(self, entry: Entry, what: str, amount: int) -> None:
        if entry.withdrawn_on:
            return
        if what == "pay" and entry.sheet == "distribution":
            make_move(OFFICE, entry.pk, "pay", {"paid_on": date(2025, 6, 1)}, seen=entry.revision)
        elif what in ("more", "less"):
            changed = max(1, entry.data["amount"] + (amount if what == "more" else -amount))
            change(OFFICE, entry.pk, {"amount": changed}, "", seen=entry.revision, why="调整")
        elif what == "withdraw":
            withdraw(OFFICE, entry.pk, seen=entry.revision, why="错")


@pytest.mark.django_db
def test_a_payee_that_is_also_a_household_stands_by_its_own_name():
    make_places()
    asset()
    record("asset_income", A, income_no="S1", asset_no="Z1", received_on=date(2025, 5, 1), amount=10)
    record("distribution", A, OFFICE, "paid", distribution_no="F1", asset_no="Z1", use="welfare", payee="村小学",
           planned_on=date(2025, 5, 1), amount=10, paid_on=date(2025, 6, 1))  # fmt: skip
    assert Account.objects.get(pk="629901/payee/村小学").balance == 10
