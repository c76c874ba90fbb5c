"""Numbers to be reached are found with bound, unit and deadline; facts, stocks, qualifiers and prohibitions are not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from documents_marked import norm, same_deadline

from xianjie.documents import Target, parse_text

PHRASES = yaml.safe_load((Path(__file__).parent / "phrases.yaml").read_text(encoding="utf-8"))


def targets_of(sentence: str, tier: str = "explicit") -> list[Target]:
    text = f"一、工作目标\n（一）主要指标。{sentence}\n（二）其他。加强领导。"
    return [t for t in parse_text(text).targets if t.tier == tier and t.clause_id == "p1.c1"]


@pytest.mark.parametrize(("sentence", "expected"), PHRASES, ids=[s[:12] for s, _ in PHRASES])
def test_explicit_targets_of_a_sentence(sentence: str, expected: list[str]) -> None:
    found = targets_of(sentence)
    assert [f"{t.operator} {norm(t.value) or 'null'} {t.unit or 'null'}" for t in found] == [
        " ".join(([*e.split(" "), "null"])[:3]) for e in expected
    ]
    for target, wanted in zip(found, expected, strict=True):
        assert same_deadline(target.deadline, (wanted.split(" ") + [""] * 3)[3])


def test_two_indicators_with_two_numbers() -> None:
    found = targets_of("到2025年，卫生厕所普及率、污水治理率分别达到65%和55%。")
    assert [(t.indicator, t.value) for t in found] == [("卫生厕所普及率", "65"), ("污水治理率", "55")]
    assert {t.due for t in found} == {"2025-12-31"}


def test_the_indicator_is_what_the_number_counts() -> None:
    found = targets_of("力争创建100个省级以上产业园，培育龙头企业20家以上，安排不少于10%的建设用地指标。")
    assert [t.indicator for t in found] == ["创建省级以上产业园", "培育龙头企业", "安排建设用地指标"]


@pytest.mark.parametrize(
    ("sentence", "tier", "deadline"),
    [
        ("2022年底前完成规划编制。", "milestone", "2022年底前"),
        ("到2025年，农民收入增速高于全国平均水平。", "relative", "到2025年"),
        ("过渡期内实现行政村全覆盖。", "relative", "过渡期内"),
        ("对排查问题实行动态清零。", "relative", None),
    ],
)
def test_aims_without_a_number(sentence: str, tier: str, deadline: str | None) -> None:
    assert [(t.tier, t.deadline) for t in targets_of(sentence, tier)] == [(tier, deadline)]


@pytest.mark.parametrize(
    "sentence", ["不得要求打卡全覆盖。", "截至2020年底，卫生厕所实现全覆盖。", "坚持动态清零的原则。"]
)
def test_what_is_no_aim(sentence: str) -> None:
    assert not targets_of(sentence, "relative")


def test_a_deadline_at_the_head_of_a_clause_holds_for_its_sentences() -> None:
    found = targets_of("到2025年，产业体系基本建立。全县茶园面积稳定在20万亩。培育企业5家。")
    assert [t.deadline for t in found] == ["到2025年", "到2025年"]


def test_a_plan_period_is_past_or_to_come_by_the_documents_own_year() -> None:
    text = (
        "关于脱贫攻坚的实施方案\n（2017年3月1日）\n一、目标。“十三五”期间，转移就业5万人。“十二五”期间，建成道路300公里。\n"
        "二、其他。好。"
    )
    assert [t.value for t in parse_text(text).targets] == ["5"]
