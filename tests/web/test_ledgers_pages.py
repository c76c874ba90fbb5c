"""Pages of ledgers: lists, an entry's life, what they cost, matching, gaps in help, the register's panels, the API."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.web.base_samples import COUNTY, TOWN, A, B, make_household, make_places, make_user
from tests.web.ledger_samples import OFFICE, asset, made
from xianjie.web.accounts.models import Token
from xianjie.web.ledgers import demo
from xianjie.web.ledgers.declaration import ledgers, sheets
from xianjie.web.ledgers.kinds.matching import Weights, matches, points, why_not
from xianjie.web.ledgers.kinds.pairing import without_helper
from xianjie.web.ledgers.models import Account, Entry
from xianjie.web.ledgers.selectors import figures
from xianjie.web.registry.models import Household, Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places() -> None:
    make_places()
    make_household(1, A)
    make_household(2, B)


def client(role: str = "county", place: str = COUNTY, department: str = "") -> Client:
    made = Client()
    made.force_login(make_user(f"{role}{place[-6:]}{department}", role, place, department))
    return made


def test_an_asset_is_recorded_confirmed_put_right_and_withdrawn_on_its_pages():
    village, township = client("village", A), client("township", TOWN)
    told = {"asset_no": "Z1", "name": "养殖场", "kind": "operating", "original_value": "100,000.50", "region_code": A}
    page = village.post(reverse("ledgers:add", args=["asset"]), told, follow=True)
    one = Entry.everything.get()
    assert one.data["original_value"] == 100_000_50 and "资产没有管护责任人" in page.content.decode()
    again = village.post(reverse("ledgers:add", args=["asset"]), told)
    assert "已有登记" in again.content.decode() and "养殖场" in again.content.decode()
    move = reverse("ledgers:move", args=[one.pk, "confirm"])
    assert village.post(move, {"seen": 1, "holder": "x", "holder_level": "village"}).status_code == 302
    one.refresh_from_db()
    assert one.state == "registered", "a village does not approve"
    township.post(move, {"seen": 1, "holder": "一号村集体", "holder_level": "village"})
    change = reverse("ledgers:change", args=[one.pk])
    form = township.get(change).context["form"].initial
    sent = {name: value for name, value in form.items() if value not in (None, "")}
    township.post(change, {**sent, "custodian": "王某", "reason": "补录"})
    one.refresh_from_db()
    assert (one.state, one.data["custodian"], one.flags) == ("confirmed", "王某", 0)
    township.post(reverse("ledgers:withdraw", args=[one.pk]), {"seen": one.revision, "reason": "重复"})
    assert "已撤销" in township.get(reverse("ledgers:entry", args=[one.pk])).content.decode()


def test_every_list_form_and_figure_page_opens_and_an_entry_of_another_place_does_not():
    county, village = client(), client("village", A)
    for name in sheets():
        assert county.get(reverse("ledgers:entries", args=[name])).status_code == 200
        assert county.get(reverse("ledgers:add", args=[name])).status_code == 200
    for name in ledgers():
        assert village.get(reverse("ledgers:figures", args=[name])).status_code == 200
    far = asset(place=B)
    assert village.get(reverse("ledgers:entry", args=[far.pk])).status_code == 404
    assert village.get(reverse("ledgers:trace", args=[far.pk])).status_code == 404
    assert "养殖场" not in village.get(reverse("ledgers:entries", args=["asset"])).content.decode()


def test_a_department_sees_its_own_ledgers_only():
    asset()
    made("vacancy", A, vacancy_no="V1", name="缝纫工", employer="x", skill="sewing", place="county", wage=1, number=1,
         open_from=date(2025, 10, 1))  # fmt: skip
    page = client("department", COUNTY, "human_resources")
    assert "缝纫工" in page.get(reverse("ledgers:entries", args=["vacancy"])).content.decode()
    assert "养殖场" not in page.get(reverse("ledgers:entries", args=["asset"])).content.decode()


def test_a_page_costs_the_same_whatever_it_lists(django_assert_max_num_queries):
    who = client()
    one = asset()
    for number in range(2, 40):
        asset(f"Z{number}", B if number % 2 else A)
    for number in range(12):
        made("asset_income", A, income_no=f"S{number}", asset_no="Z1", received_on=date(2025, 5, 1), amount=1)
    for name, of in (("entries", ["asset"]), ("entry", [one.pk]), ("trace", [one.pk]), ("home", []), ("problems", [])):
        with django_assert_max_num_queries(22):
            assert who.get(reverse(f"ledgers:{name}", args=of)).status_code == 200


def test_the_sum_of_a_county_is_that_of_its_details():
    """国办函〔2021〕51号：县级总台账与明细一致"""
    for number in range(9):
        asset(f"Z{number}", (A, B, COUNTY)[number % 3], original_value=number * 7_00)
    found = figures(OFFICE, ledgers()["assets"], COUNTY)
    for name in ("number", "value"):
        parts = sum(values[("asset", name)] for values in found.parts.values())
        assert found.whole[("asset", name)] == parts
    assert found.whole[("asset", "value")] == 36 * 7_00
    towns = figures(OFFICE, ledgers()["assets"], TOWN)
    assert set(towns.parts) == {A, B}


def seeker(**more: Any) -> dict[str, Any]:
    return {"skill": "sewing", "reach": "county", "wage": 3000_00, "certified": False, **more}


def vacancy(**more: Any) -> dict[str, Any]:
    return {"skill": "sewing", "place": "township", "wage": 3500_00, "number": 2, **more}


def test_a_vacancy_is_ruled_out_by_place_certificate_age_and_its_last_day():
    """中央（七）：搭建用工信息平台"""
    day = date(2025, 10, 31)
    assert why_not(seeker(), vacancy(), 40, day) == ""
    assert "区域" in why_not(seeker(), vacancy(place="outside"), 40, day)
    assert "证书" in why_not(seeker(), vacancy(certificate=True), 40, day)
    assert "年龄" in why_not(seeker(), vacancy(age_to=39), 40, day)
    assert "截止" in why_not(seeker(), vacancy(open_to="2025-10-30"), 40, day)


def test_a_better_vacancy_comes_first_and_says_why():
    weights = Weights.at(COUNTY[:6], date(2025, 10, 31))
    assert sum(vars(weights).values()) == 100
    best, reasons, against = points(seeker(), vacancy(), weights)
    worse, _reasons, minus = points(seeker(), vacancy(skill="building", wage=2000_00), weights)
    assert best > worse and "对口" in reasons[0] and not against and len(minus) == 2
    told = {"seeker_no": "S1", "person_id": "P1", "asked_on": date(2025, 10, 1), **seeker()}
    one = made("seeker", "", **told)
    for key, more in {"V1": {"skill": "building"}, "V2": {}, "V3": {"place": "outside"}}.items():
        made("vacancy", COUNTY, vacancy_no=key, name=key, employer="x", open_from=date(2025, 10, 1), **vacancy(**more))
    found = matches(OFFICE, [one])[one.pk]
    assert [match.vacancy.key for match in found] == ["V2", "V1"]
    assert "V2" in client().get(reverse("ledgers:matching")).content.decode()


def test_a_monitored_household_without_a_helper_today_is_told():
    """中央（十六）、甘南（十八）：防止帮扶断档"""
    Household.everything.update(monitored_kind="unstable")
    made("pair", "", pair_no="J1", kind="cadre", helper="王某", household_id="H1", begins_on=date(2025, 1, 1))
    made("pair", "", pair_no="J2", kind="cadre", helper="李某", household_id="H2", begins_on=date(2025, 1, 1),
         ends_on=date(2025, 10, 30))  # fmt: skip
    assert [one.pk for one in without_helper(OFFICE)] == ["H2"]
    assert "试某2" in client().get(reverse("ledgers:gaps")).content.decode()


def test_a_household_s_page_shows_what_the_ledgers_know_of_it_and_what_it_received():
    Person.everything.filter(pk="P1").update(birth_date=date(1980, 1, 1))
    asset(kind="household", household_id="H1")
    made("asset_income", A, income_no="S1", asset_no="Z1", received_on=date(2025, 5, 1), amount=500_00)
    made("distribution", A, state="paid", distribution_no="F1", asset_no="Z1", use="welfare", household_id="H1",
         planned_on=date(2025, 5, 2), amount=400_00, paid_on=date(2025, 6, 1))  # fmt: skip
    page = client().get(reverse("registry:household", args=["H1"])).content.decode()
    assert "衔接台账" in page and "养殖场Z1" in page and "400.00" in page
    assert "养殖场" not in client("village", B).get(reverse("registry:household", args=["H2"])).content.decode()


def test_other_systems_read_what_their_user_may_see():
    asset()
    asset("Z2", B)
    user = make_user("api", "village", A)
    Token.objects.create(user=user, name="系统", hash=hashlib.sha256(b"key").hexdigest())
    asked = {"headers": {"Authorization": "Bearer key"}}
    told = Client().get("/api/ledgers/asset", **asked).json()
    assert [one["key"] for one in told["entries"]] == ["Z1"]
    assert told["entries"][0]["values"]["original_value"] == 10_000_00
    assert Client().get("/api/ledgers/nothing", **asked).status_code == 404
    assert {one["sheet"] for one in Client().get("/api/ledgers", **asked).json()} == set(sheets())


def test_the_demonstration_fills_every_sheet_and_its_books_balance(monkeypatch):
    monkeypatch.setattr(demo, "EACH", 3)
    Person.everything.update(alive=True, birth_date=date(1985, 5, 5))
    made = demo.demonstrate_ledgers(COUNTY)
    assert set(made) == set(sheets()) and sum(1 for number in made.values() if number) > len(made) - 3
    assert sum(Account.objects.values_list("balance", flat=True)) == 0
