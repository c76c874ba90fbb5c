"""Rows for checks: a county's ledgers as a whole, or what lies around some entries, with what the register knows.

Around an entry lie the entries above it, those below them, and those of the same person, household or place. That is
what a check of one entry may ask; the nightly check sees everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from django.db.models import Q

from xianjie.web.ledgers.checking import PEOPLE, Tables
from xianjie.web.ledgers.declaration import sheets
from xianjie.web.ledgers.models import Entry
from xianjie.web.ledgers.values import stored
from xianjie.web.regions.selectors import on_day
from xianjie.web.registry.models import Fact, Household, Person

COLUMNS = ("pk", "sheet", "region_code", "state", "state_since", "data")
MANY = 400  # more entries than this are checked within their whole county
STEP = 5000


@dataclass
class Around:
    """What to look around: entries that are there, and the links of those that are about to come."""

    county: str
    ids: set[int] = field(default_factory=set)
    persons: set[str] = field(default_factory=set)
    households: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Around:
        """Around entries, saved or not."""
        around: Around | None = None
        for one in entries:
            around = around or cls(one.county)
            around.ids |= {pk for pk in (one.pk, one.parent_id, one.other_id) if pk}
            around.persons |= {one.person_id} - {""}
            around.households |= {one.household_id} - {""}
            around.places.add(one.region_code)
        if around is None:
            raise ValueError("around nothing")
        return around


def rows_of(around: Around, names: set[str], whole: bool = False) -> dict[str, list[dict[str, Any]]]:
    """Sheet → rows as checks take them."""
    asked = [name for name in names if name in sheets()]
    wanted = Entry.everything.filter(sheet__in=asked, county=around.county, withdrawn_on__isnull=True)
    if not whole:
        near = _near(around)
        wanted = wanted.filter(
            Q(pk__in=near) | Q(person_id__in=around.persons) | Q(household_id__in=around.households)
            | Q(region_code__in=around.places)
        )  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in asked}
    for row in wanted.order_by("pk").values_list(*COLUMNS).iterator(chunk_size=STEP):
        found[row[1]].append(row_of(*row))
    return found


def row_of(pk: Any, name: str, region_code: str, state: str, since: date, data: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as a row of its sheet's table."""
    row = {"pk": str(pk), "region_code": region_code, "state": state, "state_since": since, **data}
    for key in _days(name):
        if key in data:
            row[key] = stored("date", data[key])
    return row


@cache
def _days(name: str) -> tuple[str, ...]:
    return tuple(key for key, known in sheets()[name].fields.items() if known.type == "date")


def _near(around: Around) -> set[int]:
    """The entries two steps above and two steps below."""
    above = set(around.ids)
    for _step in range(2):
        links = Entry.everything.filter(pk__in=above).values_list("parent_id", "other_id")
        above |= {pk for pair in links for pk in pair if pk}
    below = set(above)
    for _step in range(2):
        under = Entry.everything.filter(Q(parent_id__in=below) | Q(other_id__in=below))
        below |= set(under.values_list("pk", flat=True))
    return below


def fill(tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]], names: set[str], county: str) -> None:
    """Give the checks their tables: the rows of sheets, and what the register knows of the people in them."""
    for name in names - PEOPLE.keys():
        tables.fill(name, rows.get(name, ()))
    told = names & PEOPLE.keys()
    if not told:
        return
    persons: set[str] = set()
    households: set[str] = set()
    for name, listed in rows.items():
        for target, found in (("person", persons), ("household", households)):
            if column := sheets()[name].field_to(target):
                found |= {row[column] for row in listed if row.get(column)}
    for name in told:
        tables.fill(name, _register(name, persons, households, county))


def _register(name: str, persons: set[str], households: set[str], county: str) -> list[dict[str, Any]]:
    if name == "village":
        return [{"region_code": code} for code in on_day().filter(
            level="village", region_code__startswith=county).values_list("region_code", flat=True)]  # fmt: skip
    if name == "household":
        columns = tuple(PEOPLE[name])
        return [dict(zip(columns, row, strict=True)) for part in _parts(households)
                for row in Household.everything.filter(pk__in=part).values_list(*columns)]  # fmt: skip
    if name == "person":
        return [person for part in _parts(persons) for person in map(_person, Person.everything.filter(pk__in=part))]
    return [fact for part in _parts(persons) for fact in map(
        _job, Fact.everything.filter(entity="employment", person_id__in=part, withdrawn_on__isnull=True))]  # fmt: skip


def _parts(keys: set[str]) -> Iterable[list[str]]:
    ordered = sorted(keys)
    return (ordered[start : start + STEP] for start in range(0, len(ordered), STEP))


def _person(row: Person) -> dict[str, Any]:
    return {
        "person_id": row.pk, "household_id": row.household_id, "region_code": row.region_code, "name": row.name,
        "birth_date": row.birth_date, "alive": row.alive, "left_by": row.left_by,
        "labour_skill": row.data.get("labour_skill"),
    }  # fmt: skip


def _job(row: Fact) -> dict[str, Any]:
    known = {name: row.data.get(name) for name in ("channel", "place", "working")}
    days = {name: stored("date", row.data.get(name)) for name in ("started_on", "ended_on")}
    return {"person_id": row.person_id, **known, **days}
