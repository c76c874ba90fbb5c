"""Invented documents with the right answers marked in them, changes that keep the answers, and how results are scored.

Marks: ⟨p1.c2⟩ a clause begins; ⟨N|why⟩…⟨/N⟩ noise; ⟨n⟩…⟨/n⟩ noise inside a clause; ⟨T|op|value|unit|deadline⟩ after an
explicit target; ⟨R|deadline⟩ a relative one; ⟨M|deadline⟩ a milestone; ⟨U|role:name|…⟩ the canonical responsible
units; ⟨A|upper ids⟩ what the clause implements (none: new).
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
MARK = re.compile("⟨([^⟩]*)⟩")


@dataclass
class Marked:
    """A text and its answers; places are characters of the unchanged text."""

    name: str
    text: str
    clauses: list[tuple[str, int, int]] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    units: list[tuple[str, str, str]] = field(default_factory=list)
    aligned: dict[str, set[str]] = field(default_factory=dict)


def read_marked(path: Path) -> Marked:
    """Read one marked document."""
    source = path.read_text(encoding="utf-8")
    document = Marked(path.stem, MARK.sub("", source))
    place = end = 0
    clause = ""
    starts: list[tuple[str, int]] = []
    ends: list[int] = []
    in_noise = False
    for mark in MARK.finditer(source):
        place += mark.start() - end
        end = mark.end()
        kind, *facts = mark.group(1).split("|")
        if kind in ("T", "R", "M"):
            tier = {"T": "explicit", "R": "relative", "M": "milestone"}[kind]
            values = (
                [*(f or None for f in facts), None, None][:4] if kind == "T" else [None, None, None, *(facts or [None])]
            )
            names = ("operator", "value", "unit", "deadline")
            document.targets.append(
                {"clause": clause, "tier": tier, "at": place, **dict(zip(names, values, strict=True))}
            )
        elif kind == "U":
            document.units += [(clause, *f.split(":")) for f in facts]  # type: ignore[misc]
        elif kind == "A":
            document.aligned[clause] = set(facts[0].split(",")) - {""}
        elif kind in ("N", "/N"):
            if kind == "N" and starts:
                ends.append(place)
            in_noise = kind == "N"
        elif kind not in ("n", "/n"):
            if starts and len(ends) < len(starts):
                ends.append(place)
            clause = kind
            starts.append((kind, place))
    assert not in_noise
    ends += [len(document.text)] * (len(starts) - len(ends))
    for (name, start), stop in zip(starts, ends, strict=True):
        document.clauses.append((name, start, start + len(document.text[start:stop].rstrip())))
    return document


def own_documents(folder: str = "own") -> list[Marked]:
    return [read_marked(path) for path in sorted((FOLDER / folder).glob("*.txt"))]


# Changes. Each gives the changed text and, for each of its characters, the place in the unchanged text.
Changed = tuple[str, list[int]]


def _pieces(pieces: list[tuple[str, int]]) -> Changed:
    text, at = [], []
    for characters, place in pieces:
        text.append(characters)
        at += [place] * len(characters)
    return "".join(text), at


def unchanged(text: str, seed: int) -> Changed:
    return text, list(range(len(text)))


def without_breaks(text: str, seed: int) -> Changed:
    return _pieces([(c, i) for i, c in enumerate(text) if c not in "\r\n"])


def wrapped(text: str, seed: int) -> Changed:
    """Lines of a fixed width, as out of a PDF: breaks in mid-sentence, none kept but those of paragraphs."""
    pieces, column = [], 0
    for i, c in enumerate(text):
        pieces.append((c, i))
        column = 0 if c == "\n" else column + 1
        if column == 30 + seed % 5:
            pieces.append(("\n", i))
            column = 0
    return _pieces(pieces)


def random_breaks(text: str, seed: int) -> Changed:
    """Breaks anywhere, none where they were."""
    dice = random.Random(seed)
    pieces = []
    for i, c in enumerate(text):
        if c != "\n":
            pieces.append((c, i))
        if dice.random() < 0.02:
            pieces.append(("\n", i))
    return _pieces(pieces)


def full_width(text: str, seed: int) -> Changed:
    return _pieces([(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" and c != '"' else c, i) for i, c in enumerate(text)])


def half_width(text: str, seed: int) -> Changed:
    table = {c: unicodedata.normalize("NFKC", c) for c in "，；：（）！？．％０１２３４５６７８９"}
    return _pieces([(table.get(c, c), i) for i, c in enumerate(text)])


def spaced(text: str, seed: int) -> Changed:
    """Stray spaces around numbers and between characters."""
    dice = random.Random(seed)
    pieces: list[tuple[str, int]] = []
    for i, c in enumerate(text):
        pieces.append((c, i))
        digits = i + 1 < len(text) and c.isdigit() and text[i + 1].isdigit()
        if not digits and not (c in ".:" or text[i + 1 : i + 2] in (".", ":")) and dice.random() < 0.03:
            pieces.append((dice.choice(" 　\u00a0"), i))
    return _pieces(pieces)


def paged(text: str, seed: int) -> Changed:
    """A page number every few hundred characters, in mid-sentence."""
    pieces, page = [], 0
    for i, c in enumerate(text):
        pieces.append((c, i))
        if i % 350 == 349 and not c.isdigit() and not text[i + 1 : i + 2].isdigit():
            page += 1
            shape = ("\n\n— {} —\n\n", "\n{}\n\n\f", "\n第{}页\n")[seed % 3]
            pieces.append((shape.format(page), i))
    return _pieces(pieces)


def headed(text: str, seed: int) -> Changed:
    """The same header line on every page, but never between a clause's number and its text: that clause is lost."""
    pieces, due = [], 0
    for i, c in enumerate(text):
        pieces.append((c, i))
        due += i % 300 == 299
        if due and c not in ".．、）)" and not c.isdigit():
            due -= 1
            pieces.append(("\n岚川省人民政府公报\n", i))
    return _pieces(pieces)


CHANGES = (unchanged, without_breaks, wrapped, random_breaks, full_width, half_width, spaced, paged, headed)


def clause_hits(document: Marked, parsed: Any, at: list[int]) -> tuple[int, int, int]:
    """Clauses right (id, first and last character), found, to be found. Noise at the edges does not count."""
    gold = {(name, start, end - 1) for name, start, end in document.clauses}
    found = set()
    for clause in parsed.clauses:
        text = parsed.source[clause.start : clause.end]
        start = clause.start + len(text) - len(text.lstrip())
        end = clause.end - (len(text) - len(text.rstrip()))
        found.add((clause.id, at[start], at[end - 1]))
    return len(gold & found), len(parsed.clauses), len(gold)


def norm(text: str | None) -> str:
    return re.sub(r"\s|[“”\"]|^[到至在自从]", "", unicodedata.normalize("NFKC", text or ""))


def same_deadline(one: str | None, other: str | None) -> bool:
    a, b = norm(one), norm(other)
    return a == b or (bool(a) and bool(b) and (a in b or b in a))


def _matches(gold: dict[str, Any], target: Any, at: list[int]) -> bool:
    """The same number in the same place: the mark stands behind the number, within or just after the phrase."""
    if gold["clause"] != target.clause_id or norm(gold["value"]) != norm(target.value):
        return False
    return at[target.start] <= gold["at"] <= at[target.end - 1] + 12


def target_hits(document: Marked, parsed: Any, at: list[int]) -> dict[str, int]:
    """Explicit targets: right, found, to be found; of the right ones operator, unit and deadline right."""
    gold = [t for t in document.targets if t["tier"] == "explicit"]
    left = list(gold)
    hits = {"right": 0, "found": 0, "gold": len(gold), "operator": 0, "unit": 0, "deadline": 0}
    wrong: list[str] = []
    for target in parsed.targets:
        if target.tier != "explicit":
            continue
        hits["found"] += 1
        match = next((g for g in left if _matches(g, target, at)), None)
        if match is None:
            wrong.append(f"+ {target.clause_id} {target.text}")
            continue
        left.remove(match)
        hits["right"] += 1
        for name in ("operator", "unit"):
            good = norm(match[name]) == norm(getattr(target, name))
            hits[name] += good
            if not good:
                wrong.append(f"{name} {target.clause_id} {target.text}: {getattr(target, name)} for {match[name]}")
        good = same_deadline(match["deadline"], target.deadline)
        hits["deadline"] += good
        if not good:
            wrong.append(f"deadline {target.clause_id} {target.text}: {target.deadline} for {match['deadline']}")
    wrong += [f"- {g['clause']} {document.text[max(0, g['at'] - 24) : g['at']]}" for g in left]
    hits["wrong"] = wrong  # type: ignore[assignment]
    return hits


def unit_hits(document: Marked, parsed: Any) -> tuple[int, int, int, int, list[str]]:
    """Units right by canonical name, right with role too, found, to be found, and what differs."""
    gold = {(clause, name): role for clause, role, name in document.units}
    found = {(u.clause_id, u.canonical): u.role for u in parsed.units}
    right = set(gold) & set(found)
    wrong = [f"+ {k}" for k in found if k not in gold] + [f"- {k}" for k in gold if k not in found]
    wrong += [f"role {k}: {found[k]} for {gold[k]}" for k in right if gold[k] != found[k]]
    return len(right), sum(gold[k] == found[k] for k in right), len(found), len(gold), wrong
