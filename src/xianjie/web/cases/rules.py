"""What makes a clue, and the ways in which households are found: `policy/flows/clues.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from xianjie.web.flows.definition import FLOWS, read_yaml


@cache
def clue_rules() -> dict[str, Any]:
    """`policy/flows/clues.yaml`."""
    rules: dict[str, Any] = read_yaml(FLOWS / "clues.yaml")
    return rules


def is_reason(code: str, group: str) -> bool:
    """Whether a finding may be a reason of a clue."""
    rules = clue_rules()
    return group in rules["groups"] or code in rules["alone"]


def raises_clue(scores: Mapping[str, int]) -> bool:
    """Whether reasons (finding → score) raise a clue: one that does alone, or enough of them together."""
    rules = clue_rules()
    return not scores.keys().isdisjoint(rules["alone"]) or sum(scores.values()) >= rules["together"]["value"]
