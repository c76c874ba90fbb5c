"""Administration of accounts. Every function checks the area of whoever acts, and leaves an event.

Nobody gives more than they have: a role can be given only on a region that lies wholly in the administrator's own
area, and never to oneself.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from axes.utils import reset as forget_failures
from django.contrib.auth.hashers import get_hasher, make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.models import Grant, SecondDevice, User
from xianjie.web.accounts.own_account import remove_device
from xianjie.web.accounts.roles import all_roles
from xianjie.web.accounts.scope import Scope
from xianjie.web.accounts.selectors import MANAGE, manageable
from xianjie.web.audit.services import record
from xianjie.web.regions.models import level_of
from xianjie.web.regions.selectors import on_day
from xianjie.web.words import code_label, label

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another when read out
TEMPORARY_ROUNDS = 20_000


@dataclass(frozen=True)
class Wanted:
    """A role to be given: on which region, for which department, from when to when."""

    role: str
    region_code: str
    department: str = ""
    begins_on: date | None = None
    ends_on: date | None = None


def temporary_password() -> str:
    """A password to hand over: 12 letters and digits in groups, 59 bits."""
    text = "".join(secrets.choice(LETTERS) for _ in range(12))
    return "-".join((text[:4], text[4:8], text[8:]))


def hash_temporary(password: str) -> str:
    """The hash of a temporary password: fewer rounds do for a random one, so that hundreds can be made in a request.

    Django replaces it by the full one at the first sign-in, where it must be changed anyway.
    """
    try:
        hasher: Any = get_hasher("pbkdf2_sha256")
    except ValueError:
        return make_password(password)
    return str(hasher.encode(password, hasher.salt(), TEMPORARY_ROUNDS))


def check_wanted(wanted: Wanted) -> None:
    """Whether a role can be given like this at all. Raises `UserError`."""
    role = all_roles().roles.get(wanted.role)
    if role is None:
        raise UserError("accounts.no_role", role=wanted.role)
    if not on_day().filter(region_code=wanted.region_code).exists():
        raise UserError("accounts.no_region", region=wanted.region_code)
    if level_of(wanted.region_code) not in role.levels:
        levels = "、".join(code_label("region_level", level) for level in role.levels)
        raise UserError("accounts.wrong_level", role=label(role), levels=levels)
    if role.department and wanted.department not in dictionary().departments:
        raise UserError("accounts.no_department", role=label(role))
    if wanted.department and not role.department:
        raise UserError("accounts.department_unasked", role=label(role))
    if wanted.begins_on and wanted.ends_on and wanted.ends_on <= wanted.begins_on:
        raise UserError("accounts.wrong_days")


def _may(scope: Scope, actor: User | None, user: User) -> None:
    if actor is not None and user.pk == actor.pk:
        raise UserError("accounts.not_yourself")
    if not manageable(scope, user):
        raise PermissionDenied


@transaction.atomic
def create(
    scope: Scope, username: str, display_name: str, region_code: str, phone: str = "", password: str = ""
) -> tuple[User, str]:
    """A new account without any role; gives it and its temporary password."""
    if not scope.contains(MANAGE, region_code):
        raise PermissionDenied
    if not NAME.fullmatch(username):
        raise UserError("accounts.bad_name", name=username)
    if User.objects.filter(username=username).exists():
        raise UserError("accounts.name_taken", name=username)
    password = password or temporary_password()
    user = User.objects.create(
        username=username,
        display_name=display_name,
        region_code=region_code,
        phone=phone or None,
        must_change_password=True,
        password=hash_temporary(password),
    )
    _told("accounts.create", user, after=_facts(user))
    return user, password


@transaction.atomic
def create_with_role(
    scope: Scope,
    actor: User,
    username: str,
    display_name: str,
    region_code: str,
    phone: str = "",
    role: str = "",
    department: str = "",
) -> tuple[User, str]:
    """A new account with its first role on the place where it belongs; both or neither."""
    user, password = create(scope, username, display_name, region_code, phone)
    if role:
        give(scope, actor, user, Wanted(role, region_code, department))
    return user, password


@transaction.atomic
def edit(scope: Scope, actor: User, user: User, display_name: str, region_code: str, phone: str) -> None:
    """Another name, place or phone."""
    _may(scope, actor, user)
    if not scope.contains(MANAGE, region_code):
        raise PermissionDenied
    before = _facts(user)
    user.display_name, user.region_code, user.phone = display_name, region_code, phone or None
    user.save(update_fields=["display_name", "region_code", "phone"])
    _told("accounts.edit", user, before=before, after=_facts(user))


@transaction.atomic
def set_active(scope: Scope, actor: User, user: User, active: bool, why: str) -> None:
    """Close an account, or open it again. Its sessions and keys stop working at once."""
    _may(scope, actor, user)
    user.is_active = active
    user.save(update_fields=["is_active"])
    _told("accounts.open" if active else "accounts.close", user, why=why)


@transaction.atomic
def reset_password(scope: Scope, actor: User | None, user: User, why: str = "") -> str:
    """A new temporary password; the account is unlocked and its sessions end."""
    _may(scope, actor, user)
    password = temporary_password()
    user.password, user.must_change_password = hash_temporary(password), True
    user.save(update_fields=["password", "must_change_password"])
    forget_failures(username=user.username)
    _told("accounts.reset_password", user, why=why)
    return password


@transaction.atomic
def reset_two_step(scope: Scope, actor: User | None, user: User, why: str) -> None:
    """Take the second step away from somebody who lost the phone."""
    _may(scope, actor, user)
    if not SecondDevice.objects.filter(user=user, confirmed=True).exists():
        raise UserError("accounts.no_two_step")
    remove_device(user, why)


@transaction.atomic
def give(scope: Scope, actor: User | None, user: User, wanted: Wanted) -> Grant:
    """Give a role."""
    if actor is not None and user.pk == actor.pk:
        raise UserError("accounts.not_yourself")
    # A role in one's own area may be given to somebody who works elsewhere too; nothing else of theirs is touched.
    if not scope.contains(MANAGE, wanted.region_code) or not (visible_to(scope, user)):
        raise PermissionDenied
    check_wanted(wanted)
    grant, fresh = Grant.objects.update_or_create(
        user=user,
        role=wanted.role,
        region_code=wanted.region_code,
        department=wanted.department,
        defaults={"begins_on": wanted.begins_on, "ends_on": wanted.ends_on},
    )
    _told("accounts.grant", user, after={**_grant(grant), "new": fresh})
    return grant


@transaction.atomic
def withdraw(scope: Scope, actor: User, grant: Grant, why: str = "") -> None:
    """Take a role away at once."""
    if grant.user_id == actor.pk:
        raise UserError("accounts.not_yourself")
    if not scope.contains(MANAGE, grant.region_code):
        raise PermissionDenied
    _told("accounts.withdraw", grant.user, why=why, before=_grant(grant))
    grant.delete()


def visible_to(scope: Scope, user: User) -> bool:
    """Whether an administrator sees an account: it belongs to the area or holds a role there."""
    codes = [user.region_code, *user.grants.values_list("region_code", flat=True)]
    return any(code and scope.allows(MANAGE, code) for code in codes)


def _facts(user: User) -> dict[str, Any]:
    phone = f"***{user.phone[-4:]}" if user.phone else ""
    return {"display_name": user.display_name, "region_code": user.region_code, "phone": phone}


def _grant(grant: Grant) -> dict[str, Any]:
    names = ("role", "region_code", "department", "begins_on", "ends_on")
    return {name: getattr(grant, name) for name in names if getattr(grant, name)}


def _told(verb: str, user: User, **told: Any) -> None:
    place = user.region_code or (told.get("after") or {}).get("region_code", "")
    record(verb, subject=("account", user.username), region_code=place, **told)
