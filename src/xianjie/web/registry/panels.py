"""Panels of the household's and the person's page: what other apps know of them.

An app puts `panels.py` beside its models and calls `panel(…)` there; the register's pages ask each panel whether it has
something to show. Cases, measures, benefits and ledgers find their place in this way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from xianjie.web.accounts.scope import Scope

if TYPE_CHECKING:  # a title may be translated when it is shown
    from django_stubs_ext import StrOrPromise

Show = Callable[[Scope, Any, date], tuple[str, dict[str, Any]] | None]
PageName = Literal["household", "person"]


@dataclass(frozen=True)
class Panel:
    """A part of a page: its place in order, title, the permission it needs, and what gives template and context."""

    order: int
    title: StrOrPromise
    permission: str
    show: Show


@dataclass(frozen=True)
class Shown:
    """A panel that has something to show."""

    title: str
    template: str
    context: dict[str, Any]


PANELS: dict[PageName, list[Panel]] = {"household": [], "person": []}


def panel(order: int, title: StrOrPromise, permission: str, show: Show, page: PageName = "household") -> None:
    """Add a panel. `show(scope, household or person, day)` gives (template, context), or None for nothing to show.

    The template is included with the context and `subject`, `scope`, `day`; it must need a fixed number of queries.
    """
    PANELS[page].append(Panel(order, title, permission, show))
    PANELS[page].sort(key=lambda one: (one.order, one.permission))


def panels_of(page: PageName, scope: Scope, subject: Any, day: date) -> list[Shown]:
    """The panels that the user may see of this household or person and that have something to show."""
    shown = []
    for one in PANELS[page]:
        if not scope.allows(one.permission, subject.region_code):
            continue
        if made := one.show(scope, subject, day):
            shown.append(Shown(str(one.title), made[0], {**made[1], "subject": subject, "day": day}))
    return shown
