"""Warnings to departments: raised and closed by runs, answered by people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.daily.bulk import insert_rows
from xianjie.web.daily.kinds import warning_rules
from xianjie.web.daily.models import Finding, Run, Warning
from xianjie.web.regions.models import area_of

COLUMNS = ("finding", "household", "region_code", "department", "code", "group", "raised_on", "due_on", "returned")


@transaction.atomic
def sync_warnings(run: Run) -> dict[str, int]:
    """Raise warnings for what stands, close those whose finding is gone, open those again that were answered "not so"
    on an earlier day; gives {raised, closed, returned}. Doing it twice changes nothing the second time."""
    low, high = area_of(run.region_code)
    here = Q(region_code__gte=low, region_code__lt=high)
    rows = Warning.everything.filter(here)
    closed = (
        rows.exclude(state=Warning.CLOSED)
        .filter(finding__gone_on__isnull=False)
        .update(state=Warning.CLOSED, closed_on=run.day)
    )
    returned = rows.filter(
        state=Warning.ANSWERED, answer__in=warning_rules().comes_back, answered_on__lt=run.day, finding__last_run=run
    )
    back = sum(
        returned.filter(group=group).update(
            state=Warning.OPEN, due_on=run.day + timedelta(days=due.days), returned=F("returned") + 1
        )
        for group, due in warning_rules().due.items()
    )
    raised = insert_rows(Warning, COLUMNS, _to_raise(run, here))
    return {"raised": raised, "closed": closed, "returned": back}


def _to_raise(run: Run, here: Q) -> Iterator[tuple[Any, ...]]:
    """Standing findings that have no warning yet × their departments."""
    due = warning_rules().due
    denied = set(
        Warning.everything.filter(here, answer__in=warning_rules().comes_back)
        .values_list("household_id", "code", "department")
        .iterator()
    )
    standing = Finding.everything.filter(
        ~Exists(Warning.everything.filter(finding=OuterRef("pk"))), here, gone_on__isnull=True, group__in=due
    )
    names = ("id", "household_id", "region_code", "finding", "group", "departments")
    for pk, household, region, code, group, departments in standing.order_by("id").values_list(*names).iterator():
        for department in departments.split(";"):
            if department:
                day = run.day + timedelta(days=due[group].days)
                again = int((household, code, department) in denied)
                yield pk, household, region, department, code, group, run.day.isoformat(), day.isoformat(), again


@transaction.atomic
def answer(scope: Scope, warnings: list[Warning], code: str, note: str, department: str = "") -> int:
    """Answer warnings, each as an event; gives how many were. Those that are closed stay so.

    Raises `UserError` for an answer without what it asks for, `PermissionDenied` when one is not the user's to answer.
    """
    known = warning_rules().answers
    if code not in known:
        raise UserError("daily.no_answer")
    if not note.strip():
        raise UserError("daily.answer_needs_note", answer=known[code].label)
    if known[code].asks == "department" and department not in dictionary().departments:
        raise UserError("daily.answer_needs_department")
    count = 0
    for warning in warnings:
        if not scope.allows("warnings.answer", warning.region_code, warning.department):
            raise PermissionDenied
        if warning.state == Warning.CLOSED:
            continue
        if department == warning.department:
            raise UserError("daily.forwarded_to_itself")
        _answer(warning, code, note.strip(), department)
        count += 1
    return count


def _answer(warning: Warning, code: str, note: str, department: str) -> None:
    before = {"state": warning.state, "answer": warning.answer, "note": warning.note}
    warning.state, warning.answer, warning.note = Warning.ANSWERED, code, note
    warning.answered_on, warning.answered_by = today(), current_actor().name or current_actor().username
    warning.save(update_fields=["state", "answer", "note", "answered_on", "answered_by"])
    after = {"state": warning.state, "answer": code, "note": note}
    if warning_rules().answers[code].asks == "department":
        after["department"] = department
        _pass_on(warning, department)
    record(
        "warnings.answer",
        subject=("warning", str(warning.pk)),
        region_code=warning.region_code,
        why=note,
        before=before,
        after=after,
    )


def _pass_on(warning: Warning, department: str) -> None:
    """The same warning for another department; one that it has already is opened again."""
    due = today() + timedelta(days=warning_rules().due[warning.group].days)
    Warning.everything.update_or_create(
        finding_id=warning.finding_id,
        department=department,
        defaults={"state": Warning.OPEN, "due_on": due, "came_from": warning},
        create_defaults={
            "household_id": warning.household_id,
            "region_code": warning.region_code,
            "code": warning.code,
            "group": warning.group,
            "raised_on": today(),
            "due_on": due,
            "came_from": warning,
        },
    )
