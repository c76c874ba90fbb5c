"""Reading the region tree. Names of regions are public: no scope is asked."""

from __future__ import annotations

from datetime import date
from itertools import takewhile

from django.db.models import F, Max, Min, Q, QuerySet

from xianjie.messages import UserError
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
    """Code → the name it has today, or had last; codes that have ended count too. One query."""
    found = Region.objects.filter(region_code__in=codes).order_by(F("valid_from").asc(nulls_first=True))
    known: dict[str, str] = {}
    for code, name, since in found.values_list("region_code", "name", "valid_from"):
        if since is None or since <= today() or code not in known:
            known[code] = name
    return known


def full_names(codes: set[str]) -> dict[str, str]:
    """Village code → 乡镇 and 村 in one text, as lists show a place; other levels by their own name. One query."""
    townships = {code: code[:9].ljust(12, "0") for code in codes if level_of(code) == "village"}
    known = names(codes | set(townships.values()))
    return {code: known.get(townships.get(code, ""), "") + known.get(code, code) for code in codes}


def paths(codes: set[str]) -> dict[str, str]:
    """Code → names from the county down, as a place is told to somebody who may know another county. One query."""
    above = {code: chain(code)[2:] or chain(code) for code in codes}
    known = names({one for chained in above.values() for one in chained})
    return {code: "".join(known.get(one, "") for one in chained) or code for code, chained in above.items()}


def root() -> str:
    """The lowest region that holds every village of this instance, "" while there is none."""
    ends = Region.objects.filter(level="village").aggregate(low=Min("region_code"), high=Max("region_code"))
    if not ends["low"]:
        return ""
    shared = list(takewhile(lambda pair: pair[0] == pair[1], zip(ends["low"], ends["high"], strict=True)))
    digits = max((count for count in DIGITS.values() if count <= min(len(shared), DIGITS["township"])), default=0)
    return str(ends["low"][:digits].ljust(12, "0"))


def successors(codes: set[str], day: date | None = None) -> dict[str, tuple[str, str]]:
    """Code → the code that holds on a day (today) and its name, for codes that may have ended; unknown ones are left.

    One query; one more for each time that villages were merged or renumbered again.
    """
    day = day or today()
    rows: dict[str, Region] = {}
    wanted = set(codes)
    while wanted:
        found = Region.objects.filter(region_code__in=wanted).order_by(F("valid_from").asc(nulls_first=True))
        fresh = {row.region_code: row for row in found if row.valid_from is None or row.valid_from <= day}
        rows.update(fresh)
        wanted = {row.successor_code for row in fresh.values() if _ended(row, day)} - rows.keys()
    return {code: _followed(code, rows, day) for code in codes if code in rows}


def resolve(text: str, areas: list[tuple[str, str]]) -> str:
    """The code that a person means: 12 digits, a name, or township and village in one, inside `areas`.

    Raises `UserError` when nothing or more than one region is meant.
    """
    text = text.strip()
    inside = Q(pk__in=[])
    for low, high in areas:
        inside |= Q(region_code__gte=low, region_code__lt=high)
    here = on_day().filter(inside)
    if text.isascii() and text.isdigit():
        found = list(here.filter(region_code=text)[:1])
    else:
        found = list(here.filter(name=text)[:2]) or _by_full_name(here, text)
    if not found:
        raise UserError("regions.not_found", text=text)
    if len(found) > 1:
        raise UserError("regions.ambiguous", text=text)
    return found[0].region_code


def _by_full_name(here: QuerySet[Region], text: str) -> list[Region]:
    for cut in range(len(text) - 1, 0, -1):
        above = on_day().filter(name=text[:cut], level="township").values_list("region_code", flat=True)
        if found := list(here.filter(name=text[cut:], parent_code__in=list(above))[:2]):
            return found
    return []


def suggestions(areas: list[tuple[str, str]], most: int = 1000) -> list[str]:
    """Names by which regions of some areas can be meant: township and village in one. Two queries."""
    inside = Q(pk__in=[])
    for low, high in areas:
        inside |= Q(region_code__gte=low, region_code__lt=high)
    codes = on_day().filter(inside).values_list("region_code", flat=True)[:most]
    return list(full_names(set(codes)).values())


def _ended(row: Region, day: date) -> bool:
    return bool(row.successor_code) and row.valid_to is not None and row.valid_to <= day


def _followed(code: str, rows: dict[str, Region], day: date) -> tuple[str, str]:
    seen = {code}
    while _ended(rows[code], day) and rows[code].successor_code in rows and rows[code].successor_code not in seen:
        code = rows[code].successor_code
        seen.add(code)
    return code, rows[code].name


def successor(code: str) -> str:
    """The code that holds today for a code that may have ended (merged and renamed villages)."""
    return successors({code}).get(code, (code, ""))[0]
