"""The room's own YAML: what the invented county is made of."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@cache
def invention(name: str) -> dict[str, Any]:
    """The YAML file `name` of this folder. Callers only read it."""
    loaded: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded
