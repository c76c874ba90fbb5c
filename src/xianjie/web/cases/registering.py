"""What a case's decisions write into the register 监测记录: withdrawn and told anew, never overwritten.

A spell of monitoring is one `monitoring` fact. It begins with the decision that identifies, is told anew with its end
by the one that removes, and once more without that end when the mark was wrong. A relapse goes on in the same case, and
the decision that follows begins a spell of its own: what was identified and removed before stays as it was.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases.models import CaseMove, ClueReason
from xianjie.web.cases.rules import clue_rules
from xianjie.web.daily.models import Finding
from xianjie.web.flows.definition import Action, flow_by_key
from xianjie.web.registry.models import Fact, Household
from xianjie.web.registry.recording import Recording, finish
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


@dataclass
class Known:
    """What is read once for all households of a batch."""

    spells: dict[str, list[Fact]]
    risks: dict[str, list[str]]
    channels: dict[str, str | None]
    moves: Mapping[int, list[CaseMove]]  # of each case, before the move that is written

    @classmethod
    def of(cls, made: Sequence[CaseMove], moves: Mapping[int, list[CaseMove]]) -> Known:
        homes = [one.case.household_id for one in made]
        return cls(_spells(homes), proposed_risks(homes), _channels(homes), moves)


def write(scope: Scope, made: Sequence[CaseMove], moves: Mapping[int, list[CaseMove]]) -> None:
    """Put into the register what moves say whose actions write something there; few statements for all of them.

    `moves`: case → its moves before.
    """
    writing = [one for one in made if _effect(one)]
    if not writing:
        return
    known = Known.of(writing, moves)
    rows = Household.everything.select_for_update().filter(pk__in=[one.case.household_id for one in writing])
    homes = {home.pk: home for home in rows.order_by("pk")}
    changes, facts = [], []
    for one in writing:
        spells = _concerned(known, one)
        kind = "correct" if spells else "fact"
        change = Recording(kind, scope, one.day, one.reason or _action(one).zh, {}, "cases.act")
        home = change.take(homes[one.case.household_id])
        values = _WRITERS[_effect(one)](change, one, known, spells)
        home.monitored_kind = "" if values["removed"] else values["kind"]
        change.details |= {"entity": ENTITY, "fields": sorted(name for name in values if values[name] is not None)}
        changes.append(change)
        facts.append(change.new_fact(ENTITY, values, home, None, SOURCE))
    Fact.everything.bulk_create(facts)
    for change, fact in zip(changes, facts, strict=True):
        change.keep_fact(fact)
    finish(changes)


def _action(made: CaseMove) -> Action:
    return flow_by_key(made.case.flow).steps[made.step].actions[made.action]


def _effect(made: CaseMove) -> str:
    return _action(made).writes


def _spells(household_ids: Iterable[str]) -> dict[str, list[Fact]]:
    """Household → every spell that stands, the newest first."""
    found: dict[str, list[Fact]] = defaultdict(list)
    rows = Fact.everything.filter(household__in=list(household_ids), entity=ENTITY, withdrawn_on__isnull=True)
    for row in rows:
        found[row.household_id].append(row)
    for spells in found.values():
        spells.sort(key=lambda row: (row.data.get("identified_on") or "", row.pk), reverse=True)
    return found


def _concerned(known: Known, made: CaseMove) -> list[Fact]:
    """The spells that an effect changes: open ones, or for a wrong mark those that were removed."""
    wanted = _effect(made) == "taken_back"
    return [row for row in known.spells.get(made.case.household_id, ()) if bool(row.data.get("removed")) == wanted]


def _taken_up(change: Recording, row: Fact) -> dict[str, Any]:
    """A spell's values, the row itself withdrawn: what follows is told anew under its number."""
    change.withdraw(row)
    return {**unpack(ENTITY, row.data), "monitoring_id": row.key}


def _identified(change: Recording, made: CaseMove, known: Known, spells: list[Fact]) -> dict[str, Any]:
    home = made.case.household_id
    values = _taken_up(change, spells[0]) if spells else {"monitoring_id": f"N{uuid.uuid4().hex[:18].upper()}"}
    risks = [risk for risk in made.given.get("risks", "").split(";") if risk] or known.risks[home]
    return {
        **values,
        "kind": made.given["kind"],
        "identified_on": values.get("identified_on") or made.day,
        "channel": values.get("channel") or known.channels.get(home),
        **{f"risk{number}": risk for number, risk in enumerate(_five(risks), 1)},
        "risk_note": made.reason or None,
        **_notice(known.moves[made.case_id]),
        "decided_on": made.day,
        "removed": False,
        **_states(made.facts, "identification"),
    }


def _removed(change: Recording, made: CaseMove, known: Known, spells: list[Fact]) -> dict[str, Any]:
    if not spells:
        raise UserError("cases.no_spell", household=made.case.household_id)
    return {
        **_taken_up(change, spells[0]), "removed": True, "removed_on": made.day, "rolled_back_on": None,
        "removal_way": made.given.get("manner"), **_states(made.facts, "removal"),
    }  # fmt: skip


def _taken_back(change: Recording, made: CaseMove, known: Known, spells: list[Fact]) -> dict[str, Any]:
    if not spells:
        raise UserError("cases.no_spell", household=made.case.household_id)
    values = _taken_up(change, spells[0])
    gone = ("removed_on", "removal_way", *(f"{name}_at_removal" for name in STATES))
    return {**values, **dict.fromkeys(gone), "removed": False, "rolled_back_on": made.day}


_WRITERS = {"identified": _identified, "removed": _removed, "taken_back": _taken_back}


def _five(risks: list[str]) -> list[str | None]:
    """Exactly as many risks as the record has places; those that remain are empty."""
    return [*risks[:MOST_RISKS], *[None] * (MOST_RISKS - len(risks[:MOST_RISKS]))]


def proposed_risks(household_ids: Iterable[str]) -> dict[str, list[str]]:
    """Household → the causes that its standing findings name, the heaviest first, five at most; 其他 for none."""
    homes = list(household_ids)
    weights: dict[str, Counter[str]] = {home: Counter() for home in homes}
    known = dictionary().codes["risk"].values
    rows = Finding.everything.filter(household__in=homes, gone_on__isnull=True)
    for home, causes, score in rows.values_list("household_id", "causes", "score"):
        weights[home].update({cause: score + 1 for cause in causes.split(";") if cause in known})
    order = list(known)
    return {
        home: sorted(found, key=lambda risk: (-found[risk], order.index(risk)))[:MOST_RISKS] or ["other"]
        for home, found in weights.items()
    }


def _channels(household_ids: Iterable[str]) -> dict[str, str | None]:
    """Household → by which way it was found: that of its newest clue's first reason."""
    rows = ClueReason.everything.filter(clue__household__in=list(household_ids)).order_by("clue_id", "-pk")
    origins = clue_rules()["origins"]
    return {home: origins[origin]["channel"] for home, origin in rows.values_list("clue__household_id", "origin")}


def _notice(moves: list[CaseMove]) -> dict[str, date | None]:
    """From when to when the public notice hung: the days on which the case came to that step and left it."""
    newest = sorted(moves, key=lambda one: -one.number)
    left = next((one for one in newest if one.step == "village_notice" and one.action == "report"), None)
    came = next((one for one in newest if left and one.to == "village_notice" and one.number < left.number), None)
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
