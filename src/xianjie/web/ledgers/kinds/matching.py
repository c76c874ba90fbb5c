"""Job-seekers and vacancies matched 人岗匹配: which fit, how well, and why (D6; 中央（七）搭建用工信息平台).

A vacancy fits a seeker when it is open, lies no farther away than the seeker would go, asks for no certificate that
the seeker has not, and is for the seeker's age. Among those that fit, the same skill, a wage that reaches the wish, a
nearer place and a certificate that is asked for count, in this order; every point comes with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.clock import today
from xianjie.web.ledgers.declaration import numbers
from xianjie.web.ledgers.models import Entry
from xianjie.web.registry.models import Person
from xianjie.web.words import code_label

VIEW = "ledgers.view"
REACH = ("village", "township", "county", "province", "outside")
SHOWN = 5
# What counts → the number that says how much, of policy/ledgers/numbers.yaml.
POINTS = {
    "skill": "match_points_skill",
    "wage": "match_points_wage",
    "near": "match_points_near",
    "paper": "match_points_paper",
}


@dataclass(frozen=True)
class Match:
    """A vacancy for a seeker, with the points that speak for it (of 100) and the reasons for and against."""

    vacancy: Entry
    points: int
    reasons: tuple[str, ...]
    against: tuple[str, ...]


def why_not(seeker: Mapping[str, Any], vacancy: Mapping[str, Any], age: int | None, day: date) -> str:
    """What rules a vacancy out for a seeker; empty for nothing."""
    if vacancy.get("open_to") and date.fromisoformat(vacancy["open_to"]) < day:
        return _("招聘已截止")
    if REACH.index(vacancy["place"]) > REACH.index(seeker["reach"]):
        return _("工作地超出愿去的区域")
    if vacancy.get("certificate") and not seeker.get("certified"):
        return _("岗位需要技能证书")
    if age is not None and vacancy.get("age_to") and age > vacancy["age_to"]:
        return _("超过岗位年龄上限")
    return ""


@dataclass(frozen=True)
class Weights:
    """How many points of 100 skill, wage, nearness and certificate count at most."""

    skill: int
    wage: int
    near: int
    paper: int

    @classmethod
    def at(cls, county: str, day: date) -> Weights:
        """Those of a county (six digits) on a day."""
        found = {name: numbers()[number].at(county, day) for name, number in POINTS.items()}
        return cls(**{name: int(one.value) if one and one.known else 0 for name, one in found.items()})


def points(
    seeker: Mapping[str, Any], vacancy: Mapping[str, Any], weights: Weights
) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """What speaks for a vacancy that is not ruled out: points, reasons for, reasons against."""
    total, reasons, against = 0, [], []
    if vacancy["skill"] == seeker["skill"]:
        total += weights.skill
        reasons.append(_("工种对口：%(skill)s") % {"skill": code_label("jobs.skill", vacancy["skill"])})
    elif vacancy["skill"] == "general":
        total += weights.skill // 2
        reasons.append(_("普工岗位，不限工种"))
    else:
        against.append(_("工种不同：%(skill)s") % {"skill": code_label("jobs.skill", vacancy["skill"])})
    if vacancy["wage"] >= seeker["wage"]:
        total += weights.wage
        reasons.append(_("工资达到期望"))
    else:
        total += weights.wage * vacancy["wage"] // max(seeker["wage"], 1) // 2
        against.append(_("工资低于期望%(yuan)s元") % {"yuan": f"{(seeker['wage'] - vacancy['wage']) / 100:,.0f}"})
    near = len(REACH) - 1 - REACH.index(vacancy["place"])
    total += weights.near * near // (len(REACH) - 1)
    reasons.append(_("工作地：%(place)s") % {"place": code_label("jobs.reach", vacancy["place"])})
    if seeker.get("certified") and vacancy.get("certificate"):
        total += weights.paper
        reasons.append(_("证书符合要求"))
    return total, tuple(reasons), tuple(against)


def matches(scope: Scope, seekers: Iterable[Entry]) -> dict[int, list[Match]]:
    """Seeker → the vacancies of their county that fit, the best first. Two queries.

    Vacancies are announced to everybody in the county: whoever may see a seeker may see what is open to them.
    """
    listed = list(seekers)
    counties = {one.county for one in listed}
    open_now = Entry.everything.filter(sheet="vacancy", county__in=counties, state="open", withdrawn_on__isnull=True)
    vacancies = list(open_now.order_by("pk"))
    born = dict(Person.everything.filter(pk__in=[one.person_id for one in listed]).values_list("pk", "birth_date"))
    day, found = today(), {}
    weights = {county: Weights.at(county, day) for county in counties}
    for seeker in listed:
        age = _age(born.get(seeker.person_id), day)
        fitting = [
            Match(one, *points(seeker.data, one.data, weights[seeker.county]))
            for one in vacancies
            if one.county == seeker.county and not why_not(seeker.data, one.data, age, day)
        ]
        found[seeker.pk] = sorted(fitting, key=lambda match: (-match.points, match.vacancy.pk))[:SHOWN]
    return found


def _age(born: date | None, day: date) -> int | None:
    return None if born is None else day.year - born.year - ((day.month, day.day) < (born.month, born.day))
