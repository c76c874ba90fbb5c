"""The village's form: filled with what is known, asking for the rest, losing nothing, becoming facts."""

from __future__ import annotations

import gzip
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.web import daily_county as place
from tests.web.test_cases_services import OFFICE, VILLAGE, household, to_verification
from xianjie.dictionary import dictionary
from xianjie.web.cases import known, services
from xianjie.web.cases.models import Case, CaseEvidence
from xianjie.web.regions.models import Region
from xianjie.web.registry.models import Fact

pytestmark = pytest.mark.django_db
PHOTO = b"\xff\xd8\xff\xe0" + b"0" * 200
RESULTS = {
    "wage_income": 1051000, "business_income": 207000, "business_cost": 83000, "property_income": 0,
    "transfer_income": 26900, "claim_income": 0, "dropout": False, "uninsured": True, "medical_spending": 777777,
}  # fmt: skip
PAGE = {
    "date": "2025-10-31",
    "results": RESULTS,
    "facts": {
        "incomes": [{"kind": "wage", "period_to": date(2025, 9, 30), "said_by": "cadre", "source": None}],
        "houses": [{"grade": "A", "assessed_on": date(2021, 6, 4), "use": "sole", "source": None}],
        "water_states": [
            {"quality": "tested_ok", "assessed_on": date(2024, 10, 1),
             "source": {"file": "water/water-20251031.xlsx", "layout": "water", "row_id": "1:2"}},
        ],
    },
}  # fmt: skip


@pytest.fixture
def described(monkeypatch: Any) -> None:
    """A newest run in which departments describe the household."""
    monkeypatch.setattr(known, "page_of_household", lambda household, region: PAGE)


@pytest.fixture
def case() -> Case:
    for code, level, above in (("629901000000", "county", ""), ("629901100000", "township", "629901000000"),
                               (VILLAGE, "village", "629901100000")):  # fmt: skip
        Region.objects.get_or_create(
            region_code=code, defaults={"name": f"虚{code}", "level": level, "parent_code": above}
        )
    return to_verification(household())


def typed(case: Case, **changed: Any) -> dict[str, Any]:
    """The form as a cadre sends it who has found everything as it was known."""
    form = {
        "seen": case.revision, "names": "甲某、乙某", "stated_wage": "10510.00", "stated_business": "2070.00",
        "stated_business_cost": "830.00", "stated_property": "0.00", "stated_transfer": "269.00",
        "stated_claim": "0.00", "spent_medical": "0", "spent_education": "0", "spent_other": "0", "grade": "A",
        "quality": "tested_ok", "dropout": "false", "uninsured": "true", "food_enough": "true", "finding": "",
        "signed_authorisation": "on", "signed_undertaking": "on",
    }  # fmt: skip
    return form | changed


def photos() -> dict[str, Any]:
    return {f"photo_{kind}": SimpleUploadedFile("a.jpg", PHOTO) for kind in ("authorisation", "undertaking")}


def cadre() -> Any:
    return place.client("village", VILLAGE)


def address(case: Case) -> str:
    return reverse("cases:verify", args=[case.pk])


def test_a_described_household_needs_at_most_twelve_answers_and_a_small_page(case, described):
    page = cadre().get(address(case))
    form = page.context["form"]
    assert len(form.asked) <= 12 and "stated_wage" not in form.asked and "spent_other" in form.asked
    text = page.content.decode()
    assert "已知：干部入户" in text and dictionary().departments["water"].zh in text and 'value="10510.00"' in text
    assert len(page.content) <= 40_000 and len(gzip.compress(page.content)) <= 12_000
    assert "7,777.77" not in text and "7777.77" not in text  # what medical bills say stays with who may see health


def test_an_unknown_household_is_asked_for_everything(case):
    form = cadre().get(address(case)).context["form"]
    assert {"stated_wage", "grade", "quality", "dropout"} <= set(form.asked)


def test_what_was_found_as_known_becomes_a_visit_and_no_other_fact_but_spending(case, described):
    assert cadre().post(address(case), typed(case, submit="1", **photos())).status_code == 302
    case.refresh_from_db()
    assert case.at == "compare"
    facts = {one.entity for one in Fact.everything.filter(household=case.household_id)}
    assert facts == {"visit", "expense"}
    visit = Fact.everything.get(entity="visit")
    assert (visit.data["visitor"], visit.data["kind"], visit.source) == ("甲某、乙某", "verify", "village")


def test_what_differs_is_told_by_the_cadre_and_replaces_what_the_register_said(case, described):
    for key, day in (("A", "2025-05-31"), ("B", "2024-01-31")):
        Fact.everything.create(
            entity="income", key=key, household_id=case.household_id, region_code=VILLAGE, source="register",
            recorded_on=date(2025, 6, 1), data={"kind": "wage", "amount": 1, "period_to": day, "said_by": "household"},
        )  # fmt: skip
    cadre().post(address(case), typed(case, submit="1", stated_wage="8,000.50", grade="C", **photos()))
    rows = Fact.everything.filter(entity="income", withdrawn_on=None).order_by("pk")
    assert [(one.key == "B", one.data["amount"], one.data["said_by"]) for one in rows] == [
        (True, 1, "household"), (False, 800050, "cadre"),
    ]  # fmt: skip
    assert rows[1].data["period_from"] == "2024-11-01" and rows[1].data["period_to"] == "2025-10-31"
    assert Fact.everything.get(entity="house").data == {"grade": "C", "assessed_on": "2025-10-31"}
    record = CaseEvidence.everything.get(kind="verification_record")
    assert record.content["answers"]["工资性收入"] == "8,000.50"


def test_what_cannot_be_is_told_at_its_field_and_nothing_typed_is_lost(case, described):
    wrong = typed(
        case, submit="1", stated_wage="-5", spent_other="-1", names="甲某、甲某", finding="屋顶漏雨", **photos()
    )
    page = cadre().post(address(case), wrong)
    form = page.context["form"]
    assert {"stated_wage", "spent_other", "names"} <= set(form.errors)
    assert not Fact.everything.filter(household=case.household_id).exists()
    again = cadre().get(address(case)).content.decode()
    assert "屋顶漏雨" in again and 'value="-5"' in again
    assert set(CaseEvidence.everything.filter(case=case).values_list("kind", flat=True)) == {
        "authorisation", "undertaking",
    }  # fmt: skip
    assert not any(name.startswith("photo_") for name in cadre().get(address(case)).context["form"].asked)


def test_unlikely_money_goes_through_once_it_is_confirmed(case, described):
    page = cadre().post(address(case), typed(case, submit="1", stated_wage="2000000", **photos()))
    token = page.context["form"].fields["confirm"].widget.attrs["value"]
    assert cadre().post(address(case), typed(case, submit="1", stated_wage="2000000", confirm=token)).status_code == 302


def test_leaving_keeps_the_draft_of_each_user_and_a_new_round_begins_empty(case, described):
    user = cadre()
    assert user.post(address(case), typed(case, finding="未见户主"), headers={"HX-Request": "true"}).status_code == 204
    assert "未见户主" in user.get(address(case)).content.decode()
    assert user.post(address(case), typed(case, submit="1", **photos())).status_code == 302
    case.refresh_from_db()
    services.move(OFFICE, case.pk, "send_back", seen=case.revision, reason="照片不清")
    assert "未见户主" not in user.get(address(case)).content.decode()


def test_the_second_of_two_is_told_and_keeps_what_was_typed(case, described):
    form = typed(case, submit="1", finding="两人同时填写", **photos())
    services.move(OFFICE, services.open_case(OFFICE, household(2), why="x").pk, "dispatch", seen=1)
    Case.everything.filter(pk=case.pk).update(revision=case.revision)
    services.give_evidence(place.scope("village", VILLAGE), case.pk, "undertaking", {}, seen=case.revision)
    case = services.move(place.scope("village", VILLAGE), case.pk, "not_so", seen=case.revision, reason="搬走")
    case = services.move(
        place.scope("township", "629901100000"), case.pk, "send_back", seen=case.revision, reason="再核"
    )
    page = cadre().post(address(case), form)
    assert "两人同时填写" in page.content.decode() and "请核对最新情况" in page.content.decode()
    assert not Fact.everything.filter(household=case.household_id).exists()


def test_only_pictures_and_pdf_are_kept(case, described):
    bad = {"photo_authorisation": SimpleUploadedFile("a.jpg", b"MZ" + b"0" * 50)}
    page = cadre().post(address(case), typed(case, submit="1", **bad))
    assert "photo_authorisation" in page.context["form"].errors and not CaseEvidence.everything.exists()
