"""Opening a case, giving evidence, moving it. Every move goes through `flows.engine.advance`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import Entry, current_actor, record, record_many
from xianjie.web.cases import registering
from xianjie.web.cases.deliberation import conditions
from xianjie.web.cases.models import Case, CaseEvidence, CaseMove
from xianjie.web.clock import today
from xianjie.web.flows import engine
from xianjie.web.flows.definition import Flow, evidence_kinds, flow_by_key, flow_for
from xianjie.web.flows.engine import Move, Position
from xianjie.web.flows.proceedings import Overtaken, enough, place
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import Household
from xianjie.web.words import label

FLOW = "monitoring_case"
ACT = "cases.act"
BEGINNINGS = ("open", "reopen", "adopt")  # moves that no flow declares: a case begins
FROM_THE_PLAN = ("helper_named", "risks_covered")  # evidence that follows from the saved plan, never given by hand


def position_of(case: Case) -> Position:
    """Where a case stands, with all its moves in order."""
    return position_by(case, CaseMove.everything.filter(case=case).defer("facts").order_by("number"))


def position_by(case: Case, made: Iterable[CaseMove]) -> Position:
    """Where a case stands by its moves, which are given in order."""
    moves = tuple(
        Move(one.action, one.step, one.to, one.day, one.by, one.role, one.reason, tuple(one.evidence), one.given)
        for one in made
        if one.action not in BEGINNINGS
    )
    return Position(case.flow, case.at, case.since, case.phase_since, moves, case.over)


def under_way(case: Case) -> bool:
    """Whether somebody works on the case: it is neither over nor merely watched."""
    return not case.over and not flow_by_key(case.flow).steps[case.at].rests


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
        place(case, flow, position)
        case.save()
        _append(case, "reopen", position.at, day, why, before)
        return case
    flow = flow_for(FLOW, household.region_code, day)
    position = engine.begin(flow, day)
    case = Case(household=household, region_code=household.region_code, flow=flow.key, opened_on=day)
    place(case, flow, position)
    case.save()
    _append(case, "open", position.at, day, why, None)
    return case


def _append(case: Case, action: str, to: str, day: date, why: str, before: Any) -> CaseMove:
    """The move by which a case begins or begins again."""
    case.revision += 1
    Case.everything.filter(pk=case.pk).update(revision=case.revision)
    made = CaseMove(case=case, number=case.revision, action=action, step=(before or {}).get("at", ""), to=to, day=day,
                    reason=why)  # fmt: skip
    return _keep([made], [before])[0]


def _keep(made: Sequence[CaseMove], before: Sequence[Any]) -> list[CaseMove]:
    """Save moves with the events that tell them, by two statements."""
    actor = current_actor()
    events = record_many(
        [
            Entry(
                f"cases.{one.action}", ("case", str(one.case_id)), one.case.region_code, one.reason, was,
                {"at": one.to, "household": one.case.household_id, **({"given": one.given} if one.given else {})},
            )
            for one, was in zip(made, before, strict=True)
        ]
    )  # fmt: skip
    for one, event in zip(made, events, strict=True):
        one.by, one.by_name, one.event = actor.username, actor.name, event.seq
    return CaseMove.everything.bulk_create(made)


@dataclass(frozen=True)
class Wanted:
    """A move that somebody asks for. `seen`: the revision on which they decided; `holds`: the policy's results."""

    case: int
    action: str
    seen: int
    reason: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    holds: Mapping[str, bool | None] = field(default_factory=dict)
    facts: Any = None


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
    became = move_many(scope, [Wanted(case_id, action, seen, reason, given or {}, holds or {}, facts)])[case_id]
    if isinstance(became, Exception):
        raise became
    return became


@transaction.atomic
def move_many(scope: Scope, wanted: Sequence[Wanted]) -> dict[int, Case | UserError | PermissionDenied]:
    """Move cases, each by an action of its own, by as many statements as for one: case → it, or what stands in its way.

    Those that cannot be moved stay as they are; the others are moved all or none.
    """
    asked = {one.case: one for one in wanted}
    cases = {case.pk: case for case in Case.everything.select_for_update().filter(pk__in=asked).order_by("pk")}
    moves: dict[int, list[CaseMove]] = {pk: [] for pk in asked}
    for made in CaseMove.everything.filter(case__in=cases.values()).defer("facts").order_by("case", "number"):
        moves[made.case_id].append(made)
    proved = evidence_of_many(cases.values())
    became: dict[int, Case | UserError | PermissionDenied] = {}
    fresh: list[CaseMove] = []
    before: list[dict[str, Any]] = []
    for pk, one in asked.items():
        try:
            case = cases.get(pk)
            if case is None:
                raise PermissionDenied
            before_this = {"at": case.at, "since": case.since}
            fresh.append(_moved(scope, case, moves[pk], one, proved.get(pk, ())))
            before.append(before_this)
            became[pk] = case
        except (UserError, PermissionDenied) as error:
            became[pk] = error
    kept = _keep(fresh, before)
    Case.everything.bulk_create(
        [one.case for one in kept], update_conflicts=True, unique_fields=["id"], update_fields=PLACED
    )
    registering.write(scope, kept, moves)
    return became


PLACED = ("at", "since", "phase_since", "over", "phase", "due_on", "due_sure", "told_to", "kind", "revision")


def _moved(scope: Scope, case: Case, moves: list[CaseMove], one: Wanted, proved: tuple[str, ...]) -> CaseMove:
    """The move that is asked for, checked by the flow, and the case placed by it; nothing is saved."""
    _must_allow(scope, case.region_code)
    if case.revision != one.seen:
        raise Overtaken([made for made in moves if made.number > one.seen])
    flow, position = flow_by_key(case.flow), position_by(case, moves)
    if position.over:
        raise engine.Refused("flows.over")
    step = engine.step_of(flow, position)
    if one.action not in step.actions:
        raise engine.Refused("flows.not_here", step=label(step))
    role = role_for(scope, flow, position, one.action, case.region_code)
    made = Move(
        one.action, position.at, step.actions[one.action].to, today(), current_actor().username, role, one.reason,
        proved if step.evidence else (), dict(one.given),
    )  # fmt: skip
    own = conditions(case) if step.actions[one.action].when else {}
    after = engine.advance(flow, position, made, {**one.holds, **own})
    if made.given.get("kind"):
        case.kind = made.given["kind"]
    place(case, flow, after)
    case.revision += 1
    return CaseMove(
        case=case, number=case.revision, action=made.action, step=made.step, to=made.to, day=made.day, role=role,
        reason=made.reason, evidence=list(made.evidence), given=dict(made.given),
        facts=one.facts if step.freezes else None,
    )  # fmt: skip


def is_mine(scope: Scope, case: Case) -> bool:
    """Whether the case stands at a step of the user's."""
    if case.over:
        return False
    held = {one.role for one in scope.holding(ACT) if one.covers(case.region_code)}
    return bool(held & set(flow_by_key(case.flow).steps[case.at].roles))


def role_for(scope: Scope, flow: Flow, position: Position, action: str, region_code: str) -> str:
    """The role in which the user does an action here; the first they hold, to be refused, when none fits."""
    held = [one.role for one in scope.holding(ACT) if one.covers(region_code)]
    step = engine.step_of(flow, position)
    return next((role for role in held if step.may(action, role)), held[0] if held else "")


def evidence_of(case: Case) -> tuple[str, ...]:
    """The kinds of evidence that have been given in full since the case came to its step."""
    return evidence_of_many([case]).get(case.pk, ())


def evidence_of_many(cases: Iterable[Case]) -> dict[int, tuple[str, ...]]:
    """Case → the kinds of evidence given in full since it came to its step; one query."""
    here = {case.pk: (case.at, case.revision) for case in cases}
    given: dict[int, list[CaseEvidence]] = {}
    rows = CaseEvidence.everything.filter(case__in=list(here), withdrawn_on__isnull=True).order_by("pk")
    for row in rows:
        if (row.step, row.round) == here[row.case_id]:
            given.setdefault(row.case_id, []).append(row)
    return {pk: enough(rows) for pk, rows in given.items()}


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
    if not is_mine(scope, case):
        raise engine.Refused("flows.not_yours", action=label(evidence_kinds()[kind]), step=label(flow.steps[case.at]))
    given = CaseEvidence.everything.create(
        case=case, kind=kind, step=case.at, round=case.revision, content=dict(content), file=file, given_on=today(),
        given_by=current_actor().username,
    )  # fmt: skip
    record("cases.evidence", subject=("case", str(case.pk)), region_code=case.region_code, after={"kind": kind})
    return given


@transaction.atomic
def see_to_news(scope: Scope, case_id: int, text: str, *, seen: date) -> None:
    """Say what was done about what was newly found of a case. Raises `UserError` when more was found since."""
    case = Case.everything.select_for_update().get(pk=case_id)
    _must_allow(scope, case.region_code)
    if case.news_on is None:
        raise UserError("cases.no_news")
    if case.news_on != seen:
        raise UserError("cases.more_news", day=case.news_on)
    before = {"news_on": case.news_on}
    Case.everything.filter(pk=case.pk).update(news_on=None)
    record("cases.news", subject=("case", str(case.pk)), region_code=case.region_code, why=text, before=before)


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
