"""Applications for social assistance 救助申请, and who receives what since when 在享待遇."""

from __future__ import annotations

from django.db import models

from xianjie.web.accounts.scope import Scoped
from xianjie.web.assistance import DEPARTMENT
from xianjie.web.flows.proceedings import Kind, Proceeding, ProceedingEvidence, ProceedingMove
from xianjie.web.registry.models import Household, Person


class Application(Proceeding):
    """A household's application under one programme, from the day it was taken to the end of what it gave."""

    department_field = "department"

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="applications")
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30, default=DEPARTMENT)
    programme = models.CharField(max_length=30)
    applied_on = models.DateField()
    applicant = models.CharField(max_length=100)
    by_proxy = models.BooleanField(default=False)
    channel = models.CharField(max_length=20)  # who brought it: resident, cadre, township, warning, case, run
    told = models.TextField()  # the hardship, in the applicant's words
    staff_relative = models.BooleanField(default=False)  # 近亲属备案: registered separately, visited by the county
    staff_told = models.CharField(max_length=200, blank=True)  # whose relative, which post, which relation
    decided_on = models.DateField(null=True)
    decided = models.CharField(max_length=20, blank=True)  # what the last decision wrote: granted, refused …

    class Meta(Proceeding.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["household", "programme"], condition=models.Q(over=False), name="one_open_application_each"
            )
        ]
        indexes = [
            models.Index(fields=["region_code", "at", "due_on"], name="application_place"),
            models.Index(fields=["over", "due_on"], name="application_due"),
            models.Index(fields=["over", "since", "id"], name="application_since"),
        ]


class ApplicationMove(ProceedingMove):
    """One move of an application 办理记录."""

    department_field = "owner__department"
    owner = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="moves")

    class Meta(ProceedingMove.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["owner", "number"], name="application_moves_in_order")]


class ApplicationEvidence(ProceedingEvidence):
    """Something shown for a step of an application."""

    department_field = "owner__department"
    owner = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="evidence")

    class Meta(ProceedingEvidence.Meta):
        abstract = False
        indexes = [models.Index(fields=["owner", "step"], name="application_evidence")]


class ApplicationDraft(Scoped):
    """A form of an application as one user has typed it; the next round of the step begins with an empty one."""

    region_field = "owner__region_code"
    department_field = "owner__department"
    owner = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    round = models.IntegerField()
    by = models.CharField(max_length=80)
    typed = models.JSONField(default=dict)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["owner", "round", "by"], name="one_application_draft_each")]


class ApplicationObjection(Scoped):
    """An objection to a public notice 公示异议: who raised it and what was answered."""

    region_field = "owner__region_code"
    department_field = "owner__department"
    owner = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="objections")
    round = models.IntegerField()
    raised_on = models.DateField()
    raised_by = models.CharField(max_length=80)
    text = models.TextField()
    recorded_by = models.CharField(max_length=80)
    answer = models.TextField(blank=True)
    answered_on = models.DateField(null=True)
    answered_by = models.CharField(max_length=80, blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["owner", "round"], name="application_objection")]


class Benefit(Scoped):
    """What a person receives under a programme since when 在享待遇: the row of the dictionary's `category` by its key.

    A decision here writes it together with the register's fact; what departments' lists say comes with the daily run,
    by the same key. A household's money is the sum over its members.
    """

    department_field = "department"
    APPLICATION, RUN = "application", "run"

    key = models.CharField(max_length=60, unique=True)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="benefits")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="benefits")
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30, default=DEPARTMENT)
    programme = models.CharField(max_length=30)
    begins_on = models.DateField()
    ends_on = models.DateField(null=True)  # the first day without it
    amount_month = models.BigIntegerField(null=True)  # fen; None: nobody has told it
    dibao_class = models.CharField(max_length=10, blank=True)
    single_person = models.BooleanField(null=True)
    support_mode = models.CharField(max_length=20, blank=True)
    grace_until = models.DateField(null=True)
    reviewed_on = models.DateField(null=True)
    review_due_on = models.DateField(null=True)
    source = models.CharField(max_length=12)
    application = models.ForeignKey(Application, null=True, on_delete=models.PROTECT, related_name="benefits")

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["region_code", "programme", "household"], name="benefit_place"),
            models.Index(fields=["household", "programme"], name="benefit_household"),
            models.Index(fields=["programme", "review_due_on"], name="benefit_review"),
        ]


KIND = Kind(Application, ApplicationMove, ApplicationEvidence, "assistance.act")

from xianjie.web.assistance import (  # noqa: E402
    fund_models,  # noqa: F401  (models of the reserve fund)
    payment_models,  # noqa: F401  (models of payment lists and premium help)
)
