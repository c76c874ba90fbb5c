"""Which printed numbers are headings: every mark that could be one is weighed, and the best sequences are kept.

A mark counts by where it stands (after a full stop, on a new line, right after a heading) and by whether it goes on
from the mark before; so references (第（三）项), lists within a sentence (一、二级) and decimals fall out, while line
breaks are a help and no condition. One style after the other, from the widest (第一章) to the narrowest (①).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from xianjie.documents.clean import Clean
from xianjie.documents.numerals import ordinal

CN = "一二三四五六七八九十百"
STYLES: tuple[tuple[str, str], ...] = (
    ("chapter", rf"第([{CN}]{{1,4}}|\d{{1,3}})[章编篇](?![、节条])"),
    ("section", rf"第([{CN}]{{1,4}}|\d{{1,3}})节"),
    ("part", rf"([{CN}]{{1,3}})[、.,](?![{CN}、]?级)"),
    ("article", rf"第([{CN}]{{1,5}}|\d{{1,3}})条(?!第|规定|[、,.。;款项例的])"),
    ("paren", rf"[(〔\[<]([{CN}]{{1,4}})[)〕\]>]|([㈠-㈩])"),
    ("half_paren", rf"(?<![{CN}(〔\[<])([{CN}]{{1,4}})[)>]|[(]([{CN}]{{1,4}})(?=[\u4e00-\u9fff])"),
    ("item", r"(?<![\d.])(\d{1,2})[.、](?![\d%])|([⒈-⒛])"),
    ("paren_item", r"\((\d{1,2})\)|([⑴-⒇])"),
    ("half_item", r"(?<![\d(.])(\d{1,2})\)"),
    ("circled", "([①-⑳])"),
)
MAY_BEGIN = re.compile(
    rf"[(〔\[]?[{CN}]{{1,4}}[、.)〕\]]|[(]?\d{{1,2}}[.、)]|第[{CN}\d]{{1,4}}[章节条编]|[①-⑳]|——|[(]?(?:责任|牵头|配合)(?:单位|部门)|附件"
)
RANKS = {"half_paren": "paren", "half_item": "paren_item"}
DASH = re.compile(r"[—]{1,3}|[-–·•●■◆▪*]{1,2}(?=[\u4e00-\u9fff“])")
REFERENCE_BEFORE = re.compile(r"(?:第|附件|附表|表|图|见|上述|前款|本条|按照?|依照|之)$")
LIST_AFTER = re.compile(rf"^[{CN}]")
REFERENCE_AFTER = re.compile(r"^(?:项|款|条|点|类|级|者)(?!目|[\u4e00-\u9fff]{{2,8}}。)")
TITLE_END = re.compile(
    "(?:意见|方案|通知|办法|计划|规定|细则|规划|纲要|要点|决定|措施|条例|制度|报告|目录)(?:[(][^()]{2,12}[)])?$"
)
TERMINAL, CLOSING = "。!?;", ")”》】:"
HEADING_LENGTH = 60
NOWHERE, HEADING, NEW_LINE, AFTER_BRACKET, AFTER_STOP = 0.6, 2.2, 2.5, 2.0, 3.0


@dataclass
class Mark:
    """A printed number: `style`, `number`, its clean place [start, end) and how much it looks like a heading's."""

    style: str
    number: int
    printed: str
    start: int
    end: int
    weight: float = 0.0


def find_marks(clean: Clean) -> list[Mark]:
    """The headings' numbers of a document, in order."""
    accepted: list[Mark] = []
    for style in ("chapter", "section", "part", "article", "paren", "item", "paren_item", "circled"):
        chosen = _best_sequence(_candidates(clean, style, accepted), accepted)
        accepted = sorted([*accepted, *chosen], key=lambda m: m.start)
    return sorted([*accepted, *_dashes(clean, accepted)], key=lambda m: m.start)


def _candidates(clean: Clean, wanted: str, accepted: list[Mark]) -> list[Mark]:
    taken = [m.start for m in accepted]
    ends = [m.end for m in accepted]
    marks: list[Mark] = []
    for style, pattern in STYLES:
        if RANKS.get(style, style) != wanted:
            continue
        for found in re.finditer(pattern, clean.text):
            printed = next(g for g in found.groups() if g)
            number = ordinal(printed)
            if not number or any(s <= found.start() < e for s, e in _around(taken, ends, found.start())):
                continue
            mark = Mark(wanted, number, printed, found.start(), found.end())
            mark.weight = _weight(clean, mark, accepted, whole=style not in RANKS)
            if mark.weight > 0 and (style not in RANKS or mark.weight >= AFTER_BRACKET):
                marks.append(mark)
    return sorted(marks, key=lambda m: m.start)


def _around(starts: list[int], ends: list[int], place: int) -> list[tuple[int, int]]:
    i = bisect_left(starts, place + 1) - 1
    return [(starts[i], ends[i])] if i >= 0 else []


def _weight(clean: Clean, mark: Mark, accepted: list[Mark], whole: bool) -> float:
    text, start = clean.text, mark.start
    place = boundary(clean, start)
    before = text[max(0, start - 3) : start]
    after = text[mark.end : mark.end + 2]
    if REFERENCE_BEFORE.search(before) and start not in clean.breaks:
        return -1.0
    if mark.style == "part" and LIST_AFTER.match(after) and place < NEW_LINE:
        return -1.0
    if mark.style in ("paren", "paren_item") and REFERENCE_AFTER.match(after) and place < AFTER_STOP:
        return -1.0
    if before[-1:] in ("、", ",", "和", "及", "“", "《") and start not in clean.breaks:
        return -1.0
    if place <= NOWHERE and _right_after_heading(text, mark, accepted):
        place = HEADING
    if mark.style == "part" and text[mark.end - 1] != "、":
        place -= 1.0 if place >= AFTER_BRACKET else 3.0
    return place if whole else place - 0.5


def boundary(clean: Clean, start: int) -> float:
    """How much a new unit of text could begin here."""
    if start == 0:
        return AFTER_STOP
    before = clean.text[start - 1]
    if before in TERMINAL:
        return AFTER_STOP
    if start in clean.breaks:
        return NEW_LINE
    if before in CLOSING or TITLE_END.search(clean.text, max(0, start - 16), start):
        return AFTER_BRACKET
    return NOWHERE


def _right_after_heading(text: str, mark: Mark, accepted: list[Mark]) -> bool:
    """Only a short heading without punctuation lies between the wider mark before and this one."""
    i = bisect_left([m.start for m in accepted], mark.start) - 1
    if i < 0:
        return False
    between = text[accepted[i].end : mark.start]
    return 2 <= len(between) <= HEADING_LENGTH and not re.search("[。;!?]", between)


def _best_sequence(marks: list[Mark], accepted: list[Mark]) -> list[Mark]:
    """The chain of marks with the greatest weight, less what its jumps cost (dynamic programming)."""
    walls = [m.start for m in accepted]
    scores: list[float] = []
    origins: list[int] = []
    for j, mark in enumerate(marks):
        best, origin = _beginning(mark), -1
        for i in range(max(0, j - 120), j):
            earlier = marks[i]
            walled = bisect_left(walls, earlier.end) < bisect_left(walls, mark.start)
            score = scores[i] + _step(earlier, mark, walled)
            if score > best:
                best, origin = score, i
        scores.append(best + mark.weight)
        origins.append(origin)
    if not scores or max(scores) <= 0.7:
        return []
    chain, i = [], max(range(len(scores)), key=scores.__getitem__)
    while i >= 0:
        chain.append(marks[i])
        i = origins[i]
    return chain[::-1]


def _beginning(mark: Mark) -> float:
    if mark.number == 1:
        return 0.0
    return -0.4 * min(mark.number, 4) if mark.weight >= AFTER_BRACKET and mark.number < 60 else -9.0


def _step(earlier: Mark, mark: Mark, walled: bool) -> float:
    """What it costs that `mark` follows `earlier`; `walled`: a wider heading stands between."""
    ahead = mark.number - earlier.number
    strong = mark.weight >= HEADING
    if ahead == 1:
        return 0.0
    if mark.number == 1:
        return 0.0 if walled and mark.weight > NOWHERE else (-2.4 if strong else -9.0)
    if not strong:
        return -9.0
    if 1 < ahead <= 6:
        return -1.0 - 0.15 * ahead
    return -2.6 if walled and mark.number <= 4 else -3.2


def _dashes(clean: Clean, accepted: list[Mark]) -> list[Mark]:
    """Dash items: at least two between two headings, each at a boundary, none before the first heading."""
    walls = [m.start for m in accepted]
    groups: dict[int, list[Mark]] = {}
    for found in DASH.finditer(clean.text):
        wall = bisect_left(walls, found.start())
        if not wall or found.end() >= len(clean.text):
            continue
        mark = Mark("dash", 0, found.group(), found.start(), found.end())
        place = boundary(clean, found.start())
        long_dash = found.group()[0] == "—" and len(found.group()) > 1
        if place <= NOWHERE and long_dash and not groups.get(wall) and _right_after_heading(clean.text, mark, accepted):
            place = HEADING
        if place >= AFTER_STOP and not long_dash and found.start() not in clean.breaks:
            continue
        if place >= HEADING:
            groups.setdefault(wall, []).append(mark)
    kept = [group for group in groups.values() if len(group) > 1]
    for group in kept:
        for number, mark in enumerate(group, 1):
            mark.number = number
    return [mark for group in kept for mark in group]
