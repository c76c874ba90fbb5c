"""Targets, and the series of indicators by which they are followed; assessments by scheme."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from xianjie.web.accounts.scope import Scoped
from xianjie.web.supervision.document_models import PolicyDocument
from xianjie.web.supervision.task_models import Task


class Target(Scoped):
    """A dated, measured target 目标. `indicator` names one that the system knows; without one, people report figures.

    `state` and `outlook` follow from the series (`forecasting.py`); kept here so that lists can filter.
    """

    REACHED, ON_WAY, AT_RISK, MISSED, UNKNOWN = "reached", "on_way", "at_risk", "missed", "unknown"
    STATES = {
        MISSED: _("未达到"), AT_RISK: _("有风险"), UNKNOWN: _("数据不足"), ON_WAY: _("正在推进"), REACHED: _("已达到"),
    }  # fmt: skip

    region_code = models.CharField(max_length=12)
    document = models.ForeignKey(PolicyDocument, null=True, on_delete=models.PROTECT, related_name="targets")
    task = models.ForeignKey(Task, null=True, on_delete=models.SET_NULL, related_name="targets")
    clause = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=500, blank=True)
    operator = models.CharField(max_length=2)
    value = models.FloatField()
    unit = models.CharField(max_length=30, blank=True)
    base = models.FloatField(null=True)  # what an increase counts from
    begins_on = models.DateField()
    due_on = models.DateField()
    indicator = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, default=UNKNOWN)
    latest = models.FloatField(null=True)
    outlook = models.JSONField(default=dict)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "state", "due_on"], name="target_state")]

    @property
    def series(self) -> str:
        """The name of the series that it is followed by."""
        return self.indicator or f"target-{self.pk}"


class Observation(Scoped):
    """One value of an indicator in a place on a day 指标值; `source`: system, report, survey or third_party."""

    region_code = models.CharField(max_length=12)
    indicator = models.CharField(max_length=40)
    day = models.DateField()
    value = models.FloatField()
    part = models.FloatField(null=True)
    whole = models.FloatField(null=True)
    source = models.CharField(max_length=12)
    by = models.CharField(max_length=80, blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["indicator", "region_code", "day"], name="one_value_a_day"),
        ]


class Assessment(Scoped):
    """An assessment 考核评价 of the units of an area over a period, by a scheme that is frozen when it begins."""

    DRAFT, PUBLISHED, FINAL = "draft", "published", "final"
    STATES = {DRAFT: _("评分中"), PUBLISHED: _("已公布"), FINAL: _("已定案")}

    region_code = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    scheme = models.JSONField()
    begins_on = models.DateField()
    ends_on = models.DateField()
    state = models.CharField(max_length=10, default=DRAFT)
    made_by = models.CharField(max_length=80)
    published_on = models.DateField(null=True)
    objections_to = models.DateField(null=True)
    final_on = models.DateField(null=True)
    use = models.TextField(blank=True)  # use of results 结果运用

    class Meta(Scoped.Meta):
        abstract = False


class AssessedUnit(Scoped):
    """One unit of an assessment: its values by indicator, score, rank, grade or class."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="units")
    region_code = models.CharField(max_length=12)
    name = models.CharField(max_length=80)
    values = models.JSONField(default=dict)  # indicator → {value, source, day, note}
    score = models.FloatField(null=True)
    rank = models.IntegerField(null=True)
    grade = models.CharField(max_length=30, blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["assessment", "region_code"], name="a_unit_once_assessed")]


class Objection(Scoped):
    """A unit's objection to its published result 异议, and the answer."""

    region_field = "unit__region_code"

    unit = models.ForeignKey(AssessedUnit, on_delete=models.CASCADE, related_name="objections")
    text = models.TextField()
    day = models.DateField()
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)
    answer = models.TextField(blank=True)
    upheld = models.BooleanField(null=True)
    answered_on = models.DateField(null=True)
    answered_by = models.CharField(max_length=80, blank=True)

    class Meta(Scoped.Meta):
        abstract = False


class Talk(Scoped):
    """A talk with a unit that came last or does not do its duty 约谈."""

    region_field = "unit__region_code"

    unit = models.ForeignKey(AssessedUnit, on_delete=models.CASCADE, related_name="talks")
    why = models.TextField()
    planned_on = models.DateField()
    held_on = models.DateField(null=True)
    record = models.TextField(blank=True)

    class Meta(Scoped.Meta):
        abstract = False
