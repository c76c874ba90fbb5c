"""A county's meeting 县级集中审定: many cases decided at once, each by its own choice, with its facts frozen.

The job goes through the list by hundreds, each hundred in a transaction of its own. A case that this very job decided
before it was killed is known by the job's number in the move: starting again decides nothing twice, leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from xianjie.web.cases.services import Wanted
from xianjie.web.clock import today
from xianjie.web.flows.definition import flow_by_key, load_flows
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import Work, enqueue

KIND, AT_ONCE, MOST_TOLD = "cases.decide", 100, 100


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
    flows = load_flows()[services.FLOW]
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
    scope, region, meeting = scope_of(work.job.owner), work.job.region_code, str(work.job.pk)
    problems: list[str] = []
    for start in range(0, len(decisions), AT_ONCE):
        some = decisions[start : start + AT_ONCE]
        problems += _decide(scope, some, region, meeting)
        done = start + len(some)
        work.progress(done, len(decisions), say("cases.meeting_progress", number=done))
    not_decided = len(problems)
    return {"decided": len(decisions) - not_decided, "not_decided": not_decided, "problems": problems[:MOST_TOLD]}


def _decide(scope: Scope, some: Sequence[Decision], region: str, meeting: str) -> list[str]:
    """Carry decisions out, all that can be in one transaction; what stood in the way of the others."""
    homes = dict(Case.everything.filter(pk__in=[one.case for one in some]).values_list("pk", "household_id"))
    before = CaseMove.everything.filter(case__in=homes, given__meeting=meeting)
    decided_before = set(before.values_list("case_id", flat=True))  # by this very job, before it was killed
    left = [one for one in some if one.case not in decided_before]
    facts = frozen_many([homes[one.case] for one in left], region)
    wanted, problems = [], {}
    for one in left:
        asked = _wanted(one, facts.get(homes[one.case], {}), meeting)
        if isinstance(asked, str):
            problems[one.case] = asked
        else:
            wanted.append(asked)
    problems |= {pk: _words(error) for pk, error in _moved(scope, wanted).items() if isinstance(error, Exception)}
    return [f"{homes[one.case]}：{problems[one.case]}" for one in left if one.case in problems]


def _wanted(one: Decision, known: dict[str, Any], meeting: str) -> Wanted | str:
    """The move that a decision asks for, or what it lacks."""
    by_rule = decided_by_rule(known)
    given = {**one.given, "meeting": meeting}
    if by_rule and given.get("kind", by_rule) != by_rule:
        if not one.reason.strip():
            return say("cases.other_than_rule")
        given["by_rule"] = by_rule
    holds = {name: (known.get("results") or {}).get(result) for name, result in WANTED.items()}
    return Wanted(one.case, one.action, one.seen, one.reason, given, holds, known)


def _moved(scope: Scope, wanted: Sequence[Wanted]) -> Mapping[int, Case | UserError | PermissionDenied]:
    """The moves at once; where the register refuses one of them, each by itself, so that the others are made."""
    try:
        return services.move_many(scope, wanted)
    except (UserError, PermissionDenied) as error:
        if len(wanted) == 1:
            return {wanted[0].case: error}
        return {pk: became for one in wanted for pk, became in _moved(scope, [one]).items()}


def _words(error: Exception) -> str:
    return say("cases.not_yours") if isinstance(error, PermissionDenied) else str(error)
