"""A meeting decides many cases at once: each by its own choice, none twice, all of them accounted for."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.web import daily_county as place
from tests.web.test_cases_register import put, spells
from tests.web.test_cases_services import COUNTY, VILLAGE, household, to_verification
from tests.web.test_cases_verification import case as case  # noqa: PLC0414
from xianjie.web.cases import meeting, services
from xianjie.web.cases.models import Case, CaseMove
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import run_next
from xianjie.web.registry.models import Fact, Household

pytestmark = pytest.mark.django_db
FACTS = {"date": "2025-10-31", "results": {"monitored_kind_due": "marginal", "income_per_head": 500000}, "facts": {}}


@pytest.fixture(autouse=True)
def known(monkeypatch: Any) -> None:
    """What the newest run knows of every household."""
    monkeypatch.setattr(meeting, "frozen_many", lambda ids, region: {one: FACTS for one in ids})


def ready(number: int) -> Case:
    return put(to_verification(household(number)), "county_decision")


def county() -> Any:
    return place.client("county", COUNTY)


def posted(choices: dict[Case, str], **more: str) -> dict[str, str]:
    form = {f"choice-{one.pk}": choice for one, choice in choices.items()}
    return form | {f"seen-{one.pk}": str(one.revision) for one in choices} | more


def test_each_case_is_decided_by_its_own_choice_with_its_facts_frozen(case):
    first, second, third, left = put(case, "county_decision"), ready(2), ready(3), ready(4)
    choices = {first: "identify:kind:marginal", second: "refuse", third: "identify:kind:sudden", left: ""}
    answer = county().post(
        reverse("cases:meeting"),
        posted(choices, **{f"reason-{second.pk}": "收入高于监测线", f"reason-{third.pk}": "山洪"}),
    )
    assert answer.status_code == 302
    job = run_next("test")
    assert job and (job.state, job.result["decided"], job.result["not_decided"]) == (Job.DONE, 3, 0)
    stands = dict(Case.everything.values_list("pk", "at"))
    assert [stands[one.pk] for one in (first, second, third, left)] == [
        "tell_result", "tell_refusal", "tell_result", "county_decision",
    ]  # fmt: skip
    moves = CaseMove.everything.filter(given__meeting=str(job.pk))
    assert moves.count() == 3 and all(one.facts == FACTS for one in moves)
    assert moves.get(case=third).given["by_rule"] == "marginal"
    assert [one.data["kind"] for one in spells(third.household)] == ["sudden"]


def test_a_refusal_without_reason_is_told_and_nothing_chosen_is_lost(case):
    case = put(case, "county_decision")
    page = county().post(reverse("cases:meeting"), posted({case: "refuse"}))
    assert "须写明理由" in page.content.decode() and 'value="refuse" selected' in page.content.decode()
    assert not Job.everything.exists()


def test_a_case_that_somebody_moved_meanwhile_is_told_and_not_decided(case):
    case = put(case, "county_decision")
    county().post(reverse("cases:meeting"), posted({case: "identify:kind:marginal"}))
    services.move(place.scope("county", COUNTY), case.pk, "send_back", seen=case.revision, reason="补材料")
    job = run_next("test")
    assert job and job.result["not_decided"] == 1 and "请核对最新情况" in job.result["problems"][0]


def test_another_kind_than_the_rules_without_a_reason_is_not_decided(case):
    case = put(case, "county_decision")
    county().post(reverse("cases:meeting"), posted({case: "identify:kind:sudden"}))
    job = run_next("test")
    assert job and job.result["not_decided"] == 1
    case.refresh_from_db()
    assert case.at == "county_decision"


def test_only_who_decides_sees_cases_to_decide_and_decides_them(case):
    case = put(case, "county_decision")
    for role, region in (("village", VILLAGE), ("township", "629901100000")):
        user = place.client(role, region)
        assert "没有待审定的案件" in user.get(reverse("cases:meeting")).content.decode()
        page = user.post(reverse("cases:meeting"), posted({case: "identify:kind:marginal"}))
        assert "已不在待审定之列" in page.content.decode()
    page = county().get(reverse("cases:meeting_printed")).content.decode()
    assert "虚某" in page and "边缘易致贫户" not in page  # without a run on this page, nothing is by rule
    assert not Job.everything.exists()


def many(number: int) -> list[Case]:
    homes = Household.everything.bulk_create(
        Household(household_id=f"B{one:04}", region_code=VILLAGE, head_name="虚某", household_type="general")
        for one in range(number)
    )
    model = ready(999)
    cases = Case.everything.bulk_create(
        Case(household=home, region_code=VILLAGE, flow=model.flow, at=model.at, phase=model.phase, since=model.since,
             phase_since=model.phase_since, opened_on=model.opened_on, revision=2) for home in homes
    )  # fmt: skip
    return list(cases)


class Killed(BaseException):
    """The worker is gone."""


def test_a_meeting_that_was_killed_goes_on_and_decides_each_case_once(case, monkeypatch):
    cases = many(30)
    decisions = [meeting.Decision(one.pk, 2, "identify", "会议", {"kind": "marginal"}) for one in cases]
    user = place.user("county", COUNTY)
    job = meeting.call(place.scope("county", COUNTY), user, COUNTY, decisions)
    real, done = services.move_many, []

    def dies(*arguments: Any, **options: Any) -> Any:
        if done:
            real(*arguments, **options)
            raise Killed
        done.append(1)
        return real(*arguments, **options)

    monkeypatch.setattr(meeting, "AT_ONCE", 12)
    with monkeypatch.context() as patch:
        patch.setattr(services, "move_many", dies)
        with pytest.raises(Killed):
            run_next("gone")
    Job.everything.filter(pk=job.pk).update(state=Job.QUEUED)
    again = run_next("test")
    assert again and (again.result["decided"], again.result["not_decided"]) == (30, 0)
    assert CaseMove.everything.filter(given__meeting=str(job.pk)).count() == 30
    assert Fact.everything.filter(entity="monitoring").count() == 30


def test_many_decisions_take_as_many_statements_as_few(case, django_assert_max_num_queries):
    cases = many(40)
    decisions = [meeting.Decision(one.pk, 2, "identify", "会议", {"kind": "marginal"}) for one in cases]
    meeting.call(place.scope("county", COUNTY), place.user("county", COUNTY), COUNTY, decisions)
    with django_assert_max_num_queries(40 + 60):
        job = run_next("test")
    assert job and job.result["decided"] == 40
