"""Looking after accounts: inside one's area only, never for oneself, by form or by table."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.web.base_samples import COUNTY, FAR, OTHER_COUNTY, TOWN, A, B, make_places, make_user
from xianjie.messages import UserError
from xianjie.web.accounts import services
from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.scope import scope_of
from xianjie.web.accounts.services import Wanted
from xianjie.web.audit.models import Event

pytestmark = pytest.mark.django_db
HEADER = ["账号", "姓名", "手机号", "范围", "角色", "部门", "授权自", "授权至"]


@pytest.fixture
def boss():
    make_places()
    return make_user("guanli", "administrator")


@pytest.fixture
def desk(boss) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def table(*rows: list) -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    for row in (HEADER, *rows):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile("账号.xlsx", content.getvalue())


def upload(desk: Client, *rows: list) -> str:
    return desk.post(reverse("accounts:upload"), {"file": table(*rows)}).content.decode()


def test_a_new_account_gets_a_temporary_password_shown_once_and_works_with_it(desk: Client) -> None:
    given = {
        "username": "cun1",
        "display_name": "试村官",
        "phone": "13900000001",
        "place": "甲子镇一号村",
        "role": "village",
    }
    page = desk.post(reverse("accounts:new_user"), given).content.decode()
    password = re.search(r"<code>([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</code>", page)[1]
    user = User.objects.get(username="cun1")
    assert user.region_code == A and user.grants.get().region_code == A
    newcomer = Client()
    newcomer.post(reverse("accounts:login"), {"username": "cun1", "password": password})
    assert newcomer.get(reverse("home")).url == reverse("accounts:password")
    trail = str(list(Event.objects.values_list("before", "after", "why")))
    assert password not in trail and "13900000001" not in trail


def test_lists_hold_the_own_area_only_and_cost_the_same_for_many(desk: Client, django_assert_max_num_queries) -> None:
    make_user("yuan", "village", FAR)
    for number in range(60):
        make_user(f"n{number:02}", "village", A)
    with django_assert_max_num_queries(14):
        first = desk.get(reverse("accounts:users")).content.decode()
    assert "yuan" not in first and "n00" in first
    following = re.search(r'href="(\?[^"]*after=[^"]+)" rel="next"', first)[1].replace("&amp;", "&")
    second = desk.get(reverse("accounts:users") + following).content.decode()
    assert "n59" in second and "n00" not in second
    assert "试用n05" in desk.get(reverse("accounts:users") + "?q=n05&role=village&state=open").content.decode()
    assert "没有符合条件" in desk.get(reverse("accounts:users") + "?role=county").content.decode()


def test_another_countys_accounts_do_not_exist_for_this_administrator(desk: Client) -> None:
    other = make_user("yuan", "village", FAR)
    other = User.objects.get(pk=other.pk)
    other.region_code = FAR
    other.save()
    for name, arguments in [
        ("user", [other.pk]), ("edit_user", [other.pk]), ("user_action", [other.pk, "close"]),
        ("user_action", [other.pk, "password"]),
    ]:  # fmt: skip
        assert desk.get(reverse(f"accounts:{name}", args=arguments)).status_code == 404
        assert desk.post(reverse(f"accounts:{name}", args=arguments), {"why": "x"}).status_code == 404
    grant = other.grants.get()
    assert desk.post(reverse("accounts:withdraw", args=[other.pk, grant.pk])).status_code == 404
    other.refresh_from_db()
    assert other.is_active and Grant.objects.filter(pk=grant.pk).exists()


def test_somebody_with_a_wider_role_cannot_be_taken_over_by_a_password_reset(desk: Client, boss: User) -> None:
    wide = make_user("shengli", "leader", "620000000000")
    Grant.objects.create(user=wide, role="leader", region_code=COUNTY)
    assert desk.get(reverse("accounts:user", args=[wide.pk])).status_code == 200
    assert desk.post(reverse("accounts:user_action", args=[wide.pk, "password"]), {"why": "x"}).status_code == 403
    with pytest.raises(PermissionDenied):
        services.reset_password(scope_of(boss), boss, wide)


def test_nobody_gives_a_role_outside_the_own_area_or_to_themselves(desk: Client, boss: User) -> None:
    scope, clerk = scope_of(boss), make_user("zhi", "township", TOWN)
    for code in (OTHER_COUNTY, FAR, "620000000000", "629900000000"):
        with pytest.raises(PermissionDenied):
            services.give(scope, boss, clerk, Wanted("leader", code))
    for wanted in (Wanted("county", COUNTY), Wanted("administrator", COUNTY)):
        with pytest.raises(UserError, match="不能改动自己"):
            services.give(scope, boss, boss, wanted)
    with pytest.raises(UserError, match="不能改动自己"):
        services.withdraw(scope, boss, boss.grants.get())
    with pytest.raises(UserError, match="不能改动自己"):
        services.set_active(scope, boss, boss, False, "")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Wanted("village", TOWN), "只能授权在村一级"),
        (Wanted("department", COUNTY), "必须选择部门"),
        (Wanted("county", COUNTY, "health"), "不分部门"),
        (Wanted("wizard", COUNTY), "没有“wizard”"),
        (Wanted("village", "629901100999"), "不是现行区划"),
    ],
)
def test_a_role_must_fit_its_level_and_department(boss: User, wanted: Wanted, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        services.give(scope_of(boss), boss, make_user("zhi", "township", TOWN), wanted)


def test_closing_resetting_and_taking_roles_away_by_the_pages(desk: Client) -> None:
    clerk = make_user("zhi", "township", TOWN)
    desk.post(reverse("accounts:user_action", args=[clerk.pk, "close"]), {"why": "调离"})
    clerk.refresh_from_db()
    assert not clerk.is_active and Event.objects.get(verb="accounts.close").why == "调离"
    desk.post(reverse("accounts:user_action", args=[clerk.pk, "open"]), {"why": "回来"})
    assert (
        "临时密码"
        in desk.post(reverse("accounts:user_action", args=[clerk.pk, "password"]), {"why": "忘记"}).content.decode()
    )
    wanted = {"role": "village", "area": "二号村", "department": ""}
    assert desk.post(reverse("accounts:user", args=[clerk.pk]), wanted).status_code == 302
    grant = clerk.grants.get(region_code=B)
    desk.post(reverse("accounts:withdraw", args=[clerk.pk, grant.pk]))
    assert not clerk.grants.filter(region_code=B).exists()
    assert desk.post(reverse("accounts:user_action", args=[clerk.pk, "two-step"]), {"why": "x"}).status_code == 200


def test_a_table_makes_accounts_and_adds_roles_to_known_ones_and_twice_changes_nothing(desk: Client) -> None:
    rows = [
        ["cun1", "试甲", "13900000001", A, "村级干部", None, None, None],
        ["cun1", "试甲", "13900000001", "二号村", "村级干部", None, None, "2026-01-01"],
        ["yibao1", "试乙", None, COUNTY, "行业部门经办", "医保局", None, None],
    ]
    page = upload(desk, *rows)
    assert "新建账号 2 个" in page and "加授权 1 个" in page
    assert User.objects.get(username="cun1").grants.count() == 2
    assert Grant.objects.get(user__username="yibao1").department == "medical_insurance"
    assert "无变化 3 行" in upload(desk, *rows)


def test_one_wrong_row_stops_the_whole_table_and_every_wrong_row_is_named(desk: Client) -> None:
    page = upload(
        desk,
        ["cun1", "试甲", None, A, "村级干部", None, None, None],
        ["cun2", "试乙", None, "不存在村", "村级干部", None, None, None],
        ["cun3", "试丙", None, COUNTY, "村级干部", None, None, None],
        ["坏 名", "试丁", None, A, None, None, None, None],
        ["cun5", "试戊", None, FAR, "村级干部", None, None, None],
        ["yb", "试己", None, COUNTY, "行业部门经办", "不存在局", None, None],
    )
    assert not User.objects.filter(username__startswith="cun").exists()
    for sentence in ("没有找到“不存在村”", "只能授权在村一级", "不合要求", "没有“不存在局”这个部门"):
        assert sentence in page
    assert page.count("没有找到") == 2 and "范围" in page


def test_a_file_that_is_no_table_is_told_in_chinese(desk: Client) -> None:
    for name, content in (("a.exe", b"MZ"), ("a.xlsx", b"not a zip"), ("a.csv", b"x,y\n1,2\n"), ("a.csv", b"")):
        answer = desk.post(reverse("accounts:upload"), {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 200 and "error" in answer.content.decode()


def test_what_is_exported_can_be_uploaded_again_and_formulas_stay_text(desk: Client) -> None:
    user = make_user("zhi", "township", TOWN)
    User.objects.filter(pk=user.pk).update(display_name="=cmd|'/c calc'!A1")
    answer = desk.get(reverse("accounts:export"))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert list(rows[0]) == HEADER
    assert any(row[0] == "zhi" and row[3] == TOWN and row[4] == "乡镇工作人员" for row in rows)
    assert all(cell.data_type != "f" for line in book.worksheets[0].iter_rows() for cell in line)
    assert desk.get(reverse("accounts:template")).content[:2] == b"PK"


def test_others_do_not_reach_these_pages() -> None:
    make_places()
    client = Client()
    client.force_login(make_user("xian", "county"))
    for name in ("users", "new_user", "upload", "export", "template"):
        assert client.get(reverse(f"accounts:{name}")).status_code == 403
