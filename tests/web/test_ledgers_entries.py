"""Entries of ledgers: recorded, moved, put right, withdrawn; their money is zero-sum whatever is done."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.http import Http404

from tests.web.base_samples import COUNTY, FAR, A, B, make_household, make_places
from tests.web.ledger_samples import OFFICE, TOWNSHIP, VILLAGE, asset, made, record
from xianjie.messages import UserError
from xianjie.web.audit.models import Event
from xianjie.web.ledgers.flagging import check_entries
from xianjie.web.ledgers.models import Account, Entry, EntryVersion, Flag, Transfer
from xianjie.web.ledgers.money import account_of
from xianjie.web.ledgers.moving import change, make_move, offered, withdraw
from xianjie.web.ledgers.tracing import ends_of, steps_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places() -> None:
    make_places()
    make_household(1, A)


def balance(entry: Entry) -> int:
    return Account.objects.get(pk=account_of(entry)).balance


def test_an_entry_is_recorded_with_an_event_and_found_in_its_place():
    one = asset()
    assert (one.title, one.region_code, one.state, one.revision) == ("养殖场Z1", A, "registered", 1)
    event = Event.objects.get(verb="ledgers.record")
    assert event.region_code == A and event.after["entries"]["Z1"]["kind"] == "operating"


def test_a_place_outside_the_area_and_another_county_are_refused():
    assert (
        "region_code"
        in record("asset", B, VILLAGE, asset_no="Z2", name="x", kind="public", original_value=1).problems[0]
    )
    assert "region_code" in record("asset", FAR, asset_no="Z2", name="x", kind="public", original_value=1).problems[0]
    assert not Entry.everything.exists()


def test_what_a_check_refuses_is_not_taken_and_says_its_source():
    told = record("asset", A, asset_no="Z3", name="牛", kind="household", original_value=1).problems[0]
    assert "户编号" in told["household_id"] and "中央（五）" in told["household_id"]
    assert not Entry.everything.exists()


def test_a_link_to_nothing_is_told_by_its_field():
    assert (
        "asset_no"
        in record("asset_income", A, income_no="S1", asset_no="none", received_on=date(2025, 5, 1), amount=1).problems[
            0
        ]
    )


def test_the_disposal_of_an_asset_goes_through_appraisal_notice_and_approval():
    one = asset()
    with pytest.raises(UserError, match="所有权人"):
        make_move(OFFICE, one.pk, "confirm", {}, seen=1)
    one = make_move(OFFICE, one.pk, "confirm", {"holder_level": "village", "holder": "一号村集体"}, seen=1)
    with pytest.raises(UserError, match="不能办理"):
        make_move(OFFICE, one.pk, "dispose", {}, seen=2)
    told = {"disposal": "transfer", "appraised_value": 5_000_00, "appraisal_paper": "评〔2025〕1号"}
    one = make_move(OFFICE, one.pk, "appraise", told, seen=2, why="设备老化")
    one = make_move(VILLAGE, one.pk, "notice", {"notice_from": date(2025, 10, 28)}, seen=3)
    assert "approve" not in offered(VILLAGE, one)
    with pytest.raises(PermissionDenied):
        make_move(VILLAGE, one.pk, "approve", {"approval_paper": "批1"}, seen=4)
    with pytest.raises(UserError, match="2025-11-02"):
        make_move(TOWNSHIP, one.pk, "approve", {"approval_paper": "批1"}, seen=4)
    Entry.everything.filter(pk=one.pk).update(data={**one.data, "notice_from": "2025-10-20"})
    one = make_move(TOWNSHIP, one.pk, "approve", {"approval_paper": "批1"}, seen=4)
    one = make_move(OFFICE, one.pk, "dispose", {"proceeds": 5_000_00, "proceeds_use": "村集体账户"}, seen=5)
    assert one.state == "disposed" and EntryVersion.everything.filter(entry=one).count() == 5


def test_income_is_distributed_after_meeting_notice_and_review_and_never_beyond_what_came_in():
    """中央（五）：收益分配；支付不超过入账"""
    one = asset()
    made("asset_income", A, income_no="S1", asset_no="Z1", received_on=date(2025, 5, 1), amount=300_00)
    assert balance(one) == 300_00
    plan = made("distribution", A, distribution_no="F1", asset_no="Z1", use="upkeep", payee="村集体",
                planned_on=date(2025, 5, 10), amount=400_00)  # fmt: skip
    make_move(VILLAGE, plan.pk, "notice", {"meeting_paper": "决议1", "notice_from": date(2025, 5, 12)}, seen=1)
    make_move(TOWNSHIP, plan.pk, "approve", {}, seen=2)
    with pytest.raises(UserError, match=r"余额300\.00元"):
        make_move(OFFICE, plan.pk, "pay", {"paid_on": date(2025, 6, 1)}, seen=3)
    assert balance(one) == 300_00 and Entry.everything.get(pk=plan.pk).state == "approved"
    change(OFFICE, plan.pk, {"amount": 250_00}, "", seen=3, why="按入账数调整")
    make_move(OFFICE, plan.pk, "pay", {"paid_on": date(2025, 6, 1)}, seen=4)
    assert balance(one) == 50_00 and zero_sum()


def zero_sum() -> bool:
    return Account.objects.aggregate(total=Sum("balance"))["total"] == 0


def grant_to_payment() -> tuple[Entry, Entry, Entry, Entry]:
    grant = made("grant", COUNTY, grant_no="G1", name="中央衔接资金", level="central", year=2025,
                 received_on=date(2025, 3, 1), amount=1000_00)  # fmt: skip
    project = made("project", A, state="pooled", project_no="P1", name="灌溉渠", use="industry", year=2025,
                   planned_amount=900_00)  # fmt: skip
    allocation = made("allocation", A, allocation_no="A1", grant_no="G1", project_no="P1",
                      allocated_on=date(2025, 4, 1), amount=800_00)  # fmt: skip
    payment = made("payment", A, payment_no="Y1", allocation_no="A1", paid_on=date(2025, 6, 1), amount=300_00,
                   payee="某建筑公司")  # fmt: skip
    return grant, project, allocation, payment


def test_each_fen_is_followed_from_grant_to_payee_and_nothing_is_paid_beyond_the_allocation():
    """财农〔2021〕19号：资金追踪到项目到人"""
    grant, _project, allocation, _payment = grant_to_payment()
    made("payment", A, payment_no="Y2", allocation_no="A1", paid_on=date(2025, 7, 1), amount=200_00, household_id="H1")
    assert (balance(grant), balance(allocation)) == (200_00, 300_00)
    steps = steps_of(OFFICE, grant)
    assert dict(ends_of(steps)) == {"某建筑公司": 300_00, "农户 H1": 200_00}
    over = record("payment", A, payment_no="Y3", allocation_no="A1", paid_on=date(2025, 8, 1), amount=300_01, payee="x")
    assert "余额300.00元" in over.problems[0]["amount"]
    assert not Entry.everything.filter(key="Y3").exists()
    too_much = record("allocation", A, allocation_no="A2", grant_no="G1", project_no="P1",
                      allocated_on=date(2025, 4, 2), amount=200_01)  # fmt: skip
    assert "amount" in too_much.problems[0]
    assert zero_sum()


def test_a_forbidden_use_is_refused():
    """财农〔2021〕19号：不得用于楼堂馆所"""
    told = record("project", A, project_no="P9", name="办公楼", use="buildings", year=2025, planned_amount=1)
    assert "楼堂馆所" in told.problems[0]["use"]


def test_what_is_put_right_or_withdrawn_takes_its_money_with_it_and_leaves_its_trace():
    grant, _project, allocation, payment = grant_to_payment()
    change(OFFICE, payment.pk, {"amount": 100_00}, "", seen=1, why="录错")
    assert balance(allocation) == 700_00
    assert Transfer.everything.filter(entry=payment).count() == 3  # made, undone, made anew
    with pytest.raises(UserError, match="引用"):
        withdraw(OFFICE, allocation.pk, seen=1, why="错")
    withdraw(OFFICE, payment.pk, seen=2, why="重复登记")
    assert balance(allocation) == 800_00 and zero_sum()
    withdraw(OFFICE, allocation.pk, seen=1, why="错")
    assert balance(grant) == 1000_00
    assert Entry.everything.get(pk=payment.pk).withdrawn_on


def test_a_grant_cannot_be_made_smaller_than_what_was_allocated():
    grant, *_ = grant_to_payment()
    told = change(OFFICE, grant.pk, {"amount": 700_00}, "", seen=1, why="调减")
    assert "amount" in told.problems[0]
    grant.refresh_from_db()
    assert grant.data["amount"] == 1000_00 and balance(grant) == 200_00


def test_the_database_itself_holds_no_account_below_zero_and_no_transfer_of_nothing():
    grant, *_ = grant_to_payment()
    for wrong in (
        lambda: Account.objects.filter(pk=account_of(grant)).update(balance=-1),
        lambda: Transfer.everything.filter(entry=grant).update(amount=0),
        lambda: Transfer.everything.filter(entry=grant).update(source_id=account_of(grant)),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


def test_the_second_of_two_changes_is_told():
    one = asset()
    change(OFFICE, one.pk, {"custodian": "李某"}, "", seen=1, why="换人")
    with pytest.raises(UserError, match="改过"):
        change(OFFICE, one.pk, {"custodian": "赵某"}, "", seen=1, why="换人")


def test_an_entry_of_another_place_is_not_there():
    one = asset(place=B)
    with pytest.raises(Http404):
        make_move(VILLAGE, one.pk, "confirm", {}, seen=1)


def test_problems_stand_until_they_are_gone():
    one = asset(custodian=None)
    check_entries([one])
    one.refresh_from_db()
    assert one.flags == 1 and Flag.everything.get(gone_on=None).check_name == "custodian_missing"
    told = change(OFFICE, one.pk, {"custodian": "王某"}, "", seen=1, why="补")
    check_entries(list(told.taken.values()))
    one.refresh_from_db()
    assert one.flags == 0 and not Flag.everything.filter(gone_on=None).exists()
