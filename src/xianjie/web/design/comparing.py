"""Two records side by side: where they differ, down to the character."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from xianjie.web.design.values import Shown, unknown

SIGNS = {"same": "=", "similar": "≈", "differs": "≠", "unknown": "?"}


@dataclass(frozen=True)
class Pair:
    """One fact in both records. `verdict`: same, similar, differs, unknown; told from the values when not given.

    `note` says in a few words why ("差一位"); it stands in place of the verdict's own word.
    """

    label: str
    left: Any
    right: Any
    verdict: str = ""
    note: str = ""

    def row(self) -> dict[str, Any]:
        """What the template writes: both sides with differing characters marked, sign and word."""
        verdict = self.verdict or self._told()
        left, right = _marked(self.left, self.right) if verdict in ("differs", "similar") else (self.left, self.right)
        words = {"same": _("相同"), "similar": _("相近"), "differs": _("不同"), "unknown": _("缺")}
        return {
            "label": self.label,
            "left": unknown() if self.left in (None, "") else left,
            "right": unknown() if self.right in (None, "") else right,
            "css": "same" if verdict == "same" else "differs" if verdict == "differs" else verdict,
            "sign": SIGNS[verdict],
            "word": self.note or words[verdict],
        }

    def _told(self) -> str:
        if self.left in (None, "") or self.right in (None, ""):
            return "unknown"
        return "same" if self.left == self.right else "differs"


def rows(pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    """All facts, ready to write."""
    return [pair.row() for pair in pairs]


def _marked(left: Any, right: Any) -> tuple[SafeString | str, SafeString | str]:
    if isinstance(left, Shown) or isinstance(right, Shown):
        return conditional_escape(left), conditional_escape(right)
    one, other = str(left), str(right)
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    if not any(tag == "equal" for tag, *_rest in blocks):
        return one, other  # nothing in common: marks would only be noise
    return (
        _pieces([(tag, one[a:b]) for tag, a, b, _c, _d in blocks]),
        _pieces([(tag, other[c:d]) for tag, _a, _b, c, d in blocks]),
    )


def _pieces(pieces: list[tuple[str, str]]) -> SafeString:
    shown = [text if tag == "equal" else format_html("<mark>{}</mark>", text) for tag, text in pieces if text]
    return format_html_join("", "{}", ((piece,) for piece in shown))
