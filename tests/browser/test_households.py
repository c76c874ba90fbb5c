"""Those who work with households: a township clerk, a village cadre on a phone, a leader who reads."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from pypinyin import Style, lazy_pinyin

from tests.browser.conftest import As
from tests.browser.someone import Someone

HEAVIEST_PAGE = 40 * 1024
CHANGES = "main form[method=post] button, main button.danger"


def initials(name: str) -> str:
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))


def open_first_household(who: Someone, place: int = 0) -> str:
    """Open the household of that place in the list; its head's name."""
    who.go("农户档案")
    name = who.texts("tbody .main a")[place]
    who.page.locator("tbody .main a").nth(place).click()
    who.arrive()
    return name


def test_a_township_clerk_records_a_birth_sees_who_else_changed_the_household_and_takes_it_back(sit_down: As) -> None:
    clerk = sit_down("xiangzhen")
    clerk.picture("乡镇-首页")
    clerk.go("农户档案")
    clerk.picture("乡镇-农户名单")
    name = clerk.texts("tbody .main a")[2]

    clerk.go("人员查询")
    clerk.fill(q=initials(name))
    clerk.press("查找")
    clerk.picture("乡镇-按拼音查找")
    clerk.page.locator("tbody tr", has_text=name).first.get_by_role("link", name=re.compile("^H")).click()
    clerk.arrive()
    address = clerk.page.url
    expect(clerk.page.locator("h1")).to_have_text(name)
    for part in ("家庭成员", "收入（按年、按来源，元）", "经过", "登记变动"):
        clerk.sees(part)
    clerk.picture("乡镇-一户的档案")
    clerk.fill(on="2024-06-01")
    clerk.press("看这一天")
    clerk.sees("这是过去某一天的档案")
    clerk.picture("乡镇-过去某一天")
    assert clerk.page.locator("#actions").count() == 0
    clerk.follow("回到今天")

    clerk.follow("出生")
    colleague = sit_down("xianji")
    colleague.open(address)
    colleague.follow("更正户信息")
    colleague.fill(group_name="九组", reason="村民小组调整")
    colleague.press("登记")
    colleague.sees("九组")

    clerk.fill(name="甲乙丙丁", sex="2", relation="30", on="2025-10-31", reason="出生医学证明")
    clerk.picture("乡镇-登记出生")
    clerk.press("登记")
    clerk.sees(re.compile("已有新的变动：示例县级专干"))  # what a colleague recorded meanwhile must be seen first
    clerk.press("登记")
    clerk.sees("甲乙丙丁")
    told = clerk.page.locator("#timeline").inner_text()
    assert "示例县级专干" in told and "示例乡镇专干" in told and "村民小组调整" in told
    clerk.page.locator("#timeline").scroll_into_view_if_needed()
    clerk.picture("乡镇-谁改过")

    clerk.follow("撤销这次变动")
    clerk.fill(reason="登记到了别家")
    clerk.press("登记")
    expect(clerk.page.locator("#members")).not_to_contain_text("甲乙丙丁")
    clerk.sees("登记到了别家")


def test_a_village_cadre_looks_a_household_up_on_a_phone_and_gives_a_reason_to_see_a_number(sit_down: As) -> None:
    cadre = sit_down("cunganbu", width=360, height=740)
    cadre.picture("村级-首页")
    name = open_first_household(cadre, 1)
    cadre.go("人员查询")
    cadre.fill(q=name[0])
    cadre.press("查找")
    cadre.picture("村级-查找")
    cadre.page.locator("tbody").get_by_role("link", name=re.compile("^H")).first.click()
    cadre.arrive()
    assert re.search(r"629901\*+\d{3}[\dX]", cadre.page.locator("#members").inner_text())
    assert not re.search(r"\d{17}[\dX]", cadre.page.locator("body").inner_text())
    cadre.picture("村级-一户")
    cadre.page.locator("#members .masked a").first.click()
    cadre.arrive()
    cadre.fill(reason="核对参保登记")
    cadre.picture("村级-写明原因")
    cadre.press("查看")
    assert re.search(r"\d{17}[\dX]", cadre.page.locator("main .figure").inner_text())
    cadre.follow("看完了，返回")
    assert not re.search(r"\d{17}[\dX]", cadre.page.locator("body").inner_text())


def test_a_village_page_costs_a_phone_forty_kilobytes_at_the_first_visit(sit_down: As) -> None:
    cadre = sit_down("cunganbu", width=360, height=740)
    for path in ("/", "/registry/households/", "/registry/people/?q=x", "/registry/households/H000000001/"):
        assert 1_000 < cadre.weight(path) <= HEAVIEST_PAGE, path


def test_without_script_a_village_cadre_can_do_all_of_it(sit_down: As) -> None:
    cadre = sit_down("cunganbu", width=360, height=740, script=False)
    open_first_household(cadre)
    cadre.go("人员查询")
    cadre.fill(q="x")
    cadre.press("查找")
    cadre.page.locator("tbody .main a").first.click()
    cadre.arrive()
    cadre.page.locator(".masked a").first.click()
    cadre.arrive()
    cadre.fill(reason="核对")
    cadre.press("查看")
    cadre.sees("只显示这一次")
    for page in ("农户档案", "数据质量", "线索研判", "监测帮扶案件", "预警反馈"):
        cadre.go(page)
        expect(cadre.page.locator("h1")).not_to_be_empty()


def test_a_leader_reads_everything_and_finds_nothing_to_change(sit_down: As) -> None:
    leader = sit_down("lingdao")
    leader.picture("领导-首页")
    for page in ("人员查询", "数据质量", "线索研判", "监测帮扶案件", "部门报送", "报送日历", "预警反馈", "每日比对"):
        leader.go(page)
        assert leader.texts(CHANGES) == [], page
    leader.page.locator("tbody .main a").first.click()
    leader.arrive()
    leader.sees("核对")
    leader.picture("领导-比对结果")
    assert leader.texts(CHANGES) == []
    open_first_household(leader, 1)
    assert leader.texts(CHANGES) == []
    assert leader.page.locator("#actions, .masked a").count() == 0
    leader.picture("领导-一户")
