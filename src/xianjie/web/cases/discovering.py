"""Clues from the daily run 发现线索: one a household, none where a case is under way, back only when it gets worse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from xianjie.web.audit.services import record
from xianjie.web.cases.models import Case, Clue, ClueReason
from xianjie.web.cases.rules import clue_rules, is_reason, raises_clue
from xianjie.web.cases.services import under_way
from xianjie.web.clock import today
from xianjie.web.regions.models import area_of

BATCH = 2000
GONE, JOINED = "线索来由已消失或减轻", "并入在办案件"


@dataclass(frozen=True)
class Reason:
    """A reason as it comes in."""

    household_id: str
    region_code: str
    code: str
    text: str
    score: int
    origin: str = "data"
    group: str = ""
    cite: str = ""
    departments: str = ""
    said_by: str = ""


@dataclass
class Taken:
    """What became of a run's reasons, in households."""

    opened: int = 0
    came_back: int = 0
    grown: int = 0
    calmed: int = 0
    left: int = 0  # dismissed before and no worse since
    light: int = 0  # too light for a clue: the departments' warnings see to them
    to_cases: int = 0  # something new for a case under way


Reasons = dict[str, Reason]  # finding → reason


@transaction.atomic
def take_findings(county_code: str, found: Iterable[Reason], adopted: Collection[int] = ()) -> Taken:
    """Bring a county's clues in line with what its newest run found.

    An open clue gets the new reasons; a household without one gets a clue where its reasons weigh enough, unless it was
    dismissed and is no worse. What is found of a household whose case is under way joins that case, which says so
    (`Case.news_on`), but for cases just `adopted`. Reasons that no longer hold are marked as gone, and a clue of which
    nothing is left is closed by itself.
    """
    by_household: dict[str, Reasons] = defaultdict(dict)
    for reason in found:
        if is_reason(reason.code, reason.group):
            by_household[reason.household_id][reason.code] = reason
    low, high = area_of(county_code)
    here = Q(region_code__gte=low, region_code__lt=high)
    cases = {case.household_id: case for case in Case.everything.filter(here)}
    newest = {clue.household_id: clue for clue in Clue.everything.filter(here).order_by("pk")}
    taken = Taken()
    _join_cases(cases, newest, by_household)
    _settle(newest, cases, by_household, taken, frozenset(adopted))
    due = [
        home for home in sorted(by_household) if _is_due(newest.get(home), cases.get(home), by_household[home], taken)
    ]
    fresh = [_clue(by_household[home], came_back=home in newest or home in cases) for home in due]
    made = Clue.everything.bulk_create(fresh, batch_size=BATCH)
    rows = [_row(clue, reason) for clue in made for reason in by_household[clue.household_id].values()]
    ClueReason.everything.bulk_create(rows, batch_size=BATCH)
    taken.opened = len(made) - taken.came_back
    record("cases.clues", subject=("county", county_code), region_code=county_code, after=vars(taken))
    return taken


def _scores(reasons: Reasons) -> dict[str, int]:
    return {code: reason.score for code, reason in reasons.items()}


def _is_due(last: Clue | None, case: Case | None, reasons: Reasons, taken: Taken) -> bool:
    """Whether a household gets a clue now."""
    if (case is not None and under_way(case)) or (last is not None and last.state == Clue.OPEN):
        return False
    if not raises_clue(_scores(reasons)):
        taken.light += 1
        return False
    watched = case is not None and not case.over
    if watched and (last is None or last.state == Clue.DISPATCHED):
        taken.came_back += 1
        return True
    return last is None or _worse(last, reasons, taken)


def _worse(last: Clue, reasons: Reasons, taken: Taken) -> bool:
    """Whether what stands now is worse than what somebody has decided on."""
    new_codes = reasons.keys() - set(last.known.get("codes", ()))
    grown = sum(_scores(reasons).values()) - last.known.get("score", 0) >= clue_rules()["worse_by"]["value"]
    if new_codes or grown:
        taken.came_back += 1
        return True
    taken.left += 1
    return False


def _clue(reasons: Reasons, came_back: bool) -> Clue:
    first = next(iter(reasons.values()))
    return Clue(
        household_id=first.household_id, region_code=first.region_code, score=sum(_scores(reasons).values()),
        opened_on=today(), urgent=any(reason.group == "shock" for reason in reasons.values()),
        came_back=came_back,
    )  # fmt: skip


def _row(clue: Clue, reason: Reason) -> ClueReason:
    return ClueReason(
        clue=clue, origin=reason.origin, code=reason.code, text=reason.text, score=reason.score, cite=reason.cite,
        departments=reason.departments, said_by=reason.said_by, said_on=today(),
    )  # fmt: skip


def _join_cases(cases: Mapping[str, Case], newest: dict[str, Clue], found: Mapping[str, Reasons]) -> None:
    """Every case under way of which something is found has a clue that keeps its reasons."""
    joined = []
    for home, case in cases.items():
        last = newest.get(home)
        if not under_way(case) or (last is not None and last.state == Clue.DISPATCHED):
            continue
        if last is not None and last.state == Clue.OPEN:
            join_case(last, case)
        elif home in found:
            joined.append(
                Clue(household_id=home, region_code=case.region_code, state=Clue.DISPATCHED, case=case, why=JOINED,
                     opened_on=today(), decided_on=today())
            )  # fmt: skip
    newest.update({clue.household_id: clue for clue in Clue.everything.bulk_create(joined, batch_size=BATCH)})


def join_case(clue: Clue, case: Case) -> None:
    """Make a clue one of a case that is under way."""
    clue.state, clue.case, clue.why, clue.decided_on = Clue.DISPATCHED, case, JOINED, today()
    clue.save()


def _settle(
    newest: Mapping[str, Clue], cases: Mapping[str, Case], found: Mapping[str, Reasons], taken: Taken,
    adopted: frozenset[int],
) -> None:  # fmt: skip
    """Clues that are open or belong to a case under way: add reasons that are new, mark those that are gone."""
    live = {
        clue.pk: clue for home, clue in newest.items()
        if clue.state == Clue.OPEN or (clue.state == Clue.DISPATCHED and home in cases and under_way(cases[home]))
    }  # fmt: skip
    standing: dict[int, dict[str, ClueReason]] = defaultdict(dict)
    by_people: set[int] = set()
    for row in ClueReason.everything.filter(clue__in=list(live), gone_on__isnull=True):
        if row.origin == "data":
            standing[row.clue_id][row.code] = row
        else:
            by_people.add(row.clue_id)
    added: list[ClueReason] = []
    gone: list[ClueReason] = []
    touched: list[Clue] = []
    news: list[Case] = []
    for clue in live.values():
        now, was = found.get(clue.household_id, {}), standing[clue.pk]
        added += [_row(clue, now[code]) for code in sorted(now.keys() - was.keys())]
        gone += [was[code] for code in sorted(was.keys() - now.keys())]
        fresh, score = bool(now.keys() - was.keys()), sum(_scores(now).values())
        if clue.state == Clue.DISPATCHED:
            case = cases[clue.household_id]
            if fresh and case.pk not in adopted:
                case.news_on = today()
                news.append(case)
        elif clue.pk not in by_people and not raises_clue(_scores(now)):
            clue.state, clue.why, clue.decided_on = Clue.DISMISSED, GONE, today()
            taken.calmed += 1
        elif fresh:
            taken.grown += 1
        if score != clue.score or clue.state == Clue.DISMISSED:
            clue.score = score
            touched.append(clue)
    taken.to_cases = len(news)
    for row in gone:
        row.gone_on = today()
    ClueReason.everything.bulk_create(added, batch_size=BATCH)
    ClueReason.everything.bulk_update(gone, ["gone_on"], batch_size=500)
    Clue.everything.bulk_update(touched, ["score", "state", "why", "decided_on"], batch_size=500)
    Case.everything.bulk_update(news, ["news_on"], batch_size=500)
