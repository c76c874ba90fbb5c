"""The life of an entry: moves from state to state, changes, and the withdrawal of what was a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404

from xianjie.messages import UserError, say
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.flows.working_days import after
from xianjie.web.ledgers.declaration import Move, Sheet, sheets
from xianjie.web.ledgers.linking import CHANGE
from xianjie.web.ledgers.models import Entry, EntryVersion, Flag
from xianjie.web.ledgers.money import settle
from xianjie.web.ledgers.recording import APPROVE, Outcome, Row, record_rows, set_columns, version_of
from xianjie.web.ledgers.values import pack, unpack

VIEW = "ledgers.view"


def offered(scope: Scope, entry: Entry) -> dict[str, Move]:
    """The moves that this user may make of an entry now."""
    if entry.withdrawn_on:
        return {}
    moves = sheets()[entry.sheet].moves
    return {name: move for name, move in moves.items() if entry.state in move.from_ and may(scope, move, entry)}


def may(scope: Scope, move: Move, entry: Entry) -> bool:
    """Whether somebody may make this move: the right to record or to approve here, held in one of its roles."""
    permission = APPROVE if move.approve else CHANGE
    return any(
        held.covers(entry.region_code) and held.department in ("", entry.department)
        and (not move.roles or held.role in move.roles)
        for held in scope.holding(permission)
    )  # fmt: skip


def locked(scope: Scope, pk: int, seen: int) -> Entry:
    """The entry, locked for a change. Raises `Http404` outside the scope, `UserError` when it has changed meanwhile."""
    found: Entry | None = (
        Entry.objects.within(scope, VIEW)
        .select_for_update(of=("self",))
        .filter(pk=pk, withdrawn_on__isnull=True)
        .first()
    )
    if found is None:
        raise Http404
    if found.revision != seen:
        raise UserError("ledgers.changed_meanwhile")
    return found


@transaction.atomic
def make_move(scope: Scope, pk: int, name: str, values: Mapping[str, Any], *, seen: int, why: str = "") -> Entry:
    """Move an entry on. Raises `UserError` for what is missing or not due yet, `PermissionDenied` without the right."""
    entry = locked(scope, pk, seen)
    sheet = sheets()[entry.sheet]
    move = sheet.moves.get(name)
    if move is None or entry.state not in move.from_:
        raise UserError("ledgers.not_here", state=sheet.states[entry.state].zh)
    if not may(scope, move, entry):
        raise PermissionDenied
    before = (entry.region_code, entry.state, dict(entry.data), entry.revision)
    told = {
        **unpack(sheet, entry.data),
        **{key: value for key, value in values.items() if key in (*move.ask, *move.offer)},
    }
    _ready(sheet, move, told, why)
    entry.data = pack(sheet, told)
    entry.state, entry.state_since = move.to, today()
    entry.revision += 1
    set_columns(sheet, entry)
    entry.save()
    if problems := settle([entry]):
        raise UserError("ledgers.refused", problems=problems[0])
    event = record(
        "ledgers.move", subject=("entry", str(entry.pk)), region_code=entry.region_code, why=why,
        before={"state": before[1], **before[2]}, after={"move": name, "state": entry.state, **entry.data},
    )  # fmt: skip
    version_of(entry, before, name, why, event.seq).save()
    return entry


def _ready(sheet: Sheet, move: Move, told: Mapping[str, Any], why: str) -> None:
    """Whether everything that a move asks for is there. Raises `UserError` otherwise."""
    if missing := [sheet.fields[name].zh for name in move.ask if told.get(name) in (None, "")]:
        raise UserError("ledgers.move_needs", move=move.zh, what="、".join(missing))
    if move.reason and not why.strip():
        raise UserError("ledgers.move_needs_reason", move=move.zh)
    if move.wait:
        since = told.get(move.wait.since)
        if not isinstance(since, date):
            raise UserError("ledgers.move_needs", move=move.zh, what=sheet.fields[move.wait.since].zh)
        until = after(since, move.wait.least).day
        if today() < until:
            raise UserError("ledgers.too_early", move=move.zh, until=until)


def change(scope: Scope, pk: int, values: Mapping[str, Any], place: str, *, seen: int, why: str) -> Outcome:
    """Put an entry's values right; the key stays. Its problems stand in the outcome."""
    with transaction.atomic():
        entry = locked(scope, pk, seen)
        if not scope.allows(CHANGE, entry.region_code, entry.department):
            raise PermissionDenied
        sheet = sheets()[entry.sheet]
        row = Row({**values, sheet.key: entry.key}, place or entry.region_code)
        return record_rows(scope, sheet, entry.county, [row], why=why)


@transaction.atomic
def withdraw(scope: Scope, pk: int, *, seen: int, why: str) -> Entry:
    """Take back an entry that was a mistake: it stays to be read, counts nowhere, and its money is undone.

    Raises `UserError` when others hang on it.
    """
    entry = locked(scope, pk, seen)
    if not scope.allows(CHANGE, entry.region_code, entry.department):
        raise PermissionDenied
    if not why.strip():
        raise UserError("ledgers.move_needs_reason", move=say("ledgers.withdrawal"))
    hanging = Entry.everything.filter(withdrawn_on__isnull=True)
    if hanging.filter(parent=entry).exists() or hanging.filter(other=entry).exists():
        raise UserError("ledgers.others_hang_on_it")
    before = (entry.region_code, entry.state, dict(entry.data), entry.revision)
    entry.withdrawn_on = today()
    entry.revision += 1
    entry.flags = 0
    entry.save()
    if problems := settle([entry]):
        raise UserError("ledgers.refused", problems=problems[0])
    Flag.everything.filter(entry=entry, gone_on__isnull=True).update(gone_on=today())
    event = record("ledgers.withdraw", subject=("entry", str(entry.pk)), region_code=entry.region_code, why=why,
                   before=before[2])  # fmt: skip
    version_of(entry, before, "withdraw", why, event.seq).save()
    return entry


def history(entry: Entry) -> list[EntryVersion]:
    """What was done to an entry, newest first; for callers that were given it within their scope."""
    return list(EntryVersion.everything.filter(entry=entry).order_by("-revision"))
