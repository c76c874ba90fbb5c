"""Clues 线索 in the hands of people: told, dismissed many at a time, taken back, dispatched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.cases.adopting import WATCHED, adopt, removed_before
from xianjie.web.cases.discovering import join_case
from xianjie.web.cases.models import Case, Clue, ClueReason
from xianjie.web.cases.rules import clue_rules
from xianjie.web.cases.services import ACT, move, open_case, under_way
from xianjie.web.clock import today
from xianjie.web.registry.models import Household


@transaction.atomic
def add_clue(scope: Scope, household: Household, origin: str, text: str, *, urgent: bool = False) -> Clue:
    """A clue by a person: a visit, a sweep, an application, a department.

    Joins the household's open clue; where a case is under way it goes to that case, which says that there is news.
    """
    if not scope.allows(ACT, household.region_code):
        raise PermissionDenied
    if origin not in clue_rules()["origins"]:
        raise UserError("cases.no_such_origin", origin=origin)
    if not text.strip():
        raise UserError("cases.no_text")
    case = Case.everything.select_for_update().filter(household=household, over=False).first()
    clue, fresh = _of_case(case) if case is not None and under_way(case) else _open_clue(household)
    if urgent and not clue.urgent:
        Clue.everything.filter(pk=clue.pk).update(urgent=True)
    actor = current_actor()
    ClueReason.everything.create(
        clue=clue, origin=origin, code="", text=text.strip(), said_by=actor.name or actor.username, said_on=today()
    )
    record("cases.clue", subject=("household", household.pk), region_code=household.region_code,
           after={"origin": origin, "text": text, "joined": not fresh})  # fmt: skip
    return clue


def _open_clue(household: Household) -> tuple[Clue, bool]:
    return Clue.everything.get_or_create(
        household=household, state=Clue.OPEN, defaults={"region_code": household.region_code, "opened_on": today()}
    )


def _of_case(case: Case) -> tuple[Clue, bool]:
    """The newest clue of a case under way; the case says from today on that there is news."""
    Case.everything.filter(pk=case.pk).update(news_on=today())
    last = Clue.everything.filter(household=case.household_id).order_by("-pk").first()
    if last is None or last.state == Clue.DISMISSED:
        last = Clue(household_id=case.household_id, region_code=case.region_code, opened_on=today())
    fresh = last.pk is None
    if last.case_id != case.pk:
        join_case(last, case)
    return last, fresh


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


@transaction.atomic
def dispatch(scope: Scope, pk: int, *, green: bool = False, why: str = "") -> Case:
    """Send a clue on to verification in its village, or help first, papers later (green channel).

    A household that is watched after its removal has a relapse: the same case goes on, also where the removal was
    before this system knew it.
    """
    clue = _mine(scope, [pk])[0]
    known = _freeze([clue])[clue.pk]
    household = Household.everything.get(pk=clue.household_id)
    case = Case.everything.filter(household=household).first()
    if case is None and removed_before(household.pk):
        case = adopt([household], WATCHED)[0]
    if case is not None and not case.over:
        if under_way(case):
            raise UserError("cases.already_open", household=household.pk)
        action = "relapse_urgent" if green else "relapse"
    else:
        case = open_case(scope, household, why=why)
        action = "green_channel" if green else "dispatch"
    case = move(scope, case.pk, action, seen=case.revision, reason=why)
    Clue.everything.filter(pk=clue.pk).update(
        state=Clue.DISPATCHED, known=known, case=case, why=why, decided_on=today(),
        decided_by=current_actor().username,
    )  # fmt: skip
    return case
