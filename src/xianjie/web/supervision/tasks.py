"""Tasks: made of clauses or by hand, changed, planned by year; which user sees which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from xianjie.documents import Target as Printed
from xianjie.documents.deadlines import due_date, find_deadlines
from xianjie.documents.ledger import Task as Clause
from xianjie.documents.ledger import tasks as tasks_of_document
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.regions.models import DIGITS
from xianjie.web.regions.selectors import on_day
from xianjie.web.supervision.areas import MANAGE, VIEW, home_of
from xianjie.web.supervision.declared import days, department_of, is_every_township
from xianjie.web.supervision.document_models import PolicyDocument
from xianjie.web.supervision.documents import effective, may_manage
from xianjie.web.supervision.target_models import Target
from xianjie.web.supervision.task_models import Task, TaskUnit, YearPlan

ROLES = (TaskUnit.LEAD, TaskUnit.JOINT, TaskUnit.LOCAL)
LEVELS = tuple(DIGITS)
FOLLOWED = (">=", ">", "<=", "<", "=", "≈", "+")


@dataclass(frozen=True)
class Given:
    """A task as somebody states it; units by name, in order; `years`: year → what is to be reached."""

    title: str
    year: int
    due_on: date
    level: str = "county"
    part: str = ""
    content: str = ""
    goal: str = ""
    lead: Sequence[str] = ()
    joint: Sequence[str] = ()
    local: Sequence[str] = ()
    years: Mapping[int, str] = field(default_factory=dict)

    def named(self) -> list[tuple[str, str]]:
        """(role, name) of every unit, each name once: the first role counts."""
        found: dict[str, str] = {}
        for role in ROLES:
            for name in getattr(self, role):
                found.setdefault(name, role)
        return [(role, name) for name, role in found.items()]


PLAIN = ("title", "year", "due_on", "level", "part", "content", "goal")


def tasks(scope: Scope, permission: str = VIEW) -> QuerySet[Task]:
    """The tasks that a user sees: those of their area or department, and those in which their unit has a part."""
    own: QuerySet[TaskUnit] = TaskUnit.objects.within(scope, permission)
    mine = Exists(own.filter(task=OuterRef("pk")))
    return Task.everything.filter(scope.where(permission, "region_code", "department") | Q(mine))


def task_list(scope: Scope, wanted: Mapping[str, Any]) -> QuerySet[Task]:
    """Tasks by state, year, unit, document and words; dropped ones only when asked for."""
    rows = tasks(scope).select_related("document")
    if words := wanted.get("q"):
        rows = rows.filter(Q(title__contains=words) | Q(content__contains=words))
    if wanted.get("year"):
        rows = rows.filter(year=wanted["year"])
    if wanted.get("document"):
        rows = rows.filter(document=wanted["document"])
    if wanted.get("unit"):
        part = TaskUnit.everything.filter(task=OuterRef("pk"), name__contains=wanted["unit"])
        rows = rows.filter(Exists(part))
    return with_state(rows, wanted.get("state") or "")


def with_state(rows: QuerySet[Task], state: str) -> QuerySet[Task]:
    """Tasks in a state, or in trouble: late, stalled, contradicted (said to be done, and the indicator says no)."""
    running = Q(state__in=Task.RUNNING)
    match state:
        case "":
            return rows.exclude(state=Task.DROPPED)
        case "late":
            return rows.filter(running, due_on__lt=today())
        case "stalled":
            since = today() - timedelta(days=days("stalled_days"))
            return rows.filter(Q(state=Task.OPEN), Q(told_on__lt=since) | Q(told_on=None, begins_on__lt=since))
        case "contradicted":
            return rows.filter(contradicted())
        case _:
            return rows.filter(state=state)


def contradicted() -> Q:
    """Said to be done while a target's own indicator is not there yet."""
    short = Target.everything.filter(task=OuterRef("pk")).exclude(state__in=(Target.REACHED, Target.UNKNOWN))
    return Q(state__in=(Task.REPORTED, Task.DONE)) & Q(Exists(short))


def with_units(rows: Iterable[Task]) -> dict[int, list[TaskUnit]]:
    """Task → its units in order, in one query."""
    found: dict[int, list[TaskUnit]] = {one.pk: [] for one in rows}
    for unit in TaskUnit.everything.filter(task__in=list(found)).order_by("task_id", "order", "pk"):
        found[unit.task_id].append(unit)
    return found


def names_by_role(units: Iterable[TaskUnit]) -> dict[str, list[str]]:
    """Role → names."""
    found: dict[str, list[str]] = {role: [] for role in ROLES}
    for one in units:
        found[one.role].append(one.name)
    return found


@transaction.atomic
def add_task(scope: Scope, given: Given, document: PolicyDocument | None = None, clause: str = "") -> Task:
    """Make a task of the user's region. Raises `UserError` for a task without anybody."""
    place = document.region_code if document else home_of(scope, MANAGE)
    if not place or not scope.allows(MANAGE, place):
        raise PermissionDenied
    task = Task(region_code=place, document=document, clause=clause, begins_on=today())
    _write(task, given)
    record("supervision.task", subject=("task", str(task.pk)), region_code=place, after=_plain(given))
    return task


@transaction.atomic
def change_task(scope: Scope, task: Task, given: Given, *, seen: int, why: str = "") -> Task:
    """Change a task. Raises `UserError` when somebody changed it meanwhile."""
    task = Task.everything.select_for_update().get(pk=task.pk)
    if not scope.allows(MANAGE, task.region_code):
        raise PermissionDenied
    if task.revision != seen:
        raise UserError("supervision.overtaken", title=task.title)
    before = _plain(given_of(task))
    _write(task, given)
    record("supervision.task_changed", subject=("task", str(task.pk)), region_code=task.region_code, why=why,
           before=before, after=_plain(given))  # fmt: skip
    return task


def given_of(task: Task) -> Given:
    """A task as it was stated."""
    units: dict[str, Any] = dict(names_by_role(TaskUnit.everything.filter(task=task).order_by("order", "pk")))
    years = {one.year: one.content for one in YearPlan.everything.filter(task=task)}
    plain: dict[str, Any] = {name: getattr(task, name) for name in PLAIN}
    return Given(**plain, **units, years=years)


def _plain(given: Given) -> dict[str, Any]:
    return {**vars(given), "due_on": given.due_on.isoformat(), "years": dict(given.years)}


def _write(task: Task, given: Given) -> None:
    named = given.named()
    if not named:
        raise UserError("supervision.nobody", title=given.title)
    for name in PLAIN:
        setattr(task, name, getattr(given, name))
    lead = next((name for role, name in named if role == TaskUnit.LEAD), "")
    task.department = department_of(lead) if lead else ""
    task.revision += 1
    task.save()
    _write_units(task, named)
    YearPlan.everything.filter(task=task).exclude(year__in=given.years).delete()
    for year, content in given.years.items():
        YearPlan.everything.update_or_create(task=task, year=year, defaults={"content": content})


def _write_units(task: Task, named: list[tuple[str, str]]) -> None:
    """The units as stated: those that stay keep their reports; one that has reported is not taken away."""
    standing = {one.name: one for one in TaskUnit.everything.filter(task=task)}
    for order, (role, name, place, department) in enumerate(placed(task.region_code, named)):
        unit = standing.pop(name, None) or TaskUnit(task=task, name=name)
        unit.role, unit.order, unit.region_code, unit.department = role, order, place, department
        unit.save()
    for unit in standing.values():
        if unit.told_on:
            raise UserError("supervision.unit_has_reported", unit=unit.name)
        unit.delete()


def placed(county: str, named: Iterable[tuple[str, str]]) -> list[tuple[str, str, str, str]]:
    """(role, name, place, department) of each unit; "all townships" becomes each of them."""
    townships = list(on_day().filter(parent_code=county, level="township"))
    by_name = {one.name: one.region_code for one in townships}
    made: dict[str, tuple[str, str, str, str]] = {}
    for role, name in named:
        if is_every_township(name):
            for one in townships:
                made.setdefault(one.name, (TaskUnit.LOCAL, one.name, one.region_code, ""))
        elif place := next((code for town, code in by_name.items() if name.startswith(town)), ""):
            made.setdefault(name, (role, name, place, ""))
        else:
            made.setdefault(name, (role, name, county, department_of(name)))
    return list(made.values())


def proposals(document: PolicyDocument) -> list[tuple[Clause, bool]]:
    """The document's clauses as tasks, each with whether it is a task already."""
    made = set(Task.everything.filter(document=document).values_list("clause", flat=True))
    return [(one, one.clause_id in made) for one in tasks_of_document(effective(document))]


@transaction.atomic
def make_tasks(scope: Scope, document: PolicyDocument, clauses: Sequence[str], year: int) -> list[Task]:
    """Make tasks of clauses, their targets with them. A clause that is a task already is left as it is."""
    if not may_manage(scope, document):
        raise PermissionDenied
    chosen = [one for one, made in proposals(document) if one.clause_id in clauses and not made]
    return [_of_clause(scope, document, one, year) for one in chosen]


def _of_clause(scope: Scope, document: PolicyDocument, clause: Clause, year: int) -> Task:
    last = date(year, 12, 31)
    due = max((day for one in clause.targets if (day := due_in(one, year))), default=last)
    lead, joint = (clause.lead or clause.joint[:1]), (clause.joint if clause.lead else clause.joint[1:])
    given = Given(
        title=clause.title[:200], year=year, due_on=due, part=clause.part[:300],
        content=" ".join(clause.content.split()), level="county" if lead else "township",
        goal="；".join("".join(one.text.split()) for one in clause.targets)[:500],
        lead=lead or ([] if clause.local else [UNNAMED]), joint=joint, local=clause.local,
    )  # fmt: skip
    task = add_task(scope, given, document, clause.clause_id)
    Target.everything.bulk_create(_targets(task, clause))
    return task


UNNAMED = "责任单位待定"


def due_in(target: Printed, year: int) -> date | None:
    """The last day of a printed deadline; one that names only a month (9月底前) lies in the task's year."""
    due = target.due
    if due is None and re.match(r"\d{1,2}月", target.deadline or ""):
        found = find_deadlines(f"{year}年{target.deadline}")
        due = due_date(found[0]) if found else None
    return date.fromisoformat(due) if due else None


def _targets(task: Task, clause: Clause) -> list[Target]:
    """The clause's targets that can be followed: those with a number and an operator."""
    made = []
    for one in clause.targets:
        value = number(one.value)
        if value is None or one.operator not in FOLLOWED:
            continue
        made.append(
            Target(
                region_code=task.region_code, document=task.document, task=task, clause=clause.clause_id,
                title=(one.indicator or clause.title)[:200], text=one.text[:500], operator=one.operator, value=value,
                unit=(one.unit or "")[:30], begins_on=task.begins_on, due_on=due_in(one, task.year) or task.due_on,
            )
        )  # fmt: skip
    return made


def number(text: str | None) -> float | None:
    """A printed number; None for a blanked one and for words."""
    try:
        return float((text or "").replace(",", ""))
    except ValueError:
        return None


@transaction.atomic
def drop_task(scope: Scope, task: Task, why: str) -> None:
    """Take a task off the ledger; it stays on record."""
    if not scope.allows(MANAGE, task.region_code):
        raise PermissionDenied
    Task.everything.filter(pk=task.pk).update(state=Task.DROPPED, revision=task.revision + 1)
    record("supervision.task_dropped", subject=("task", str(task.pk)), region_code=task.region_code, why=why)
