"""Accounts and regions from the shell, where whoever may log in to the machine may do everything."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts import services
from xianjie.web.accounts.models import User
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.accounts.selectors import with_grants
from xianjie.web.accounts.services import Wanted
from xianjie.web.audit.services import Actor, acting, record
from xianjie.web.regions import table
from xianjie.web.sheets import read_table

EVERYWHERE = Scope((Holding("administrator", "000000000000"),))


@contextmanager
def at_the_shell() -> Iterator[None]:
    """Events inside belong to whoever runs the command."""
    with acting(Actor("shell", "命令行", "服务器", f"shell:{getpass.getuser()}")):
        yield


@transaction.atomic
def create_admin(username: str, name: str, region_code: str) -> str:
    """An administrator's account; gives its temporary password. Raises `UserError`."""
    user, password = services.create(EVERYWHERE, username, name, region_code)
    services.give(EVERYWHERE, None, user, Wanted("administrator", region_code))
    return password


def account(username: str) -> User:
    """The account of a name. Raises `UserError` when there is none."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise UserError("web_manage.no_account", name=username)
    return user


def listed() -> list[tuple[str, str, str, str]]:
    """Every account: name, person, roles in words, state."""
    users = list(User.objects.order_by("username"))
    rows = []
    for row in with_grants(users):
        told = [f"{one['place']} {one['role']} {one['department']}".strip() for one in row["grants"] if one["holds"]]
        state = "启用" if row["user"].is_active else "停用"
        rows.append((row["user"].username, row["user"].display_name, "；".join(told), state))
    return rows


def reset_password(username: str) -> str:
    """A new temporary password."""
    user = account(username)
    password = services.temporary_password()
    user.password, user.must_change_password = services.hash_temporary(password), True
    with transaction.atomic():
        user.save(update_fields=["password", "must_change_password"])
        services.forget_failures(username=username)
        record("accounts.reset_password", subject=("account", username), region_code=user.region_code)
    return password


@transaction.atomic
def set_active(username: str, active: bool, why: str) -> None:
    """Close an account or open it again."""
    user = account(username)
    user.is_active = active
    user.save(update_fields=["is_active"])
    verb = "accounts.open" if active else "accounts.close"
    record(verb, subject=("account", username), region_code=user.region_code, why=why)


def plan_regions(path: Path, on: date) -> table.Plan:
    """What a table of regions would do. Raises `UserError` when it cannot be read."""
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(parents=True, exist_ok=True)
    return table.plan(read_table(path, table.columns(), ["region_code", "valid_from"]), on)
