"""A plan answers every open risk or says why, proves its step by itself, and its measures are facts and tasks."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from tests.web.base_samples import COUNTY, A, B, make_household, make_places, make_user
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.cases import services
from xianjie.web.cases.measures_views import measures_of
from xianjie.web.cases.models import Case, CaseMove
from xianjie.web.cases.planning import warnings
from xianjie.web.cases.planning_models import Measure, MeasureReport, Plan
from xianjie.web.cases.planning_rules import accepted, first_measure, open_risks
from xianjie.web.cases.planning_services import Planned, Told, plan_facts, save_plan, tell
from xianjie.web.cases.planning_views import proposed_rows
from xianjie.web.daily.models import Finding, Run
from xianjie.web.flows.engine import Refused
from xianjie.web.registry.models import Fact

pytestmark = pytest.mark.django_db
DAY = date(2025, 10, 31)
CADRE = Scope((Holding("village", A),))
MEDICAL = Scope((Holding("department", COUNTY, "medical_insurance"),))
CIVIL = Scope((Holding("department", COUNTY, "civil_affairs"),))
HELP = {"helper": "帮某", "phone": "13800000000"}


def finding(household: Any, code: str, group: str, causes: str, gone: date | None = None) -> Finding:
    run = Run.everything.filter(region_code=COUNTY).first() or Run.everything.create(
        region_code=COUNTY, day=DAY, state=Run.DONE
    )
    return Finding.everything.create(
        household=household, region_code=household.region_code, finding=code, group=group, causes=causes, text="x",
        first_run=run, last_run=run, first_seen_on=DAY, gone_on=gone,
    )  # fmt: skip


def at_plan(number: int = 1, place: str = A, at: str = "plan", phase: str = "help") -> Case:
    """A case that stands at its plan, identified today."""
    household = make_household(number, place)
    case = services.open_case(Scope((Holding("county", COUNTY),)), household, why="x")
    Case.everything.filter(pk=case.pk).update(at=at, phase=phase, revision=2)
    CaseMove.everything.create(
        case=case, number=2, action="identify", step="county_decision", to="tell_result", day=DAY, by="x",
        role="county", given={}, event=1,
    )  # fmt: skip
    case.refresh_from_db()
    return case


def row(**more: Any) -> Planned:
    given: dict[str, Any] = {
        "title": "医疗救助", "group": "health", "risk": "illness", "department": "medical_insurance",
        "starts_on": DAY, "ends_on": date(2026, 4, 30), "name": "medical_aid", **more,
    }  # fmt: skip
    return Planned(**given)


def save(case: Case, *rows: Planned, seen: int = 0, why: dict[str, str] | None = None, **more: Any) -> Any:
    return save_plan(CADRE, case.pk, rows, seen=seen, uncovered=why or {}, **{**HELP, **more})


def test_open_risks_are_those_that_stand_and_those_of_the_decision_not_those_that_are_gone():
    case = at_plan()
    finding(case.household, "cause_illness", "cause", "illness")
    finding(case.household, "cause_housing", "cause", "housing", gone=DAY)
    finding(case.household, "contact_missing", "tracking", "job")
    assert list(open_risks(case)) == ["illness"]
    CaseMove.everything.filter(case=case, number=2).update(given={"risks": "labour;illness"})
    assert list(open_risks(case)) == ["illness", "labour"]


def test_the_proposal_answers_each_risk_with_a_group_that_the_policy_accepts():
    case = at_plan()
    for cause in ("illness", "housing", "water"):
        finding(case.household, f"cause_{cause}", "cause", cause)
    groups = accepted(A)
    rows = proposed_rows(plan_facts(case), DAY, [])
    assert {one.risk for one in rows} == {"illness", "housing", "water"}
    assert all(one.group in groups[one.risk] for one in rows)


def test_a_plan_with_gaps_is_kept_and_proves_nothing_and_a_whole_one_starts_help():
    case = at_plan()
    finding(case.household, "cause_illness", "cause", "illness")
    finding(case.household, "cause_water", "cause", "water")
    plan, lacking = save(case, row(), phone="")
    assert {gap.what for gap in lacking} == {"risk", "helper"} and not Measure.everything.exists()
    with pytest.raises(Refused):
        services.move(CADRE, case.pk, "start_help", seen=case.revision)
    plan, lacking = save(case, row(), seen=1, why={"water": "已列入明年供水工程"})
    assert not lacking and plan.version == 2 and set(services.evidence_of(case)) == {"helper_named", "risks_covered"}
    assert services.move(CADRE, case.pk, "start_help", seen=case.revision).at == "helping"
    assert [one.version for one in Plan.everything.order_by("version")] == [1, 2]


def test_a_later_version_with_gaps_takes_the_proof_back():
    case = at_plan()
    finding(case.household, "cause_illness", "cause", "illness")
    save(case, row())
    assert "risks_covered" in services.evidence_of(case)
    save(case, seen=1)
    assert services.evidence_of(case) == ("helper_named",)


def test_the_plans_evidence_is_never_given_by_hand():
    case = at_plan()
    with pytest.raises(UserError, match="帮扶方案"):
        services.give_evidence(CADRE, case.pk, "risks_covered", {}, seen=case.revision)


def test_two_people_writing_one_plan_the_second_is_told():
    case = at_plan()
    save(case, row())
    with pytest.raises(UserError, match="第 1 版"):
        save(case, row())


def test_measures_are_facts_of_the_register_and_follow_what_is_told_of_them():
    case = at_plan()
    save(case, row(amount=50_000))
    measure = Measure.everything.get()
    fact = Fact.everything.get(entity="measure", withdrawn_on__isnull=True)
    assert fact.data == {
        "group": "health", "name": "医疗救助", "risk": "illness", "department": "medical_insurance",
        "state": "planned", "started_on": "2025-10-31", "amount": 50_000,
    }  # fmt: skip
    with pytest.raises(UserError, match="佐证"):
        tell(MEDICAL, measure.pk, Told("done", DAY), seen=0)
    tell(MEDICAL, measure.pk, Told("open", DAY, "已受理"), seen=0)
    with pytest.raises(UserError, match="他人"):
        tell(MEDICAL, measure.pk, Told("done", DAY, "x"), seen=0)
    tell(MEDICAL, measure.pk, Told("done", DAY, "救助到账", money=30_000, goods="轮椅一台"), seen=1)
    fact = Fact.everything.get(entity="measure", withdrawn_on__isnull=True)
    assert (fact.data["state"], fact.data["ended_on"], fact.data["amount"]) == ("done", "2025-10-31", 30_000)
    assert Fact.everything.filter(entity="measure").count() == 3 and MeasureReport.everything.count() == 2
    with pytest.raises(UserError, match="不能退回"):
        tell(MEDICAL, measure.pk, Told("open", DAY, "x"), seen=2)


def test_a_measure_that_a_new_version_leaves_out_is_stopped_and_a_kept_one_goes_on():
    case = at_plan()
    save(case, row(), row(title="签约服务", name="family_doctor", department="health"))
    first, second = Measure.everything.order_by("pk")
    plan, _ = save(case, row(measure=first.pk, ends_on=date(2026, 1, 1)), seen=1)
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.state, first.ends_on, second.state) == ("planned", date(2026, 1, 1), "stopped")
    assert plan.measures[0]["measure"] == first.pk
    other = at_plan(2)
    with pytest.raises(UserError):
        save(other, row(measure=first.pk))


def test_a_department_sees_and_answers_its_own_measures_alone():
    case = at_plan()
    save(case, row(), row(title="低保", name="dibao", group="social_floor", department="civil_affairs"))
    assert [one.department for one in measures_of(MEDICAL)] == ["medical_insurance"]
    assert measures_of(CADRE).count() == 2 and measures_of(Scope((Holding("village", B),))).count() == 0
    with pytest.raises(PermissionDenied):
        tell(CIVIL, measures_of(MEDICAL).get().pk, Told("open", DAY), seen=0)


def test_the_first_measure_is_due_by_the_policys_number_with_its_source():
    due = first_measure(at_plan())
    assert due is not None and (due.due_on, due.trust) == (date(2025, 11, 30), "local") and due.source


def test_help_that_does_not_work_is_told():
    late = Measure(title="危房改造", risk="housing", state="open", begun_on=date(2025, 3, 1), ends_on=date(2025, 9, 1))
    told = [one["text"] for one in warnings([late], {"housing": [], "job": []}, {"housing": []}, planned=True)]
    assert "至今未完成" in told[0] and "风险仍在" in told[1] and "没有在实施" in told[2]
    late.state, late.begun_on = "done", date(2025, 9, 1)
    assert warnings([late], {"housing": []}, {"housing": []}, planned=True) == []


def test_a_plan_is_written_saved_shown_and_printed_in_the_browser(client: Client):
    make_places()
    case = at_plan()
    finding(case.household, "cause_illness", "cause", "illness")
    client.force_login(make_user("cun", "village", A))
    page = client.get(reverse("cases:plan", args=[case.pk]))
    rows = page.context["rows"]
    sent = {"row-TOTAL_FORMS": len(rows.forms), "row-INITIAL_FORMS": rows.initial_form_count(), "seen": 0, **HELP}
    for number, one in enumerate(rows.forms):
        for name, value in one.initial.items():
            sent[f"row-{number}-{name}"] = "" if value is None else value
    more = client.post(reverse("cases:plan", args=[case.pk]), {**sent, "more": "1"})
    assert len(more.context["rows"].forms) == len(rows.forms) + 1 and not Plan.everything.exists()
    answer = client.post(reverse("cases:plan", args=[case.pk]), sent)
    assert answer.status_code == 302 and Plan.everything.get().complete
    assert "帮某" in client.get(reverse("cases:plan_shown", args=[case.pk])).content.decode()
    assert "13800000000" in client.get(reverse("cases:plan_printed", args=[case.pk])).content.decode()
    assert "首项措施" in client.get(reverse("cases:case", args=[case.pk])).content.decode()
    link = client.get(reverse("cases:evidence", args=[case.pk, "risks_covered"]))
    assert link.status_code == 200 and "措施" in link.content.decode()


def test_a_department_tells_of_a_measure_in_the_browser(client: Client, django_assert_max_num_queries: Any):
    make_places()
    case = at_plan()
    save(case, *[row() for _ in range(20)])
    client.force_login(make_user("yibao", "department", COUNTY, "medical_insurance"))
    with django_assert_max_num_queries(12):
        assert "医疗救助" in client.get(reverse("cases:measures")).content.decode()
    address = reverse("cases:measure", args=[Measure.everything.order_by("pk").first().pk])
    answer = client.post(address, {"seen": 0, "state": "done", "day": "2025-10-31", "text": "已救助", "money": "300"})
    assert answer.status_code == 302 and MeasureReport.everything.get().money == 30_000
    assert "300.00" in client.get(address).content.decode()
    assert client.get(reverse("cases:case", args=[case.pk])).status_code == 403
