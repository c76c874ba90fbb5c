"""What a plan starts from: open risks, labour, what the policy accepts for a risk, by when help must begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _

from xianjie.dictionary import dictionary
from xianjie.screening.policies import PolicyBook, open_policy
from xianjie.web.cases.models import Case, CaseMove, ClueReason
from xianjie.web.cases.results import frozen
from xianjie.web.cases.rules import clue_rules
from xianjie.web.clock import today
from xianjie.web.daily.kinds import kind_label, kinds
from xianjie.web.daily.models import Finding
from xianjie.web.daily.runs import overlays

CAUSES = "cause"
ABLE = "development_help_fits"


@lru_cache(maxsize=4)
def _book(folders: tuple[Path, ...]) -> PolicyBook:
    return open_policy(folders)


def open_risks(case: Case) -> dict[str, list[str]]:
    """Risk → what it rests on: those that data show today, and those with which the household was identified."""
    found = standing_risks(case.household_id)
    for risk in filter(None, _identified(case).split(";")):
        found.setdefault(risk, []).append(str(_("认定时登记")))
    return {risk: found[risk] for risk in dictionary().codes["risk"].values if risk in found}


def _identified(case: Case) -> str:
    decided = CaseMove.everything.filter(case=case, action__in=("identify", "adopt")).order_by("-number").first()
    return str(decided.given.get("risks", "")) if decided else ""


def standing_risks(household_id: str) -> dict[str, list[str]]:
    """Risk → the findings that cause it: those that stand, and the case's reasons that are not gone; two queries."""
    groups = {*clue_rules()["groups"], CAUSES}
    stands: dict[str, str] = {}
    gone: set[str] = set()
    for code, group, causes, gone_on in Finding.everything.filter(household=household_id).values_list(
        "finding", "group", "causes", "gone_on"
    ):
        if gone_on is None:
            stands[code] = causes if group in groups else ""
        else:
            gone.add(code)
    reasons = ClueReason.everything.filter(clue__household=household_id, gone_on__isnull=True).exclude(code="")
    for code in reasons.values_list("code", flat=True):
        kind = kinds().get(code)
        if code not in stands and code not in gone and kind and kind.group in groups:
            stands[code] = ";".join(kind.causes)
    found: dict[str, list[str]] = {}
    for code in sorted(stands):
        for cause in filter(None, stands[code].split(";")):
            found.setdefault(cause, []).append(kind_label(code))
    return found


def can_work(household_id: str, region_code: str) -> bool | None:
    """Whether somebody can work, as the newest run says; unknown without one."""
    result: bool | None = frozen(household_id, region_code).get("results", {}).get(ABLE)
    return result


def accepted(region_code: str, day: date | None = None) -> dict[str, tuple[str, ...]]:
    """Risk → the groups of measures that the policy accepts for it here; a risk that is not named takes any."""
    book = _book(overlays())
    groups = {}
    for cause in book.document("causes.yaml")["causes"]:
        if "measures" in cause:
            value = book.policy.parameters[cause["measures"]].at(region_code, day or today())
            if value is not None and value.known:
                groups[cause["code"]] = tuple(value.value)
    return groups


def development_groups(region_code: str) -> tuple[str, ...]:
    """The groups that count as development help 开发式帮扶 here."""
    value = _book(overlays()).policy.parameters["development_measure_groups"].at(region_code, today())
    return tuple(value.value) if value is not None and value.known else ()


@dataclass(frozen=True)
class FirstMeasure:
    """By when the first measure must have begun, and who says so."""

    due_on: date
    days: int
    source: str
    trust: str


def first_measure(case: Case) -> FirstMeasure | None:
    """The day of the first measure, counted from the identification; None before it, or without a number here."""
    identified = CaseMove.everything.filter(case=case, action="identify").order_by("-number").first()
    value = _book(overlays()).policy.parameters["first_measure_days"].at(case.region_code, today())
    if identified is None or value is None or not value.known:
        return None
    return FirstMeasure(identified.day + timedelta(value.value), value.value, value.source, value.trust)
