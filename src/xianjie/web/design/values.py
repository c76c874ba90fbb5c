"""Small things a page shows: a status, a masked value, a bar. In a template `{{ value }}` writes their HTML."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from xianjie.web.assets import STAMP

TONES = ("neutral", "good", "warn", "bad", "info")


@cache
def _version(changed_ns: int) -> str:
    return STAMP.read_text(encoding="ascii")[:8] if changed_ns else "none"


def asset(name: str) -> str:
    """Address of a built file; it changes with the build, so browsers may keep the file for long."""
    try:
        changed = STAMP.stat().st_mtime_ns
    except FileNotFoundError:
        changed = 0
    return f"{static('dist/' + name)}?v={_version(changed)}"


def icon(name: str) -> SafeString:
    """A sign of the sprite `frontend/icons.svg`, hidden from screen readers: a word must stand beside it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', asset("icons.svg"), name)


def number(value: float | None) -> str:
    """1234567 → 1,234,567. (Django's `intcomma` adds no separators in Chinese.)"""
    return unknown() if value is None else f"{value:,}"


def yuan(fen: int | None, decimals: int = 2) -> str:
    """Fen as yuan with separators: 1234560 → 12,345.60; with `decimals` 0 rounded half up to whole yuan."""
    if fen is None:
        return unknown()
    sign, amount = ("-" if fen < 0 else ""), abs(int(fen))
    if decimals == 0:
        return f"{sign}{(amount + 50) // 100:,}"
    return f"{sign}{amount // 100:,}.{amount % 100:02d}"


def percent(share: float | None) -> str:
    """0.1234 → 12.3%."""
    return unknown() if share is None else f"{share * 100:.1f}%"


def day(value: date | datetime | None) -> str:
    """A date, or a moment's local date, as 2025-10-31."""
    if value is None:
        return unknown()
    return (timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value).strftime(
        "%Y-%m-%d"
    )


def moment(value: datetime | None) -> str:
    """A moment in local time as 2025-10-31 09:05."""
    if value is None:
        return unknown()
    return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime("%Y-%m-%d %H:%M")


def unknown() -> SafeString:
    """What stands where nothing is known: a dash for the eye, a word for the ear."""
    return format_html('<abbr class="unknown" title="{}">—</abbr>', _("未知"))


class Shown(ABC):
    """A value that writes itself as HTML, in templates and inside other values."""

    @abstractmethod
    def html(self) -> SafeString:
        """The value as HTML."""

    def __str__(self) -> str:
        return self.html()

    def __html__(self) -> str:
        return self.html()


@dataclass(frozen=True)
class Status(Shown):
    """A state in a word, with an icon and a colour besides. `tone`: neutral, good, warn, bad, info."""

    word: str
    tone: str = "neutral"

    def html(self) -> SafeString:
        tone = self.tone if self.tone in TONES else "neutral"
        return format_html('<span class="status {}">{}{}</span>', tone, icon(tone), self.word)


@dataclass(frozen=True)
class Trust(Shown):
    """How far a policy's number can be trusted: stated, regulation, local, unverified."""

    code: str

    def html(self) -> SafeString:
        words = {"stated": _("文件"), "regulation": _("规范"), "local": _("地方")}
        code = self.code if self.code in words else "unverified"
        return format_html('<span class="trust {}">{}</span>', code, words.get(code, _("未核实")))


@dataclass(frozen=True)
class Link(Shown):
    """A word that leads somewhere."""

    text: Any
    url: str

    def html(self) -> SafeString:
        return format_html('<a href="{}">{}</a>', self.url, self.text) if self.url else conditional_escape(self.text)


@dataclass(frozen=True)
class Masked(Shown):
    """A masked value and, where the user may, the way to the form that asks why they want to see it."""

    text: str
    url: str = ""
    what: str = ""

    def html(self) -> SafeString:
        shown = format_html('<span class="code">{}</span>', self.text)
        if self.url:
            label = format_html('<span class="hidden-text">{}</span>', self.what) if self.what else ""
            shown = format_html('{}<a href="{}" rel="nofollow">{}{}</a>', shown, self.url, _("查看"), label)
        return format_html('<span class="masked">{}</span>', shown)


@dataclass(frozen=True)
class Lines(Shown):
    """A value with a second, quieter line under it."""

    first: Any
    second: Any

    def html(self) -> SafeString:
        first = conditional_escape(self.first)
        return format_html('{}<span class="second">{}</span>', first, self.second) if self.second else first


@dataclass(frozen=True)
class Bar(Shown):
    """A number with a bar beside it as long as `value` is of `most`. `text` is what is read (default: number)."""

    value: float
    most: float
    text: str = ""
    tone: str = ""

    def html(self) -> SafeString:
        width = round(100 * min(max(self.value / self.most, 0), 1), 1) if self.most else 0
        return format_html(
            '<span class="bar {}"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
            '<rect width="{}" height="8"/></svg>{}</span>',
            self.tone,
            width,
            self.text or number(self.value),
        )


@dataclass(frozen=True)
class Spark(Shown):
    """A row of numbers as a small line; None breaks it. `label` says in words what the line shows."""

    values: Sequence[float | None]
    label: str

    def html(self) -> SafeString:
        known = [value for value in self.values if value is not None]
        if not known:
            return unknown()
        low, high = min(known), max(known)
        step, height = 92 / max(len(self.values) - 1, 1), (high - low) or 1
        points = [
            None if value is None else (round(2 + i * step, 1), round(20 - 18 * (value - low) / height, 1))
            for i, value in enumerate(self.values)
        ]
        end = next(point for point in reversed(points) if point)
        return format_html(
            '<svg class="spark" viewBox="0 0 96 22" role="img" aria-label="{}"><path d="{}"/>'
            '<circle cx="{}" cy="{}" r="2.2"/></svg>',
            self.label,
            _path(points),
            *end,
        )


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    words, pen_up = [], True
    for point in points:
        if point:
            words.append(f"{'M' if pen_up else 'L'}{point[0]} {point[1]}")
        pen_up = point is None
    return " ".join(words)


def joined(parts: Sequence[Any]) -> SafeString:
    """Several small things after each other, such as a row of statuses."""
    return format_html_join(mark_safe(" "), "{}", ((part,) for part in parts))
