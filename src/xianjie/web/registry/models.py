"""The register's rows.

What lists sort, filter and search by stands in columns; every other field of the dictionary stands in `data` by its
canonical name, stored as the dictionary stores it (`records.py` packs and unpacks; secret numbers are sealed there).
Nothing is overwritten: what was true before stands in `Version`, who belonged to which household in `Membership`, and a
fact that was wrong is withdrawn, not deleted.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat

from xianjie.web.accounts.scope import Scope, Scoped, ScopedQuerySet
from xianjie.web.sealing import SealedField

NOT_ENDED = Q(ends_on__isnull=True)
FILTERED = ("household_type", "monitored_kind", "risks", "ends_on")


class HouseholdQuerySet(ScopedQuerySet):
    """Households within somebody's scope."""

    def walked_within(self, scope: Scope, permission: str) -> Self:
        """`within` for a wide area in another order than by place: the list walks its order's index.

        SQLite would take the index of the place otherwise, fetch the whole area and sort it. The condition is the same;
        it only stands on an expression that no index serves.
        """
        walked = self.alias(walked=Concat(F("region_code"), Value(""), output_field=models.CharField()))
        clone = walked.filter(scope.where(permission, "walked"))
        clone.query.unscoped = False  # type: ignore[attr-defined]
        return clone


class Household(Scoped):
    """A household 农户 as it is today; `ends_on` when it was dissolved, moved away or joined another."""

    household_id = models.CharField(max_length=40, primary_key=True)
    region_code = models.CharField(max_length=12)
    head_name = models.CharField(max_length=100)
    initials = models.CharField(max_length=20, blank=True)  # of the head's name, in pinyin, for quick search
    household_type = models.CharField(max_length=30)
    group_name = models.CharField(max_length=60, blank=True)
    size = models.IntegerField(default=0)  # members today
    begins_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    # From the newest daily run, so that lists sort by them:
    monitored_kind = models.CharField(max_length=30, blank=True)
    score = models.IntegerField(default=0)
    risks = models.IntegerField(default=0)
    data = models.JSONField(default=dict)
    revision = models.IntegerField(default=1)  # two people changing one household: the second is told
    changed_on = models.DateField(null=True)  # the day of the last action; the next one is not before it
    last_change = models.BigIntegerField(null=True)  # its audit event; only the last action can be undone

    objects = HouseholdQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Scoped.Meta):
        abstract = False
        # A list walks the index of its order and drops what a filter or the scope does not want by the columns that
        # stand behind the key: it opens the rows that it shows and no others, also for a village of a large county.
        indexes = [
            models.Index(fields=["region_code", "household_id", *FILTERED], condition=NOT_ENDED,
                         name="household_place"),
            models.Index(fields=["score", "household_id", "region_code", *FILTERED], condition=NOT_ENDED,
                         name="household_score"),
            models.Index(fields=["size", "household_id", "region_code", *FILTERED], condition=NOT_ENDED,
                         name="household_size"),
            models.Index(fields=["head_name", "household_id", "region_code", *FILTERED], condition=NOT_ENDED,
                         name="household_head"),
            models.Index(fields=["initials", "household_id", "region_code", *FILTERED], condition=NOT_ENDED,
                         name="household_initials"),
            models.Index(fields=["region_code", "ends_on"], condition=~NOT_ENDED, name="household_ended"),
        ]  # fmt: skip


PREFIX = ["varchar_pattern_ops"] * 3  # PostgreSQL looks a beginning up by it; SQLite needs no such hint


class Person(Scoped):
    """A person 人员 as they are today; `household` is null for who has moved out of every household here."""

    person_id = models.CharField(max_length=40, primary_key=True)
    household = models.ForeignKey(Household, null=True, on_delete=models.PROTECT, related_name="people")
    region_code = models.CharField(max_length=12)
    name = models.CharField(max_length=100)
    initials = models.CharField(max_length=20, blank=True)
    sex = models.CharField(max_length=1, blank=True)
    birth_date = models.DateField(null=True)
    relation = models.CharField(max_length=4, blank=True)
    id_no = SealedField(null=True)
    id_index = models.CharField(max_length=32, blank=True)
    phone = SealedField(null=True)
    phone_index = models.CharField(max_length=32, blank=True)
    alive = models.BooleanField(null=True)
    left_by = models.CharField(
        max_length=30, blank=True, db_default=""
    )  # why in no household: death, move_out, marriage_out, mistake
    data = models.JSONField(default=dict)
    changed_on = models.DateField(null=True)
    last_change = models.BigIntegerField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["region_code", "person_id"], name="person_place"),
            models.Index(fields=["name", "person_id", "region_code"], name="person_name", opclasses=PREFIX),
            models.Index(fields=["initials", "person_id", "region_code"], name="person_initials", opclasses=PREFIX),
            models.Index(fields=["id_index"], name="person_id_no"),
            models.Index(fields=["phone_index"], name="person_phone"),
        ]


class Membership(Scoped):
    """Who belonged to which household from when to when 家庭成员关系; null means as far back as the register goes."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    region_code = models.CharField(max_length=12)
    relation = models.CharField(max_length=4, blank=True)
    begins_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)  # the first day on which the person no longer belonged here
    begins_by = models.CharField(max_length=30, blank=True)  # register, birth, marriage, move_in, split, merge …
    ends_by = models.CharField(max_length=30, blank=True)  # death, move_out, marriage, split, merge …

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["household", "begins_on"], name="membership_household")]
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(ends_on__isnull=True), name="one_household_a_time")
        ]


class Fact(Scoped):
    """A row of any other entity of the dictionary 档案事实: income, house, visit …, with who said so.

    `entity` and `key` are the dictionary's; `household` (and `person` where the entity is about one) own it. A wrong
    row is withdrawn by an event and stands no more in today's register, but in every look back.
    """

    entity = models.CharField(max_length=40)
    key = models.CharField(max_length=60)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="facts", db_index=False)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="facts")
    region_code = models.CharField(max_length=12)
    source = models.CharField(max_length=40)  # register, village, a department …
    holds_from = models.DateField(null=True)
    holds_to = models.DateField(null=True)
    recorded_on = models.DateField()
    withdrawn_on = models.DateField(null=True)
    event = models.BigIntegerField(null=True)  # seq of the audit event that recorded it
    data = models.JSONField(default=dict)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["household", "entity"], name="fact_household"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "key"], condition=Q(withdrawn_on__isnull=True), name="one_fact_a_key"
            )
        ]


class Version(Scoped):
    """How a household or a person was before a change 历史版本: columns and data in one, for the days it held."""

    subject_kind = models.CharField(max_length=12)  # household, person
    subject_id = models.CharField(max_length=40)
    region_code = models.CharField(max_length=12)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField()  # the day of the change
    event = models.BigIntegerField()
    undone = models.BooleanField(default=False)  # the change was taken back: it tells of no day
    data = models.JSONField()

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "valid_to"], name="version_subject"),
            models.Index(fields=["event"], name="version_event"),
        ]


class Change(Scoped):
    """An action on the register 档案变动: a birth, a split, a correction … with its day, reason and who recorded it.

    `households` and `persons` are those it touched. An undone action stays, with the event that undid it.
    """

    kind = models.CharField(max_length=30)
    region_code = models.CharField(max_length=12)
    happened_on = models.DateField()
    reason = models.TextField()
    event = models.BigIntegerField(unique=True)  # seq of its audit event
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    undone_by = models.BigIntegerField(null=True)
    details = models.JSONField(default=dict)  # what the sentence about it tells
    households = models.ManyToManyField(Household, related_name="changes")
    persons = models.ManyToManyField(Person, related_name="changes")

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "event"], name="change_place")]


class Settlement(Scoped):
    """How a conflict between sources was settled 冲突处置, once; it holds while the sources say what they said then.

    `entity`, `key`, `field`, `against` are copied from the run's `conflicts.parquet`; `value` is the value as text.
    """

    entity = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    field = models.CharField(max_length=60)
    value = models.TextField()
    against = models.TextField()
    household_id = models.CharField(max_length=40, blank=True)
    person_id = models.CharField(max_length=40, blank=True)
    region_code = models.CharField(max_length=12)
    reason = models.TextField()
    settled_on = models.DateField()
    settled_by = models.CharField(max_length=80)
    event = models.BigIntegerField()
    withdrawn_on = models.DateField(null=True)
    withdrawn_by = models.CharField(max_length=80, blank=True)
    withdrawn_why = models.TextField(blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "entity", "key"], name="settlement_place")]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "key", "field"], condition=Q(withdrawn_on__isnull=True), name="one_settlement_each"
            )
        ]


class QualityAnswer(Scoped):
    """What was done about a data-quality finding 核实情况; it holds while the finding stands (`closed_on` is null)."""

    MENDED, REAL, PASSED_ON = "mended", "real", "passed_on"
    ANSWERS = (MENDED, REAL, PASSED_ON)

    check_id = models.CharField(max_length=80)
    household_id = models.CharField(max_length=40, blank=True)
    person_id = models.CharField(max_length=40, blank=True)
    region_code = models.CharField(max_length=12)
    value = models.TextField(blank=True)  # what the finding said then
    answer = models.CharField(max_length=10)
    note = models.TextField(blank=True)
    department = models.CharField(max_length=30, blank=True)  # to whom it was passed on
    answered_on = models.DateField()
    answered_by = models.CharField(max_length=80)
    closed_on = models.DateField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "check_id"], name="quality_place")]
        constraints = [
            models.UniqueConstraint(
                fields=["check_id", "household_id", "person_id"],
                condition=Q(closed_on__isnull=True),
                name="one_answer_each",
            )
        ]
