"""A flow is checked when it is loaded; a case moves by it alone; its clock knows the Chinese calendar."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from xianjie.web.flows import engine, page
from xianjie.web.flows.definition import FlowError, Limit, evidence_kinds, flow_by_key, flow_for, load_flows
from xianjie.web.flows.engine import Move, Position, Refused
from xianjie.web.flows.working_days import after, is_working_day, working_days_between

CENTRE = flow_for("monitoring_case", "140000000000", date(2025, 1, 1))
GANSU = flow_for("monitoring_case", "623001100200", date(2025, 1, 1))
FLOWS = [flow for versions in load_flows().values() for flow in versions]
MONDAY = date(2025, 3, 3)
HOLDS = {"removal_due": True, "review_carried": True, "objections_settled": True, "objections_answered": True}


def move(flow, position, name, day, **more):
    action = flow.steps[position.at].actions[name]
    given_things = {
        "reason": "入户看过",
        "evidence": flow.steps[position.at].evidence,
        "given": {"kind": "unstable", "manner": "helped"},
        "role": (action.roles or flow.steps[position.at].roles)[0],
        **more,
    }
    return Move(action=name, step=position.at, to=action.to, day=day, by="somebody", **given_things)


def walk(flow, names, day=MONDAY):
    position = engine.begin(flow, day)
    for name in names:
        step = flow.steps[position.at]
        day = max(day, after(position.since, step.wait).day) if step.wait else day
        position = engine.advance(flow, position, move(flow, position, name, day), HOLDS)
    return position


IDENTIFIED = ["dispatch", "submit", "pass_on", "agreed", "report", "approve", "identify", "told", "start_help"]
REMOVED = [*IDENTIFIED, "propose_removal", "submit", "agreed", "report", "approve", "remove"]


@pytest.mark.parametrize("flow", load_flows()["monitoring_case"], ids=lambda flow: flow.key)
def test_a_case_is_walked_from_clue_to_removal_and_relapses_into_the_same_case(flow):
    position = walk(flow, [*REMOVED, "relapse"])
    assert position.at == "verify" and len(position.moves) == len(REMOVED) + 1


def test_gansu_has_its_own_clock_from_its_day_on_and_the_centre_s_before():
    assert GANSU.region == "62" and CENTRE.region == "00"
    assert flow_for("monitoring_case", "623001100200", date(2023, 2, 19)).region == "00"
    assert GANSU.limits["identification"].value == 20 and GANSU.limits["identification"].trust == "regulation"
    assert flow_by_key(GANSU.key) is GANSU


def test_a_notice_cannot_be_ended_before_its_days_have_passed():
    position = walk(CENTRE, IDENTIFIED[:4])
    assert position.at == "village_notice"
    early = move(CENTRE, position, "report", position.since + timedelta(days=4))
    with pytest.raises(Refused) as refusal:
        engine.advance(CENTRE, position, early, HOLDS)
    assert refusal.value.code == "flows.too_early"
    assert engine.advance(CENTRE, position, move(CENTRE, position, "report", position.since + timedelta(days=5)), HOLDS)


@pytest.mark.parametrize("without", CENTRE.steps["verify"].evidence)
def test_verification_is_not_left_without_each_piece_of_its_evidence(without):
    position = walk(CENTRE, ["dispatch"])
    kept = tuple(kind for kind in CENTRE.steps["verify"].evidence if kind != without)
    with pytest.raises(Refused) as refusal:
        engine.advance(CENTRE, position, move(CENTRE, position, "submit", MONDAY, evidence=kept))
    assert refusal.value.code == "flows.no_evidence"


def test_removal_is_offered_only_when_the_policy_says_that_it_is_due():
    position = walk(CENTRE, IDENTIFIED)
    for due in (False, None):
        assert "propose_removal" not in engine.offered(CENTRE, position, ["village"], {"removal_due": due})
        with pytest.raises(Refused):
            engine.advance(CENTRE, position, move(CENTRE, position, "propose_removal", MONDAY), {"removal_due": due})
    assert "propose_removal" in engine.offered(CENTRE, position, ["village"], {"removal_due": True})


def test_only_the_county_rolls_a_wrong_mark_back():
    position = walk(CENTRE, REMOVED)
    assert "roll_back" in engine.offered(CENTRE, position, ["county"], {})
    assert "roll_back" not in engine.offered(CENTRE, position, ["village", "township"], {})


def test_a_dismissed_clue_that_gets_worse_opens_the_same_case_again():
    position = walk(CENTRE, ["dismiss"])
    assert position.over and engine.reopen(CENTRE, position, MONDAY).moves == position.moves
    ended = walk(CENTRE, [*IDENTIFIED, "household_ended"])
    with pytest.raises(Refused):
        engine.reopen(CENTRE, ended, MONDAY)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.key)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_no_random_sequence_loses_an_event_skips_a_step_or_leaves_the_flow(flow, data):
    position, day = engine.begin(flow, MONDAY), MONDAY
    words = sorted({name for step in flow.steps.values() for name in step.actions})
    roles = ["village", "township", "county", "department", "leader"]
    for _ in range(data.draw(st.integers(0, 30))):
        day += timedelta(days=data.draw(st.integers(-1, 8)))
        name, role = data.draw(st.sampled_from(words)), data.draw(st.sampled_from(roles))
        step = flow.steps.get(position.at)
        to = step.actions[name].to if step and name in step.actions else data.draw(st.sampled_from(sorted(flow.steps)))
        kinds = data.draw(st.sampled_from([(), tuple(evidence_kinds())]))
        reason = data.draw(st.sampled_from(["", "  ", "有理由"]))
        tried = Move(name, position.at, to, day, "x", role, reason, kinds, {"kind": "a", "manner": "b"})
        try:
            after_it = engine.advance(flow, position, tried, {"removal_due": data.draw(st.booleans())})
        except Refused:
            continue
        assert step is not None and name in step.actions and step.may(name, role)
        assert after_it.moves[:-1] == position.moves and after_it.moves[-1] == tried
        assert day >= position.since
        if "reason" in step.actions[name].needs:
            assert reason.strip()
        position = after_it
    required = ["verify", "compare", "village_review", "township_review", "county_decision"]
    for number, made in enumerate(position.moves):
        if made.to == "plan" and made.step == "tell_result":
            before = [earlier.step for earlier in position.moves[:number]]
            assert all(name in before for name in required)


def test_working_days_skip_weekends_and_holidays_and_count_make_up_days():
    days = Limit(value=5, days="working", source="x", trust="unverified", escalate="county")
    # 2025-09-28 (Sunday) was worked; 1–8 October 2025 was free; 11 October (Saturday) was worked.
    assert is_working_day(date(2025, 9, 28)) == (True, True)
    assert after(date(2025, 9, 26), days).day == date(2025, 10, 10)
    assert after(date(2025, 9, 26), days).sure
    assert working_days_between(date(2025, 9, 26), date(2025, 10, 10)) == 5


def test_a_year_whose_holidays_nobody_has_told_is_said_to_be_unsure_not_guessed():
    days = Limit(value=3, days="working", source="x", trust="unverified", escalate="county")
    assert not after(date(2035, 5, 1), days).sure


def test_a_county_tells_a_new_year_s_holidays_in_a_file(tmp_path: Path):
    (tmp_path / "holidays.yaml").write_text("2035: {holidays: [2035-05-01], working: [2035-05-05]}", "utf-8")
    assert is_working_day(date(2035, 5, 1), (tmp_path,)) == (False, True)
    assert is_working_day(date(2035, 5, 5), (tmp_path,)) == (True, True)


@given(start=st.dates(date(2020, 1, 1), date(2025, 12, 1)), number=st.integers(1, 25))
def test_a_working_day_limit_ends_on_a_working_day_with_that_many_in_between(start, number):
    due = after(start, Limit(value=number, days="working", source="x", trust="unverified", escalate="county"))
    assert is_working_day(due.day)[0] and working_days_between(start, due.day) == number


def test_a_late_step_climbs_to_the_level_above_by_its_own_limit_or_its_phase_s():
    position = walk(GANSU, ["dispatch"])
    due = engine.clock(GANSU, position)
    assert due is not None and due.due.day == date(2025, 3, 10) and not due.whole_phase
    assert engine.told_to(GANSU, position, date(2025, 3, 10)) == ""
    assert engine.told_to(GANSU, position, date(2025, 3, 11)) == "township"
    slow = Position(CENTRE.key, "county_decision", MONDAY, MONDAY - timedelta(days=30))
    assert engine.clock(CENTRE, slow).whole_phase and engine.told_to(CENTRE, slow, MONDAY) == "county"


BROKEN = {
    "dead end": lambda steps: steps["plan"].update(actions={"again": {"zh": "x", "en": "x", "to": "plan"}}),
    "no role": lambda steps: steps["verify"].update(roles=[]),
    "nobody is told": lambda steps: steps["verify"]["limit"].update(escalate=""),
    "does not exist": lambda steps: steps["verify"]["actions"]["submit"].update(to="nowhere"),
    "never reached": lambda steps: steps.update(lost={**steps["plan"]}),
    "unknown evidence": lambda steps: steps["verify"].update(evidence=["a_song"]),
    "asks for no reason": lambda steps: (
        steps["tell_refusal"]["actions"]["told"].update(needs=[]),
        steps["county_decision"]["actions"]["refuse"].update(needs=[]),
    ),
    "unknown phase": lambda steps: steps["verify"].update(phase="dusk"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_flow_that_does_not_hold_is_refused_when_loaded(what, tmp_path: Path):
    source = Path(page.__file__).parents[2] / "policy" / "flows" / "monitoring_case.yaml"
    raw = yaml.safe_load(source.read_text("utf-8"))
    raw["flow"] = "county_own"
    raw["versions"] = raw["versions"][:1]
    BROKEN[what](raw["versions"][0]["steps"])
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    with pytest.raises(FlowError, match=what):
        load_flows((tmp_path,))


def test_a_county_changes_one_limit_in_a_folder_of_its_own(tmp_path: Path):
    own = {
        "flow": "monitoring_case", "zh": "x", "en": "x", "subject": "household", "start": "triage",
        "phases": {}, "ends": {},
        "versions": [{
            "region": "623001", "since": date(2024, 1, 1), "based_on": "62", "source": "某县", "trust": "local",
            "change": {"triage": {"limit": {
                "value": 2, "days": "working", "source": "某县", "trust": "local", "escalate": "county"}}},
        }],
    }  # fmt: skip
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own, allow_unicode=True), "utf-8")
    flow = flow_for("monitoring_case", "623001100200", MONDAY, (tmp_path,))
    assert flow.steps["triage"].limit.value == 2 and flow.steps["verify"] == GANSU.steps["verify"]


def test_the_page_of_flows_is_what_the_data_say():
    docs = Path(__file__).parents[2] / "docs" / "flows.md"
    assert docs.read_text("utf-8") == "\n".join(page.lines())
