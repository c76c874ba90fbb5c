"""Reading clues and cases, always within somebody's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.cases.models import Case, CaseEvidence, CaseMove, Clue, ClueReason
from xianjie.web.cases.services import ACT, FLOW, evidence_of, position_of
from xianjie.web.clock import today
from xianjie.web.daily.kinds import kinds
from xianjie.web.flows import engine
from xianjie.web.flows.definition import Flow, Step, evidence_kinds, flow_by_key, load_flows
from xianjie.web.flows.proceedings import Asked
from xianjie.web.flows.working_days import after
from xianjie.web.regions.models import area_of
from xianjie.web.words import label

VIEW = "cases.view"


def clue_list(scope: Scope, wanted: dict[str, Any]) -> QuerySet[Clue]:
    """Clues by state, place, origin, reason, least score, urgency and age."""
    rows = Clue.objects.within(scope, VIEW).select_related("household").filter(state=wanted.get("state") or Clue.OPEN)
    if place := wanted.get("place"):
        low, high = area_of(place)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    if score := wanted.get("score"):
        rows = rows.filter(score__gte=score)
    if wanted.get("urgent"):
        rows = rows.filter(urgent=True)
    if wanted.get("came_back"):
        rows = rows.filter(came_back=True)
    reasons = Q()
    if origin := wanted.get("origin"):
        reasons &= Q(reasons__origin=origin)
    if code := wanted.get("code"):
        reasons &= Q(reasons__code=code)
    if reasons:
        rows = rows.filter(reasons & Q(reasons__gone_on__isnull=True)).distinct()
    return rows


def reasons_of(scope: Scope, clues: list[Clue]) -> dict[int, list[ClueReason]]:
    """Clue → its standing reasons, the weightiest first; one query."""
    grouped: dict[int, list[ClueReason]] = defaultdict(list)
    rows = ClueReason.everything.filter(clue__in=[clue.pk for clue in clues], gone_on__isnull=True)
    for row in readable(scope, rows.select_related("clue").order_by("clue_id", "-score", "pk")):
        grouped[row.clue_id].append(row)
    return grouped


def readable(scope: Scope, rows: Iterable[ClueReason]) -> list[ClueReason]:
    """Reasons as this user may read them: a sentence about health is put in general words."""
    known = kinds()
    shown = list(rows)
    for row in shown:
        kind = known.get(row.code)
        if kind and kind.is_health and not scope.sees("health", row.clue.region_code):
            row.text = _("%(what)s（涉及健康信息，请在农户页面按规定查看）") % {"what": kind.label}
    return shown


def clue_counts(scope: Scope) -> dict[str, int]:
    """How many clues are open, urgent, come back."""
    rows = Clue.objects.within(scope, VIEW).filter(state=Clue.OPEN)
    return rows.aggregate(
        open=Count("pk"), urgent=Count("pk", filter=Q(urgent=True)), came_back=Count("pk", filter=Q(came_back=True))
    )


def case_list(scope: Scope, wanted: dict[str, Any]) -> QuerySet[Case]:
    """Cases by step, phase, place, kind and lateness; those that are over only when asked for."""
    rows = Case.objects.within(scope, VIEW).select_related("household")
    if place := wanted.get("place"):
        low, high = area_of(place)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    if step := wanted.get("step"):
        rows = rows.filter(at=step)
    elif not wanted.get("over"):
        rows = rows.filter(over=False)
    if phase := wanted.get("phase"):
        rows = rows.filter(phase=phase)
    if kind := wanted.get("kind"):
        rows = rows.filter(kind=kind)
    if wanted.get("late"):
        rows = rows.filter(over=False, due_on__lt=today())
    if wanted.get("news"):
        rows = rows.filter(over=False, news_on__isnull=False)
    if wanted.get("mine"):
        rows = rows.filter(at__in=steps_of(scope))
    if wanted.get("back"):
        rows = rows.filter(over=False).filter(
            Exists(CaseMove.everything.filter(_backs(), case=OuterRef("pk"), number=OuterRef("revision")))
        )
    return rows


@cache
def _backs() -> Q:
    """The moves that send a case back, of any version of its flow."""
    found = Q(pk__in=[])
    for at, word in sorted(
        {
            (name, word)
            for flow in load_flows()[FLOW]
            for name, step in flow.steps.items()
            for word, action in step.actions.items()
            if action.back
        }
    ):
        found |= Q(step=at, action=word)
    return found


def steps_of(scope: Scope) -> list[str]:
    """The steps, in any version of the flow, that wait for one of the user's roles."""
    roles = {held.role for held in scope.holding(ACT)}
    return sorted(
        {
            name
            for flow in load_flows()[FLOW]
            for name, step in flow.steps.items()
            if roles & set(step.roles) and not step.rests
        }
    )


def waiting(scope: Scope) -> list[dict[str, Any]]:
    """Where open cases wait, and how many of them are late: step → numbers, in the flow's order."""
    rows = (
        Case.objects.within(scope, VIEW).filter(over=False).values("flow", "at")
        .annotate(number=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today())), first=Min("since"))
    )  # fmt: skip
    merged: dict[str, dict[str, Any]] = {}
    for row in rows:
        flow = flow_by_key(row["flow"])
        order = list(flow.steps).index(row["at"])
        here = merged.setdefault(
            row["at"], {"step": row["at"], "label": label(flow.steps[row["at"]]), "order": order, "number": 0,
             "late": 0, "since": row["first"]},
        )  # fmt: skip
        here["number"] += row["number"]
        here["late"] += row["late"]
        here["since"] = min(here["since"], row["first"])
    return sorted(merged.values(), key=lambda one: one["order"])


def news_of(scope: Scope, case: Case) -> list[ClueReason]:
    """What was found since the case says that there is news; empty for none."""
    if case.news_on is None:
        return []
    standing = ClueReason.everything.filter(
        clue__household=case.household_id, gone_on__isnull=True, said_on__gte=case.news_on
    )
    return readable(scope, standing.select_related("clue").order_by("-score", "pk"))


@dataclass
class CasePage:
    """Everything that a case's page shows."""

    case: Case
    flow: Flow
    step: Step | None
    clock: engine.Clock | None
    actions: list[tuple[str, Any]]
    asked: list[Asked]
    moves: list[CaseMove]
    earlier: list[CaseEvidence]
    reasons: list[ClueReason]
    mine: bool
    waits_until: date | None  # a public notice hangs until then

    @property
    def ready_now(self) -> list[tuple[str, Any]]:
        """The actions for which nothing is lacking."""
        return [one for one in self.actions if one not in self.ready_later]

    @property
    def ready_later(self) -> list[tuple[str, Any]]:
        """The actions that go on, while evidence is lacking or the waiting time runs."""
        if self.waits_until is None and all(one.enough for one in self.asked):
            return []
        return [(name, action) for name, action in self.actions if not action.back and not action.bare]


def case_in_scope(scope: Scope, pk: int) -> Case:
    """The case, or 404 as if it did not exist."""
    case = Case.objects.within(scope, VIEW).select_related("household").filter(pk=pk).first()
    if case is None:
        raise Http404
    return case


def _waits_until(case: Case, step: Step | None) -> date | None:
    """The day before which the step is not left; None when it has come, or there is none."""
    until = after(case.since, step.wait).day if step is not None and step.wait else None
    return until if until is not None and today() < until else None


def case_page(scope: Scope, case: Case, holds: dict[str, bool | None]) -> CasePage:
    """A case with its flow, what may be done now and what was done; a fixed number of queries."""
    flow = flow_by_key(case.flow)
    position = position_of(case)
    step = None if case.over else engine.step_of(flow, position)
    roles = [held.role for held in scope.holding(ACT) if held.covers(case.region_code)]
    offered = engine.offered(flow, position, roles, holds)
    evidence = list(CaseEvidence.everything.filter(case=case, withdrawn_on__isnull=True).order_by("pk"))
    now = [one for one in evidence if one.step == case.at and one.round == case.revision]
    enough = evidence_of(case)
    kinds = evidence_kinds()
    asked = [
        Asked(kind, kinds[kind], [one for one in now if one.kind == kind], kind in enough)
        for kind in (step.evidence if step else ())
    ]
    standing = ClueReason.everything.filter(clue__household=case.household_id, gone_on__isnull=True).select_related(
        "clue"
    )
    return CasePage(
        case=case,
        flow=flow,
        step=step,
        clock=engine.clock(flow, position),
        actions=[(name, step.actions[name]) for name in offered] if step else [],
        asked=asked,
        moves=list(CaseMove.everything.filter(case=case).order_by("-number")),
        earlier=[one for one in evidence if one not in now],
        reasons=readable(scope, standing.order_by("-score", "pk")[:50]),
        mine=bool(step and set(roles) & set(step.roles)),
        waits_until=_waits_until(case, step),
    )  # fmt: skip
