"""Values as a reader sees them in Chinese: 6,500 元/年, 是, 未知."""

from __future__ import annotations

from datetime import date
from typing import Any

from xianjie.messages import say
from xianjie.rules.units import unit_zh


def show_value(value: Any, kind: str, unit: str | None = None) -> str:
    """A value with its unit. Money, stored in fen, is shown in yuan."""
    if value is None:
        return say("rules.unknown_value")
    if isinstance(value, bool):
        return say("rules.yes" if value else "rules.no")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return "；".join(_step(step, unit) if hasattr(step, "start") else str(step) for step in value)
    suffix = unit_zh(unit)
    if kind == "fen" or (isinstance(value, int | float) and (unit or "").startswith("fen")):
        return _number(value / 100) + " " + (suffix or "元")
    if isinstance(value, int | float):
        return (_number(value) + " " + suffix).strip()
    return str(value)


def _number(value: float) -> str:
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.4f}".rstrip("0")


def _step(step: Any, unit: str | None) -> str:
    value = f"{step.rate / 100:g}%" if step.rate is not None else show_value(step.value, "int", unit)
    return f"≥{step.start}: {value}"
