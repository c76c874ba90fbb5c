"""Pages of social assistance: who is missed leads to an application, forms keep what was typed, masks hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.web.assistance_samples import assisted
from tests.web.base_samples import COUNTY, TOWN, A, make_household, make_places, make_user
from xianjie.engines import open_engine
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.assistance import benefits, covering, fund, payments, services
from xianjie.web.assistance.fund_models import Fund, FundEntry
from xianjie.web.assistance.models import Application, Benefit
from xianjie.web.assistance.payment_models import PaymentLine, PremiumLine, PremiumList
from xianjie.web.assistance.programmes import programmes
from xianjie.web.daily.models import Run
from xianjie.web.flows.definition import evidence_kinds, flow_by_key
from xianjie.web.jobs.services import run_next
from xianjie.web.registry.models import Household, Person

OFFICE = Scope((Holding("county", COUNTY),))
STATES = {1: "missed", 2: "recheck", 3: "covered", 4: "unknown", 5: "out"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def county(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Five households in a village, one in each state of 低保, and the run that says so."""
    settings.HOME = tmp_path
    make_places()
    for number in STATES:
        make_household(number, A)
    run = Run.everything.create(region_code=COUNTY, day=date(2025, 10, 31), state=Run.DONE)
    told = {1: (True, False), 2: (False, True), 3: (False, False), 4: (None, None), 5: (False, False)}
    work = run.folder / "work"
    (work / "entities").mkdir(parents=True)
    with open_engine() as engine:
        engine.create_table(
            "results",
            {"household_id": "VARCHAR", "region_code": "VARCHAR", "dibao_missed": "BOOLEAN",
             "dibao_to_recheck": "BOOLEAN", "countable_income_per_head": "BIGINT", "dibao_amount": "BIGINT",
             "no_labour": "BOOLEAN"},
            [(f"H{number}", A, *states, 500_000, 45_367, False) for number, states in told.items()],
        )  # fmt: skip
        engine.write_parquet("SELECT * FROM results", work / "results.parquet")
        engine.write_parquet("SELECT household_id, region_code FROM results", work / "entities" / "households.parquet")
        engine.write_parquet("SELECT household_id, region_code, '试某' AS head_name FROM results",
                             run.folder / "households.parquet")  # fmt: skip
        engine.write_parquet(
            "SELECT 'H4' AS household_id, 'countable_income_per_head' AS result, "
            "'collection:supporters;parameter:rural_dibao_month;person.birth_date' AS missing",
            run.folder / "unknown.parquet",
        )
        engine.write_parquet(
            "SELECT 'P' || n AS person_id, 'H' || n AS household_id, "
            f"'{A}' AS region_code FROM range(1, 6) t(n)", work / "entities" / "persons.parquet",
        )  # fmt: skip
        engine.write_parquet(
            "SELECT 'K' || n AS category_id, 'P' || n AS person_id, 'dibao' AS category, "
            "DATE '2025-01-01' AS valid_from, CAST(NULL AS DATE) AS valid_to, "
            "CAST(30000 AS BIGINT) AS amount_month, '' AS dibao_class, "
            "CAST(NULL AS BOOLEAN) AS single_person, '' AS support_mode, CAST(NULL AS DATE) AS reviewed_on, "
            "CAST(NULL AS DATE) AS grace_until FROM range(2, 4) t(n)",
            work / "entities" / "categories.parquet",
        )
    benefits.sync(run)
    yield


def signed_in(role: str = "township", code: str = TOWN, department: str = "") -> Client:
    client = Client()
    client.force_login(make_user(f"{role}{department}", role, code, department))
    return client


def test_every_household_of_a_run_is_in_one_state_and_what_is_missing_is_named(county: None) -> None:
    run = covering.run_for(OFFICE)
    assert run is not None
    dibao = programmes()["dibao"]
    assert covering.counts(OFFICE, run, covering.Asked(dibao)) == dict.fromkeys(STATES.values(), 1)
    for number, state in STATES.items():
        rows = covering.page(OFFICE, run, covering.Asked(dibao, state)).rows
        assert [row["household_id"] for row in rows] == [f"H{number}"]
    missing = covering.missing_words("collection:supporters;parameter:rural_dibao_month;person.birth_date")
    assert missing == "法定赡养抚养扶养义务人、农村低保月标准、出生日期"


def test_pages_of_the_list_follow_one_another_without_gap_or_repeat(
    county: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(covering, "SIZE", 1)
    run = covering.run_for(OFFICE)
    assert run is not None
    relief = covering.Asked(programmes()["relief"], "unknown")  # the run says nothing of it: all are unknown
    seen, after = [], ""
    for _page in range(5):
        page = covering.page(OFFICE, run, relief, after=after)
        seen += [row["household_id"] for row in page.rows]
        after = page.after
    assert seen == ["H1", "H2", "H3", "H4", "H5"] and not after
    back = covering.page(OFFICE, run, relief, before=page.before)
    assert [row["household_id"] for row in back.rows] == ["H4"]


def test_a_run_brings_the_lists_benefits_and_takes_none_of_those_decided_here_away(county: None) -> None:
    assert sorted(Benefit.everything.values_list("person_id", flat=True)) == ["P2", "P3"]
    Benefit.everything.filter(person_id="P2").update(source=Benefit.APPLICATION, amount_month=12_345)
    assert benefits.sync(Run.everything.get()) == {"standing": 1, "begun": 0, "gone": 0}
    assert Benefit.everything.get(person_id="P2").amount_month == 12_345


def test_who_is_missed_leads_to_an_application_and_it_to_the_household_s_page(county: None) -> None:
    client = signed_in()
    page = client.get("/assistance/coverage/").content.decode()
    assert "/assistance/apply/H1/?programme=dibao" in page and "/assistance/apply/H2/" not in page
    told = {"programme": "dibao", "channel": "run", "applicant": "试某1", "told": "收入低"}
    assert client.post("/assistance/apply/H1/", told).status_code == 302
    one = Application.everything.get()
    assert (one.household_id, one.at, one.channel) == ("H1", "dibao_taken", "run")
    assert f"/assistance/{one.pk}/" in client.get("/registry/households/H1/").content.decode()
    assert "在办申请" in client.get("/assistance/coverage/").content.decode()


def test_a_form_that_is_refused_keeps_what_was_typed(county: None) -> None:
    told = {"programme": "dibao", "channel": "run", "applicant": "试某1", "told": "房屋漏雨", "staff_relative": "on"}
    page = signed_in().post("/assistance/apply/H1/", told).content.decode()
    assert "房屋漏雨" in page and "请写明近亲属" in page and not Application.everything.exists()


def decided(client: Client, one: Application, **more: str) -> Any:
    given = {"seen": str(one.revision), "members": "P1", "amount": "453.67", "dibao_class": "", "single_person": "no"}
    return client.post(f"/assistance/{one.pk}/do/grant/", {**given, "reason": "", **more})


def test_who_decides_without_or_against_the_rule_says_why_and_it_stays_in_sight(county: None) -> None:
    home = Household.everything.get(pk="H1")
    one = services.apply(OFFICE, home, "dibao", {"channel": "resident", "applicant": "试某", "told": "x"})
    Application.everything.filter(pk=one.pk).update(at="dibao_confirm", phase="confirming")
    client = signed_in("department", COUNTY, "civil_affairs")
    page = decided(client, one).content.decode()
    assert "规则因资料不足未能判定" in page and "453.67" in page
    assert decided(client, one, reason="入户核实属实").status_code == 302
    assert Benefit.everything.get(household=home).amount_month == 45_367
    page = client.get(f"/assistance/{one.pk}/").content.decode()
    assert "与规则不同" in page and "453.67" in page


def test_the_notice_tells_names_and_amount_and_nothing_of_number_phone_or_health(county: None) -> None:
    person = Person.everything.get(pk="P1")
    person.id_no, person.phone = "629901199001011237", "13800000000"
    person.data = {"health": "3"}
    person.save()
    one = services.apply(OFFICE, person.household, "dibao", {"channel": "resident", "applicant": "某", "told": "患病"})
    Application.everything.filter(pk=one.pk).update(at="dibao_posting", phase="confirming")
    page = signed_in().get(f"/assistance/{one.pk}/notice/").content.decode()
    assert "试某1" in page and "7 天" in page
    assert not any(secret in page for secret in ("629901199001011237", "13800000000", "患病"))


def test_a_clerk_of_another_department_and_a_leader_see_no_more_than_they_may(county: None) -> None:
    one = services.apply(
        OFFICE,
        Household.everything.get(pk="H1"),
        "dibao",
        {"channel": "resident", "applicant": "试某甲", "told": "患病"},
    )
    other = signed_in("department", COUNTY, "medical_insurance")
    assert other.get(f"/assistance/{one.pk}/").status_code == 404
    for path in ("/assistance/", "/assistance/coverage/", "/assistance/benefits/", "/assistance/payments/"):
        page = other.get(path)
        assert page.status_code == 200 and "试某" not in page.content.decode()
    leader = signed_in("leader", COUNTY).get(f"/assistance/{one.pk}/").content.decode()
    assert "患病" not in leader and "试某甲" not in leader


def test_lists_cost_the_same_whatever_they_hold(county: None, django_assert_max_num_queries: Any) -> None:
    payments.make(OFFICE, COUNTY, "dibao", date(2025, 11, 1))
    fund.bring_in(OFFICE, A, 100, "x")
    client = signed_in("county", COUNTY)
    lines = f"payments/{payments.PaymentList.everything.get().pk}/"
    for path in ("", "benefits/", "benefits/deaths/", "coverage/", "payments/", lines, "funds/", "premium/"):
        client.get(f"/assistance/{path}")
        with django_assert_max_num_queries(16):
            assert client.get(f"/assistance/{path}").status_code == 200


def test_lists_are_taken_out_with_an_event(county: None) -> None:
    client = signed_in()
    for path in ("/assistance/benefits/?export=1", "/assistance/coverage/?export=1", "/assistance/?export=1"):
        response = client.get(path)
        assert b"".join(response.streaming_content)[:2] == b"PK"


def test_every_page_opens_on_rows_of_every_kind(county: None) -> None:
    Person.everything.update(alive=True)
    assisted(OFFICE, COUNTY, date(2025, 10, 31))
    client = signed_in("county", COUNTY)
    opened = {client.get(f"/assistance/{path}").status_code for path in rows_pages()}
    assert opened == {200}
    pages = ("survey", "notice", "refusal", "explained", "evidence/two_visitors", "do/nothing")
    some = [f"/assistance/{one.pk}/{page}/" for one in Application.everything.all() for page in pages]
    assert {client.get(path).status_code for path in some} == {200, 302, 404}  # by the step at which each stands


def rows_pages() -> Iterator[str]:
    """Every page about a row, each action and piece of evidence of each application's step."""
    for one in Application.everything.all():
        step = flow_by_key(one.flow).steps[one.at]
        yield f"{one.pk}/"
        yield from (f"{one.pk}/do/{action}/" for action in step.actions)
        kinds = [kind for kind in step.evidence if evidence_kinds()[kind].kind != "record"]
        yield from (f"{one.pk}/evidence/{kind}/" for kind in kinds)
    yield from (f"payments/lines/{line.pk}/release/" for line in PaymentLine.everything.exclude(held=""))
    yield from (f"payments/{one.pk}/lock/" for one in payments.PaymentList.everything.all())
    yield from (f"funds/entries/{entry.pk}/reverse/" for entry in FundEntry.everything.all())
    yield from (f"funds/{one.pk}/" for one in Fund.everything.all())
    yield from ("funds/bring-in/", "payments/make/", "premium/?export=1", "?staff=on", "benefits/?due=on&ended=on")


def test_a_death_is_looked_into_within_the_stated_months(county: None) -> None:
    Person.everything.filter(pk="P2").update(alive=False, changed_on=date(2025, 10, 1))
    assert [one.person_id for one in benefits.dead(OFFICE)] == ["P2"]
    found = benefits.bereaved(OFFICE)
    assert [(one["household"].pk, one["due_on"]) for one in found] == [("H2", date(2026, 1, 1))]
    Benefit.everything.filter(person_id="P2").update(reviewed_on=date(2025, 10, 20))
    assert benefits.bereaved(OFFICE) == []


def test_premium_help_goes_by_the_highest_single_identity_and_an_unknown_amount_is_said(county: None) -> None:
    client = signed_in("department", COUNTY, "medical_insurance")
    assert client.post("/assistance/premium/").status_code == 302
    assert run_next("test")
    identities = dict(PremiumLine.everything.values_list("person_id", "identity"))
    assert {person: identities.get(person) for person in ("P2", "P3")} == {"P2": "低保", "P3": "低保"}
    made = PremiumList.everything.get()
    assert made.unknown == made.persons and made.total == 0  # no number of this year is known for the place
    assert "试某2" in client.get("/assistance/premium/?identity=dibao").content.decode()
    assert signed_in("department", COUNTY, "civil_affairs").post("/assistance/premium/").status_code == 403


def test_programmes_name_rules_and_numbers_that_the_policy_has() -> None:
    from xianjie.screening.policies import open_policy

    policy = open_policy().policy
    rules = {info.name for info in policy.rules()}
    for code, one in programmes().items():
        named = {one.due, one.whole, one.amount, one.alone, one.per_person, one.urgent, one.highest, one.persons,
                 one.without, one.missed, one.recheck, *one.steps} - {""}  # fmt: skip
        assert named <= rules, (code, named - rules)
        numbers = {one.grace, one.township_max, one.months_max, *one.review.values()} - {""}
        assert numbers <= set(policy.parameters), json.dumps(sorted(numbers))
