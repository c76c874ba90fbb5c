"""The home page says what waits for whom, and each number is what the list behind it shows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from tests.web.base_samples import COUNTY, TOWN, A, B, make_household, make_places, make_user
from tests.web.test_cases_planning import at_plan, finding, row, save
from tests.web.test_cases_visits import watched
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.cases import clues, services
from xianjie.web.cases.models import Case
from xianjie.web.registry.models import Household

pytestmark = pytest.mark.django_db
TOWNSHIP = Scope((Holding("township", TOWN),))


def busy_place(number: int) -> None:
    """Cases of every kind that the home page tells of."""
    for base in range(0, number * 10, 10):
        case = at_plan(base + 1)
        finding(case.household, "cause_illness", "cause", "illness")
        save(case, row(ends_on=date(2025, 10, 31), starts_on=date(2025, 10, 1)))
        watched(base + 2, date(2025, 1, 1))
        clues.add_clue(TOWNSHIP, make_household(base + 3, A), "visit", "户主摔伤", urgent=True)
        back = services.open_case(TOWNSHIP, make_household(base + 4, A), why="x")
        back = services.move(TOWNSHIP, back.pk, "dispatch", seen=back.revision)
        cadre = Scope((Holding("village", A),))
        back = services.move(cadre, back.pk, "not_so", seen=back.revision, reason="x")
        services.move(TOWNSHIP, back.pk, "send_back", seen=back.revision, reason="照片不清")
        late = services.open_case(TOWNSHIP, make_household(base + 5, B), why="x")
        Case.everything.filter(pk=late.pk).update(due_on=date(2025, 10, 1))


def home(client: Client) -> dict[str, Any]:
    return {one.label: one for one in client.get("/").context["tiles"]}


def test_each_role_sees_what_waits_for_it_and_each_number_is_that_of_its_list(client: Client):
    make_places()
    busy_place(2)
    client.force_login(make_user("cun", "village", A))
    mine = home(client)
    assert mine["待我办理案件"].figure == 6 and mine["退回我处案件"].figure == 2 and mine["到期走访"].figure == 2
    assert mine["待落实措施"].figure == 2 and "待研判线索" not in mine and "超期案件" not in mine
    for label in ("待我办理案件", "退回我处案件", "到期走访", "待落实措施"):
        assert client.get(mine[label].url).context["table"].count == mine[label].figure, label
    client.force_login(make_user("zhen", "township", TOWN))
    theirs = home(client)
    assert theirs["超期案件"].figure == 2 and theirs["待研判线索"].figure == 2 and "退回我处案件" not in theirs
    assert client.get(theirs["超期案件"].url).context["table"].count == 2
    client.force_login(make_user("yibao", "department", COUNTY, "medical_insurance"))
    assert home(client)["待落实措施"].figure == 2


def test_the_state_of_the_area_counts_kinds_causes_and_where_cases_wait_with_links(client: Client):
    make_places()
    busy_place(1)
    Household.everything.filter(pk="H1").update(monitored_kind="marginal")
    client.force_login(make_user("ling", "leader", COUNTY))
    page = client.get("/")
    parts = {part.title: part.tiles for part in page.context["area"]}
    assert [one.figure for one in parts["监测对象"]] == [1] and [one.figure for one in parts["风险按原因"]] == [1]
    assert {one.label: one.figure for one in parts["案件停留"]}["入户核实"] == 1
    for tiles in parts.values():
        for one in tiles:
            assert client.get(one.url).context["table"].count == one.figure, one.url


def test_the_home_page_asks_the_same_number_of_questions_however_much_waits(
    client: Client, django_assert_max_num_queries: Any
):
    make_places()
    client.force_login(make_user("zhen", "township", TOWN))
    client.get("/")
    busy_place(1)
    with django_assert_max_num_queries(40) as few:
        client.get("/")
    busy_place_again()
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get("/")


def busy_place_again() -> None:
    for number in range(100, 130):
        watched(number, date(2025, 1, 1))
