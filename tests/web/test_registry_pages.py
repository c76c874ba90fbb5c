"""The register's pages: who sees what, how much it costs, what is kept of what was typed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client

from tests.web import registry_samples as sample
from xianjie.web.audit.models import Event
from xianjie.web.registry import actions
from xianjie.web.registry.models import Household, Person, QualityAnswer, Settlement
from xianjie.web.registry.run_results import NewestRun
from xianjie.web.registry.selectors import settlement_rows
from xianjie.web.registry.settling import close_answers

pytestmark = pytest.mark.django_db
LIST = "/registry/households/"


@pytest.fixture
def place() -> None:
    sample.regions()
    home = sample.household(
        "H1", sample.VILLAGE, [{"name": "王大明", "phone": "13900000001", "health": "chronic"}, {"name": "王小明"}],
        main_industry="养羊",
    )  # fmt: skip
    sample.household("H2", sample.VILLAGE, [{"name": "李小红"}])
    sample.household("H3", sample.FAR, [{"name": "赵远"}])
    sample.fact(home, "income", "I1", kind="wage", amount=1234560, period_from=date(2024, 1, 1),
                period_to=date(2024, 12, 31), said_by="cadre")  # fmt: skip
    sample.fact(home, "house", "HO1", grade="C", assessed_on=date(2024, 5, 2))


@pytest.fixture
def town(place: None) -> Client:
    return sample.client("township", sample.TOWN)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_a_list_has_the_households_of_the_area_and_no_others(town: Client) -> None:
    shown = text_of(town.get(LIST))
    assert "王大明" in shown and "李小红" in shown and "赵远" not in shown
    assert "没有符合条件的农户" in text_of(town.get(LIST, {"q": "赵"}))
    assert "王大明" in text_of(town.get(LIST, {"q": "wd"})) and "李小红" not in text_of(town.get(LIST, {"q": "wd"}))
    assert "H2" in text_of(town.get(LIST, {"q": "H2"}))


def test_a_filter_that_makes_no_sense_is_told_and_lists_nobody(town: Client) -> None:
    for asked in ({"place": "999902000000"}, {"sort": "secret"}, {"score_from": "many"}, {"after": "xx"}):
        response = town.get(LIST, asked)
        assert response.status_code == 200
        assert "王大明" not in text_of(response)


def test_pages_outside_the_area_look_as_if_they_were_not_there(town: Client) -> None:
    for url in (f"{LIST}H3/", "/registry/people/H3P0/", f"{LIST}H3/act/birth/", "/registry/reveal/person/H3P0/id_no/",
                f"{LIST}nobody/"):  # fmt: skip
        assert town.get(url).status_code == 404
    assert "赵远" not in text_of(town.get("/registry/people/", {"q": "赵"}))
    assert "赵远" not in text_of(town.get("/registry/people/suggest/", {"q": "zy"}))


def test_people_are_found_by_name_initials_number_phone_household_and_place(town: Client) -> None:
    number = Person.everything.get(pk="H1P1").id_no
    for asked in ("王小", "wxm", number, "139 0000 0001", "H1", "ＷＸＭ"):
        shown = text_of(town.get("/registry/people/", {"q": asked}))
        assert "H1P0" in shown or "H1P1" in shown, asked
    assert "上湾村" in text_of(town.get("/registry/people/", {"q": "上湾"}))
    assert number is not None
    assert "H1P1" not in text_of(town.get("/registry/people/", {"q": number[:12]}))


def test_a_household_page_tells_the_story_and_hides_what_is_secret(town: Client) -> None:
    shown = text_of(town.get(f"{LIST}H1/"))
    assert "养羊" in shown and "12,345.60" in shown and "干部入户" in shown and "住房" in shown
    someone = Person.everything.get(pk="H1P0")
    assert someone.id_no is not None and someone.id_no not in shown and "13900000001" not in shown
    assert someone.id_no[:6] + "********" + someone.id_no[-4:] in shown
    assert "慢性病" not in shown


def test_a_household_page_needs_the_same_queries_for_two_members_and_for_forty(
    town: Client, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    big = sample.household("H8", sample.VILLAGE, [{"name": f"王{number}"} for number in range(40)])
    for number in range(60):
        sample.fact(big, "income", f"B{number}", kind="wage", amount=number, period_from=date(2024, 1, 1),
                    period_to=date(2024, 12, 31), said_by="cadre")  # fmt: skip
    costs = []
    for key in ("H1", "H8"):
        for asked in ({}, {"on": "2025-01-01"}):
            with CaptureQueriesContext(
                connection,
            ) as counted:
                assert town.get(f"{LIST}{key}/", asked).status_code == 200
            costs.append(len(counted))
    assert costs[0] == costs[2] and costs[1] == costs[3]
    assert max(costs) <= 25
    with django_assert_max_num_queries(25):
        town.get(LIST)


def test_a_past_day_shows_what_was_so_then(town: Client) -> None:
    scope = sample.scope("county", sample.COUNTY)
    actions.death(scope, "H1P1", on=date(2025, 6, 1), reason="死亡证明")
    now, then = text_of(town.get(f"{LIST}H1/")), text_of(town.get(f"{LIST}H1/", {"on": "2025-05-31"}))
    assert "H1P1" not in now.split('id="timeline"')[0] and "H1P1" in then
    assert "这是过去某一天的档案" in then and "登记变动" not in then
    assert "这是过去某一天的档案" not in text_of(town.get(f"{LIST}H1/", {"on": "2999-01-01"}))
    assert "已登记死亡" in text_of(town.get("/registry/people/H1P1/"))
    assert "已登记死亡" not in text_of(town.get("/registry/people/H1P1/", {"on": "2025-05-31"}))


def test_a_masked_value_is_shown_once_for_a_reason_that_is_kept(town: Client) -> None:
    url = "/registry/reveal/person/H1P0/id_no/"
    number = Person.everything.get(pk="H1P0").id_no
    assert number is not None
    assert number not in text_of(town.get(url)) and number not in text_of(town.post(url, {"reason": " "}))
    assert not Event.objects.filter(verb="registry.reveal").exists()
    shown = town.post(url, {"reason": "核对身份证复印件"})
    assert number in text_of(shown) and "no-store" in shown["Cache-Control"]
    event = Event.objects.get(verb="registry.reveal")
    assert (event.subject_id, event.why, event.region_code) == ("H1P0", "核对身份证复印件", sample.VILLAGE)
    assert event.after["field"] == "person.id_no" and number not in str(event.after)
    assert town.get("/registry/reveal/person/H1P0/nothing/").status_code == 404


def test_a_leader_may_not_reveal_and_may_not_change(place: None) -> None:
    leader = sample.client("leader", sample.COUNTY)
    assert leader.get(f"{LIST}H1/").status_code == 200
    assert "王大明" in text_of(leader.get(f"{LIST}H1/"))
    assert leader.get("/registry/reveal/person/H1P0/id_no/").status_code == 403
    assert leader.get(f"{LIST}H1/act/birth/").status_code == 403
    assert leader.get(f"{LIST}export/").status_code == 403


def birth(**changes: str) -> dict[str, str]:
    return {
        "name": "王新",
        "sex": "2",
        "relation": "30",
        "on": "2025-09-01",
        "reason": "出生证明",
        "revision": "1",
    } | changes


def test_a_birth_is_recorded_through_its_form(town: Client) -> None:
    response = town.post(f"{LIST}H1/act/birth/", birth())
    assert response.status_code == 302
    assert Household.everything.get(pk="H1").size == 3
    assert "王新" in text_of(town.get(f"{LIST}H1/"))


def test_what_was_typed_stays_when_something_is_wrong(town: Client) -> None:
    shown = text_of(town.post(f"{LIST}H1/act/birth/", birth(id_no="629901198503070016", reason="")))
    assert 'value="王新"' in shown and "629901198503070016" in shown and "身份证号不对" in shown
    town.post(f"{LIST}H1/act/birth/", birth())
    late = text_of(town.post(f"{LIST}H1/act/birth/", birth(name="王又新")))
    assert "您打开本页后，这户已有新的变动" in late and 'value="王又新"' in late
    assert 'name="revision" value="2"' in late
    assert town.post(f"{LIST}H1/act/birth/", birth(name="王又新", revision="2")).status_code == 302


def test_a_correction_changes_the_fields_typed_and_leaves_hidden_ones_alone(town: Client) -> None:
    url = "/registry/people/H1P0/correct/"
    page = town.get(url)
    assert "13900000001" not in text_of(page)
    form = page.context["form"]
    typed = {name: form[name].value() for name in form.fields}
    typed = {name: "" if value is None else str(value) for name, value in typed.items()}
    response = town.post(url, typed | {"name": "王达明", "on": "2025-09-01", "reason": "户口簿", "revision": "1"})
    assert response.status_code == 302, response.context["form"].errors
    someone = Person.everything.get(pk="H1P0")
    assert (someone.name, someone.phone, someone.data["health"]) == ("王达明", "13900000001", "chronic")
    assert Household.everything.get(pk="H1").head_name == "王达明"
    shown = text_of(town.post(url, typed | {"name": "王达明", "on": "2025-09-01", "reason": "户口簿", "revision": "2"}))
    assert "没有改动任何一项" in shown


@pytest.mark.parametrize("kind", ["birth", "marriage_in", "move_in", "death", "marriage_out", "move_out", "new_head",
                                  "split", "merge", "relocate", "move_away"])  # fmt: skip
def test_every_action_has_its_form_and_refuses_an_empty_one(town: Client, kind: str) -> None:
    assert town.get(f"{LIST}H1/act/{kind}/").status_code == 200
    assert town.post(f"{LIST}H1/act/{kind}/", {"on": ""}).status_code == 200
    assert Household.everything.get(pk="H1").revision == 1


def test_a_split_and_its_undoing_through_the_pages(town: Client) -> None:
    given = {
        "goes_H1P1": "on",
        "relation_H1P1": "01",
        "relation_H1P0": "01",
        "on": "2025-09-01",
        "reason": "成家",
        "revision": "1",
    }
    response = town.post(f"{LIST}H1/act/split/", given)
    assert response.status_code == 302
    page = text_of(town.get(response["Location"]))
    undo = page.split('href="/registry/changes/')[1].split('"')[0]
    assert town.get(f"/registry/changes/{undo}").status_code == 200
    assert town.post(f"/registry/changes/{undo}", {"reason": "登记错了"}).status_code == 302
    assert Household.everything.get(pk="H1").size == 2


def test_the_export_holds_the_area_masked_and_is_kept_on_record(town: Client, tmp_path: Path) -> None:
    response = town.get(f"{LIST}export/", {"place": sample.VILLAGE})
    path = tmp_path / "list.xlsx"
    path.write_bytes(b"".join(response.streaming_content))
    book = openpyxl.load_workbook(path)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert [row[4] for row in rows] == ["户主姓名", "王大明", "李小红"]
    about = dict(book.worksheets[1].iter_rows(values_only=True))
    assert about["行数"] == "2"
    event = Event.objects.get(verb="registry.export")
    assert event.after["rows"] == 2 and event.after["asked"]["place"] == sample.VILLAGE
    picked = town.post(f"{LIST}export/", {"ids": ["H1", "H3"]})
    path.write_bytes(b"".join(picked.streaming_content))
    rows = list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))
    assert [row[4] for row in rows[1:]] == ["王大明"]


def test_a_conflict_is_settled_once_remembered_and_withdrawn_with_a_trace(
    town: Client, tmp_path: Path, monkeypatch: Any
) -> None:
    with sample.a_run(tmp_path / "run", monkeypatch):
        shown = text_of(town.get("/registry/conflicts/"))
        assert "王大明" in shown and "赵远" not in shown and "卫健局" in shown
        url = "/registry/conflicts/settle/?of=" + shown.split("settle/?of=")[1].split('"')[0]
        assert town.post(url, {"value": "2", "reason": ""}).status_code == 200
        assert not Settlement.everything.exists()
        assert town.post(url, {"value": "2", "reason": "身份证为女"}).status_code == 302
        assert "王大明" not in text_of(town.get("/registry/conflicts/"))
        assert list(settlement_rows(sample.COUNTY)) == [{
            "entity": "person", "key": "H1P0", "field": "sex", "value": "2", "settled_on": "2025-10-31",
            "settled_by": f"client-township-{sample.TOWN}", "against": "register=1;roll=2",
        }]  # fmt: skip
        assert "已由" in text_of(town.post(url, {"value": "1", "reason": "再来一次"}))
        one = Settlement.everything.get()
        town.post(f"/registry/conflicts/settled/{one.pk}/withdraw/", {"reason": "看错了"})
        assert not list(settlement_rows(sample.COUNTY))
        assert "王大明" in text_of(town.get("/registry/conflicts/"))
        assert list(Event.objects.order_by("seq").values_list("verb", flat=True)) == [
            "registry.settle",
            "registry.unsettle",
        ]
        assert "已撤回" in text_of(town.get("/registry/conflicts/settled/"))


def test_findings_are_answered_and_the_score_follows(town: Client, tmp_path: Path, monkeypatch: Any) -> None:
    with sample.a_run(tmp_path / "run", monkeypatch):
        overview = text_of(town.get("/registry/quality/"))
        assert "上湾村" in overview and "远山村" not in overview and "50.0" in overview
        listed = text_of(town.get("/registry/quality/findings/"))
        assert "同时为低保对象和特困人员" in listed and "H3" not in listed
        pick = '["category.dibao_and_tekun", "H2", "H2P0"]'
        far = '["category.dibao_and_tekun", "H3", "H3P0"]'
        assert town.post("/registry/quality/answer/", {"picked": far}).status_code == 302
        assert town.post("/registry/quality/answer/", {"picked": [pick]}).status_code == 200
        refused = text_of(town.post("/registry/quality/answer/", {"picked": [pick], "answer": "real", "note": ""}))
        assert "请在说明中写明情况" in refused
        town.post(
            "/registry/quality/answer/", {"picked": [pick, far], "answer": "passed_on", "department": "civil_affairs"}
        )
        assert QualityAnswer.everything.get().household_id == "H2"
        assert "100.0" in text_of(town.get("/registry/quality/"))
        assert "转交部门（民政局）" in text_of(town.get("/registry/quality/findings/"))
        assert "H2P0" not in text_of(town.get("/registry/quality/findings/", {"state": "open"}))
        export = town.get("/registry/quality/findings/export/", {"severity": "error"})
        assert export.status_code == 200
        b"".join(export.streaming_content)
        assert Event.objects.get(verb="quality.export").after["rows"] == 1
        again, nothing = NewestRun(tmp_path / "run"), NewestRun(tmp_path / "nothing_found")
        assert close_answers(sample.COUNTY, again, date(2025, 11, 1)) == 0
        assert close_answers(sample.COUNTY, nothing, date(2025, 11, 1)) == 1


def test_an_auditor_reads_findings_and_answers_none(place: None, tmp_path: Path, monkeypatch: Any) -> None:
    auditor = sample.client("auditor", sample.COUNTY)
    with sample.a_run(tmp_path / "run", monkeypatch):
        assert auditor.get("/registry/quality/findings/").status_code == 200
        assert auditor.post("/registry/quality/answer/", {"picked": "[]"}).status_code == 403
        assert auditor.get("/registry/conflicts/").status_code == 403


def test_before_the_first_run_the_pages_say_so(town: Client) -> None:
    for url in ("/registry/conflicts/", "/registry/quality/", "/registry/quality/findings/"):
        assert "每日比对完成后" in text_of(town.get(url)) or "还没有" in text_of(town.get(url))
