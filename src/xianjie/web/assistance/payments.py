"""Monthly payment lists 待遇发放清单: made from who receives what, checked, locked; sums are of the lines.

A line whose money must not go out yet is held and says why; somebody may pay it all the same with a reason, but never
to the dead. The differences to the month before are explained line by line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.engines import open_engine, quote
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import DEPARTMENT
from xianjie.web.assistance.models import Benefit
from xianjie.web.assistance.payment_models import PaymentLine, PaymentList
from xianjie.web.assistance.programmes import programmes
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.daily.selectors import newest_run
from xianjie.web.regions.models import area_of

PAY = "assistance.pay"
BATCH = 1000
HELD = {
    "died": gettext_lazy("已去世"),
    "moved": gettext_lazy("已迁出或不在本户"),
    "ended": gettext_lazy("整户已注销"),
    "twice": gettext_lazy("同时享受其他低收入待遇或重复登记"),
    "grace": gettext_lazy("渐退期已满"),
    "no_amount": gettext_lazy("没有核定金额"),
}
FINAL = ("died", "ended", "no_amount")  # never paid by a mere reason
EXCLUSIVE = ("dibao", "tekun")  # nobody receives both (特困先于低保)
CHANGES = {
    PaymentLine.NEW: gettext_lazy("新增"),
    PaymentLine.SAME: gettext_lazy("不变"),
    PaymentLine.UP: gettext_lazy("提高"),
    PaymentLine.DOWN: gettext_lazy("降低"),
    PaymentLine.STOPPED: gettext_lazy("停发"),
}


@dataclass
class Known:
    """What the checks go by: who died or moved away by departments' files, who receives what else."""

    died: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)


def _must_pay(scope: Scope, county: str) -> None:
    if not scope.allows(PAY, county, DEPARTMENT):
        raise PermissionDenied


@transaction.atomic
def make(scope: Scope, county: str, programme: str, month: date) -> PaymentList:
    """Make (or make anew) the list of a month. Raises `UserError` when it is locked, out of order or would be empty."""
    _must_pay(scope, county)
    if not programmes()[programme].pays:
        raise UserError("assistance.no_programme", programme=programme)
    all_of_it = PaymentList.everything.select_for_update().filter(region_code=county, programme=programme)
    found = all_of_it.filter(month=month).first()
    if found is not None and found.state == PaymentList.LOCKED:
        raise UserError("assistance.list_locked", month=f"{month:%Y-%m}")
    if all_of_it.filter(month__gt=month).exists():
        raise UserError("assistance.list_locked", month=f"{month:%Y-%m}")
    previous = all_of_it.filter(month__lt=month).order_by("-month").first()
    if previous is not None and previous.state != PaymentList.LOCKED:
        raise UserError("assistance.list_not_in_order", month=f"{previous.month:%Y-%m}")
    if found is None:
        found = PaymentList(region_code=county, programme=programme, month=month)
    found.previous, found.made_on, found.made_by = previous, today(), current_actor().username
    found.save()
    _fill(found)
    record("assistance.make", subject=("payment_list", str(found.pk)), region_code=county,
           after={"programme": programme, "month": month, "total": found.total, "persons": found.persons,
                  "held": found.held})  # fmt: skip
    return found


def _fill(made: PaymentList) -> None:
    """Write the lines of a list anew; what somebody released stays released while the reason for holding stands."""
    released = {
        one.person_id: one for one in PaymentLine.everything.filter(list=made).exclude(released="")
    }  # fmt: skip
    PaymentLine.everything.filter(list=made).delete()
    lines = list(lines_of(made))
    if not lines:
        raise UserError("assistance.list_empty")
    for line in lines:
        before = released.get(line.person_id)
        if before is not None and before.held == line.held and line.held not in FINAL:
            line.released, line.amount = before.released, line.due or 0
            line.change = _change(line)
    PaymentLine.everything.bulk_create(lines, batch_size=BATCH)
    _sum_up(made)


def _sum_up(made: PaymentList) -> None:
    paid = Q(amount__gt=0)
    sums = PaymentLine.everything.filter(list=made).aggregate(
        total=Sum("amount"), persons=Count("pk", filter=paid), homes=Count("household_id", filter=paid, distinct=True),
        held=Count("pk", filter=~Q(held="") & Q(amount=0)),
    )  # fmt: skip
    made.total, made.persons = sums["total"] or 0, sums["persons"]
    made.households, made.held = sums["homes"], sums["held"]
    made.save()


def lines_of(made: PaymentList) -> Iterable[PaymentLine]:
    """The lines that a list has by what is known now, in the order of places and households."""
    low, high = area_of(made.region_code)
    rows = (
        Benefit.everything.filter(region_code__gte=low, region_code__lt=high, programme=made.programme)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gt=made.month), begins_on__lte=made.month)
        .select_related("household", "person").order_by("region_code", "household_id", "person_id", "begins_on", "pk")
    )  # fmt: skip
    before = (
        {line.person_id: line for line in PaymentLine.everything.filter(list=made.previous)} if made.previous else {}
    )
    known, seen = _known(made, low, high), dict[str, PaymentLine]()
    for row in rows:
        held = _held(row, made.month, known)
        if (twin := seen.get(row.person_id)) is not None:  # two spells at once: the newer one's amount, held
            twin.due, twin.held = row.amount_month, twin.held or "twice"
            continue
        seen[row.person_id] = PaymentLine(
            list=made, region_code=row.region_code, household_id=row.household_id, person_id=row.person_id,
            head_name=row.household.head_name, name=row.person.name, due=row.amount_month, held=held,
        )  # fmt: skip
        seen[row.person_id].why = _told(row, before.get(row.person_id))
    for key, line in seen.items():
        line.was = before[key].amount if key in before else 0
        line.amount = (line.due or 0) if not line.held else 0
        line.change = _change(line)
        yield line
    for key, last in before.items():
        if key not in seen and last.amount:
            yield PaymentLine(
                list=made, region_code=last.region_code, household_id=last.household_id, person_id=key,
                head_name=last.head_name, name=last.name, due=0, was=last.amount, change=PaymentLine.STOPPED,
                why=_("待遇已停止"),
            )  # fmt: skip


def _held(row: Benefit, month: date, known: Known) -> str:
    person = row.person
    if person.alive is False or person.left_by == "death" or person.pk in known.died:
        return "died"
    if row.household.ends_on is not None:
        return "ended"
    if person.household_id != row.household_id or person.pk in known.moved:
        return "moved"
    if person.pk in known.elsewhere:
        return "twice"
    if row.grace_until is not None and row.grace_until < month:
        return "grace"
    return "no_amount" if row.amount_month is None else ""


def _known(made: PaymentList, low: str, high: str) -> Known:
    known = Known()
    others = [code for code in EXCLUSIVE if code != made.programme] if made.programme in EXCLUSIVE else []
    standing = Q(ends_on__isnull=True) | Q(ends_on__gt=made.month)
    rows = Benefit.everything.filter(standing, region_code__gte=low, region_code__lt=high, begins_on__lte=made.month)
    known.elsewhere = set(rows.filter(programme__in=others).values_list("person_id", flat=True))
    run = newest_run(made.region_code)
    path = run.folder / "work" / "entities" / "vital_events.parquet" if run is not None else None
    if path is None or not path.exists():
        return known
    with open_engine(memory_limit="500MB", threads=1) as engine:
        for person, kind in engine.rows(
            f"SELECT person_id, last(kind ORDER BY happened_on, vital_id) FROM read_parquet({quote(str(path))}) "
            "WHERE kind IN ('death', 'move_out', 'move_in') GROUP BY person_id"
        ):
            if kind == "death":
                known.died.add(person)
            elif kind == "move_out":
                known.moved.add(person)
    return known


def _change(line: PaymentLine) -> str:
    if line.was == line.amount:
        return PaymentLine.SAME
    if not line.was:
        return PaymentLine.NEW
    if not line.amount:
        return PaymentLine.STOPPED
    return PaymentLine.UP if line.amount > line.was else PaymentLine.DOWN


def _told(row: Benefit, last: PaymentLine | None) -> str:
    """Why the line is as it is: since when decided, or what was reviewed."""
    since = _("%(day)s 起享受") % {"day": row.begins_on}
    if last is not None and row.reviewed_on and row.amount_month != last.due:
        return _("%(day)s 核查后重新核定") % {"day": row.reviewed_on}
    return since


@transaction.atomic
def release(scope: Scope, line_pk: int, why: str) -> PaymentLine:
    """Pay a held line all the same, with a reason. Raises `UserError` for the dead and where no amount is known."""
    line = PaymentLine.everything.select_related("list").get(pk=line_pk)
    made = PaymentList.everything.select_for_update().get(pk=line.list_id)
    _must_pay(scope, made.region_code)
    if made.state == PaymentList.LOCKED:
        raise UserError("assistance.list_locked", month=f"{made.month:%Y-%m}")
    if not why.strip():
        raise UserError("assistance.no_release_reason")
    if not line.held or line.held in FINAL or not line.due:
        raise UserError("assistance.not_released", why=str(HELD.get(line.held, "—")))
    line.released, line.amount = why.strip(), line.due
    line.change = _change(line)
    line.save()
    _sum_up(made)
    record("assistance.release", subject=("payment_list", str(made.pk)), region_code=line.region_code, why=why,
           after={"person": line.person_id, "amount": line.amount, "held": line.held})  # fmt: skip
    return line


def lock(scope: Scope, pk: int) -> tuple[PaymentList, bool]:
    """Lock a list as it stands: (list, True). When something has changed since, it is made anew: (list, False)."""
    with transaction.atomic():
        made = PaymentList.everything.select_for_update().get(pk=pk)
        _must_pay(scope, made.region_code)
        if made.state == PaymentList.LOCKED:
            raise UserError("assistance.list_locked", month=f"{made.month:%Y-%m}")
        stands = _fingerprint(PaymentLine.everything.filter(list=made))
        if stands != _fingerprint(lines_of(made)):
            _fill(made)
            return made, False
        made.state, made.locked_on, made.locked_by = PaymentList.LOCKED, today(), current_actor().username
        made.save()
        record("assistance.lock", subject=("payment_list", str(made.pk)), region_code=made.region_code,
               after={"total": made.total, "persons": made.persons, "held": made.held})  # fmt: skip
    return made, True


def _fingerprint(lines: Iterable[PaymentLine]) -> set[tuple[Any, ...]]:
    return {(line.person_id, line.household_id, line.due, line.was, line.held) for line in lines}


def differences(made: PaymentList) -> dict[str, dict[str, int]]:
    """How the total came about from the month before: kind of change → lines and fen; they add up to the difference."""
    rows = (
        PaymentLine.everything.filter(list=made).order_by().values("change")
        .annotate(number=Count("pk"), amount=Sum("amount"), was=Sum("was"))
    )  # fmt: skip
    return {
        row["change"]: {"number": row["number"], "difference": (row["amount"] or 0) - (row["was"] or 0)} for row in rows
    }
