"""A household's and a person's page: everything known, as of a day, with who said so. A fixed number of queries.

Nothing is shown in full that the user may not see in full; such a value leads to the form that asks for a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import cached_property

from xianjie.dictionary import DictionaryField, dictionary
from xianjie.dictionary.masking import mask_value
from xianjie.messages import say
from xianjie.web.accounts.scope import Scope
from xianjie.web.clock import today
from xianjie.web.design.values import Link, Masked, Status
from xianjie.web.dictionary_forms import label_of, shown_value, unit_of
from xianjie.web.registry.models import Change, Fact, Household, Membership, Person
from xianjie.web.registry.recording import kind_words
from xianjie.web.registry.records import household_values, person_values, unpack
from xianjie.web.registry.selectors import VIEW
from xianjie.web.registry.snapshots import as_on, standing
from xianjie.web.words import label

MOST_FACTS, MOST_EVENTS, FIRST_EVENTS = 2000, 500, 30
# Rows of money by period: they have their table, and would drown what happened.
NOT_TOLD = {"income", "expense"}
OWNERS = ("household_id", "person_id")
# Shown in the page's head or by the members' table, so not once more among the fields.
HEADED = {"household_id", "region_code", "head_name", "household_type", "person_id", "name"}


class Eyes:
    """How one user sees values of records of one place: which are masked, and where a masked one leads."""

    def __init__(self, scope: Scope, region_code: str) -> None:
        self.scope, self.region_code = scope, region_code
        self._sees: dict[str, bool] = {}
        self._reveals: dict[str, bool] = {}

    def sees(self, known: DictionaryField) -> bool:
        """Whether values of this field are shown in full."""
        level = known.sensitivity
        if level not in self._sees:
            self._sees[level] = self.scope.sees(level, self.region_code)
            self._reveals[level] = self.scope.may_reveal(level, self.region_code)
        return self._sees[level]

    def show(self, known: DictionaryField, value: Any, kind: str, key: str) -> Any:
        """A value for a page: in words, or masked with the way to see it; None for an unknown one."""
        if value is None or value == "":
            return None
        if self.sees(known):
            return shown_value(known, value)
        masked = mask_value(known, value)
        if masked is value:
            return shown_value(known, value)
        url = reverse("registry:reveal", args=[kind, key, known.name]) if self._reveals[known.sensitivity] else ""
        return Masked(str(masked), url, label_of(known))


@dataclass
class Row:
    """A fact for the page: whose, what, from when to when, who said so."""

    fact: Fact
    person: str
    values: list[tuple[str, Any]]  # label, value as shown
    raw: Mapping[str, Any]
    source: str
    ended: bool
    dated: date | None


@dataclass
class Group:
    """The facts of one entity."""

    entity: str
    title: str
    rows: list[Row] = field(default_factory=list)


@dataclass
class Member:
    """A person in a household on a day."""

    person: Person
    relation: str
    begins_on: date | None


class HouseholdStory:
    """What a household's page shows as of `day`. `past` is whether that is not today."""

    left_out = 0  # events before those that `timeline` gives

    def __init__(self, scope: Scope, household: Household, day: date | None = None, whole: bool = False) -> None:
        """With `whole` the timeline goes back to its beginning, else it has the newest events."""
        self.whole = whole
        self.scope, self.day, self.past = scope, day or today(), day is not None and day < today()
        self.now = household
        self.revision = household.revision
        self.eyes = Eyes(scope, household.region_code)
        self.household: Household = as_on([household], self.day)[0] if self.past else household

    @cached_property
    def memberships(self) -> list[Membership]:
        """All memberships ever, with their people as they are today."""
        rows = Membership.everything.filter(household=self.now).select_related("person").order_by("begins_on", "pk")
        return list(rows)

    @cached_property
    def members(self) -> list[Member]:
        """Who belonged to the household on the day, the head first, then by relation and age."""
        standing_ones = [
            one
            for one in self.memberships
            if (one.begins_on is None or one.begins_on <= self.day) and (one.ends_on is None or one.ends_on > self.day)
        ]
        people = [one.person for one in standing_ones]
        if self.past:
            as_on(people, self.day)
        members = [Member(one.person, one.relation, one.begins_on) for one in standing_ones]
        return sorted(members, key=lambda one: (one.relation or "99", one.person.birth_date or date.max, one.person.pk))

    @cached_property
    def size(self) -> int:
        """How many belonged to the household on the day and are not known to have died."""
        return sum(1 for one in self.members if one.person.alive is not False)

    @cached_property
    def fields(self) -> list[dict[str, Any]]:
        """The household's own fields that are known, for the fact list."""
        return fields_shown(self.eyes, "household", self.household.pk, household_values(self.household))

    @cached_property
    def groups(self) -> list[Group]:
        """Facts by entity, in the dictionary's order."""
        ids = {one.person.pk: one.person.name for one in self.members}
        rows = Fact.everything.filter(Q(household=self.now) | Q(person_id__in=list(ids)))
        return grouped(facts_on(rows, self.day), self.eyes, ids, self.day)

    @cached_property
    def incomes(self) -> dict[str, Any] | None:
        """Income by year and by who said so, in fen; None when nothing is known or nothing may be seen."""
        rows = next((group.rows for group in self.groups if group.entity == "income"), [])
        known = dictionary().entities["income"].fields
        if not rows or not self.eyes.sees(known["amount"]):
            return None
        return by_year(rows)

    @cached_property
    def changes(self) -> list[Change]:
        """The actions on the household, the newest first."""
        return list(Change.everything.filter(households=self.now).order_by("-event")[:MOST_EVENTS])

    @cached_property
    def timeline(self) -> list[dict[str, Any]]:
        """What happened up to the day: actions, and the facts that have a day."""
        events = [event_of(change) for change in self.changes if change.happened_on <= self.day]
        for group in self.groups:
            if group.entity not in NOT_TOLD:
                events += [fact_event(group, row) for row in group.rows if row.dated and row.dated <= self.day]
        events.sort(key=lambda one: one["date"], reverse=True)
        shown = events if self.whole else events[:FIRST_EVENTS]
        self.left_out = len(events) - len(shown)
        return shown


class PersonStory:
    """What a person's page shows as of `day`."""

    def __init__(self, scope: Scope, person: Person, day: date | None = None) -> None:
        self.scope, self.day, self.past = scope, day or today(), day is not None and day < today()
        self.now = person
        self.eyes = Eyes(scope, person.region_code)
        self.home: Household | None = person.household
        self.person: Person = as_on([person], self.day)[0] if self.past else person

    @cached_property
    def fields(self) -> list[dict[str, Any]]:
        """The person's fields that are known."""
        return fields_shown(self.eyes, "person", self.person.pk, person_values(self.person))

    @cached_property
    def memberships(self) -> list[dict[str, Any]]:
        """The households the person belonged to, the newest first; a link where the user may follow it."""
        rows = Membership.everything.filter(person=self.now).select_related("household").order_by("-begins_on", "-pk")
        relation = dictionary().entities["person"].fields["relation"]
        told = []
        for one in rows:
            if one.begins_on and one.begins_on == one.ends_on:
                continue  # taken back: it stood for no day
            if self.past and one.begins_on and one.begins_on > self.day:
                continue
            seen = self.scope.allows(VIEW, one.household.region_code)
            text = f"{one.household.head_name} {one.household_id}" if seen else say("registry.elsewhere")
            url = reverse("registry:household", args=[one.household_id]) if seen else ""
            told.append({
                "household": Link(text, url) if url else text, "relation": shown_value(relation, one.relation),
                "begins_on": one.begins_on, "ends_on": one.ends_on,
                "why": say(f"registry.kind_{one.ends_by}") if one.ends_by else "",
            })  # fmt: skip
        return told

    @cached_property
    def groups(self) -> list[Group]:
        """Facts about the person by entity."""
        rows = facts_on(Fact.everything.filter(person=self.now), self.day)
        return grouped(rows, self.eyes, {self.person.pk: self.person.name}, self.day)

    @cached_property
    def timeline(self) -> list[dict[str, Any]]:
        """What happened up to the day."""
        changes = Change.everything.filter(persons=self.now).order_by("-event")[:MOST_EVENTS]
        events = [event_of(change) for change in changes if change.happened_on <= self.day]
        for group in self.groups:
            events += [fact_event(group, row) for row in group.rows if row.dated and row.dated <= self.day]
        return sorted(events, key=lambda one: one["date"], reverse=True)[:MOST_EVENTS]


def fields_shown(eyes: Eyes, kind: str, key: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Known fields as items of a fact list: label, value with unit."""
    known = dictionary().entities[kind].fields
    items = []
    for name, value in values.items():
        if name in HEADED or (shown := eyes.show(known[name], value, kind, key)) is None:
            continue
        unit = unit_of(known[name])
        words = f"{shown} {unit}" if unit and isinstance(shown, str) else shown
        items.append({"label": label_of(known[name]), "value": words, "name": name})
    return items


def facts_on(rows: Any, day: date) -> list[Fact]:
    """The facts that the register held on a day: told by then, begun by then, not withdrawn by then.

    What came with the register (no event) reaches back as far as its own dates do.
    """
    told = Q(event__isnull=True) | Q(recorded_on__lte=day)
    not_withdrawn = Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=day)
    begun = Q(holds_from__isnull=True) | Q(holds_from__lte=day)
    return list(rows.filter(told, not_withdrawn, begun).order_by("-holds_from", "-pk")[:MOST_FACTS])


def grouped(facts: Iterable[Fact], eyes: Eyes, people: Mapping[str, str], day: date) -> list[Group]:
    """Facts as rows for the page, by entity; without personal facts of somebody who did not belong here that day."""
    entities = dictionary().entities
    groups: dict[str, Group] = {}
    for fact in facts:
        entity = entities.get(fact.entity)
        if entity is None or (entity.parent == "person" and fact.person_id not in people):
            continue
        row = _row(fact, eyes, people, day)
        if row.dated is None or row.dated <= day:
            groups.setdefault(fact.entity, Group(fact.entity, label(entity))).rows.append(row)
    for group in groups.values():
        group.rows.sort(
            key=lambda row: (row.ended, row.dated is None, -(row.dated or date.min).toordinal(), row.fact.pk)
        )
    return [groups[name] for name in entities if name in groups]


def _row(fact: Fact, eyes: Eyes, people: Mapping[str, str], day: date) -> Row:
    entity = dictionary().entities[fact.entity]
    raw = unpack(fact.entity, fact.data)
    values = []
    for name, known in entity.fields.items():
        if name in OWNERS or name == entity.key or name not in raw or name == "said_by":
            continue
        shown = eyes.show(known, raw[name], "fact", str(fact.pk))
        if shown is not None:
            unit = unit_of(known)
            values.append((label_of(known), f"{shown} {unit}" if unit and isinstance(shown, str) else shown))
    dated = fact.holds_from or next(
        (raw[name] for name, known in entity.fields.items() if known.type == "date" and raw.get(name)), None
    )
    ended = fact.holds_to is not None and fact.holds_to <= day
    return Row(fact, people.get(fact.person_id or "", ""), values, raw, source_words(fact, raw), ended, dated)


def source_words(fact: Fact, raw: Mapping[str, Any]) -> str:
    """Who said so: the row's own word, else the department, else the register."""
    if said := raw.get("said_by"):
        return shown_value(dictionary().entities["income"].fields["said_by"], said)
    department = dictionary().departments.get(fact.source)
    if department:
        return label(department)
    return say(f"registry.source_{fact.source}") if fact.source in ("register", "village", "township") else fact.source


def by_year(rows: Iterable[Row]) -> dict[str, Any]:
    """Income rows as a table: (kind, who said so) by year, with sums from which business costs are taken."""
    kinds = dictionary().entities["income"].fields["kind"]
    sums: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        amount, until = row.raw.get("amount"), row.raw.get("period_to") or row.dated
        if amount is None or until is None:
            continue
        sums[row.raw.get("kind") or "", row.source][until.year] += amount
    years = sorted({year for by in sums.values() for year in by}, reverse=True)[:6]
    lines = [
        {"kind": shown_value(kinds, kind), "source": source, "amounts": [(year, by.get(year)) for year in years]}
        for (kind, source), by in sorted(sums.items())
    ]
    totals = [(year, sum(_signed(kind, by.get(year, 0)) for (kind, _), by in sums.items())) for year in years]
    return {"years": years, "lines": lines, "totals": totals}


def _signed(kind: str, amount: int) -> int:
    return -amount if kind.endswith("cost") else amount


def event_of(change: Change) -> dict[str, Any]:
    """An action as an event of the timeline."""
    title = kind_words(change.kind)
    if names := change.details.get("names"):
        title += "：" + "、".join(names)
    if change.kind in ("correct", "fact", "withdraw") and (entity := change.details.get("entity")):
        known = dictionary().entities[entity]
        labels = [label_of(known.fields[name]) for name in change.details.get("fields", []) if name in known.fields]
        title += "：" + label(known) + (f"（{'、'.join(labels[:6])}）" if labels else "")
    if change.kind == "undo":
        title += "：" + kind_words(change.details["undone"])
    undone = change.undone_by is not None
    return {
        "date": change.happened_on, "title": title, "text": change.reason, "icon": "edit",
        "source": say("registry.recorded_by", who=change.by_name or change.by, day=change.recorded_at.date()),
        "status": Status(say("registry.undone"), "neutral") if undone else None,
        "tone": "neutral" if undone else "info",
    }  # fmt: skip


def fact_event(group: Group, row: Row) -> dict[str, Any]:
    """A dated fact as an event of the timeline."""
    said = [f"{label} {value}" for label, value in row.values if isinstance(value, str)][:4]
    title = group.title + (f"：{row.person}" if row.person else "")
    return {"date": row.dated, "title": title, "text": "；".join(said), "source": row.source, "icon": "file"}


def members_on(household: Household, day: date) -> list[str]:
    """The ids of who belonged to a household on a day; for checks of the law that the past stands."""
    rows = Membership.everything.filter(standing(day), household=household)
    return sorted(rows.values_list("person_id", flat=True))
