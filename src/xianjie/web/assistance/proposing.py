"""What the policy proposes for an application 拟认定意见: by the newest daily run, with how it came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from xianjie.screening.letter import letter
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance.models import Application
from xianjie.web.assistance.programmes import Programme, programmes
from xianjie.web.cases.results import page_of_household
from xianjie.web.daily.explaining import Eyes, steps_of
from xianjie.web.daily.selectors import newest_run
from xianjie.web.registry.models import Fact

FROZEN_STEPS = 400  # of the explanation, kept with a decision


@dataclass
class Proposal:
    """Whether the rule says yes (None: unknown), how much a month, who counts, what is missing, and on what day."""

    programme: Programme
    due: bool | None = None
    amount: int | None = None
    alone: bool = False  # only members by themselves qualify
    persons: list[str] = field(default_factory=list)
    unknown: list[dict[str, str]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    day: date | None = None
    newer: int = 0  # facts recorded since, which the run does not know
    page: dict[str, Any] | None = None


def propose(scope: Scope, one: Application, *, explained: bool = True) -> Proposal:
    """The proposal for an application; empty (all unknown) when no run knows the household."""
    programme = programmes()[one.programme]
    run = newest_run(one.region_code)
    page = page_of_household(one.household_id, one.region_code)
    if run is None or page is None:
        return Proposal(programme)
    values = household_values(page)
    made = Proposal(programme, due=values.get(programme.due), day=run.day, page=page)
    made.alone = bool(made.due) and bool(programme.whole) and values.get(programme.whole) is False
    made.persons = _persons(programme, page, made.alone)
    made.amount = _amount(programme, values, made)
    since = Fact.everything.filter(household=one.household_id, recorded_on__gt=run.day, withdrawn_on__isnull=True)
    made.newer = since.count()
    if explained:
        eyes = Eyes(scope, one.region_code, health=False)
        asked = {*programme.steps, programme.missed, programme.recheck, f"{programme.code}_state"}
        made.steps, made.unknown = steps_of(run, page, eyes, programme.steps, asked)
    return made


def household_values(page: dict[str, Any]) -> dict[str, Any]:
    """Every household rule that the explanation went through → its value."""
    found = {step["rule"]: step["value"] for step in page["steps"] if step["entity"] == "household"}
    return {**found, **page["results"]}


def _persons(programme: Programme, page: dict[str, Any], alone: bool) -> list[str]:
    """Who qualifies by the rule, in the order of the household; for a single-person finding, who has a ground."""
    rule = "single_ground" if alone else programme.persons
    yes = {step["key"] for step in page["steps"] if step["rule"] == rule and step["value"] is True}
    no = {step["key"] for step in page["steps"] if step["rule"] == programme.without and step["value"] is True}
    return [one["person_id"] for one in page["members"] if one["person_id"] in yes - no]


def _amount(programme: Programme, values: dict[str, Any], made: Proposal) -> int | None:
    """The household's amount a month: the rule's, for one alone each one's, for the extremely poor each one's basic
    standard (the care grade is a person's assessment)."""
    if made.alone:
        each = values.get(programme.alone)
        return each * len(made.persons) if each is not None and made.persons else None
    if programme.per_person and not values.get("tekun_members"):
        each = values.get(programme.per_person)
        return each * len(made.persons) if each is not None and made.persons else None
    if not programme.amount or made.due is not True:
        return None
    amount: int | None = values.get(programme.amount)
    return amount


def frozen(made: Proposal) -> dict[str, Any]:
    """What a decision rests on, as JSON keeps it: the run's day, results, and the letter that explains them."""
    if made.page is None:
        return {}
    return {
        "date": made.day.isoformat() if made.day else "",
        "due": made.due,
        "amount": made.amount,
        "persons": made.persons,
        "results": {name: _plain(value) for name, value in made.page["results"].items()},
        "letter": letter(made.page)[:FROZEN_STEPS],
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
