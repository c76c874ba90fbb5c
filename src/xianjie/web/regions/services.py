"""Changes of the region tree, each from a day on: rename, renumber (move), merge, split, end.

Nothing is overwritten: the row of the old state ends on the day, a new row begins. On that day the records under a
code that has ended take the code that came after, in the transaction of the change when the day has come already, by
the nightly job `regions.move` when it lies ahead. Grants need no move: they follow the successor by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.regions.models import DIGITS, LEVELS, Region, area_of, level_of
from xianjie.web.regions.records import ended_pairs, move_households, move_records, rows_in, scoped_models
from xianjie.web.regions.selectors import on_day

Told = dict[str, Any]


def standing(code: str, day: date | None = None) -> Region:
    """The region that holds under a code on a day (today). Raises `UserError` when there is none."""
    row = on_day(day).filter(region_code=code).first()
    if row is None:
        raise UserError("regions.unknown", region=code, day=day or today())
    return row


def parent_of(code: str) -> str:
    """The code of the region above by the digits, "" for a province."""
    level = level_of(code)
    if level not in LEVELS[1:]:
        return ""
    return code[: DIGITS[LEVELS[LEVELS.index(level) - 1]]].ljust(12, "0")


@transaction.atomic
def add(scope: Scope, code: str, name: str, on: date, why: str) -> Region:
    """A region that was not there before."""
    _may(scope, code)
    _new_code(code, on)
    parent = parent_of(code)
    if parent:
        standing(parent, on)
    row = _begin(code, name, parent, on)
    _told("regions.add", code, why, None, _facts(row))
    return row


@transaction.atomic
def rename(scope: Scope, code: str, name: str, on: date, why: str) -> Region:
    """Another name from a day on; the code stays."""
    _may(scope, code)
    old = standing(code, on)
    if old.name == name:
        raise UserError("regions.same_name", name=name)
    row = _renamed(old, name, on)
    _told("regions.rename", code, why, _facts(old), _facts(row))
    return row


@transaction.atomic
def renumber(scope: Scope, code: str, new_code: str, on: date, why: str, name: str = "") -> Region:
    """Another code, such as under another township, for a region and everything below it."""
    _may(scope, code, new_code)
    old = standing(code, on)
    if level_of(code) != level_of(new_code) or len(new_code) != 12:
        raise UserError("regions.other_level", region=code, new=new_code)
    if parent := parent_of(new_code):
        standing(parent, on)
    pairs = _numbers(old, new_code, on)
    for new in pairs.values():
        _new_code(new, on)
    rows = {row.region_code: row for row in on_day(on).filter(region_code__in=pairs)}
    fresh = [
        Region(
            region_code=new,
            name=(name or rows[before].name) if before == code else rows[before].name,
            level=rows[before].level,
            parent_code=parent_of(new),
            valid_from=on,
            outline=rows[before].outline,
        )
        for before, new in pairs.items()
    ]
    for before, new in pairs.items():
        Region.objects.filter(pk=rows[before].pk).update(valid_to=on, successor_code=new)
    Region.objects.bulk_create(fresh, batch_size=1000)
    _told("regions.renumber", new_code, why, _facts(old), {**_facts(fresh[0]), "codes": len(pairs)}, _move(pairs, on))
    return next(row for row in fresh if row.region_code == new_code)


@transaction.atomic
def merge(scope: Scope, codes: Iterable[str], into: str, on: date, why: str, name: str = "") -> Region:
    """Several villages become one: `into`, which is one of them, another village, or a code that begins on the day."""
    ending = sorted(set(codes) - {into})
    _may(scope, into, *ending)
    if not ending:
        raise UserError("regions.merge_one")
    if any(level_of(code) != "village" for code in (into, *ending)):
        raise UserError("regions.villages_only")
    old = [standing(code, on) for code in ending]
    target = on_day(on).filter(region_code=into).first()
    if target is None:
        if not name:
            raise UserError("regions.name_needed", region=into)
        _new_code(into, on)
        standing(parent_of(into), on)
        target = _begin(into, name, parent_of(into), on)
    elif name and name != target.name:
        target = _renamed(target, name, on)
    Region.objects.filter(pk__in=[row.pk for row in old]).update(valid_to=on, successor_code=into)
    before = {"merged": [_facts(row) for row in old]}
    _told("regions.merge", into, why, before, _facts(target), _move(dict.fromkeys(ending, into), on))
    return target


@transaction.atomic
def split(
    scope: Scope, code: str, parts: Mapping[str, str], takes: Mapping[str, list[str]], on: date, why: str
) -> list[Region]:
    """A village goes on and gives part of its households to new villages: `parts` code → name, `takes` code → ids."""
    _may(scope, code, *parts)
    old = standing(code, on)
    if level_of(code) != "village" or any(level_of(part) != "village" for part in parts):
        raise UserError("regions.villages_only")
    ids = [one for some in takes.values() for one in some]
    if len(ids) != len(set(ids)):
        raise UserError("regions.taken_twice")
    _are_there(code, ids)
    rows = []
    for part, name in parts.items():
        _new_code(part, on)
        standing(parent_of(part), on)
        rows.append(_begin(part, name, parent_of(part), on, list(takes.get(part, []))))
    moved = _take_over(rows) if on <= today() else {}
    after = {"parts": [{**_facts(row), "households": len(takes.get(row.region_code, []))} for row in rows]}
    _told("regions.split", code, why, _facts(old), after, moved)
    return rows


@transaction.atomic
def end(scope: Scope, code: str, on: date, why: str) -> None:
    """A region that is given up without anything in its place; nobody may be registered there."""
    _may(scope, code)
    old = standing(code, on)
    low, high = area_of(code)
    below = on_day(on).filter(region_code__gt=low, region_code__lt=high).count()
    if below or rows_in(low, high):
        raise UserError("regions.still_used", name=old.name, below=below, rows=sum(rows_in(low, high).values()))
    Region.objects.filter(pk=old.pk).update(valid_to=on)
    _told("regions.end", code, why, _facts(old), {"valid_to": on})


@transaction.atomic
def move_due() -> dict[str, int]:
    """Move what stands under codes that have ended by today; model → rows. Safe to run at any time, again and again."""
    moved = move_safely(ended_pairs())
    taking = Region.objects.exclude(takes=[]).filter(Q(valid_from__isnull=True) | Q(valid_from__lte=today()))
    for label, count in _take_over(list(taking)).items():
        moved[label] = moved.get(label, 0) + count
    if moved:
        record("regions.moved", after={"moved": moved})
    return moved


def _take_over(rows: list[Region]) -> dict[str, int]:
    moved: dict[str, int] = {}
    for row in rows:
        for label, count in move_households(row.region_code, row.takes).items():
            moved[label] = moved.get(label, 0) + count
        Region.objects.filter(pk=row.pk).update(takes=[])
    return moved


def _move(pairs: Mapping[str, str], on: date) -> dict[str, int]:
    return move_safely(pairs) if on <= today() else {}


def move_safely(pairs: Mapping[str, str]) -> dict[str, int]:
    """`move_records`, with a sentence where two villages hold a record of the same key. Raises `UserError`."""
    try:
        with transaction.atomic():
            return move_records(pairs)
    except IntegrityError as error:
        raise UserError("regions.collision", what=str(error).splitlines()[0][:120]) from error


def _are_there(code: str, households: list[str]) -> None:
    """Every household of a list belongs to the village; asked of whichever model holds households."""
    holder = next((model for model in scoped_models() if model._meta.pk.attname == "household_id"), None)
    if holder is None or not households:
        return
    found: set[str] = set()
    for at in range(0, len(households), 500):
        rows = holder.everything.filter(pk__in=households[at : at + 500], region_code=code)  # type: ignore[attr-defined]
        found.update(rows.values_list("pk", flat=True))
    if missing := sorted(set(households) - found):
        raise UserError("regions.not_there", count=len(missing), first="、".join(missing[:5]))


def _may(scope: Scope, *codes: str) -> None:
    for code in codes:
        if len(code) != 12 or not (code.isascii() and code.isdigit()) or level_of(code) not in LEVELS:
            raise UserError("regions.bad_code", region=code)
        if not scope.contains("regions.manage", code):
            raise PermissionDenied


def _new_code(code: str, on: date) -> None:
    later = Region.objects.filter(region_code=code).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=on) | Q(valid_from__gte=on)
    )
    if later.exists():
        raise UserError("regions.code_taken", region=code)


def _begin(code: str, name: str, parent: str, on: date, takes: list[str] | None = None) -> Region:
    return Region.objects.create(
        region_code=code, name=name, level=level_of(code), parent_code=parent, valid_from=on, takes=takes or []
    )


def _renamed(old: Region, name: str, on: date) -> Region:
    if old.valid_from == on:  # named wrongly on the same day: nothing held in between
        Region.objects.filter(pk=old.pk).update(name=name)
        return standing(old.region_code, on)
    ends, follows = old.valid_to, old.successor_code
    Region.objects.filter(pk=old.pk).update(valid_to=on, successor_code="")
    return Region.objects.create(
        region_code=old.region_code,
        name=name,
        level=old.level,
        parent_code=old.parent_code,
        valid_from=on,
        valid_to=ends,
        successor_code=follows,
        outline=old.outline,
    )


def _numbers(old: Region, new_code: str, on: date) -> dict[str, str]:
    """The codes of a region and of everything below it → their new ones."""
    digits = DIGITS[level_of(old.region_code)]
    low, high = area_of(old.region_code)
    below = on_day(on).filter(region_code__gte=low, region_code__lt=high)
    return {code: new_code[:digits] + code[digits:] for code in below.values_list("region_code", flat=True)}


def _facts(row: Region) -> Told:
    return {"region_code": row.region_code, "name": row.name, "parent_code": row.parent_code}


def _told(verb: str, code: str, why: str, before: Any, after: Any, moved: Mapping[str, int] | None = None) -> None:
    subject = ("region", code)
    record(verb, subject=subject, region_code=code, why=why, before=before, after={**after, "moved": dict(moved or {})})
