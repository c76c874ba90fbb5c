"""Rows of village governance, one of each kind that a page shows, for the walk through all addresses."""

from __future__ import annotations

from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.villages import services
from xianjie.web.villages.demo import RULES, populate
from xianjie.web.villages.models import Entry


def governed(county: str) -> None:
    """The demo's village with an appeal that waits and rules that were drafted anew."""
    populate(county)
    entry = Entry.everything.filter(region_code__startswith=county[:6]).select_related("household").latest("pk")
    village = Scope((Holding("village", entry.region_code),))
    services.appeal(village, entry.pk, entry.household.head_name, "走查申诉")
    services.draft_rules(village, entry.region_code, RULES, {}, {})
