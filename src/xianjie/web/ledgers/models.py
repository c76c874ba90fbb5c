"""The ledgers' rows: entries, how they were before, what is wrong with them, and the money that they move.

What lists sort, filter and follow stands in columns; every field stands in `data` by its name, as the dictionary
stores values of its type (days as ISO text).

Money is double-entry: a `Transfer` takes an amount from one account and gives it to another, in one row, so that no
movement can be anything but zero-sum; an account's balance is what it was given less what was taken, and no account but
those of the world outside goes below zero. The database holds all three.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from xianjie.web.accounts.scope import Scoped


class Entry(Scoped):
    """An entry of a sheet 台账条目."""

    sheet = models.CharField(max_length=40)
    key = models.CharField(max_length=80)
    region_code = models.CharField(max_length=12)
    county = models.CharField(max_length=6)  # keys are unique within a county
    department = models.CharField(max_length=30)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=30)
    state_since = models.DateField()
    due_on = models.DateField(null=True)  # by when the state should be left
    day = models.DateField(null=True)
    amount = models.BigIntegerField(null=True)  # fen
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    other = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="others")
    household_id = models.CharField(max_length=40, blank=True)
    person_id = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict)
    revision = models.IntegerField(default=1)
    flags = models.IntegerField(default=0)  # standing problems
    recorded_on = models.DateField()
    recorded_by = models.CharField(max_length=80)
    withdrawn_on = models.DateField(null=True)  # it was a mistake: it counts nowhere and stays to be read

    department_field = "department"

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["sheet", "county", "key"], condition=Q(withdrawn_on__isnull=True), name="one_entry_a_key"
            )
        ]
        indexes = [
            models.Index(fields=["sheet", "region_code", "id"], name="entry_place"),
            models.Index(fields=["sheet", "title", "id"], name="entry_title"),
            models.Index(fields=["sheet", "state", "due_on"], name="entry_due"),
            models.Index(fields=["household_id", "sheet"], condition=~Q(household_id=""), name="entry_household"),
            models.Index(fields=["person_id", "sheet"], condition=~Q(person_id=""), name="entry_person"),
        ]


class EntryVersion(Scoped):
    """How an entry was before an action 历史版本, with what was done, by whom and why."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="versions")
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30)
    revision = models.IntegerField()
    state = models.CharField(max_length=30)
    data = models.JSONField()
    action = models.CharField(max_length=30)  # change, withdraw, or the name of a move
    on = models.DateField()
    by = models.CharField(max_length=80)
    why = models.TextField(blank=True)
    event = models.BigIntegerField()

    department_field = "department"

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["entry", "revision"], name="one_version_a_revision")]


class Flag(Scoped):
    """Something that a check says of an entry, or of a place 问题; it stands while `gone_on` is null."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="problems")
    sheet = models.CharField(max_length=40)
    check_name = models.CharField(max_length=60)
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30)
    severity = models.CharField(max_length=10)
    text = models.TextField()
    since = models.DateField()
    gone_on = models.DateField(null=True)

    department_field = "department"

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "check_name"], condition=Q(gone_on__isnull=True), name="one_flag_a_check"
            )
        ]
        indexes = [models.Index(fields=["sheet", "region_code"], condition=Q(gone_on__isnull=True), name="flag_place")]


class Account(models.Model):
    """Something that has money 账户: a grant, an allocation, an asset's income, a household, a payee, the outside."""

    code = models.CharField(max_length=160, primary_key=True)  # county/kind/key
    outside = models.BooleanField(default=False)
    balance = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(balance__gte=0) | Q(outside=True), name="no_account_below_zero")
        ]


class Transfer(Scoped):
    """Money that went from one account to another 资金流转; a wrong one is undone by its reverse, never deleted."""

    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="given")
    target = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="received")
    amount = models.BigIntegerField()
    on = models.DateField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="transfers")
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30)
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone")

    department_field = "department"

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_above_zero"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="transfer_between_two"),
        ]
