"""Names and amounts as a user may see them, on lists of social assistance."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from xianjie.dictionary.masking import HIDDEN
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.assistance import DEPARTMENT
from xianjie.web.design.values import yuan
from xianjie.web.registry.records import fields_of


def name_of(scope: Scope, name: str, region_code: str) -> str:
    """A person's name, masked for who does not see personal data there."""
    return str(scope.show(fields_of("person")["name"], name, region_code))


def amount_of(scope: Scope, fen: int | None, region_code: str) -> Any:
    """What somebody receives; hidden from who does not see personal data there."""
    if fen is None:
        return None
    return yuan(fen) if scope.sees("personal", region_code) else HIDDEN


def household_url(scope: Scope, household_id: str) -> str:
    """Where a household is looked at: its page in the register, or for departments its letter."""
    name = "registry:household" if scope.has("registry.view") else "assistance:letter"
    return reverse(name, args=[household_id])


def civil_affairs(scope: Scope) -> Scope:
    """The part of a scope that concerns civil affairs: clerks of other departments have none of it."""
    return Scope(tuple(held for held in scope.holdings if _concerned(held)))


def _concerned(held: Holding) -> bool:
    return held.department in ("", DEPARTMENT)
