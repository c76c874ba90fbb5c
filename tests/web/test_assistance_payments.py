"""A month's payment list sums, holds what must not go out, explains itself, and once locked stands."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.assistance import deciding, fund, payments, services
from xianjie.web.assistance.fund_models import Fund
from xianjie.web.assistance.models import Benefit
from xianjie.web.assistance.payment_models import PaymentLine, PaymentList
from xianjie.web.registry.models import Household, Person

VILLAGE, COUNTY = "629901100200", "629901000000"
CLERK = Scope((Holding("department", COUNTY, "civil_affairs"),))
TOWN = Scope((Holding("township", "629901100000"),))
NOVEMBER, DECEMBER, JANUARY = date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)


def receives(number: int, amount: int | None = 30_000, **more: Any) -> Benefit:
    """A person of their own household who receives 低保."""
    home, _new = Household.everything.get_or_create(
        household_id=f"H{number}", defaults={"region_code": VILLAGE, "head_name": f"户{number}"}
    )
    person, _new = Person.everything.get_or_create(
        person_id=f"P{number}", defaults={"household": home, "region_code": VILLAGE, "name": f"人{number}"}
    )
    values = {"programme": "dibao", "begins_on": date(2025, 1, 1), "source": Benefit.RUN, **more}
    return Benefit.everything.create(
        key=f"K{Benefit.everything.count()}", household=home, person=person, region_code=VILLAGE, amount_month=amount,
        **values,
    )  # fmt: skip


def made(month: date = NOVEMBER) -> PaymentList:
    return payments.make(CLERK, COUNTY, "dibao", month)


def line(number: int, of: PaymentList) -> PaymentLine:
    return PaymentLine.everything.get(list=of, person_id=f"P{number}")


@pytest.fixture(autouse=True)
def day(settings: Any) -> None:
    settings.TODAY = "2025-10-31"


@pytest.mark.django_db
def test_the_list_pays_who_receives_in_the_month_and_holds_who_must_not_be_paid() -> None:
    for number in range(7):
        receives(number)
    receives(7, None)
    receives(8, begins_on=date(2025, 11, 10))  # begins within the month: paid from the next one
    receives(9, ends_on=NOVEMBER)
    receives(10, grace_until=date(2025, 10, 15))
    Person.everything.filter(pk="P1").update(alive=False)
    Person.everything.filter(pk="P2").update(household=None, left_by="move_out")
    Household.everything.filter(pk="H3").update(ends_on=date(2025, 10, 1))
    receives(4, programme="tekun")
    receives(5, 20_000, begins_on=date(2025, 6, 1))
    found = made()
    held = {one.person_id: one.held for one in PaymentLine.everything.filter(list=found).exclude(held="")}
    assert held == {"P1": "died", "P2": "moved", "P3": "ended", "P4": "twice", "P5": "twice", "P7": "no_amount",
                    "P10": "grace"}  # fmt: skip
    assert (found.total, found.persons, found.households, found.held) == (60_000, 2, 2, 7)
    assert not PaymentLine.everything.filter(list=found, person_id__in=("P8", "P9")).exists()


@pytest.mark.django_db
def test_the_differences_lead_from_last_month_s_sum_to_this_one_line_by_line() -> None:
    for number in range(4):
        receives(number)
    first = made()
    payments.lock(CLERK, first.pk)
    Benefit.everything.filter(person_id="P0").update(ends_on=DECEMBER)
    Benefit.everything.filter(person_id="P1").update(amount_month=40_000, reviewed_on=date(2025, 11, 20))
    Benefit.everything.filter(person_id="P2").update(amount_month=10_000)
    receives(9, 5_000)
    second = made(DECEMBER)
    changes = {one.person_id: one.change for one in PaymentLine.everything.filter(list=second)}
    assert changes == {"P0": "stopped", "P1": "up", "P2": "down", "P3": "same", "P9": "new"}
    assert "核查后重新核定" in line(1, second).why and "待遇已停止" in line(0, second).why
    told = payments.differences(second)
    assert sum(one["difference"] for one in told.values()) == second.total - first.total == -35_000


@pytest.mark.django_db
def test_a_locked_list_is_never_changed_and_months_are_made_in_their_order() -> None:
    receives(1)
    first = made()
    with pytest.raises(UserError, match="请先锁定"):
        made(DECEMBER)
    assert payments.lock(CLERK, first.pk)[1]
    for attempt in (made, lambda: payments.lock(CLERK, first.pk)):
        with pytest.raises(UserError, match="已锁定"):
            attempt()
    with pytest.raises(UserError):
        payments.release(CLERK, line(1, first).pk, "x")


@pytest.mark.django_db
def test_what_has_changed_since_a_list_was_made_is_seen_before_it_is_locked() -> None:
    receives(1), receives(2)
    found = made()
    Person.everything.filter(pk="P2").update(alive=False)
    again, locked = payments.lock(CLERK, found.pk)
    assert not locked and again.total == 30_000 and line(2, again).held == "died"
    assert payments.lock(CLERK, found.pk)[1]


@pytest.mark.django_db
def test_somebody_may_pay_a_held_line_with_a_reason_but_never_the_dead() -> None:
    receives(1, grace_until=date(2025, 10, 1)), receives(2), receives(3)
    Person.everything.filter(pk="P2").update(alive=False)
    found = made()
    with pytest.raises(UserError, match="理由"):
        payments.release(CLERK, line(1, found).pk, " ")
    payments.release(CLERK, line(1, found).pk, "延期手续在办")
    with pytest.raises(UserError, match="已去世"):
        payments.release(CLERK, line(2, found).pk, "家属要求")
    assert PaymentList.everything.get().total == 60_000
    assert line(1, made()).amount == 30_000  # made anew, it stays released


@pytest.mark.django_db
def test_only_the_county_s_civil_affairs_make_lists() -> None:
    receives(1)
    for stranger in (TOWN, Scope((Holding("department", COUNTY, "medical_insurance"),))):
        with pytest.raises(PermissionDenied):
            payments.make(stranger, COUNTY, "dibao", NOVEMBER)


amounts = st.lists(st.one_of(st.none(), st.integers(1, 10**9)), min_size=1, max_size=6)


class TestLaws(TestCase):
    """What holds for any amounts."""

    @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(months=st.lists(amounts, min_size=1, max_size=3))
    def test_a_list_s_sum_is_that_of_its_lines_and_differs_by_what_the_lines_differ(self, months: Any) -> None:
        county = Scope((Holding("county", COUNTY),))
        last = 0
        for place, told in enumerate(months):
            month = date(2025, 9 + place, 1)
            Benefit.everything.all().delete()
            for number, amount in enumerate(told):
                receives(number, amount)
            found = payments.make(county, COUNTY, "dibao", month)
            lines = list(PaymentLine.everything.filter(list=found))
            assert found.total == sum(one.amount for one in lines) == sum(amount or 0 for amount in told)
            assert sum(one["difference"] for one in payments.differences(found).values()) == found.total - last
            last = found.total
            payments.lock(county, found.pk)

    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(moves=st.lists(st.integers(-5_000, 5_000).filter(bool), max_size=8))
    def test_a_fund_holds_what_its_entries_say_and_is_never_below_zero(self, moves: list[int]) -> None:
        home = Household.everything.create(household_id="H", region_code=VILLAGE, head_name="户")
        told = {"channel": "resident", "applicant": "某", "told": "失火"}
        relief = services.apply(TOWN, home, "relief", told)
        balance = 0
        for amount in moves:
            if amount > 0:
                fund.bring_in(CLERK, VILLAGE, amount, "拨入")
            elif balance + amount < 0:
                with self.assertRaises(UserError):
                    fund.pay_relief(TOWN, relief, -amount, "救助")
                continue
            else:
                fund.pay_relief(TOWN, relief, -amount, "救助")
            balance += amount
            one = Fund.everything.get()
            assert one.balance == fund.balance_of(one) == balance >= 0

    @given(amount=st.integers(0, 10**9), people=st.integers(1, 20))
    def test_shares_add_up_and_differ_by_a_fen_at_most(self, amount: int, people: int) -> None:
        found = deciding.shares(amount, people)
        assert sum(found) == amount and max(found) - min(found) <= 1
