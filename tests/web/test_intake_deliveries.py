"""Handing in files: every row has one outcome, nothing counts twice, a corrected file takes its place."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.web import intake_county as county
from xianjie.messages import UserError
from xianjie.web.accounts.models import User
from xianjie.web.audit.models import Event
from xianjie.web.intake import selectors, services
from xianjie.web.intake.models import OUTCOMES, Delivery
from xianjie.web.jobs.services import run_next

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def clerk() -> User:
    county.make_county()
    return county.make_user("yibao", "department", "medical_insurance")


@cache
def mixed() -> bytes:
    """One row of each outcome: accepted, repaired, review, unmatched, rejected."""
    people = county.people()
    return county.bills(
        [
            county.bill(people[0], 120.5),
            [*county.bill(people[1], 0)[:4], "300元"],
            ["王大山", None, "桃花村", "2025-09-12", 80],
            ["欧阳无名", "999901198001010018", "外地村", "2025-09-12", 60],
            [people[2]["name"], people[2]["id_no"], "桃花村", None, 70],
        ]
    )


def page(client: Client, pk: int, query: str = "") -> str:
    response = client.get(f"/intake/{pk}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_each_row_of_an_uploaded_file_has_one_outcome(client: Client, clerk: User) -> None:
    client.force_login(clerk)
    response = client.post("/intake/deliver/", county.form(mixed()))
    delivery = Delivery.everything.get()
    assert response.status_code == 302 and response["Location"] == f"/intake/{delivery.pk}/"
    assert run_next("test") is not None
    delivery.refresh_from_db()
    assert delivery.state == Delivery.READY
    assert {outcome: getattr(delivery, outcome) for outcome in OUTCOMES} == dict.fromkeys(OUTCOMES, 1)
    assert delivery.rows == 5 and delivery.adds_up
    assert delivery.given.read_bytes() == mixed() and "医疗" not in str(delivery.given)


def test_the_results_page_says_what_happened_to_which_row(client: Client, clerk: User) -> None:
    delivery = county.read(county.deliver(clerk, mixed()))
    client.force_login(clerk)
    rejected = page(client, delivery.pk, "?outcome=rejected")
    assert "数据 第 6 行" in rejected and "缺少“结算日期”" in rejected and "欧阳无名" not in rejected
    repaired = page(client, delivery.pk, "?outcome=repaired")
    assert "300元”已换算成数字" in repaired and "300.00" in repaired
    kind = next(one["kind"] for one in delivery.reasons if one["outcome"] == "rejected")
    assert "数据 第 6 行" in client.get(f"/intake/{delivery.pk}/", {"kind": kind}).content.decode()


def test_the_file_given_back_holds_the_rows_with_remarks(client: Client, clerk: User) -> None:
    delivery = county.read(county.deliver(clerk, mixed()))
    client.force_login(clerk)
    response = client.get(f"/intake/{delivery.pk}/giveback.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    lines = [[cell for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert lines[0][:4] == ["原工作表", "原行号", "处理结果", "处理说明"] and lines[0][4:] == county.HEAD
    assert {line[1] for line in lines[1:]} == {"3", "5", "6"}
    assert Event.objects.filter(verb="intake.download", subject_id=str(delivery.pk)).exists()


def test_pages_ask_a_fixed_number_of_questions(client: Client, clerk: User, django_assert_max_num_queries: Any) -> None:
    many = county.bills([county.bill(person, paid) for person in county.people() for paid in range(1, 8)])
    delivery = county.read(county.deliver(clerk, many))
    county.read(county.deliver(clerk, mixed(), day=county.DAY.replace(month=8)))
    client.force_login(clerk)
    for url in ("/intake/", "/intake/deliver/", f"/intake/{delivery.pk}/", "/intake/calendar/", "/intake/doubts/"):
        with django_assert_max_num_queries(12):
            assert client.get(url).status_code == 200


def test_rows_are_paged_to_the_last_and_back(client: Client, clerk: User) -> None:
    many = county.bills([county.bill(person, paid) for person in county.people() for paid in range(1, 8)])
    delivery = county.read(county.deliver(clerk, many))
    client.force_login(clerk)
    first = page(client, delivery.pk)
    assert "数据 第 2 行" in first and "数据 第 51 行" in first and "数据 第 52 行" not in first
    assert "数据 第 113 行" in page(client, delivery.pk, "?after=99")
    assert "数据 第 51 行" in page(client, delivery.pk, "?before=50")
    assert "页码无效" in page(client, delivery.pk, "?after=drop")


def test_the_same_file_twice_is_told_and_counted_once(client: Client, clerk: User) -> None:
    delivery = county.read(county.deliver(clerk, mixed()))
    client.force_login(clerk)
    response = client.post("/intake/deliver/", county.form(mixed(), name="另一个名字.xlsx"), follow=True)
    assert "没有重复计算" in response.content.decode()
    assert Delivery.everything.count() == 1
    assert [one.pk for one in selectors.current_deliveries(county.COUNTY)] == [delivery.pk]
    assert len(list(delivery.place.parent.iterdir())) == Delivery.everything.count()


def test_a_corrected_whole_file_takes_the_place_of_the_first(clerk: User) -> None:
    people = county.people()
    first = county.read(county.deliver(clerk, county.bills([county.bill(people[0], 1), county.bill(people[1], 2)])))
    second = county.read(county.deliver(clerk, county.bills([county.bill(people[0], 9), county.bill(people[1], 2)])))
    first.refresh_from_db()
    assert first.state == Delivery.REPLACED and first.replaced_by_id == second.pk
    assert [one.pk for one in selectors.current_deliveries(county.COUNTY)] == [second.pk]


def test_corrected_rows_count_beside_the_whole_file_under_a_name_of_their_own(clerk: User) -> None:
    people = county.people()
    county.read(county.deliver(clerk, county.bills([county.bill(people[0], 1), county.bill(people[1], 2)])))
    county.read(county.deliver(clerk, county.bills([county.bill(people[2], 3)]), mode=Delivery.ADDITION))
    current = selectors.current_deliveries(county.COUNTY)
    assert [one.layout for one in current] == ["medical_bills"] * 2
    names = [one.feed_name for one in current]
    assert names[0] == "medical_bills-20250930.xlsx" and len(set(names)) == 2
    from xianjie.feeds import discover

    folder = current[0].path.parent / "feeds" / "medical_insurance"
    folder.mkdir(parents=True)
    for one in current:
        (folder / one.feed_name).write_bytes(one.path.read_bytes())
    found = discover(folder.parent)
    assert [(one.layout, one.date, one.problem) for one in found] == [("medical_bills", county.DAY, None)] * 2


def test_a_whole_file_with_far_fewer_rows_waits_for_a_yes(client: Client, clerk: User) -> None:
    people = county.people()
    whole = county.read(county.deliver(clerk, county.bills([county.bill(person, 5) for person in people])))
    few = county.read(county.deliver(clerk, county.bills([county.bill(people[0], 6)])))
    assert few.state == Delivery.HELD
    assert [one.pk for one in selectors.current_deliveries(county.COUNTY)] == [whole.pk]
    client.force_login(clerk)
    assert "请确认" in page(client, few.pk)
    client.post(f"/intake/{few.pk}/settle/", {"mode": "addition"})
    assert {one.pk for one in selectors.current_deliveries(county.COUNTY)} == {whole.pk, few.pk}


def test_a_withdrawn_delivery_counts_no_more_and_may_be_handed_in_again(client: Client, clerk: User) -> None:
    delivery = county.read(county.deliver(clerk, mixed()))
    client.force_login(clerk)
    client.post(f"/intake/{delivery.pk}/withdraw/", {"why": "日期填错"})
    assert selectors.current_deliveries(county.COUNTY) == []
    assert Event.objects.get(verb="intake.withdraw").why == "日期填错"
    assert not county.deliver(clerk, mixed()).repeated


def test_reading_can_be_cancelled_and_taken_up_again(client: Client, clerk: User) -> None:
    receipt = county.deliver(clerk, mixed())
    client.force_login(clerk)
    client.post(f"/intake/{receipt.delivery.pk}/cancel/")
    receipt.delivery.refresh_from_db()
    assert receipt.delivery.state == Delivery.CANCELLED and run_next("test") is None
    client.post(f"/intake/{receipt.delivery.pk}/again/")
    assert county.read(receipt).rows == 5


def test_a_job_cancelled_in_the_list_of_jobs_ends_the_delivery_too(clerk: User) -> None:
    from xianjie.web.jobs.services import ask_to_cancel

    receipt = county.deliver(clerk, mixed())
    assert receipt.delivery.job
    ask_to_cancel(receipt.delivery.job)
    delivery = Delivery.everything.select_related("job").get()
    assert delivery.standing == Delivery.CANCELLED
    assert not county.deliver(clerk, mixed()).repeated


def test_a_wish_to_stop_in_the_middle_leaves_nothing_half_done(clerk: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from xianjie.web.intake import reading
    from xianjie.web.jobs.models import Job

    whole = reading.read_delivery

    def stopped_in_the_middle(*arguments: Any, **options: Any) -> Any:
        Job.everything.update(cancel_asked=True)
        return whole(*arguments, **options)

    monkeypatch.setattr(reading, "read_delivery", stopped_in_the_middle)
    receipt = county.deliver(clerk, mixed())
    job = run_next("test")
    assert job is not None and job.state == Job.CANCELLED
    receipt.delivery.refresh_from_db()
    assert (receipt.delivery.state, receipt.delivery.rows) == (Delivery.CANCELLED, 0)


def test_a_department_hands_in_its_own_layouts_only(client: Client, clerk: User) -> None:
    with pytest.raises(PermissionDenied):
        county.deliver(clerk, mixed(), layout="benefits")
    client.force_login(clerk)
    response = client.post("/intake/deliver/", county.form(mixed(), layout="benefits"))
    assert response.status_code == 200 and not Delivery.everything.exists()
    assert "社会救助对象名单" not in response.content.decode()


def test_another_department_sees_and_touches_nothing_of_it(client: Client, clerk: User) -> None:
    delivery = county.read(county.deliver(clerk, mixed()))
    client.force_login(county.make_user("minzheng", "department", "civil_affairs"))
    assert "医疗.xlsx" not in client.get("/intake/").content.decode()
    for path in ("", "giveback.xlsx", "given/", "withdraw/"):
        assert client.get(f"/intake/{delivery.pk}/{path}").status_code == 404
    for path in ("cancel/", "again/", "settle/", "withdraw/"):
        assert client.post(f"/intake/{delivery.pk}/{path}", {"mode": "whole", "why": "x"}).status_code == 404
    delivery.refresh_from_db()
    assert delivery.state == Delivery.READY


def test_who_may_only_look_sees_masked_values_in_rows_and_remarks(client: Client, clerk: User) -> None:
    person = county.people()[0]
    spaced = f"{person['id_no'][:6]} {person['id_no'][6:]}"
    rows = [[person["name"], spaced, "桃花村", "2025-09-12", 5], ["赵大山", person["id_no"], "桃花村", "昨天", 5]]
    delivery = county.read(county.deliver(clerk, county.bills(rows)))
    client.force_login(county.make_user("shenji", "auditor"))
    seen = page(client, delivery.pk)
    assert person["id_no"] not in seen and spaced not in seen and "赵大山" not in seen and "赵**" in seen
    assert client.get(f"/intake/{delivery.pk}/giveback.xlsx").status_code == 403
    client.force_login(clerk)
    assert "赵大山" in page(client, delivery.pk) and person["id_no"] not in page(client, delivery.pk)


def test_two_same_files_at_once_are_one(clerk: User, monkeypatch: pytest.MonkeyPatch) -> None:
    first = county.deliver(clerk, mixed())
    looks = iter([None, first.delivery])
    monkeypatch.setattr(services, "_same_bytes", lambda delivery: next(looks))
    assert county.deliver(clerk, mixed()).repeated
    assert Delivery.everything.count() == 1


def test_a_day_that_cannot_be_is_refused(clerk: User) -> None:
    for day in ("1900-01-01", "2099-12-31"):
        with pytest.raises(UserError, match="数据日期"):
            county.deliver(clerk, mixed(), day=county.DAY.fromisoformat(day))


def test_the_list_of_deliveries_can_be_taken_out(client: Client, clerk: User) -> None:
    county.read(county.deliver(clerk, mixed(), name="=cmd|calc!A0.xlsx"))
    client.force_login(clerk)
    response = client.get("/intake/export.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    cell = book.worksheets[0].cell(row=2, column=3)
    assert cell.data_type == "s" and cell.value.startswith("=cmd")
