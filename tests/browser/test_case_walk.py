"""One case from the clue to its removal and a relapse, by the hands of five people, the village's on a phone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Served, free_port, wait_for
from tests.browser.someone import Someone

VILLAGE = "629901100200"
PHOTO = b"\xff\xd8\xff\xe0" + b"0" * 300
DISCOVERED, DECIDED, STEADY, REMOVED = "2025-10-31", "2025-11-06", "2026-05-11", "2026-05-18"


class Office:
    """An instance of its own whose day moves on; `on` gives its address on a day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: subprocess.Popen[bytes] | None = None

    def on(self, day: str, settings: str = "xianjie.web.settings") -> str:
        """Serve the instance on a day."""
        self.close()
        port = free_port()
        instance = {"XIANJIE_HOME": str(self.folder), "XIANJIE_TODAY": day, "XIANJIE_DEMO": "1", "XIANJIE_DEBUG": "0"}
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, **instance, "DJANGO_SETTINGS_MODULE": settings, "PYTHONPATH": root}
        command = [sys.executable, "-m", "xianjie.cli", "serve", "--port", str(port), "--workers", "1"]
        with (self.folder.parent / "walk.log").open("ab") as log:
            self.server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        wait_for(f"http://127.0.0.1:{port}/healthz", self.server)
        return f"http://127.0.0.1:{port}"

    def close(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(30)


@pytest.fixture
def office(served: Served, tmp_path: Path) -> Iterator[Office]:
    # The copy is nobody's yet: the mark of the server that runs on the original stays behind.
    shutil.copytree(served.folder, tmp_path / "walk", ignore=shutil.ignore_patterns("serve.pid"))
    office = Office(tmp_path / "walk")
    yield office
    office.close()


class Day:
    """The people who work on one day; when it ends no browser has had anything to complain of."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.cadre = Someone(browser, url, "cunganbu", width=360, height=740)
        self.clerk = Someone(browser, url, "xiangzhen")
        self.county = Someone(browser, url, "xianji")
        self.others: list[Someone] = []
        self.browser, self.url = browser, url

    def also(self, account: str) -> Someone:
        self.others.append(Someone(self.browser, self.url, account))
        return self.others[-1]

    def ends(self) -> None:
        everybody = (self.cadre, self.clerk, self.county, *self.others)
        assert [complaint for one in everybody for complaint in one.leave()] == []


def does(who: Someone, case: str, action: str, **answers: str) -> None:
    """Take an action of the case's page: its link, what it asks for, its button."""
    who.open(case)
    who.follow(action)
    who.fill(**answers)
    who.press(action)
    who.sees("已办理", "body")


def visits(who: Someone, case: str, papers: tuple[str, ...], finding: str) -> None:
    """Fill the form of a visit in: what is known stands there, the rest is asked."""
    who.open(case)
    who.follow("填写入户核实表")
    for name in ("spent_medical", "spent_education", "spent_other"):
        who.fill(**{name: "0"})
    who.fill(names="示例村干部、罗某", finding=finding)
    for field in who.page.locator("main select:visible").all():
        if not field.input_value():
            field.select_option(index=1)
    who.fill(food_enough="true")
    for field in who.page.locator("main [name^='stated_']:visible").all():
        if not field.input_value():
            field.fill("0")
    for paper in papers:
        who.page.locator(f"[name=signed_{paper}]").check()
        who.give(**{f"photo_{paper}": ("签字.jpg", PHOTO)})
    who.picture("村级-入户核实表")
    who.press("提交核实结果")
    who.sees("核实结果已提交", "body")


def reviews(who: Someone, case: str) -> None:
    """The village's review: recorded, carried."""
    who.open(case)
    who.follow("填写记录")
    who.fill(names="张支书、李文书", members="30", present="25", in_favour="24", against="1")
    who.press("保存")
    does(who, case, "评议通过")


def posts(who: Someone, case: str) -> None:
    """The notice hangs: its photo is given, and that objections were answered."""
    who.open(case)
    who.page.locator("li:has-text('公示已张贴') a").first.click()
    who.arrive()
    who.give(file=("公示.jpg", PHOTO))
    who.press("保存")
    who.page.locator("li:has-text('异议均已答复') a").first.click()
    who.arrive()
    who.page.locator("[name=done]").check()
    who.press("保存")


def discovered(day: Day) -> str:
    """The township dispatches the heaviest clue, the village verifies, hits are explained, the review is held."""
    day.clerk.open(f"/cases/clues/?place={VILLAGE}")
    day.clerk.picture("乡镇-线索研判")
    day.clerk.page.locator("tbody tr").first.get_by_role("link", name="派发").click()
    day.clerk.arrive()
    day.clerk.press("派发入户核实")
    case = day.clerk.page.url.removeprefix(day.url)
    visits(day.cadre, case, ("authorisation", "undertaking"), "主要劳动力住院，不能外出务工")
    day.clerk.open(case)
    day.clerk.follow("核对并说明")
    for field in day.clerk.page.locator("main select[name^='hit-']").all():
        field.select_option("true")
    for field in day.clerk.page.locator("main textarea[name^='hit-']").all():
        field.fill("与家人共用，已看过凭证")
    day.clerk.fill(
        **{"supporter-0-name": "蔡某", "supporter-0-relation": "20", "supporter-0-said": "在外务工，无房无车"}
    )
    day.clerk.picture("乡镇-信息比对")
    day.clerk.press("保存比对情况")
    day.clerk.sees("比对情况已保存", "body")
    does(day.clerk, case, "转村级评议")
    reviews(day.cadre, case)
    day.cadre.follow("打印公示")
    sheet = day.cadre.page.locator("body").inner_text()
    assert "公示时间" in sheet and "住院" not in sheet
    day.cadre.open(case)
    day.cadre.sees("2025-11-05 期满")
    day.cadre.follow("登记异议")
    day.cadre.fill(raised_by="村民王某", text="他家有货车")
    day.cadre.press("保存")
    day.cadre.follow("答复")
    day.cadre.fill(text="货车属于分户的儿子")
    day.cadre.press("保存")
    posts(day.cadre, case)
    day.cadre.picture("村级-案件")
    return case


def decided(day: Day, case: str) -> None:
    """The county decides in its meeting list, the household is told, plan and measures begin."""
    does(day.cadre, case, "公示期满上报乡镇")
    does(day.clerk, case, "审核同意")
    number = case.strip("/").rpartition("/")[2]
    day.county.open("/cases/meeting/")
    day.county.page.locator(f"select[name='choice-{number}']").select_option("identify:kind:sudden")
    day.county.fill(reason="会议议定")
    day.county.picture("县级-集中审定")
    day.county.press("提交审定结果")
    day.county.until("已审定")
    day.cadre.open(case)
    day.cadre.follow("填写记录")
    day.cadre.fill(to="户主")
    day.cadre.page.locator("[name=how][value=visit]").check()
    day.cadre.press("保存")
    does(day.cadre, case, "已告知并公告")
    day.clerk.open(case)
    day.clerk.follow("制定方案")
    day.clerk.fill(helper="周帮扶", phone="13800000000")
    day.clerk.picture("乡镇-帮扶方案")
    day.clerk.press("保存方案")
    day.clerk.sees("措施已派给责任部门", "body")
    day.clerk.follow("版方案")
    assert day.clerk.download("下载 Word").suggested_filename.endswith(".docx")
    does(day.clerk, case, "计划生效")
    office = day.also("yibao")
    office.go("帮扶措施")
    office.picture("部门-帮扶措施")
    if office.page.locator("tbody tr a").count():
        office.page.locator("tbody tr a").first.click()
        office.arrive()
        office.fill(state="done", text="已按规定报销", money="3500")
        office.press("记录进展")
        office.sees("3,500.00")
    day.cadre.open(case)
    day.cadre.follow("登记走访")
    day.cadre.press("登记走访")
    day.cadre.sees("走访已登记", "body")


def removed(first: Day, case: str) -> None:
    """Half a year later the removal is verified, reviewed and noticed."""
    does(first.clerk, case, "提出风险消除")
    visits(first.cadre, case, ("household_agrees",), "收入稳定，已复工")
    reviews(first.cadre, case)
    posts(first.cadre, case)


def test_a_case_is_walked_from_the_clue_to_removal_and_relapses_into_itself(office: Office, browser: Browser) -> None:
    today = Day(browser, office.on(DISCOVERED))
    case = discovered(today)
    today.ends()
    today = Day(browser, office.on(DECIDED))
    decided(today, case)
    today.ends()
    today = Day(browser, office.on(STEADY, "tests.browser.half_a_year"))
    removed(today, case)
    today.ends()
    today = Day(browser, office.on(REMOVED))
    does(today.cadre, case, "公示期满上报乡镇")
    does(today.clerk, case, "审核同意")
    does(today.county, case, "认定风险消除")
    expect(today.county.page.locator(".way-now")).to_contain_text("消除后跟踪")
    does(today.clerk, case, "再次出现风险", reason="户主再次住院")
    expect(today.clerk.page.locator(".way-now")).to_contain_text("入户核实")
    assert today.cadre.weight(case) <= 40_000
    leader = today.also("lingdao")
    leader.open(case)
    assert not leader.page.locator("main .form-actions a").count()
    today.ends()
