"""The accounts of an invented instance, and the login page's list of them. Nothing here works unless `DEMO` is on."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.roles import all_roles
from xianjie.web.audit.services import record
from xianjie.web.regions.models import Region, area_of
from xianjie.web.regions.selectors import on_day, paths
from xianjie.web.words import department_name, label


@dataclass(frozen=True)
class DemoAccount:
    """An account of the login page's list."""

    username: str
    name: str
    role: str
    place: str
    department: str


@cache
def _declared() -> list[dict[str, str]]:
    declared: list[dict[str, str]] = yaml.safe_load((Path(__file__).parent / "demo.yaml").read_text("utf-8"))
    return declared


def demo_password() -> str:
    """The one password of an invented instance's accounts: made at its first start, kept in its folder."""
    path = settings.HOME / "keys" / "demo_password"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(f"yanshi-{secrets.randbelow(10**6):06d}", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def demo_accounts() -> list[DemoAccount]:
    """The invented accounts of this instance, in the order of `demo.yaml`; none unless it is a demonstration."""
    if not settings.DEMO:
        return []
    order = {one["username"]: position for position, one in enumerate(_declared())}
    grants = Grant.objects.filter(user__username__in=order, user__is_active=True).select_related("user")
    places = paths({grant.region_code for grant in grants})
    firsts = {grant.user.username: grant for grant in sorted(grants, key=lambda grant: -grant.pk)}
    return [
        DemoAccount(
            name,
            firsts[name].user.display_name,
            label(all_roles().roles[firsts[name].role]),
            places[firsts[name].region_code],
            department_name(firsts[name].department),
        )
        for name in sorted(firsts, key=order.__getitem__)
    ]


@transaction.atomic
def create_demo_accounts(county_code: str, village_code: str = "") -> list[dict[str, Any]]:
    """Make the invented accounts on a county's regions, or set them right again.

    Gives username, password, display name, role, region code of each. `village_code` names the village whose cadre
    is made (default: the first by code). Raises `UserError` outside a demonstration, or when the county has no
    villages yet.
    """
    if not settings.DEMO:
        raise UserError("accounts.demo_only")
    low, high = area_of(county_code)
    villages = on_day().filter(level="village", region_code__gte=low, region_code__lt=high)
    village = villages.filter(region_code=village_code).first() if village_code else villages.first()
    if village is None:
        raise UserError("accounts.demo_no_village", county=county_code)
    places = {"county": county_code, "township": _township(village), "village": village.region_code}
    password, made = demo_password(), []
    for one in _declared():
        user, _new = User.objects.get_or_create(username=one["username"], defaults={"display_name": one["zh"]})
        user.region_code, user.is_active, user.must_change_password = places[one["level"]], True, False
        user.set_password(password)
        user.save()
        user.grants.all().delete()
        user.grants.create(role=one["role"], region_code=user.region_code, department=one.get("department", ""))
        made.append({**one, "password": password, "region_code": user.region_code})
    record("accounts.demo", region_code=county_code, after={"accounts": [one["username"] for one in made]})
    return made


def _township(village: Region) -> str:
    return village.parent_code or village.region_code[:9].ljust(12, "0")
