"""Cases for households that were monitored before this system knew them 承接在册监测对象.

The register (the national export above all) names households that are monitored or were once removed; nobody went
through our steps with them. A household that is monitored today gets a case that stands at help, so that visits, plan
and removal go on from there. One that was removed gets its case when it is found again: watched, then a relapse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction

from xianjie.web.audit.services import Entry, current_actor, record_many
from xianjie.web.cases.models import Case, CaseMove
from xianjie.web.cases.registering import ENTITY, MOST_RISKS
from xianjie.web.cases.services import FLOW, place
from xianjie.web.clock import today
from xianjie.web.flows import engine
from xianjie.web.flows.definition import Flow, flow_for
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import Fact, Household

HELPED, WATCHED = "helping", "watching"
BATCH = 500


def adopt_monitored(county_code: str) -> list[int]:
    """Cases for the county's monitored households that have none; gives the numbers of the cases."""
    low, high = area_of(county_code)
    rows = Household.everything.filter(
        region_code__gte=low, region_code__lt=high, ends_on__isnull=True, cases__isnull=True
    )
    made: list[int] = []
    homes = list(rows.exclude(monitored_kind="").order_by("pk"))
    for start in range(0, len(homes), BATCH):
        made += [case.pk for case in adopt(homes[start : start + BATCH], HELPED)]
    return made


@transaction.atomic
def adopt(homes: Iterable[Household], at: str) -> list[Case]:
    """Cases of households that have none, standing at a step; kind and risks as their newest spell says."""
    homes = list(homes)
    spells = _spells([home.pk for home in homes])
    cases = [_case(home, at, spells.get(home.pk, {})) for home in homes]
    Case.everything.bulk_create(cases)
    events = record_many(
        [
            Entry("cases.adopt", ("case", str(case.pk)), case.region_code,
                  after={"at": at, "household": case.household_id, "given": _given(spells.get(case.household_id, {}))})
            for case in cases
        ]
    )  # fmt: skip
    actor = current_actor()
    CaseMove.everything.bulk_create(
        CaseMove(
            case=case, number=1, action="adopt", step="", to=at, day=today(), by=actor.username, by_name=actor.name,
            given=_given(spells.get(case.household_id, {})), event=event.seq,
        )
        for case, event in zip(cases, events, strict=True)
    )  # fmt: skip
    return cases


def removed_before(household_id: str) -> bool:
    """Whether the register knows a spell of the household, and none that goes on."""
    spell = _spells([household_id]).get(household_id)
    return spell is not None and bool(spell.get("removed"))


def _spells(household_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Household → its spell of monitoring that goes on, or else the one that ended last."""
    rows = Fact.everything.filter(household__in=household_ids, entity=ENTITY, withdrawn_on__isnull=True)
    found: dict[str, dict[str, Any]] = {}
    for home, data in rows.order_by("pk").values_list("household_id", "data"):
        if home not in found or _rank(data) >= _rank(found[home]):
            found[home] = data
    return found


def _rank(spell: Mapping[str, Any]) -> tuple[bool, str]:
    return not spell.get("removed"), spell.get("identified_on") or ""


def _given(spell: Mapping[str, Any]) -> dict[str, str]:
    risks = [spell[f"risk{number}"] for number in range(1, MOST_RISKS + 1) if spell.get(f"risk{number}")]
    told = {"kind": spell.get("kind"), "risks": ";".join(risks), "identified_on": spell.get("identified_on")}
    return {name: value for name, value in told.items() if value}


def _case(home: Household, at: str, spell: Mapping[str, Any]) -> Case:
    day: date = today()
    flow: Flow = flow_for(FLOW, home.region_code, day)
    case = Case(
        household=home, region_code=home.region_code, flow=flow.key, opened_on=day, revision=1,
        kind=home.monitored_kind or spell.get("kind") or "",
    )  # fmt: skip
    place(case, flow, engine.Position(flow.key, at, day, day))
    return case
