"""Opening a case, giving evidence, moving it. Every move goes through `flows.engine.advance`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.cases import registering
from xianjie.web.cases.deliberation import conditions
from xianjie.web.cases.models import Case, CaseEvidence, CaseMove
from xianjie.web.clock import today
from xianjie.web.flows import engine
from xianjie.web.flows.definition import Flow, evidence_kinds, flow_by_key, flow_for
from xianjie.web.flows.engine import Move, Position
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import Household
from xianjie.web.words import label

FLOW = "monitoring_case"
ACT = "cases.act"
FROM_THE_PLAN = ("helper_named", "risks_covered")  # evidence that follows from the saved plan, never given by hand


class Overtaken(UserError):
    """Somebody else has moved the case since the page was opened; `moves` tells what they did."""

    def __init__(self, moves: list[CaseMove]) -> None:
        self.moves = moves
        last = moves[-1]
        super().__init__("cases.overtaken", by=last.by_name or last.by, day=last.day, number=len(moves))


def position_of(case: Case) -> Position:
    """Where a case stands, with all its moves in order."""
    moves = tuple(
        Move(one.action, one.step, one.to, one.day, one.by, one.role, one.reason, tuple(one.evidence), one.given)
        for one in CaseMove.everything.filter(case=case).order_by("number")
        if one.action not in ("open", "reopen")
    )
    return Position(case.flow, case.at, case.since, case.phase_since, moves, case.over)


def _must_allow(scope: Scope, region_code: str) -> None:
    if not scope.allows(ACT, region_code):
        raise PermissionDenied


@transaction.atomic
def open_case(scope: Scope, household: Household, *, why: str, day: date | None = None) -> Case:
    """The household's case, begun or begun again 建案. Raises `UserError` when one is open already."""
    _must_allow(scope, household.region_code)
    day = day or today()
    case = Case.everything.select_for_update().filter(household=household).first()
    if case is not None:
        if not case.over:
            raise UserError("cases.already_open", household=household.household_id)
        flow = flow_by_key(case.flow)
        position = engine.reopen(flow, position_of(case), day)
        before = {"at": case.at}
        _place(case, flow, position)
        _append(case, "reopen", before["at"], position.at, day, "", why, before=before)
        return case
    flow = flow_for(FLOW, household.region_code, day)
    position = engine.begin(flow, day)
    case = Case(household=household, region_code=household.region_code, flow=flow.key, opened_on=day)
    _place(case, flow, position, save=False)
    case.save()
    _append(case, "open", "", position.at, day, "", why, before=None)
    return case


def _place(case: Case, flow: Flow, position: Position, save: bool = True) -> None:
    """Put what the moves add up to into the case's columns."""
    case.at, case.since, case.phase_since, case.over = position.at, position.since, position.phase_since, position.over
    case.phase = flow.steps[position.at].phase if not position.over else ""
    ticking = engine.clock(flow, position)
    case.due_on = ticking.due.day if ticking else None
    case.due_sure = ticking.due.sure if ticking else True
    case.told_to = engine.told_to(flow, position, today())
    if save:
        case.save()


def _append(
    case: Case, action: str, step: str, to: str, day: date, role: str, reason: str, before: Any, **more: Any
) -> CaseMove:
    actor = current_actor()
    event = record(
        f"cases.{action}",
        subject=("case", str(case.pk)),
        region_code=case.region_code,
        why=reason,
        before=before,
        after={"at": to, "household": case.household_id, **{name: more[name] for name in ("given",) if name in more}},
    )
    case.revision += 1
    Case.everything.filter(pk=case.pk).update(revision=case.revision)
    return CaseMove.everything.create(
        case=case, number=case.revision, action=action, step=step, to=to, day=day, by=actor.username,
        by_name=actor.name, role=role, reason=reason, event=event.seq, **more,
    )  # fmt: skip


@transaction.atomic
def move(
    scope: Scope,
    case_id: int,
    action: str,
    *,
    seen: int,
    reason: str = "",
    given: Mapping[str, str] | None = None,
    holds: Mapping[str, bool | None] | None = None,
    facts: Any = None,
) -> Case:
    """Move a case by one action of its flow. `seen`: the revision on which the user decided.

    Raises `Overtaken` when somebody moved it meanwhile, `Refused` when the flow does not allow it.
    """
    case = Case.everything.select_for_update().get(pk=case_id)
    _must_allow(scope, case.region_code)
    if case.revision != seen:
        raise Overtaken(list(CaseMove.everything.filter(case=case, number__gt=seen).order_by("number")))
    flow, position = flow_by_key(case.flow), position_of(case)
    if position.over:
        raise engine.Refused("flows.over")
    step = engine.step_of(flow, position)
    if action not in step.actions:
        raise engine.Refused("flows.not_here", step=label(step))
    made = Move(
        action, position.at, step.actions[action].to, today(), current_actor().username,
        role_for(scope, flow, position, action, case.region_code), reason,
        evidence_of(case) if step.evidence else (), dict(given or {}),
    )  # fmt: skip
    own = conditions(case) if step.actions[action].when else {}
    after = engine.advance(flow, position, made, {**(holds or {}), **own})
    before = {"at": case.at, "since": case.since}
    if made.given.get("kind"):
        case.kind = made.given["kind"]
    _place(case, flow, after)
    frozen = facts if step.freezes else None
    kept = _append(
        case, action, made.step, made.to, made.day, made.role, reason, before,
        evidence=list(made.evidence), given=dict(made.given), facts=frozen,
    )  # fmt: skip
    registering.write(scope, case, flow, kept)
    return case


def role_for(scope: Scope, flow: Flow, position: Position, action: str, region_code: str) -> str:
    """The role in which the user does an action here; the first they hold, to be refused, when none fits."""
    held = [one.role for one in scope.holding(ACT) if one.covers(region_code)]
    step = engine.step_of(flow, position)
    return next((role for role in held if step.may(action, role)), held[0] if held else "")


def evidence_of(case: Case) -> tuple[str, ...]:
    """The kinds of evidence that have been given in full since the case came to its step."""
    given: dict[str, list[dict[str, Any]]] = {}
    rows = CaseEvidence.everything.filter(case=case, step=case.at, round=case.revision, withdrawn_on__isnull=True)
    for row in rows.order_by("pk"):
        given.setdefault(row.kind, []).append(row.content)
    kinds = evidence_kinds()
    return tuple(kind for kind, contents in given.items() if _enough(kinds[kind].kind, kinds[kind].least, contents))


def _enough(how: str, least: int, contents: list[dict[str, Any]]) -> bool:
    if how != "people":
        return len(contents) >= least
    names = {name.strip() for content in contents for name in content.get("names", ()) if name.strip()}
    return len(names) >= least


@transaction.atomic
def give_evidence(
    scope: Scope, case_id: int, kind: str, content: Mapping[str, Any], *, seen: int, file: str = ""
) -> CaseEvidence:
    """Keep a piece of evidence for the step at which the case stands. Raises as `move` does."""
    case = Case.everything.select_for_update().get(pk=case_id)
    _must_allow(scope, case.region_code)
    if case.revision != seen:
        raise Overtaken(list(CaseMove.everything.filter(case=case, number__gt=seen).order_by("number")))
    flow = flow_by_key(case.flow)
    if case.over or kind not in flow.steps[case.at].evidence:
        raise UserError("cases.no_such_evidence", kind=kind)
    if kind in FROM_THE_PLAN:
        raise UserError("planning.from_the_plan", evidence=label(evidence_kinds()[kind]))
    held = {one.role for one in scope.holding(ACT) if one.covers(case.region_code)}
    if not held & set(flow.steps[case.at].roles):
        raise engine.Refused("flows.not_yours", action=label(evidence_kinds()[kind]), step=label(flow.steps[case.at]))
    given = CaseEvidence.everything.create(
        case=case, kind=kind, step=case.at, round=case.revision, content=dict(content), file=file, given_on=today(),
        given_by=current_actor().username,
    )  # fmt: skip
    record("cases.evidence", subject=("case", str(case.pk)), region_code=case.region_code, after={"kind": kind})
    return given


def climb_late(region_code: str = "") -> int:
    """Tell the level above of every case (of an area) that is late today and was not told yet; gives their number."""
    climbed = 0
    late = Case.everything.filter(over=False, due_on__lt=today(), told_to="").order_by("pk")
    if region_code:
        low, high = area_of(region_code)
        late = late.filter(region_code__gte=low, region_code__lt=high)
    for case in late:
        flow = flow_by_key(case.flow)
        role = engine.told_to(flow, Position(case.flow, case.at, case.since, case.phase_since), today())
        if role:
            with transaction.atomic():
                Case.everything.filter(pk=case.pk, told_to="").update(told_to=role)
                record("cases.late", subject=("case", str(case.pk)), region_code=case.region_code,
                       after={"at": case.at, "due_on": case.due_on, "told_to": role})  # fmt: skip
            climbed += 1
    return climbed
