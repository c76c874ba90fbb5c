"""How often households are visited, and who is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.db.models import Case as Choice
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from xianjie.web.accounts.scope import Scope
from xianjie.web.cases.models import Case
from xianjie.web.clock import today
from xianjie.web.flows.definition import FLOWS, read_yaml
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import Fact

VIEW = "cases.view"


@dataclass(frozen=True)
class Frequency:
    """A visit every so many days to households in this phase, from a day on, in a region."""

    phase: str
    region: str
    since: date
    days: int
    source: str
    trust: str


@cache
def visit_rules() -> dict[str, Any]:
    """`policy/flows/visits.yaml`."""
    rules: dict[str, Any] = read_yaml(FLOWS / "visits.yaml")
    return rules


@cache
def frequencies() -> tuple[Frequency, ...]:
    """Every frequency that is declared."""
    return tuple(Frequency(**raw) for raw in visit_rules()["visits"])


def frequency_for(phase: str, region_code: str, day: date | None = None) -> Frequency | None:
    """The frequency in force: the nearest region upwards, the newest by the day; None where nobody is due."""
    fitting = [
        one
        for one in frequencies()
        if one.phase == phase and one.since <= (day or today())
        and (one.region == "00" or region_code.startswith(one.region))
    ]  # fmt: skip
    return max(fitting, key=lambda one: (one.region != "00", len(one.region), one.since), default=None)


def visited_cases(scope: Scope, permission: str = VIEW) -> QuerySet[Case]:
    """The open cases whose households are visited, with `seen_on` (ISO text): the last visit, or the phase's begin."""
    phases = {one.phase for one in frequencies()}
    last = (
        Fact.everything.filter(household=OuterRef("household"), entity="visit", withdrawn_on__isnull=True)
        .annotate(day=KeyTextTransform("visited_on", "data")).order_by("-day").values("day")[:1]
    )  # fmt: skip
    rows: QuerySet[Case] = Case.objects.within(scope, permission).filter(over=False, phase__in=sorted(phases))
    return rows.annotate(seen_on=Coalesce(Subquery(last, output_field=TextField()), Cast("phase_since", TextField())))


def _cutoff() -> Any:
    """For each frequency in force, nearest region first: the day (ISO text) up to which a visit is too old."""
    ordered = sorted(
        (one for one in frequencies() if one.since <= today()),
        key=lambda one: (one.region != "00", len(one.region), one.since), reverse=True,
    )  # fmt: skip
    whens = []
    for one in ordered:
        condition = Q(phase=one.phase)
        if one.region != "00":
            low, high = area_of(one.region.ljust(12, "0"))
            condition &= Q(region_code__gte=low, region_code__lt=high)
        cutoff = (today() - timedelta(one.days)).isoformat()
        whens.append(When(condition, then=Value(cutoff)))
    return Choice(*whens, output_field=TextField())


def visits_due(scope: Scope, wanted: dict[str, Any], permission: str = VIEW) -> QuerySet[Case]:
    """Households due for a visit by today; with `state` "all", everybody who is visited."""
    rows: Any = visited_cases(scope, permission).annotate(cutoff=_cutoff()).select_related("household")
    if place := wanted.get("place"):
        low, high = area_of(place)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    if phase := wanted.get("phase"):
        rows = rows.filter(phase=phase)
    if wanted.get("state") == "all":
        return rows
    return rows.filter(seen_on__lte=F("cutoff"))


def due_on(case: Any) -> date:
    """The day on which a case of `visited_cases` is due for a visit."""
    frequency = frequency_for(case.phase, case.region_code)
    return date.fromisoformat(case.seen_on) + timedelta(frequency.days if frequency else 0)
