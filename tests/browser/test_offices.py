"""Those who do not work with households: a department, the auditor, the administrator."""

from __future__ import annotations

import io
import re

import openpyxl
from playwright.sync_api import expect

from tests.browser.conftest import As


def test_a_department_clerk_sees_the_own_deliveries_and_warnings_only_and_answers_several_at_once(
    sit_down: As,
) -> None:
    clerk = sit_down("yibao")
    clerk.picture("部门-首页")
    clerk.go("部门报送")
    assert clerk.texts("tbody .main .second") and all("医保局" in text for text in clerk.texts("tbody .main .second"))
    clerk.picture("部门-报送")
    clerk.go("报送日历")
    clerk.picture("部门-报送日历")
    clerk.go("预警反馈")
    departments = clerk.texts("tbody td[data-label='部门']")
    assert departments and set(departments) == {"医保局"}
    boxes = clerk.page.locator("tbody .pick input")
    for place in range(3):
        boxes.nth(place).check()
    clerk.picture("部门-勾选预警")
    clerk.press("反馈选中的预警")
    assert clerk.page.locator("#picked tbody tr, tbody tr").count() == 3
    clerk.page.locator("[name=answer][value=under_way]").check()
    clerk.fill(note="已列入下周例会研究")
    clerk.picture("部门-填写反馈")
    clerk.press("提交反馈")
    clerk.sees("已反馈 3 条预警", "body")


def test_an_auditor_finds_who_looked_at_a_number_and_what_a_change_was_before_and_after(sit_down: As) -> None:
    cadre = sit_down("cunganbu")
    cadre.open("/registry/households/H000000003/")
    cadre.page.locator("#members .masked a").first.click()
    cadre.arrive()
    cadre.fill(reason="办理老年证核对")
    cadre.press("查看")
    clerk = sit_down("xiangzhen")
    clerk.open("/registry/households/H000000003/")
    clerk.follow("更正户信息")
    clerk.fill(group_name="七组", reason="门牌重编")
    clerk.press("登记")

    auditor = sit_down("shenji")
    auditor.go("审计查询")
    auditor.fill(verb="registry.reveal", why="老年证")
    auditor.find()
    look = auditor.page.locator("tbody tr")
    expect(look).to_have_count(1)
    expect(look).to_contain_text("示例村干部")
    expect(look).to_contain_text("办理老年证核对")
    auditor.picture("审计-谁看过")
    assert not re.search(r"\d{17}[\dX]", auditor.page.locator("main").inner_text())

    auditor.open("/audit/")
    auditor.fill(why="门牌重编")
    auditor.find()
    auditor.page.locator("tbody tr a").first.click()
    auditor.arrive()
    auditor.sees("改动内容")
    expect(auditor.page.locator("table.compare")).to_contain_text(re.compile("[一二]组.*七组", re.DOTALL))
    auditor.picture("审计-改动前后")


def region_table(rows: list[tuple[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in [("区划代码", "区划名称"), *rows]:
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def test_an_administrator_creates_an_account_with_a_role_and_uploads_a_region_table(sit_down: As) -> None:
    administrator = sit_down("guanliyuan")
    administrator.go("账号与授权")
    administrator.picture("管理员-账号")
    administrator.follow("新建账号")
    administrator.fill(username="songgu01", display_name="新来的专干", place="松谷镇", role="township")
    administrator.picture("管理员-新建账号")
    administrator.press("保存")
    password = administrator.texts("main code")[-1]
    administrator.follow("查看账号")
    expect(administrator.page.locator("#grants")).to_contain_text("松谷镇")

    newcomer = sit_down("songgu01", password=password)
    newcomer.sees("修改密码", "body")
    newcomer.fill(old_password=password, new_password1="Ji-de-zhu-88", new_password2="Ji-de-zhu-88")
    newcomer.press("保存", "body")
    newcomer.go("农户档案")
    assert all("松谷镇" in place for place in newcomer.texts("tbody td[data-label='乡镇村']"))

    administrator.go("行政区划")
    administrator.follow("上传区划表")
    administrator.give(file=("区划.xlsx", region_table([("629901100990", "新立村"), ("629901101000", "春岭镇")])))
    administrator.fill(on="2025-10-31", why="撤乡设镇批复")
    administrator.press("上传并核对")
    administrator.sees("新立村")
    administrator.picture("管理员-核对区划变更")
    administrator.press("确认，全部生效")
    administrator.go("行政区划")
    administrator.sees("春岭镇")
    administrator.picture("管理员-区划")
