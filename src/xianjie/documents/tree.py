"""From headings to the clause tree: kinds, ids, titles, bounds, and what is odd about the numbering."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from xianjie.documents.clean import Clean
from xianjie.documents.frame import RUN_IN, paragraphs_of
from xianjie.documents.model import Problem
from xianjie.documents.numbering import Mark
from xianjie.messages import say

RANK = ("chapter", "section", "part", "article", "paren", "item", "paren_item", "circled", "dash")
LETTERS = {"part": "p", "clause": "c", "group": "c", "item": "i", "dash": "d"}
HEADING_WORDS = re.compile(
    r"(?:总体|主要|基本|工作|重点|行动|发展|目标|年度|有关|具体|组织|政策|保障|实施|相关|指导|加强|强化|基础|现实)?"
    r"(?:总体|工作|组织|基本|保障)?(?:要求|目标|任务|原则|思想|思路|措施|保障|机制|步骤|领导|安排|意义|范围|现状|背景|形势)(?:任务)?"
)
LONGEST_HEADING, LONGEST_TITLE = 60, 45


@dataclass
class Node:
    """A heading with its clean bounds; `own_end` is where its own words end."""

    mark: Mark | None
    kind: str
    id: str
    parent: Node | None
    start: int
    body: int
    own_end: int
    title: str = ""
    children: list[Node] = field(default_factory=list)


def build_tree(clean: Clean, marks: list[Mark], end: int, attached: int | None) -> list[Node]:
    """All nodes in order. `end` is where the body ends, `attached` where attachments begin."""
    nodes: list[Node] = []
    stack: list[Node] = []
    ids: set[str] = set()
    for place, mark in enumerate(marks):
        if attached is not None and mark.start >= attached and stack and stack[0].start < attached:
            stack = []
        while stack and not _inside(stack[-1], mark):
            stack.pop()
        parent = stack[-1] if stack else None
        kind = _kind(mark, stack)
        scope = "a1." if attached is not None and mark.start >= attached else ""
        name = _unique(f"{parent.id + '.' if parent else scope}{_letter(mark, kind)}{mark.number}", ids)
        following = marks[place + 1].start if place + 1 < len(marks) else end
        node = Node(mark, kind, name, parent, mark.start, mark.end, following)
        if parent:
            parent.children.append(node)
        nodes.append(node)
        stack.append(node)
    for node in nodes:
        _name(clean, node)
    return nodes


def _inside(node: Node, mark: Mark) -> bool:
    return node.mark is not None and RANK.index(node.mark.style) < RANK.index(mark.style)


def _kind(mark: Mark, stack: list[Node]) -> str:
    above = {node.kind for node in stack}
    if mark.style == "dash":
        return "dash"
    if mark.style in ("chapter", "section"):
        return "part"
    if mark.style == "part":
        return "clause" if "part" in above else "part"
    if mark.style in ("article", "paren"):
        return "item" if "clause" in above else "clause"
    return "item"


def _letter(mark: Mark, kind: str) -> str:
    return "s" if mark.style == "section" else LETTERS[kind]


def _unique(name: str, ids: set[str]) -> str:
    candidate, times = name, 1
    while candidate in ids:
        times += 1
        candidate = f"{name}-{times}"
    ids.add(candidate)
    return candidate


def _name(clean: Clean, node: Node) -> None:
    """The title, and `group` for a clause that is a heading only."""
    text = clean.text[node.body : node.own_end]
    node.title = title_of(clean, node.body, node.own_end)
    heading_only = not re.search("[。;:,]", text.rstrip("。:;")) and len(text) <= LONGEST_HEADING
    if node.kind == "clause" and node.children and heading_only:
        node.kind = "group"


def title_of(clean: Clean, start: int, end: int) -> str:
    """The run-in title up to the first 。 or the heading line; a colon or a gap ends it when the sentence runs on."""
    text = clean.text[start:end]
    stop = re.search("[。!?;]", text)
    first = stop.start() if stop else len(text)
    lines = [b - start for b in clean.breaks if start < b < end and text[b - start - 1] not in "、,"]
    line = min((b for b in lines if b < first), default=None)
    if line is not None and line <= LONGEST_TITLE and "," not in text[:line] and (len(text) > line + 20 or first > 60):
        first = line
    colon = text[:first].find(":")
    if 2 <= colon <= 30 and "," not in text[:colon]:
        first = colon
    if first > LONGEST_TITLE or "," in text[:first]:
        first = _cut_long(clean, start, text, first)
    return text[:first].strip(" :")


def _cut_long(clean: Clean, start: int, text: str, first: int) -> int:
    gap = min((g - start for g in clean.gaps if start + 3 < g <= start + 30), default=None)
    if gap is not None and not re.search("[,、]", text[:gap]):
        return gap
    return first


def unnumbered_bodies(clean: Clean, nodes: list[Node]) -> list[Node]:
    """Parts whose text stands under the heading without numbers: that text becomes clauses of its own."""
    out: list[Node] = []
    for node in nodes:
        out.append(node)
        if node.kind != "part" or node.children:
            continue
        split = _heading_end(clean, node)
        if split is None:
            continue
        node.title = clean.text[node.body : split].rstrip("。:")
        for number, (start, end) in enumerate(_bodies(clean, split, node.own_end), 1):
            child = Node(None, "clause", f"{node.id}.c{number}", node, start, start, end)
            child.title = title_of(clean, start, end)
            node.children.append(child)
            out.append(child)
        node.own_end = split
    return out


def _heading_end(clean: Clean, node: Node) -> int | None:
    """Where an unnumbered body begins: after the heading line, or after a heading's set words."""
    text = clean.text[node.body : node.own_end]
    first = re.search("[。,;:]", text)
    lines = sorted(b for b in clean.breaks if node.body < b < node.own_end)
    if lines and lines[0] - node.body <= LONGEST_TITLE and (not first or lines[0] - node.body <= first.start()):
        return lines[0]
    words = HEADING_WORDS.match(text)
    if words and first and first.group() in ",、" and words.end() < first.start() and words.end() >= 4:
        return node.body + words.end()
    return None


def _bodies(clean: Clean, start: int, end: int) -> list[tuple[int, int]]:
    """The paragraphs under a heading when each has a run-in title, else all of them as one."""
    paragraphs = paragraphs_of(clean, start, end)
    titled = [RUN_IN.match(clean.text, a) for a, _ in paragraphs]
    return paragraphs if len(paragraphs) > 1 and all(titled) else [(start, end)]


def numbering_problems(nodes: list[Node]) -> list[Problem]:
    """Numbers that are missing from, repeated in or begin late in a sequence."""
    problems: list[Problem] = []
    last: dict[str, tuple[int, Node | None, str]] = {}
    for node in nodes:
        mark = node.mark
        if mark is None or mark.style == "dash":
            continue
        before = last.get(mark.style)
        last[mark.style] = (mark.number, node.parent, node.id)
        if mark.number == 1 or (before and mark.number == before[0] + 1):
            continue
        same_list = before is not None and (before[1] is node.parent or mark.number > before[0])
        if before and same_list and mark.number > before[0]:
            missing = "、".join(str(n) for n in range(before[0] + 1, mark.number))
            text = say("documents.number_missing", id=node.id, before=before[2], missing=missing)
            problems.append(Problem("number_missing", node.id, text))
        elif before and same_list:
            problems.append(Problem("number_repeated", node.id, say("documents.number_repeated", id=node.id)))
        else:
            problems.append(
                Problem("begins_late", node.id, say("documents.begins_late", id=node.id, number=mark.number))
            )
    return problems
