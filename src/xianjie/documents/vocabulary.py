"""The rooms' word lists (`words.yaml`, `bodies.yaml`), loaded once."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@cache
def load(name: str) -> dict[str, Any]:
    """One YAML file of this room."""
    content: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return content


@cache
def any_of(name: str, *path: str) -> str:
    """The words of a list as an alternative of a regular expression, longest first."""
    node: Any = load(name)
    for key in path:
        node = node[key]
    words = node.split() if isinstance(node, str) else node
    return "|".join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w)))


@cache
def pattern(text: str) -> re.Pattern[str]:
    """A compiled expression, once."""
    return re.compile(text)
