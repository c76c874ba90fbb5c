"""Clauses come out with the ids of their printed numbers, whatever shape the document has."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from xianjie.documents import parse_text

SHAPES = yaml.safe_load((Path(__file__).parent / "structures.yaml").read_text(encoding="utf-8"))
TITLE = "关于开展工作的实施方案"


BREAKS = {"lines": "\n", "blank lines": "\n\n　　", "one line": ""}
# Unnumbered paragraphs cannot be told apart without line breaks: such shapes say so in their name.
CASES = [(name, how) for name in SHAPES for how in BREAKS if BREAKS[how] or "line breaks only" not in name]


@pytest.mark.parametrize(("name", "how"), CASES)
def test_the_ids_of_a_shape(name: str, how: str) -> None:
    lines, ids = SHAPES[name]
    between = BREAKS[how]
    document = parse_text(TITLE + between + between.join(lines))
    assert [c.id for c in document.clauses] == ids
    assert document.head.title == TITLE


def test_kinds_and_titles() -> None:
    text = (
        "一、重点任务\n（一）发展产业\n1.种好粮。稳面积。\n2.养好畜：扩规模。\n"
        "（二）建设乡村。分两步：\n——改厕。到户。\n——治污。到村。"
    )
    found = [(c.kind, c.number, c.title) for c in parse_text(text).clauses]
    assert found == [
        ("part", "一", "重点任务"),
        ("group", "一", "发展产业"),
        ("item", "1", "种好粮"),
        ("item", "2", "养好畜"),
        ("clause", "二", "建设乡村"),
        ("dash", None, "改厕"),
        ("dash", None, "治污"),
    ]


def test_missing_numbers_and_a_lost_heading_are_reported() -> None:
    document = parse_text(
        "（上接第一版）推进有效衔接。\n（三）抓产业。做强。\n（四）抓就业。稳岗。\n（六）抓教育。办学。"
    )
    assert [(p.code, p.clause_id) for p in document.problems] == [
        ("fragment", "c2"),
        ("begins_late", "c3"),
        ("number_missing", "c6"),
    ]
    assert "第 5 项" in document.problems[2].text


def test_a_text_without_numbers_is_one_clause_and_says_so() -> None:
    document = parse_text("各乡镇要高度重视，抓好落实，确保粮食产量达到5万吨以上。")
    assert [c.id for c in document.clauses] == ["c1"]
    assert [p.code for p in document.problems] == ["no_headings"]
    assert [(t.operator, t.value, t.unit) for t in document.targets] == [(">=", "5", "万吨")]


HEADS = {
    "岚川省人民政府关于加快水利发展的意见\n岚政发〔2022〕8号\n": ("province", "岚川省人民政府", 2022),
    "望泉县2023年农村工作要点\n结合我县实际，制定本要点。\n": ("county", "望泉县", 2023),
    "关于稳岗就业的实施方案\n结合我市实际，制定本方案。全市要行动起来。\n": ("city", None, None),
    "国务院关于深化改革的决定\n（2021年3月1日）\n": ("central", "国务院", 2021),
}


@pytest.mark.parametrize("front", HEADS)
def test_the_head(front: str) -> None:
    head = parse_text(front + "一、抓产业。做强产业。\n二、抓就业。稳定就业。").head
    assert head.title == front.split("\n", maxsplit=1)[0]
    assert (head.level, head.issuer, head.year) == HEADS[front]
