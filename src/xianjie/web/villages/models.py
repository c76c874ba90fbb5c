"""The village's own rules, the civility archive of its families 家庭文明档案, feasts and safe villages.

By design nothing else of Xianjie reads these tables: not the snapshot of the daily job, no rule, no case. An import
contract and a test hold it (regulation: no conditions beyond need for social assistance).
"""

from __future__ import annotations

from typing import Any

from django.db import models

from xianjie.web.accounts.scope import Scoped
from xianjie.web.registry.models import Household


class Meeting(Scoped):
    """A meeting of villagers' representatives 村民代表会议: who sat and what it decided. Appended, never changed."""

    RULES, QUARTER, HONOUR = "rules", "quarter", "honour"

    region_code = models.CharField(max_length=12)
    purpose = models.CharField(max_length=10)
    period = models.CharField(max_length=8, blank=True)  # 2025Q4, 2025
    held_on = models.DateField()
    chair = models.CharField(max_length=80)
    members = models.IntegerField()  # entitled to sit
    present = models.IntegerField()
    minutes = models.TextField(blank=True)
    by = models.CharField(max_length=80)
    event = models.BigIntegerField()

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "purpose", "period"], name="village_meeting")]

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("the record of a meeting is never changed")
        super().save(*arguments, **options)


class RuleBook(Scoped):
    """One version of a village's rules 村规细则: drafted by the council, in force from the assembly's vote on.

    `rules`: rows {code, list, text, count}; `honour`: {red, yellow, black}; `limits`: {tables, gift} for
    feasts (gift in fen), either may be absent.
    """

    DRAFT, IN_FORCE, REFUSED, REPLACED = "draft", "in_force", "refused", "replaced"

    region_code = models.CharField(max_length=12)
    version = models.IntegerField()
    state = models.CharField(max_length=10, default=DRAFT)
    drafted_on = models.DateField()
    drafted_by = models.CharField(max_length=80)
    rules = models.JSONField(default=list)
    honour = models.JSONField(default=dict)
    limits = models.JSONField(default=dict)
    meeting = models.ForeignKey(Meeting, null=True, on_delete=models.PROTECT, related_name="+")
    in_favour = models.IntegerField(null=True)
    against = models.IntegerField(null=True)
    begins_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["region_code", "version"], name="village_rule_versions"),
            models.UniqueConstraint(
                fields=["region_code"], condition=models.Q(state="in_force"), name="village_one_rule_book"
            ),
        ]

    def rule(self, code: str) -> dict[str, Any] | None:
        """The rule of this code."""
        return next((row for row in self.rules if row["code"] == code), None)


class Entry(Scoped):
    """An entry of a family's archive 记榜: proposed with evidence, standing once the quarter's meeting confirms it."""

    PROPOSED, STANDING, REFUSED, CLEARED, WITHDRAWN = "proposed", "standing", "refused", "cleared", "withdrawn"

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=12)
    book = models.ForeignKey(RuleBook, on_delete=models.PROTECT, related_name="entries")
    rule = models.CharField(max_length=20)
    list = models.CharField(max_length=10)
    count = models.IntegerField()
    what = models.TextField()
    happened_on = models.DateField()
    quarter = models.CharField(max_length=6)
    paper = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, default=PROPOSED)
    proposed_on = models.DateField()
    proposed_by = models.CharField(max_length=80)
    proposed_name = models.CharField(max_length=80, blank=True)
    meeting = models.ForeignKey(Meeting, null=True, on_delete=models.PROTECT, related_name="entries")
    in_favour = models.IntegerField(null=True)
    against = models.IntegerField(null=True)
    decided_on = models.DateField(null=True)
    cleared_on = models.DateField(null=True)
    correction = models.TextField(blank=True)
    cleared_by = models.CharField(max_length=80, blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["region_code", "quarter", "list", "state"], name="village_entry_place"),
            models.Index(fields=["household", "happened_on"], name="village_entry_family"),
        ]


class Appeal(Scoped):
    """What a family says against an entry 申诉, and the answer by somebody else than who proposed it."""

    region_field = "entry__region_code"

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="appeals")
    raised_on = models.DateField()
    raised_by = models.CharField(max_length=80)
    text = models.TextField()
    recorded_by = models.CharField(max_length=80)
    due_on = models.DateField()
    answered_on = models.DateField(null=True)
    answered_by = models.CharField(max_length=80, blank=True)
    answer = models.TextField(blank=True)
    upheld = models.BooleanField(null=True)

    class Meta(Scoped.Meta):
        abstract = False


class Honour(Scoped):
    """A civil family of a year 文明家庭: it met the rule, and a meeting named it."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=12)
    year = models.IntegerField()
    red = models.IntegerField()
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="honours")

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["household", "year"], name="village_one_honour")]
        indexes = [models.Index(fields=["region_code", "year"], name="village_honour_place")]


class Feast(Scoped):
    """A reported wedding, funeral or other feast 红白事报备; `over`: which of the village's limits it goes beyond."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=12)
    kind = models.CharField(max_length=10)
    held_on = models.DateField()
    tables = models.IntegerField()
    gift = models.BigIntegerField()  # fen, what one guest gives at most
    reported_on = models.DateField()
    by = models.CharField(max_length=80)
    over = models.JSONField(default=list)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "held_on"], name="village_feast_place")]


class SafeYear(Scoped):
    """What happened in a village in a year that a safe village 平安乡村 (三零) has none of."""

    region_code = models.CharField(max_length=12)
    year = models.IntegerField()
    petitions = models.IntegerField()
    accidents = models.IntegerField()
    crimes = models.IntegerField()
    source = models.CharField(max_length=200)
    by = models.CharField(max_length=80)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["region_code", "year"], name="village_safe_year")]
