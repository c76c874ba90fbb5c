"""Who has what they qualify for, over the six households of conftest.py."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import load_workbook

from xianjie.policy import builtin
from xianjie.rules import load_policy
from xianjie.screening.coverage import STATES, cover, lines_of
from xianjie.screening.schema import rule_schema

COUNTY = builtin().parents[2] / "docs" / "examples" / "county"


@pytest.fixture(scope="module")
def covered(six: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("coverage")
    return cover(six, out, None, date(2025, 10, 31), (COUNTY,), lambda _: None), out


def programme(covered: tuple[dict[str, Any], Path], title: str) -> dict[str, Any]:
    return next(one for one in covered[0]["programmes"] if one["title"].startswith(title))


def test_each_household_is_in_one_of_five_states(covered: tuple[dict[str, Any], Path]) -> None:
    """G has 低保 and qualifies, B qualifies without it, D has it above the standard, A and C neither, E unknown."""
    dibao = programme(covered, "低保（整户")
    assert [dibao[state] for state in STATES] == [1, 1, 1, 2, 1]
    for one in covered[0]["programmes"]:
        assert sum(one[state] for state in STATES) == (6 if one["entity"] == "household" else 7), one["title"]
        for state in STATES:
            assert sum(town[state] for town in one["towns"]) == one[state]


def test_who_is_missed_or_to_be_rechecked_is_listed_by_village(covered: tuple[dict[str, Any], Path]) -> None:
    rows = load_workbook(covered[1] / "coverage.xlsx")["名单"].iter_rows(min_row=2, values_only=True)
    dibao = {(row[1], row[2]) for row in rows if str(row[0]).startswith("低保（整户")}
    assert dibao == {("应享未享", "B"), ("在享待复核", "D")}


def test_what_is_not_known_is_named_with_how_many_it_concerns(covered: tuple[dict[str, Any], Path]) -> None:
    asked = [one for one in covered[0]["missing"] if one["programme"].startswith("低保（整户")]
    assert asked and all(one["number"] == 1 for one in asked)
    assert all("." not in one["label"] and ":" not in one["label"] for one in asked), "people read no field names"


def test_the_lines_say_that_nothing_stops_by_itself(covered: tuple[dict[str, Any], Path]) -> None:
    lines = lines_of(covered[0])
    assert "不自动停发" in lines[0]
    assert "低保（整户或单人户）：应享已享 1 户，应享未享 1 户，在享待复核 1 户，不在范围 2 户，资料不足 1 户" in lines


def test_every_programme_rests_on_rules_of_its_entity() -> None:
    policy = load_policy(builtin(), rule_schema())
    told = yaml.safe_load((builtin() / "coverage.yaml").read_text(encoding="utf-8"))["programmes"]
    for one in told:
        for key in ("due", "has"):
            assert policy.versions[(one["entity"], one[key])][0].type in ("bool", "fen"), one
