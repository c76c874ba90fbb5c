"""Tasks with their units and yearly plans, reports, responsibility letters, supervision orders, existing policies."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from xianjie.web.accounts.scope import Scoped
from xianjie.web.supervision.document_models import PolicyDocument


class Task(Scoped):
    """A task 任务: a clause as somebody has to carry it out. `department` is the lead unit's.

    `reported` means that the lead says it is done; `done` that somebody else has confirmed it.
    """

    OPEN, REPORTED, DONE, DROPPED = "open", "reported", "done", "dropped"
    RUNNING = (OPEN, REPORTED)
    department_field = "department"

    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30, blank=True)
    document = models.ForeignKey(PolicyDocument, null=True, on_delete=models.PROTECT, related_name="tasks")
    clause = models.CharField(max_length=60, blank=True)
    part = models.CharField(max_length=300, blank=True)
    title = models.CharField(max_length=200)
    content = models.TextField(blank=True)
    level = models.CharField(max_length=12)
    year = models.IntegerField()
    due_on = models.DateField()
    goal = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, default=OPEN)
    told_on = models.DateField(null=True)  # the last report by any unit
    begins_on = models.DateField()
    revision = models.IntegerField(default=0)  # who changes it says which one they saw

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "state", "due_on", "id"], name="task_due")]


class TaskUnit(Scoped):
    """A unit's part in a task 责任单位: lead, joint, or local; the place and department whose users report for it."""

    LEAD, JOINT, LOCAL = "lead", "joint", "local"
    ROLES = {LEAD: _("牵头"), JOINT: _("配合"), LOCAL: _("属地")}
    department_field = "department"

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="units")
    role = models.CharField(max_length=8)
    order = models.IntegerField(default=0)
    name = models.CharField(max_length=80)
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30, blank=True)
    done = models.BooleanField(default=False)
    told_on = models.DateField(null=True)

    @property
    def role_word(self) -> str:
        """The role in words."""
        return str(self.ROLES[self.role])

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["task", "name"], name="a_unit_once_a_task")]
        indexes = [models.Index(fields=["region_code", "department"], name="task_unit_place")]


class YearPlan(Scoped):
    """What a task has to reach in one year 年度计划."""

    region_field, department_field = "task__region_code", "task__department"

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="years")
    year = models.IntegerField()
    content = models.CharField(max_length=500)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["task", "year"], name="one_plan_a_year")]


class Report(Scoped):
    """What a unit told of a task 进展报告. `known` keeps what the system itself knew that day."""

    region_field, department_field = "unit__region_code", "unit__department"

    unit = models.ForeignKey(TaskUnit, on_delete=models.PROTECT, related_name="reports")
    day = models.DateField()
    done = models.BooleanField(default=False)
    text = models.TextField()
    figures = models.JSONField(default=list)  # [{target, title, value, unit}]
    known = models.JSONField(default=list)  # the same, from the system's own indicators
    file = models.CharField(max_length=80, blank=True)
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)
    event = models.BigIntegerField()

    class Meta(Scoped.Meta):
        abstract = False

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("a report is never changed")
        super().save(*arguments, **options)


class Letter(Scoped):
    """A responsibility letter 责任书 between two heads for a year; `tasks` are frozen when it is drawn up."""

    department_field = "department"

    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30, blank=True)
    year = models.IntegerField()
    upper_unit = models.CharField(max_length=80)
    upper_head = models.CharField(max_length=40)
    unit = models.CharField(max_length=80)
    head = models.CharField(max_length=40)
    tasks = models.JSONField(default=list)
    made_on = models.DateField()
    upper_signed_on = models.DateField(null=True)
    signed_on = models.DateField(null=True)
    file = models.CharField(max_length=80, blank=True)  # the signed sheet, scanned
    archived_on = models.DateField(null=True)

    class Meta(Scoped.Meta):
        abstract = False


class Order(Scoped):
    """A supervision order 督办单: items that a unit has to put right by a day."""

    department_field = "department"

    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30, blank=True)
    unit = models.CharField(max_length=80)
    task = models.ForeignKey(Task, null=True, on_delete=models.PROTECT, related_name="orders")
    title = models.CharField(max_length=200)
    why = models.TextField(blank=True)
    issued_on = models.DateField()
    due_on = models.DateField()
    issued_by = models.CharField(max_length=80)
    closed_on = models.DateField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "closed_on", "due_on"], name="order_due")]


class OrderItem(Scoped):
    """One thing to put right 整改事项."""

    OPEN, ANSWERED, CLOSED = "open", "answered", "closed"
    region_field, department_field = "order__region_code", "order__department"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    text = models.CharField(max_length=500)
    state = models.CharField(max_length=10, default=OPEN)

    class Meta(Scoped.Meta):
        abstract = False


class OrderStep(Scoped):
    """An answer with proof, a return, or the closing of an item 整改记录; appended, never changed."""

    ANSWER, BACK, CLOSE = "answer", "back", "close"
    region_field, department_field = "item__order__region_code", "item__order__department"

    item = models.ForeignKey(OrderItem, on_delete=models.CASCADE, related_name="steps")
    what = models.CharField(max_length=10)
    text = models.TextField()
    file = models.CharField(max_length=80, blank=True)
    day = models.DateField()
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)
    event = models.BigIntegerField()

    class Meta(Scoped.Meta):
        abstract = False


class Policy(Scoped):
    """An existing policy of the policy list 政策清单, classed as to go on, to be optimised, to be adjusted."""

    KINDS = {"continue": _("延续"), "optimise": _("优化"), "adjust": _("调整")}

    region_code = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    number = models.CharField(max_length=80, blank=True)
    department = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=10)
    begins_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)  # the last day on which it holds
    planned_end = models.DateField(null=True)  # until when the document itself is valid
    transition_to = models.DateField(null=True)
    successor = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaces")
    document = models.ForeignKey(PolicyDocument, null=True, on_delete=models.PROTECT, related_name="policies")
    note = models.TextField(blank=True)

    class Meta(Scoped.Meta):
        abstract = False
