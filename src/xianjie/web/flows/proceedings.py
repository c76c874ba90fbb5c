"""What every proceeding 办件 that a flow drives keeps in the database: where it stands, its moves, its evidence.

An app derives three models from these (the moves' and evidence's foreign key is called `owner`) and names them once in
a `Kind`. Rights, audit events and effects stay with the app: here is only what follows from the flow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import models

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope, Scoped
from xianjie.web.audit.services import current_actor
from xianjie.web.clock import today
from xianjie.web.flows import engine
from xianjie.web.flows.definition import Action, Evidence, Flow, Step, evidence_kinds, flow_by_key
from xianjie.web.flows.engine import Move, Position
from xianjie.web.words import label


class Overtaken(UserError):
    """Somebody else has moved the proceeding since the page was opened; `moves` tells what they did."""

    def __init__(self, moves: list[Any]) -> None:
        self.moves = moves
        last = moves[-1]
        super().__init__("flows.overtaken", by=last.by_name or last.by, day=last.day, number=len(moves))


class Proceeding(Scoped):
    """Where a proceeding stands: what its moves add up to, kept so that lists can filter and sort by it."""

    flow = models.CharField(max_length=60)  # name@region@since: it ends by the rules it began with
    at = models.CharField(max_length=30)
    phase = models.CharField(max_length=30, blank=True)
    since = models.DateField()
    phase_since = models.DateField()
    over = models.BooleanField(default=False)
    due_on = models.DateField(null=True)
    due_sure = models.BooleanField(default=True)
    told_to = models.CharField(max_length=20, blank=True)  # the role that a late step has climbed to
    revision = models.IntegerField(default=0)  # the number of moves: who acts says which one they saw

    class Meta(Scoped.Meta):
        abstract = True


class ProceedingMove(Scoped):
    """One move; appended, never changed. `facts` freezes what a decision rests on."""

    region_field = "owner__region_code"

    number = models.IntegerField()
    action = models.CharField(max_length=30)
    step = models.CharField(max_length=30, blank=True)
    to = models.CharField(max_length=30)
    day = models.DateField()
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    evidence = models.JSONField(default=list)
    given = models.JSONField(default=dict)
    facts = models.JSONField(null=True)
    event = models.BigIntegerField()

    class Meta(Scoped.Meta):
        abstract = True

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("a move is never changed")
        super().save(*arguments, **options)


class ProceedingEvidence(Scoped):
    """Something shown for a step 佐证材料: names of visitors, a paper's file, a tick, a record."""

    region_field = "owner__region_code"

    kind = models.CharField(max_length=30)
    step = models.CharField(max_length=30)
    round = models.IntegerField()  # the revision when its step began: evidence of an earlier round is history
    content = models.JSONField(default=dict)
    file = models.CharField(max_length=200, blank=True)
    given_on = models.DateField()
    given_by = models.CharField(max_length=80)
    withdrawn_on = models.DateField(null=True)

    class Meta(Scoped.Meta):
        abstract = True


@dataclass(frozen=True)
class Kind:
    """A kind of proceeding: its three models, and the permission by which it is handled."""

    proceeding: type[Any]
    move: type[Any]
    evidence: type[Any]
    permission: str


def position_of(kind: Kind, one: Any) -> Position:
    """Where a proceeding stands, with all its moves in order."""
    moves = tuple(
        Move(row.action, row.step, row.to, row.day, row.by, row.role, row.reason, tuple(row.evidence), row.given)
        for row in kind.move.everything.filter(owner=one).exclude(step="").order_by("number")
    )
    return Position(one.flow, one.at, one.since, one.phase_since, moves, one.over)


def place(one: Any, flow: Flow, position: Position) -> None:
    """Put what the moves add up to into the columns; not saved."""
    one.at, one.since, one.phase_since, one.over = position.at, position.since, position.phase_since, position.over
    one.flow = flow.key
    one.phase = flow.steps[position.at].phase if not position.over else ""
    ticking = engine.clock(flow, position)
    one.due_on = ticking.due.day if ticking else None
    one.due_sure = ticking.due.sure if ticking else True
    one.told_to = engine.told_to(flow, position, today())


def append(kind: Kind, one: Any, action: str, step: str, to: str, event: int, **more: Any) -> Any:
    """Write a move down and count it."""
    actor = current_actor()
    one.revision += 1
    one.save()
    return kind.move.everything.create(
        owner=one, number=one.revision, action=action, step=step, to=to, by=actor.username, by_name=actor.name,
        event=event, **more,
    )  # fmt: skip


def check_seen(kind: Kind, one: Any, seen: int) -> None:
    """Raises `Overtaken` when somebody has moved it since the user looked."""
    if one.revision != seen:
        raise Overtaken(list(kind.move.everything.filter(owner=one, number__gt=seen).order_by("number")))


def advance(
    kind: Kind, scope: Scope, one: Any, action: str, *, reason: str, given: Mapping[str, Any],
    holds: Mapping[str, bool | None], day: date | None = None,
) -> tuple[Flow, Step, Move, Position]:  # fmt: skip
    """The move that a user makes and the position after it; nothing is written. Raises `Refused`."""
    flow, position = flow_by_key(one.flow), position_of(kind, one)
    if position.over:
        raise engine.Refused("flows.over")
    step = engine.step_of(flow, position)
    if action not in step.actions:
        raise engine.Refused("flows.not_here", step=label(step))
    made = Move(
        action, position.at, step.actions[action].to, day or today(), current_actor().username,
        role_for(kind, scope, one, step, action), reason, evidence_of(kind, one) if step.evidence else (), dict(given),
    )  # fmt: skip
    return flow, step, made, engine.advance(flow, position, made, holds)


def roles_of(kind: Kind, scope: Scope, one: Any) -> list[str]:
    """The roles that the user holds where the proceeding lies."""
    department = getattr(one, "department", "")
    return [
        held.role
        for held in scope.holding(kind.permission)
        if held.covers(one.region_code) and held.department in ("", department)
    ]


def role_for(kind: Kind, scope: Scope, one: Any, step: Step, action: str) -> str:
    """The role in which the user does an action here; the first they hold, to be refused, when none fits."""
    held = roles_of(kind, scope, one)
    return next((role for role in held if step.may(action, role)), held[0] if held else "")


def give_evidence(
    kind: Kind, scope: Scope, one: Any, evidence: str, content: Mapping[str, Any], file: str = ""
) -> ProceedingEvidence:
    """Keep a piece of evidence for the present step. Raises `UserError` when the step does not ask for it."""
    flow = flow_by_key(one.flow)
    if one.over or evidence not in flow.steps[one.at].evidence:
        raise UserError("flows.no_such_evidence", kind=evidence)
    if not set(roles_of(kind, scope, one)) & set(flow.steps[one.at].roles):
        words = label(evidence_kinds()[evidence])
        raise engine.Refused("flows.not_yours", action=words, step=label(flow.steps[one.at]))
    given: ProceedingEvidence = kind.evidence.everything.create(
        owner=one, kind=evidence, step=one.at, round=one.revision, content=dict(content), file=file, given_on=today(),
        given_by=current_actor().username,
    )  # fmt: skip
    return given


def evidence_now(kind: Kind, one: Any) -> list[Any]:
    """What was given since the proceeding came to its present step."""
    rows = kind.evidence.everything.filter(owner=one, step=one.at, round=one.revision, withdrawn_on__isnull=True)
    return list(rows.order_by("pk"))


def evidence_of(kind: Kind, one: Any) -> tuple[str, ...]:
    """The kinds of evidence that have been given in full since then."""
    return enough(evidence_now(kind, one))


def enough(rows: Iterable[Any]) -> tuple[str, ...]:
    """The kinds of evidence of which the rows hold as much as is asked for."""
    given: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        given.setdefault(row.kind, []).append(row.content)
    kinds = evidence_kinds()
    return tuple(name for name, contents in given.items() if _is_enough(kinds[name], contents))


def _is_enough(words: Evidence, contents: list[dict[str, Any]]) -> bool:
    if words.kind != "people":
        return len(contents) >= words.least
    names = {name.strip() for content in contents for name in content.get("names", ()) if name.strip()}
    return len(names) >= words.least


@dataclass
class Asked:
    """A piece of evidence that the present step asks for, and what was given of it."""

    kind: str
    words: Evidence
    given: list[Any] = field(default_factory=list)
    enough: bool = False


@dataclass
class Standing:
    """What a proceeding's page shows of the flow."""

    one: Any
    flow: Flow
    step: Step | None
    clock: engine.Clock | None
    actions: list[tuple[str, Action]]
    asked: list[Asked]
    moves: list[Any]
    earlier: list[Any]
    mine: bool


def standing(kind: Kind, scope: Scope, one: Any, holds: Mapping[str, bool | None]) -> Standing:
    """A proceeding with its flow, what may be done now and what was done; two queries."""
    flow = flow_by_key(one.flow)
    moves = list(kind.move.everything.filter(owner=one).order_by("-number"))
    position = Position(one.flow, one.at, one.since, one.phase_since, (), one.over)
    step = None if one.over else engine.step_of(flow, position)
    roles = roles_of(kind, scope, one)
    evidence = list(kind.evidence.everything.filter(owner=one, withdrawn_on__isnull=True).order_by("pk"))
    now = [row for row in evidence if row.step == one.at and row.round == one.revision]
    full, kinds = enough(now), evidence_kinds()
    offered = engine.offered(flow, position, roles, holds)
    return Standing(
        one=one,
        flow=flow,
        step=step,
        clock=engine.clock(flow, position),
        actions=[(name, step.actions[name]) for name in offered] if step else [],
        asked=[
            Asked(name, kinds[name], [row for row in now if row.kind == name], name in full)
            for name in (step.evidence if step else ())
        ],
        moves=moves,
        earlier=[row for row in evidence if row not in now],
        mine=bool(step and set(roles) & set(step.roles)),
    )


def way(found: Standing) -> list[dict[str, Any]]:
    """The flow's phases and steps for "you are here": done, here, ahead."""
    done = {move.step for move in found.moves}
    return [
        {
            "label": label(words),
            "here": found.one.phase == name,
            "steps": [
                {"label": label(step), "here": at == found.one.at, "done": at in done and at != found.one.at}
                for at, step in found.flow.steps.items()
                if step.phase == name
            ],
        }
        for name, words in found.flow.phases.items()
    ]


def climb_late(kind: Kind, rows: Any) -> list[Any]:
    """Those of `rows` (open, past their day, not told yet) whose lateness climbs today; their `told_to` is set."""
    climbed = []
    for one in rows.filter(over=False, due_on__lt=today(), told_to="").order_by("pk"):
        position = Position(one.flow, one.at, one.since, one.phase_since)
        role = engine.told_to(flow_by_key(one.flow), position, today())
        if role:
            one.told_to = role
            kind.proceeding.everything.filter(pk=one.pk, told_to="").update(told_to=role)
            climbed.append(one)
    return climbed
