"""What a lower clause adds to, drops from and changes in the upper clause it implements, phrase by phrase."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher

SAME, KIN = 0.86, 0.55


@dataclass
class Difference:
    """`coverage` of the upper clause: all, most or slice; `changed` pairs of nearly equal phrases with what differs."""

    relation: str
    coverage: str
    added: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    changed: list[dict[str, str]] = field(default_factory=list)


def compare(lower: str, upper: str) -> Difference:
    """Compare two bodies of text."""
    below, above = _phrases(lower), _phrases(upper)
    partner = _partners(above, below)
    used = {j for j, _ in partner.values()}
    weight = sum(map(len, above)) or 1
    kept = sum(len(above[i]) * ratio for i, (_, ratio) in partner.items())
    dropped = [p for i, p in enumerate(above) if i not in partner]
    added = [p for j, p in enumerate(below) if j not in used]
    changed = [
        {"upper": above[i], "lower": below[j], "from": old, "to": new}
        for i, (j, _) in sorted(partner.items())
        for old, new in _swapped(above[i], below[j])
    ]
    share = kept / weight
    coverage = "all" if share >= 0.85 else "most" if share >= 0.5 else "slice"
    new_share = sum(map(len, added)) / (sum(map(len, below)) or 1)
    return Difference(_relation(share, new_share, added, changed), coverage, added, dropped, changed)


def _phrases(text: str) -> list[str]:
    return [p for p in re.split("[,。;:!?]", text) if len(p) > 1]


def _partners(above: list[str], below: list[str]) -> dict[int, tuple[int, float]]:
    """For each upper phrase the lower phrase that is nearest to it, when they are kin."""
    sets = [{p[k : k + 2] for k in range(len(p) - 1)} for p in below]
    out: dict[int, tuple[int, float]] = {}
    for i, phrase in enumerate(above):
        own = {phrase[k : k + 2] for k in range(len(phrase) - 1)}
        best, ratio = -1, 0.0
        for j, other in enumerate(sets):
            alike = 2 * len(own & other) / (len(own) + len(other)) if own and other else 0.0
            if alike > ratio:
                best, ratio = j, alike
        if ratio >= KIN:
            out[i] = (best, min(1.0, ratio / SAME))
    return out


def _swapped(upper: str, lower: str) -> list[tuple[str, str]]:
    """The words in which two nearly equal phrases differ: numbers whole, else the characters around (全国 → 全省)."""
    if upper == lower:
        return []
    out = []
    for what, a, b, c, d in SequenceMatcher(None, upper, lower, autojunk=False).get_opcodes():
        if what == "replace" and max(b - a, d - c) <= 12:
            out.append((_widen(upper, a, b), _widen(lower, c, d)))
    return [pair for pair in dict.fromkeys(out) if pair[0] != pair[1]]


def _widen(text: str, start: int, end: int) -> str:
    """A number in full, a single character with its neighbour before."""
    if any(c.isdigit() or c in ".%" for c in text[start:end]):
        while start and (text[start - 1].isdigit() or text[start - 1] == "."):
            start -= 1
        while end < len(text) and (text[end].isdigit() or text[end] in ".%"):
            end += 1
        return text[start:end]
    return text[start - 1 : end] if end - start == 1 and start else text[start:end]


def _relation(share: float, new_share: float, added: list[str], changed: list[dict[str, str]]) -> str:
    figures = any(re.search(r"\d|[一二三四五六七八九十]个", piece) for piece in added)
    figures = figures or any(re.search(r"\d", pair["to"]) for pair in changed)
    if share >= 0.85 and new_share < 0.15 and not figures:
        return "same"
    if share < 0.4 and new_share < 0.5:
        return "partial"
    if figures or (share >= 0.4 and new_share >= 0.5):
        return "concretised"
    return "extended" if new_share >= 0.15 else "partial"
