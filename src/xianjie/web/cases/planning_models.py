"""Plans of households, the measures they set, and what became of each."""

from __future__ import annotations

from typing import Any

from django.db import models

from xianjie.web.accounts.scope import Scoped
from xianjie.web.registry.models import Household
from xianjie.web.sealing import SealedField


class Plan(Scoped):
    """One saved version of a household's plan 一户一策; appended, never changed.

    `risks` are the open risks on that day, `uncovered` why one of them has no measure, `measures` the rows as planned.
    """

    region_field = "case__region_code"

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="plans")
    version = models.IntegerField()
    day = models.DateField()
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)
    helper = models.CharField(max_length=80, blank=True)
    helper_phone = SealedField(null=True)
    able = models.BooleanField(null=True)  # somebody can work, as the newest run said
    risks = models.JSONField(default=list)
    uncovered = models.JSONField(default=dict)
    measures = models.JSONField(default=list)
    complete = models.BooleanField(default=False)
    event = models.BigIntegerField()

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["case", "version"], name="plan_versions")]

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("a version of a plan is never changed")
        super().save(*arguments, **options)


class Measure(Scoped):
    """A measure 帮扶措施 of a plan in force, as the task of one department; the register keeps it as a fact too."""

    department_field = "department"
    PLANNED, OPEN, DONE, STOPPED = "planned", "open", "done", "stopped"  # codes `programme_state`
    RUNNING = (PLANNED, OPEN)

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="measures")
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="measures")
    region_code = models.CharField(max_length=12)
    name = models.CharField(max_length=60)  # of the catalogue; empty for one of the planner's own
    title = models.CharField(max_length=200)
    group = models.CharField(max_length=30)
    risk = models.CharField(max_length=30)
    department = models.CharField(max_length=30)
    starts_on = models.DateField()
    ends_on = models.DateField()
    amount = models.BigIntegerField(null=True)  # fen, as planned
    state = models.CharField(max_length=10, default=PLANNED)
    begun_on = models.DateField(null=True)
    over_on = models.DateField(null=True)
    reports = models.IntegerField(default=0)  # who reports says which number they saw

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["state", "ends_on", "id"], name="measure_due"),
            models.Index(fields=["department", "state", "ends_on", "id"], name="measure_department"),
        ]


class MeasureReport(Scoped):
    """What was told of a measure 落实情况: state, words, a paper, money and goods the household received."""

    region_field = "measure__region_code"
    department_field = "measure__department"

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="told")
    day = models.DateField()
    state = models.CharField(max_length=10)
    text = models.TextField(blank=True)
    file = models.CharField(max_length=200, blank=True)
    money = models.BigIntegerField(null=True)  # fen
    goods = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)
    event = models.BigIntegerField()

    class Meta(Scoped.Meta):
        abstract = False
