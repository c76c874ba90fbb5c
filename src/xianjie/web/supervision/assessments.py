"""Assessments 考核评价: begun by a scheme, values taken from the system, scored, published, objected to, settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from xianjie.messages import UserError, say
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.regions.models import area_of
from xianjie.web.regions.selectors import full_names, on_day
from xianjie.web.supervision.areas import ASSESS, ASSESS_VIEW, at_or_above, home_of
from xianjie.web.supervision.declared import days, schemes
from xianjie.web.supervision.scoring import Values, score
from xianjie.web.supervision.target_models import AssessedUnit, Assessment, Objection, Observation, Talk

OPEN_STATES = (Assessment.PUBLISHED, Assessment.FINAL)
SYSTEM = "system"


def assessments(scope: Scope) -> QuerySet[Assessment]:
    """The assessments that a user sees: those they run, and published ones of their areas and above."""
    runs = scope.where(ASSESS)
    return Assessment.everything.filter(runs | (at_or_above(scope, ASSESS_VIEW) & Q(state__in=OPEN_STATES)))


def may_run(scope: Scope, assessment: Assessment) -> bool:
    """Whether the user runs it."""
    return scope.allows(ASSESS, assessment.region_code)


def units(assessment: Assessment) -> list[AssessedUnit]:
    """The units, by rank and then by code. A published ranking is read by all of them."""
    rows = AssessedUnit.everything.filter(assessment=assessment)
    return sorted(rows, key=lambda one: (one.rank or 10**6, one.region_code))


@transaction.atomic
def begin(scope: Scope, *, scheme: str, title: str, begins_on: date, ends_on: date) -> Assessment:
    """Begin an assessment of the user's region: the scheme is frozen, its units are the regions of its level.

    Raises `UserError` when there is nothing to compare.
    """
    place = home_of(scope, ASSESS)
    if not place:
        raise PermissionDenied
    frozen = schemes()[scheme]
    low, high = area_of(place)
    found = list(on_day(ends_on).filter(level=frozen["level"], region_code__gte=low, region_code__lt=high))
    if len(found) < 2:
        raise UserError("supervision.nothing_to_compare", scheme=frozen["zh"])
    made = Assessment.everything.create(
        region_code=place, title=title, scheme=frozen, begins_on=begins_on, ends_on=ends_on,
        made_by=current_actor().username,
    )  # fmt: skip
    names = full_names({one.region_code for one in found})
    AssessedUnit.everything.bulk_create(
        [AssessedUnit(assessment=made, region_code=one.region_code, name=names[one.region_code]) for one in found],
        batch_size=500,
    )
    record("supervision.assessment", subject=("assessment", str(made.pk)), region_code=place,
           after={"scheme": scheme, "units": len(found)})  # fmt: skip
    fill_in(made)
    return made


def fill_in(assessment: Assessment) -> None:
    """Take what the system knows for the period, and score."""
    names = [one["name"] for one in assessment.scheme["indicators"] if one["source"] == SYSTEM]
    low, high = area_of(assessment.region_code)
    found: dict[tuple[str, str], Observation] = {}
    rows = Observation.everything.filter(
        indicator__in=names, region_code__gte=low, region_code__lt=high, day__gte=assessment.begins_on,
        day__lte=assessment.ends_on,
    )  # fmt: skip
    for row in rows.order_by("day"):
        found[row.region_code, row.indicator] = row
    assessed = units(assessment)
    for unit in assessed:
        for name in names:
            if known := found.get((unit.region_code, name)):
                unit.values[name] = {"value": known.value, "source": SYSTEM, "day": known.day.isoformat()}
    _score(assessment, assessed)


def plain_values(assessed: list[AssessedUnit]) -> Values:
    """Unit → indicator → value."""
    return {one.region_code: {name: kept["value"] for name, kept in one.values.items()} for one in assessed}


def _score(assessment: Assessment, assessed: list[AssessedUnit]) -> None:
    scored = score(assessment.scheme, plain_values(assessed))
    for unit in assessed:
        result = scored[unit.region_code]
        unit.score, unit.rank, unit.grade = result.score, result.rank, result.grade
    AssessedUnit.everything.bulk_update(assessed, ["values", "score", "rank", "grade"], batch_size=500)


@transaction.atomic
def set_values(scope: Scope, assessment: Assessment, given: Mapping[int, Mapping[str, float | None]], why: str) -> int:
    """Values that the system does not know (survey, third party, reported): unit → indicator → value; gives changes.

    Raises `UserError` once the assessment is settled. Values of the system cannot be set by hand.
    """
    _must_run(scope, assessment)
    if assessment.state == Assessment.FINAL:
        raise UserError("supervision.settled")
    by_hand = {one["name"]: one["source"] for one in assessment.scheme["indicators"] if one["source"] != SYSTEM}
    assessed = units(assessment)
    before, after = {}, {}
    for unit in assessed:
        for name, value in given.get(unit.pk, {}).items():
            old = unit.values.get(name, {}).get("value")
            if name not in by_hand or old == value:
                continue
            before[f"{unit.name}/{name}"], after[f"{unit.name}/{name}"] = old, value
            if value is None:
                unit.values.pop(name, None)
            else:
                unit.values[name] = {"value": value, "source": by_hand[name], "day": today().isoformat()}
    if after:
        record("supervision.values", subject=("assessment", str(assessment.pk)), region_code=assessment.region_code,
               why=why, before=before, after=after)  # fmt: skip
        _score(assessment, assessed)
    return len(after)


def missing(assessment: Assessment, assessed: list[AssessedUnit]) -> list[tuple[str, str]]:
    """(unit, indicator) without a value."""
    return [
        (unit.name, one["zh"]) for unit in assessed for one in assessment.scheme["indicators"]
        if one["name"] not in unit.values
    ]  # fmt: skip


@transaction.atomic
def publish(scope: Scope, assessment: Assessment) -> Assessment:
    """Publish the result: units see it and may object. Raises `UserError` while a value is missing."""
    _must_run(scope, assessment)
    if assessment.state != Assessment.DRAFT:
        raise UserError("supervision.published_already")
    lacking = missing(assessment, units(assessment))
    if lacking:
        raise UserError("supervision.values_missing", number=len(lacking), unit=lacking[0][0], indicator=lacking[0][1])
    assessment.state, assessment.published_on = Assessment.PUBLISHED, today()
    assessment.objections_to = today() + timedelta(days=days("objection_days"))
    assessment.save()
    record("supervision.publish", subject=("assessment", str(assessment.pk)), region_code=assessment.region_code)
    return assessment


@transaction.atomic
def object_to(scope: Scope, unit: AssessedUnit, text: str) -> Objection:
    """A unit objects to its result. Raises `UserError` outside the days for it."""
    assessment = unit.assessment
    if not scope.allows(ASSESS_VIEW, unit.region_code):
        raise PermissionDenied
    in_time = assessment.objections_to is not None and today() <= assessment.objections_to
    if assessment.state != Assessment.PUBLISHED or not in_time:
        raise UserError("supervision.objections_over")
    actor = current_actor()
    made = Objection.everything.create(unit=unit, text=text, day=today(), by=actor.username, by_name=actor.name)
    record("supervision.objection", subject=("assessment", str(assessment.pk)), region_code=unit.region_code,
           after={"unit": unit.name, "text": text})  # fmt: skip
    return made


@transaction.atomic
def answer_objection(scope: Scope, objection: Objection, *, upheld: bool, answer: str) -> Objection:
    """Answer an objection; wrong values are then corrected by hand. Raises `UserError` for an answered one."""
    assessment = objection.unit.assessment
    _must_run(scope, assessment)
    if objection.answered_on:
        raise UserError("supervision.answered_already")
    objection.answer, objection.upheld, objection.answered_on = answer, upheld, today()
    objection.answered_by = current_actor().username
    objection.save()
    record("supervision.objection_answered", subject=("assessment", str(assessment.pk)),
           region_code=objection.unit.region_code, after={"upheld": upheld, "answer": answer})  # fmt: skip
    return objection


@transaction.atomic
def settle(scope: Scope, assessment: Assessment, use: str) -> Assessment:
    """Settle the result and say what it is used for; the last ones are called for a talk (约谈).

    Raises `UserError` while objections are open or may still come.
    """
    _must_run(scope, assessment)
    if assessment.state != Assessment.PUBLISHED:
        raise UserError("supervision.not_published")
    if assessment.objections_to and today() <= assessment.objections_to:
        raise UserError("supervision.objections_run", day=assessment.objections_to)
    if Objection.everything.filter(unit__assessment=assessment, answered_on=None).exists():
        raise UserError("supervision.objections_open")
    assessment.state, assessment.final_on, assessment.use = Assessment.FINAL, today(), use
    assessment.save()
    last = units(assessment)[len(units(assessment)) - int(assessment.scheme["talk_last"]) :]
    Talk.everything.bulk_create(
        Talk(
            unit=one,
            why=say("supervision.talk_why", rank=one.rank, grade=one.grade),
            planned_on=today() + timedelta(days=days("order_days")),
        )
        for one in last
    )
    record("supervision.settle", subject=("assessment", str(assessment.pk)), region_code=assessment.region_code,
           after={"use": use, "talks": [one.name for one in last]})  # fmt: skip
    return assessment


@transaction.atomic
def hold_talk(scope: Scope, talk: Talk, held_on: date, text: str) -> Talk:
    """Record that a talk was held. Raises `UserError` for a day in the future."""
    assessment = talk.unit.assessment
    _must_run(scope, assessment)
    if held_on > today():
        raise UserError("supervision.in_future")
    talk.held_on, talk.record = held_on, text
    talk.save()
    record("supervision.talk", subject=("assessment", str(assessment.pk)), region_code=talk.unit.region_code,
           after={"unit": talk.unit.name, "text": text})  # fmt: skip
    return talk


def _must_run(scope: Scope, assessment: Assessment) -> None:
    if not may_run(scope, assessment):
        raise PermissionDenied
