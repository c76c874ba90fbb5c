"""The policy list 政策清单: existing policies classed; none ends before what takes its place is in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.cases.models import Case
from xianjie.web.clock import today
from xianjie.web.supervision.areas import MANAGE, VIEW, at_or_above, home_of
from xianjie.web.supervision.declared import days
from xianjie.web.supervision.task_models import Policy, Task
from xianjie.web.supervision.tasks import UNNAMED, tasks, with_state

PLAIN = ("title", "number", "kind", "department", "begins_on", "planned_end", "transition_to", "note")


def policies(scope: Scope, permission: str = VIEW) -> QuerySet[Policy]:
    """The policies that a user reads: of their areas and of the regions above."""
    return Policy.everything.filter(at_or_above(scope, permission)).select_related("successor")


def policy_list(scope: Scope, wanted: Mapping[str, Any]) -> QuerySet[Policy]:
    """Policies by class, words and state."""
    rows = policies(scope)
    if words := wanted.get("q"):
        rows = rows.filter(Q(title__contains=words) | Q(number__contains=words))
    if wanted.get("kind"):
        rows = rows.filter(kind=wanted["kind"])
    now, over = today(), Q(ends_on__lt=today())
    match wanted.get("state") or "":
        case "now":
            return rows.exclude(over).exclude(begins_on__gt=now)
        case "ended":
            return rows.filter(over)
        case "future":
            return rows.filter(begins_on__gt=now)
        case "soon":
            return running_out(rows)
        case _:
            return rows


def running_out(rows: QuerySet[Policy]) -> QuerySet[Policy]:
    """Policies in force that run out soon: by decision, by their own document, or with the transition."""
    last = today() + timedelta(days=days("runs_out_days"))
    neither = Q(planned_end=None, transition_to=None)
    lapses = Q(planned_end=None) | Q(planned_end__lte=last), Q(transition_to=None) | Q(transition_to__lte=last)
    soon = Q(ends_on__lte=last) | (Q(*lapses, ends_on=None) & ~neither)
    return rows.filter(soon).exclude(ends_on__lt=today())


def runs_out_on(policy: Policy) -> date | None:
    """The day after which a policy holds no more, as far as it is known."""
    if policy.ends_on:
        return policy.ends_on
    known = [one for one in (policy.planned_end, policy.transition_to) if one]
    return max(known) if known else None


def followed(policy: Policy) -> bool:
    """Whether what takes its place is in force the day after it runs out (today, when it has no end)."""
    end = runs_out_on(policy)
    return policy.successor is not None and in_force(policy.successor, end + timedelta(days=1) if end else today())


def in_force(policy: Policy, day: date) -> bool:
    """Whether a policy holds on a day."""
    begun = policy.begins_on is not None and policy.begins_on <= day
    end = runs_out_on(policy)
    return begun and not (end and end < day)


@transaction.atomic
def save_policy(scope: Scope, given: Mapping[str, Any], policy: Policy | None = None) -> Policy:
    """Record a policy, or change one. Raises `UserError` for dates in the wrong order and a circle of successors."""
    place = policy.region_code if policy else home_of(scope, MANAGE)
    if not place or not scope.allows(MANAGE, place):
        raise PermissionDenied
    made = policy or Policy(region_code=place)
    before = _plain(made) if policy else None
    for name in PLAIN:
        setattr(made, name, given[name])
    made.successor = policies(scope, MANAGE).filter(pk=given["successor"]).first() if given["successor"] else None
    _check(made)
    made.save()
    record("supervision.policy", subject=("policy", str(made.pk)), region_code=place, before=before, after=_plain(made))
    return made


def _check(policy: Policy) -> None:
    for name in ("ends_on", "planned_end", "transition_to"):
        last = getattr(policy, name)
        if last and policy.begins_on and last < policy.begins_on:
            raise UserError("supervision.ends_before", title=policy.title)
    if policy.ends_on and not followed(policy):
        raise UserError("supervision.no_successor", title=policy.title, day=policy.ends_on)
    one, seen = policy.successor, {policy.pk}
    while one is not None:
        if one.pk in seen:
            raise UserError("supervision.policy_circle", title=policy.title)
        seen.add(one.pk)
        one = one.successor


@transaction.atomic
def end_policy(scope: Scope, policy: Policy, ends_on: date, why: str) -> Policy:
    """End an old policy. Raises `UserError` unless its successor is in force the day after (新政策出台前旧政策不退)."""
    if not scope.allows(MANAGE, policy.region_code):
        raise PermissionDenied
    before = _plain(policy)
    policy.ends_on = ends_on
    _check(policy)
    policy.save()
    record("supervision.policy_ended", subject=("policy", str(policy.pk)), region_code=policy.region_code, why=why,
           before=before, after=_plain(policy))  # fmt: skip
    return policy


def _plain(policy: Policy) -> dict[str, Any]:
    values = {name: getattr(policy, name) for name in (*PLAIN, "ends_on", "successor_id")}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def steadiness(scope: Scope) -> list[dict[str, Any]]:
    """The four that must not be taken away (四个不摘), as far as the system sees: name, figure that should be 0."""
    rows = policies(scope)
    seen = tasks(scope).filter(state__in=Task.RUNNING)
    ended = rows.filter(ends_on__lt=today())
    cases = Case.objects.within(scope, "cases.view").filter(over=False)
    return [
        {"name": "duty", "figure": seen.filter(department="", units__name=UNNAMED).distinct().count()},
        {"name": "policy", "figure": sum(not followed(one) for one in ended)},
        {"name": "help", "figure": cases.filter(phase="help", due_on__lt=today()).count()},
        {"name": "watch", "figure": with_state(tasks(scope), "stalled").count()},
    ]
