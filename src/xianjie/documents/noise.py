"""What in the file is no part of the document: page numbers, repeated headers, what web pages put around a text.

Works on the text as given, line by line where there are lines; a document in one line keeps only the checks that need
no lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from xianjie.documents.model import Noise

BREAK = re.compile(r"[\n\r\x0b\x0c\x85\u2028\u2029]")
SENTENCE_END = "。!?；;"
INLINE_PAGE = re.compile(
    r"(?<![\d年月日号])\s*(?:[-—–－]{1,2}\s*\d{1,3}\s*[-—–－]{1,2}(?![\d年])|第\s*\d{1,3}\s*页\s*[,，/]?\s*共\s*\d{1,3}\s*页)\s*"
)
MARKUP = re.compile(r"^[ \t]*#[ \t]+|[#＃]{2,6}\s*|[*＊]{2,3}|^[ \t]*>[ \t]", re.MULTILINE)
MARKER = re.compile(
    r"^(?:[((（]?[一二三四五六七八九十]{1,3}[)）、.]|\d{1,2}[.、]\D|第[一二三四五六七八九十百]+[章条节])"
)


@dataclass(frozen=True)
class Line:
    """One line: `text` without blanks and in half-width, at [start, end) of the text as given."""

    start: int
    end: int
    text: str


@cache
def patterns(kind: str) -> re.Pattern[str]:
    """The expressions of `chrome.yaml` under `kind`, as one."""
    every = yaml.load((Path(__file__).parent / "chrome.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return re.compile("|".join(f"(?:{pattern})" for pattern in every[kind]))


def lines_of(raw: str) -> list[Line]:
    """The lines of the text, empty ones too."""
    lines, start = [], 0
    for found in [*(m.end() for m in BREAK.finditer(raw)), len(raw)]:
        text = "".join(unicodedata.normalize("NFKC", raw[start:found]).split())
        lines.append(Line(start, found, re.sub(r"^#{1,6}|\*\*", "", text)))
        start = found
    return lines


def find_noise(raw: str) -> list[Noise]:
    """Page numbers, repeated headers, chrome and markup, in order, not overlapping."""
    lines = lines_of(raw)
    found = [*_pages(lines), *_repeated(lines), *_chrome(lines)]
    found += [Noise(m.start(), m.end(), "page_number") for m in INLINE_PAGE.finditer(raw)]
    found += [Noise(m.start(), m.end(), "markup") for m in MARKUP.finditer(raw)]
    if len([line for line in lines if line.text]) < 8:
        found += _running_head(raw)
    return disjoint(found)


def disjoint(found: list[Noise]) -> list[Noise]:
    """In order; what begins inside another is cut or dropped."""
    kept: list[Noise] = []
    for noise in sorted(found, key=lambda n: (n.start, -n.end)):
        start = max(noise.start, kept[-1].end) if kept else noise.start
        if start < noise.end:
            kept.append(Noise(start, noise.end, noise.why))
    return kept


def _pages(lines: list[Line]) -> list[Noise]:
    """Lines that hold only a page number. Bare digits count beside a blank line or when the pages go on in order."""
    shown = patterns("pages")
    bare = [i for i, line in enumerate(lines) if re.fullmatch(r"\d{1,3}", line.text)]
    numbers = [int(lines[i].text) for i in bare]
    in_order = {i for k, i in enumerate(bare) if _goes_on(numbers, k)}
    found = []
    for i, line in enumerate(lines):
        if not line.text or not shown.fullmatch(line.text):
            continue
        if i in bare and i not in in_order and not _alone(lines, i):
            continue
        if line.text.isdigit() and len(line.text) > 3:
            continue
        found.append(Noise(line.start, line.end, "page_number"))
    return found


def _goes_on(numbers: list[int], k: int) -> bool:
    near = numbers[max(0, k - 1) : k] + numbers[k + 1 : k + 2]
    return any(abs(other - numbers[k]) == 1 for other in near)


def _alone(lines: list[Line], i: int) -> bool:
    before = i == 0 or not lines[i - 1].text
    after = i + 1 == len(lines) or not lines[i + 1].text
    return before or after


def _repeated(lines: list[Line]) -> list[Noise]:
    """The same short line three times (twice when it looks like a newspaper's or page's head): a header or footer."""
    keyed = [(line, re.sub(r"\d+", "#", line.text)) for line in lines]
    counts = Counter(key for _, key in keyed)
    broken = _interrupting(lines, keyed)
    found = []
    for line, key in keyed:
        if not 4 <= len(key) <= 40 or MARKER.match(line.text) or re.search("[:、]|[。!?;,)]$", key):
            continue
        heading = re.search(r"第[#一二三四五六七八九十]+[版页]|#年#月#日", key) is not None
        if counts[key] >= 3 or (counts[key] == 2 and (heading or key in broken)):
            found.append(Noise(line.start, line.end, "header"))
    return found


def _interrupting(lines: list[Line], keyed: list[tuple[Line, str]]) -> set[str]:
    """Lines that stand in mid-sentence each time they occur."""
    filled = [(line, key) for line, key in keyed if line.text]
    inside: set[str] = set()
    outside: set[str] = set()
    for place, (_, key) in enumerate(filled):
        before = filled[place - 1][0].text if place else "。"
        (outside if before[-1] in SENTENCE_END + ":)" or len(before) < 20 else inside).add(key)
    return inside - outside


def _chrome(lines: list[Line]) -> list[Noise]:
    shown, ends = patterns("lines"), patterns("ends")
    return [
        Noise(line.start, line.end, "chrome")
        for line in lines
        if line.text and len(line.text) < 100 and (shown.fullmatch(line.text) or ends.fullmatch(line.text))
    ]


def _running_head(raw: str) -> list[Noise]:
    """In a text without lines: its very first words, with a date or page in them, met again further on."""
    start = len(raw) - len(raw.lstrip())
    for length in range(40, 9, -1):
        head = raw[start : start + length]
        if re.search(r"\d\s*日|第\s*\S{1,3}\s*[版页]", head) and raw.find(head, start + length) > 0:
            again = [m.start() for m in re.finditer(re.escape(head), raw)]
            return [Noise(place, place + length, "header") for place in again]
    return []
