"""Review, notice, objections, the result told: what the village does counts only as the rules say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.web import daily_county as place
from tests.web.test_cases_register import put
from tests.web.test_cases_services import CADRE, VILLAGE
from tests.web.test_cases_verification import case as case  # noqa: PLC0414
from xianjie.dictionary import dictionary
from xianjie.web.cases import objections, services
from xianjie.web.cases.deliberation import Vote, conditions, objections_of
from xianjie.web.cases.models import Case, CaseEvidence
from xianjie.web.flows.engine import Refused
from xianjie.web.registry.models import Fact, Household, Person

pytestmark = pytest.mark.django_db
RECORD = {
    "held_on": "2025-10-30",
    "names": "甲、乙",
    "members": "30",
    "present": "20",
    "in_favour": "11",
    "against": "9",
}


def cadre() -> Any:
    return place.client("village", VILLAGE)


@given(members=st.integers(0, 60), present=st.integers(0, 60), in_favour=st.integers(0, 60), against=st.integers(0, 60))
def test_a_review_is_carried_only_with_a_quorum_a_majority_and_more_for_than_against(
    members, present, in_favour, against
):
    vote = Vote(members, present, in_favour, against)
    assert not vote.carried or (present * 3 >= members * 2 and in_favour > against and in_favour * 2 > present)
    assert Vote(members, present, in_favour + 1, against).carried or not vote.carried


def record(case: Case, **changed: str) -> Any:
    return cadre().post(reverse("cases:record", args=[case.pk]), {"seen": case.revision, **RECORD, **changed})


def test_a_review_without_quorum_or_majority_does_not_go_on_as_agreed(case):
    case = put(case, "village_review")
    for changed in ({"present": "19", "in_favour": "19", "against": "0"}, {"in_favour": "9", "against": "11"}):
        assert record(case, **changed).status_code == 302
        with pytest.raises(Refused):
            services.move(CADRE, case.pk, "agreed", seen=case.revision)
    page = cadre().get(reverse("cases:case", args=[case.pk])).content.decode()
    assert "未通过" in page and "评议通过" not in page
    record(case)
    assert services.move(CADRE, case.pk, "agreed", seen=case.revision).at == "village_notice"


def test_numbers_that_do_not_fit_are_told_at_their_field(case):
    case = put(case, "village_review")
    assert "present" in record(case, present="31").context["form"].errors
    assert "against" in record(case, against="10").context["form"].errors
    assert "held_on" in record(case, held_on="2025-11-30").context["form"].errors
    assert not CaseEvidence.everything.exists()


def at_notice(case: Case) -> Case:
    case = put(case, "village_notice")
    for kind in ("notice_posted", "objections_answered"):
        services.give_evidence(CADRE, case.pk, kind, {}, seen=case.revision)
    return case


def test_a_notice_is_left_only_after_its_days_and_with_every_objection_answered(case, settings):
    case = at_notice(case)
    with pytest.raises(Refused) as refusal:
        services.move(CADRE, case.pk, "report", seen=case.revision)
    assert refusal.value.code == "flows.too_early"
    user, url = cadre(), reverse("cases:object_to", args=[case.pk])
    assert user.post(url, {"raised_by": "丙", "text": "名下有车"}).status_code == 302
    settings.TODAY = "2025-11-05"
    for action in ("report", "objection_upheld"):
        with pytest.raises(Refused):
            services.move(CADRE, case.pk, action, seen=case.revision, reason="x")
    asked = objections_of(case)[0]
    assert "待答复" in user.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert user.post(reverse("cases:answer", args=[case.pk, asked.pk]), {"text": "已核，车已报废"}).status_code == 302
    with pytest.raises(Exception, match="已有答复"):
        objections.answer(CADRE, case.pk, asked.pk, "再答")
    assert services.move(CADRE, case.pk, "report", seen=case.revision).at == "township_review"


def test_an_objection_of_another_village_cannot_be_seen_or_answered(case):
    case = at_notice(case)
    asked = objections.object_to(CADRE, case.pk, "丙", "名下有车")
    other = place.client("village", "629901100201")
    for name, pks in (("answer", [case.pk, asked.pk]), ("object_to", [case.pk]), ("notice", [case.pk])):
        assert other.get(reverse(f"cases:{name}", args=pks)).status_code == 404
    assert conditions(case)["objections_settled"] is False


def _secret(number: int, kind: str) -> Any:
    """A value that cannot be on a page by chance."""
    if kind in ("fen", "int", "number"):
        return 730000000 + number
    return "2019-03-17" if kind == "date" else f"隐{number:05d}"


def test_a_notice_tells_nothing_of_a_household_but_the_heads_name(case):
    """Every field of the dictionary that is personal, secret or about health is filled, and none is on the sheet."""
    case = put(case, "village_notice")
    home, secrets, number = case.household, {}, 0
    Person.everything.create(
        person_id="P1", household=home, region_code=VILLAGE, name="隐名某", id_no="629901199001011234",
        phone="13900001111", birth_date=date(1961, 4, 18),
    )  # fmt: skip
    secrets |= {"name": "隐名某", "id_no": "629901199001011234", "phone": "13900001111", "born": "1961-04-18"}
    for name, entity in dictionary().entities.items():
        hidden = [one for one in entity.fields.values() if one.sensitivity in ("secret", "health", "personal")]
        values = {}
        for one in hidden:
            number += 1
            values[one.name] = _secret(number, one.type)
            secrets[f"{name}.{one.name}"] = str(values[one.name])
        if name == "household":
            home.data = {key: value for key, value in values.items() if key != "head_name"}
            home.save()
        elif entity.parent in ("household", "person"):
            Fact.everything.create(
                entity=name, key=f"K{name}", household=home, region_code=VILLAGE, source="register",
                recorded_on=date(2025, 1, 1), data=values,
            )  # fmt: skip
    Case.everything.filter(pk=case.pk).update(kind="sudden")
    for at in ("village_notice", "removal_notice"):
        put(case, at)
        sheet = cadre().get(reverse("cases:notice", args=[case.pk])).content.decode()
        assert home.head_name in sheet and "2025-10-31" in sheet and "2025-11-05" in sheet
        assert not [field for field, value in secrets.items() if value in sheet]
    assert number > 100


def test_households_whose_notice_began_on_one_day_share_a_sheet_with_their_village_only(case):
    case = put(case, "village_notice")
    others = {}
    for name, region, since in (("同日某", VILLAGE, case.since), ("早日某", VILLAGE, date(2025, 10, 1)),
                                ("外村某", VILLAGE[:-1] + "9", case.since)):  # fmt: skip
        home = Household.everything.create(
            household_id=f"J{name}", region_code=region, head_name=name, household_type="general", size=2
        )
        others[name] = Case.everything.create(
            household=home, region_code=region, flow=case.flow, at="village_notice", since=since, phase=case.phase,
            phase_since=since, opened_on=since,
        )  # fmt: skip
    sheet = cadre().get(reverse("cases:notice", args=[case.pk])).content.decode()
    assert case.household.head_name in sheet and "同日某" in sheet
    assert "早日某" not in sheet and "外村某" not in sheet


def test_telling_the_household_says_who_when_and_how(case):
    case = put(case, "tell_result")
    url = reverse("cases:record", args=[case.pk])
    told = {"seen": case.revision, "told_on": "2025-10-31", "to": "虚某", "by": "甲", "how": "visit"}
    assert "how" in cadre().post(url, told | {"how": ""}).context["form"].errors
    assert cadre().post(url, told).status_code == 302
    kept = CaseEvidence.everything.get(kind="household_told").content
    assert (kept["to"], kept["how"], kept["told_on"]) == ("虚某", "visit", "2025-10-31")
    assert services.move(CADRE, case.pk, "told", seen=case.revision).at == "plan"


def test_a_plain_tick_does_not_stand_for_a_record(case):
    case = put(case, "tell_result")
    url = reverse("cases:evidence", args=[case.pk, "household_told"])
    assert cadre().post(url, {"seen": case.revision, "done": "on"}).status_code == 302
    assert not CaseEvidence.everything.exists()
