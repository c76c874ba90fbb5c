"""A document's text with targets, units, programmes and noise marked where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from xianjie.documents import Document
from xianjie.messages import catalogue, say


@dataclass(frozen=True)
class Span:
    """A marked piece of the text: what it is, and what is said of it."""

    start: int
    end: int
    kind: str
    word: str


def spans(document: Document) -> list[Span]:
    """Everything that the page marks; where two overlap the first of this order wins."""
    found = [Span(one.start, one.end, "noise", noise_word(one.why)) for one in document.noise if one.why != "blank"]
    found += [Span(one.start, one.end, "target", _("目标")) for one in document.targets]
    found += [Span(one.start, one.end, "unit", say(f"documents.role_{one.role}")) for one in document.units]
    found += [Span(one.start, one.end, "programme", _("专项名称")) for one in document.programmes]
    kept: list[Span] = []
    taken: set[int] = set()
    for one in found:
        places = range(one.start, one.end)
        if places and taken.isdisjoint(places):
            taken.update(places)
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


def noise_word(why: str) -> str:
    """What a kind of noise is called."""
    code = f"supervision.noise_{why}"
    return say(code) if code in catalogue() else say("supervision.noise_other")


def marked(source: str, start: int, end: int, found: Iterable[Span]) -> SafeString:
    """The text from `start` to `end` as HTML, with the spans inside it marked; each says in words what it is."""
    pieces: list[Any] = []
    place = start
    for one in found:
        if one.end <= start or one.start >= end:
            continue
        first, last = max(one.start, place), min(one.end, end)
        pieces.append(conditional_escape(source[place:first]))
        pieces.append(
            format_html('<mark class="{}" title="{}">{}</mark>', f"found-{one.kind}", one.word, source[first:last])
        )
        place = last
    pieces.append(conditional_escape(source[place:end]))
    return mark_safe("".join(pieces))
