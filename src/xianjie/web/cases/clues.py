"""Clues: taken from findings and from people, merged per household, triaged many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.cases.models import Case, Clue, ClueReason
from xianjie.web.cases.rules import clue_rules
from xianjie.web.cases.services import ACT, move, open_case
from xianjie.web.clock import today
from xianjie.web.registry.models import Household

BATCH = 2000


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


def raises_clue(code: str, group: str) -> bool:
    """Whether a finding is a clue, or only stands beside one."""
    rules = clue_rules()
    return group in rules["groups"] or code in rules["findings"]


@dataclass
class Taken:
    """What became of a run's reasons: clues opened, grown, come back, calmed; households left alone."""

    opened: int = 0
    came_back: int = 0
    grown: int = 0
    calmed: int = 0
    left: int = 0  # dismissed before and no worse since


@transaction.atomic
def take_findings(county_code: str, found: Iterable[Reason]) -> Taken:
    """Bring a county's clues in line with what its newest run found.

    An open clue gets the new reasons; a household without one gets a clue, unless it was dismissed and is no worse;
    reasons that no longer hold are marked as gone, and a clue of which nothing is left is closed by itself.
    """
    by_household: dict[str, list[Reason]] = defaultdict(list)
    for reason in found:
        if raises_clue(reason.code, reason.group):
            by_household[reason.household_id].append(reason)
    taken = Taken()
    low, high = county_code[:6].ljust(12, "0"), str(int(county_code[:6]) + 1).ljust(12, "0")
    there = {
        clue.household_id: clue
        for clue in Clue.everything.filter(region_code__gte=low, region_code__lt=high).order_by("pk")
    }  # the newest of a household wins
    _settle_reasons(there, by_household, taken)
    fresh = [household for household in by_household if _is_due(there.get(household), by_household[household], taken)]
    made = Clue.everything.bulk_create(
        [_clue(by_household[household], there.get(household)) for household in sorted(fresh)], batch_size=BATCH
    )
    rows = [_row(clue, reason) for clue in made for reason in by_household[clue.household_id]]
    ClueReason.everything.bulk_create(rows, batch_size=BATCH)
    taken.opened = len(made) - taken.came_back
    record("cases.clues", subject=("county", county_code), region_code=county_code, after=vars(taken))
    return taken


def _is_due(last: Clue | None, reasons: list[Reason], taken: Taken) -> bool:
    if last is None:
        return True
    if last.state != Clue.DISMISSED:
        if last.state == Clue.DISPATCHED and last.case is not None and last.case.over:
            return _worse(last, reasons, taken)
        return False
    return _worse(last, reasons, taken)


def _worse(last: Clue, reasons: list[Reason], taken: Taken) -> bool:
    """Whether what stands now is worse than what somebody has decided on."""
    new_codes = {reason.code for reason in reasons} - set(last.known.get("codes", ()))
    grown = _score(reasons) - last.known.get("score", 0) >= clue_rules()["worse_by"]["value"]
    if new_codes or grown:
        taken.came_back += 1
        return True
    taken.left += 1
    return False


def _score(reasons: list[Reason]) -> int:
    return sum(reason.score for reason in reasons)


def _clue(reasons: list[Reason], last: Clue | None) -> Clue:
    return Clue(
        household_id=reasons[0].household_id, region_code=reasons[0].region_code, score=_score(reasons),
        opened_on=today(), urgent=any(reason.group == "shock" for reason in reasons),
        came_back=last is not None,
    )  # fmt: skip


def _row(clue: Clue, reason: Reason) -> ClueReason:
    return ClueReason(
        clue=clue, origin=reason.origin, code=reason.code, text=reason.text, score=reason.score, cite=reason.cite,
        departments=reason.departments, said_by=reason.said_by, said_on=today(),
    )  # fmt: skip


def _settle_reasons(there: dict[str, Clue], by_household: dict[str, list[Reason]], taken: Taken) -> None:
    """Open clues: add reasons that are new, mark those that are gone, close what has nothing left."""
    open_clues = {clue.pk: clue for clue in there.values() if clue.state == Clue.OPEN}
    standing: dict[int, dict[str, ClueReason]] = defaultdict(dict)
    for row in ClueReason.everything.filter(clue__in=list(open_clues), gone_on__isnull=True).exclude(code=""):
        if row.origin == "data":
            standing[row.clue_id][row.code] = row
    by_people = set(
        ClueReason.everything.filter(clue__in=list(open_clues), gone_on__isnull=True)
        .exclude(origin="data").values_list("clue_id", flat=True)
    )  # fmt: skip
    added: list[ClueReason] = []
    gone: list[ClueReason] = []
    touched: list[Clue] = []
    for clue in open_clues.values():
        now = {reason.code: reason for reason in by_household.get(clue.household_id, ())}
        was = standing[clue.pk]
        added += [_row(clue, now[code]) for code in sorted(now.keys() - was.keys())]
        gone += [was[code] for code in sorted(was.keys() - now.keys())]
        score = _score(list(now.values()))
        if not now and clue.pk not in by_people:
            clue.state, clue.why, clue.decided_on = Clue.DISMISSED, "线索来由均已消失", today()
            taken.calmed += 1
        elif now.keys() - was.keys():
            taken.grown += 1
        if score != clue.score or clue.state != Clue.OPEN:
            clue.score = score
            touched.append(clue)
    for row in gone:
        row.gone_on = today()
    ClueReason.everything.bulk_create(added, batch_size=BATCH)
    ClueReason.everything.bulk_update(gone, ["gone_on"], batch_size=500)
    Clue.everything.bulk_update(touched, ["score", "state", "why", "decided_on"], batch_size=500)


@transaction.atomic
def add_clue(scope: Scope, household: Household, origin: str, text: str, *, urgent: bool = False) -> Clue:
    """A clue by a person: a visit, a sweep, an application, a department. Joins the household's open clue."""
    if not scope.allows(ACT, household.region_code):
        raise PermissionDenied
    if origin not in clue_rules()["origins"]:
        raise UserError("cases.no_such_origin", origin=origin)
    if not text.strip():
        raise UserError("cases.no_text")
    clue, fresh = Clue.everything.get_or_create(
        household=household, state=Clue.OPEN, defaults={"region_code": household.region_code, "opened_on": today()}
    )
    if urgent and not clue.urgent:
        Clue.everything.filter(pk=clue.pk).update(urgent=True)
    actor = current_actor()
    ClueReason.everything.create(
        clue=clue, origin=origin, code="", text=text.strip(), said_by=actor.name or actor.username, said_on=today()
    )
    record("cases.clue", subject=("household", household.pk), region_code=household.region_code,
           after={"origin": origin, "text": text, "joined": not fresh})  # fmt: skip
    return clue


def _mine(scope: Scope, pks: Iterable[int]) -> list[Clue]:
    """The open clues of `pks` within the scope; none is passed over in silence."""
    wanted = set(pks)
    found = list(Clue.objects.within(scope, ACT).filter(pk__in=wanted, state=Clue.OPEN).order_by("pk"))
    if len(found) != len(wanted):
        raise UserError("cases.clues_gone", number=len(wanted) - len(found))
    return found


def _freeze(clues: list[Clue]) -> dict[int, dict[str, Any]]:
    codes: dict[int, list[str]] = defaultdict(list)
    rows = ClueReason.everything.filter(clue__in=clues, gone_on__isnull=True).exclude(code="")
    for clue, code in rows.values_list("clue_id", "code").order_by("clue_id", "code"):
        codes[clue].append(code)
    return {clue.pk: {"codes": codes[clue.pk], "score": clue.score} for clue in clues}


@transaction.atomic
def dismiss(scope: Scope, pks: Iterable[int], why: str) -> int:
    """Dismiss clues for one stated reason; gives the batch by which `undo` takes them back."""
    if not why.strip():
        raise UserError("cases.no_reason_to_dismiss")
    clues = _mine(scope, pks)
    known = _freeze(clues)
    event = record("cases.dismiss", region_code=scope.home, why=why, after={"clues": [clue.pk for clue in clues]})
    for clue in clues:
        clue.state, clue.why, clue.known, clue.batch = Clue.DISMISSED, why.strip(), known[clue.pk], event.seq
        clue.decided_on, clue.decided_by = today(), current_actor().username
    Clue.everything.bulk_update(clues, ["state", "why", "known", "batch", "decided_on", "decided_by"], batch_size=500)
    return event.seq


@transaction.atomic
def undo(scope: Scope, batch: int) -> int:
    """Take a dismissal back, for every clue of it that stands as it was left; gives their number."""
    clues = list(Clue.objects.within(scope, ACT).filter(batch=batch, state=Clue.DISMISSED))
    open_again = set(
        Clue.everything.filter(household__in=[clue.household_id for clue in clues], state=Clue.OPEN)
        .values_list("household_id", flat=True)
    )  # fmt: skip
    taken_back = [clue for clue in clues if clue.household_id not in open_again]
    for clue in taken_back:
        clue.state, clue.batch, clue.why, clue.known = Clue.OPEN, None, "", {}
        clue.decided_on, clue.decided_by = None, ""
    Clue.everything.bulk_update(
        taken_back, ["state", "why", "known", "batch", "decided_on", "decided_by"], batch_size=500
    )
    record("cases.undo", region_code=scope.home, after={"batch": batch, "clues": [clue.pk for clue in taken_back]})
    return len(taken_back)


def dispatch(scope: Scope, pk: int, *, green: bool = False, why: str = "") -> Case:
    """Send a clue on to verification in its village, or first help, papers later (green channel)."""
    with transaction.atomic():
        clue = _mine(scope, [pk])[0]
        known = _freeze([clue])[clue.pk]
        household = Household.everything.get(pk=clue.household_id)
        case = Case.everything.filter(household=household).first()
        if case is not None and not case.over:
            raise UserError("cases.already_open", household=household.pk)
        case = open_case(scope, household, why=why)
        action = "green_channel" if green else "dispatch"
        case = move(scope, case.pk, action, seen=case.revision, reason=why)
        Clue.everything.filter(pk=clue.pk).update(
            state=Clue.DISPATCHED, known=known, case=case, why=why, decided_on=today(),
            decided_by=current_actor().username,
        )  # fmt: skip
    return case
