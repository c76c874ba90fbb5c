"""A document's text → clauses, targets, units, programmes, noise."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from xianjie.documents.clean import INVISIBLE, Clean
from xianjie.documents.frame import find_tail, read_head, running_paragraphs, without_appendix
from xianjie.documents.model import Clause, Document, Head, Noise, Problem
from xianjie.documents.noise import find_noise
from xianjie.documents.numbering import MAY_BEGIN, Mark, find_marks
from xianjie.documents.programmes import find_programmes
from xianjie.documents.reading import read_document
from xianjie.documents.tables import TaskTable, find_tables, part_at, read_table
from xianjie.documents.targets import find_targets
from xianjie.documents.tree import LETTERS, Node, build_tree, numbering_problems, title_of, unnumbered_bodies
from xianjie.documents.units import find_units
from xianjie.messages import say

PAGES = ("page_number", "header")
CONTINUED = re.compile(r"\(?[上下]接第?[\u4e00-\u9fff\d]{1,4}[版页]\)?|\(接上[版页]\)")


def parse(path: Path) -> Document:
    """Parse a file (txt, md, docx, text PDF). Raises `UserError` when it cannot be read."""
    return parse_text(read_document(path))


def parse_text(raw: str) -> Document:
    """Parse a text; all offsets of the result refer to it. Tables of tasks are read by their rows."""
    tables = find_tables(raw)
    document = _parse_prose(raw, tables)
    for table in tables:
        part_at(document, table)
    for number, table in enumerate(tables, start=1):
        read_table(document, table, number)
    if tables:
        document.clauses.sort(key=lambda clause: clause.start)
        document.noise = _fill(raw, document.clauses, [], document.noise)
    return document


def _parse_prose(raw: str, tables: list[TaskTable]) -> Document:
    """Everything but the tables, which count as noise."""
    held = [Noise(one.start, one.end, "table") for one in tables]
    found = [*(n for n in find_noise(raw) if not any(t.start < n.end and n.start < t.end for t in held)), *held]
    clean = Clean(
        raw,
        [(n.start, n.end) for n in found if n.why not in PAGES],
        [(n.start, n.end) for n in found if n.why in PAGES],
    )
    clean.trust_breaks(MAY_BEGIN)
    marks, stop, attached = without_appendix(clean, find_marks(clean))
    end = stop if stop is not None else len(clean.text)
    document = Document(raw, Head(None, None, None))
    if not marks:
        return _only_tables(document, clean, found) if tables else _without_headings(document, clean, found)
    outside: list[tuple[int, int, str]] = [(end, len(clean.text), "other")] if end < len(clean.text) else []
    tail = find_tail(clean, marks[-1].end, end, _single_paragraphs(clean, marks))
    outside += tail.rest
    nodes = unnumbered_bodies(clean, build_tree(clean, marks, tail.end, attached))
    fragment = _fragment(clean, marks, nodes)
    document.head = read_head(clean, marks[0].start, fragment.start if fragment else marks[0].start)
    document.problems = numbering_problems(nodes)
    if fragment:
        nodes = [fragment, *nodes]
        document.problems.insert(0, Problem("fragment", fragment.id, say("documents.fragment", id=fragment.id)))
    front = fragment.start if fragment else marks[0].start
    outside += _front(clean, front, document.head.title)
    document.clauses = [_clause(clean, node) for node in nodes]
    document.noise = _fill(raw, document.clauses, [_noise(clean, *o) for o in outside], found)
    base = document.head.year
    document.targets = [t for node in nodes for t in find_targets(clean, node, base)]
    document.units = [u for node in nodes for u in find_units(clean, node)]
    document.programmes = [p for node in nodes for p in find_programmes(clean, node)]
    return document


def _without_headings(document: Document, clean: Clean, found: list[Noise]) -> Document:
    """A text without any heading: one unnumbered clause, so that nothing is lost, and a word about it."""
    document.problems = [Problem("no_headings", None, say("documents.no_headings"))]
    if clean.text:
        node = Node(None, "clause", "c1", None, 0, 0, len(clean.text), title=title_of(clean, 0, len(clean.text)))
        document.head = read_head(clean, len(clean.text), len(clean.text))
        document.clauses = [_clause(clean, node)]
        document.targets = find_targets(clean, node, document.head.year)
        document.units = find_units(clean, node)
        document.programmes = find_programmes(clean, node)
    document.noise = _fill(document.source, document.clauses, [], found)
    return document


def _only_tables(document: Document, clean: Clean, found: list[Noise]) -> Document:
    """A text whose tasks stand in tables alone: what is around them is title and preamble."""
    document.head = read_head(clean, len(clean.text), len(clean.text))
    outside = [_noise(clean, *span) for span in _front(clean, len(clean.text), document.head.title)]
    document.noise = _fill(document.source, [], outside, found)
    return document


def _single_paragraphs(clean: Clean, marks: list[Mark]) -> bool:
    """Whether the clauses before the last keep to one paragraph each."""
    pairs = itertools.pairwise(marks)
    counts = [running_paragraphs(clean, a.end, b.start) for a, b in pairs]
    return not counts or sum(count > 1 for count in counts) <= len(counts) * 0.3


def _fragment(clean: Clean, marks: list[Mark], nodes: list[Node]) -> Node | None:
    """The rest of a clause whose heading the file lacks: text before a first number that is not 1."""
    first = marks[0]
    continued = CONTINUED.search(clean.text, 0, first.start)
    if first.number <= 1 and not continued:
        return None
    if continued:
        start = continued.start()
    else:
        start = min((m.start() for m in re.finditer("(?<=。)|^", clean.text[: first.start])), default=0)
        lines = [b for b in sorted(clean.breaks) if b < first.start and "。" not in clean.text[:b]]
        start = max([start, *lines])
    if "。" not in clean.text[start : first.start]:
        return None
    number = max(first.number - 1, 0)
    letter = LETTERS[nodes[0].kind]
    name = f"{letter}{number}" if all(n.id != f"{letter}{number}" for n in nodes) else f"{letter}0"
    node = Node(None, "clause", name, None, start, start, first.start)
    node.title = title_of(clean, continued.end() if continued else start, first.start)
    return node


def _front(clean: Clean, end: int, title: str | None) -> list[tuple[int, int, str]]:
    place = clean.text.find(title, 0, end) if title else -1
    if place < 0 or title is None:
        return [(0, end, "preamble")]
    spans = [(0, place, "preamble"), (place, place + len(title), "title"), (place + len(title), end, "preamble")]
    return [span for span in spans if span[0] < span[1]]


def _clause(clean: Clean, node: Node) -> Clause:
    start, end = clean.span(node.start, node.own_end)
    parent = node.parent.id if node.parent else None
    number = node.mark.printed if node.mark and node.mark.style != "dash" else None
    title = node.title
    return Clause(node.id, parent, node.kind, number, title, clean.raw[start:end], start, end)


def _noise(clean: Clean, start: int, end: int, why: str) -> Noise:
    return Noise(*clean.span(start, end), why)


def _fill(raw: str, clauses: list[Clause], outside: list[Noise], found: list[Noise]) -> list[Noise]:
    """All noise in order: within a clause as it is, outside so that clauses and noise make the whole file."""
    why: list[str | None] = [None] * len(raw)
    for noise in [*outside, *found]:
        why[noise.start : noise.end] = [noise.why] * (noise.end - noise.start)
    for place, character in enumerate(raw):
        if why[place] is None:
            why[place] = "blank" if character.isspace() or character in INVISIBLE else "other"
    for clause in clauses:
        why[clause.start : clause.end] = [None] * (clause.end - clause.start)
    runs: list[Noise] = []
    for place, reason in enumerate(why):
        if reason is None:
            continue
        if runs and runs[-1].end == place and runs[-1].why == reason:
            runs[-1].end = place + 1
        else:
            runs.append(Noise(place, place + 1, reason))
    inside = [n for n in found if any(c.start <= n.start and n.end <= c.end for c in clauses)]
    return sorted([*runs, *inside], key=lambda n: (n.start, n.end))
