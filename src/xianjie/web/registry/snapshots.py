"""How a household or a person was: one JSON of every column and all data, kept in `Version` and read back."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Model, Q, QuerySet

from xianjie.web.registry.models import Household, Person, Version
from xianjie.web.sealing import seal, unseal

HOUSEHOLD_PARTS = (
    "household_id", "region_code", "head_name", "initials", "household_type", "group_name", "size", "begins_on",
    "ends_on", "data", "changed_on", "last_change",
)  # fmt: skip
PERSON_PARTS = (
    "person_id", "household_id", "region_code", "name", "initials", "sex", "birth_date", "relation", "id_no",
    "id_index", "phone", "phone_index", "alive", "left_by", "data", "changed_on", "last_change",
)  # fmt: skip
SEALED = ("id_no", "phone")
NO_ACTION = 0  # `Version.event` of a region change: it is no action, and tells the village alone
DAYS = ("begins_on", "ends_on", "birth_date", "changed_on")


def parts_of(subject: Model) -> tuple[str, ...]:
    """The columns that a snapshot of a household or a person keeps."""
    return HOUSEHOLD_PARTS if isinstance(subject, Household) else PERSON_PARTS


def snapshot(subject: Household | Person) -> dict[str, Any]:
    """Every column as JSON keeps it; numbers of papers stay sealed."""
    kept: dict[str, Any] = {}
    for name in parts_of(subject):
        value = getattr(subject, name)
        if name in SEALED and isinstance(subject, Person):
            value = seal(value)
        kept[name] = value.isoformat() if isinstance(value, date) else value
    return kept


def restore(subject: Household | Person, kept: dict[str, Any]) -> None:
    """Give a household or person the columns that `snapshot` kept; it is not saved."""
    for name in parts_of(subject):
        value = kept.get(name)
        if name in SEALED and isinstance(subject, Person):
            value = unseal(value)
        elif name in DAYS and value:
            value = date.fromisoformat(value)
        setattr(subject, name, value)


def kind_of(subject: Household | Person) -> str:
    """The kind of a subject as `Version` and the audit trail name it."""
    return "household" if isinstance(subject, Household) else "person"


def versions_on(kind: str, ids: list[str], day: date) -> dict[str, dict[str, Any]]:
    """Subject → what was otherwise on a day, for the subjects that have changed since; one query.

    Every column where an action has changed the subject, the village alone where only a region change has moved it.
    """
    rows: QuerySet[Version] = Version.everything.filter(
        subject_kind=kind, subject_id__in=ids, valid_to__gt=day, undone=False
    )
    since: dict[str, list[Version]] = {}
    for version in rows.order_by("subject_id", "valid_to", "event"):
        since.setdefault(version.subject_id, []).append(version)
    found: dict[str, dict[str, Any]] = {}
    for key, kept in since.items():
        base = next((one for one in kept if one.event != NO_ACTION), None)
        village = _old_village(kept, base)
        found[key] = (base.data if base else {}) | ({"region_code": village} if village else {})
    return found


def _old_village(kept: list[Version], base: Version | None) -> str:
    """The village of the day, when region changes have moved the subject since; "" when none has.

    `base` is the version that tells the day: a move that was written down after it is not in it.
    """
    moves = [one for one in kept if one.event == NO_ACTION and (base is None or one.pk < base.pk)]
    return str(min(moves, key=lambda one: (one.valid_to, one.pk)).data["region_code"]) if moves else ""


def as_on(subjects: list[Any], day: date) -> list[Any]:
    """The households or people with the columns they had on a day; not to be saved. One query for all of them."""
    if not subjects:
        return subjects
    known = versions_on(kind_of(subjects[0]), [subject.pk for subject in subjects], day)
    for subject in subjects:
        if len(known.get(subject.pk, ())) > 1:
            restore(subject, known[subject.pk])
        elif subject.pk in known:
            subject.region_code = known[subject.pk]["region_code"]
    return subjects


def standing(day: date, begins: str = "begins_on", ends: str = "ends_on") -> Q:
    """The condition that a row holds on a day: begun by then, not yet ended."""
    return (Q(**{f"{begins}__isnull": True}) | Q(**{f"{begins}__lte": day})) & (
        Q(**{f"{ends}__isnull": True}) | Q(**{f"{ends}__gt": day})
    )
