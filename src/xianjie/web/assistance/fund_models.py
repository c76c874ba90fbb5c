"""Township reserve funds for temporary relief 临时救助备用金, by double entry: from one account into another."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from xianjie.web.accounts.scope import Scoped
from xianjie.web.assistance import DEPARTMENT


class Fund(Scoped):
    """A township's reserve fund. `balance` is what its entries add up to, kept so that it can be locked and guarded."""

    department_field = "department"

    region_code = models.CharField(max_length=12, unique=True)  # the township
    department = models.CharField(max_length=30, default=DEPARTMENT)
    balance = models.BigIntegerField(default=0)  # fen

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.CheckConstraint(condition=Q(balance__gte=0), name="fund_never_negative")]


class FundEntry(Scoped):
    """One movement: `amount` fen leave the account `source` for the account `target`. Appended, never changed."""

    COUNTY, RESERVE, RELIEF = "county", "reserve", "relief"

    region_field = "fund__region_code"
    department_field = "fund__department"

    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="entries")
    day = models.DateField()
    source = models.CharField(max_length=10)
    target = models.CharField(max_length=10)
    amount = models.BigIntegerField()
    application = models.ForeignKey(
        "assistance.Application", null=True, on_delete=models.PROTECT, related_name="fund_entries"
    )
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    note = models.CharField(max_length=200)
    by = models.CharField(max_length=80)
    event = models.BigIntegerField()

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="fund_entry_has_an_amount"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="fund_entry_moves_money"),
        ]
        indexes = [models.Index(fields=["fund", "id"], name="fund_entry_order")]

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("an entry is never changed")
        super().save(*arguments, **options)
