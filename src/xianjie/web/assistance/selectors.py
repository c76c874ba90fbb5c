"""Reading applications and benefits, always within somebody's scope."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.http import Http404

from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance.models import KIND, Application, ApplicationDraft, ApplicationObjection, Benefit
from xianjie.web.assistance.programmes import programmes
from xianjie.web.clock import today
from xianjie.web.flows.definition import flow_by_key, load_flows
from xianjie.web.flows.proceedings import Standing, standing
from xianjie.web.flows.working_days import after
from xianjie.web.regions.models import area_of
from xianjie.web.words import label

VIEW = "assistance.view"


def in_place(rows: QuerySet[Any], place: str) -> QuerySet[Any]:
    """Rows of a region and all below it; all of them for none."""
    if not place:
        return rows
    low, high = area_of(place)
    return rows.filter(region_code__gte=low, region_code__lt=high)


def applications(scope: Scope, wanted: dict[str, Any]) -> QuerySet[Application]:
    """Applications by programme, step, place, channel and lateness; those that are over only when asked for."""
    rows: QuerySet[Any] = Application.objects.within(scope, VIEW).select_related("household")
    rows = in_place(rows, wanted.get("place", ""))
    if programme := wanted.get("programme"):
        rows = rows.filter(programme=programme)
    if step := wanted.get("step"):
        rows = rows.filter(at=step)
    if channel := wanted.get("channel"):
        rows = rows.filter(channel=channel)
    if wanted.get("staff"):
        rows = rows.filter(staff_relative=True)
    elif not wanted.get("over"):
        rows = rows.filter(over=False)
    if wanted.get("late"):
        rows = rows.filter(over=False, due_on__lt=today())
    if wanted.get("mine"):
        rows = rows.filter(at__in=steps_of(scope))
    return rows


def steps_of(scope: Scope) -> list[str]:
    """The steps, in any version of the programmes' flows, that wait for one of the user's roles."""
    roles = {held.role for held in scope.holding(KIND.permission)}
    return sorted(
        {
            name
            for one in programmes().values()
            for flow in load_flows()[one.flow]
            for name, step in flow.steps.items()
            if roles & set(step.roles) and not step.rests
        }
    )


def waiting(scope: Scope) -> list[dict[str, Any]]:
    """How many applications of each programme are open, late, and since when the oldest waits at its step."""
    rows = (
        Application.objects.within(scope, VIEW).filter(over=False, due_on__isnull=False).order_by().values("programme")
        .annotate(number=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today())), first=Min("since"))
    )  # fmt: skip
    found = {row["programme"]: row for row in rows}
    return [{**found[code], "label": one.label} for code, one in programmes().items() if code in found]


def application_in_scope(scope: Scope, pk: int) -> Application:
    """The application, or 404 as if it did not exist."""
    one = Application.objects.within(scope, VIEW).select_related("household").filter(pk=pk).first()
    if one is None:
        raise Http404
    return one


def page_of_application(scope: Scope, one: Application, holds: dict[str, bool | None]) -> Standing:
    """An application with its flow, what may be done now and what was done."""
    return standing(KIND, scope, one, holds)


def objections_of(one: Application) -> list[ApplicationObjection]:
    """Every objection to the notice that hangs now, in the order in which they came."""
    return list(ApplicationObjection.everything.filter(owner=one, round=one.revision).order_by("pk"))


def draft_of(one: Application, by: str) -> dict[str, Any]:
    """What the user has typed at the application's present step; empty for nothing."""
    found = ApplicationDraft.everything.filter(owner=one, round=one.revision, by=by).first()
    return dict(found.typed) if found else {}


def keep_draft(one: Application, by: str, typed: dict[str, Any], without: tuple[str, ...]) -> None:
    """Keep what was typed, as typed."""
    kept = {name: value for name, value in typed.items() if name not in without}
    ApplicationDraft.everything.update_or_create(owner=one, round=one.revision, by=by, defaults={"typed": kept})


def notice_days(one: Application) -> tuple[Any, Any] | None:
    """From when to when at least the notice of the present step hangs; None where none does."""
    step = flow_by_key(one.flow).steps.get(one.at)
    if step is None or step.wait is None or "notice_posted" not in step.evidence:
        return None
    return one.since, after(one.since, step.wait).day


def benefits(scope: Scope, wanted: dict[str, Any]) -> QuerySet[Benefit]:
    """Who receives what, by programme, place and state; those that have ended only when asked for."""
    rows: QuerySet[Any] = Benefit.objects.within(scope, VIEW).select_related("household", "person")
    rows = in_place(rows, wanted.get("place", ""))
    if programme := wanted.get("programme"):
        rows = rows.filter(programme=programme)
    if not wanted.get("ended"):
        rows = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today()))
    if wanted.get("no_amount"):
        rows = rows.filter(amount_month__isnull=True, programme__in=[c for c, one in programmes().items() if one.pays])
    if wanted.get("grace"):
        rows = rows.filter(grace_until__isnull=False)
    if wanted.get("due"):
        rows = rows.filter(review_due_on__lte=today())
    return rows


def step_word(one: Application) -> str:
    """The label of the step or the end at which an application stands."""
    flow = flow_by_key(one.flow)
    return label(flow.steps[one.at]) if one.at in flow.steps else label(flow.ends[one.at])
