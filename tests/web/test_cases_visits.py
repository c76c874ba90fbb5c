"""Who is due for a visit by the data's frequency, and what a visit leaves behind."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from tests.web.base_samples import COUNTY, A, B, make_places, make_user
from tests.web.test_cases_planning import CADRE, at_plan
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.cases.models import Case, Clue, ClueReason
from xianjie.web.cases.visiting_rules import due_on, frequency_for, visited_cases, visits_due
from xianjie.web.cases.visiting_services import Visit, record_visit
from xianjie.web.registry.models import Fact
from xianjie.web.registry.records import pack

pytestmark = pytest.mark.django_db


def watched(number: int, since: date, phase: str = "help", place: str = A) -> Case:
    case = at_plan(number, place, at="helping", phase=phase)
    Case.everything.filter(pk=case.pk).update(phase_since=since)
    return case


def was_visited(case: Case, day: date) -> None:
    Fact.everything.create(
        entity="visit", key=f"v{day}{case.pk}", household=case.household, region_code=case.region_code,
        source="register", recorded_on=day, data=pack("visit", {"visited_on": day}),
    )  # fmt: skip


def due() -> set[int]:
    return set(visits_due(CADRE, {}).values_list("pk", flat=True))


def test_a_visit_is_due_by_the_frequency_of_the_phase_since_the_last_visit_or_the_phases_begin():
    long_ago, lately = watched(1, date(2025, 1, 1)), watched(2, date(2025, 10, 20))
    after_removal = watched(3, date(2025, 9, 1), "watch")
    assert due() == {long_ago.pk} and lately.pk not in due() and after_removal.pk not in due()
    was_visited(long_ago, date(2025, 10, 2))
    assert due() == set()
    was_visited(lately, date(2025, 9, 1))  # an old visit counts, whatever the phase's begin: the next one is due
    assert due() == {lately.pk}
    row = visited_cases(CADRE).get(pk=long_ago.pk)
    assert due_on(row) == date(2025, 11, 1)


def test_every_frequency_has_source_and_trust():
    one = frequency_for("help", A)
    assert one is not None and one.source and one.trust == "unverified" and frequency_for("identification", A) is None


def test_a_visit_is_a_fact_and_becomes_a_clue_only_when_asked():
    case = watched(1, date(2025, 1, 1))
    record_visit(CADRE, case, Visit(date(2025, 10, 31), "虚某", True, True))
    assert due() == set() and not Clue.everything.exists()
    with pytest.raises(UserError, match="不必重复"):
        record_visit(CADRE, case, Visit(date(2025, 10, 31), "虚某", True, True))
    with pytest.raises(UserError):
        record_visit(CADRE, case, Visit(date(2025, 11, 1), "虚某", True, True))
    record_visit(CADRE, case, Visit(date(2025, 10, 30), "虚某", True, False, "房屋漏雨"), clue=True, urgent=True)
    assert Clue.everything.get().urgent and ClueReason.everything.get().text == "房屋漏雨"
    with pytest.raises(PermissionDenied):
        record_visit(Scope((Holding("village", B),)), case, Visit(date(2025, 10, 1), "虚某", True, True))


def test_a_cadre_records_a_visit_with_two_answers(client: Client, django_assert_max_num_queries: Any):
    make_places()
    for number in range(1, 30):
        watched(number, date(2025, 1, 1))
    case = Case.everything.order_by("pk").first()
    assert case is not None
    client.force_login(make_user("cun", "village", A))
    with django_assert_max_num_queries(14):
        page = client.get(reverse("cases:visits"))
    assert page.context["table"].count == 29 and "超期" in page.content.decode()
    address = reverse("cases:add_visit", args=[case.pk])
    assert "试用cun" in client.get(address).content.decode()
    sent = {"visited_on": "2025-10-31", "visitor": "试用cun", "met": "true", "income": "less", "failing": ["house"]}
    asked = client.post(address, {**sent, "income": "same", "failing": [], "clue": "on"})
    assert asked.status_code == 200 and "须写明" in asked.content.decode()
    assert client.post(address, {**sent, "clue": "on"}).status_code == 302
    assert ClueReason.everything.get().text == "收入减少；没有保障：住房安全"
    assert client.get(reverse("cases:visits")).context["table"].count == 28


def test_nobody_records_a_visit_to_a_household_that_is_not_watched(client: Client):
    make_places()
    case = at_plan(1, A, at="verify", phase="identification")
    client.force_login(make_user("cun", "village", A))
    assert client.get(reverse("cases:add_visit", args=[case.pk])).status_code == 404
    client.force_login(make_user("xian", "leader", COUNTY))
    assert client.get(reverse("cases:add_visit", args=[case.pk])).status_code == 403
