"""Cases move by their flow alone, nothing of them is lost, and clues come back only when things get worse."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.audit.services import Actor, acting, verify
from xianjie.web.cases import clues, services
from xianjie.web.cases.discovering import Reason, take_findings
from xianjie.web.cases.models import Case, CaseMove, Clue, ClueReason
from xianjie.web.flows.definition import flow_by_key
from xianjie.web.flows.engine import Refused
from xianjie.web.registry.models import Household

VILLAGE, OTHER, COUNTY = "629901100200", "629901100201", "629901000000"
CADRE = Scope((Holding("village", VILLAGE),))
TOWN = Scope((Holding("township", "629901100000"),))
OFFICE = Scope((Holding("county", COUNTY),))
pytestmark = pytest.mark.django_db


def household(number: int = 1, place: str = VILLAGE) -> Household:
    return Household.everything.create(
        household_id=f"H{number:03}", region_code=place, head_name="虚某", household_type="general"
    )


def evidence(scope: Scope, case: Case, *kinds: str) -> None:
    for kind in kinds:
        services.give_evidence(scope, case.pk, kind, {"names": ["甲", "乙"]}, seen=case.revision)


def to_verification(home: Household) -> Case:
    case = services.open_case(TOWN, home, why="入户发现")
    return services.move(TOWN, case.pk, "dispatch", seen=case.revision)


def test_a_case_is_opened_dispatched_verified_with_evidence_and_passed_on():
    case = to_verification(household())
    with pytest.raises(Refused) as refusal:
        services.move(CADRE, case.pk, "submit", seen=case.revision)
    assert refusal.value.code == "flows.no_evidence"
    evidence(CADRE, case, "two_visitors", "authorisation", "undertaking", "verification_record")
    case = services.move(CADRE, case.pk, "submit", seen=case.revision)
    assert (case.at, case.phase) == ("compare", "identification")
    assert [one.action for one in CaseMove.everything.filter(case=case).order_by("number")] == [
        "open", "dispatch", "submit",
    ]  # fmt: skip
    assert verify().first_bad is None


def test_evidence_of_an_earlier_round_does_not_serve_after_a_case_was_sent_back():
    case = to_verification(household())
    evidence(CADRE, case, "two_visitors", "authorisation", "undertaking", "verification_record")
    case = services.move(CADRE, case.pk, "submit", seen=case.revision)
    case = services.move(OFFICE, case.pk, "send_back", seen=case.revision, reason="照片不清")
    with pytest.raises(Refused):
        services.move(CADRE, case.pk, "submit", seen=case.revision)


def test_two_visitors_are_two_people_not_one_name_twice():
    case = to_verification(household())
    services.give_evidence(CADRE, case.pk, "two_visitors", {"names": ["甲", " 甲"]}, seen=case.revision)
    assert "two_visitors" not in services.evidence_of(case)
    services.give_evidence(CADRE, case.pk, "two_visitors", {"names": ["乙"]}, seen=case.revision)
    assert "two_visitors" in services.evidence_of(case)


def test_the_second_of_two_people_is_told_what_the_first_did():
    case = to_verification(household())
    seen = case.revision
    with acting(Actor("zhang", "张某")):
        services.move(CADRE, case.pk, "not_so", seen=seen, reason="人已搬走")
    with pytest.raises(services.Overtaken) as overtaken:
        services.move(CADRE, case.pk, "not_so", seen=seen, reason="情况不符")
    assert [one.by for one in overtaken.value.moves] == ["zhang"] and "张某" in str(overtaken.value)


def test_nobody_moves_a_case_outside_their_area_or_beyond_their_role():
    case = services.open_case(OFFICE, household(place=OTHER), why="x")
    with pytest.raises(PermissionDenied):
        services.move(CADRE, case.pk, "dispatch", seen=case.revision)
    mine = services.open_case(OFFICE, household(2), why="x")
    with pytest.raises(Refused) as refusal:
        services.move(CADRE, mine.pk, "dispatch", seen=mine.revision)
    assert refusal.value.code == "flows.not_yours"


def test_a_household_has_one_case_for_life():
    home = household()
    case = services.open_case(TOWN, home, why="x")
    with pytest.raises(UserError, match="已有在办案件"):
        services.open_case(TOWN, home, why="y")
    services.move(TOWN, case.pk, "dismiss", seen=case.revision, reason="不属实")
    again = services.open_case(TOWN, home, why="又遇灾")
    assert again.pk == case.pk and CaseMove.everything.filter(case=case).count() == 3


def test_a_late_case_climbs_once(settings):
    case = to_verification(household())
    settings.TODAY = "2025-12-31"
    assert services.climb_late() == 1 and services.climb_late() == 0
    case.refresh_from_db()
    assert case.told_to == "township"


def reason(number: int, code: str, score: int = 50, group: str = "income") -> Reason:
    return Reason(f"H{number:03}", VILLAGE, code, f"发现{code}", score, group=group)


def test_many_findings_of_a_household_are_one_clue_with_reasons_side_by_side():
    household(1), household(2)
    found = [reason(1, "a"), reason(1, "b", 15), reason(2, "c"), reason(2, "cause_illness", 0, "cause")]
    taken = take_findings(COUNTY, found)
    assert (taken.opened, Clue.everything.count(), ClueReason.everything.count()) == (2, 2, 3)
    assert take_findings(COUNTY, found).opened == 0 and Clue.everything.count() == 2


def test_a_dismissed_clue_stays_away_until_something_gets_worse():
    household(1)
    take_findings(COUNTY, [reason(1, "a")])
    clues.dismiss(TOWN, [Clue.everything.get().pk], "收入漏报，已补")
    assert take_findings(COUNTY, [reason(1, "a")]).left == 1
    assert take_findings(COUNTY, [reason(1, "a"), reason(1, "b", 1)]).came_back == 1
    assert Clue.everything.get(state=Clue.OPEN).came_back


def test_a_clue_of_which_nothing_is_left_closes_itself_but_not_one_that_a_person_raised():
    home, other = household(1), household(2)
    take_findings(COUNTY, [reason(1, "a"), reason(2, "a")])
    clues.add_clue(TOWN, other, "visit", "户主摔伤")
    taken = take_findings(COUNTY, [])
    assert taken.calmed == 1
    assert set(Clue.everything.filter(state=Clue.OPEN).values_list("household", flat=True)) == {other.pk}
    assert Clue.everything.get(household=home).state == Clue.DISMISSED


def test_many_clues_are_dismissed_with_one_reason_and_taken_back():
    for number in range(1, 40):
        household(number)
    take_findings(COUNTY, [reason(number, "a") for number in range(1, 40)])
    pks = list(Clue.everything.values_list("pk", flat=True))
    batch = clues.dismiss(TOWN, pks, "数据滞后")
    assert not Clue.everything.filter(state=Clue.OPEN).exists()
    assert clues.undo(TOWN, batch) == 39 and Clue.everything.filter(state=Clue.OPEN).count() == 39


def test_dismissing_a_clue_of_another_area_is_refused_as_a_whole():
    household(1), household(2, OTHER)
    take_findings(COUNTY, [reason(1, "a"), Reason("H002", OTHER, "a", "发现a", 50, group="income")])
    with pytest.raises(UserError):
        clues.dismiss(CADRE, Clue.everything.values_list("pk", flat=True), "x")
    assert Clue.everything.filter(state=Clue.OPEN).count() == 2


def test_a_dispatched_clue_becomes_a_case_at_its_village_or_help_first():
    household(1), household(2)
    take_findings(COUNTY, [reason(1, "a"), reason(2, "flood", 50, "shock")])
    first, second = Clue.everything.order_by("household")
    assert clues.dispatch(TOWN, first.pk).at == "verify"
    assert second.urgent and clues.dispatch(TOWN, second.pk, green=True, why="山洪").at == "help_first"
    assert not Clue.everything.filter(state=Clue.OPEN).exists()


class RandomWalks(TestCase):
    """Whatever people try, a case is what its moves add up to."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(tries=st.lists(st.tuples(st.integers(0, 99), st.sampled_from([CADRE, TOWN, OFFICE])), max_size=25))
    def test_a_case_never_loses_a_move_and_stands_where_its_moves_lead(self, tries):
        case = services.open_case(OFFICE, household(), why="x")
        flow = flow_by_key(case.flow)
        words = sorted({word for step in flow.steps.values() for word in step.actions})
        for number, scope in tries:
            before = list(CaseMove.everything.filter(case=case).order_by("number").values_list("pk", "action"))
            try:
                case = services.move(
                    scope,
                    case.pk,
                    words[number % len(words)],
                    seen=case.revision,
                    reason="有",
                    given={"kind": "marginal", "manner": "helped"},
                    holds={"removal_due": True},
                )
            except Refused:
                continue
            after = list(CaseMove.everything.filter(case=case).order_by("number").values_list("pk", "action"))
            assert after[:-1] == before and len(after) == len(before) + 1
        case.refresh_from_db()
        moves = list(CaseMove.everything.filter(case=case).order_by("number"))
        assert [one.number for one in moves] == list(range(1, len(moves) + 1)) and case.revision == len(moves)
        assert case.at == moves[-1].to and case.over == (case.at in flow.ends)
        assert case.since == date(2025, 10, 31)
