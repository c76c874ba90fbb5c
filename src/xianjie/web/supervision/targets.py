"""Targets: which a user sees, made, changed, given values by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.supervision.areas import MANAGE, VIEW, at_or_above, home_of
from xianjie.web.supervision.following import follow, observe
from xianjie.web.supervision.target_models import Observation, Target

PLAIN = ("title", "indicator", "operator", "value", "unit", "base", "begins_on", "due_on")


def targets(scope: Scope) -> QuerySet[Target]:
    """The targets that a user reads: of their areas and of the regions above."""
    return Target.everything.filter(at_or_above(scope, VIEW))


def all_series(rows: Iterable[Target]) -> dict[int, list[tuple[date, float]]]:
    """Target → its values, oldest first, in one query."""
    wanted = {(one.series, one.region_code): one.pk for one in rows}
    found: dict[int, list[tuple[date, float]]] = {one.pk: [] for one in rows}
    condition = Q(pk__in=[])
    for name, place in wanted:
        condition |= Q(indicator=name, region_code=place)
    by_series: dict[tuple[str, str], list[tuple[date, float]]] = {}
    for one in Observation.everything.filter(condition, day__lte=today()).order_by("day"):
        by_series.setdefault((one.indicator, one.region_code), []).append((one.day, one.value))
    for target in rows:
        found[target.pk] = by_series.get((target.series, target.region_code), [])
    return found


def shown(value: float | None, unit: str) -> str | None:
    """A value with its unit; None for none."""
    return None if value is None else f"{round(value, 2):,g}{unit}" if abs(value) < 1e5 else f"{value:,.0f}{unit}"


def range_words(one: Target) -> str | None:
    """The forecast with its range; None when there is none."""
    seen = one.outlook
    if seen.get("at") is None:
        return None
    return _("%(at)s（%(low)s 至 %(high)s）") % {
        "at": shown(seen["at"], one.unit), "low": shown(seen["low"], ""), "high": shown(seen["high"], ""),
    }  # fmt: skip


@transaction.atomic
def add_target(scope: Scope, given: Mapping[str, Any]) -> Target:
    """A target of the user's region."""
    place = home_of(scope, MANAGE)
    if not place:
        raise PermissionDenied
    made = Target.everything.create(region_code=place, **{name: given[name] for name in PLAIN})
    record("supervision.target", subject=("target", str(made.pk)), region_code=place, after=_plain(made))
    return follow(made)


@transaction.atomic
def change_target(scope: Scope, target: Target, given: Mapping[str, Any]) -> Target:
    """Change a target; where it stands follows."""
    if not scope.allows(MANAGE, target.region_code):
        raise PermissionDenied
    before = _plain(target)
    for name in PLAIN:
        setattr(target, name, given[name])
    target.save()
    record("supervision.target_changed", subject=("target", str(target.pk)), region_code=target.region_code,
           before=before, after=_plain(target))  # fmt: skip
    return follow(target)


def _plain(target: Target) -> dict[str, Any]:
    values = {name: getattr(target, name) for name in PLAIN}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


@transaction.atomic
def add_value(scope: Scope, target: Target, *, day: date, value: float, source: str) -> Target:
    """A value of a target's own series by hand."""
    if not scope.allows(MANAGE, target.region_code) or target.indicator:
        raise PermissionDenied
    record("supervision.value", subject=("target", str(target.pk)), region_code=target.region_code,
           after={"day": day.isoformat(), "value": value, "source": source})  # fmt: skip
    observe(target.series, target.region_code, day, value, source)
    return follow(target)
