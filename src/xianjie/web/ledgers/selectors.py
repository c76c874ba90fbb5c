"""Reading entries within a user's scope: lists, one entry with what hangs on it, problems, figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from xianjie.engines.face import quote_name
from xianjie.web.accounts.scope import Scope
from xianjie.web.clock import today
from xianjie.web.ledgers import checking
from xianjie.web.ledgers.declaration import Ledger, Sheet, ledgers, sheets
from xianjie.web.ledgers.models import Entry, Flag
from xianjie.web.ledgers.neighbours import COLUMNS, STEP, row_of
from xianjie.web.regions.models import DIGITS, area_of, level_of

VIEW = "ledgers.view"
SORTS = {"place": "region_code", "title": "title", "day": "day", "amount": "amount"}


def entries(scope: Scope, sheet: Sheet, asked: Mapping[str, Any], permission: str = VIEW) -> QuerySet[Entry]:
    """The entries of a sheet that a user sees, by what is asked for."""
    rows: QuerySet[Entry] = Entry.objects.within(scope, permission).filter(sheet=sheet.name)
    rows = rows.filter(withdrawn_on__isnull=asked.get("about") != "withdrawn")
    if place := asked.get("place"):
        low, high = area_of(place)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    if text := asked.get("q"):
        rows = rows.filter(Q(title__contains=text) | Q(key=text) | Q(person_id=text) | Q(household_id=text))
    if state := asked.get("state"):
        rows = rows.filter(state=state)
    if asked.get("about") == "flagged":
        rows = rows.filter(flags__gt=0)
    if asked.get("about") == "late":
        rows = rows.filter(due_on__lt=today())
    if above := asked.get("above"):
        rows = rows.filter(Q(parent_id=above) | Q(other_id=above))
    for name in sheet.filters:
        if f"f_{name}" in asked:
            rows = rows.filter(**{f"data__{name}": asked[f"f_{name}"]})
    return rows


def sorts_of(sheet: Sheet) -> dict[str, str]:
    """The sorts that a sheet's list offers: word → column. A column that may be empty is no order."""
    given = {"day": sheet.day, "amount": sheet.amount}
    return {
        word: column
        for word, column in SORTS.items()
        if word not in given or (given[word] and sheet.fields[given[word]].required)
    }


def entry_of(scope: Scope, pk: int) -> Entry | None:
    """One entry with those above it, None outside the scope."""
    found: Entry | None = Entry.objects.within(scope, VIEW).select_related("parent", "other").filter(pk=pk).first()
    return found


def below(scope: Scope, entry: Entry, most: int = 200) -> dict[str, list[Entry]]:
    """Sheet → the newest entries that refer to this one. One query."""
    rows = Entry.objects.within(scope, VIEW).filter(Q(parent=entry) | Q(other=entry), withdrawn_on__isnull=True)
    found: dict[str, list[Entry]] = {name: [] for name in sheets_below(entry.sheet)}
    for row in rows.order_by("-pk")[:most]:
        found.setdefault(row.sheet, []).append(row)
    return found


def sheets_below(name: str) -> list[str]:
    """The sheets whose entries refer to entries of a sheet."""
    return [other.name for other in sheets().values() if name in other.links.values()]


def of_household(scope: Scope, household_id: str, people: Iterable[str]) -> list[Entry]:
    """The entries about a household or its people, by sheet. One query."""
    about = (Q(household_id=household_id) if household_id else Q(pk__in=[])) | Q(
        person_id__in=[one for one in people if one]
    )
    rows = Entry.objects.within(scope, VIEW).filter(about, withdrawn_on__isnull=True)
    return list(rows.order_by("sheet", "-pk")[:200])


def counts(scope: Scope) -> dict[str, dict[str, int]]:
    """Sheet → how many entries, with problems, late. One query."""
    rows = Entry.objects.within(scope, VIEW).filter(withdrawn_on__isnull=True).order_by().values("sheet")
    counted = rows.annotate(
        number=Count("pk"), flagged=Count("pk", filter=Q(flags__gt=0)), late=Count("pk", filter=Q(due_on__lt=today()))
    )
    return {row["sheet"]: {name: row[name] for name in ("number", "flagged", "late")} for row in counted}


def problems(scope: Scope, asked: Mapping[str, Any]) -> QuerySet[Flag]:
    """The problems that stand, by ledger and place."""
    rows: QuerySet[Flag] = Flag.objects.within(scope, VIEW).filter(gone_on__isnull=True).select_related("entry")
    if ledger := asked.get("ledger"):
        rows = rows.filter(sheet__in=list(ledgers()[ledger].sheets))
    if place := asked.get("place"):
        low, high = area_of(place)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    return rows


@dataclass
class Figures:
    """The figures of a ledger: [(sheet, figure)], their values for the whole, and by the places that make it up."""

    names: list[tuple[str, str]]
    whole: dict[tuple[str, str], Any] = field(default_factory=dict)
    parts: dict[str, dict[tuple[str, str], Any]] = field(default_factory=dict)


def figures(scope: Scope, ledger: Ledger, place: str) -> Figures:
    """The figures of a ledger at a place and by the places next below it.

    Whole and parts come from one reading of the same entries, so that a county's sum is that of its details always.
    """
    low, high = area_of(place)
    found = Figures([(sheet.name, name) for sheet in ledger.sheets.values() for name in sheet.figures])
    digits = DIGITS[{"county": "township", "township": "village", "village": "village"}.get(level_of(place), "county")]
    part = f"rpad(left(region_code, {digits}), 12, '0')"
    with checking.opened(today()) as tables:
        for sheet in (one for one in ledger.sheets.values() if one.figures):
            rows = Entry.objects.within(scope, VIEW).filter(
                sheet=sheet.name, withdrawn_on__isnull=True, region_code__gte=low, region_code__lt=high
            )
            tables.fill(sheet.name, [row_of(*row) for row in rows.values_list(*COLUMNS).iterator(chunk_size=STEP)])
            asked = ", ".join(one.sql for one in sheet.figures.values())
            for code, *values in tables.engine.rows(
                f"SELECT {part}, {asked} FROM {quote_name(sheet.name)} GROUP BY GROUPING SETS ((), ({part}))"
            ):
                told = dict(zip([(sheet.name, name) for name in sheet.figures], values, strict=True))
                (found.whole if code is None else found.parts.setdefault(code, {})).update(told)
    return found
