"""Doubtful rows: side by side, settled once, reused next time, undone with a trace; nobody sees another's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.web import intake_county as county
from xianjie.linkage import fingerprint_of
from xianjie.messages import UserError
from xianjie.web.accounts.models import User
from xianjie.web.audit.models import Event
from xianjie.web.intake import comparing, doubts, selectors
from xianjie.web.intake.models import Delivery, Doubt

pytestmark = pytest.mark.django_db
DOUBTFUL = {"name": "王大山", "village_name": "桃花村"}


@cache
def doubtful_file() -> bytes:
    """王大山 of 桃花村 without number, on two bills; a number of 赵大山 under another name; one plain row."""
    people = county.people()
    return county.bills(
        [
            ["王大山", None, "桃花村", "2025-09-12", 80],
            ["王大山", None, "桃花村", "2025-09-13", 90],
            ["欧阳无名", people[0]["id_no"], "桃花村", "2025-09-12", 60],
            county.bill(people[2], 5),
        ]
    )


@pytest.fixture(scope="module")
def prepared(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[int, int]]:
    def make() -> tuple[int, int]:
        county.make_county()
        clerk = county.make_user("yibao", "department", "medical_insurance")
        return clerk.pk, county.read(county.deliver(clerk, doubtful_file())).pk

    with county.once(django_db_blocker, make) as made:
        yield made


@pytest.fixture
def clerk(prepared: tuple[int, int], db: None) -> User:
    return User.objects.get(pk=prepared[0])


@pytest.fixture
def delivery(prepared: tuple[int, int], db: None) -> Delivery:
    return Delivery.everything.get(pk=prepared[1])


def of_wang() -> Doubt:
    return Doubt.everything.get(fingerprint=fingerprint_of(DOUBTFUL))


def test_rows_that_write_the_same_identity_are_one_doubt(delivery: Delivery) -> None:
    assert delivery.review == 3
    wang = of_wang()
    assert (wang.rows, wang.state, wang.department) == (2, Doubt.OPEN, "medical_insurance")
    assert wang.candidates[0]["person_id"] == "P60" and wang.region_code == "629901001001"
    assert doubts.identity_of(wang) == DOUBTFUL
    assert Doubt.everything.count() == 2


def test_the_identity_is_encrypted_in_the_database(delivery: Delivery) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT identity FROM intake_doubt")
        stored = [row[0] for row in cursor.fetchall()]
    assert all(text.startswith("1:") and "王大山" not in text for text in stored)


def test_both_records_stand_side_by_side_with_keys_to_settle_them(
    client: Client, clerk: User, delivery: Delivery, django_assert_max_num_queries: Any
) -> None:
    client.force_login(clerk)
    with django_assert_max_num_queries(12):
        page = client.get(f"/intake/doubts/{of_wang().pk}/").content.decode()
    assert "候选 1" in page and "相同" in page and 'data-key="1"' in page
    assert {'data-key="0"', 'data-key="s"', 'data-key="u"'} <= set(re.findall(r'data-key="\w"', page))
    other = Doubt.everything.exclude(pk=of_wang().pk).get()
    assert f'rel="prefetch" href="/intake/doubts/{other.pk}/"' in page
    number = county.people()[0]["id_no"]
    assert number not in client.get(f"/intake/doubts/{other.pk}/").content.decode()


def test_a_decision_leads_on_to_the_next_and_holds_for_the_same_identity_next_time(
    client: Client, clerk: User, delivery: Delivery
) -> None:
    client.force_login(clerk)
    wang = of_wang()
    other = Doubt.everything.exclude(pk=wang.pk).get()
    response = client.post(f"/intake/doubts/{wang.pk}/decide/", {"choice": "1"})
    assert response["Location"] == f"/intake/doubts/{other.pk}/"
    assert client.post(f"/intake/doubts/{other.pk}/decide/", {"choice": "0"})["Location"] == "/intake/doubts/next/"
    rows = {row["fingerprint"]: row for row in selectors.decision_rows(county.COUNTY)}
    assert rows[wang.fingerprint]["person_id"] == "P60" and rows[wang.fingerprint]["decided_by"] == "yibao"
    assert rows[other.fingerprint]["person_id"] is None
    assert "其中 3 行已核对" in client.get(f"/intake/{delivery.pk}/").content.decode()
    later = county.bills(
        [
            ["王大山", None, "桃花村", "2025-10-12", 33],
            ["欧阳无名", county.people()[0]["id_no"], "桃花村", "2025-10-12", 60],
        ]
    )
    again = county.read(county.deliver(clerk, later, day=county.DAY.replace(month=10)))
    assert (again.accepted, again.review, again.unmatched) == (1, 0, 1)


def test_who_comes_second_is_told_and_changes_nothing(client: Client, clerk: User, delivery: Delivery) -> None:
    wang = of_wang()
    doubts.decide(wang, Doubt.NOBODY, county.make_user("other", "county"))
    client.force_login(clerk)
    response = client.post(f"/intake/doubts/{wang.pk}/decide/", {"choice": "1"}, follow=True)
    assert "刚才已由 other 核对过" in response.content.decode()
    assert of_wang().state == Doubt.NOBODY


def test_only_a_candidate_can_be_chosen(client: Client, clerk: User, delivery: Delivery) -> None:
    client.force_login(clerk)
    for choice in ("9", "-1", "P00", ""):
        client.post(f"/intake/doubts/{of_wang().pk}/decide/", {"choice": choice})
    with pytest.raises(UserError):
        doubts.decide(of_wang(), Doubt.PERSON, clerk, "P00")
    assert of_wang().state == Doubt.OPEN


def test_the_last_decision_can_be_taken_back_with_a_trace(client: Client, clerk: User, delivery: Delivery) -> None:
    client.force_login(clerk)
    wang = of_wang()
    client.post(f"/intake/doubts/{wang.pk}/decide/", {"choice": "1"})
    response = client.post("/intake/doubts/undo/")
    assert response["Location"] == f"/intake/doubts/{wang.pk}/"
    assert of_wang().state == Doubt.OPEN and selectors.decision_rows(county.COUNTY) == []
    told = Event.objects.get(verb="intake.undo")
    assert told.before["person_id"] == "P60" and told.after["state"] == Doubt.OPEN
    assert "没有可以撤销" in client.post("/intake/doubts/undo/", follow=True).content.decode()


def test_what_is_put_off_leaves_the_queue_and_can_be_found(client: Client, clerk: User, delivery: Delivery) -> None:
    client.force_login(clerk)
    client.post(f"/intake/doubts/{of_wang().pk}/decide/", {"choice": "s"})
    assert "王大山" not in client.get("/intake/doubts/").content.decode()
    assert "王大山" in client.get("/intake/doubts/?state=put_off").content.decode()


def test_filters_narrow_list_and_queue(client: Client, clerk: User, delivery: Delivery) -> None:
    client.force_login(clerk)
    assert "王大山" in client.get("/intake/doubts/?village=629901001001&layout=medical_bills").content.decode()
    assert "王大山" not in client.get("/intake/doubts/?village=629901001002").content.decode()
    response = client.get("/intake/doubts/next/?village=629901001001")
    assert response["Location"].endswith("?village=629901001001")


def test_another_department_finds_no_doubt_of_ours(client: Client, clerk: User, delivery: Delivery) -> None:
    client.force_login(county.make_user("minzheng", "department", "civil_affairs"))
    wang = of_wang()
    assert "王大山" not in client.get("/intake/doubts/").content.decode()
    assert client.get(f"/intake/doubts/{wang.pk}/").status_code == 404
    for path in ("decide/", "undo/"):
        assert client.post(f"/intake/doubts/{wang.pk}/{path}", {"choice": "1"}).status_code == 404
    assert of_wang().state == Doubt.OPEN


def test_doubts_of_a_replaced_file_are_gone_and_come_back_with_it(clerk: User, delivery: Delivery) -> None:
    people = county.people()
    clean = county.bills([county.bill(person, 5) for person in people[:4]])
    county.read(county.deliver(clerk, clean))
    assert of_wang().state == Doubt.GONE
    county.read(county.deliver(clerk, county.bills([["王大山", None, "桃花村", "2025-09-30", 8]]), mode="addition"))
    assert (of_wang().state, of_wang().rows) == (Doubt.OPEN, 1)


def run_folder(delivery: Delivery, folder: Path) -> Path:
    """A finished run over the delivery's file, as the daily job leaves it."""
    feeds = folder / "work" / "feeds" / "0"
    feeds.mkdir(parents=True)
    (folder / "work" / "steps").mkdir()
    name = f"medical_insurance/{selectors.feed_name(delivery)}"
    from xianjie.engines import open_engine

    with open_engine() as engine:
        engine.write_parquet(
            f"SELECT * EXCLUDE (tier, person_id, household_id, score, reason, fingerprint) "
            f"FROM read_parquet('{delivery.read_folder}/rows.parquet')",
            feeds / "canonical.parquet",
        )
        for table in ("links", "candidates"):
            engine.write_parquet(
                f"SELECT '{name}' AS file, * EXCLUDE (file) "
                f"FROM read_parquet('{delivery.read_folder}/{table}.parquet')",
                folder / f"{table}.parquet",
            )
    files = [{"name": name, "layout": "medical_bills", "parquet": "0/canonical.parquet"}]
    (folder / "work" / "steps" / "feeds.json").write_text(json.dumps({"result": {"files": files}}), encoding="utf-8")
    return folder


def test_a_daily_run_brings_doubts_in_line(delivery: Delivery, tmp_path: Path) -> None:
    folder = run_folder(delivery, tmp_path)
    stale = Doubt.everything.create(
        county_code=county.COUNTY, region_code=county.COUNTY, department="medical_insurance", layout="medical_bills",
        fingerprint="0" * 32, identity="{}", reason="", rows=1, run_rows=1,
    )  # fmt: skip
    assert doubts.take_doubts(county.COUNTY, folder, timezone.now()) == 2
    stale.refresh_from_db()
    assert stale.state == Doubt.GONE
    assert (of_wang().rows, of_wang().run_rows, of_wang().state) == (2, 2, Doubt.OPEN)


def test_a_decision_that_a_run_could_not_know_survives_it(clerk: User, delivery: Delivery, tmp_path: Path) -> None:
    folder, begun_at = run_folder(delivery, tmp_path), timezone.now()
    doubts.decide(of_wang(), Doubt.PERSON, clerk, "P60")
    doubts.take_doubts(county.COUNTY, folder, begun_at)
    assert of_wang().state == Doubt.PERSON
    doubts.take_doubts(county.COUNTY, folder, timezone.now())
    assert of_wang().state == Doubt.OPEN, "the run knew the decision and still left the row in doubt"


@given(st.text("0123456789X", min_size=18, max_size=18), st.integers(0, 17))
def test_one_wrong_digit_is_named_by_its_place(number: str, at: int) -> None:
    wrong = number[:at] + ("1" if number[at] != "1" else "2") + number[at + 1 :]
    assert comparing.judge("id_no", number, number) == comparing.Judged("same")
    judged = comparing.judge("id_no", number, wrong)
    assert judged.verdict == "similar" and judged.note == f"第 {at + 1} 位不同"


def test_masked_numbers_still_show_which_digits_differ() -> None:
    marked = comparing._marked("629901197001101234", "629901197001171234", "629901********1234")
    assert str(marked) == "629901*******<mark>*</mark>1234"


@pytest.mark.parametrize(
    ("name", "given_text", "theirs", "verdict"),
    [
        ("name", "张伟", "张伟", "same"),
        ("name", "张伟", "章伟", "similar"),
        ("name", "张大伟", "张小伟", "similar"),
        ("name", "张伟", "李娜", "differs"),
        ("id_no", "629901700110001", "629901197001100018", "same"),
        ("birth_date", "1970-01-10", "1970-01-11", "similar"),
        ("village_name", "桃花", "桃花村", "similar"),
        ("age", "55岁", "54", "similar"),
        ("phone", "", "19900000000", "unknown"),
    ],
)
def test_facts_are_judged(name: str, given_text: str, theirs: str, verdict: str) -> None:
    assert comparing.judge(name, given_text, theirs).verdict == verdict
