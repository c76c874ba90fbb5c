"""Villages are renamed, merged, split and moved on a day; their records and their cadres come along."""

from __future__ import annotations

import io
import time
from datetime import date, timedelta

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.web.base_samples import (
    ALL,
    COUNTY,
    DAY,
    FAR,
    NEXT,
    OTHER_TOWN,
    TOWN,
    A,
    B,
    C,
    make_household,
    make_places,
    make_user,
)  # fmt: skip
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Holding, Scope, scope_of
from xianjie.web.audit.models import Event
from xianjie.web.jobs.models import Job, Schedule
from xianjie.web.jobs.services import queue_scheduled, run_next
from xianjie.web.regions import services
from xianjie.web.regions.jobs import ensure_schedule
from xianjie.web.regions.models import Region
from xianjie.web.regions.records import records_moving, scoped_models
from xianjie.web.regions.selectors import full_names, names, on_day, paths, resolve, root, successor
from xianjie.web.registry.models import Household, Membership, Person

pytestmark = pytest.mark.django_db
HEADER = ["区划代码", "名称", "启用日期", "停用日期", "变更后代码"]


@pytest.fixture(autouse=True)
def places() -> None:
    make_places()


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(make_user("guanli", "administrator"))
    return client


def codes(model: type, *keys: str) -> set[str]:
    return set(
        model.everything.filter(pk__in=keys or model.everything.values("pk")).values_list("region_code", flat=True)
    )


def test_a_rename_keeps_the_code_and_the_old_name_for_the_old_days() -> None:
    services.rename(ALL, A, "新一号村", DAY, "县政发〔2025〕1号")
    assert names({A}) == {A: "新一号村"}
    assert on_day(DAY - timedelta(days=1)).get(region_code=A).name == "一号村"
    event = Event.objects.get()
    assert (event.verb, event.why, event.before["name"], event.after["name"]) == (
        "regions.rename", "县政发〔2025〕1号", "一号村", "新一号村",
    )  # fmt: skip
    services.rename(ALL, A, "再改", NEXT, "x")  # tomorrow
    assert names({A}) == {A: "新一号村"} and full_names({A}) == {A: "甲子镇新一号村"}


def test_merged_villages_hand_over_records_of_every_kind_and_their_cadres() -> None:
    for number, code in enumerate((A, A, B, C), 1):
        make_household(number, code)
    Job.everything.create(kind="x", title="x", region_code=A)
    cadre = make_user("cun", "village", A)
    services.merge(ALL, [A], B, DAY, "撤并", name="合并村")
    assert codes(Household, "H1", "H2", "H3") == codes(Person, "P1", "P2", "P3") == {B}
    assert codes(Household, "H4") == {C} and codes(Job) == {B}
    assert set(Membership.everything.filter(household_id="H1").values_list("region_code", flat=True)) == {B}
    seen = Household.objects.within(scope_of(cadre), "registry.view")
    assert {row.pk for row in seen} == {"H1", "H2", "H3"}
    assert names({A, B}) == {A: "一号村", B: "合并村"}
    event = Event.objects.get()
    assert event.verb == "regions.merge" and event.after["moved"]["registry.household"] == 2
    assert [one["region_code"] for one in event.before["merged"]] == [A]


def test_a_change_for_tomorrow_waits_for_tomorrow_and_the_nightly_job_does_it(settings) -> None:
    make_household(1, A)
    services.merge(ALL, [A], B, NEXT, "撤并")
    assert codes(Household) == {A} and successor(A) == A
    ensure_schedule()
    ensure_schedule()
    assert Schedule.objects.count() == 1
    settings.TODAY = NEXT.isoformat()
    assert successor(A) == B
    Schedule.objects.update(at="00:00")
    queue_scheduled()
    done = run_next("test")
    assert done is not None and done.state == Job.DONE and done.result["moved"] >= 2
    assert codes(Household) == codes(Person) == {B}
    assert services.move_due() == {}  # again does nothing


def test_a_village_moved_to_another_township_and_a_township_moved_with_all_its_villages() -> None:
    make_household(1, A)
    services.renumber(ALL, A, "629901200777", DAY, "划转", name="划来村")
    assert codes(Household) == {"629901200777"} and full_names({"629901200777"}) == {"629901200777": "乙丑乡划来村"}
    assert Region.objects.get(region_code="629901200777").parent_code == OTHER_TOWN
    make_household(2, B)
    services.renumber(ALL, TOWN, "629901300000", DAY, "换号")
    assert codes(Household, "H2") == {"629901300202"} and successor(B) == "629901300202"
    assert not on_day().filter(region_code__startswith="629901100").exists()
    assert on_day(DAY - timedelta(days=1)).filter(region_code=A).exists()


def test_a_split_takes_the_named_households_with_everything_of_theirs() -> None:
    for number in (1, 2, 3):
        make_household(number, A)
    part = "629901100299"
    services.split(ALL, A, {part: "新村"}, {part: ["H2", "H3"]}, DAY, "拆分")
    assert codes(Household, "H1") == {A}
    assert codes(Household, "H2", "H3") == codes(Person, "P2", "P3") == {part}
    with pytest.raises(UserError, match="不在这个村"):
        services.split(ALL, A, {"629901100298": "x"}, {"629901100298": ["H2"]}, DAY, "x")


def test_every_model_of_peoples_data_is_covered_now_and_later() -> None:
    labels = {model._meta.label_lower for model in scoped_models()}
    assert {"registry.household", "registry.person", "registry.fact", "registry.membership", "jobs.job"} <= labels


def test_other_apps_are_told_before_records_move() -> None:
    heard = []
    make_household(1, A)

    def listen(sender, pairs, households, **rest) -> None:
        heard.append((pairs, codes(Household)))

    records_moving.connect(listen)
    try:
        services.merge(ALL, [A], B, DAY, "x")
    finally:
        records_moving.disconnect(listen)
    assert heard == [({A: B}, {A})]


def test_changes_that_make_no_sense_are_refused_and_change_nothing() -> None:
    before = list(Region.objects.order_by("pk").values())
    make_household(1, A)
    for attempt in (
        lambda: services.rename(ALL, A, "一号村", DAY, "x"),
        lambda: services.rename(ALL, "629901100999", "x", DAY, "x"),
        lambda: services.renumber(ALL, A, B, DAY, "x"),
        lambda: services.renumber(ALL, A, "629901999201", DAY, "x"),
        lambda: services.renumber(ALL, A, OTHER_TOWN, DAY, "x"),
        lambda: services.merge(ALL, [A], A, DAY, "x"),
        lambda: services.merge(ALL, [TOWN], OTHER_TOWN, DAY, "x"),
        lambda: services.merge(ALL, [A], "629901100888", DAY, "x"),
        lambda: services.end(ALL, A, DAY, "x"),
        lambda: services.end(ALL, TOWN, DAY, "x"),
        lambda: services.add(ALL, A, "x", DAY, "x"),
        lambda: services.add(ALL, "6299", "x", DAY, "x"),
        lambda: services.rename(ALL, "六二九九", "x", DAY, "x"),
    ):  # fmt: skip
        with pytest.raises(UserError):
            attempt()
    assert list(Region.objects.order_by("pk").values()) == before and not Event.objects.exists()


def test_only_inside_the_own_area() -> None:
    county = Scope((Holding("administrator", COUNTY),))
    for attempt in (
        lambda: services.rename(county, FAR, "x", DAY, "x"),
        lambda: services.merge(county, [A], FAR, DAY, "x"),
        lambda: services.renumber(county, A, "629902100300", DAY, "x"),
        lambda: services.rename(county, "620000000000", "x", DAY, "x"),
        lambda: services.rename(Scope((Holding("county", COUNTY),)), A, "x", DAY, "x"),
    ):  # fmt: skip
        with pytest.raises(PermissionDenied):
            attempt()


def test_places_are_found_by_code_and_by_the_names_that_people_write() -> None:
    area = [("629901000000", "629902000000")]
    assert resolve(A, area) == resolve("一号村", area) == resolve("甲子镇一号村", area) == A
    for text in (FAR, "别处村", "没有的村"):
        with pytest.raises(UserError, match="没有找到"):
            resolve(text, area)
    services.rename(ALL, C, "一号村", DAY, "x")
    with pytest.raises(UserError, match="有几个"):
        resolve("一号村", area)
    assert resolve("乙丑乡一号村", area) == C
    assert paths({A})[A] == "样例县甲子镇一号村" and root() == "629900000000"


def book(*rows: list) -> SimpleUploadedFile:
    workbook = openpyxl.Workbook()
    for row in (HEADER, *rows):
        workbook.active.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return SimpleUploadedFile("区划.xlsx", content.getvalue())


def send(desk: Client, *rows: list) -> tuple[str, str]:
    given = {"file": book(*rows), "on": DAY.isoformat(), "why": "年度调整"}
    answer = desk.post(reverse("regions:upload"), given)
    assert answer.status_code == 302, answer.content.decode()
    return answer.url, desk.get(answer.url).content.decode()


def digest(page: str) -> str:
    return page.split('name="counts" value="')[1].split('"', maxsplit=1)[0]


def test_a_table_is_shown_first_and_done_as_a_whole(desk: Client) -> None:
    make_household(1, A)
    url, page = send(
        desk,
        [A, "一号村", "2016-01-01", DAY.isoformat(), B],
        [B, "二号新村", None, None, None],
        [C, "三号村", None, None, None],
        ["629901200202", "四号村", DAY.isoformat(), None, None],
    )
    assert not Event.objects.filter(verb="regions.table").exists() and codes(Household) == {A}
    assert digest(page).startswith("new=1,renamed=1,merged=1,ended=0,outlined=0,unchanged=1,faults=0")
    assert "四号村" in page and "二号新村" in page
    assert desk.post(url, {"counts": digest(page)}).url == reverse("regions:tree")
    assert codes(Household) == {B} and names({B}) == {B: "二号新村"}
    event = Event.objects.get(verb="regions.table")
    assert event.after["moved"]["registry.household"] == 1 and event.why == "年度调整"
    assert desk.post(url, {"counts": digest(page)}).url == reverse("regions:upload")  # once only


def test_one_wrong_row_and_nothing_is_done(desk: Client) -> None:
    make_household(1, C)
    before = list(Region.objects.order_by("pk").values())
    url, page = send(
        desk,
        ["629901200202", "好村", None, None, None],
        ["629901999202", "没有上级", None, None, None],
        ["62990110", "短代码", None, None, None],
        [FAR, "别人的", None, None, None],
        [A, "一号村", None, DAY.isoformat(), "629901100998"],
        [B, "二号村", None, None, A],
        [C, "三号村", None, DAY.isoformat(), None],
    )
    for sentence in ("上级区划", "不在您管理", "不存在", "没有停用日期", "还有"):
        assert sentence in page
    assert 'name="counts"' not in page
    desk.post(url, {"counts": ""})
    assert list(Region.objects.order_by("pk").values()) == before


def test_another_users_preview_cannot_be_confirmed(desk: Client) -> None:
    url, page = send(desk, ["629901200202", "四号村", None, None, None])
    other = Client()
    other.force_login(make_user("lin", "administrator"))
    assert other.post(url, {"counts": digest(page)}).url == reverse("regions:upload")
    assert not Region.objects.filter(region_code="629901200202").exists()


def test_ten_thousand_rows_take_seconds() -> None:
    from django.conf import settings

    from xianjie.web.commands.accounts import plan_regions
    from xianjie.web.regions.table import apply

    lines = ["行政区划代码,区划名称"]
    lines += [f"6299{county:02}{town:03}000,镇{county}{town}" for county in range(3, 6) for town in range(100, 200)]
    lines += [f"6299{county:02}000000,县{county}" for county in range(3, 6)]
    lines += [
        f"6299{county:02}{town:03}{village:03},村{county}{town}{village}"
        for county in range(3, 6) for town in range(100, 200) for village in range(201, 240)
    ]  # fmt: skip
    path = settings.HOME / "many.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    began = time.monotonic()
    plan = plan_regions(path, DAY)
    assert plan.counts()["new"] == len(lines) - 1 == 12003 and not plan.faults
    apply(plan, "x")
    took = time.monotonic() - began
    assert Region.objects.count() == 12003 + 11
    assert took < 20, took


def test_the_tree_page_shows_any_day_and_stays_inside_the_area(desk: Client, django_assert_max_num_queries) -> None:
    services.rename(ALL, A, "新一号村", DAY, "x")
    with django_assert_max_num_queries(14):
        page = desk.get(reverse("regions:tree") + f"?at={TOWN}").content.decode()
    assert "新一号村" in page and "二号村" in page and "三号村" not in page
    assert ">一号村<" in desk.get(reverse("regions:tree") + f"?at={TOWN}&on=2020-01-01").content.decode()
    assert "三号村" in desk.get(reverse("regions:tree") + "?q=三号").content.decode()
    assert "别处村" not in desk.get(reverse("regions:tree") + "?q=别处").content.decode()
    for code in (FAR, "620000000000", "x", "000000000000"):
        assert desk.get(reverse("regions:tree") + f"?at={code}").status_code == 404
        assert desk.get(reverse("regions:change", args=[code, "rename"])).status_code == 404
    assert "沿革" in desk.get(reverse("regions:tree") + f"?at={A}").content.decode()


def test_each_change_has_a_form_that_works(desk: Client) -> None:
    make_household(1, C)
    day = {"on": DAY.isoformat(), "why": "依据"}
    for code, kind, given in [
        (TOWN, "add", {"code": "629901100300", "name": "新设村"}), (A, "rename", {"name": "改名村"}),
        (B, "renumber", {"new_code": "629901100310"}),
        (C, "split", {"new_code": "629901200310", "name": "拆村", "households": "H1"}),
        (A, "merge", {"into": "629901100300", "others": "629901100310"}), ("629901200310", "merge", {"into": C}),
    ]:  # fmt: skip
        answer = desk.post(reverse("regions:change", args=[code, kind]), {**day, **given})
        assert answer.status_code == 302, (kind, answer.content.decode())
    assert codes(Household) == {C} and successor(A) == successor(B) == "629901100300"
    wrong = desk.post(reverse("regions:change", args=[C, "merge"]), {**day, "into": "abc"})
    assert wrong.status_code == 200 and "12 位数字" in wrong.content.decode()


def test_dates_far_off_are_dates_too() -> None:
    services.rename(ALL, A, "旧名", date(2030, 1, 1), "x")
    assert names({A}) == {A: "一号村"}
