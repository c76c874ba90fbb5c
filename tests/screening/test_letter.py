"""The letter says what a household gets, why, and what to ask for, in words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from xianjie.policy import builtin
from xianjie.rules import Policy, load_policy
from xianjie.screening.letter import letter, letter_results
from xianjie.screening.schema import rule_schema


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(builtin(), rule_schema())


def explained(policy: Policy, region: str, day: date, **facts: Any) -> dict[str, Any]:
    return policy.explain({"household_id": "H01", **facts}, letter_results(), date=day, region=region)


def section(lines: list[str], title: str) -> list[str]:
    start = next(number for number, line in enumerate(lines) if line.endswith(f"、{title}"))
    end = next((n for n, line in enumerate(lines[start + 1 :], start + 1) if not line.startswith("　")), len(lines))
    return lines[start:end]


FACTS: dict[str, Any] = {
    "countable_income": 1_000_000,
    "assistance_size": 2,
    "property_objection": False,
    "tekun_due_members": 0,
    "dibao_household": False,
    "members": [],
}


def test_a_family_that_qualifies_reads_its_amount_with_standard_source_and_doubt(policy: Policy) -> None:
    lines = letter(explained(policy, "140121", date(2023, 6, 30), **FACTS))
    assert lines[0] == "救助情况说明：户编号 H01（截至 2023-06-30）"
    dibao = section(lines, "最低生活保障")
    assert dibao[1] == "　　结果：符合条件，还没有享受，可以申请；每月 446.67 元"
    kind = "\n".join(section(lines, "应认定的类别"))
    assert "属于低保对象（整户）" in kind
    assert "640 元" in kind and "太原市2023年低保标准" in kind and "〔未核实〕" in kind
    assert "不是决定" in lines[-1]


def test_what_is_not_known_is_said_and_asked_for_by_how_much_hangs_on_it(policy: Policy) -> None:
    lines = letter(explained(policy, "149901", date(2023, 6, 30), **FACTS))
    assert "资料不足，暂时不能定" in section(lines, "最低生活保障")[1]
    start = next(number for number, line in enumerate(lines) if line.startswith("本地还没有录入的政策数字"))
    asked = lines[start + 1 : -1]
    standard = next(line for line in asked if "农村低保月标准" in line)
    assert "影响 3 项" in standard and "最低生活保障" in standard
    counts = [int(line.split("——影响 ")[1].split(" 项")[0]) for line in asked]
    assert counts == sorted(counts, reverse=True)


def test_facts_are_asked_for_apart_from_numbers_that_the_county_lacks(policy: Policy) -> None:
    members = [{"person_id": "P01", "vital_events": [], "disabilities": [], "birth_date": None}]
    told = explained(policy, "149901", date(2023, 6, 30), **{**FACTS, "members": members})
    lines = letter(told)
    facts = next(n for n, line in enumerate(lines) if line.startswith("还要补充的资料"))
    numbers = next(n for n, line in enumerate(lines) if line.startswith("本地还没有录入的政策数字"))
    assert facts < numbers
    assert "农村低保月标准" not in "".join(lines[facts:numbers])
    assert "农村低保月标准" in "".join(lines[numbers:])


def test_programmes_that_do_not_concern_the_family_take_one_line(policy: Policy) -> None:
    lines = letter(explained(policy, "140121", date(2023, 6, 30), **{**FACTS, "relief_due": False, "tekun_due": False}))
    none = [line for line in lines if line.startswith("按今天的资料不涉及")]
    assert len(none) == 1 and "临时救助" in none[0]
    assert not any(line.endswith("、临时救助") for line in lines)


def test_a_refused_family_reads_the_ground_alone(policy: Policy) -> None:
    facts = {**FACTS, "countable_income": 2_000_000, "single_due": False}
    dibao = section(letter(explained(policy, "140121", date(2023, 6, 30), **facts)), "最低生活保障")
    assert dibao == [
        "三、最低生活保障",
        "　　结果：按今天的资料不符合条件",
        "　　不符合低保条件的原因：收入",
        "　　依据：最低生活保障审核确认办法第二十一条",
    ]


def test_members_with_the_same_answer_stand_together(policy: Policy) -> None:
    persons = [
        {"person_id": one, "vital_events": [], "medical_identity": "低保", "premium_help_due": 31_000,
         "insured_as_resident": True}
        for one in ("P01", "P02")
    ]  # fmt: skip
    told = explained(policy, "629901", date(2024, 3, 1), **{**FACTS, "members": persons})
    assert section(letter(told), "参保资助（本年）")[1] == "　　结果：全家应得 620 元"


def test_a_number_that_is_missing_but_not_needed_is_not_complained_of(policy: Policy) -> None:
    lines = letter(explained(policy, "140121", date(2023, 6, 30), **FACTS))
    assert not any("最低补差" in line for line in lines)


def test_members_names_are_taken_from_the_readable_steps(policy: Policy) -> None:
    person = {"person_id": "P01", "vital_events": [], "medical_identity": "特困", "insured_as_resident": True}
    told = explained(policy, "629901", date(2024, 3, 1), **{**FACTS, "members": [person]})
    named = [{"text": step["text"], "tags": [], "of": "张三" if step["key"] == "P01" else ""} for step in told["steps"]]
    premium = section(letter({**told, "readable": named}), "参保资助（本年）")
    assert premium[1] == "　　结果：全家应得 380 元"
    assert any("张三" in line for line in premium)


def test_sections_that_were_not_asked_for_are_left_out(policy: Policy) -> None:
    told = policy.explain({"household_id": "H01", **FACTS}, ["dibao_amount"], date=date(2023, 6, 30), region="140121")
    assert [line for line in letter(told) if "、临时救助" in line] == []


def test_every_step_and_result_of_the_letter_is_a_rule(policy: Policy) -> None:
    from xianjie.screening.letter import _sections

    rules = {rule.name for entity in ("household", "person") for rule in policy.rules(entity)}
    assert {name for one in _sections() for name in one["steps"]} <= rules
    assert set(letter_results()) <= {rule.name for rule in policy.rules("household")}
