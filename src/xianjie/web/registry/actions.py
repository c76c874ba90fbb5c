"""What happens to households and people, as actions with a day 人口变动: never an edit, never a loss.

Every function takes `scope`, the day `on`, the `reason` and `expected` (household → revision as the user saw it), and
gives the household that the user should see next. Raises what `recording` raises, and `UserError` for what cannot be.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.registry.models import Change, Fact, Household, Person
from xianjie.web.registry.recording import Recording, recording
from xianjie.web.registry.records import (
    HOUSEHOLD_COLUMNS,
    PERSON_COLUMNS,
    fields_of,
    household_values,
    initials_of,
    pack,
    person_row,
    person_values,
)
from xianjie.web.sealing import index_of
from xianjie.web.words import label

HEAD = "01"
Expected = Mapping[str, int] | None
# Fields that only an action of their own changes: keys, place, who belongs where, who is head.
FIXED = {
    "household": {"household_id", "region_code", "head_name"},
    "person": {"person_id", "household_id", "region_code", "relation", "alive"},
}


def new_key(kind: str) -> str:
    """A number for a household (H) or person (P) that the national system has not numbered yet."""
    return f"N{kind}{uuid.uuid4().hex[:14].upper()}"


def birth(
    scope: Scope, household_id: str, values: Mapping[str, Any], *, on: date, reason: str, expected: Expected = None
) -> Household:
    """A child was born into a household 出生. `values`: name, sex, relation, perhaps id_no."""
    with recording("birth", scope, on=on, reason=reason, expected=expected) as change:
        household = change.household(household_id, newcomer=True)
        _newcomer(change, household, {**values, "birth_date": on}, "birth")
    return household


def come_in(
    scope: Scope, kind: str, household_id: str, values: Mapping[str, Any], *, on: date, reason: str,
    expected: Expected = None,
) -> Household:  # fmt: skip
    """Somebody married or moved into a household 婚入、迁入: `kind` is marriage_in or move_in.

    With `person_id` in `values` it is a person of the register (who leaves their household, if any), else a new one.
    """
    with recording(kind, scope, on=on, reason=reason, expected=expected) as change:
        household = change.household(household_id, newcomer=True)
        if known := values.get("person_id"):
            person = change.person(known)
            if person.alive is False:
                raise UserError("registry.is_dead", name=person.name)
            if person.household_id == household.pk:
                raise UserError("registry.is_member", name=person.name)
            _may_leave(change, person)
            change.join(person, household, values["relation"], by=kind)
        else:
            _newcomer(change, household, values, kind)
    return household


def death(
    scope: Scope, person_id: str, *, on: date, reason: str, relations: Mapping[str, str] | None = None,
    expected: Expected = None,
) -> Household | None:  # fmt: skip
    """A member died 死亡. When it is the head of others, `relations` (person → relation) names the new head."""
    with recording("death", scope, on=on, reason=reason, expected=expected) as change:
        person = change.person(person_id)
        if person.alive is False:
            raise UserError("registry.is_dead", name=person.name)
        household = _go(change, person, "death", relations)
        person.alive = False
    return household


def go_out(
    scope: Scope, kind: str, person_id: str, *, on: date, reason: str, to_household: str = "", relation: str = "",
    relations: Mapping[str, str] | None = None, expected: Expected = None,
) -> Household | None:  # fmt: skip
    """A member left 婚出、迁出: `kind` is marriage_out or move_out; into `to_household` or out of sight.

    When it is the head of others, `relations` names the new head.
    """
    with recording(kind, scope, on=on, reason=reason, expected=expected) as change:
        person = change.person(person_id)
        if person.household_id is None:
            raise UserError("registry.no_member", name=person.name)
        if to_household and to_household == person.household_id:
            raise UserError("registry.is_member", name=person.name)
        target = change.household(to_household) if to_household else None
        household = _go(change, person, kind, relations)
        if target is not None:
            change.join(person, target, relation or "97", by=kind)
    return household


def split(
    scope: Scope, household_id: str, relations: Mapping[str, str], *, on: date, reason: str,
    staying: Mapping[str, str] | None = None, group_name: str = "", expected: Expected = None,
) -> Household:  # fmt: skip
    """Members leave to be a household of their own 分户. `relations`: who goes → relation to the new head (one is 01).

    `staying` gives the relations of those who stay when the head goes. Gives the new household.
    """
    with recording("split", scope, on=on, reason=reason, expected=expected) as change:
        old = change.household(household_id)
        members = _members(old)
        going = [change.person(key) for key in relations]
        if any(person.household_id != old.pk for person in going):
            raise UserError("registry.not_of_household")
        if not going or len(going) >= len(members):
            raise UserError("registry.split_some")
        head = _head_of(relations, {person.pk: person for person in going})
        new = Household(
            household_id=new_key("H"), region_code=old.region_code, head_name=head.name,
            initials=initials_of(head.name), household_type=old.household_type,
            group_name=group_name or old.group_name, data={},
        )  # fmt: skip
        change.add_household(new)
        for person in going:
            change.join(person, new, relations[person.pk], by="split")
        _head_stays(change, old, [one for one in members if one.pk not in relations], staying)
        change.details |= {"from": old.pk, "to": new.pk, "names": [person.name for person in going]}
    return new


def merge(
    scope: Scope, household_id: str, into: str, relations: Mapping[str, str], *, on: date, reason: str,
    expected: Expected = None,
) -> Household:  # fmt: skip
    """A household joins another and is no more 并户. `relations`: each member → relation to the other's head."""
    if household_id == into:
        raise UserError("registry.merge_two")
    with recording("merge", scope, on=on, reason=reason, expected=expected) as change:
        old, target = change.household(household_id), change.household(into)
        for member in _members(old):
            relation = relations.get(member.pk)
            if not relation or relation == HEAD:
                raise UserError("registry.relation_missing", name=member.name)
            change.join(change.person(member.pk), target, relation, by="merge")
        change.end(old)
        change.details |= {"from": old.pk, "to": target.pk}
    return target


def new_head(
    scope: Scope, household_id: str, relations: Mapping[str, str], *, on: date, reason: str, expected: Expected = None
) -> Household:
    """Another member is head from now on 变更户主. `relations`: every member → relation to the new head (one is 01)."""
    with recording("new_head", scope, on=on, reason=reason, expected=expected) as change:
        household = change.household(household_id)
        _relate_all(change, household, _members(household), relations)
    return household


def relocate(
    scope: Scope, household_id: str, region_code: str, *, on: date, reason: str, group_name: str = "",
    expected: Expected = None,
) -> Household:  # fmt: skip
    """The whole household lives in another village of the register 整户迁移."""
    with recording("relocate", scope, on=on, reason=reason, expected=expected) as change:
        household = change.household(household_id)
        if household.region_code == region_code:
            raise UserError("registry.same_village")
        change.details |= {"from": household.region_code, "to": region_code}
        household.group_name = group_name
        change.settle(household, region_code)
    return household


def move_away(scope: Scope, household_id: str, *, on: date, reason: str, expected: Expected = None) -> Household:
    """The whole household moved out of the register's area 整户迁出."""
    with recording("move_away", scope, on=on, reason=reason, expected=expected) as change:
        household = change.household(household_id)
        for member in _members(household):
            change.leave(change.person(member.pk), by="move_away")
        change.end(household)
    return household


def settle_in(scope: Scope, values: Mapping[str, Any], head: Mapping[str, Any], *, on: date, reason: str) -> Household:
    """A household that the register has not known is taken up 新立户: its fields, and its head's."""
    with recording("settle_in", scope, on=on, reason=reason) as change:
        household = Household(
            household_id=new_key("H"), region_code=values["region_code"], head_name=head["name"],
            initials=initials_of(head["name"]), household_type=values["household_type"],
            group_name=values.get("group_name") or "", data=pack("household", values, HOUSEHOLD_COLUMNS),
        )  # fmt: skip
        change.add_household(household)
        _newcomer(change, household, {**head, "relation": HEAD}, "settle_in")
    return household


def correct(
    scope: Scope, entity: str, key: str, values: Mapping[str, Any], *, on: date, reason: str, expected: Expected = None
) -> Household | Person:
    """What was wrong is put right 更正, field by field, for the days from `on`; None takes a value away.

    Raises `UserError` when nothing differs, or for a field that only an action of its own changes.
    """
    with recording("correct", scope, on=on, reason=reason, expected=expected) as change:
        subject: Any = change.household(key) if entity == "household" else change.person(key)
        known = household_values(subject) if entity == "household" else person_values(subject)
        changed = {name: value for name, value in values.items() if known.get(name) != value}
        if forbidden := FIXED[entity] & changed.keys():
            raise UserError("registry.fixed_field", field=label(fields_of(entity)[min(forbidden)]))
        if not changed:
            raise UserError("registry.nothing_changed")
        _write(subject, entity, {**known, **changed})
        if entity == "person" and "name" in changed and subject.relation == HEAD and subject.household_id:
            household = change.household(subject.household_id)
            household.head_name, household.initials = subject.name, subject.initials
        change.details |= {"entity": entity, "fields": sorted(changed)}
    return subject


def state_fact(
    scope: Scope, entity: str, household_id: str, values: Mapping[str, Any], *, on: date, reason: str,
    person_id: str = "", replaces: Fact | None = None, source: str = "township", expected: Expected = None,
) -> Household:  # fmt: skip
    """A fact is told or put right 登记、更正事实; the row that it `replaces` is withdrawn, for look-backs to see."""
    with recording("correct" if replaces else "fact", scope, on=on, reason=reason, expected=expected) as change:
        household = change.household(household_id)
        person = change.person(person_id) if person_id else None
        if person is not None and person.household_id != household.pk:
            raise UserError("registry.not_of_household")
        if replaces is not None:
            if replaces.withdrawn_on is not None:
                raise UserError("registry.fact_gone")
            change.withdraw(replaces)
        key = dictionary().entities[entity].key
        change.add_fact(entity, {**values, key: f"N{uuid.uuid4().hex[:18].upper()}"}, household, person, source)
        change.details |= {
            "entity": entity,
            "fields": sorted(name for name, value in values.items() if value is not None),
        }
    return household


def withdraw_fact(scope: Scope, fact: Fact, *, on: date, reason: str, expected: Expected = None) -> Household:
    """A fact that is not so is withdrawn 撤销事实."""
    with recording("withdraw", scope, on=on, reason=reason, expected=expected) as change:
        household = change.household(fact.household_id)
        if fact.withdrawn_on is not None:
            raise UserError("registry.fact_gone")
        change.withdraw(fact)
        change.details |= {"entity": fact.entity, "fields": []}
    return household


def last_change(household: Household) -> Change | None:
    """The newest action on a household that has not been undone."""
    return (
        Change.everything.filter(households=household, undone_by__isnull=True)
        .exclude(kind="undo")
        .order_by("-event")
        .first()
    )


def _members(household: Household) -> list[Person]:
    return list(Person.everything.filter(household=household).order_by("pk"))


def _newcomer(change: Recording, household: Household, values: Mapping[str, Any], kind: str) -> Person:
    """A person whom the register has not known becomes a member."""
    number = values.get("id_no")
    if number and (same := Person.everything.filter(id_index=index_of(number)).exclude(left_by="mistake").first()):
        if change.scope.allows("registry.view", same.region_code):
            raise UserError("registry.id_known", name=same.name, person=same.pk)
        raise UserError("registry.id_known_elsewhere")
    born = values.get("birth_date")
    if born and born > change.on:
        raise UserError("registry.before_birth", name=values["name"], day=born)
    if values.get("relation") == HEAD and _members(household):
        raise UserError("registry.has_head")
    person = person_row(
        {**values, "person_id": new_key("P"), "region_code": household.region_code, "household_id": None, "alive": True}
    )
    change.add_person(person)
    change.join(person, household, values["relation"], by=kind)
    change.details |= {"names": [person.name]}
    return person


def _go(change: Recording, person: Person, kind: str, relations: Mapping[str, str] | None) -> Household | None:
    """A person leaves their household; if they were its head, another is named; if its last member, it ends."""
    change.details |= {"names": [person.name]}
    if person.household_id is None:
        return None
    household = change.household(person.household_id)
    others = [one for one in _members(household) if one.pk != person.pk]
    change.leave(person, by=kind)
    if not others:
        change.end(household)
    elif person.relation == HEAD:
        _head_stays(change, household, others, relations)
    return household


def _may_leave(change: Recording, person: Person) -> None:
    """A head does not leave others behind without a new head; the household of a last member ends."""
    if person.household_id is None:
        return
    household = change.household(person.household_id)
    others = [one for one in _members(household) if one.pk != person.pk]
    if not others:
        change.end(household)
    elif person.relation == HEAD:
        raise UserError("registry.head_first", name=person.name, household=household.pk)


def _head_stays(
    change: Recording, household: Household, staying: Sequence[Person], relations: Mapping[str, str] | None
) -> None:
    if any(person.relation == HEAD for person in staying):
        return
    _relate_all(change, household, staying, relations or {})


def _relate_all(
    change: Recording, household: Household, members: Sequence[Person], relations: Mapping[str, str]
) -> None:
    """Every member's relation to the new head."""
    head = _head_of(relations, {person.pk: person for person in members})
    for member in members:
        if not relations.get(member.pk):
            raise UserError("registry.relation_missing", name=member.name)
        change.relate(change.person(member.pk), relations[member.pk])
    household.head_name, household.initials = head.name, head.initials
    change.details |= {"head": head.name}


def _head_of(relations: Mapping[str, str], members: Mapping[str, Person]) -> Person:
    heads = [key for key, relation in relations.items() if relation == HEAD]
    if len(heads) != 1 or heads[0] not in members:
        raise UserError("registry.one_head")
    if members[heads[0]].alive is False:
        raise UserError("registry.is_dead", name=members[heads[0]].name)
    return members[heads[0]]


def _write(subject: Any, entity: str, values: Mapping[str, Any]) -> None:
    """Give a household or person new values of dictionary fields."""
    columns = HOUSEHOLD_COLUMNS if entity == "household" else PERSON_COLUMNS
    for name in columns:
        if name not in FIXED[entity]:
            value = values.get(name)
            empty = "" if name in ("household_type", "group_name", "name", "sex") else None
            setattr(subject, name, empty if value is None else value)
    if entity == "person":
        subject.initials = initials_of(subject.name)
        subject.id_index, subject.phone_index = index_of(subject.id_no), index_of(subject.phone)
    subject.data = pack(entity, values, columns)
