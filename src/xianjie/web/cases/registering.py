"""What a case's decisions write into the register 监测记录: withdrawn and told anew, never overwritten.

A spell of monitoring is one `monitoring` fact. It begins with the decision that identifies, is told anew with its end
by the one that removes, and once more without that end when the mark was wrong. A relapse goes on in the same case, and
the decision that follows begins a spell of its own: what was identified and removed before stays as it was.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases.models import Case, CaseMove, ClueReason
from xianjie.web.cases.rules import clue_rules
from xianjie.web.daily.models import Finding
from xianjie.web.flows.definition import Flow
from xianjie.web.registry.models import Fact
from xianjie.web.registry.recording import Recording, recording
from xianjie.web.registry.records import unpack

ENTITY, SOURCE, MOST_RISKS = "monitoring", "revitalisation", 5
# Columns of the record that say how things stood; the policy's result; whether the column says the opposite.
STATES = {
    "income": ("income_per_head", False),
    "house_safe": ("house_unsafe", True),
    "water_safe": ("water_unsafe", True),
    "dropout": ("dropout", False),
    "uninsured": ("uninsured", False),
}


def write(scope: Scope, case: Case, flow: Flow, made: CaseMove) -> None:
    """Put into the register what a move says, when its action writes something there."""
    step = flow.steps.get(made.step)
    effect = step.actions[made.action].writes if step and made.action in step.actions else ""
    if not effect:
        return
    known = _spells(case.household_id, effect)
    kind = "correct" if known else "fact"
    reason = made.reason or (step.actions[made.action].zh if step else "")
    with recording(kind, scope, on=made.day, reason=reason, permission="cases.act") as change:
        household = change.household(case.household_id)
        values = _WRITERS[effect](change, case, made, known)
        change.add_fact(ENTITY, values, household, None, SOURCE)
        household.monitored_kind = "" if values["removed"] else values["kind"]
        change.details |= {"entity": ENTITY, "fields": sorted(name for name in values if values[name] is not None)}


def _spells(household_id: str, effect: str) -> list[Fact]:
    """The spells that an effect changes, the newest first: open ones, or for a wrong mark those that were removed."""
    rows = Fact.everything.filter(household=household_id, entity=ENTITY, withdrawn_on__isnull=True)
    wanted = effect == "taken_back"
    found = [row for row in rows.order_by("-pk") if bool(row.data.get("removed")) == wanted]
    return sorted(found, key=lambda row: (row.data.get("identified_on") or "", row.pk), reverse=True)


def _taken_up(change: Recording, row: Fact) -> dict[str, Any]:
    """A spell's values, the row itself withdrawn: what follows is told anew under its number."""
    change.withdraw(row)
    return {**unpack(ENTITY, row.data), "monitoring_id": row.key}


def _identified(change: Recording, case: Case, made: CaseMove, known: list[Fact]) -> dict[str, Any]:
    values = _taken_up(change, known[0]) if known else {"monitoring_id": f"N{uuid.uuid4().hex[:18].upper()}"}
    risks = [risk for risk in made.given.get("risks", "").split(";") if risk] or proposed_risks(case.household_id)
    return {
        **values,
        "kind": made.given["kind"],
        "identified_on": values.get("identified_on") or made.day,
        "channel": values.get("channel") or _channel(case.household_id),
        **{f"risk{number}": risk for number, risk in enumerate(_five(risks), 1)},
        "risk_note": made.reason or None,
        **_notice(case, made),
        "decided_on": made.day,
        "removed": False,
        **_states(made.facts, "identification"),
    }


def _removed(change: Recording, case: Case, made: CaseMove, known: list[Fact]) -> dict[str, Any]:
    if not known:
        raise UserError("cases.no_spell", household=case.household_id)
    return {
        **_taken_up(change, known[0]), "removed": True, "removed_on": made.day, "rolled_back_on": None,
        "removal_way": made.given.get("manner"), **_states(made.facts, "removal"),
    }  # fmt: skip


def _taken_back(change: Recording, case: Case, made: CaseMove, known: list[Fact]) -> dict[str, Any]:
    if not known:
        raise UserError("cases.no_spell", household=case.household_id)
    values = _taken_up(change, known[0])
    gone = ("removed_on", "removal_way", *(f"{name}_at_removal" for name in STATES))
    return {**values, **dict.fromkeys(gone), "removed": False, "rolled_back_on": made.day}


_WRITERS = {"identified": _identified, "removed": _removed, "taken_back": _taken_back}


def _five(risks: list[str]) -> list[str | None]:
    """Exactly as many risks as the record has places; those that remain are empty."""
    return [*risks[:MOST_RISKS], *[None] * (MOST_RISKS - len(risks[:MOST_RISKS]))]


def proposed_risks(household_id: str) -> list[str]:
    """The causes that the household's standing findings name, the heaviest first, five at most; 其他 for none."""
    weights: Counter[str] = Counter()
    for causes, score in Finding.everything.filter(household=household_id, gone_on__isnull=True).values_list(
        "causes", "score"
    ):
        for cause in causes.split(";"):
            if cause in dictionary().codes["risk"].values:
                weights[cause] += score + 1
    order = list(dictionary().codes["risk"].values)
    return sorted(weights, key=lambda risk: (-weights[risk], order.index(risk)))[:MOST_RISKS] or ["other"]


def _channel(household_id: str) -> str | None:
    """By which way the household was found: that of its newest clue's first reason."""
    first = ClueReason.everything.filter(clue__household=household_id).order_by("-clue_id", "pk").first()
    return clue_rules()["origins"][first.origin]["channel"] if first else None


def _notice(case: Case, made: CaseMove) -> dict[str, date | None]:
    """From when to when the public notice hung: the days on which the case came to that step and left it."""
    moves = list(CaseMove.everything.filter(case=case, number__lt=made.number).order_by("-number"))
    left = next((one for one in moves if one.step == "village_notice" and one.action == "report"), None)
    came = next((one for one in moves if left and one.to == "village_notice" and one.number < left.number), None)
    return {"notice_from": came.day if came else None, "notice_to": left.day if left else None}


def _states(facts: Mapping[str, Any] | None, when: str) -> dict[str, Any]:
    """How things stood by the frozen facts of the decision."""
    results = (facts or {}).get("results", {})
    states = {}
    for name, (result, opposite) in STATES.items():
        value = results.get(result)
        column = f"{name}_at_{when}"
        states[column] = (not value if opposite else value) if value is not None else None
    return states


def decided_by_rule(facts: Mapping[str, Any]) -> str:
    """The kind that the newest run says by rule; empty when it says none."""
    return (facts.get("results") or {}).get("monitored_kind_due") or ""
