"""Targets and their series: taking a value in, and seeing where a target stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from xianjie.web.audit.services import current_actor
from xianjie.web.clock import today
from xianjie.web.supervision.declared import forecast_share
from xianjie.web.supervision.forecasting import Goal, outlook
from xianjie.web.supervision.target_models import Observation, Target

GROWTH = re.compile("增长|增速|增幅|提高")  # rates that may fall below nothing, and are no share


def observe(
    indicator: str, region_code: str, day: date, value: float, source: str,
    part: float | None = None, whole: float | None = None,
) -> None:  # fmt: skip
    """Keep a value of a series; a second one of the same day takes the place of the first."""
    Observation.everything.update_or_create(
        indicator=indicator, region_code=region_code, day=day,
        defaults={"value": value, "source": source, "part": part, "whole": whole, "by": current_actor().username},
    )  # fmt: skip


def series(target: Target) -> list[Observation]:
    """The values of a target's series up to today, oldest first, from the day on which it counts."""
    rows = Observation.everything.filter(indicator=target.series, region_code=target.region_code, day__lte=today())
    return list(rows.order_by("day"))


def goal_of(target: Target) -> Goal:
    """The target as a line to reach."""
    line = Goal.of(target.operator, target.value, target.unit, target.base, target.due_on)
    if target.operator == "+" or GROWTH.search(target.title):
        return line
    return replace(line, least=0.0, most=100.0) if target.unit == "%" else replace(line, least=0.0)


def follow(target: Target, values: list[Observation] | None = None) -> Target:
    """Work out where a target stands today, and keep it."""
    found = series(target) if values is None else values
    seen = outlook(goal_of(target), [(one.day, one.value) for one in found], today(), forecast_share())
    target.state, target.latest = seen.state, found[-1].value if found else None
    target.outlook = {"at": seen.at, "low": seen.low, "high": seen.high, "line": seen.line}
    target.save(update_fields=["state", "latest", "outlook"])
    return target


def follow_all(region_code: str) -> int:
    """Every target of a region; gives their number."""
    targets: Iterable[Target] = Target.everything.filter(region_code=region_code).order_by("pk")
    count = 0
    for one in targets:
        follow(one)
        count += 1
    return count
