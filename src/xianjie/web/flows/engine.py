"""One step of one case: what may be done, what is refused, and what is due when. No database, no clock.

A `Position` is what the events of a case add up to. `advance` gives the next one or raises `Refused`; nothing else
moves a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from xianjie.messages import UserError
from xianjie.web.flows.definition import Flow, Limit, Step, evidence_kinds
from xianjie.web.flows.working_days import Due, after


class Refused(UserError):
    """The flow does not allow this; the sentence says why and what is missing."""


@dataclass(frozen=True)
class Move:
    """One event of a case: who did what on which day, with which reason and evidence."""

    action: str
    step: str
    to: str
    day: date
    by: str
    role: str
    reason: str = ""
    evidence: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)  # kind, manner …


@dataclass(frozen=True)
class Position:
    """Where a case stands, since when, and since when its phase runs; `over` at an end."""

    flow: str
    at: str
    since: date
    phase_since: date
    moves: tuple[Move, ...] = ()
    over: bool = False


def begin(flow: Flow, day: date) -> Position:
    """A fresh case at the flow's first step."""
    return Position(flow.key, flow.start, day, day)


def step_of(flow: Flow, position: Position) -> Step:
    """The step of a case that is not over."""
    return flow.steps[position.at]


def offered(flow: Flow, position: Position, roles: Iterable[str], holds: Mapping[str, bool | None]) -> list[str]:
    """The actions that somebody with these roles may choose now; `holds`: results of the policy by name."""
    if position.over:
        return []
    step = step_of(flow, position)
    return [
        name
        for name, action in step.actions.items()
        if any(step.may(name, role) for role in roles) and (not action.when or holds.get(action.when) is True)
    ]


def advance(
    flow: Flow,
    position: Position,
    move: Move,
    holds: Mapping[str, bool | None] | None = None,
    folders: tuple[Path, ...] = (),
) -> Position:
    """The case after a move. Raises `Refused` naming what is not allowed or what is missing."""
    if position.over:
        raise Refused("flows.over")
    step = step_of(flow, position)
    action = step.actions.get(move.action)
    if move.step != position.at or action is None or move.to != action.to:
        raise Refused("flows.not_here", step=step.zh)
    if not step.may(move.action, move.role):
        raise Refused("flows.not_yours", action=action.zh, step=step.zh)
    if move.day < position.since:
        raise Refused("flows.before", day=move.day, since=position.since)
    if action.when and (holds or {}).get(action.when) is not True:
        raise Refused("flows.not_due", action=action.zh)
    if "reason" in action.needs and not move.reason.strip():
        raise Refused("flows.no_reason", action=action.zh)
    if absent := [need for need in action.needs if need != "reason" and not move.given.get(need)]:
        raise Refused("flows.not_given", action=action.zh, what="、".join(absent))
    if not action.back and not action.bare:
        _forward(step, move, position, folders)
    return _moved(flow, position, move, step)


def _forward(step: Step, move: Move, position: Position, folders: tuple[Path, ...]) -> None:
    """Going on asks for the step's evidence and for its waiting time; turning back does not."""
    if lacking := [kind for kind in step.evidence if kind not in move.evidence]:
        raise Refused(
            "flows.no_evidence", step=step.zh, evidence="、".join(evidence_kinds(folders)[kind].zh for kind in lacking)
        )
    if step.wait and move.day < (until := after(position.since, step.wait, folders)).day:
        raise Refused("flows.too_early", step=step.zh, until=until.day)


def _moved(flow: Flow, position: Position, move: Move, step: Step) -> Position:
    over = move.to in flow.ends
    same_phase = not over and flow.steps[move.to].phase == step.phase
    return replace(
        position,
        at=move.to,
        since=move.day,
        phase_since=position.phase_since if same_phase else move.day,
        moves=(*position.moves, move),
        over=over,
    )


def reopen(flow: Flow, position: Position, day: date) -> Position:
    """The same case begun again after an end that allows it. Raises `Refused` otherwise."""
    if not position.over or not flow.ends[position.at].reopens:
        raise Refused("flows.not_reopened")
    return replace(position, at=flow.start, since=day, phase_since=day, over=False)


@dataclass(frozen=True)
class Clock:
    """When a step, or its phase, is due and by which number."""

    due: Due
    limit: Limit
    whole_phase: bool = False


def clock(flow: Flow, position: Position, folders: tuple[Path, ...] = ()) -> Clock | None:
    """What is due first: the step's own limit or its phase's; None at rest and at an end."""
    if position.over or step_of(flow, position).rests:
        return None
    step = step_of(flow, position)
    clocks = []
    if step.limit:
        clocks.append(Clock(after(position.since, step.limit, folders), step.limit))
    if step.phase in flow.limits:
        limit = flow.limits[step.phase]
        clocks.append(Clock(after(position.phase_since, limit, folders), limit, whole_phase=True))
    return min(clocks, key=lambda ticking: ticking.due.day, default=None)


def told_to(flow: Flow, position: Position, day: date, folders: tuple[Path, ...] = ()) -> str:
    """The role to which a late case has climbed on `day`; empty while it is in time."""
    ticking = clock(flow, position, folders)
    return ticking.limit.escalate if ticking and day > ticking.due.day else ""
