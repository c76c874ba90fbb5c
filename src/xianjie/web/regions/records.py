"""Moving records to another village code: every model that derives from `Scoped`, those of later apps too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Case, CharField, Model, Value, When
from django.dispatch import Signal

from xianjie.web.accounts.scope import Scoped
from xianjie.web.regions.models import Region
from xianjie.web.regions.selectors import successors

CHUNK = 200

# Sent before records move: `pairs` old code → new code, `households` None or the only ones that move. An app that
# keeps history writes down where a record stood until now.
records_moving = Signal()


def scoped_models() -> list[type[Model]]:
    """Every model whose rows belong to an area."""
    return [model for model in apps.get_models() if issubclass(model, Scoped)]


def rows_in(low: str, high: str) -> dict[str, int]:
    """Model → rows in an area, for models that have any."""
    counts = {
        model._meta.label_lower: _everything(model).filter(**_between(model, low, high)).count()
        for model in scoped_models()
    }
    return {label: count for label, count in counts.items() if count}


@transaction.atomic
def move_records(pairs: Mapping[str, str]) -> dict[str, int]:
    """Give the rows of each old code the new code, set by set; model → rows moved. Caller records the event."""
    if not pairs:
        return {}
    records_moving.send(sender=Region, pairs=dict(pairs), households=None)
    moved: dict[str, int] = {}
    for model in _with_own_code():
        for some in _batches(pairs):
            field = _region_field(model)
            whens = [When(**{field: old}, then=Value(new)) for old, new in some.items()]
            found = _everything(model).filter(**{f"{field}__in": list(some)})
            moved[model._meta.label_lower] = moved.get(model._meta.label_lower, 0) + found.update(
                **{field: Case(*whens, output_field=CharField())}
            )
    return {label: count for label, count in moved.items() if count}


@transaction.atomic
def move_households(code: str, households: Iterable[str]) -> dict[str, int]:
    """Give these households, and every row of theirs, another village code; model → rows moved."""
    wanted = list(households)
    moved: dict[str, int] = {}
    records_moving.send(sender=Region, pairs={}, households={code: wanted})
    for model in _with_own_code():
        if not any(field.attname == "household_id" for field in model._meta.concrete_fields):
            continue
        for some in _lists(wanted):
            found = _everything(model).filter(household_id__in=some)
            moved[model._meta.label_lower] = moved.get(model._meta.label_lower, 0) + found.update(
                **{_region_field(model): code}
            )
    return {label: count for label, count in moved.items() if count}


def ended_pairs() -> dict[str, str]:
    """Every code that has ended → the code that holds today instead."""
    codes = set(Region.objects.exclude(successor_code="").values_list("region_code", flat=True))
    return {code: new for code, (new, _name) in successors(codes).items() if new != code}


def _lists(values: list[str]) -> Iterable[list[str]]:
    return (values[at : at + CHUNK] for at in range(0, len(values), CHUNK))


def _batches(pairs: Mapping[str, str]) -> Iterable[dict[str, str]]:
    return ({old: pairs[old] for old in some} for some in _lists(sorted(pairs)))


def _with_own_code() -> list[type[Model]]:
    """The models whose rows carry a code of their own; the others belong to a row that does, and follow it."""
    return [model for model in scoped_models() if "__" not in _region_field(model)]


def _region_field(model: type[Model]) -> str:
    return str(model.region_field)  # type: ignore[attr-defined]


def _everything(model: type[Model]) -> Any:
    return model.everything  # type: ignore[attr-defined]


def _between(model: type[Model], low: str, high: str) -> dict[str, str]:
    field = _region_field(model)
    return {f"{field}__gte": low, f"{field}__lt": high}
