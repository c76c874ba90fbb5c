"""A lower document's clauses find the upper ones they implement; what is new, missing or changed is told."""

from __future__ import annotations

import pytest
from documents_marked import own_documents

from xianjie.documents import align, parse_text

DOCUMENTS = {d.name: d for folder in ("own", "heldout") for d in own_documents(folder)}


@pytest.mark.parametrize("field", ["education", "health"])
def test_first_choices_and_new_clauses(field: str) -> None:
    lower, upper = DOCUMENTS[f"{field}_county"], DOCUMENTS[f"{field}_province"]
    links = {link.lower_id: link for link in align(parse_text(lower.text), parse_text(upper.text)).links}
    right = [links[i].upper and links[i].upper[0]["id"] in ids for i, ids in lower.aligned.items() if ids]
    assert sum(map(bool, right)) / len(right) >= 0.9
    new = [i for i, link in links.items() if not link.upper and i in lower.aligned]
    assert sum(not lower.aligned[i] for i in new) / len(new) >= 0.8
    assert all(links[i].relation == "new" for i in new)


UPPER = (
    "一、总体目标\n（一）收入目标。到2025年，农民收入增速高于全国农民平均水平。自来水普及率达到85%。\n"
    "（二）教育保障。健全控辍保学机制。"
)
LOWER = (
    "一、总体目标\n（一）收入目标。到2025年，农民收入增速高于全省农民平均水平。自来水普及率达到90%，新建水厂3座。\n"
    "（二）文化惠民。建设图书馆。"
)


def test_changed_words_and_numbers_are_shown() -> None:
    alignment = align(parse_text(LOWER), parse_text(UPPER))
    first, second = alignment.links
    assert [(c["from"], c["to"]) for c in first.changed] == [("全国", "全省"), ("85%", "90%")]
    assert first.added == ["新建水厂3座"]
    assert first.dropped == []
    assert (first.relation, first.coverage) == ("concretised", "all")
    assert (second.upper, second.relation) == ([], "new")
    assert alignment.missing == ["p1.c2"]


def test_a_document_implements_itself() -> None:
    for document in DOCUMENTS.values():
        parsed = parse_text(document.text)
        alignment = align(parsed, parsed)
        assert all(link.upper[0]["id"] == link.lower_id for link in alignment.links)
        assert {link.relation for link in alignment.links} == {"same"}
        assert alignment.missing == []
