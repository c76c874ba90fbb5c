"""The audit trail: appended, chained, searched within one's area, and any touch of it found."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.base_samples import COUNTY, FAR, A, B, make_places, make_user
from xianjie.web.audit.models import ChainHead, Event
from xianjie.web.audit.services import Actor, acting, hash_of, record, verify
from xianjie.web.sealing import seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor() -> Client:
    make_places()
    client = Client()
    client.force_login(make_user("shen", "auditor"))
    return client


def fill(count: int = 5, code: str = A) -> None:
    with acting(Actor("zhangsan", "张试", "样例县 县级工作人员", "10.0.0.1")):
        for number in range(count):
            record("registry.change", subject=("household", f"H{number}"), region_code=code, why=f"入户核实{number}")


def touch(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_a_whole_chain_is_sound_and_says_how_many_events_it_read() -> None:
    assert verify().events == 0
    fill(7)
    verdict = verify()
    assert (verdict.events, verdict.first_bad, verdict.head) == (7, None, hash_of(7))


@pytest.mark.parametrize(
    ("sql", "bad"),
    [
        ("UPDATE audit_event SET why = 'x' WHERE seq = 3", 3),
        ("UPDATE audit_event SET actor = 'lisi' WHERE seq = 1", 1),
        ("UPDATE audit_event SET after = '{\"a\":1}' WHERE seq = 5", 5),
        ("DELETE FROM audit_event WHERE seq = 2", 2),
        ("DELETE FROM audit_event WHERE seq = 7", 7),
        ("UPDATE audit_event SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 4", 4),
    ],
)
def test_the_first_event_that_was_touched_is_named(sql: str, bad: int) -> None:
    fill(7)
    touch(sql)
    assert verify().first_bad == bad


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc名", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.lists(st.tuples(json_values, json_values), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_recorded_reads_back_as_it_was_hashed(contents: list) -> None:
    for before, after in contents:
        record("x.y", before=before, after=after)
    assert verify().first_bad is None


def test_events_cannot_be_changed_by_the_program_itself() -> None:
    fill(1)
    event = Event.objects.get()
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()
    assert ChainHead.objects.get().seq == 1


def test_the_search_narrows_by_everything_and_costs_the_same(auditor: Client, django_assert_max_num_queries) -> None:
    fill(60)
    record("accounts.grant", subject=("account", "lisi"), region_code=B, after={"role": "county"})
    address = reverse("audit:events")
    with django_assert_max_num_queries(14):
        page = auditor.get(address).content.decode()
    assert "授权" in page and 'rel="next"' in page

    def found(query: str) -> int:
        text = auditor.get(f"{address}?{query}").content.decode()
        return int(text.split("共 <strong>")[1].split("<")[0]) if "共 <strong>" in text else 0

    assert found("actor=zhangsan") == 60
    assert found("verb=accounts.grant") == 1
    assert found("subject=H7") == 1
    assert found("place=一号村") == 60 and found("place=甲子镇") == 61
    assert found("why=核实59") == 1
    assert found("since=2000-01-01") == 61 and found("since=2099-01-01") == 0 and found("until=2000-01-01") == 0
    assert "没有找到" in auditor.get(f"{address}?place=别处村").content.decode()
    assert "请选择" in auditor.get(f"{address}?verb=nonsense").content.decode() or found("verb=nonsense") == 0


def test_events_outside_the_area_do_not_exist_for_the_auditor(auditor: Client) -> None:
    fill(2, FAR)
    fill(1, A)
    page = auditor.get(reverse("audit:events")).content.decode()
    assert "<strong>1</strong>" in page
    assert auditor.get(reverse("audit:event", args=[1])).status_code == 404
    assert auditor.get(reverse("audit:event", args=[3])).status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(b"".join(auditor.get(reverse("audit:export")).streaming_content)))
    assert {row[7] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)} == {"农户 H0"}


def test_events_of_no_place_are_for_who_audits_the_whole_instance(auditor: Client) -> None:
    record("accounts.login_failed")
    assert auditor.get(reverse("audit:event", args=[1])).status_code == 404  # two counties in this instance
    client = Client()
    client.force_login(make_user("sheng", "auditor", "629900000000"))
    assert client.get(reverse("audit:event", args=[1])).status_code == 200


def test_before_and_after_stand_side_by_side_and_secrets_stay_masked(auditor: Client) -> None:
    number = "629901199001011234"
    before = {"name": "试某甲", "id_no": seal(number), "phone": None, "address": "一组"}
    record(
        "registry.correct", subject=("person", "P1"), region_code=A, before=before, after={**before, "sex": "female"}
    )
    page = auditor.get(reverse("audit:event", args=[1])).content.decode()
    assert number not in page and "1:" + seal("x")[2:4] not in page
    assert "试某甲" not in page and "姓名" in page
    client = Client()
    client.force_login(make_user("xian", "county"))
    assert client.get(reverse("audit:event", args=[1])).status_code == 403


def test_a_touched_event_warns_on_its_page(auditor: Client) -> None:
    fill(1)
    touch("UPDATE audit_event SET why = '改过' WHERE seq = 1")
    assert "不一致" in auditor.get(reverse("audit:event", args=[1])).content.decode()


def test_an_export_of_the_trail_is_an_event_itself(auditor: Client) -> None:
    fill(1)
    b"".join(auditor.get(reverse("audit:export") + "?actor=zhangsan").streaming_content)
    event = Event.objects.get(verb="audit.export")
    assert event.after["rows"] == 1 and event.after["asked"] == {"actor": "zhangsan"} and event.actor == "shen"
    assert event.region_code == COUNTY
