"""A case, the moves it is made of, and what was shown for each."""

from __future__ import annotations

from typing import Any

from django.db import models

from xianjie.web.accounts.scope import Scoped
from xianjie.web.registry.models import Household


class Case(Scoped):
    """A household's case 监测帮扶案件. One case for life: a relapse goes on in the same one.

    `at`, `since`, `phase_since` and `over` are what its moves add up to, kept here so that lists can filter and sort;
    `due_on` and `told_to` follow from them by the flow's clock.
    """

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="cases")
    region_code = models.CharField(max_length=12)
    flow = models.CharField(max_length=60)  # name@region@since: a case ends by the rules it began with
    at = models.CharField(max_length=30)
    phase = models.CharField(max_length=30)
    since = models.DateField()
    phase_since = models.DateField()
    over = models.BooleanField(default=False)
    due_on = models.DateField(null=True)
    due_sure = models.BooleanField(default=True)
    told_to = models.CharField(max_length=20, blank=True)  # the role that a late step has climbed to
    kind = models.CharField(max_length=30, blank=True)  # of monitored household, as decided
    opened_on = models.DateField()
    news_on = models.DateField(null=True)  # a new risk was found while the case is under way, and nobody has seen to it
    revision = models.IntegerField(default=0)  # the number of moves: who acts says which one they saw

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["household"], name="one_case_a_household")]
        indexes = [
            models.Index(fields=["region_code", "at", "due_on"], name="case_place"),
            models.Index(fields=["over", "due_on"], name="case_due"),
        ]


class CaseMove(Scoped):
    """One move of a case 办理记录; appended, never changed. `facts` freezes what a decision rests on."""

    region_field = "case__region_code"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="moves")
    number = models.IntegerField()
    action = models.CharField(max_length=30)
    step = models.CharField(max_length=30)
    to = models.CharField(max_length=30)
    day = models.DateField()
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    evidence = models.JSONField(default=list)
    given = models.JSONField(default=dict)
    facts = models.JSONField(null=True)
    event = models.BigIntegerField()

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="moves_in_order")]

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("a move is never changed")
        super().save(*arguments, **options)


class CaseEvidence(Scoped):
    """Something shown for a step of a case 佐证材料: names of visitors, a paper's file, a tick, a record."""

    region_field = "case__region_code"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=30)
    step = models.CharField(max_length=30)
    round = models.IntegerField()  # the case's revision when its step began: evidence of an earlier round is history
    content = models.JSONField(default=dict)
    file = models.CharField(max_length=200, blank=True)
    given_on = models.DateField()
    given_by = models.CharField(max_length=80)
    withdrawn_on = models.DateField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["case", "step"], name="evidence_step")]


class Clue(Scoped):
    """A household's clue 线索: every reason for which somebody should look at it, merged, none twice.

    One clue is open for a household at a time. `known` keeps the reasons and the score at which it was decided, so
    that a dismissed clue comes back when things get worse and not before.
    """

    OPEN, DISPATCHED, DISMISSED = "open", "dispatched", "dismissed"

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="clues")
    region_code = models.CharField(max_length=12)
    state = models.CharField(max_length=12, default=OPEN)
    score = models.IntegerField(default=0)
    opened_on = models.DateField()
    urgent = models.BooleanField(default=False)  # disaster or sudden change: the green channel is open to it
    came_back = models.BooleanField(default=False)
    decided_on = models.DateField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)
    why = models.TextField(blank=True)
    batch = models.BigIntegerField(null=True)  # the event that dismissed it together with others: undo takes them back
    known = models.JSONField(default=dict)
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="clues")

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=models.Q(state="open"), name="one_open_clue_a_household"
            )
        ]
        indexes = [
            models.Index(fields=["state", "region_code", "score"], name="clue_place"),
            models.Index(fields=["batch"], name="clue_batch"),
        ]


class ClueReason(Scoped):
    """One reason of a clue 线索来由: who says what, since when, by which clause."""

    region_field = "clue__region_code"

    clue = models.ForeignKey(Clue, on_delete=models.PROTECT, related_name="reasons")
    origin = models.CharField(max_length=20)
    code = models.CharField(max_length=60)  # the finding's name; empty words for what people say
    text = models.TextField()
    score = models.IntegerField(default=0)
    cite = models.TextField(blank=True)
    departments = models.CharField(max_length=200, blank=True)
    said_by = models.CharField(max_length=80, blank=True)
    said_on = models.DateField()
    gone_on = models.DateField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["clue", "origin", "code"],
                condition=models.Q(gone_on__isnull=True) & ~models.Q(code=""),
                name="no_reason_twice",
            )
        ]


from xianjie.web.cases import (  # noqa: E402
    drafts,  # noqa: F401  (models of what is typed, and of objections)
    planning_models,  # noqa: F401  (models of plans and measures)
)
