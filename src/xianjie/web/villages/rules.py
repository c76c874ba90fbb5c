"""What `policy/governance/civility.yaml` declares: lists, meetings, honours, limits."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from xianjie.web.flows.definition import read_yaml

CIVILITY = Path(__file__).parents[2] / "policy" / "governance" / "civility.yaml"


@cache
def civility() -> dict[str, Any]:
    """`civility.yaml`."""
    content: dict[str, Any] = read_yaml(CIVILITY)
    return content


def quarter_of(day: date) -> str:
    """2025-10-31 → 2025Q4."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def quarter_end(quarter: str) -> date:
    """The first day after a quarter."""
    year, number = int(quarter[:4]), int(quarter[5])
    return date(year + number // 4, number % 4 * 3 + 1, 1)


def over_limits(limits: dict[str, int], tables: int, gift: int) -> list[str]:
    """Which of a village's limits for feasts are passed: `tables`, `gift` (fen)."""
    told = {"tables": tables, "gift": gift}
    return [name for name, value in told.items() if name in limits and value > limits[name]]


def meets_honour(counts: dict[str, int], honour: dict[str, int]) -> bool:
    """Whether a family's standing entries of a year (list → count) meet the rule of the civil family."""
    rule = {**civility()["honour"], **honour}
    return (
        counts.get("red", 0) >= rule["red"]
        and counts.get("yellow", 0) <= rule["yellow"]
        and counts.get("black", 0) <= rule["black"]
    )
