"""Settling conflicts between sources once, and answering data-quality findings: writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import QualityAnswer, Settlement
from xianjie.web.registry.run_results import NewestRun, still_found

SETTLE, ANSWER = "registry.settle", "quality.answer"


@transaction.atomic
def settle(scope: Scope, conflict: Mapping[str, Any], value: str, reason: str) -> Settlement:
    """Settle a conflict (a row of `conflicts.parquet` with `region_code`) for `value`, the stored value as text.

    An earlier settlement of the same field, made when the sources said something else, is withdrawn.
    Raises `UserError` without a reason or value.
    """
    if not scope.allows(SETTLE, conflict["region_code"]):
        raise PermissionDenied
    if not reason.strip():
        raise UserError("registry.no_reason")
    if not value:
        raise UserError("registry.no_value")
    same = {name: conflict[name] for name in ("entity", "key", "field")}
    actor, day = current_actor(), today()
    before = Settlement.everything.filter(**same, withdrawn_on__isnull=True).first()
    if before is not None:
        if before.against == conflict["against"]:
            raise UserError("registry.settled_already", who=before.settled_by, day=before.settled_on)
        Settlement.everything.filter(pk=before.pk).update(
            withdrawn_on=day, withdrawn_by=actor.username, withdrawn_why="overtaken"
        )
    after = {**same, "value": _sealed_for_audit(conflict, value), "against": before.against if before else None}
    event = record(
        "registry.settle", subject=("household", conflict["household_id"] or ""), region_code=conflict["region_code"],
        why=reason, after=after,
    )  # fmt: skip
    return Settlement.everything.create(
        **same, value=value, against=conflict["against"], household_id=conflict["household_id"] or "",
        person_id=conflict["person_id"] or "", region_code=conflict["region_code"], reason=reason.strip(),
        settled_on=day, settled_by=actor.name or actor.username, event=event.seq,
    )  # fmt: skip


def _sealed_for_audit(conflict: Mapping[str, Any], value: str) -> str:
    """Health and secret values do not stand in the audit trail; that something was chosen does."""
    field = dictionary().entities[conflict["entity"]].fields[conflict["field"]]
    return value if field.sensitivity in ("public", "internal", "personal") else "***"


@transaction.atomic
def withdraw(scope: Scope, settlement: Settlement, reason: str) -> None:
    """Take a settlement back; the conflict is open again at the next run. Both stay on record."""
    if not scope.allows(SETTLE, settlement.region_code):
        raise PermissionDenied
    if not reason.strip():
        raise UserError("registry.no_reason")
    taken = Settlement.everything.filter(pk=settlement.pk, withdrawn_on__isnull=True).update(
        withdrawn_on=today(), withdrawn_by=current_actor().username, withdrawn_why=reason.strip()
    )
    if not taken:
        raise UserError("registry.withdrawn_already")
    record(
        "registry.unsettle", subject=("settlement", str(settlement.pk)), region_code=settlement.region_code, why=reason,
        before={"entity": settlement.entity, "key": settlement.key, "field": settlement.field},
    )  # fmt: skip


@transaction.atomic
def answer_findings(
    scope: Scope, findings: Iterable[Mapping[str, Any]], answer: str, note: str, department: str = ""
) -> int:
    """Say of findings that they are mended, really so, or passed on (to a department); gives their number.

    Raises `UserError` for an unknown answer, for “really so” without a note, for “passed on” without a department.
    """
    if answer not in QualityAnswer.ANSWERS:
        raise UserError("registry.no_answer")
    if answer == QualityAnswer.REAL and not note.strip():
        raise UserError("registry.note_needed")
    if answer == QualityAnswer.PASSED_ON and department not in dictionary().departments:
        raise UserError("registry.department_needed")
    actor, rows = current_actor(), []
    for finding in findings:
        if not scope.allows(ANSWER, finding["region_code"]):
            raise PermissionDenied
        rows.append(
            QualityAnswer(
                check_id=finding["check_id"],
                household_id=finding["household_id"] or "",
                person_id=finding["person_id"] or "",
                region_code=finding["region_code"],
                value=finding["value"] or "",
                answer=answer,
                note=note.strip(),
                department=department,
                answered_on=today(),
                answered_by=actor.name or actor.username,
            )
        )
    if not rows:
        raise UserError("registry.nothing_picked")
    for row in rows:
        QualityAnswer.everything.filter(
            check_id=row.check_id, household_id=row.household_id, person_id=row.person_id, closed_on__isnull=True
        ).update(closed_on=today())
    QualityAnswer.everything.bulk_create(rows)
    told = [[row.check_id, row.household_id, row.person_id] for row in rows]
    record(
        "quality.answer", subject=("finding", rows[0].check_id), region_code=rows[0].region_code, why=note,
        after={"answer": answer, "department": department, "findings": told},
    )  # fmt: skip
    return len(rows)


def close_answers(county_code: str, run: NewestRun, day: date) -> int:
    """Close the answers to findings that a run has not found again; the daily job calls it. Gives their number.

    When the finding comes back one day, it is asked about anew.
    """
    low, high = area_of(county_code)
    held = QualityAnswer.everything.filter(region_code__gte=low, region_code__lt=high, closed_on__isnull=True)
    answered = [(row[0], row[1:]) for row in held.values_list("pk", "check_id", "household_id", "person_id")]
    standing = still_found(run, sorted({key for _, key in answered})) if answered else set()
    gone = [pk for pk, key in answered if key not in standing]
    for start in range(0, len(gone), 500):
        QualityAnswer.everything.filter(pk__in=gone[start : start + 500]).update(closed_on=day)
    return len(gone)
