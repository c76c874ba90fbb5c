"""Monitored households without a helper 帮扶断档: none may be for a day (D11; 中央（十六）、甘南（十八）)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from xianjie.web.accounts.scope import Scope
from xianjie.web.clock import today
from xianjie.web.ledgers.models import Entry
from xianjie.web.registry.models import Household


def without_helper(scope: Scope) -> QuerySet[Household]:
    """The monitored households that no pair covers today."""
    day = today().isoformat()
    standing = Entry.everything.filter(
        Q(data__ends_on__isnull=True) | Q(data__ends_on__gte=day),
        sheet="pair", household_id=OuterRef("household_id"), state="standing", withdrawn_on__isnull=True,
        day__lte=today(),
    )  # fmt: skip
    rows: QuerySet[Household] = Household.objects.within(scope, "registry.view").filter(ends_on__isnull=True)
    return rows.exclude(monitored_kind="").exclude(Exists(standing))
