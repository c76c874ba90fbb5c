"""Monthly payment lists 待遇发放清单 and yearly lists of premium help 参保资助名单."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from xianjie.web.accounts.scope import Scoped
from xianjie.web.assistance import DEPARTMENT


class PaymentList(Scoped):
    """A county's payment list of one programme and month: made, checked, locked; a locked one is never changed."""

    department_field = "department"
    MADE, LOCKED = "made", "locked"

    region_code = models.CharField(max_length=12)  # the county
    department = models.CharField(max_length=30, default=DEPARTMENT)
    programme = models.CharField(max_length=30)
    month = models.DateField()  # its first day
    state = models.CharField(max_length=8, default=MADE)
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    persons = models.IntegerField(default=0)
    households = models.IntegerField(default=0)
    total = models.BigIntegerField(default=0)  # fen: the sum of the lines that are paid
    held = models.IntegerField(default=0)
    made_on = models.DateField()
    made_by = models.CharField(max_length=80)
    locked_on = models.DateField(null=True)
    locked_by = models.CharField(max_length=80, blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["region_code", "programme", "month"], name="one_payment_list_a_month")
        ]


class PaymentLine(Scoped):
    """What a person is paid for a month, or why they are not, and how it differs from the month before."""

    department_field = "department"
    NEW, SAME, UP, DOWN, STOPPED = "new", "same", "up", "down", "stopped"

    list = models.ForeignKey(PaymentList, on_delete=models.CASCADE, related_name="lines")
    region_code = models.CharField(max_length=12)  # the village
    department = models.CharField(max_length=30, default=DEPARTMENT)
    household_id = models.CharField(max_length=40)
    person_id = models.CharField(max_length=40)
    head_name = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    due = models.BigIntegerField(null=True)  # fen decided; None: nobody has told it
    amount = models.BigIntegerField(default=0)  # fen paid; 0 when held
    was = models.BigIntegerField(default=0)  # fen paid the month before
    held = models.CharField(max_length=20, blank=True)  # why nothing is paid: `payments.HELD`
    released = models.TextField(blank=True)  # why somebody pays all the same
    change = models.CharField(max_length=8)
    why = models.CharField(max_length=200, blank=True)  # of the change

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["list", "person_id"], name="one_line_a_person"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="no_negative_payment"),
            models.CheckConstraint(
                condition=Q(held="") | Q(amount=0) | ~Q(released=""), name="held_lines_are_not_paid"
            ),
        ]
        indexes = [
            models.Index(fields=["list", "region_code", "household_id", "id"], name="payment_line_place"),
            models.Index(fields=["list", "change"], name="payment_line_change"),
        ]


class PremiumList(Scoped):
    """A county's list of premium help for a year, from one daily run 参保资助名单."""

    department_field = "department"

    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30, default="medical_insurance")
    year = models.IntegerField()
    run = models.BigIntegerField()
    day = models.DateField()  # on which identities were read
    persons = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    total = models.BigIntegerField(default=0)
    made_by = models.CharField(max_length=80)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["region_code", "year"], name="one_premium_list_a_year")]


class PremiumLine(Scoped):
    """A person's premium help: highest single identity, what it gives, what was paid, whether enrolled."""

    department_field = "department"

    list = models.ForeignKey(PremiumList, on_delete=models.CASCADE, related_name="lines")
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30, default="medical_insurance")
    household_id = models.CharField(max_length=40)
    person_id = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    identity = models.CharField(max_length=20)
    due = models.BigIntegerField(null=True)  # fen; None: the place's number is missing
    helped = models.BigIntegerField(null=True)
    insured = models.BooleanField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["list", "region_code", "id"], name="premium_line_place")]
