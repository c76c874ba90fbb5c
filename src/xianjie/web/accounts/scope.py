"""The one rule of areas and roles 数据权限.

A user's `Scope` is the list of roles they hold today, each on an area (a range of village codes) and perhaps for one
department. Every model whose rows belong to an area derives from `Scoped`; its default manager refuses to run a query
that has not been narrowed by `within(scope, permission)`. Whoever really means every row (a job, a migration) writes
`Model.everything`, which is easy to search for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.sql import Query

from xianjie.dictionary.masking import mask_value
from xianjie.dictionary.model import DictionaryField, Sensitivity
from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.roles import Role, all_roles
from xianjie.web.clock import today
from xianjie.web.regions.models import area_of, level_of
from xianjie.web.regions.selectors import names, successors
from xianjie.web.words import department_name, label


class NoScope(RuntimeError):
    """A query over people's data was about to run without anybody's rights: a defect, never a user's mistake."""


@dataclass(frozen=True)
class Holding:
    """A role held on an area: the grant as it counts today."""

    role: str
    region_code: str
    department: str = ""
    place: str = field(default="", compare=False)  # the region's name, where it is known already

    @property
    def rights(self) -> Role:
        return all_roles().roles[self.role]

    @property
    def area(self) -> tuple[str, str]:
        return area_of(self.region_code)

    def covers(self, region_code: str) -> bool:
        low, high = self.area
        return low <= region_code < high


@dataclass(frozen=True)
class Scope:
    """Everything that a user may see and do today."""

    holdings: tuple[Holding, ...]

    def holding(self, permission: str) -> tuple[Holding, ...]:
        """The holdings that give a permission. Raises `KeyError` for a word that `roles.yaml` does not know."""
        all_roles().permissions[permission]
        return tuple(held for held in self.holdings if permission in held.rights.permissions)

    def has(self, permission: str) -> bool:
        """Whether the permission is held anywhere."""
        return bool(self.holding(permission))

    def allows(self, permission: str, region_code: str, department: str | None = None) -> bool:
        """Whether the permission holds for a record of this place (and department, where records have one)."""
        return any(
            held.covers(region_code) and (department is None or held.department in ("", department))
            for held in self.holding(permission)
        )

    def contains(self, permission: str, region_code: str) -> bool:
        """Whether the permission holds for the whole of a region, with everything that lies in it."""
        low, high = area_of(region_code)
        return any(first <= low and high <= last for first, last in self.areas(permission))

    def areas(self, permission: str) -> list[tuple[str, str]]:
        """The areas of a permission as half-open ranges of codes, merged where they touch or nest."""
        merged: list[tuple[str, str]] = []
        for low, high in sorted({held.area for held in self.holding(permission)}):
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return merged

    def where(self, permission: str, region_field: str = "region_code", department_field: str = "") -> Q:
        """The condition that keeps the rows of this scope; of no area, no row."""
        condition = Q(pk__in=[])
        if not department_field:
            for low, high in self.areas(permission):
                condition |= Q(**{f"{region_field}__gte": low, f"{region_field}__lt": high})
            return condition
        for held in self.holding(permission):
            low, high = held.area
            part = Q(**{f"{region_field}__gte": low, f"{region_field}__lt": high})
            if held.department:
                part &= Q(**{department_field: held.department})
            condition |= part
        return condition

    def sees(self, sensitivity: Sensitivity, region_code: str) -> bool:
        """Whether values of this sensitivity are shown in full for a record of this place."""
        return any(held.covers(region_code) and sensitivity in held.rights.sees for held in self.holdings)

    def may_reveal(self, sensitivity: Sensitivity, region_code: str) -> bool:
        """Whether such a value may be shown once, with a reason that is logged."""
        return any(held.covers(region_code) and sensitivity in held.rights.reveals for held in self.holdings)

    def show(self, field: DictionaryField, value: Any, region_code: str) -> Any:
        """A value as this user sees it: in full, or what masking leaves of it."""
        return value if self.sees(field.sensitivity, region_code) else mask_value(field, value)

    @property
    def home(self) -> str:
        """The region on which the user's pages open: the widest area held, the first of equals."""
        return min(
            (held.region_code for held in self.holdings), key=lambda code: (len(code.rstrip("0")), code), default=""
        )

    def words(self, language: str = "") -> str:
        """Role and area in one line, for the page head; the audit trail asks for Chinese whoever reads the page."""
        unnamed = {held.region_code for held in self.holdings if not held.place}
        known = names(unnamed) if unnamed else {}
        return "；".join(
            f"{held.place or known.get(held.region_code, held.region_code)} {label(held.rights, language)}"
            + (f"（{department_name(held.department, language)}）" if held.department else "")
            for held in self.holdings
        )


NOBODY = Scope(())


def scope_of(user: Any, day: date | None = None) -> Scope:
    """The scope of a user on a day (today), in two queries. Unknown, inactive and anonymous users have none."""
    if not isinstance(user, User) or not user.is_active:
        return NOBODY
    held = [grant for grant in user.grants.order_by("pk") if _holds(grant, day or today())]
    standing = successors({grant.region_code for grant in held}, day)
    return Scope(tuple(_holdings(held, standing)))


def _holds(grant: Grant, day: date) -> bool:
    """Whether a grant counts on a day. What this version does not understand gives nothing."""
    role = all_roles().roles.get(grant.role)
    if role is None or (role.department and not grant.department):
        return False
    return not (grant.begins_on and grant.begins_on > day) and not (grant.ends_on and grant.ends_on <= day)


def _holdings(grants: Iterable[Grant], standing: dict[str, tuple[str, str]]) -> Iterable[Holding]:
    for grant in grants:
        code, place = standing.get(grant.region_code, (grant.region_code, ""))
        # A grant on a wrong level, or on something that is no code, must not open a wider area.
        whole = len(code) == 12 and code.isascii() and code.isdigit()
        if whole and level_of(code) in all_roles().roles[grant.role].levels:
            yield Holding(grant.role, code, grant.department, place)


class ScopedQuery(Query):
    """A query that refuses to become SQL, as a whole or as a part of another, until it was narrowed."""

    unscoped = False  # set on what a model's default manager begins with

    def get_compiler(self, *arguments: Any, **options: Any) -> Any:
        if self.unscoped and not self.is_empty():
            raise NoScope(f"{self.model}: a query without a scope; use within(scope, permission)")
        return super().get_compiler(*arguments, **options)

    def combine(self, rhs: Query, connector: str) -> None:
        super().combine(rhs, connector)
        self.unscoped = self.unscoped or getattr(rhs, "unscoped", False)


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows that must be narrowed to somebody's scope before they are read, counted, changed or compared with."""

    def __init__(
        self, model: Any = None, query: Query | None = None, using: str | None = None, hints: Any = None
    ) -> None:
        if query is None:
            query = ScopedQuery(model)
            query.unscoped = True
        super().__init__(model, query, using, hints)

    def within(self, scope: Scope, permission: str) -> Self:
        """The rows that `scope` may see or touch by `permission`."""
        clone = self.filter(scope.where(permission, self.model.region_field, self.model.department_field))
        clone.query.unscoped = False  # type: ignore[attr-defined]
        return clone

    def _must_be_narrowed(self) -> None:
        if getattr(self.query, "unscoped", True):
            raise NoScope(f"{self.model.__name__}: a query without a scope; use within(scope, permission)")

    # Changing rows compiles queries of other classes, and raw SQL none: both are refused before.
    def update(self, **values: Any) -> int:
        self._must_be_narrowed()
        return super().update(**values)

    def delete(self) -> Any:
        self._must_be_narrowed()
        return super().delete()

    def raw(self, *arguments: Any, **options: Any) -> Any:
        raise NoScope(f"{self.model.__name__}: raw SQL knows no scope")

    update.alters_data = True  # type: ignore[attr-defined]
    delete.alters_data = True  # type: ignore[attr-defined]


class Scoped(models.Model):
    """A record that belongs to an area: `region_field` names its village code, `department_field` its department."""

    region_field = "region_code"
    department_field = ""

    objects = ScopedQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        abstract = True
        default_manager_name = "objects"
        base_manager_name = "everything"
