"""The register's rows.

What lists sort, filter and search by stands in columns; every other field of the dictionary stands in `data` by its
canonical name, stored as the dictionary stores it (`records.py` packs and unpacks; secret numbers are sealed there too).
Nothing is overwritten: what was true before stands in `Version`, who belonged to which household in `Membership`, and a
fact that was wrong is withdrawn, not deleted.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from xianjie.web.accounts.scope import Scoped
from xianjie.web.sealing import SealedField


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

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["region_code", "household_id"], name="household_place"),
            models.Index(fields=["score", "household_id"], name="household_score"),
            models.Index(fields=["head_name", "household_id"], name="household_head"),
        ]


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
    data = models.JSONField(default=dict)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["region_code", "person_id"], name="person_place"),
            models.Index(fields=["name", "person_id"], name="person_name"),
            models.Index(fields=["initials", "person_id"], name="person_initials"),
            models.Index(fields=["id_index"], name="person_id_no", condition=~Q(id_index="")),
            models.Index(fields=["phone_index"], name="person_phone", condition=~Q(phone_index="")),
        ]


class Membership(Scoped):
    """Who belonged to which household from when to when 家庭成员关系; null means as far back as the register goes."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="memberships")
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
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="facts")
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
        indexes = [models.Index(fields=["household", "entity"], name="fact_household")]
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
    data = models.JSONField()

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["subject_kind", "subject_id", "valid_to"], name="version_subject")]
