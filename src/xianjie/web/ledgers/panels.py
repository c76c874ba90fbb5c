"""What the ledgers say on a household's and a person's page of the register."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.ledgers import selectors, tables
from xianjie.web.ledgers.declaration import sheets
from xianjie.web.ledgers.models import Account, Entry
from xianjie.web.ledgers.money import household_account
from xianjie.web.registry.models import Household, Person
from xianjie.web.registry.panels import panel
from xianjie.web.words import label

PEOPLE_AT_MOST = 50


def show_household(scope: Scope, household: Household, day: date) -> tuple[str, dict[str, Any]] | None:
    """The entries about a household and its people, and the money that it received through the ledgers."""
    people = Person.everything.filter(household=household).values_list("pk", flat=True)[:PEOPLE_AT_MOST]
    entries = selectors.of_household(scope, household.pk, people)
    if not entries:
        return None
    account = household_account(household.region_code[:6], household.pk)
    received = Account.objects.filter(pk=account).values_list("balance", flat=True).first() or 0
    return "ledgers/panel.html", {"groups": _groups(entries), "received": received}


def show_person(scope: Scope, person: Person, day: date) -> tuple[str, dict[str, Any]] | None:
    """The entries about a person."""
    entries = selectors.of_household(scope, "", [person.pk])
    return ("ledgers/panel.html", {"groups": _groups(entries), "received": 0}) if entries else None


def _groups(entries: list[Entry]) -> list[dict[str, Any]]:
    """Entries under their sheets."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry.sheet in sheets():
            told = {"title": entry.title, "url": tables.url_of(entry), "state": tables.state_of(entry),
                    "day": entry.day, "amount": entry.amount, "flags": entry.flags}  # fmt: skip
            groups.setdefault(entry.sheet, []).append(told)
    return [{"label": label(sheets()[name]), "entries": listed} for name, listed in groups.items()]


panel(60, _("衔接台账"), "ledgers.view", show_household)
panel(60, _("衔接台账"), "ledgers.view", show_person, page="person")
