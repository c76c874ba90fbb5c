"""Working days 工作日: weekends, public holidays and make-up working days of the Chinese calendar.

The State Council tells a year's holidays late in the year before; for a year that nobody has told yet weekends alone
are counted and the answer says that it is not sure. `policy/flows/holidays.yaml` (or a county's) adds years that the
library does not know yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path

import chinese_calendar

from xianjie.web.flows.definition import FLOWS, Limit, read_yaml


@dataclass(frozen=True)
class Due:
    """A day, and whether every year it was counted through has its holidays known."""

    day: date
    sure: bool = True


@cache
def _told(folders: tuple[Path, ...]) -> tuple[frozenset[int], frozenset[date], frozenset[date]]:
    years: set[int] = set()
    free: set[date] = set()
    made_up: set[date] = set()
    for folder in (FLOWS, *folders):
        path = folder / "holidays.yaml"
        for year, told in (read_yaml(path) or {}).items() if path.exists() else ():
            years.add(int(year))
            free.update(told["holidays"])
            made_up.update(told["working"])
    return frozenset(years), frozenset(free), frozenset(made_up)


def is_working_day(day: date, folders: tuple[Path, ...] = ()) -> tuple[bool, bool]:
    """Whether a day is a working day, and whether that is known for sure."""
    years, free, made_up = _told(folders)
    if day.year in years:
        return (day in made_up or (day.weekday() < 5 and day not in free)), True
    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:  # chinese_calendar says so of a year whose holidays are not announced yet
        return day.weekday() < 5, False


@lru_cache(maxsize=10_000)
def after(start: date, limit: Limit, folders: tuple[Path, ...] = ()) -> Due:
    """The last day of a limit that begins on `start`; the day of the beginning does not count.

    A limit in calendar days that ends on a day off ends there all the same: the documents do not move it.
    """
    if limit.days == "calendar":
        return Due(start + timedelta(days=limit.value))
    day, left, sure = start, limit.value, True
    while left:
        day += timedelta(days=1)
        working, known = is_working_day(day, folders)
        sure = sure and known
        left -= working
    return Due(day, sure)


def working_days_between(start: date, end: date, folders: tuple[Path, ...] = ()) -> int:
    """How many working days lie after `start` up to and with `end`; negative when `end` is earlier."""
    if end < start:
        return -working_days_between(end, start, folders)
    span = (end - start).days
    return sum(is_working_day(start + timedelta(days=passed), folders)[0] for passed in range(1, span + 1))
