"""The table of accounts: what can be uploaded is what is exported. All rows are taken, or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.dictionary import dictionary
from xianjie.dictionary.model import DictionaryField
from xianjie.dictionary.templates import TemplateSheet, write_template
from xianjie.messages import UserError
from xianjie.web.accounts import services
from xianjie.web.accounts.models import User
from xianjie.web.accounts.roles import all_roles
from xianjie.web.accounts.scope import Scope
from xianjie.web.accounts.selectors import MANAGE, with_grants
from xianjie.web.accounts.services import Wanted
from xianjie.web.regions.selectors import resolve
from xianjie.web.sheets import Fault, Sheet, SheetRow
from xianjie.web.words import label

KEY = ("username", "place", "role", "department")


class _Undone(Exception):
    """Rolls everything back: a row was wrong."""


@dataclass
class Outcome:
    """What an upload did, row by row; `passwords`: temporary ones of new accounts, to be handed over once."""

    created: int = 0
    given: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)
    passwords: list[dict[str, str]] = field(default_factory=list)


@cache
def columns() -> tuple[DictionaryField, ...]:
    """The table's columns, as `sheet.yaml` declares them."""
    raw = yaml.safe_load((Path(__file__).parent / "sheet.yaml").read_text("utf-8"))
    return tuple(DictionaryField.model_validate(one) for one in raw)


def template(path: Path) -> None:
    """An empty table to fill in."""
    write_template([TemplateSheet("账号", columns())], path, rows=300)


def take(scope: Scope, actor: User, sheet: Sheet) -> Outcome:
    """Make the accounts and roles of a table. With a single wrong row nothing is made, and the faults say why."""
    outcome = Outcome(faults=list(sheet.faults))
    try:
        with transaction.atomic():
            for row in sheet.rows:
                _take_row(scope, actor, sheet, row, outcome)
            if outcome.faults:
                raise _Undone
    except _Undone:
        return Outcome(faults=sorted(outcome.faults, key=lambda fault: (fault.sheet, fault.row)))
    return outcome


def _take_row(scope: Scope, actor: User, sheet: Sheet, row: SheetRow, outcome: Outcome) -> None:
    values = row.values
    about = "place"
    try:
        place = resolve(str(values["place"]), scope.areas(MANAGE))
        about = "role"
        wanted = _wanted(values, place)
        about = "username"
        username = str(values["username"]).lower()
        user = User.objects.filter(username=username).first()
        if user is None:
            name, phone = values["display_name"], values["phone"] or ""
            user, password = services.create(scope, username, name, place, phone)
            outcome.created += 1
            outcome.passwords.append({"username": username, "name": name, "password": password})
        elif user.display_name != values["display_name"]:
            raise UserError("accounts.other_name", name=username, known=user.display_name)
        elif wanted is None or user.grants.filter(**_same(wanted)).exists():
            outcome.unchanged += 1
            return
        else:
            outcome.given += 1
        about = "role"
        if wanted is not None:
            services.give(scope, actor, user, wanted)
    except UserError as error:
        outcome.faults.append(Fault(row.sheet, row.row, sheet.headers.get(about, ""), str(error)))
    except PermissionDenied:
        outcome.faults.append(sheet.fault(row, about, "accounts.row_outside"))


def _wanted(values: dict[str, Any], place: str) -> Wanted | None:
    if not values["role"]:
        return None
    words = {word: name for name, role in all_roles().roles.items() for word in (name, role.zh, role.en)}
    role = words.get(str(values["role"]).strip())
    if role is None:
        known = "、".join(label(one) for one in all_roles().roles.values())
        raise UserError("accounts.no_role_word", word=values["role"], known=known)
    department = ""
    if values["department"]:
        found = dictionary().department_of(str(values["department"]))
        if found is None:
            raise UserError("accounts.no_department_word", word=values["department"])
        department = found
    wanted = Wanted(role, place, department, values["begins_on"], values["ends_on"])
    services.check_wanted(wanted)
    return wanted


def _same(wanted: Wanted) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("role", "region_code", "department", "begins_on", "ends_on")}


def exported(users: Iterable[User], size: int = 500) -> Iterator[dict[str, Any]]:
    """Accounts as rows of the table, a row for each role."""
    batch: list[User] = []
    for user in users:
        batch.append(user)
        if len(batch) == size:
            yield from _rows(batch)
            batch = []
    yield from _rows(batch)


def _rows(users: list[User]) -> Iterator[dict[str, Any]]:
    for row in with_grants(users) if users else []:
        user = row["user"]
        base = {"username": user.username, "display_name": user.display_name, "phone": user.phone}
        for grant in row["grants"] or [{}]:
            yield {
                **base,
                "place": grant.get("region_code", user.region_code),
                "role": grant.get("role", ""),
                "department": grant.get("department", ""),
                "begins_on": grant.get("begins_on"),
                "ends_on": grant.get("ends_on"),
                "region_code": user.region_code,
            }
