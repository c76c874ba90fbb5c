"""What surrounds a number: its sentence, the phrases between commas, the deadlines in whose scope it lies, the past."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xianjie.documents.deadlines import Deadline, find_deadlines
from xianjie.documents.quantities import Quantity, find_quantities
from xianjie.documents.tree import Node

PAST_SENTENCE = re.compile(r"截至|截止(?!到?20[2-9])|以来|[近十多]年来|历史性|目前|过去")
CARRIED = re.compile(r"20\d\d|二[〇零]|十[三四五六七]五|今后|未来|年(?:之?内|左右)")
DONE = re.compile("(?:全部|基本|全面|如期)?(?:完成|建成|达到|竣工|到位|验收|投用)(?![^,。;]{8})")


@dataclass
class Phrase:
    """A piece of a sentence between commas, at clean [start, end)."""

    start: int
    end: int


@dataclass
class Scope:
    """What surrounds a number: the clean text, its sentence's phrases and deadlines, what is carried into it."""

    text: str
    start: int
    end: int
    phrases: list[Phrase]
    deadlines: list[Deadline]
    carried: Deadline | None
    base: int | None
    past_until: int = 0


def sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Clean spans of the sentences (without 。)."""
    spans, place = [], start
    for match in re.finditer("[。!?]", text[start:end]):
        spans.append((place, start + match.start()))
        place = start + match.end()
    return [s for s in [*spans, (place, end)] if s[0] < s[1]]


def scope_of(text: str, start: int, end: int, carried: Deadline | None, base: int | None) -> Scope:
    """A sentence cut at its commas, with its deadlines; `past_until` is where what it tells of the past ends."""
    phrases, place = [], start
    for match in re.finditer("[,;:]", text[start:end]):
        at = start + match.start()
        if text[at] == ":" and text[at - 1].isdigit():
            continue
        phrases.append(Phrase(place, at))
        place = at + 1
    phrases.append(Phrase(place, end))
    deadlines = [
        d for d in find_deadlines(text[start:end], start) if text[d.start - 1 : d.start] not in ("比", "较", "与", "同")
    ]
    scope = Scope(text, start, end, [p for p in phrases if p.start < p.end], deadlines, carried, base)
    past = PAST_SENTENCE.search(text, start, end)
    if past:
        later = [d for d in deadlines if d.start > past.start() and d.year and d.year > (base or 2020)]
        scope.past_until = later[0].start if later else end
    return scope


def heading_deadline(text: str, node: Node) -> Deadline | None:
    """A deadline in the clause's own title, or in the lead-in of the clause above it."""
    for place, own in ((node, False), (node.parent, True)):
        if place is None:
            continue
        length = len(place.title) if not own else place.own_end - place.body
        words = text[place.body : place.body + length]
        if own and not words.rstrip().endswith((":", "。")) and place.kind not in ("group", "item", "clause"):
            continue
        if own and "。" in words.rstrip("。"):
            continue
        for deadline in find_deadlines(words, place.body):
            if CARRIED.search(deadline.text) and (own or "," not in words):
                return deadline
    return None


def head_deadline(scope: Scope) -> Deadline | None:
    """A deadline that opens the clause's first sentence holds for the sentences after it."""
    for deadline in scope.deadlines:
        if deadline.start - scope.start <= 6 and CARRIED.search(deadline.text) and not is_past(deadline, scope.base):
            return deadline
    return None


def is_past(deadline: Deadline, base: int | None) -> bool:
    """Whether a deadline lies before the document (`base`: its year; without it, before 2021)."""
    if deadline.year is None or deadline.text.endswith(("起", "开始")):
        return False
    return deadline.year < base if base else deadline.year <= 2020


def governing_deadline(scope: Scope, quantity: Quantity) -> Deadline | None:
    """The deadline in whose scope a number lies.

    A 每年 in the number's own phrase goes before a period without a year; one in an earlier phrase says nothing of a
    rate or level.
    """
    deadline = last_deadline(scope, quantity.start)
    yearly = [d for d in scope.deadlines if d.text == "每年" and d.start < quantity.start]
    beside = yearly[-1] if yearly and "," not in scope.text[yearly[-1].end : quantity.start] else None
    if beside and deadline and deadline.year is None:
        return beside
    level = quantity.measure in ("%", "个百分点") or scope.text[: quantity.start].endswith(("到", "至", "达", "在"))
    if deadline and deadline.text == "每年" and beside is None and level:
        return None
    return deadline


def last_deadline(scope: Scope, place: int) -> Deadline | None:
    """The last deadline before a place in its sentence; a year goes before a 每年 that follows it."""
    before = [d for d in scope.deadlines if d.start < place]
    dated = [d for d in before if d.text != "每年"]
    return dated[-1] if dated else (before[-1] if before else None)


def deadline_behind(scope: Scope, number: int, quantity: Quantity) -> Deadline | None:
    """A deadline behind the number: in the same phrase, or opening a next phrase that has no number of its own."""
    phrase = scope.phrases[number]
    for deadline in scope.deadlines:
        if quantity.end <= deadline.start < phrase.end:
            later = find_quantities(scope.text, deadline.end, phrase.end)
            return None if later else deadline
    following = scope.phrases[number + 1] if number + 1 < len(scope.phrases) else None
    for deadline in scope.deadlines:
        if following and deadline.start == following.start and DONE.match(scope.text, deadline.end):
            return deadline
    return None
