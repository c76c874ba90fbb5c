"""Where a target stands, and where its series leads by its day.

The method is stated on the page: a straight line through the values by least squares, and around it the range that
holds the stated share of futures if the values scatter about the line as they did so far (Student's t). With fewer
than three values, or all of one day, nothing is forecast. What follows no line (a yearly campaign, a share near 100 %)
is forecast badly: the range tells how far to trust it, never more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist, fmean, linear_regression

LEAST_VALUES = 3
UP, DOWN = "up", "down"


@dataclass(frozen=True)
class Goal:
    """A line to reach by a day: `direction` up (at least) or down (at most); `line` None when it has no base yet."""

    direction: str
    line: float | None
    due_on: date
    strict: bool = False
    most: float = math.inf  # no value can lie beyond: 100 for shares
    least: float = -math.inf

    @classmethod
    def of(cls, operator: str, value: float, unit: str, base: float | None, due_on: date) -> Goal:
        """A printed target as a line. An increase (`+`) counts from its base: % multiplies, all else adds."""
        if operator != "+":
            return cls(DOWN if operator in ("<", "<=") else UP, value, due_on, operator in ("<", ">"))
        if base is None:
            return cls(UP, None, due_on)
        line = base * (1 + value / 100) if unit == "%" else base + value
        return cls(UP if value >= 0 else DOWN, line, due_on)

    def met_by(self, value: float | None) -> bool:
        """Whether a value is on the right side of the line."""
        if self.line is None or value is None:
            return False
        if self.direction == UP:
            return value > self.line if self.strict else value >= self.line
        return value < self.line if self.strict else value <= self.line


@dataclass(frozen=True)
class Forecast:
    """The value to be expected on a day, and the range around it."""

    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Outlook:
    """State of a target, with its forecast where there is one."""

    state: str
    line: float | None
    at: float | None = None
    low: float | None = None
    high: float | None = None


def forecast(values: Sequence[tuple[date, float]], day: date, share: float) -> Forecast | None:
    """The straight line's value on a day, with the range that holds `share` of futures; None for too few values."""
    days = [float(one.toordinal()) for one, _ in values]
    heights = [value for _, value in values]
    if len(values) < LEAST_VALUES or len(set(days)) < 2:
        return None
    slope, start = linear_regression(days, heights)
    free = len(values) - 2
    spread = math.sqrt(sum((y - start - slope * x) ** 2 for x, y in zip(days, heights, strict=True)) / free)
    middle = fmean(days)
    far = (day.toordinal() - middle) ** 2 / sum((x - middle) ** 2 for x in days)
    at = start + slope * day.toordinal()
    half = student(share, free) * spread * math.sqrt(1 + 1 / len(values) + far)
    return Forecast(at, at - half, at + half)


def student(share: float, free: int) -> float:
    """The quantile of Student's t with `free` degrees that bounds the middle `share`, by bisection of its integral."""
    wanted, low, high = (1 + share) / 2, 0.0, 2.0 * NormalDist().inv_cdf((1 + share) / 2) + 400.0 / free
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_below(middle, free) < wanted else (low, middle)
    return (low + high) / 2


def _student_below(t: float, free: int) -> float:
    """The share of Student's t below `t` ≥ 0, exact for whole degrees (Abramowitz & Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(free))
    cosine = math.cos(angle)
    if free % 2:
        term, total = cosine, 0.0
        for step in range(1, free, 2):
            total += term
            term *= cosine**2 * (step + 1) / (step + 2)
        middle = 2 / math.pi * (angle + math.sin(angle) * total)
    else:
        term, total = 1.0, 0.0
        for step in range(0, free, 2):
            total += term
            term *= cosine**2 * (step + 1) / (step + 2)
        middle = math.sin(angle) * total
    return 0.5 + middle / 2


def bounded(goal: Goal, ahead: Forecast | None) -> Forecast | None:
    """A forecast within what its values can be."""
    if ahead is None:
        return None
    return Forecast(*(min(goal.most, max(goal.least, one)) for one in (ahead.at, ahead.low, ahead.high)))


def outlook(goal: Goal, values: Sequence[tuple[date, float]], today: date, share: float) -> Outlook:
    """State of a target today.

    reached: the last value is on the right side of the line; missed: its day is past and it is not; on the way: the
    whole range of the forecast is on the right side; at risk: it is not; unknown: no line, no value, or no forecast.
    """
    last = values[-1][1] if values else None
    ahead = bounded(goal, forecast(values, goal.due_on, share)) if goal.due_on > today else None
    told = (ahead.at, ahead.low, ahead.high) if ahead else (None, None, None)
    if goal.line is None or last is None:
        state = "unknown"
    elif goal.met_by(last):
        state = "reached"
    elif goal.due_on < today:
        state = "missed"
    elif ahead is None:
        state = "unknown"
    else:
        worst = ahead.low if goal.direction == UP else ahead.high
        state = "on_way" if goal.met_by(worst) else "at_risk"
    return Outlook(state, goal.line, *told)
