"""Villages change their codes under the register 区划调整: where a household or person was registered until then.

The move itself is the regions' (`regions.records`), which tells before it moves. Kept is the old village alone, not a
whole snapshot: a region change is no action on the household, so what was recorded about it stays as it is, and later
actions may still be dated before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from django.dispatch import receiver

from xianjie.web.clock import today
from xianjie.web.regions.models import Region
from xianjie.web.regions.records import records_moving
from xianjie.web.registry.models import Household, Person, Version
from xianjie.web.registry.snapshots import NO_ACTION

CHUNK, BATCH = 200, 2000


@receiver(records_moving)
def keep_old_villages(
    sender: Any, pairs: Mapping[str, str], households: Mapping[str, Iterable[str]] | None, **_others: Any
) -> None:
    """Write down the villages of all that is about to move. The last action on it can be undone no more."""
    for codes in _chunks(pairs):
        ended = Region.objects.filter(region_code__in=codes, valid_to__isnull=False).order_by("valid_to")
        days = {row.region_code: row.valid_to for row in ended if row.valid_to}
        for model in (Household, Person):
            _keep(model, model.everything.filter(region_code__in=codes), days)
    for code, ids in (households or {}).items():
        first = Region.objects.filter(region_code=code).order_by("-valid_from").values_list("valid_from", flat=True)
        begun = first.first() or today()
        for some in _chunks(ids):
            _keep(Household, Household.everything.filter(pk__in=some).exclude(region_code=code), {}, begun)
            _keep(Person, Person.everything.filter(household_id__in=some).exclude(region_code=code), {}, begun)


def _keep(model: type[Household] | type[Person], rows: Any, days: Mapping[str, date], day: date | None = None) -> None:
    """One version each. The day is the one on which the village's code ended, else `day`, else today."""
    kind, last = model._meta.model_name or "", day or today()
    found = iter(rows.order_by("pk").values_list("pk", "region_code").iterator(chunk_size=BATCH))
    while some := list(islice(found, BATCH)):
        Version.everything.bulk_create(
            Version(
                subject_kind=kind, subject_id=key, region_code=code, valid_to=days.get(code, last), event=NO_ACTION,
                data={"region_code": code},
            )
            for key, code in some
        )  # fmt: skip
    rows.filter(last_change__isnull=False).update(last_change=None)


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    given = iter(values)
    while some := list(islice(given, CHUNK)):
        yield some
