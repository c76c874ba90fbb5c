"""Clues follow the daily run, and what a case decides stands in the register, never written over."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.web.test_cases_services import COUNTY, OFFICE, VILLAGE, household, to_verification
from xianjie.web.cases import services
from xianjie.web.cases.discovering import Reason, take_findings
from xianjie.web.cases.forms import MoveForm
from xianjie.web.cases.models import Case, Clue
from xianjie.web.daily.models import Finding, Run
from xianjie.web.daily.signals import run_done
from xianjie.web.flows.definition import flow_by_key
from xianjie.web.jobs.models import Schedule
from xianjie.web.jobs.services import enqueue, run_next
from xianjie.web.registry.models import Fact, Household

pytestmark = pytest.mark.django_db


def found(
    run: Run, home: Household, code: str, group: str = "income", causes: str = "illness", score: int = 20
) -> None:
    Finding.everything.create(
        household=home, region_code=home.region_code, finding=code, group=group, score=score, text=f"发现{code}",
        causes=causes, first_run=run, last_run=run, first_seen_on=run.day,
    )  # fmt: skip


def a_run() -> Run:
    return Run.everything.create(region_code=COUNTY, day=date(2025, 10, 31), state=Run.DONE)


def test_a_runs_findings_become_clues_and_gone_ones_leave_them():
    run, home, other = a_run(), household(1), household(2)
    found(run, home, "missed", group="tracking")
    found(run, other, "cause_illness", group="cause")
    run_done.send(Run, run=run)
    run_done.send(Run, run=run)
    assert [clue.household_id for clue in Clue.everything.all()] == [home.pk]
    Finding.everything.update(gone_on=run.day)
    run_done.send(Run, run=run)
    assert Clue.everything.get().state == Clue.DISMISSED


def test_after_the_first_run_late_cases_of_the_county_climb_by_a_daily_job(settings):
    run_done.send(Run, run=a_run())
    due = Schedule.objects.get(kind="cases.late")
    case = to_verification(household())
    settings.TODAY = "2025-12-31"
    enqueue(due.kind, title="x", region_code=due.region_code)
    run_next("test")
    case.refresh_from_db()
    assert case.told_to == "township"


def put(case: Case, at: str) -> Case:
    """The case at another step, as if it had gone there."""
    step = flow_by_key(case.flow).steps[at]
    Case.everything.filter(pk=case.pk).update(at=at, phase=step.phase)
    case.refresh_from_db()
    return case


def decide(case: Case, action: str, facts: object = None, **given: str) -> Case:
    return services.move(OFFICE, case.pk, action, seen=case.revision, reason="会议议定", given=given, facts=facts)


def spells(home: Household) -> list[Fact]:
    return list(Fact.everything.filter(household=home, entity="monitoring", withdrawn_on=None).order_by("pk"))


def test_identifying_a_household_begins_a_spell_with_kind_risks_and_how_things_stood():
    home, run = household(), a_run()
    found(run, home, "a", causes="illness;job"), found(run, home, "b", causes="job")
    take_findings(COUNTY, [Reason(home.pk, VILLAGE, "a", "x", 50, group="income")])
    facts = {"results": {"income_per_head": 512300, "house_unsafe": True, "water_unsafe": None, "uninsured": False}}
    decide(put(to_verification(home), "county_decision"), "identify", facts, kind="marginal")
    spell = spells(home)[0]
    assert spell.holds_from == date(2025, 10, 31) and spell.holds_to is None
    assert {name: spell.data.get(name) for name in ("kind", "risk1", "risk2", "risk3", "channel", "removed")} == {
        "kind": "marginal", "risk1": "job", "risk2": "illness", "risk3": None, "channel": "department",
        "removed": False,
    }  # fmt: skip
    assert spell.data["income_at_identification"] == 512300 and spell.data["house_safe_at_identification"] is False
    assert "water_safe_at_identification" not in spell.data
    home.refresh_from_db()
    assert home.monitored_kind == "marginal"


def test_removal_closes_the_spell_by_telling_it_anew_and_a_wrong_mark_is_taken_back():
    home = household()
    case = decide(put(to_verification(home), "county_decision"), "identify", kind="sudden", risks="disaster")
    case = decide(put(case, "removal_county"), "remove", kind="", manner="helped")
    home.refresh_from_db()
    removed = spells(home)[0]
    assert (removed.data["removed"], removed.data["removal_way"], home.monitored_kind) == (True, "helped", "")
    assert removed.holds_to == date(2025, 10, 31)
    decide(case, "roll_back")
    home.refresh_from_db()
    again = spells(home)[0]
    assert again.data["removed"] is False and again.data["rolled_back_on"] == "2025-10-31" and again.holds_to is None
    assert "removed_on" not in again.data and home.monitored_kind == "sudden"
    history = Fact.everything.filter(household=home, entity="monitoring")
    assert history.count() == 3 and len({one.key for one in history}) == 1


def test_a_relapse_keeps_the_old_spell_and_the_next_decision_begins_its_own():
    home = household()
    case = decide(put(to_verification(home), "county_decision"), "identify", kind="sudden")
    case = decide(put(case, "removal_county"), "remove", manner="natural")
    case = decide(case, "relapse")
    home.refresh_from_db()
    assert case.at == "verify" and [one.data["removed"] for one in spells(home)] == [True]
    decide(put(case, "county_decision"), "identify", kind="marginal")
    assert [one.data["removed"] for one in spells(home)] == [True, False]


def test_whom_the_register_already_watches_gets_no_second_spell():
    home = household()
    Fact.everything.create(
        entity="monitoring", key="M1", household=home, region_code=VILLAGE, source="register",
        recorded_on=date(2025, 1, 1), holds_from=date(2024, 5, 1),
        data={"kind": "marginal", "identified_on": "2024-05-01", "risk1": "job", "risk2": "water", "removed": False},
    )  # fmt: skip
    decide(put(to_verification(home), "county_decision"), "identify", kind="sudden", risks="disaster")
    only = spells(home)
    assert [(one.key, one.data["kind"], one.data["identified_on"]) for one in only] == [("M1", "sudden", "2024-05-01")]
    assert only[0].data["risk1"] == "disaster" and "risk2" not in only[0].data


def test_the_decision_other_than_the_rule_asks_for_a_reason():
    action = flow_by_key(to_verification(household()).flow).steps["county_decision"].actions["identify"]
    typed = {"seen": 1, "kind": "sudden", "risks": ["illness"], "reason": ""}
    assert "reason" in MoveForm(typed, action=action, by_rule="marginal").errors
    form = MoveForm({**typed, "reason": "入户核实为突发"}, action=action, by_rule="marginal")
    assert form.is_valid() and form.given == {"kind": "sudden", "risks": "illness", "by_rule": "marginal"}
    assert MoveForm(typed, action=action, by_rule="sudden").is_valid()


class AnyOrder(TestCase):
    """Whatever is decided in whatever order, nothing is written over."""

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ways=st.lists(st.sampled_from(["identify", "remove", "roll_back", "relapse"]), max_size=8))
    def test_one_open_spell_at_most_and_no_row_is_ever_lost_or_changed(self, ways):
        home = household()
        case = decide(put(to_verification(home), "county_decision"), "identify", kind="sudden")
        before: dict[int, dict[str, object]] = {}
        for way in ways:
            place = {"identify": "county_decision", "remove": "removal_county"}.get(way, "watching")
            open_ones = [one for one in spells(home) if not one.data["removed"]]
            if (way == "remove") != bool(open_ones) and way in ("remove", "roll_back"):
                continue
            if way == "roll_back" and not spells(home):
                continue
            case = decide(put(case, place), way, kind="marginal", manner="helped")
            rows = {one.pk: dict(one.data) for one in Fact.everything.filter(household=home)}
            assert before.items() <= rows.items()
            before = rows
            open_ones = [one for one in spells(home) if not one.data["removed"]]
            assert len(open_ones) <= 1
            home.refresh_from_db()
            assert home.monitored_kind == (open_ones[0].data["kind"] if open_ones else "")
