"""Five real documents (not part of the project): clauses, targets and units against answers worked out by hand."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from documents_marked import same_deadline

from xianjie.documents import Document, align, parse_text

ANSWERS = yaml.safe_load((Path(__file__).parent / "seeds.yaml").read_text(encoding="utf-8"))
FOLDER = Path(os.environ.get("XIANJIE_SEEDS", "no-seeds"))
NAMES = tuple(ANSWERS["targets"])
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="XIANJIE_SEEDS names no folder with the five real documents"
)


def seed(name: str, breaks: bool = True) -> Document:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return parse_text(text if breaks else text.replace("\n", ""))


@pytest.mark.parametrize("breaks", [True, False], ids=["lines", "one line"])
@pytest.mark.parametrize("name", NAMES)
def test_clauses(name: str, breaks: bool) -> None:
    document = seed(name, breaks)
    plain = [[c.id, re.sub(r"\s", "", c.text)] for c in document.clauses]
    assert [i for i, _ in plain] == [i for i, *_ in ANSWERS["clauses"][name]]
    for (_, text), (_, first, last) in zip(plain, ANSWERS["clauses"][name], strict=True):
        assert text.startswith(first)
        assert text.endswith(last)


@pytest.mark.parametrize("breaks", [True, False], ids=["lines", "one line"])
@pytest.mark.parametrize("name", NAMES)
def test_targets(name: str, breaks: bool) -> None:
    document = seed(name, breaks)
    found = [t for t in document.targets if t.tier == "explicit"]
    expected = ANSWERS["targets"][name]
    assert [(t.clause_id, t.operator, t.value, t.unit) for t in found] == [(e[0], *e[2:5]) for e in expected]
    for target, answer in zip(found, expected, strict=True):
        assert same_deadline(target.deadline, answer[5])
        tail = re.sub(r"\s", "", answer[1])[-4:]
        assert tail in re.sub(r"\s", "", document.source[target.start : target.end + 2])


def test_units() -> None:
    document = seed("gannan")
    other = ANSWERS["canonical"]["gannan"]
    for clause in document.clauses:
        listed = re.search(r"\(责任单位:([^()]*)\)$", clause.text)
        names = re.sub("县市党委、?政府$", "", listed.group(1)).strip(",") if listed else ""
        expected = [other.get(n, n) for n in re.split("[、,]", names) if n] + (["县市党委、政府"] if listed else [])
        assert [u.canonical for u in document.units if u.clause_id == clause.id] == expected


@pytest.mark.parametrize("pair", list(ANSWERS["aligned"]))
def test_alignment(pair: str) -> None:
    lower, upper = pair.split("-")
    gold = ANSWERS["aligned"][pair]
    links = {link.lower_id: link for link in align(seed(lower), seed(upper)).links}
    right = sum(bool(links[i].upper) and links[i].upper[0]["id"] in ids for i, ids in gold.items() if ids)
    assert right / sum(bool(ids) for ids in gold.values()) >= 0.95
    new = [i for i in gold if not links[i].upper]
    assert not new or sum(not gold[i] for i in new) / len(new) >= 0.8
