"""Members and supporters against asset data: a hit is explained and kept, it leaves nobody out."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from tests.web import daily_county as place
from tests.web.test_cases_register import put
from tests.web.test_cases_services import OTHER, VILLAGE, household
from tests.web.test_cases_verification import case as case  # noqa: PLC0414
from xianjie.web.cases import services
from xianjie.web.cases.comparing import comparison_of
from xianjie.web.cases.models import Case, CaseEvidence
from xianjie.web.registry.models import Fact, Person
from xianjie.web.sealing import index_of

pytestmark = pytest.mark.django_db
TOWN, NUMBER = "629901100000", "629901199302193793"


def person(key: str, home: str, name: str, relation: str = "01", region: str = VILLAGE, number: str = "") -> Person:
    return Person.everything.create(
        person_id=key, household_id=home, region_code=region, name=name, relation=relation, alive=True,
        id_no=number or None, id_index=index_of(number) if number else "",
    )  # fmt: skip


def asset(owner: Person, kind: str = "vehicle", description: str = "小型货车") -> None:
    Fact.everything.create(
        entity="asset_held", key=f"public_security/a.csv:{owner.pk}", household_id=owner.household_id, person=owner,
        region_code=owner.region_code, source="public_security", recorded_on=date(2025, 10, 1),
        data={"kind": kind, "description": description, "value": 3000000},
    )  # fmt: skip


@pytest.fixture
def comparing(case: Case) -> Case:
    asset(person("P1", case.household_id, "虚某"))
    return put(case, "compare")


def address(case: Case) -> str:
    return reverse("cases:compare", args=[case.pk])


def form(case: Case, **given: str) -> dict[str, str]:
    empty = {"supporter-TOTAL_FORMS": "2", "supporter-INITIAL_FORMS": "0", "seen": str(case.revision), "text": ""}
    return empty | given


def hit(case: Case, accepted: str, text: str) -> dict[str, str]:
    key = comparison_of(case).hits[0].key
    return {f"hit-{key}-accepted": accepted, f"hit-{key}-text": text}


@pytest.mark.parametrize("accepted", ["true", "false"])
def test_an_explained_hit_proves_the_step_whatever_the_verdict_and_is_kept(comparing: Case, accepted: str) -> None:
    town = place.client("township", TOWN)
    assert "虚某 车辆（小型货车）" in town.get(address(comparing)).content.decode()
    answer = town.post(address(comparing), form(comparing, **hit(comparing, accepted, "儿子运货用，看过贷款合同")))
    assert answer.status_code == 302
    assert set(services.evidence_of(comparing)) == {"comparison_done", "hits_explained"}
    moved = services.move(place.scope("township", TOWN), comparing.pk, "pass_on", seen=comparing.revision)
    assert moved.at == "village_review"
    kept = Fact.everything.get(entity="asset_held", withdrawn_on=None)
    assert (kept.data["explained"], kept.data["explanation"]) == (accepted == "true", "儿子运货用，看过贷款合同")
    assert "儿子运货用" in CaseEvidence.everything.get(kind="hits_explained").content["text"]


def test_a_hit_left_without_words_is_not_proved_and_nothing_typed_is_lost(comparing: Case) -> None:
    town = place.client("township", TOWN)
    page = town.post(address(comparing), form(comparing, text="存款另行核对", **hit(comparing, "true", " ")))
    assert "请写明农户怎么说" in page.content.decode() and "存款另行核对" in page.content.decode()
    town.post(address(comparing), form(comparing, **hit(comparing, "", "")))
    assert services.evidence_of(comparing) == ("comparison_done",)


def test_a_supporter_of_the_county_is_compared_too_and_one_without_number_needs_words(comparing: Case) -> None:
    town = place.client("township", TOWN)
    asset(person("P2", household(2, OTHER).pk, "虚子", "01", OTHER, NUMBER), "business", "示例运输户")
    missing = form(comparing, **{"supporter-0-name": "虚女", "supporter-0-relation": "30"})
    assert "请写明核对情况" in town.post(address(comparing), missing).content.decode()
    both = {
        "supporter-0-name": "虚女", "supporter-0-relation": "30", "supporter-0-said": "在外务工，无房无车",
        "supporter-1-name": "虚子", "supporter-1-relation": "20", "supporter-1-id_no": NUMBER,
    }  # fmt: skip
    assert town.post(address(comparing), form(comparing, **hit(comparing, "true", "看过"), **both)).status_code == 302
    known = comparison_of(comparing)
    assert {one.name: one.known for one in known.people} == {"虚某": True, "虚女": False, "虚子": True}
    assert {one.name: one.explained for one in known.hits} == {"虚某": True, "虚子": None}
    assert "hits_explained" not in services.evidence_of(comparing)


def test_only_who_compares_sees_the_hits(comparing: Case) -> None:
    assert place.client("village", VILLAGE).get(address(comparing)).status_code == 404
    assert "小型货车" not in place.client("village", VILLAGE).get(
        reverse("cases:case", args=[comparing.pk])
    ).content.decode()  # fmt: skip
