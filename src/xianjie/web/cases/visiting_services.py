"""Recording a follow-up visit: a fact of the register, and a clue when the visitor asks for one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.cases.clues import add_clue
from xianjie.web.cases.models import Case
from xianjie.web.cases.services import ACT
from xianjie.web.clock import today
from xianjie.web.registry.models import Fact, Household
from xianjie.web.registry.records import pack, unpack


@dataclass(frozen=True)
class Visit:
    """What a visitor tells."""

    visited_on: date
    visitor: str
    met: bool | None
    food_enough: bool | None
    finding: str = ""


@transaction.atomic
def record_visit(scope: Scope, case: Case, visit: Visit, *, clue: bool = False, urgent: bool = False) -> Fact:
    """Keep a visit; `clue`: what it found goes on the list of clues. Raises `UserError` for a day ahead or a repeat."""
    household = Household.everything.select_for_update().get(pk=case.household_id)
    if not scope.allows(ACT, household.region_code):
        raise PermissionDenied
    if visit.visited_on > today():
        raise UserError("planning.visit_before", day=visit.visited_on)
    for known in visits_of(household.pk):
        if (known["visited_on"], known.get("visitor")) == (visit.visited_on, visit.visitor):
            raise UserError("planning.visited_twice", day=visit.visited_on, visitor=visit.visitor)
    event = record("cases.visit", subject=("household", household.pk), region_code=household.region_code,
                   after={"visited_on": visit.visited_on, "clue": clue})  # fmt: skip
    made = Fact.everything.create(
        entity="visit", key=f"visit-{uuid.uuid4().hex}", household=household, region_code=household.region_code,
        source="village", recorded_on=today(), event=event.seq,
        data=pack("visit", {**vars(visit), "kind": "follow_up", "finding": visit.finding or None}),
    )  # fmt: skip
    if clue:
        add_clue(scope, household, "visit", visit.finding, urgent=urgent)
    return made


def visits_of(household_id: str) -> list[dict[str, object]]:
    """A household's visits, the newest first."""
    rows = Fact.everything.filter(household=household_id, entity="visit", withdrawn_on__isnull=True)
    return sorted((unpack("visit", one.data) for one in rows), key=lambda one: str(one["visited_on"]), reverse=True)
