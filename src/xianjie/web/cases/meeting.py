"""A county's meeting 县级集中审定: many cases decided at once, each by its own choice, with its facts frozen.

The job goes through the list case by case, each in a transaction of its own. A case that this very job decided
before it was killed is known by the job's number in the move: starting again decides nothing twice, leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from xianjie.messages import UserError, say
from xianjie.web.accounts.models import User
from xianjie.web.accounts.scope import Scope, scope_of
from xianjie.web.cases import services
from xianjie.web.cases.models import Case, CaseMove
from xianjie.web.cases.registering import decided_by_rule
from xianjie.web.cases.results import WANTED, frozen_many
from xianjie.web.clock import today
from xianjie.web.flows.definition import flow_by_key, load_flows
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import Work, enqueue

KIND, AT_ONCE = "cases.decide", 100


@dataclass
class Decision:
    """What the meeting decided of one case. `seen`: the revision that lay before it."""

    case: int
    seen: int
    action: str
    reason: str = ""
    given: dict[str, str] = field(default_factory=dict)


def deciding_steps(scope: Scope) -> list[str]:
    """The steps at which somebody with these roles decides: those that freeze their facts."""
    roles = {held.role for held in scope.holding(services.ACT)}
    flows = [flow for versions in load_flows().values() for flow in versions]
    return sorted(
        {name for flow in flows for name, step in flow.steps.items() if step.freezes and roles & set(step.roles)}
    )


def waiting_for_decision(scope: Scope) -> QuerySet[Case]:
    """The cases that wait for a decision of this user, by place."""
    rows = Case.objects.within(scope, services.ACT).filter(over=False, at__in=deciding_steps(scope))
    return rows.select_related("household").order_by("region_code", "due_on", "pk")


def call(scope: Scope, owner: User, region_code: str, decisions: Iterable[Decision]) -> Job:
    """Queue a meeting's decisions. Raises `UserError` when there is none, or one lacks the reason that it needs."""
    listed = list(decisions)
    if not listed:
        raise UserError("cases.nothing_decided")
    mine = {case.pk: case for case in waiting_for_decision(scope).filter(pk__in=[one.case for one in listed])}
    for one in listed:
        case = mine.get(one.case)
        if case is None:
            raise UserError("cases.not_waiting", number=one.case)
        action = flow_by_key(case.flow).steps[case.at].actions.get(one.action)
        if action is None:
            raise UserError("cases.not_waiting", number=one.case)
        if "reason" in action.needs and not one.reason.strip():
            raise UserError("cases.decision_lacks_reason", name=case.household.head_name, action=action.zh)
    title = say("cases.meeting_title", day=today(), number=len(listed))
    return enqueue(KIND, title=title, region_code=region_code, owner=owner, decisions=[asdict(one) for one in listed])


def decide_all(work: Work) -> dict[str, Any]:
    """The job: carry every decision out that still can be; tells of those that could not."""
    decisions = [Decision(**one) for one in work.arguments["decisions"]]
    scope, region = scope_of(work.job.owner), work.job.region_code
    counts = {"decided": 0, "not_decided": 0}
    problems: list[str] = []
    for start in range(0, len(decisions), AT_ONCE):
        some = decisions[start : start + AT_ONCE]
        cases = {case.pk: case for case in Case.everything.filter(pk__in=[one.case for one in some])}
        facts = frozen_many([case.household_id for case in cases.values()], region)
        for number, one in enumerate(some, start + 1):
            problem = _decide(scope, cases[one.case], one, facts, str(work.job.pk))
            counts["not_decided" if problem else "decided"] += 1
            if problem:
                problems.append(f"{cases[one.case].household_id}：{problem}")
            work.progress(number, len(decisions), say("cases.meeting_progress", number=number))
    return {**counts, "problems": problems[:AT_ONCE]}


def _decided_before(case: Case, one: Decision, meeting: str) -> bool:
    """Whether this very job has decided the case before it was killed."""
    made = CaseMove.everything.filter(case=case, number=one.seen + 1).first()
    return made is not None and made.given.get("meeting") == meeting


def _decide(scope: Scope, case: Case, one: Decision, facts: dict[str, dict[str, Any]], meeting: str) -> str:
    """Carry one decision out; what stands in its way, empty for nothing."""
    if case.revision != one.seen and _decided_before(case, one, meeting):
        return ""
    known = facts.get(case.household_id, {})
    by_rule = decided_by_rule(known)
    given = {**one.given, "meeting": meeting}
    if by_rule and given.get("kind", by_rule) != by_rule:
        if not one.reason.strip():
            return say("cases.other_than_rule")
        given["by_rule"] = by_rule
    holds = {name: (known.get("results") or {}).get(result) for name, result in WANTED.items()}
    try:
        services.move(
            scope, case.pk, one.action, seen=one.seen, reason=one.reason, given=given, holds=holds, facts=known
        )
    except UserError as error:
        return str(error)
    except PermissionDenied:
        return say("cases.not_yours")
    return ""
