"""Reforms over the six households of conftest.py."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from xianjie.engines import open_engine
from xianjie.policy import builtin
from xianjie.screening.simulating import simulate_reforms

EXAMPLES = builtin().parents[2] / "docs" / "examples"
REFORMS = EXAMPLES / "reforms"
DAY = date(2025, 10, 31)
NEAR, FAR = "629901001201", "629901002201"


def simulate(six: Path, out: Path, *reforms: Path, region: str | None = None, day: date = DAY) -> dict[str, Any]:
    return simulate_reforms(six, reforms, out, region, day, (EXAMPLES / "county",), lambda _: None)


def found(reform: dict[str, Any], key: str = "all") -> dict[Any, dict[str, Any]]:
    """Lines by result, or by result and group."""
    others = {"by_town": "region", "by_kind": "household_type", "by_category": "low_income_class"}
    return {(row["result"], row[others[key]]) if key in others else row["result"]: row for row in reform[key]}


@pytest.fixture(scope="module")
def compared(six: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """The examples, and two reforms that change nothing, in one go."""
    out = tmp_path_factory.mktemp("out")
    same = "label: 仍是500元\nparameters: {rural_dibao_month: {values: {'62': {2025-01-01: {yuan: 500}}}}}\n"
    (out / "same.yaml").write_text(same, encoding="utf-8")
    (out / "empty.yaml").write_text("label: 什么都不改\n", encoding="utf-8")
    later = "label: 明年才起\nparameters: {rural_dibao_month: {values: {'62': {2026-01-01: {yuan: 900}}}}}\n"
    (out / "later.yaml").write_text(later, encoding="utf-8")
    names = ("standard_up_10", "line_9000", "work_cost_two_months", "no_work_cost")
    ours = [out / f"{name}.yaml" for name in ("same", "empty", "later")]
    return simulate(six, out, *(REFORMS / f"{name}.yaml" for name in names), *ours), out


def reform_of(compared: tuple[dict[str, Any], Path], label: str) -> dict[str, Any]:
    return next(reform for reform in compared[0]["reforms"] if reform["reform"].startswith(label))


def test_a_higher_standard_lets_one_in_and_pays_three_more(compared: tuple[dict[str, Any], Path]) -> None:
    moved = found(reform_of(compared, "农村低保标准"))
    due, amount = moved["dibao_due"], moved["dibao_amount"]
    assert (due["before"], due["after"], due["enter"], due["leave"]) == (2, 3, 1, 0)
    assert (amount["before"], amount["gain"], amount["lose"], amount["cost"]) == (50_500, 3, 0, 20_000)
    assert amount["unknown_before"] == amount["unknown_after"] == 1


def test_the_margin_moves_with_the_standard(compared: tuple[dict[str, Any], Path]) -> None:
    margin = found(reform_of(compared, "农村低保标准"))["margin_due"]
    assert (margin["before"], margin["after"]) == (2, 2), "A and C before; C and D after"
    assert (margin["enter"], margin["leave"]) == (1, 1)


def test_cost_and_entrants_stand_by_town_kind_and_category(compared: tuple[dict[str, Any], Path]) -> None:
    reform = reform_of(compared, "农村低保标准")
    towns = found(reform, "by_town")
    assert towns[("dibao_amount", NEAR[:9])]["cost"] == 15_000
    assert towns[("dibao_amount", FAR[:9])]["cost"] == 5_000
    kinds = found(reform, "by_kind")
    assert [kinds[("dibao_due", kind)]["enter"] for kind in ("general", "relieved")] == [0, 1]
    categories = found(reform, "by_category")
    assert categories[("dibao_due", "低保边缘")]["enter"] == 1
    assert categories[("dibao_amount", "低保")]["cost"] == 15_000
    sizes = {row["household_size"]: row["cost"] for row in reform["by_size"] if row["result"] == "dibao_amount"}
    assert sizes == {1: 10_000, 2: 10_000}


def test_poverty_is_measured_before_and_after_with_one_line(compared: tuple[dict[str, Any], Path]) -> None:
    """Six people with 6,000 four times, 6,600 and 9,000 a year; then five with 6,600 and one with 9,000."""
    told = reform_of(compared, "农村低保标准")["poverty"]
    assert (told["people"], told["unknown"]) == (6, 1)
    line = next(one for one in told["lines"] if one["line"] == "monitoring_line")
    assert line["headcount"] == {"before": round(5 / 6, 6), "after": round(5 / 6, 6)}
    assert line["gap"] == {"before": round(12_400 / 51_600, 6), "after": round(10_000 / 51_600, 6)}
    squares = [4 * 2_600**2 + 2_000**2, 5 * 2_000**2]
    assert list(line["severity"].values()) == [round(one / 8_600**2 / 6, 6) for one in squares]
    assert told["gini"] == {"before": round(16_800 / (36 * 6_600), 6), "after": round(12_000 / (36 * 7_000), 6)}


def test_who_gets_the_standard_is_not_below_it(compared: tuple[dict[str, Any], Path]) -> None:
    lines = reform_of(compared, "农村低保标准")["poverty"]["lines"]
    assert next(one for one in lines if one["line"] == "dibao_standard_year")["headcount"]["before"] == 0


def test_a_higher_line_takes_in_the_household_that_stands_on_it(compared: tuple[dict[str, Any], Path]) -> None:
    moved = found(reform_of(compared, "监测收入线"))
    assert moved["income_within_line"]["enter"] == 1, "D has just 9,000"
    assert "dibao_due" not in moved
    assert reform_of(compared, "监测收入线")["poverty"]["gini"]["after"] == round(16_800 / (36 * 6_600), 6)


def test_two_months_of_work_cost_pay_the_wage_earner_more(compared: tuple[dict[str, Any], Path]) -> None:
    """G: 7,760 − 3,640 = 4,120; (6,000 − 4,120) ÷ 12 = 156.67 instead of 5."""
    amount = found(reform_of(compared, "就业成本"))["dibao_amount"]
    assert (amount["gain"], amount["cost"]) == (1, 15_167)


def test_reforms_stand_beside_each_other_in_lines_and_workbook(compared: tuple[dict[str, Any], Path]) -> None:
    summary, out = compared
    assert [reform["reform"] for reform in summary["reforms"]][1] == "监测收入线提高到9000元"
    assert summary["all"] == summary["reforms"][0]["all"]
    assert "低保（整户）：3 户增加，0 户减少，每月 +200.00 元（一年 +2,400.00 元）" in summary["lines"]
    book = load_workbook(out / "simulation.xlsx")
    assert book.sheetnames[:3] == ["方案比较", "全县", "各乡镇"]
    costs = {(row[0], row[1]): row[6:] for row in book["方案比较"].iter_rows(min_row=2, values_only=True)}
    assert costs[("农村低保标准提高10%", "低保（整户）")] == (200, 2400)
    assert costs[("就业成本由一个月提高到两个月最低工资", "低保（整户）")] == (151.67, 1820.04)
    with open_engine() as engine:
        engine.view_parquet("changed", out / "changed.parquet")
        change = engine.rows("SELECT before, after FROM changed WHERE household_id = 'A' AND result = 'dibao_amount'")
    assert change == [("0", "5000")]


def test_extra_for_special_members_in_gannan_pays_for_the_child_on_a_past_day(six: Path, tmp_path: Path) -> None:
    """B's child: 15 % of 500 is 75 a month. Gannan deducts declared work cost, so G has 7,760 and gets nothing."""
    told = simulate(six, tmp_path, REFORMS / "extra_15_gannan.yaml", region="6230", day=date(2025, 9, 30))
    moved = found(told)
    assert told["date"] == "2025-09-30"
    assert (moved["dibao_amount"]["gain"], moved["dibao_amount"]["cost"]) == (1, 7_500)
    assert set(moved) == {"dibao_amount"}


def test_a_reform_of_a_rule_changes_what_hangs_on_it(compared: tuple[dict[str, Any], Path]) -> None:
    moved = found(reform_of(compared, "不扣就业成本"))
    assert (moved["dibao_due"]["leave"], moved["dibao_amount"]["cost"]) == (1, -500), "G loses its 5 yuan"


@pytest.mark.parametrize("label", ["仍是500元", "什么都不改", "明年才起"])
def test_a_reform_without_change_or_before_its_first_day_gives_no_difference(
    compared: tuple[dict[str, Any], Path], label: str
) -> None:
    reform = reform_of(compared, label)
    assert (reform["all"], reform["changed"]) == ([], 0)
    assert reform["poverty"]["gini"]["before"] == reform["poverty"]["gini"]["after"]
    title = next(number for number, line in enumerate(compared[0]["lines"]) if label in line)
    assert compared[0]["lines"][title + 1] == "没有任何一户的结果改变。"
