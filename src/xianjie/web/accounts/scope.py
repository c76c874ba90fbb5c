"""The one rule of areas and roles 数据权限.

A user's `Scope` is the list of roles they hold today, each on an area (a range of village codes) and perhaps for one
department. Every model whose rows belong to an area derives from `Scoped`; its default manager refuses to run a query
that has not been narrowed by `within(scope, permission)`. Whoever really means every row (a job, a migration) writes
`Model.everything`, which is easy to search for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import Q

from xianjie.dictionary.masking import mask_value
from xianjie.dictionary.model import DictionaryField, Sensitivity
from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.roles import Role, all_roles
from xianjie.web.clock import today
from xianjie.web.regions.models import area_of
from xianjie.web.regions.selectors import names, successor


class NoScope(RuntimeError):
    """A query over people's data was about to run without anybody's rights: a defect, never a user's mistake."""


@dataclass(frozen=True)
class Holding:
    """A role held on an area: the grant as it counts today."""

    role: str
    region_code: str
    department: str = ""

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

    def words(self) -> str:
        """Role and area in one line, for the page head and the audit trail."""
        known = names({held.region_code for held in self.holdings})
        return "；".join(
            f"{known.get(held.region_code, held.region_code)} {held.rights.zh}"
            + (f"（{held.department}）" if held.department else "")
            for held in self.holdings
        )


NOBODY = Scope(())


def scope_of(user: Any, day: date | None = None) -> Scope:
    """The scope of a user on a day (today). Unknown, inactive and anonymous users have none."""
    if not isinstance(user, User) or not user.is_active:
        return NOBODY
    return Scope(tuple(_holdings(user.grants.order_by("pk"), day or today())))


def _holdings(grants: Iterable[Grant], day: date) -> Iterable[Holding]:
    known = all_roles().roles
    for grant in grants:
        if grant.role not in known or (grant.begins_on and grant.begins_on > day):
            continue
        if grant.ends_on and grant.ends_on <= day:
            continue
        if known[grant.role].department and not grant.department:
            continue
        yield Holding(grant.role, successor(grant.region_code), grant.department)


class ScopedQuerySet(models.QuerySet[Any]):
    """A query that must be narrowed to somebody's scope before it runs."""

    narrowed = False

    def within(self, scope: Scope, permission: str) -> Self:
        """The rows that `scope` may see or touch by `permission`."""
        clone = self.filter(scope.where(permission, self.model.region_field, self.model.department_field))
        clone.narrowed = True
        return clone

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone.narrowed = self.narrowed
        return clone

    def _must_be_narrowed(self) -> None:
        if not self.narrowed:
            raise NoScope(f"{self.model.__name__}: a query without a scope; use within(scope, permission)")

    def _fetch_all(self) -> None:
        self._must_be_narrowed()
        super()._fetch_all()

    def iterator(self, *arguments: Any, **options: Any) -> Any:
        self._must_be_narrowed()
        return super().iterator(*arguments, **options)

    def count(self) -> int:
        self._must_be_narrowed()
        return super().count()

    def exists(self) -> bool:
        self._must_be_narrowed()
        return super().exists()

    def aggregate(self, *arguments: Any, **options: Any) -> Any:
        self._must_be_narrowed()
        return super().aggregate(*arguments, **options)

    def update(self, **values: Any) -> int:
        self._must_be_narrowed()
        return super().update(**values)

    def delete(self) -> Any:
        self._must_be_narrowed()
        return super().delete()

    def resolve_expression(self, *arguments: Any, **options: Any) -> Any:
        self._must_be_narrowed()  # as a sub-query
        return super().resolve_expression(*arguments, **options)

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
