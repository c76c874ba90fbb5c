"""The words a rule may use besides Python's own: decorators and built-in functions.

The same functions run when one household is explained and define what the SQL must give. All of them
take whole numbers as Python's int and ratios as float.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


class Unknown(Exception):
    """Evaluation met an unknown value of an item of a collection: the rule's result is unknown."""


def rule(
    entity: str,
    *,
    region: str = "00",
    since: str | None = None,
    until: str | None = None,
    label: str = "",
    unit: str | None = None,
    cite: str = "",
) -> Callable[[Function], Function]:
    """Mark a function as a rule of `entity`. The loader reads the marks from the source; calling the
    function directly, as a test may, needs nothing more."""

    def mark(function: Function) -> Function:
        return function

    return mark


def household(function: Any = None, /, **marks: Any) -> Any:
    """Mark a function as a rule of a household (户): `@household` or `@household(label="…", region="62")`."""
    return function if function is not None else rule("household", **marks)


def person(function: Any = None, /, **marks: Any) -> Any:
    """Mark a function as a rule of a person (人)."""
    return function if function is not None else rule("person", **marks)


def floor_yuan(fen: float) -> int:
    """The amount rounded down to whole yuan, in fen."""
    return fen // 100 * 100 if isinstance(fen, int) else math.floor(fen / 100) * 100


def ceil_yuan(fen: float) -> int:
    """The amount rounded up to whole yuan, in fen."""
    return -(-fen // 100) * 100 if isinstance(fen, int) else math.ceil(fen / 100) * 100


def round_half_up(numer: float, denom: float = 1) -> int | None:
    """`numer / denom` rounded to a whole number, halves away from zero (四舍五入); unknown when `denom` is 0."""
    if denom == 0:
        return None
    if isinstance(numer, int) and isinstance(denom, int):
        size = (2 * abs(numer) + abs(denom)) // (2 * abs(denom))
        return -size if (numer < 0) != (denom < 0) else size
    quotient = float(numer) / float(denom)
    return math.floor(quotient + 0.5) if quotient >= 0 else -math.floor(0.5 - quotient)


def divide(numer: float, denom: float) -> float | None:
    """`numer / denom` as a ratio; unknown when `denom` is 0."""
    return None if denom == 0 else float(numer) / float(denom)


def per_year(amount: Any) -> Any:
    """An amount a month as an amount a year."""
    return amount * 12


def months_between(start: date, end: date) -> int:
    """Whole months from `start` to `end`; below zero when `end` comes first."""
    return (end.year * 12 + end.month) - (start.year * 12 + start.month) - (1 if end.day < start.day else 0)


def years_between(start: date, end: date) -> int:
    """Whole years from `start` to `end`, which is the age (周岁) of someone born on `start`."""
    return end.year - start.year - (1 if (end.month, end.day) < (start.month, start.day) else 0)


def days_between(start: date, end: date) -> int:
    """Days from `start` to `end`."""
    return (end - start).days


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month where it has no such day."""
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def add_days(day: date, days: int) -> date:
    """The day `days` later."""
    return day + timedelta(days=days)


def year_of(day: date) -> int:
    """The calendar year of a date."""
    return day.year


def month_of(day: date) -> int:
    """The month of a date, 1 to 12."""
    return day.month


def _given(values: tuple[Any, ...]) -> Iterable[Any]:
    return values if len(values) != 1 or isinstance(values[0], bool | type(None)) else values[0]


def either(*values: Any) -> bool | None:
    """True if any is true; else unknown if any is unknown; else false. Takes values or one generator."""
    given = list(_given(values))
    return True if True in given else (None if None in given else False)


def both(*values: Any) -> bool | None:
    """False if any is false; else unknown if any is unknown; else true. Takes values or one generator."""
    given = list(_given(values))
    return False if False in given else (None if None in given else True)


def first_known(*values: Any) -> Any:
    """The first value that is known, or unknown when none is."""
    return next((value for value in values if value is not None), None)


def brackets(amount: int, scale: Sequence[Any]) -> int | None:
    """The amount under a parameter's scale.

    A scale of rates (分段): each part of the amount times the rate of its bracket, halves rounded up.
    A scale of steps (分档): the value of the step the amount falls in; unknown below the first step.
    """
    if scale and scale[0].rate is None:
        reached = [step for step in scale if amount >= step.start]
        return reached[-1].value if reached else None
    total = 0
    for position, step in enumerate(scale):
        end = scale[position + 1].start if position + 1 < len(scale) else amount
        total += max(min(amount, end) - step.start, 0) * step.rate
    return round_half_up(total, 10_000)


def _any(values: Iterable[bool]) -> bool:
    # Reads every item: Python's own stops at the first true one, and whether an unknown item is met
    # would then hang on the order of the rows.
    return True in list(values)


def _all(values: Iterable[bool]) -> bool:
    return False not in list(values)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "floor_yuan": floor_yuan, "ceil_yuan": ceil_yuan, "round_half_up": round_half_up, "divide": divide,
    "per_year": per_year, "months_between": months_between, "years_between": years_between,
    "days_between": days_between, "add_months": add_months, "add_days": add_days, "year_of": year_of,
    "month_of": month_of, "either": either, "both": both, "first_known": first_known, "brackets": brackets,
}  # fmt: skip
NAMESPACE: dict[str, Any] = {
    "__builtins__": {}, **FUNCTIONS, "any": _any, "all": _all, "sum": sum, "len": len, "min": min, "max": max,
    "date": date,
}  # fmt: skip
