"""Roles and permissions as `roles.yaml` declares them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from xianjie.dictionary.model import Sensitivity


class Words(BaseModel):
    """A label in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    zh: str
    en: str


class Role(Words):
    """A role 角色: levels of region it is held on, permissions, and what it sees unmasked."""

    levels: tuple[str, ...]
    department: bool = False
    permissions: frozenset[str]
    sees: frozenset[Sensitivity]
    reveals: frozenset[Sensitivity]


class Roles(BaseModel):
    """All roles and permissions. A role that names an unknown permission is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    permissions: dict[str, Words]
    roles: dict[str, Role]


@cache
def all_roles() -> Roles:
    """The roles of this version. Raises `ValueError` for a permission that is not declared."""
    text = (Path(__file__).parent / "roles.yaml").read_text(encoding="utf-8")
    loaded = Roles.model_validate(yaml.safe_load(text))
    for name, role in loaded.roles.items():
        if unknown := role.permissions - loaded.permissions.keys():
            raise ValueError(f"role {name}: unknown permissions {sorted(unknown)}")
    return loaded
