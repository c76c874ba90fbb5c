"""Which findings raise a clue, and where the findings of households go that are monitored already."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from tests.web import daily_county as place
from tests.web.test_cases_register import a_run, found, put
from tests.web.test_cases_services import COUNTY, OFFICE, TOWN, household, reason, to_verification
from tests.web.test_cases_verification import case as case  # noqa: PLC0414
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import verify
from xianjie.web.cases import clues, services
from xianjie.web.cases.discovering import take_findings
from xianjie.web.cases.following import take_run
from xianjie.web.cases.models import Case, CaseMove, Clue, ClueReason
from xianjie.web.cases.planning_rules import open_risks
from xianjie.web.registry.models import Fact, Household

pytestmark = pytest.mark.django_db
OFFICE_AND_TOWN = Scope((*OFFICE.holdings, *TOWN.holdings))


def spell(home: Household, *, removed: bool = False, kind: str = "marginal", **more: Any) -> None:
    data = {"kind": kind, "identified_on": "2024-03-01", "removed": removed, "risk1": "illness", **more}
    Fact.everything.create(
        entity="monitoring", key=f"M-{home.pk}", household=home, region_code=home.region_code, source="register",
        recorded_on=date(2024, 4, 1), data=data,
    )  # fmt: skip
    Household.everything.filter(pk=home.pk).update(monitored_kind="" if removed else kind)


def test_one_light_finding_is_the_departments_warning_and_no_clue_until_they_weigh_enough_together():
    household(1), household(2)
    light = [reason(1, "uninsured", 15, "guarantee"), reason(2, "income_below_line", 30)]
    taken = take_findings(COUNTY, light)
    assert (taken.opened, taken.light) == (0, 2) and not Clue.everything.exists()
    assert take_findings(COUNTY, [*light, reason(2, "inpatient_cost_high", 15, "spending")]).opened == 1
    assert ClueReason.everything.filter(clue__household="H002").count() == 2


def test_a_finding_of_assistance_not_claimed_never_raises_a_clue():
    household(1)
    assert take_findings(COUNTY, [reason(1, "dibao_missed", 90, "assistance")]).opened == 0
    assert take_findings(COUNTY, [reason(1, "tekun_missed", 90, "tracking")]).opened == 0


def test_a_household_monitored_before_gets_a_case_at_help_with_kind_and_risks_and_no_clue():
    run, home = a_run(), household(1)
    spell(home)
    found(run, home, "missed", group="tracking", score=90)
    take_run(COUNTY)
    take_run(COUNTY)
    case = Case.everything.get()
    assert (case.at, case.phase, case.kind, case.news_on) == ("helping", "help", "marginal", None)
    assert [one.action for one in CaseMove.everything.filter(case=case)] == ["adopt"] and "illness" in open_risks(case)
    assert not Clue.everything.filter(state=Clue.OPEN).exists() and verify().first_bad is None


def test_a_new_risk_of_a_household_under_help_goes_to_its_case_and_stays_until_somebody_says_what_was_done(case):
    case = put(case, "helping")
    taken = take_findings(COUNTY, [reason(1, "house_unsafe", 25, "guarantee")])
    case.refresh_from_db()
    assert (taken.opened, taken.to_cases) == (0, 1) and case.news_on == date(2025, 10, 31)
    town = place.client("township", "629901100000")
    page = town.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert "发现house_unsafe" in page and "有新情况" in page
    assert town.get(reverse("cases:cases"), {"news": "on"}).context["table"].count == 1
    address = reverse("cases:news", args=[case.pk])
    assert town.post(address, {"seen": "2025-10-30", "text": "已上门"}).status_code == 200  # more was found since
    assert town.post(address, {"seen": "2025-10-31", "text": "已上门，报住建排危"}).status_code == 302
    case.refresh_from_db()
    assert case.news_on is None and take_findings(COUNTY, [reason(1, "house_unsafe", 25, "guarantee")]).to_cases == 0


def test_what_a_visitor_finds_at_a_household_under_help_goes_to_its_case():
    case = put(to_verification(household()), "helping")
    clues.add_clue(TOWN, case.household, "visit", "屋顶塌了一角")
    case.refresh_from_db()
    assert case.news_on == date(2025, 10, 31) and Clue.everything.get().case_id == case.pk
    assert not Clue.everything.filter(state=Clue.OPEN).exists()


def test_a_clue_of_a_watched_household_is_a_relapse_into_the_same_case():
    case = put(to_verification(household()), "watching")
    assert take_findings(COUNTY, [reason(1, "risk_again", 15, "tracking")]).came_back == 1
    again = clues.dispatch(TOWN, Clue.everything.get(state=Clue.OPEN).pk, why="又遇病")
    assert (again.pk, again.at) == (case.pk, "verify")
    moved = CaseMove.everything.filter(case=case).order_by("-number").first()
    assert (moved.action, moved.reason) == ("relapse", "又遇病")


@pytest.mark.parametrize(("green", "at"), [(False, "verify"), (True, "help_first")])
def test_a_household_removed_before_this_system_knew_it_relapses_too(green, at):
    home = household()
    spell(home, removed=True, removed_on="2025-01-10")
    clues.add_clue(TOWN, home, "sweep", "丈夫住院")
    case = clues.dispatch(TOWN, Clue.everything.get().pk, green=green, why="住院")
    assert case.at == at
    assert [one.action for one in CaseMove.everything.filter(case=case).order_by("number")] == [
        "adopt", "relapse_urgent" if green else "relapse",
    ]  # fmt: skip


def test_a_clue_of_a_household_whose_case_is_under_way_is_not_dispatched_twice():
    home = household()
    clues.add_clue(TOWN, home, "sweep", "发现困难")
    services.open_case(OFFICE, home, why="县里直接建案")
    with pytest.raises(UserError, match="已有在办案件"):
        clues.dispatch(TOWN, Clue.everything.get().pk)
    take_findings(COUNTY, [])
    assert Clue.everything.get().state == Clue.DISPATCHED  # the next run lays it to the case


def test_the_second_of_two_people_is_told_and_loses_nothing_typed(case):
    """The first sent the case on: where it stands at the same step again, and where it has left it."""
    town, address = place.client("township", "629901100000"), reverse("cases:move", args=[case.pk, "send_back"])
    case = put(case, "township_review")
    seen = case.revision
    case = services.move(OFFICE_AND_TOWN, case.pk, "approve", seen=seen)
    typed = {"seen": seen, "reason": "第二人写的长意见"}
    page = town.post(reverse("cases:move", args=[case.pk, "object"]), typed).content.decode()
    assert "第二人写的长意见" in page and "没有提交" in page and "审核同意" in page
    case = services.move(OFFICE_AND_TOWN, case.pk, "send_back", seen=case.revision, reason="补材料")
    page = town.post(address, typed)
    assert "第二人写的长意见" in page.content.decode() and "请核对最新情况" in page.content.decode()
    again = {"seen": page.context["form"]["seen"].value(), "reason": "第二人写的长意见"}
    assert town.post(address, again).status_code == 302
