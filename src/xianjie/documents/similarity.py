"""How alike two pieces of Chinese text are: characters in pairs and threes, weighed by how rare they are."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

Vector = dict[str, float]
WORDS = re.compile(r"[\u4e00-\u9fffA-Za-z]+")


def grams(text: str) -> Counter[str]:
    """The pairs and threes of neighbouring characters, not across punctuation or numbers."""
    counts: Counter[str] = Counter()
    for run in WORDS.findall(text):
        counts.update(run[i : i + 2] for i in range(len(run) - 1))
        counts.update(run[i : i + 3] for i in range(len(run) - 2))
    return counts


def rarity(texts: Iterable[Counter[str]]) -> Vector:
    """The weight of each gram: the logarithm of how few of the texts hold it."""
    held: Counter[str] = Counter()
    total = 0
    for counts in texts:
        held.update(counts.keys())
        total += 1
    return {gram: math.log(1 + total / (1 + count)) for gram, count in held.items()}


def vector(counts: Counter[str], weights: Vector) -> Vector:
    """A weighted vector of length 1."""
    raw = {gram: (1 + math.log(count)) * weights.get(gram, 0.0) for gram, count in counts.items()}
    length = math.sqrt(sum(x * x for x in raw.values()))
    return {gram: x / length for gram, x in raw.items()} if length else {}


def cosine(a: Vector, b: Vector) -> float:
    """1 for the same words, 0 for none in common."""
    if len(a) > len(b):
        a, b = b, a
    return sum(x * b[gram] for gram, x in a.items() if gram in b)


def contained(part: Counter[str], whole: set[str], weights: Vector) -> float:
    """The share of `part` (by weight) whose grams stand in `whole`."""
    inside = total = 0.0
    for gram in part:
        weight = weights[gram]
        total += weight
        if gram in whole:
            inside += weight
    return inside / total if total else 0.0


def best_matches(
    rows: Sequence[Vector], columns: Sequence[Vector], owners: Sequence[int], number: int
) -> list[list[float]]:
    """For each row its greatest cosine with any column of each owner (`owners[j]` of `number` owns column j)."""
    postings: dict[str, list[tuple[int, float]]] = {}
    for j, column in enumerate(columns):
        for gram, x in column.items():
            postings.setdefault(gram, []).append((j, x))
    common = max(20, len(columns) // 10)
    out = []
    for row in rows:
        sums: dict[int, float] = {}
        for gram, x in row.items():
            held = postings.get(gram, ())
            if len(held) > common:
                continue
            for j, y in held:
                sums[j] = sums.get(j, 0.0) + x * y
        best = [0.0] * number
        for j, value in sums.items():
            best[owners[j]] = max(best[owners[j]], value)
        out.append(best)
    return out
