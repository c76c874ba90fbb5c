"""A plan answers each risk with a measure that is accepted for it, and able households get development help."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xianjie.dictionary import dictionary
from xianjie.web.cases.plans import answers, catalogue, gaps, propose

RISKS = sorted(dictionary().codes["risk"].values)
DEVELOPMENT = ("industry", "job", "finance", "public_post")
ACCEPTED = {"illness": ("health", "society", "social_floor"), "housing": ("housing", "relocation")}


def test_the_catalogue_names_only_groups_risks_and_departments_that_the_dictionary_knows():
    groups, departments = dictionary().codes["measure_group"].values, dictionary().departments
    for name, one in catalogue().items():
        assert one.group in groups and one.department in departments and set(one.risks) <= set(RISKS), name


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # the machine may be busy
@given(
    risks=st.lists(st.sampled_from(RISKS), min_size=1, max_size=5, unique=True),
    able=st.sampled_from([True, False, None]),
)
def test_every_risk_is_answered_by_an_accepted_measure_that_fits_the_household(risks, able):
    chosen = [catalogue()[name] for name in propose(risks, able, ACCEPTED, DEVELOPMENT)]
    for risk in risks:
        assert any(answers(one, risk, ACCEPTED) for one in chosen), risk
    for one in chosen:
        assert one.fits == "any" or (one.fits == "able") == bool(able)
    assert not able or any(one.group in DEVELOPMENT for one in chosen)


def test_what_runs_already_is_not_proposed_again():
    assert "house_repair" in propose(["housing"], False, ACCEPTED, DEVELOPMENT)
    assert propose(["housing"], False, ACCEPTED, DEVELOPMENT, has=["house_repair"]) == []


def test_a_plan_without_development_help_for_an_able_household_or_without_helper_has_gaps():
    planned = [("health", "illness")]
    assert gaps(["illness"], False, planned, ACCEPTED, DEVELOPMENT, "王某") == []
    assert {gap.what for gap in gaps(["illness", "job"], True, planned, ACCEPTED, DEVELOPMENT, " ")} == {
        "risk", "development", "helper",
    }  # fmt: skip
    assert [gap.risk for gap in gaps(["illness"], False, [("industry", "illness")], ACCEPTED, DEVELOPMENT, "x")] == [
        "illness"
    ]


@pytest.mark.parametrize("able", [True, False])
def test_the_same_household_gets_the_same_proposal_every_time(able):
    assert propose(["illness", "job"], able, ACCEPTED, DEVELOPMENT) == propose(
        ["illness", "job"], able, ACCEPTED, DEVELOPMENT
    )
