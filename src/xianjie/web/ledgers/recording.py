"""Writing entries: one by one from a form, or thousands from a file, by the same steps.

`record_rows` takes rows of a sheet, finds what they refer to, asks the checks that refuse, saves the good ones and
settles their money, all in one transaction with one audit event. A row that cannot be taken is told with its reasons
and leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, ForeignKey, IntegerField

from xianjie.messages import say
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.flows.working_days import after
from xianjie.web.ledgers import checking
from xianjie.web.ledgers.declaration import Sheet
from xianjie.web.ledgers.linking import CHANGE, Links, attach, links_of
from xianjie.web.ledgers.models import Entry, EntryVersion
from xianjie.web.ledgers.money import settle
from xianjie.web.ledgers.neighbours import MANY, Around, fill, row_of, rows_of
from xianjie.web.ledgers.values import pack, unpack
from xianjie.web.regions.models import level_of

APPROVE = "ledgers.approve"
BATCH = 500
Progress = Callable[[int, int], None]


@dataclass
class Row:
    """A row to record: its place (empty: that of what it refers to), its state (empty: as it is), its values."""

    values: dict[str, Any]
    region_code: str = ""
    state: str = ""


@dataclass
class Outcome:
    """What became of rows, by position: entries added, changed, left as they were; problems by field ("" for none)."""

    added: dict[int, Entry] = field(default_factory=dict)
    changed: dict[int, Entry] = field(default_factory=dict)
    same: int = 0
    problems: dict[int, dict[str, str]] = field(default_factory=dict)

    @property
    def taken(self) -> dict[int, Entry]:
        """The entries that were added or changed."""
        return {**self.added, **self.changed}


@transaction.atomic
def record_rows(
    scope: Scope, sheet: Sheet, county: str, rows: Sequence[Row], *, why: str = "", new_only: bool = False
) -> Outcome:
    """Record rows in a county's sheet: a key that stands there already is changed, unless `new_only`.

    `county`: six digits. Raises `UserError` for nothing that is wrong with a row: that stands in the outcome.
    """
    outcome = Outcome()
    existing = _existing(sheet, county, rows)
    rows = [_whole(sheet, row, existing.get(_key(sheet, row))) for row in rows]
    links = links_of(scope, sheet, county, [row.values for row in rows])
    before = {pk: _snapshot(entry) for pk, entry in ((one.pk, one) for one in existing.values())}
    prepared: dict[int, Entry] = {}
    seen: dict[str, int] = {}
    place_problem = cache(partial(_place_problem, scope, sheet, county))
    for position, row in enumerate(rows):
        key = _key(sheet, row)
        if key in seen:
            outcome.problems[position] = {sheet.key: say("ledgers.key_twice", key=key)}
            continue
        seen[key] = position
        entry, problems = _prepare(scope, sheet, county, row, links, existing.get(key), place_problem)
        if new_only and entry.pk:
            problems[sheet.key] = say("ledgers.key_taken", key=key)
        if problems:
            outcome.problems[position] = problems
        elif entry.pk and _snapshot(entry) == before[entry.pk]:
            outcome.same += 1
        else:
            prepared[position] = entry
    _refuse(sheet, prepared, outcome)
    _save(sheet, prepared, before, outcome, why)
    return outcome


def _key(sheet: Sheet, row: Row) -> str:
    return str(row.values.get(sheet.key) or "").strip()[:80]


def _whole(sheet: Sheet, row: Row, entry: Entry | None) -> Row:
    """A row with what it does not tell as it stands already."""
    return replace(row, values={**(unpack(sheet, entry.data) if entry else {}), **row.values})


def _existing(sheet: Sheet, county: str, rows: Sequence[Row]) -> dict[str, Entry]:
    keys = sorted({_key(sheet, row) for row in rows})
    found: dict[str, Entry] = {}
    for start in range(0, len(keys), BATCH):
        known = Entry.everything.select_for_update(of=("self",)).select_related("parent", "other").filter(
            sheet=sheet.name, county=county, withdrawn_on__isnull=True, key__in=keys[start : start + BATCH]
        )  # fmt: skip
        found.update({one.key: one for one in known})
    return found


def _snapshot(entry: Entry) -> tuple[Any, ...]:
    return entry.region_code, entry.state, dict(entry.data), entry.revision


def _prepare(
    scope: Scope,
    sheet: Sheet,
    county: str,
    row: Row,
    links: Links,
    entry: Entry | None,
    place_problem: Callable[[str], str],
) -> tuple[Entry, dict[str, str]]:
    """The entry that a row makes, not saved, and what is wrong with it."""
    fresh = entry is None
    values = dict(row.values)
    entry = entry or Entry(
        sheet=sheet.name, county=county, department=sheet.department, state=sheet.start, state_since=today(),
        recorded_on=today(), recorded_by=current_actor().username,
    )  # fmt: skip
    problems: dict[str, str] = {}
    if not fresh and not scope.allows(CHANGE, entry.region_code, sheet.department):
        return entry, {sheet.key: say("ledgers.key_taken", key=entry.key)}
    problems |= attach(entry, sheet, values, links)
    entry.region_code = row.region_code or entry.region_code or _place_of(entry, links)
    if problem := place_problem(entry.region_code):
        problems["region_code"] = problem
    if problem := _new_state(scope, sheet, entry, row.state, fresh):
        problems["state"] = problem
    for name, known in sheet.fields.items():
        if known.required and values.get(name) in (None, ""):
            problems[name] = say("ledgers.missing", label=known.zh)
    entry.data = pack(sheet, values)
    entry.key = _key(sheet, row)
    set_columns(sheet, entry)
    return entry, problems


def set_columns(sheet: Sheet, entry: Entry) -> None:
    """The columns that follow from an entry's data and state."""
    entry.title = checking.code_label_of(sheet.fields[sheet.title], entry.data.get(sheet.title) or entry.key)[:200]
    entry.day = date.fromisoformat(entry.data[sheet.day]) if sheet.day and entry.data.get(sheet.day) else None
    entry.amount = entry.data.get(sheet.amount) if sheet.amount else None
    limit = sheet.states[entry.state].limit
    entry.due_on = after(entry.state_since, limit).day if limit else None


def _place_of(entry: Entry, links: Links) -> str:
    """The place that goes without saying: that of the person, the household, or the entry above."""
    if entry.person_id:
        return links.people[entry.person_id].region_code
    if entry.household_id and entry.household_id in links.households:
        return links.households[entry.household_id].region_code
    above = entry.parent or entry.other
    return above.region_code if above else ""


def _place_problem(scope: Scope, sheet: Sheet, county: str, code: str) -> str:
    if not code:
        return say("ledgers.no_place")
    if code[:6] != county or not scope.allows(CHANGE, code, sheet.department):
        return say("ledgers.not_your_place")
    level = level_of(code)
    if sheet.level not in ("any", level):
        return say(f"ledgers.place_{sheet.level}")
    return ""


def _new_state(scope: Scope, sheet: Sheet, entry: Entry, state: str, fresh: bool) -> str:
    """Take the state that a row tells; only who may approve brings in what stands elsewhere than at the start."""
    if not state or state == entry.state:
        return ""
    if state not in sheet.states:
        return say("ledgers.no_such_state", state=state)
    if not fresh:
        return say("ledgers.state_by_move", state=sheet.states[entry.state].zh)
    if not scope.allows(APPROVE, entry.region_code, sheet.department):
        return say("ledgers.state_needs_right")
    entry.state = state
    return ""


def _refuse(sheet: Sheet, prepared: dict[int, Entry], outcome: Outcome) -> None:
    """Take out the rows that a check refuses."""
    if not prepared or not any(check.refuse for check in sheet.checks.values()):
        return
    names = checking.needed(sheet, refuse_only=True)
    around = Around.of(prepared.values())
    rows = rows_of(around, names, whole=len(prepared) > MANY)
    mine = {str(entry.pk) for entry in prepared.values() if entry.pk}
    rows[sheet.name] = [row for row in rows[sheet.name] if row["pk"] not in mine] + [
        row_of(f"row {position}", sheet.name, entry.region_code, entry.state, entry.state_since, entry.data)
        for position, entry in prepared.items()
    ]
    with checking.opened(today()) as tables:
        fill(tables, rows, names, around.county)
        hits = tables.hits(sheet, refuse=True, pks=[f"row {position}" for position in prepared])
    for hit in hits:
        position, check = int(hit.pk.removeprefix("row ")), sheet.checks[hit.check]
        prepared.pop(position, None)
        told = outcome.problems.setdefault(position, {})
        told[check.field] = "；".join(filter(None, (told.get(check.field), f"{hit.text}（{check.source}）")))


def _save(
    sheet: Sheet, prepared: dict[int, Entry], before: Mapping[int, tuple[Any, ...]], outcome: Outcome, why: str
) -> None:
    """Save entries and settle their money; those whose money cannot be settled are taken back."""
    positions = list(prepared)
    fresh = [prepared[position] for position in positions if not prepared[position].pk]
    fresh_ids = {id(entry) for entry in fresh}
    _insert(sheet, fresh)
    if sheet.money:
        unsettled = settle([prepared[position] for position in positions])
        for index, problem in unsettled.items():
            position = positions[index]
            entry = prepared.pop(position)
            outcome.problems[position] = {sheet.money.amount: problem}
            if id(entry) in fresh_ids:
                Entry.everything.filter(pk=entry.pk).delete()
    for position, entry in prepared.items():
        (outcome.added if id(entry) in fresh_ids else outcome.changed)[position] = entry
    if not prepared:
        return
    event = record(
        "ledgers.record", subject=("ledger", sheet.name), region_code=_common_place(list(prepared.values())), why=why,
        before={one.key: before[one.pk][2] for one in list(outcome.changed.values())[:20]} or None,
        after={"added": len(outcome.added), "changed": len(outcome.changed),
               "entries": {one.key: one.data for one in list(prepared.values())[:20]}},
    )  # fmt: skip
    _update(outcome.changed.values(), before, why, event.seq)


def _insert(sheet: Sheet, fresh: Sequence[Entry]) -> None:
    """Save new entries and give them their keys; many at once go past the ORM, which is slow by the cell."""
    if len(fresh) <= MANY:
        Entry.everything.bulk_create(fresh)
        return
    columns = [one for one in Entry._meta.concrete_fields if not one.primary_key]
    names = ", ".join(connection.ops.quote_name(one.column or "") for one in columns)
    plain = [(one.attname, isinstance(one, CharField | IntegerField | ForeignKey), one) for one in columns]
    rows = [
        [
            getattr(entry, name) if as_it_is else column.get_db_prep_save(getattr(entry, name), connection)
            for name, as_it_is, column in plain
        ]
        for entry in fresh
    ]
    with connection.cursor() as cursor:
        table, marks = connection.ops.quote_name(Entry._meta.db_table), ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
    there = Entry.everything.filter(sheet=sheet.name, county=fresh[0].county, withdrawn_on__isnull=True)
    keys = dict(there.values_list("key", "pk"))
    for entry in fresh:
        entry.pk = keys[entry.key]


def _update(entries: Any, before: Mapping[int, tuple[Any, ...]], why: str, event: int) -> None:
    changed = list(entries)
    versions = [version_of(one, before[one.pk], "change", why, event) for one in changed]
    for one in changed:
        one.revision += 1
    EntryVersion.everything.bulk_create(versions, batch_size=BATCH)
    Entry.everything.bulk_update(
        changed,
        ["region_code", "title", "due_on", "day", "amount", "parent", "other", "household_id", "person_id", "data",
         "revision"],
        batch_size=BATCH,
    )  # fmt: skip


def version_of(entry: Entry, before: tuple[Any, ...], action: str, why: str, event: int) -> EntryVersion:
    """What to keep of an entry as it was before an action."""
    return EntryVersion(
        entry=entry, region_code=entry.region_code, department=entry.department, revision=before[3], state=before[1],
        data=before[2], action=action, on=today(), by=current_actor().username, why=why, event=event,
    )  # fmt: skip


def _common_place(entries: Sequence[Entry]) -> str:
    places = {entry.region_code for entry in entries}
    return places.pop() if len(places) == 1 else entries[0].county.ljust(12, "0")
