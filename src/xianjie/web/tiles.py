"""What the home page says is waiting for a user: each app tells its part in its own `tiles.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xianjie.web.accounts.roles import all_roles


@dataclass(frozen=True)
class Tile:
    """A number that leads to the page where it is worked off; `tone`: good, warn, bad or none."""

    label: str
    figure: int | str
    url: str = ""
    note: str = ""
    tone: str = ""
    unit: str = ""


@dataclass(frozen=True)
class AreaPart:
    """A part of how the user's area stands: a title and its numbers, each with the list behind it."""

    title: str
    tiles: list[Tile]


AreaTeller = Callable[[Any], AreaPart]
Teller = Callable[[Any], Tile | None]
_TELLERS: list[tuple[tuple[str, ...], Teller]] = []
_AREA: list[tuple[tuple[str, ...], AreaTeller]] = []


def tile(*permissions: str) -> Callable[[Teller], Teller]:
    """Register a teller: a function of the request that gives a tile, or None when there is nothing to say.

    It is asked for users who hold one of the permissions (everybody when none is named). It makes a fixed, small
    number of queries. Raises `KeyError` for an unknown permission.
    """
    for permission in permissions:
        all_roles().permissions[permission]

    def add(teller: Teller) -> Teller:
        _TELLERS.append((permissions, teller))
        return teller

    return add


def tiles_for(request: Any) -> list[Tile]:
    """The tiles of the user who asks."""
    told = [
        teller(request)
        for permissions, teller in _TELLERS
        if not permissions or any(request.scope.has(permission) for permission in permissions)
    ]
    return [one for one in told if one is not None]


def area_part(*permissions: str) -> Callable[[AreaTeller], AreaTeller]:
    """Register what tells how an area stands: a function of the request with a fixed, small number of queries.

    It is asked for users who hold one of the permissions. Raises `KeyError` for an unknown permission.
    """
    for permission in permissions:
        all_roles().permissions[permission]

    def add(teller: AreaTeller) -> AreaTeller:
        _AREA.append((permissions, teller))
        return teller

    return add


def area_of_user(request: Any) -> list[AreaPart]:
    """How the area of the user who asks stands; parts without numbers are left out."""
    told = [
        teller(request)
        for permissions, teller in _AREA
        if any(request.scope.has(permission) for permission in permissions)
    ]
    return [one for one in told if one.tiles]
