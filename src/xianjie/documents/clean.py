"""The text without what stands in a reader's way (line breaks, spaces, page numbers, glyph widths), and the way back.

Everything is analysed on this clean text; each of its characters knows its place in the text as given.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
SAME = FULL_WIDTH | {
    ord(a): b
    for a, b in zip("﹪﹐﹔﹕﹖﹗﹙﹚〈〉「」『』﹃﹄〝〞―─━∶˗‐‑–", "%,;:?!()《》“”“”“”“”———:-----", strict=False)
}
Span = tuple[int, int]
INVISIBLE = frozenset("\ufeff\u200b\u200c\u200d\u2060\u00ad")


class Clean:
    """`text` is the clean text; `at[i]` the place of its character i in the text as given."""

    def __init__(self, raw: str, dropped: Iterable[Span] = (), pages: Iterable[Span] = ()) -> None:
        """`dropped` is left out; `pages` too, and a break at such a place (a `seam`) is none of the author's."""
        self.raw = raw
        skip = bytearray(len(raw))
        for mark, spans in ((b"\x01", dropped), (b"\x02", pages)):
            for start, end in spans:
                skip[start:end] = mark * (end - start)
        self.seams: set[int] = set()
        characters: list[str] = []
        self.at: list[int] = []
        self.breaks: set[int] = set()
        self.gaps: set[int] = set()
        self.ended: set[int] = set()
        self.ascii_quotes = 0
        broken = spaced = seam = False
        for place, character in enumerate(raw):
            if skip[place]:
                seam = seam or skip[place] == 2
                continue
            if character.isspace() or character in INVISIBLE:
                broken = broken or character in "\n\r\x0b\x0c\x85\u2028\u2029"
                spaced = True
                continue
            if seam:
                self.seams.add(len(characters))
            if spaced:
                self._space(characters, character, place, broken)
            broken = spaced = seam = False
            characters.append(self._same(character))
            self.at.append(place)
        self.text = "".join(characters)

    def _space(self, characters: list[str], following: str, place: int, broken: bool) -> None:
        """Between two ASCII words or numbers a space stays; elsewhere it only leaves a mark."""
        both = bool(characters) and characters[-1].isascii() and following.isascii()
        if both and not broken and characters[-1].isalnum() and following.isalnum():
            characters.append(" ")
            self.at.append(place - 1)
        (self.breaks if broken else self.gaps).add(len(characters))

    def _same(self, character: str) -> str:
        if character in {'"', "＂"}:
            self.ascii_quotes += 1
            return "“" if self.ascii_quotes % 2 else "”"
        return SAME.get(ord(character), character)

    def trust_breaks(self, may_begin: re.Pattern[str]) -> None:
        """Keep of the line breaks those that part units of text; in a text broken anywhere the others say nothing.

        Lines of one width (out of a PDF) end a paragraph where a line stays short; lines of any width say only
        something where a numbered line begins. `ended` are the breaks before numbered lines.
        """
        ordered = sorted(self.breaks)
        edges = list(zip([0, *ordered], [*ordered, len(self.text)], strict=True))
        starts = {a for a, _ in edges if may_begin.match(self.text, a)}
        stops = {b for b in ordered if self.text[b - 1 : b] in tuple("。!?;:)”》")}
        width = self._width(edges)
        short = {b for a, b in edges if b - a <= 0.85 * width}
        longest = min(45, max(width * 0.8, 12))
        headings = {b for a, b in edges if a in starts and b - a <= longest and b < len(self.text)}
        if ordered and len((stops | starts | headings) & self.breaks) < 0.6 * len(ordered):
            even = sum(0.8 * width <= b - a <= 1.1 * width for a, b in edges) > 0.5 * len(edges)
            self.breaks = starts | (headings | (stops & short) if even else set())
        self.breaks -= self.seams - starts
        self.ended = self.breaks & starts

    @staticmethod
    def _width(edges: list[tuple[int, int]]) -> int:
        """The length that three quarters of the lines do not exceed."""
        widths = sorted(b - a for a, b in edges)
        return widths[len(widths) * 3 // 4] if widths else 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text as given of clean [start, end); empty spans fall on the following character."""
        if start >= end:
            place = self.at[start] if start < len(self.at) else len(self.raw)
            return place, place
        return self.at[start], self.at[end - 1] + 1

    def index(self, place: int) -> int:
        """The first clean character at or after `place` of the text as given."""
        return bisect_left(self.at, place)
