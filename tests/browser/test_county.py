"""The county clerk's whole job: files, doubtful rows, conflicts, the daily run, the national system."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
from playwright.sync_api import expect

from tests.browser.conftest import As, Served
from tests.browser.someone import Someone

NOBODY = ["某某某", "男", "62990119800101001044", "629901198001010010", "竹原镇", "东石榴村", "肢体", "二级"]


def department_file(served: Served) -> bytes:
    """A department's file: some rows of theirs as they are, one with a date that cannot be, one of nobody we know."""
    given = next((served.folder / "data" / "feeds").rglob("disability_certificates-*.xlsx"))
    sheet = openpyxl.load_workbook(given).active
    while sheet.max_row > 12:
        sheet.delete_rows(sheet.max_row)
    sheet.cell(4, 9).value = "二〇二三年十三月"
    sheet.append([*NOBODY, "2024-05-06", None])
    kept = io.BytesIO()
    sheet.parent.save(kept)
    return kept.getvalue()


def rows_of(path: Path) -> list[list[object]]:
    return [list(row) for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows(values_only=True)]


def deliver(clerk: Someone, served: Served) -> None:
    clerk.go("部门报送")
    clerk.follow("报送数据")
    clerk.fill(layout="disability_certificates", day="2025-09-30")
    clerk.give(file=("残联九月.xlsx", department_file(served)))
    clerk.picture("县级-报送数据")
    clerk.press("报送")
    clerk.until("退回", ".tiles")


def test_a_county_clerk_takes_a_file_settles_what_is_doubtful_runs_the_day_and_keys_into_the_national_system(
    sit_down: As, served: Served, tmp_path: Path
) -> None:
    clerk = sit_down("xianji")
    clerk.picture("县级-首页")

    deliver(clerk, served)
    expect(clerk.page.locator("#results, table.data").last).to_contain_text("十三月")
    clerk.sees("底册查无此人")
    clerk.picture("县级-每一行的结果")
    clerk.download("下载退回说明").save_as(tmp_path / "back.xlsx")
    remarks = rows_of(tmp_path / "back.xlsx")
    assert any("残疾人姓名" in row for row in remarks)
    assert any("“二〇二三年十三月”不是日期" in str(row[3]) for row in remarks[1:]), remarks
    assert any("底册中没有找到此人" in str(row[3]) for row in remarks[1:]), remarks

    clerk.go("存疑核对")
    clerk.key("g")
    clerk.picture("县级-存疑核对")
    first = clerk.page.url
    clerk.key("1")
    clerk.sees(re.compile("今天已核对"))
    clerk.key("u")
    assert clerk.page.url == first
    clerk.key("0")

    clerk.go("数据冲突")
    waiting = clerk.page.locator("tbody tr", has_text="C级").count()
    clerk.follow("核定", "tbody tr:has-text('底册：A级')")
    clerk.picture("县级-核定冲突")
    clerk.page.get_by_label(re.compile("C级")).check()
    clerk.fill(reason="乡镇入户看过，墙体开裂")
    clerk.press("核定")
    assert clerk.page.locator("tbody tr", has_text="C级").count() == waiting - 1

    clerk.go("每日比对")
    clerk.press("立即比对")
    clerk.picture("县级-正在比对")
    clerk.until("核对", "main h2", seconds=240)
    clerk.page.get_by_label("与哪次对照").select_option(index=0)
    clerk.press("对照")
    clerk.sees(re.compile("的比对对照"))
    clerk.picture("县级-比对结果")
    clerk.page.locator(".tiles a[href*='change=new']").first.click()
    clerk.arrive()
    # The insured person settled as none of ours leaves a member of the register without insurance.
    expect(clerk.page.locator("tbody tr").first).to_contain_text("未参加基本医保")
    clerk.picture("县级-新增发现")


def test_a_county_clerk_exports_what_must_be_keyed_into_the_national_system(
    sit_down: As, served: Served, tmp_path: Path
) -> None:
    clerk = sit_down("xianji")
    clerk.go("国家系统往来")
    theirs = next((served.folder / "data" / "feeds").rglob("national_households-*.xlsx"))
    clerk.fill(layout="national_households", day="2025-10-31")
    clerk.give(file=("户信息导出.xlsx", theirs.read_bytes()))
    clerk.picture("县级-国家系统往来")
    clerk.press("导入")
    clerk.until("待处理", ".tiles", seconds=60)
    clerk.picture("县级-与国家系统的差异")

    clerk.open("/registry/households/H000000004/")
    clerk.follow("更正户信息")
    clerk.fill(group_name="十一组", reason="村民小组调整")
    clerk.press("登记")

    clerk.go("国家系统往来")
    clerk.press("生成补录表")
    clerk.until("待补录", ".tiles", seconds=60)
    changed = clerk.page.locator("tbody tr", has_text="H000000004")
    expect(changed).to_contain_text(re.compile("一组.*十一组", re.DOTALL))
    clerk.picture("县级-补录表")
    clerk.download("下载补录表").save_as(tmp_path / "out.xlsx")
    assert any("H000000004" in row and "一组" in row and "十一组" in row for row in rows_of(tmp_path / "out.xlsx"))
