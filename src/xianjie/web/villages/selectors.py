"""Reading village governance, always within somebody's scope.

Red entries are public in the village; yellow and black ones are for those who handle them: everybody else sees numbers.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from xianjie.web.accounts.scope import Scope
from xianjie.web.regions.models import Region, area_of
from xianjie.web.regions.selectors import on_day
from xianjie.web.registry.models import Household
from xianjie.web.villages.models import Entry, Feast, Honour, RuleBook, SafeYear
from xianjie.web.villages.rules import civility, meets_honour
from xianjie.web.villages.services import ACT

VIEW = "villages.view"


def villages_in(scope: Scope, place: str = "") -> QuerySet[Region]:
    """The villages of a scope (or of one place in it) that exist today, by code."""
    rows = on_day().filter(level="village").filter(scope.where(VIEW))
    if place:
        low, high = area_of(place)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    return rows.order_by("region_code")


def entry_list(scope: Scope, wanted: dict[str, Any]) -> QuerySet[Entry]:
    """Entries that the user may read, by list, state, quarter and place."""
    rows: Any = Entry.objects.within(scope, VIEW).filter(readable(scope)).select_related("household")
    if place := wanted.get("place"):
        low, high = area_of(place)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    for name in ("list", "state", "quarter"):
        if wanted.get(name):
            rows = rows.filter(**{name: wanted[name]})
    return rows


def readable(scope: Scope) -> Q:
    """Which entries a user may read one by one."""
    public = [name for name, words in civility()["lists"].items() if words["public"]]
    return Q(list__in=public, state=Entry.STANDING) | scope.where(ACT)


def archive(scope: Scope, household: Household) -> list[Entry]:
    """A family's entries, the newest first, with their rules."""
    rows = Entry.objects.within(scope, VIEW).filter(readable(scope), household=household)
    return list(rows.select_related("book").order_by("-happened_on", "-pk"))


@dataclass
class Standing:
    """How a village stands: entries standing by list, entries waiting, civil families, rules in force, safety."""

    code: str
    name: str
    counts: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    honours: int = 0
    version: int | None = None
    safe: bool | None = None


def standing_of(scope: Scope, villages: list[Region], year: int) -> list[Standing]:
    """How villages stand in a year; a fixed number of queries. Numbers tell nobody's name, so every viewer has them."""
    codes = [one.region_code for one in villages]
    rows = {one.region_code: Standing(one.region_code, one.name) for one in villages}
    entries = Entry.objects.within(scope, VIEW).filter(region_code__in=codes)
    counted = entries.filter(happened_on__year=year).order_by().values("region_code", "list", "state")
    for one in counted.annotate(number=Sum("count")):
        row = rows[one["region_code"]]
        if one["state"] == Entry.STANDING:
            row.counts[one["list"]] = row.counts.get(one["list"], 0) + one["number"]
        elif one["state"] == Entry.PROPOSED:
            row.waiting += one["number"]
    for code in (
        Honour.objects.within(scope, VIEW)
        .filter(region_code__in=codes, year=year)
        .values_list("region_code", flat=True)
    ):
        rows[code].honours += 1
    books = RuleBook.objects.within(scope, VIEW).filter(region_code__in=codes, state=RuleBook.IN_FORCE)
    for code, version in books.values_list("region_code", "version"):
        rows[code].version = version
    for safety in SafeYear.objects.within(scope, VIEW).filter(region_code__in=codes, year=year):
        rows[safety.region_code].safe = not any(getattr(safety, name) for name in civility()["safe"])
    return list(rows.values())


def families_meeting(scope: Scope, region_code: str, year: int) -> list[dict[str, Any]]:
    """The families that meet the village's rule for a year, most red first: {household_id, head_name, red, named}."""
    book = RuleBook.objects.within(scope, ACT).filter(region_code=region_code, state=RuleBook.IN_FORCE).first()
    entries = Entry.objects.within(scope, ACT).filter(
        region_code=region_code, happened_on__year=year, state=Entry.STANDING, household__ends_on=None
    )
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    names: dict[str, str] = {}
    rows = (
        entries.order_by().values("household_id", "list").annotate(number=Sum("count"), head=F("household__head_name"))
    )
    for one in rows:
        counts[one["household_id"]][one["list"]] = one["number"]
        names[one["household_id"]] = one["head"]
    named = set(Honour.objects.within(scope, ACT).filter(region_code=region_code, year=year)
                .values_list("household_id", flat=True))  # fmt: skip
    honour = book.honour if book else {}
    found = [
        {"household_id": key, "head_name": names[key], "red": told.get("red", 0), "named": key in named}
        for key, told in counts.items() if meets_honour(told, honour)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one["red"], one["household_id"]))


def feasts(scope: Scope, region_code: str, since: date) -> list[Feast]:
    """The feasts reported in a village since a day, the newest first."""
    rows = Feast.objects.within(scope, VIEW).filter(region_code=region_code, held_on__gte=since)
    return list(rows.select_related("household").order_by("-held_on", "-pk")[:100])
