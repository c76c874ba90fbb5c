"""What the fields of new rows refer to: entries of other sheets by key, people and households of the register."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from xianjie.messages import say
from xianjie.web.accounts.scope import Scope
from xianjie.web.ledgers.declaration import Sheet, sheets
from xianjie.web.ledgers.models import Entry
from xianjie.web.regions.models import area_of
from xianjie.web.registry.identity import is_identity_number
from xianjie.web.registry.models import Household, Person
from xianjie.web.sealing import index_of

CHANGE = "ledgers.change"
STEP = 500


@dataclass
class Links:
    """What was found: entries by sheet and key, people by the number that was given, households by theirs."""

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    households: dict[str, Household] = field(default_factory=dict)


def links_of(scope: Scope, sheet: Sheet, county: str, rows: Iterable[Mapping[str, Any]]) -> Links:
    """Look up everything that rows of a sheet refer to, in the county; a few queries whatever their number.

    Entries above may belong to a wider place than the user's (a county's grant); people and households may not.
    """
    listed, found = list(rows), Links()
    for name, target in sheet.links.items():
        for part in _parts({str(row[name]) for row in listed if row.get(name)}):
            known = Entry.everything.filter(sheet=target, county=county, withdrawn_on__isnull=True, key__in=part)
            found.entries.update({(target, one.key): one for one in known})
    if column := sheet.field_to("person"):
        for part in _parts({str(row[column]).strip() for row in listed if row.get(column)}):
            found.people.update(_people(scope, county, part))
    if column := sheet.field_to("household"):
        low, high = area_of(county.ljust(12, "0"))
        for part in _parts({str(row[column]).strip() for row in listed if row.get(column)}):
            inside = Household.objects.within(scope, CHANGE).filter(region_code__gte=low, region_code__lt=high)
            found.households.update({one.pk: one for one in inside.filter(pk__in=part)})
    return found


def _people(scope: Scope, county: str, given: list[str]) -> Iterator[tuple[str, Person]]:
    """The people that numbers stand for: a number of the register's own, or an identity number."""
    papers = {index_of(text): text for text in given if is_identity_number(text.upper())}
    low, high = area_of(county.ljust(12, "0"))
    inside = Person.objects.within(scope, CHANGE).filter(region_code__gte=low, region_code__lt=high)
    for one in inside.filter(Q(pk__in=given) | Q(id_index__in=papers)):
        yield one.pk, one
        if one.id_index in papers:
            yield papers[one.id_index], one


def _parts(keys: set[str]) -> Iterator[list[str]]:
    ordered = sorted(keys)
    return (ordered[start : start + STEP] for start in range(0, len(ordered), STEP))


def attach(entry: Entry, sheet: Sheet, values: dict[str, Any], links: Links) -> dict[str, str]:
    """Give an entry its links; people and households stand by the register's number then. Gives what is missing."""
    problems: dict[str, str] = {}
    for position, (name, target) in enumerate(sheet.links.items()):
        above = links.entries.get((target, str(values.get(name) or "")))
        if values.get(name) and above is None:
            problems[name] = say("ledgers.no_such_entry", sheet=sheets()[target].zh, key=values[name])
        if position == 0:
            entry.parent = above
        else:
            entry.other = above
    entry.person_id = entry.household_id = ""
    if (name := sheet.field_to("person")) and values.get(name):
        person = links.people.get(str(values[name]).strip())
        if person is None:
            problems[name] = say("ledgers.no_such_person")
        else:
            values[name] = entry.person_id = person.pk
            entry.household_id = person.household_id or ""
    if (name := sheet.field_to("household")) and values.get(name):
        household = links.households.get(str(values[name]).strip())
        if household is None:
            problems[name] = say("ledgers.no_such_household", key=values[name])
        else:
            values[name] = entry.household_id = household.pk
    elif name and entry.household_id:
        values[name] = entry.household_id
    return problems
