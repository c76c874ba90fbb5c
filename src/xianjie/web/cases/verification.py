"""Handing a visit in 入户核实: what was seen and said becomes facts and evidence, all or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from xianjie.dictionary import dictionary
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor
from xianjie.web.cases import papers, services
from xianjie.web.cases.drafts import forget_drafts
from xianjie.web.cases.known import INCOMES, SPENDING, STATES, Known, facts_in_window, window
from xianjie.web.cases.models import Case, CaseEvidence
from xianjie.web.clock import today
from xianjie.web.flows.definition import evidence_kinds, flow_by_key
from xianjie.web.registry.models import Fact, Household
from xianjie.web.registry.recording import Recording, recording
from xianjie.web.registry.records import unpack
from xianjie.web.words import label

VILLAGE, CADRE = "village", "cadre"


def keep_photos(scope: Scope, case: Case, files: Mapping[str, Any], *, seen: int) -> list[str]:
    """Keep the photos of signed papers at once, so that no later mistake on the form loses them; gives their kinds."""
    kept = []
    for name, file in files.items():
        kind = name.removeprefix("photo_")
        services.give_evidence(scope, case.pk, kind, {}, seen=seen, file=papers.keep(file))
        kept.append(kind)
    return kept


def papers_given(case: Case) -> set[str]:
    """The kinds of paper that lie with the case's present step."""
    rows = CaseEvidence.everything.filter(case=case, step=case.at, round=case.revision, withdrawn_on__isnull=True)
    return set(rows.exclude(file="").values_list("kind", flat=True))


@transaction.atomic
def hand_in(
    scope: Scope, case: Case, values: Mapping[str, Any], words: Mapping[str, str], told: Known, *, seen: int,
    action: str = "submit", holds: Mapping[str, bool | None] | None = None,
) -> Case:  # fmt: skip
    """Record a visit and move the case. `values`: the form's stored values; `told`: what was known before.

    Raises `Overtaken`, `Refused`, and what recording raises; nothing is kept then.
    """
    step = flow_by_key(case.flow).steps[case.at]
    services.give_evidence(scope, case.pk, "two_visitors", {"names": values["names"]}, seen=seen)
    services.give_evidence(scope, case.pk, "verification_record", {"answers": dict(words)}, seen=seen)
    words_of_record = label(evidence_kinds()["verification_record"])
    record_facts(scope, case.household_id, values, told, why=words_of_record, removal=step.form == "removal")
    moved = services.move(scope, case.pk, action, seen=seen, reason=values.get("finding") or "", holds=holds)
    forget_drafts(case)
    return moved


def record_facts(
    scope: Scope, household_id: str, values: Mapping[str, Any], told: Known, *, why: str, removal: bool = False,
    permission: str = services.ACT,
) -> None:  # fmt: skip
    """Put what a visit saw and was told into the register; what was known and is so still is not told again."""
    with recording("fact", scope, on=today(), reason=why, permission=permission) as change:
        household = change.household(household_id)
        visit = {
            "kind": "follow_up" if removal else "verify", "visited_on": today(), "visitor": "、".join(values["names"]),
            "food_enough": values["food_enough"], "finding": values.get("finding"),
        }  # fmt: skip
        _tell(change, household, "visit", visit, [])
        for name, (kind, _result) in INCOMES.items():
            if name in values and (name not in told.values or values[name] != told.values[name]):
                _money(change, household, "income", kind, values[name])
        for name, kind in SPENDING.items():
            if name not in told.values or values[name] != told.values[name]:
                _money(change, household, "expense", kind, values[name])
        for name, (_table, entity, column) in STATES.items():
            if values[name] != told.values.get(name):
                _state(change, household, entity, column, values[name])
        change.details |= {"entity": "visit", "fields": sorted(name for name, value in visit.items() if value)}


def _money(change: Recording, household: Household, entity: str, kind: str, amount: int) -> None:
    """Money of one kind over the last twelve months, in the place of the rows that said otherwise."""
    begin, end = window()
    row = {"kind": kind, "amount": amount, "period_from": begin, "period_to": end, "said_by": CADRE}
    _tell(change, household, entity, row, facts_in_window(household.pk, entity, kind))


def _state(change: Recording, household: Household, entity: str, column: str, value: str) -> None:
    """A house or water as it was seen, in the place of the newest row, whose other fields stay."""
    rows = Fact.everything.filter(household=household, entity=entity, withdrawn_on__isnull=True).order_by("-pk")
    replaced = list(rows[:1])
    before = unpack(entity, replaced[0].data) if replaced else {}
    _tell(change, household, entity, {**before, column: value, "assessed_on": today()}, replaced)


def _tell(change: Recording, household: Household, entity: str, row: Mapping[str, Any], replaced: list[Fact]) -> None:
    for old in replaced:
        change.withdraw(old)
    key = dictionary().entities[entity].key
    change.add_fact(entity, {**row, key: f"N{uuid.uuid4().hex[:18].upper()}"}, household, None, VILLAGE)


def visitor_name() -> str:
    """Who is at the keyboard: the first of the visitors, as a rule."""
    actor = current_actor()
    return actor.name or actor.username
