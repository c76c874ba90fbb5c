"""Reading accounts: which of them an administrator sees, and which they may change."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Q, QuerySet

from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.own_account import grant_rows
from xianjie.web.accounts.scope import Scope
from xianjie.web.regions.selectors import full_names

MANAGE = "accounts.manage"


def visible(scope: Scope) -> QuerySet[User]:
    """Accounts that belong to the area, or hold a role there."""
    held = Grant.objects.filter(scope.where(MANAGE)).values("user")
    return User.objects.filter(scope.where(MANAGE) | Q(pk__in=held))


def manageable(scope: Scope, user: User) -> bool:
    """Whether an account may be changed: it belongs to the area, and so does every role that it holds.

    Otherwise whoever resets the password of somebody with a wider area would walk in by that account.
    """
    codes = set(user.grants.values_list("region_code", flat=True))
    if user.region_code:
        codes.add(user.region_code)
    return bool(codes) and all(scope.contains(MANAGE, code) for code in codes)


def filtered(rows: QuerySet[User], given: dict[str, Any]) -> QuerySet[User]:
    """The accounts of a list's filter; unknown words of the filter are refused by the form before."""
    if text := given.get("q"):
        rows = rows.filter(Q(username__icontains=text) | Q(display_name__icontains=text))
    if role := given.get("role"):
        rows = rows.filter(pk__in=Grant.objects.filter(role=role).values("user"))
    if department := given.get("department"):
        rows = rows.filter(pk__in=Grant.objects.filter(department=department).values("user"))
    state = given.get("state")
    if state == "closed":
        rows = rows.filter(is_active=False)
    elif state == "open":
        rows = rows.filter(is_active=True)
    elif state == "without":
        rows = rows.filter(grants__isnull=True)
    return rows


def with_grants(users: list[User]) -> list[dict[str, Any]]:
    """Accounts as list rows, with roles and places in words; a fixed number of queries."""
    grants = list(Grant.objects.filter(user__in=users).order_by("pk"))
    told: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for grant, row in zip(grants, grant_rows(grants), strict=True):
        told[grant.user_id].append(row)
    places = full_names({user.region_code for user in users if user.region_code})
    return [
        {"user": user, "place": places.get(user.region_code, ""), "grants": told[user.pk], "pk": user.pk}
        for user in users
    ]
