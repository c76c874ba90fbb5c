"""Responsible units: lists in every usual form, roles, collectives, standard names."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from xianjie.documents import parse_text
from xianjie.documents.units import canonical_name

LISTS = yaml.safe_load((Path(__file__).parent / "unit_lists.yaml").read_text(encoding="utf-8"))
ROLES = {"lead": "L", "lead_implied": "F", "joint": "J", "local": "A"}


@pytest.mark.parametrize(("words", "expected"), LISTS, ids=[w[:14] for w, _ in LISTS])
@pytest.mark.parametrize("end", ["\n", ""], ids=["line", "no line"])
def test_units_of_a_clause(words: str, expected: list[str], end: str) -> None:
    document = parse_text(f"一、任务\n（一）加强工作。健全机制，抓好落实。{words}{end}（二）其他。加强领导。")
    units = [u for u in document.units if u.clause_id == "p1.c1"]
    assert [f"{ROLES[u.role]} {u.canonical}" for u in units] == expected
    assert [u.order for u in units] == list(range(1, len(units) + 1))
    for unit in units:
        assert document.source[unit.start : unit.end].replace("，", ",") == unit.name or "(" in unit.name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("州发改委", "州发展改革委"),
        ("省发展和改革委员会", "省发改委"),
        ("县住房和城乡建设局", "县住建局"),
        ("市卫健委", "市卫生健康委员会"),
        ("省医疗保障局", "省医保局"),
        ("州工业和信息化局", "州工信局"),
        ("县党委政府", "县党委、政府"),
        ("县市党委、政府", "县市党委政府"),
        ("各县（市、区）人民政府", "各县（市、区）政府"),
        ("市市场监督管理局", "市市场监管局"),
        ("区残疾人联合会", "区残联"),
    ],
)
def test_two_names_of_one_body(one: str, other: str) -> None:
    plain = str.maketrans("（）", "()")
    assert canonical_name(one.translate(plain)) == canonical_name(other.translate(plain))


@pytest.mark.parametrize(
    "name", ["州文化广电和旅游局", "国家统计局青禾调查队", "州自然资源和规划局", "州委农办", "团州委"]
)
def test_standard_names_stay(name: str) -> None:
    assert canonical_name(name) == name
