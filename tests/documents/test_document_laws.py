"""Laws of parsing, for any text: offsets reproduce the text, nothing is lost, nothing breaks."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from documents_marked import CHANGES, own_documents
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xianjie.documents import Document, align, parse_text
from xianjie.documents.akn import to_akn

TEXTS = [d.text for d in own_documents()]
PIECES = st.sampled_from(
    [
        "一、",
        "二、",
        "（一）",
        "（二）",
        "1.",
        "2．",
        "(1)",
        "①",
        "第一条",
        "第二章",
        "——",
        "。",
        "，",
        "；",
        "：",
        "\n",
        "\r\n",
        "\x0c",
        "\u3000",
        "—",
        "3",
        "—",
        "到2025年",
        "达到",
        "65%",
        "以上",
        "分别",
        "和",
        "不低于",
        "xx",
        "责任单位：",
        "由",
        "牵头",
        "，",
        "省财政厅",
        "各县（市、区）",
        "党委、政府",
        "（",
        "）",
        "“",
        "”",
        "《",
        "》",
        "附件：",
        "2021年3月1日",
        "望泉县人民政府",
        "新华社北京3月22日电",
        "全覆盖",
        "提高",
        "个百分点",
        "建设",
        "100个",
        "三百所",
        "猜你喜欢",
        "\ufeff",
        "😀",
        "\x00",
    ]
)


def check(document: Document) -> None:
    text = document.source
    previous = 0
    covered = [False] * len(text)
    for clause in document.clauses:
        assert text[clause.start : clause.end] == clause.text
        assert previous <= clause.start <= clause.end
        previous = clause.end
    outside = [n for n in document.noise if not any(c.start <= n.start and n.end <= c.end for c in document.clauses)]
    spans = sorted([(c.start, c.end) for c in document.clauses] + [(n.start, n.end) for n in outside])
    assert "".join(text[a:b] for a, b in spans) == text
    for noise in document.noise:
        covered[noise.start : noise.end] = [True] * (noise.end - noise.start)
    ids = {c.id: c for c in document.clauses}
    assert len(ids) == len(document.clauses)
    assert all(c.parent is None or c.parent in ids for c in document.clauses)
    for target in document.targets:
        clause = ids[target.clause_id]
        assert clause.start <= target.start < target.end <= clause.end
        assert text[target.start : target.end] == target.text
        assert target.operator in {"=", ">=", ">", "<=", "<", "≈", "+", None}
    for unit in document.units:
        assert ids[unit.clause_id].start <= unit.start < unit.end <= ids[unit.clause_id].end


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=60).map("".join))
def test_laws_hold_for_any_text(text: str) -> None:
    document = parse_text(text)
    check(document)
    ElementTree.fromstring(to_akn(document).encode())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.sampled_from(CHANGES), st.integers(0, 99), st.integers(0, 2000), st.integers(0, 400))
def test_laws_hold_for_damaged_documents(text: str, change, seed: int, start: int, length: int) -> None:  # type: ignore[no-untyped-def]
    damaged, _ = change(text[:start] + text[start + length :], seed)
    check(parse_text(damaged))


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_ids_do_not_depend_on_the_layout(change) -> None:  # type: ignore[no-untyped-def]
    for text in TEXTS:
        assert [c.id for c in parse_text(change(text, 5)[0]).clauses] == [c.id for c in parse_text(text).clauses]


@settings(max_examples=40, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join), st.lists(PIECES, max_size=25).map("".join))
def test_any_two_texts_can_be_aligned(lower: str, upper: str) -> None:
    below, above = parse_text(lower), parse_text(upper)
    alignment = align(below, above)
    names = {c.id for c in above.clauses}
    assert {u["id"] for link in alignment.links for u in link.upper} <= names
    assert set(alignment.missing) <= names
