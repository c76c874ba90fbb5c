"""Reading the region tree. Names of regions are public: no scope is asked."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from xianjie.web.clock import today
from xianjie.web.regions.models import DIGITS, LEVELS, Region, level_of


def on_day(day: date | None = None) -> QuerySet[Region]:
    """The regions that hold on a day (today), by code."""
    day = day or today()
    return Region.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=day), Q(valid_to__isnull=True) | Q(valid_to__gt=day)
    ).order_by("region_code")


def children(code: str, day: date | None = None) -> QuerySet[Region]:
    """The regions directly below one."""
    return on_day(day).filter(parent_code=code)


def chain(code: str) -> list[str]:
    """The codes from the province down to `code`."""
    levels = LEVELS[: LEVELS.index(level_of(code)) + 1] if level_of(code) in LEVELS else ()
    return [code[: DIGITS[level]].ljust(12, "0") for level in levels]


def names(codes: set[str]) -> dict[str, str]:
    """Code → newest name, for codes that may have ended too."""
    found = Region.objects.filter(region_code__in=codes).order_by("valid_from").values_list("region_code", "name")
    return dict(found)


def full_names(codes: set[str]) -> dict[str, str]:
    """Village code → 乡镇 and 村 in one text, as lists show a place; two queries at most."""
    known = names(codes | {code[:9].ljust(12, "0") for code in codes})
    return {code: known.get(code[:9].ljust(12, "0"), "") + known.get(code, code) for code in codes}


def successor(code: str) -> str:
    """The code that holds today for a code that may have ended (merged and renamed villages)."""
    seen = {code}
    while True:
        row = Region.objects.filter(region_code=code).order_by("-valid_from").first()
        if row is None or not row.successor_code or row.successor_code in seen:
            return code
        if row.valid_to is None or row.valid_to > today():
            return code
        code = row.successor_code
        seen.add(code)
