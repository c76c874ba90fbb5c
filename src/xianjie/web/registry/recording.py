"""Recording an action on the register 档案变动: one day, one reason, one event, versions of all it touched.

    with recording("birth", scope, on=day, reason=why, expected={household: revision}) as change:
        change.touch(household)
        …

What is touched is locked, checked (rights, days, revisions), kept as a `Version`, saved at the end. An action is not
before the last one of anything it touches: so the past of a household is one line of days, and a past day looks the
same whatever is recorded for later ones. A newcomer alone may be told late (补录): the household's own columns stay as
they were on every day, unless its place or its head has changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.dictionary import dictionary
from xianjie.messages import UserError, say
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import Entry, current_actor, record, record_many
from xianjie.web.clock import today
from xianjie.web.registry.models import Change, Fact, Household, Membership, Person, Version
from xianjie.web.registry.records import pack
from xianjie.web.registry.snapshots import kind_of, restore, snapshot

PERMISSION = "registry.change"
AT_ONCE = 500
# Actions after which somebody who came earlier can still be taken up: the household's place and head are as before.
STEADY = ("birth", "marriage_in", "move_in", "death", "marriage_out", "move_out", "correct", "fact", "withdraw", "undo")


class Overtaken(UserError):
    """Somebody has changed the household since the page was opened; `changes` are what happened meanwhile."""

    def __init__(self, household: Household, changes: list[Change]) -> None:
        self.household, self.changes = household, changes
        told = "；".join(
            say("registry.change_line", who=one.by_name or one.by, day=one.happened_on, what=kind_words(one.kind))
            for one in changes
        )
        super().__init__("registry.overtaken", changes=told or say("registry.change_unknown"))


def kind_words(kind: str) -> str:
    """The name of an action."""
    return say(f"registry.kind_{kind}")


class Recording:
    """The action being recorded: what it touches, and the moves of people between households."""

    def __init__(
        self, kind: str, scope: Scope, on: date, reason: str, expected: Mapping[str, int], permission: str = PERMISSION
    ) -> None:
        self.permission = permission
        self.kind, self.scope, self.on, self.reason, self.expected = kind, scope, on, reason, expected
        self.details: dict[str, Any] = {}
        self.households: dict[str, Household] = {}
        self.persons: dict[str, Person] = {}
        self._before: dict[tuple[str, str], dict[str, Any]] = {}
        self._memberships: list[dict[str, Any]] = []  # before, so that the action can be undone
        self._facts: list[dict[str, Any]] = []
        self._recount: set[str] = set()
        self._late: set[str] = set()  # households that were changed after the day of this action

    def household(self, household_id: str, newcomer: bool = False) -> Household:
        """Take a household up: locked, in scope, as the user saw it; `newcomer`: only to add somebody to it."""
        if household_id in self.households:
            return self.households[household_id]
        household = Household.everything.select_for_update().filter(pk=household_id).first()
        if household is None:
            raise PermissionDenied
        return self.take(household, newcomer)

    def take(self, household: Household, newcomer: bool = False) -> Household:
        """Take a household up that is locked already."""
        if not self.scope.allows(self.permission, household.region_code):
            raise PermissionDenied
        if household.ends_on is not None:
            raise UserError("registry.household_ended", household=household.pk, day=household.ends_on)
        seen = self.expected.get(household.pk)
        if seen is not None and seen != household.revision:
            raise Overtaken(household, changes_since(household, seen))
        if newcomer and self._told_late(household):
            self._late.add(household.pk)
        else:
            self._not_before(household, household.head_name)
        self._keep(household)
        self.households[household.pk] = household
        return household

    def person(self, person_id: str) -> Person:
        """Take a person up, and the household that they belong to."""
        if person_id in self.persons:
            return self.persons[person_id]
        person = Person.everything.select_for_update().filter(pk=person_id).first()
        if person is None or not self.scope.allows(self.permission, person.region_code):
            raise PermissionDenied
        self._not_before(person, person.name)
        if person.birth_date and self.on < person.birth_date and self.kind != "correct":
            raise UserError("registry.before_birth", name=person.name, day=person.birth_date)
        if person.household_id:
            self.household(person.household_id)
        self._keep(person)
        self.persons[person.pk] = person
        return person

    def add_household(self, household: Household) -> Household:
        """A household that begins with this action."""
        if not self.scope.allows(self.permission, household.region_code):
            raise PermissionDenied
        household.begins_on = self.on
        household.save(force_insert=True)
        self.households[household.pk] = household
        return household

    def add_person(self, person: Person) -> Person:
        """A person whom the register has not known."""
        if not self.scope.allows(self.permission, person.region_code):
            raise PermissionDenied
        person.save(force_insert=True)
        self.persons[person.pk] = person
        return person

    def leave(self, person: Person, *, by: str) -> None:
        """The person belongs to their household no more, from the day of the action on."""
        open_one = Membership.everything.filter(person=person, ends_on__isnull=True).first()
        if open_one is not None:
            if open_one.begins_on and open_one.begins_on > self.on:
                raise UserError("registry.before_joining", name=person.name, day=open_one.begins_on)
            self._memberships.append({"pk": open_one.pk, "ends_on": None, "ends_by": open_one.ends_by})
            Membership.everything.filter(pk=open_one.pk).update(ends_on=self.on, ends_by=by)
        if person.household_id:
            self._recount.add(person.household_id)
        person.household_id, person.left_by = None, by

    def join(self, person: Person, household: Household, relation: str, *, by: str) -> None:
        """The person belongs to a household from the day of the action on; region and facts follow."""
        if person.household_id:
            self.leave(person, by=by)
        made = Membership.everything.create(
            person=person, household=household, region_code=household.region_code, relation=relation,
            begins_on=self.on, begins_by=by,
        )  # fmt: skip
        self._memberships.append({"pk": made.pk, "made": True})
        person.household, person.relation, person.left_by = household, relation, ""
        self.follow(person, household)
        self._recount.add(household.pk)

    def follow(self, person: Person, household: Household) -> None:
        """A member's region, and the facts about them, go with the household."""
        person.region_code = household.region_code
        Fact.everything.filter(person=person, entity__in=personal_entities()).update(
            household=household, region_code=household.region_code
        )

    def settle(self, household: Household, region_code: str) -> None:
        """The household lives in another village from now on; members, memberships and facts follow."""
        if not self.scope.allows(self.permission, region_code):
            raise PermissionDenied
        household.region_code = region_code
        for person in Person.everything.filter(household=household):
            self.follow(self.person(person.pk), household)
        follow_household(household)

    def add_fact(
        self, entity: str, values: Mapping[str, Any], household: Household, person: Person | None, source: str
    ) -> Fact:
        """A row of any other entity that somebody told. `values` are the dictionary's fields, the key among them."""
        made = self.new_fact(entity, values, household, person, source)
        made.save(force_insert=True)
        self.keep_fact(made)
        return made

    def new_fact(
        self, entity: str, values: Mapping[str, Any], household: Household, person: Person | None, source: str
    ) -> Fact:
        """A row as `add_fact` makes it, to be saved together with others and then given to `keep_fact`."""
        known = dictionary().entities[entity]
        begins, ends = (values.get(name) if name else None for name in (*known.validity, "", "")[:2])
        return Fact(
            entity=entity, key=values[known.key], household=household, person=person, source=source,
            region_code=household.region_code, holds_from=begins, holds_to=ends, recorded_on=self.on,
            data=pack(entity, values, (known.key, "household_id", "person_id")),
        )  # fmt: skip

    def keep_fact(self, made: Fact) -> None:
        """A row that was saved belongs to this action."""
        self._facts.append({"pk": made.pk, "made": True})

    def withdraw(self, fact: Fact) -> None:
        """A row that was wrong stands no more, from the day of the action on."""
        if fact.event is not None and fact.recorded_on > self.on:
            raise UserError("registry.before_last", name=fact.key, day=fact.recorded_on)
        Fact.everything.filter(pk=fact.pk).update(withdrawn_on=self.on)
        self._facts.append({"pk": fact.pk})

    def relate(self, person: Person, relation: str) -> None:
        """The person's relation to the head is another one from now on."""
        open_one = Membership.everything.filter(person=person, ends_on__isnull=True).first()
        if open_one is None or person.relation == relation:
            person.relation = relation
            return
        household = person.household
        assert household is not None
        self._memberships.append({"pk": open_one.pk, "ends_on": None, "ends_by": open_one.ends_by})
        Membership.everything.filter(pk=open_one.pk).update(ends_on=self.on, ends_by=self.kind)
        made = Membership.everything.create(
            person=person, household=household, region_code=household.region_code, relation=relation,
            begins_on=self.on, begins_by=self.kind,
        )  # fmt: skip
        self._memberships.append({"pk": made.pk, "made": True})
        person.relation = relation

    def end(self, household: Household) -> None:
        """The household is no more, from the day of the action on."""
        household.ends_on = self.on

    def _told_late(self, household: Household) -> bool:
        """Whether the action is before the household's last one and contradicts nothing that was recorded since."""
        if household.changed_on is None or self.on >= household.changed_on:
            return False
        if household.begins_on and self.on < household.begins_on:
            return False
        since = Change.everything.filter(households=household, happened_on__gt=self.on, undone_by__isnull=True)
        return all(one.kind in STEADY and "head" not in one.details for one in since)

    def _not_before(self, subject: Household | Person, name: str) -> None:
        if subject.changed_on and self.on < subject.changed_on:
            raise UserError("registry.before_last", name=name, day=subject.changed_on)
        begins = getattr(subject, "begins_on", None)
        if begins and self.on < begins:
            raise UserError("registry.before_last", name=name, day=begins)

    def _keep(self, subject: Household | Person) -> None:
        self._before[kind_of(subject), subject.pk] = snapshot(subject)

    @property
    def touched(self) -> list[Any]:
        """The households and people of this action, households first."""
        return [*self.households.values(), *self.persons.values()]

    def settled(self) -> Entry:
        """Everything is as it will be saved: the audit event that tells so."""
        for household in self.households.values():
            if household.pk in self._recount:
                household.size = size_of(household)
        place = self.touched[0]
        return Entry(
            f"registry.{self.kind}",
            (kind_of(place), place.pk),
            place.region_code,
            self.reason,
            before=[self._before.get((kind_of(one), one.pk)) for one in self.touched],
            after=[snapshot(one) for one in self.touched],
        )

    def versions(self, event: int) -> list[Version]:
        """What everything touched was like before, not saved yet; from now on it knows this as its last action."""
        made = []
        for one in self.touched:
            kept = self._before.get((kind_of(one), one.pk))
            late = isinstance(one, Household) and one.pk in self._late
            if kept is not None:
                # Told late, it tells of no day: it is there for taking the action back.
                days = (one.changed_on, one.changed_on) if late else (kept["changed_on"], self.on)
                made.append(
                    Version(
                        subject_kind=kind_of(one), subject_id=one.pk, region_code=kept["region_code"],
                        valid_from=days[0], valid_to=days[1], event=event, data=kept,
                    )
                )  # fmt: skip
            one.changed_on, one.last_change = one.changed_on if late else self.on, event
            if isinstance(one, Household):
                one.revision += 1
        return made

    def change(self, event: int) -> Change:
        """The action as the register keeps it, not saved yet."""
        actor = current_actor()
        made = [key for key, one in self.persons.items() if ("person", key) not in self._before]
        begun = [key for key, one in self.households.items() if ("household", key) not in self._before]
        return Change(
            kind=self.kind, region_code=self.touched[0].region_code, happened_on=self.on, reason=self.reason,
            event=event, by=actor.username, by_name=actor.name,
            details={
                **self.details, "memberships": self._memberships, "facts": self._facts, "made": made, "begun": begun,
            },
        )  # fmt: skip

    @property
    def told(self) -> list[int]:
        """The rows of other entities that this action made."""
        return [row["pk"] for row in self._facts if row.get("made")]


def finish(actions: Sequence[Recording]) -> list[Change]:
    """Save what actions touched, its versions, the actions and their audit events: few statements for all of them."""
    for one in actions:
        for person in one.persons.values():
            person.save()
    events = [event.seq for event in record_many([one.settled() for one in actions])]
    versions = [version for one, event in zip(actions, events, strict=True) for version in one.versions(event)]
    Version.everything.bulk_create(versions, batch_size=AT_ONCE)
    for one, event in zip(actions, events, strict=True):
        for person in one.persons.values():
            person.save()
        if one.told:
            Fact.everything.filter(pk__in=one.told).update(event=event)
    _save_households([household for one in actions for household in one.households.values()])
    changes = [one.change(event) for one, event in zip(actions, events, strict=True)]
    Change.everything.bulk_create(changes, batch_size=AT_ONCE)
    homes, people = Change.households.through, Change.persons.through
    pairs = list(zip(changes, actions, strict=True))
    homes.objects.bulk_create(homes(change_id=row.pk, household_id=key) for row, one in pairs for key in one.households)
    people.objects.bulk_create(people(change_id=row.pk, person_id=key) for row, one in pairs for key in one.persons)
    return changes


def _save_households(rows: Sequence[Household]) -> None:
    """Save households that are there already, all columns, by one statement."""
    columns = [column.name for column in Household._meta.concrete_fields if not column.primary_key]
    Household.everything.bulk_create(
        rows, batch_size=AT_ONCE, update_conflicts=True, unique_fields=["household_id"], update_fields=columns
    )


def link(change: Change, households: Iterable[str], persons: Iterable[str]) -> None:
    """Note whom an action touched."""
    homes, people = Change.households.through, Change.persons.through
    homes.objects.bulk_create([homes(change_id=change.pk, household_id=key) for key in households])
    people.objects.bulk_create([people(change_id=change.pk, person_id=key) for key in persons])


def follow_household(household: Household) -> None:
    """Open memberships and the facts of a household lie where it lies."""
    place = household.region_code
    Membership.everything.filter(household=household, ends_on__isnull=True).update(region_code=place)
    Fact.everything.filter(household=household).exclude(region_code=place).update(region_code=place)


def personal_entities() -> list[str]:
    """The entities whose rows are about one person and go with them."""
    return [name for name, entity in dictionary().entities.items() if entity.parent == "person"]


def size_of(household: Household) -> int:
    """Members today: who belongs to the household and is not known to have died."""
    return Person.everything.filter(household=household).exclude(alive=False).count()


def changes_since(household: Household, revision: int) -> list[Change]:
    """The last actions on a household, as many as its revision has gone up."""
    newest = Change.everything.filter(households=household).order_by("-event")
    return list(newest[: max(0, household.revision - revision)])


@contextmanager
def recording(
    kind: str,
    scope: Scope,
    *,
    on: date,
    reason: str,
    expected: Mapping[str, int] | None = None,
    permission: str = PERMISSION,
) -> Iterator[Recording]:
    """Record an action; nothing of it stays when something is wrong.

    `expected`: household → revision as the user saw it; `permission`: the right that the action needs where it lies
    (a case's own decisions and visits are written by who may act on the case). Raises `UserError` (no reason, a day in
    the future or before the last action), `Overtaken` (somebody was quicker), `PermissionDenied`.
    """
    if not reason.strip():
        raise UserError("registry.no_reason")
    if on > today():
        raise UserError("registry.day_in_future")
    with transaction.atomic():
        change = Recording(kind, scope, on, reason.strip(), expected or {}, permission)
        yield change
        finish([change])


def may_undo(change: Change, scope: Scope) -> bool:
    """Whether an action is the last one of everything it touched, not undone yet, and within the user's rights."""
    if change.undone_by is not None or change.kind == "undo":
        return False
    households = Household.everything.filter(changes=change)
    persons = Person.everything.filter(changes=change)
    touched: list[Any] = [*households, *persons]
    return all(one.last_change == change.event and scope.allows(PERMISSION, one.region_code) for one in touched)


def undo(change: Change, scope: Scope, reason: str) -> Change:
    """Take the last action back by a counter-action: everything is as before it, and both stay on record.

    Raises `UserError` when something it touched has changed since, or without a reason.
    """
    if not reason.strip():
        raise UserError("registry.no_reason")
    with transaction.atomic():
        change = Change.everything.select_for_update().get(pk=change.pk)
        households = list(Household.everything.select_for_update().filter(changes=change).order_by("pk"))
        persons = list(Person.everything.select_for_update().filter(changes=change).order_by("pk"))
        if not may_undo(change, scope):
            raise UserError("registry.cannot_undo")
        touched: list[Any] = [*households, *persons]
        before = [snapshot(one) for one in touched]
        _memberships_back(change)
        kept = {(one.subject_kind, one.subject_id): one.data for one in Version.everything.filter(event=change.event)}
        for one in touched:
            _back(one, kept.get((kind_of(one), one.pk)), change)
        Version.everything.filter(event=change.event).update(undone=True)
        _facts_back(change, persons)
        event = record(
            "registry.undo",
            subject=("change", str(change.pk)),
            region_code=change.region_code,
            why=reason,
            before=before,
            after=[snapshot(one) for one in touched],
        )
        Change.everything.filter(pk=change.pk).update(undone_by=event.seq)
        actor = current_actor()
        made = Change.everything.create(
            kind="undo", region_code=change.region_code, happened_on=change.happened_on, reason=reason.strip(),
            event=event.seq, by=actor.username, by_name=actor.name, details={"undone": change.kind},
        )  # fmt: skip
        link(made, [one.pk for one in households], [one.pk for one in persons])
        return made


def _back(one: Household | Person, kept: dict[str, Any] | None, change: Change) -> None:
    if kept is not None:
        restore(one, kept)
    elif isinstance(one, Household):
        one.ends_on, one.size = change.happened_on, 0  # begun by the action: it stood for no day
    else:
        one.household, one.left_by = None, "mistake"
    if isinstance(one, Household):
        one.revision += 1
        follow_household(one)
    one.save()


def _memberships_back(change: Change) -> None:
    """Memberships that the action began last for no day; those that it ended go on."""
    rows = change.details.get("memberships", [])
    for row in rows:
        if row.get("made"):
            Membership.everything.filter(pk=row["pk"]).update(ends_on=change.happened_on, ends_by="undo")
    for row in rows:
        if not row.get("made") and row["pk"] not in {other["pk"] for other in rows if other.get("made")}:
            Membership.everything.filter(pk=row["pk"]).update(ends_on=row["ends_on"], ends_by=row["ends_by"])


def _facts_back(change: Change, persons: list[Person]) -> None:
    for row in change.details.get("facts", []):
        withdrawn = change.happened_on if row.get("made") else None
        Fact.everything.filter(pk=row["pk"]).update(withdrawn_on=withdrawn)
    for person in persons:
        if person.household_id:
            Fact.everything.filter(person=person, entity__in=personal_entities()).update(
                household_id=person.household_id, region_code=person.region_code
            )
