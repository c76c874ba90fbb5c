"""An application moves by its flow alone, a person decides, and what is decided is who receives what."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from xianjie.messages import UserError
from xianjie.rules.language import add_months
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.assistance import fund, services
from xianjie.web.assistance.fund_models import Fund, FundEntry
from xianjie.web.assistance.models import Application, ApplicationMove, Benefit
from xianjie.web.assistance.programmes import number, programmes
from xianjie.web.audit.services import verify
from xianjie.web.flows.definition import load_flows
from xianjie.web.flows.engine import Refused
from xianjie.web.flows.proceedings import Overtaken
from xianjie.web.registry.models import Fact, Household, Person
from xianjie.web.registry.records import unpack

VILLAGE, TOWNSHIP, COUNTY = "629901100200", "629901100000", "629901000000"
CADRE = Scope((Holding("village", VILLAGE),))
TOWN = Scope((Holding("township", TOWNSHIP),))
CLERK = Scope((Holding("department", COUNTY, "civil_affairs"),))
OTHER_CLERK = Scope((Holding("department", COUNTY, "medical_insurance"),))
TAKEN = {"channel": "resident", "applicant": "虚某", "told": "长期患病，收入减少"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def day(settings: Any) -> None:
    settings.TODAY = "2025-10-31"


def household(people: int = 2) -> Household:
    home = Household.everything.create(
        household_id="H001", region_code=VILLAGE, head_name="虚某", household_type="general", size=people
    )
    for number_of in range(people):
        Person.everything.create(
            person_id=f"P00{number_of}", household=home, region_code=VILLAGE, name=f"虚某{number_of}", relation="01",
            alive=True,
        )  # fmt: skip
    return home


def taken(programme: str = "dibao", **more: Any) -> Application:
    return services.apply(TOWN, household(), programme, {**TAKEN, **more})


def step(scope: Scope, one: Application, action: str, *evidence: str, **more: Any) -> Application:
    """Give the evidence and go on."""
    for kind in evidence:
        services.give_evidence(scope, one.pk, kind, {"names": ["甲", "乙"]}, seen=one.revision)
    return services.move(scope, one.pk, action, seen=one.revision, **more)


def to_notice(settings: Any, one: Application) -> Application:
    one = step(TOWN, one, "accept", "authorisation", "undertaking", "papers_complete")
    one = step(TOWN, one, "begin", "surveyors_named", "check_requested")
    one = step(TOWN, one, "submit", "two_visitors", "survey_record")
    one = step(CLERK, one, "pass_on", "comparison_done", "hits_explained")
    return step(TOWN, one, "support")


def to_county(settings: Any, one: Application) -> Application:
    one = to_notice(settings, one)
    settings.TODAY = "2025-11-10"
    return step(TOWN, one, "report", "notice_posted", "objections_answered")


def granted(settings: Any, amount: int = 45367) -> Application:
    one = to_county(settings, taken())
    given = {"amount": str(amount), "members": "P000;P001", "single_person": "no"}
    return services.move(CLERK, one.pk, "grant", seen=one.revision, given=given, facts={"due": True})


def test_low_income_allowance_goes_from_application_to_benefit(settings: Any) -> None:
    one = granted(settings)
    rows = list(Benefit.everything.order_by("person_id"))
    assert [row.amount_month for row in rows] == [22684, 22683]  # to the fen: the shares add up to what was decided
    assert {row.begins_on for row in rows} == {date(2025, 12, 1)}  # from the month after the decision
    facts = [unpack("category", fact.data) for fact in Fact.everything.filter(entity="category")]
    assert {(fact["category"], fact["valid_from"]) for fact in facts} == {("dibao", date(2025, 11, 10))}
    assert one.decided == "granted" and verify().first_bad is None
    assert ApplicationMove.everything.get(owner=one, action="grant").facts == {"due": True}


def test_the_notice_hangs_seven_days_and_every_objection_is_answered_before_it_goes_on(settings: Any) -> None:
    one = to_notice(settings, taken())
    for kind in ("notice_posted", "objections_answered"):
        services.give_evidence(TOWN, one.pk, kind, {}, seen=one.revision)
    settings.TODAY = "2025-11-06"
    with pytest.raises(Refused) as refusal:
        services.move(TOWN, one.pk, "report", seen=one.revision)
    assert refusal.value.code == "flows.too_early"
    settings.TODAY = "2025-11-07"
    objection = services.object_to(TOWN, one.pk, "邻居", "他家有车")
    with pytest.raises(Refused):
        services.move(TOWN, one.pk, "report", seen=one.revision)
    services.answer(TOWN, one.pk, objection.pk, "车已报废")
    assert services.move(TOWN, one.pk, "report", seen=one.revision).at == "dibao_confirm"


def test_a_refusal_has_a_reason_and_an_appeal_leads_back_to_who_decided(settings: Any) -> None:
    one = to_county(settings, taken())
    with pytest.raises(Refused):
        services.move(CLERK, one.pk, "refuse", seen=one.revision)
    one = services.move(CLERK, one.pk, "refuse", seen=one.revision, reason="人均收入超过标准")
    assert one.at == "dibao_tell_refusal" and one.due_on == date(2025, 11, 13)  # three working days
    one = services.move(TOWN, one.pk, "appeal", seen=one.revision, reason="收入算错")
    assert one.at == "dibao_confirm" and not Benefit.everything.exists()


def test_relatives_of_staff_are_registered_and_granted_only_after_the_county_s_own_visit(settings: Any) -> None:
    with pytest.raises(UserError, match="近亲属"):
        services.apply(TOWN, household(), "dibao", {**TAKEN, "staff_relative": True})
    told = {**TAKEN, "staff_relative": True, "staff_told": "村会计之弟"}
    one = to_county(settings, services.apply(TOWN, Household.everything.get(), "dibao", told))
    given = {"amount": "10000", "members": "P000"}
    with pytest.raises(Refused):
        services.move(CLERK, one.pk, "grant", seen=one.revision, given=given)
    one = services.move(CLERK, one.pk, "visit", seen=one.revision, reason="两人入户，情况属实")
    assert services.move(CLERK, one.pk, "grant", seen=one.revision, given=given).decided == "granted"


def test_nobody_acts_outside_their_area_role_or_department() -> None:
    one = taken()
    for stranger in (OTHER_CLERK, Scope((Holding("township", "629901200000"),))):
        with pytest.raises(PermissionDenied):
            services.move(stranger, one.pk, "withdraw", seen=one.revision, reason="x")
    with pytest.raises(Refused) as refusal:
        services.move(CADRE, one.pk, "withdraw", seen=one.revision, reason="x")
    assert refusal.value.code == "flows.not_yours"
    assert not Application.objects.within(OTHER_CLERK, "assistance.view").exists()


def test_the_second_of_two_people_is_told_what_the_first_did() -> None:
    one = taken()
    seen = one.revision
    services.move(TOWN, one.pk, "ask_papers", seen=seen, reason="缺户口簿")
    with pytest.raises(Overtaken):
        services.move(TOWN, one.pk, "withdraw", seen=seen, reason="x")


def test_one_application_for_a_programme_is_open_at_a_time() -> None:
    one = taken()
    with pytest.raises(UserError, match="已有在办申请"):
        services.apply(TOWN, one.household, "dibao", TAKEN)
    services.move(TOWN, one.pk, "withdraw", seen=one.revision, reason="不申请了")
    assert services.apply(TOWN, one.household, "dibao", TAKEN).pk != one.pk


def reviewed(settings: Any, one: Application, day: str = "2026-03-05") -> Application:
    one = step(TOWN, one, "told", "household_told")
    settings.TODAY = day
    one = services.move(TOWN, one.pk, "review", seen=one.revision)
    return step(TOWN, one, "submit", "two_visitors", "survey_record")


def test_a_review_changes_the_amount_from_the_next_month_and_keeps_what_was(settings: Any) -> None:
    one = reviewed(settings, granted(settings))
    given = {"amount": "30000", "members": "P000;P001"}
    services.move(CLERK, one.pk, "keep", seen=one.revision, given=given)
    spells = Benefit.everything.filter(person_id="P000").order_by("begins_on")
    assert [(row.begins_on, row.ends_on, row.amount_month) for row in spells] == [
        (date(2025, 12, 1), date(2026, 4, 1), 22684), (date(2026, 4, 1), None, 15000),
    ]  # fmt: skip


def test_a_review_that_keeps_the_amount_only_moves_the_next_review(settings: Any) -> None:
    one = reviewed(settings, granted(settings))
    services.move(CLERK, one.pk, "keep", seen=one.revision, given={"amount": "45367", "members": "P001;P000"})
    rows = Benefit.everything.all()
    assert {(row.ends_on, row.reviewed_on) for row in rows} == {(None, date(2026, 3, 5))}
    months = number(programmes()["dibao"].review["labour"], VILLAGE, date(2026, 3, 5))
    assert months is not None
    assert {row.review_due_on for row in rows} == {add_months(date(2026, 3, 5), months.value)}


def test_gradual_exit_ends_by_the_policy_s_months_and_stopping_begins_with_the_next_month(settings: Any) -> None:
    one = reviewed(settings, granted(settings))
    with pytest.raises(UserError, match="2026-09-05"):
        services.move(CLERK, one.pk, "ease_out", seen=one.revision, reason="已就业", given={"manner": "2026-12-31"})
    one = services.move(CLERK, one.pk, "ease_out", seen=one.revision, reason="已就业", given={"manner": "2026-09-05"})
    assert {row.grace_until for row in Benefit.everything.all()} == {date(2026, 9, 5)}
    one = step(TOWN, one, "told", "household_told")
    one = services.move(CLERK, one.pk, "close", seen=one.revision, reason="全家迁出")
    assert {row.ends_on for row in Benefit.everything.all()} == {date(2026, 4, 1)}


def test_only_living_members_of_the_household_can_be_covered(settings: Any) -> None:
    one = to_county(settings, taken())
    Person.everything.filter(pk="P001").update(alive=False)
    for members in ("", "P001", "P999"):
        with pytest.raises(UserError, match="保障对象"):
            services.move(CLERK, one.pk, "grant", seen=one.revision, given={"amount": "100", "members": members})
    assert Application.everything.get(pk=one.pk).at == "dibao_confirm"


def relief(amount: str, **more: str) -> dict[str, str]:
    return {"amount": amount, "relief_kind": "urgent", "case_by_case": "no", "from_reserve": "yes", **more}


def test_urgent_relief_comes_first_out_of_the_reserve_and_papers_later(settings: Any) -> None:
    fund.bring_in(CLERK, TOWNSHIP, 100_000, "县财社〔2025〕1号")
    one = taken("relief")
    one = services.move(TOWN, one.pk, "help_first", seen=one.revision, reason="房屋失火")
    one = services.move(TOWN, one.pk, "relieve", seen=one.revision, reason="当日送达", given=relief("60000"))
    reserve = Fund.everything.get()
    assert reserve.balance == fund.balance_of(reserve) == 40_000
    grant = unpack("relief_grant", Fact.everything.get(entity="relief_grant").data)
    assert grant["help_first"] and grant["decided_by"] == "township" and grant["amount"] == 60_000
    assert one.at == "relief_papers"
    assert step(TOWN, one, "complete", "authorisation", "undertaking", "paid_out").over


def test_relief_beyond_the_reserve_or_the_township_s_limit_changes_nothing(settings: Any) -> None:
    fund.bring_in(CLERK, TOWNSHIP, 10_000, "县财社〔2025〕1号")
    one = taken("relief")
    one = services.move(TOWN, one.pk, "help_first", seen=one.revision, reason="房屋失火")
    for amount, problem in (("60000", "余额"), ("90000", "限额")):
        with pytest.raises(UserError, match=problem):
            services.move(TOWN, one.pk, "relieve", seen=one.revision, reason="急", given=relief(amount))
    one.refresh_from_db()
    assert one.at == "relief_first" and Fund.everything.get().balance == 10_000
    assert FundEntry.everything.count() == 1 and not Fact.everything.filter(entity="relief_grant").exists()


def test_where_no_limit_is_known_a_township_decides_nothing(settings: Any) -> None:
    home = household()
    Household.everything.update(region_code="140702100200")
    home.refresh_from_db()
    elsewhere = Scope((Holding("township", "140702100000"),))
    one = services.apply(elsewhere, home, "relief", TAKEN)
    one = services.move(elsewhere, one.pk, "help_first", seen=one.revision, reason="失火")
    with pytest.raises(UserError, match="没有乡镇小额审批限额"):
        services.move(
            elsewhere, one.pk, "relieve", seen=one.revision, reason="急", given=relief("100", from_reserve="no")
        )


def test_an_entry_of_the_fund_is_never_changed_and_reversed_once() -> None:
    entry = fund.bring_in(CLERK, TOWNSHIP, 5_000, "拨入")
    with pytest.raises(TypeError):
        entry.save()
    fund.reverse(CLERK, entry.pk, "记错乡镇")
    with pytest.raises(UserError):
        fund.reverse(CLERK, entry.pk, "再冲")
    assert Fund.everything.get().balance == 0
    with pytest.raises(PermissionDenied):
        fund.bring_in(OTHER_CLERK, TOWNSHIP, 5_000, "拨入")


def test_a_late_application_climbs_once(settings: Any) -> None:
    one = taken()
    settings.TODAY = "2025-12-31"
    assert services.climb_late() == 1 and services.climb_late() == 0
    one.refresh_from_db()
    assert one.told_to == "county"


@pytest.mark.parametrize("code", list(programmes()))
def test_every_programme_has_a_flow_whose_decisions_freeze_their_facts(code: str) -> None:
    for flow in load_flows()[programmes()[code].flow]:
        deciders = [name for name, one in flow.steps.items() if any(way.writes for way in one.actions.values())]
        writing = {way.writes for one in flow.steps.values() for way in one.actions.values()} - {""}
        assert deciders and writing <= {"granted", "reviewed", "grace", "stopped", "relieved"}
        for name in deciders:
            closes = all(way.writes in ("", "stopped") for way in flow.steps[name].actions.values())
            assert flow.steps[name].freezes or closes
