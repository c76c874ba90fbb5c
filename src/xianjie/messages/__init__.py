"""Every sentence that a user reads, by code, in Chinese and English.

A room keeps its sentences in `<room>.yaml` beside this file: `code: {zh: …, en: …}` with `{name}`
places. Chinese is the language unless `XIANJIE_LANG=en`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
LANGUAGES = ("zh", "en")


class UserError(Exception):
    """Something that a user did or gave and can mend: `code` names the sentence, `facts` fill it."""

    def __init__(self, code: str, **facts: Any) -> None:
        self.code = code
        self.facts = facts
        super().__init__(say(code, **facts))


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All sentences by code. Raises `ValueError` when two rooms claim one code or a language is missing."""
    sentences: dict[str, dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for code, texts in (yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) or {}).items():
            if code in sentences:
                raise ValueError(f"{path.name}: {code} stands in two files")
            if set(texts) != set(LANGUAGES):
                raise ValueError(f"{path.name}: {code} needs exactly {LANGUAGES}")
            sentences[code] = texts
    return sentences


_spoken: ContextVar[str] = ContextVar("language", default="")


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Inside, sentences are said in `chosen`: a server's reader may speak another language than its process."""
    token = _spoken.set(chosen)
    try:
        yield
    finally:
        _spoken.reset(token)


def language() -> str:
    """The language of this reader, else of this process: `zh` unless `XIANJIE_LANG` says `en`."""
    chosen = _spoken.get() or os.environ.get("XIANJIE_LANG", "zh")
    return chosen if chosen in LANGUAGES else "zh"


def say(code: str, **facts: Any) -> str:
    """The sentence `code` with its places filled. Raises `KeyError` for a code that does not exist."""
    return catalogue()[code][language()].format(**facts)
