"""Units report on their tasks; a task that is said to be done is confirmed by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.supervision.areas import MANAGE, REPORT
from xianjie.web.supervision.declared import indicators
from xianjie.web.supervision.following import follow, observe
from xianjie.web.supervision.target_models import Observation, Target
from xianjie.web.supervision.task_models import Report, Task, TaskUnit


@dataclass(frozen=True)
class Told:
    """What a unit tells: words, a paper, figures by target, and whether its part is done."""

    text: str
    done: bool = False
    file: str = ""
    figures: Mapping[int, float] = field(default_factory=dict)


def units_to_report(scope: Scope, task: Task) -> QuerySet[TaskUnit]:
    """The units of a task for which the user reports."""
    own: QuerySet[TaskUnit] = TaskUnit.objects.within(scope, REPORT)
    return own.filter(task=task).order_by("order", "pk")


def known_figures(task: Task) -> list[dict[str, Any]]:
    """What the system itself knows of a task's targets: nobody is asked for these."""
    rows = []
    for one in Target.everything.filter(task=task).exclude(indicator="").order_by("pk"):
        last = (
            Observation.everything.filter(indicator=one.indicator, region_code=one.region_code, day__lte=today())
            .order_by("-day").first()
        )  # fmt: skip
        if last:
            unit = indicators().get(one.indicator, {}).get("unit", one.unit)
            rows.append({"target": one.pk, "title": one.title, "value": last.value, "unit": unit,
                         "day": last.day.isoformat()})  # fmt: skip
    return rows


def asked_targets(task: Task) -> list[Target]:
    """The targets whose figures only people can tell."""
    return list(Target.everything.filter(task=task, indicator="").order_by("pk"))


@transaction.atomic
def tell(scope: Scope, unit: TaskUnit, told: Told, *, seen: int) -> Report:
    """Record a unit's report. Figures join their targets' series; a lead that is done makes the task reported.

    Raises `UserError` when the task is over or was changed meanwhile.
    """
    task = Task.everything.select_for_update().get(pk=unit.task_id)
    if not scope.allows(REPORT, unit.region_code, unit.department):
        raise PermissionDenied
    if task.revision != seen:
        raise UserError("supervision.overtaken", title=task.title)
    if task.state not in Task.RUNNING:
        raise UserError("supervision.task_over", title=task.title)
    asked = {one.pk: one for one in asked_targets(task)}
    figures: list[dict[str, Any]] = [
        {"target": pk, "title": asked[pk].title, "value": value, "unit": asked[pk].unit}
        for pk, value in told.figures.items() if pk in asked
    ]  # fmt: skip
    event = record(
        "supervision.report", subject=("task", str(task.pk)), region_code=unit.region_code,
        after={"unit": unit.name, "done": told.done, "figures": figures},
    )  # fmt: skip
    actor = current_actor()
    report = Report.everything.create(
        unit=unit, day=today(), done=told.done, text=told.text, figures=figures, known=known_figures(task),
        file=told.file, by=actor.username, by_name=actor.name, event=event.seq,
    )  # fmt: skip
    for figure in figures:
        target = asked[figure["target"]]
        observe(target.series, target.region_code, today(), figure["value"], "report")
        follow(target)
    unit.done, unit.told_on = told.done, today()
    unit.save(update_fields=["done", "told_on"])
    task.told_on, task.revision = today(), task.revision + 1
    task.state = Task.REPORTED if _all_done(task) else Task.OPEN
    task.save(update_fields=["told_on", "revision", "state"])
    return report


def _all_done(task: Task) -> bool:
    """Whether the lead says it is done; without a lead, every unit."""
    units = list(TaskUnit.everything.filter(task=task))
    leads = [one for one in units if one.role == TaskUnit.LEAD] or units
    return all(one.done for one in leads)


@transaction.atomic
def confirm(scope: Scope, task: Task, *, confirmed: bool, why: str, seen: int) -> Task:
    """Confirm that a task is done, or send it back. Raises `UserError` for who reported it themselves."""
    task = Task.everything.select_for_update().get(pk=task.pk)
    if not scope.allows(MANAGE, task.region_code):
        raise PermissionDenied
    if task.revision != seen:
        raise UserError("supervision.overtaken", title=task.title)
    if task.state != Task.REPORTED:
        raise UserError("supervision.not_reported", title=task.title)
    teller = Report.everything.filter(unit__task=task, done=True).order_by("-pk").first()
    if confirmed and teller and teller.by == current_actor().username:
        raise UserError("supervision.own_report")
    task.state = Task.DONE if confirmed else Task.OPEN
    task.revision += 1
    task.save(update_fields=["state", "revision"])
    if not confirmed:
        TaskUnit.everything.filter(task=task).update(done=False)
    record("supervision.confirm" if confirmed else "supervision.send_back", subject=("task", str(task.pk)),
           region_code=task.region_code, why=why)  # fmt: skip
    return task
