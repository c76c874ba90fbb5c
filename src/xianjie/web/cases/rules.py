"""What makes a clue, and the ways in which households are found: `policy/flows/clues.yaml`."""

from __future__ import annotations

from functools import cache
from typing import Any

from xianjie.web.flows.definition import FLOWS, read_yaml


@cache
def clue_rules() -> dict[str, Any]:
    """`policy/flows/clues.yaml`."""
    rules: dict[str, Any] = read_yaml(FLOWS / "clues.yaml")
    return rules
