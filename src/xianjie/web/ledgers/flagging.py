"""Problems of entries kept up to date: what the checks say now against what stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from xianjie.web.clock import today
from xianjie.web.ledgers import checking
from xianjie.web.ledgers.checking import Hit
from xianjie.web.ledgers.declaration import Sheet, sheets
from xianjie.web.ledgers.models import Entry, Flag
from xianjie.web.ledgers.neighbours import MANY, Around, fill, rows_of

BATCH = 500


def check_entries(entries: Sequence[Entry]) -> int:
    """Check some entries of one county, and those that they refer to; gives the number of problems that stand."""
    if not entries:
        return 0
    if len(entries) > MANY:
        return check_county(entries[0].county, {entry.sheet for entry in entries})
    listed = {entry.pk: entry for entry in entries if not entry.withdrawn_on}
    above = {pk for entry in entries for pk in (entry.parent_id, entry.other_id) if pk}
    listed.update({one.pk: one for one in Entry.everything.filter(pk__in=above - listed.keys())})
    if not listed:
        return 0
    return sum(
        _check(sheets()[name], Around.of([one for one in listed.values() if one.sheet == name]),
               {one.pk for one in listed.values() if one.sheet == name})
        for name in sorted({one.sheet for one in listed.values()})
    )  # fmt: skip


def check_county(county: str, names: Iterable[str] | None = None) -> int:
    """Check every entry of a county (six digits), or of some sheets and those that they refer to."""
    wanted = set(names or sheets())
    wanted |= {target for name in wanted for target in sheets()[name].links.values()}
    return sum(_check(sheets()[name], Around(county), None) for name in sorted(wanted))


def _check(sheet: Sheet, around: Around, pks: set[int] | None) -> int:
    if not sheet.checks:
        return 0
    names = checking.needed(sheet)
    with checking.opened(today()) as tables:
        fill(tables, rows_of(around, names, whole=pks is None), names, around.county)
        hits = tables.hits(sheet, pks=None if pks is None else map(str, pks))
    _keep(sheet, around.county, hits, pks)
    return len(hits)


@transaction.atomic
def _keep(sheet: Sheet, county: str, hits: Sequence[Hit], pks: set[int] | None) -> None:
    """New problems are written, those that are no more end today, those that stay keep their first day."""
    standing = Flag.everything.filter(sheet=sheet.name, entry__county=county, gone_on__isnull=True)
    if pks is not None:
        standing = standing.filter(entry_id__in=pks)
    known = {(one.entry_id, one.check_name): one for one in standing}
    said = {(int(hit.pk), hit.check): hit for hit in hits}
    gone = [flag.pk for place, flag in known.items() if place not in said]
    for start in range(0, len(gone), BATCH):
        Flag.everything.filter(pk__in=gone[start : start + BATCH]).update(gone_on=today())
    other_words = [flag for place, flag in known.items() if place in said and flag.text != said[place].text]
    for flag in other_words:
        flag.text = said[flag.entry_id, flag.check_name].text
    Flag.everything.bulk_update(other_words, ["text"], batch_size=BATCH)
    _add(sheet, [hit for place, hit in said.items() if place not in known])
    touched = Entry.everything.filter(sheet=sheet.name, county=county)
    touched = touched.filter(pk__in=pks) if pks is not None else touched
    counted = Flag.everything.filter(entry=OuterRef("pk"), gone_on__isnull=True).order_by().values("entry")
    number = Coalesce(Subquery(counted.annotate(number=Count("pk")).values("number")), 0)
    touched.exclude(flags=number).update(flags=number)


def _add(sheet: Sheet, hits: Sequence[Hit]) -> None:
    ids = sorted({int(hit.pk) for hit in hits})
    places: dict[int, tuple[str, str]] = {}
    for start in range(0, len(ids), BATCH):
        rows = Entry.everything.filter(pk__in=ids[start : start + BATCH]).values_list("pk", "region_code", "department")
        places.update({pk: (code, department) for pk, code, department in rows})
    Flag.everything.bulk_create(
        [
            Flag(entry_id=int(hit.pk), sheet=sheet.name, check_name=hit.check,
                 severity=sheet.checks[hit.check].severity, region_code=places[int(hit.pk)][0],
                 department=places[int(hit.pk)][1], text=hit.text, since=today())
            for hit in hits
        ],
        batch_size=BATCH,
    )  # fmt: skip
