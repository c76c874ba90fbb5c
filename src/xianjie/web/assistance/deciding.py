"""What decisions write 认定结果: the register's rows and who receives what; withdrawn and told anew, never overwritten.

Money begins with the month after the decision, and a change of amount or an end takes effect with the next month: so a
month has one amount for a person, whatever is decided within it.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.db.models import Q

from xianjie.messages import UserError
from xianjie.rules.language import add_months
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import DEPARTMENT, fund
from xianjie.web.assistance.models import Application, ApplicationMove, Benefit
from xianjie.web.assistance.programmes import number, programmes
from xianjie.web.cases.results import page_of_household
from xianjie.web.flows.definition import Flow
from xianjie.web.registry.models import Fact, Person
from xianjie.web.registry.recording import Recording, recording
from xianjie.web.registry.records import unpack
from xianjie.web.words import label

CATEGORY, GRANT = "category", "relief_grant"
ADVERSE = ("refuse", "oppose")
LEVELS = {"township": "township", "county": "county", "department": "county"}


def write(scope: Scope, one: Application, flow: Flow, made: ApplicationMove) -> None:
    """Put into the register what a move says, when its action writes something there."""
    action = flow.steps[made.step].actions[made.action]
    if flow.steps[made.step].freezes and not action.back:
        one.decided_on, one.decided = made.day, action.writes or made.action
        one.save()
    if action.writes not in _WRITERS:
        return
    with recording(
        "fact", scope, on=made.day, reason=made.reason or label(action), permission="assistance.act"
    ) as change:
        change.household(one.household_id)
        _WRITERS[action.writes](scope, change, one, made)
        change.details |= {"entity": GRANT if action.writes == "relieved" else CATEGORY, "fields": sorted(made.given)}


def next_month(day: date) -> date:
    """The first day of the month after."""
    return add_months(day.replace(day=1), 1)


def shares(amount: int, number_of: int) -> list[int]:
    """A household's amount over its members to the fen: equal, what is left over with the first."""
    each, left = divmod(amount, number_of)
    return [each + (1 if place < left else 0) for place in range(number_of)]


def running(one: Application, day: date) -> list[Benefit]:
    """What the household receives under the programme today or has been told to stop with the next month."""
    rows = Benefit.everything.filter(household=one.household_id, programme=one.programme)
    return list(rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=next_month(day))).order_by("person_id", "pk"))


def _people(one: Application, made: ApplicationMove) -> list[Person]:
    """The members whom a decision names. Raises `UserError` for none, or for somebody who is no living member."""
    wanted = [key for key in str(made.given.get("members", "")).split(";") if key]
    people = {person.pk: person for person in Person.everything.filter(household=one.household_id, pk__in=wanted)}
    if not wanted or any(key not in people or people[key].alive is False for key in wanted):
        raise UserError("assistance.no_members")
    return [people[key] for key in sorted(people)]  # one order, so that shares do not move between decisions


def _money(one: Application, made: ApplicationMove) -> int | None:
    if not programmes()[one.programme].pays:
        return None
    amount = int(made.given["amount"])
    if amount <= 0:
        raise UserError("assistance.no_amount")
    return amount


def _granted(scope: Scope, change: Recording, one: Application, made: ApplicationMove) -> None:
    if running(one, made.day):
        raise UserError("assistance.receives_already", household=one.household_id)
    people, amount = _people(one, made), _money(one, made)
    begins = next_month(made.day) if amount is not None else made.day
    for person, share in zip(people, shares(amount or 0, len(people)), strict=True):
        _begin(change, one, made, person, share if amount is not None else None, begins, recognised=made.day)


def _reviewed(scope: Scope, change: Recording, one: Application, made: ApplicationMove) -> None:
    people, amount = _people(one, made), _money(one, made)
    due = dict(zip((person.pk for person in people), shares(amount or 0, len(people)), strict=True))
    left = {person.pk: person for person in people}
    for row in running(one, made.day):
        share = due.get(row.person_id) if amount is not None else None
        if row.person_id in left and (amount is None or share == row.amount_month):
            del left[row.person_id]
            row.ends_on, row.grace_until = None, None
            row.reviewed_on, row.review_due_on = made.day, review_due(one, made.day)
            _retell(change, one, row)
        elif row.ends_on is None:
            _end(change, one, row, next_month(made.day))
    for key, person in left.items():
        _begin(change, one, made, person, due[key] if amount is not None else None, next_month(made.day))


def _grace(scope: Scope, change: Recording, one: Application, made: ApplicationMove) -> None:
    until = date.fromisoformat(made.given["manner"])
    most = number(programmes()[one.programme].grace, one.region_code, made.day)
    latest = add_months(made.day, int(most.value)) if most is not None else None
    if latest is None or not made.day < until <= latest:
        raise UserError("assistance.grace_too_long", latest=latest or "—")
    for row in running(one, made.day):
        row.ends_on, row.grace_until, row.reviewed_on, row.review_due_on = None, until, made.day, until
        _retell(change, one, row)


def _stopped(scope: Scope, change: Recording, one: Application, made: ApplicationMove) -> None:
    for row in running(one, made.day):
        if row.ends_on is None:
            _end(change, one, row, next_month(made.day))


def _relieved(scope: Scope, change: Recording, one: Application, made: ApplicationMove) -> None:
    """A grant of relief, within what the level may decide; out of the township's reserve when the decision says so."""
    given, amount = made.given, int(made.given["amount"])
    programme = programmes()[one.programme]
    months = int(given["months"]) if given.get("months") else None
    if amount <= 0:
        raise UserError("assistance.no_amount")
    case_by_case = given.get("case_by_case") == "yes"
    if made.role == "township":
        most = number(programme.township_max, one.region_code, made.day)
        if most is None:
            raise UserError("assistance.no_township_limit")
        if amount > most.value:
            raise UserError("assistance.above_township", most=f"{most.value / 100:,.2f}")
    longest = number(programme.months_max, one.region_code, made.day)
    if months and longest is not None and months > longest.value and not case_by_case:
        raise UserError("assistance.too_many_months", most=longest.value)
    key = _key()
    values = {
        "grant_id": key, "household_id": one.household_id, "kind": given["relief_kind"], "applied_on": one.applied_on,
        "decided_on": made.day, "decided_by": LEVELS[made.role], "amount": amount, "months": months,
        "persons": int(given["persons"]) if given.get("persons") else None,
        "help_first": made.step == "relief_first", "case_by_case": case_by_case,
    }  # fmt: skip
    change.add_fact(GRANT, values, change.household(one.household_id), None, DEPARTMENT)
    if given.get("from_reserve") == "yes":
        fund.pay_relief(scope, one, amount, key)


_WRITERS = {
    "granted": _granted, "reviewed": _reviewed, "grace": _grace, "stopped": _stopped, "relieved": _relieved,
}  # fmt: skip


def review_due(one: Application, day: date) -> date | None:
    """When the next review falls due: by the place's months for a family that can or cannot work."""
    review = programmes()[one.programme].review
    page = page_of_household(one.household_id, one.region_code)
    unable = page["results"].get("no_labour") if page else None
    months = number(review.get("stable" if unable else "labour", ""), one.region_code, day)
    return add_months(day, int(months.value)) if months is not None else None


def _key() -> str:
    return f"N{uuid.uuid4().hex[:18].upper()}"


def _begin(
    change: Recording, one: Application, made: ApplicationMove, person: Person, amount: int | None, begins: date,
    recognised: date | None = None,
) -> None:  # fmt: skip
    given = made.given
    row = Benefit(
        key=_key(), household_id=one.household_id, person=person, region_code=one.region_code, programme=one.programme,
        begins_on=begins, amount_month=amount, dibao_class=given.get("dibao_class", ""),
        single_person=given.get("single_person") == "yes" if "single_person" in given else None,
        support_mode=given.get("support_mode", ""), reviewed_on=made.day, review_due_on=review_due(one, made.day),
        source=Benefit.APPLICATION, application=one,
    )  # fmt: skip
    more = {"self_care_failed": int(given["self_care_failed"])} if given.get("self_care_failed") else {}
    row.save()
    _tell(change, one, row, {"valid_from": recognised or begins, **more})


def _retell(change: Recording, one: Application, row: Benefit) -> None:
    """The same spell with what has changed of it, under its own number."""
    row.application, row.source = one, Benefit.APPLICATION
    row.save()
    _tell(change, one, row, _withdrawn(change, row))


def _end(change: Recording, one: Application, row: Benefit, day: date) -> None:
    row.ends_on, row.review_due_on = day, None
    _retell(change, one, row)


def _withdrawn(change: Recording, row: Benefit) -> dict[str, Any]:
    """The values of the fact that told of the spell, itself withdrawn; what a department's list told stays there."""
    found = Fact.everything.filter(entity=CATEGORY, key=row.key, withdrawn_on__isnull=True)
    values: dict[str, Any] = {"valid_from": row.begins_on}
    for fact in found:
        change.withdraw(fact)
        values = unpack(CATEGORY, fact.data)
    return values


def _tell(change: Recording, one: Application, row: Benefit, values: dict[str, Any]) -> None:
    told = {
        **values, "category_id": row.key, "category": programmes()[one.programme].category, "valid_to": row.ends_on,
        "amount_month": row.amount_month, "dibao_class": row.dibao_class or None, "single_person": row.single_person,
        "support_mode": row.support_mode or None, "reviewed_on": row.reviewed_on, "grace_until": row.grace_until,
    }  # fmt: skip
    change.add_fact(CATEGORY, told, change.household(one.household_id), row.person, DEPARTMENT)
