"""A lower document against the one above it: which upper clauses each lower clause implements, how, and how much.

The links and their scores are the machine's; the relation (same, concretised, extended, partial, new) is a proposal
only, given with the pieces added, dropped and the numbers changed, for a person to decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from xianjie.documents.clean import Clean
from xianjie.documents.differences import compare
from xianjie.documents.model import Clause, Document
from xianjie.documents.similarity import Vector, best_matches, contained, cosine, grams, rarity, vector
from xianjie.documents.units import LABELLED
from xianjie.documents.vocabulary import load

WEIGHTS = {
    "body": 0.30,
    "title": 0.22,
    "title_in_upper": 0.16,
    "title_in_lower": 0.06,
    "sentences": 0.22,
    "context": 0.04,
}


FAINT = 0.04  # pairs that have nothing in common beyond this are not looked at further


@dataclass
class Piece:
    """A clause prepared for comparing: `body` without title and list of units, `sentences` of it, `path` its heads."""

    clause: Clause
    title: str
    body: str
    sentences: list[str]
    path: str
    vectors: dict[str, Vector] = field(default_factory=dict)


@dataclass
class Link:
    """One lower clause's upper clauses, best first; empty when it is new."""

    lower_id: str
    upper: list[dict[str, Any]]
    relation: str
    coverage: str | None
    added: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    changed: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Alignment:
    """All links in the lower document's order, and the upper clauses that nothing implements."""

    links: list[Link]
    missing: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The contract of `documents align --json`."""
        return {"links": [vars(link) for link in self.links], "missing": self.missing}


def align(lower: Document, upper: Document) -> Alignment:
    """Align two parsed documents."""
    below, above = _pieces(lower), _pieces(upper)
    if not below or not above:
        return Alignment([Link(p.clause.id, [], "new", None) for p in below], [p.clause.id for p in above])
    scores, peaks = _scores(below, above)
    bars = load("aligning")
    links = []
    implemented: set[int] = set()
    for i, piece in enumerate(below):
        chosen = _chosen(scores[i], peaks[i], bars)
        implemented.update(chosen)
        links.append(_link(piece, [(above[j], scores[i][j]) for j in chosen]))
    for j in range(len(above)):
        if j not in implemented and max(row[j] for row in scores) >= bars["implemented"]:
            implemented.add(j)
    return Alignment(links, [p.clause.id for j, p in enumerate(above) if j not in implemented])


def _pieces(document: Document) -> list[Piece]:
    """The clauses that say something: headings and parts without words of their own are left out."""
    titles = {c.id: c.title for c in document.clauses}
    parents = {c.id: c.parent for c in document.clauses}
    out = []
    for clause in document.clauses:
        text = _words(document, clause)
        title = Clean(clause.title).text
        place = text.find(title)
        body = text[place + len(title) :].lstrip("。:.") if 0 <= place < 20 else text
        if clause.kind in ("part", "group") and len(body) < 12:
            continue
        path, parent = "", clause.parent
        while parent:
            path += titles[parent]
            parent = parents[parent]
        body = body if len(body) >= 12 else title
        out.append(Piece(clause, title, body, [s for s in re.split("[。;!?]", body) if len(s) > 5], Clean(path).text))
    return out


def _words(document: Document, clause: Clause) -> str:
    """The clause's clean text without noise inside it and without its lists of responsible units."""
    inside = [n for n in document.noise if clause.start <= n.start and n.end <= clause.end]
    text = Clean(clause.text, [(n.start - clause.start, n.end - clause.start) for n in inside]).text
    units = [u for u in document.units if u.clause_id == clause.id]
    if units:
        listed = LABELLED.search(text)
        text = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)。?$", "", text) if text.rstrip("。").endswith(")") else text
        if listed and listed.start() > 10 and listed.start() < len(text):
            text = text[: listed.start()].rstrip("(")
    return text


def _scores(below: list[Piece], above: list[Piece]) -> tuple[list[list[float]], list[list[float]]]:
    """The score of every pair, and its peak: the nearest that any sentence (or title) comes to a sentence above."""
    whole = [grams(p.title + "。" + p.body) for p in [*below, *above]]
    titles = [grams(p.title) for p in [*below, *above]]
    named = [set(counts) for counts in whole]
    weights = rarity(whole)
    for piece in [*below, *above]:
        piece.vectors = {"title": vector(grams(piece.title), weights), "path": vector(grams(piece.path), weights)}
    n, owners = len(below), list(range(len(above)))
    bodies = [vector(grams(p.body), weights) for p in [*below, *above]]
    body = best_matches(bodies[:n], bodies[n:], owners, len(above))
    title = best_matches([p.vectors["title"] for p in below], [p.vectors["title"] for p in above], owners, len(above))
    sentences, peaks = _by_sentence(below, above, weights)
    contexts: dict[tuple[str, str], float] = {}
    scores = []
    for i, low in enumerate(below):
        line = []
        for j, up in enumerate(above):
            if max(body[i][j], title[i][j], peaks[i][j]) < FAINT:
                line.append(WEIGHTS["body"] * body[i][j])
                continue
            if (low.path, up.path) not in contexts:
                contexts[low.path, up.path] = cosine(low.vectors["path"], up.vectors["path"])
            measures = {
                "body": body[i][j],
                "title": title[i][j],
                "title_in_upper": contained(titles[i], named[n + j], weights),
                "title_in_lower": contained(titles[n + j], named[i], weights),
                "sentences": sentences[i][j],
                "context": contexts[low.path, up.path],
            }
            line.append(sum(WEIGHTS[name] * value for name, value in measures.items()))
        scores.append(line)
    return scores, peaks


def _by_sentence(
    below: list[Piece], above: list[Piece], weights: Vector
) -> tuple[list[list[float]], list[list[float]]]:
    """For every pair: how near the lower sentences come to the upper ones, on the whole and at best."""
    rows = [(i, vector(grams(s), weights), len(s)) for i, p in enumerate(below) for s in p.sentences]
    rows += [(i, p.vectors["title"], 0) for i, p in enumerate(below)]
    columns = [(j, vector(grams(s), weights)) for j, p in enumerate(above) for s in p.sentences]
    best = best_matches([v for _, v, _ in rows], [v for _, v in columns], [j for j, _ in columns], len(above))
    means = [[0.0] * len(above) for _ in below]
    peaks = [[0.0] * len(above) for _ in below]
    lengths = [sum(map(len, p.sentences)) or 1 for p in below]
    for (i, _, length), row in zip(rows, best, strict=True):
        for j, value in enumerate(row):
            means[i][j] += length * value / lengths[i]
            peaks[i][j] = max(peaks[i][j], value)
    return means, peaks


def _chosen(scores: list[float], peaks: list[float], bars: dict[str, float]) -> list[int]:
    """The upper clauses above the bar, best first: the first, and others that come near it."""
    order = sorted(range(len(scores)), key=lambda j: (-scores[j], j))
    best = scores[order[0]]
    if best < bars["new"] and peaks[order[0]] < bars["peak"]:
        return []
    return [j for j in order[:5] if j == order[0] or scores[j] >= max(bars["also"], best * bars["near"])]


def _link(piece: Piece, chosen: list[tuple[Piece, float]]) -> Link:
    if not chosen:
        return Link(piece.clause.id, [], "new", None)
    first = chosen[0][0]
    difference = compare(piece.body, first.body)
    upper = [{"id": p.clause.id, "score": round(score, 3)} for p, score in chosen]
    return Link(piece.clause.id, upper, **vars(difference))
