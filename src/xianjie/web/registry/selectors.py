"""Reading the register: lists of households and people, within the scope of who asks.

Lists walk one index (`models.Household.Meta`). A beginning of a name is a range of that index; a page takes the nearer
of the two bounds, so the thousandth page costs what the first one does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.paging import Page, page_of
from xianjie.web.regions.models import Region, area_of, level_of
from xianjie.web.regions.selectors import full_names, on_day
from xianjie.web.registry.models import Household, Person, Settlement
from xianjie.web.sealing import index_of, normal_number

VIEW = "registry.view"
SORTS = {"place": "region_code", "name": "head_name", "score": "score", "size": "size"}
LISTED = (
    "household_id", "region_code", "head_name", "initials", "household_type", "group_name", "size", "ends_on",
    "monitored_kind", "score", "risks",
)  # fmt: skip
PERSON_LISTED = (
    "person_id", "household_id", "region_code", "name", "initials", "sex", "birth_date", "relation", "alive", "left_by",
    "id_no",
)  # fmt: skip
HIGHEST = "\U0010ffff"
LETTERS = re.compile(r"[A-Za-z]{1,20}")
CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f·]")


@dataclass(frozen=True)
class Asked:
    """What a list of households is asked for. `place`: a region code; `risk`: any or none; `text`: free search."""

    place: str = ""
    household_type: str = ""
    monitored: str = ""
    risk: str = ""
    score_from: int | None = None
    text: str = ""
    ended: bool = False
    sort: str = "place"

    @property
    def column(self) -> str:
        """The column that orders the list, "-" for downwards. A search by name is ordered by what it searches."""
        if found := _searched(self.text):
            return found[0]
        word, sign = self.sort.lstrip("-"), "-" if self.sort.startswith("-") else ""
        if word not in SORTS:
            raise UserError("registry.bad_sort", sort=self.sort)
        return sign + SORTS[word]


def _searched(text: str) -> tuple[str, str] | None:
    """The column that a beginning of a name is looked up in, and what stands there; None for another kind of search."""
    text = text.strip()
    if LETTERS.fullmatch(text):
        return "initials", text.lower()
    return ("head_name", text) if CHINESE.match(text) else None


def begins(field: str, text: str, *, after: str = "", before: str = "") -> Q:
    """Rows whose `field` begins with `text`. A page's own bound takes the place of the one it makes needless."""
    if connection.vendor != "sqlite":
        return Q(**{f"{field}__startswith": text})
    low, high = Q(**{f"{field}__gte": text}), Q(**{f"{field}__lt": text + HIGHEST})
    return high if after else low if before else low & high


def households(scope: Scope, asked: Asked, permission: str = VIEW, *, after: str = "", before: str = "") -> Any:
    """The households of a list, in no order. Raises `UserError` for a place that is none."""
    walked = not asked.ended and _walks(scope, asked, permission, bool(after or before))
    narrow = Household.objects.walked_within if walked else Household.objects.within
    rows = narrow(scope, permission).filter(ends_on__isnull=not asked.ended)
    if asked.place:
        rows = rows.filter(_area(asked.place, "walked" if walked else "region_code"))
    if asked.household_type:
        rows = rows.filter(household_type=asked.household_type)
    if asked.monitored:
        rows = (
            rows.exclude(monitored_kind="") if asked.monitored == "any" else rows.filter(monitored_kind=asked.monitored)
        )
    if asked.risk:
        rows = rows.filter(risks__gt=0) if asked.risk == "any" else rows.filter(risks=0)
    if asked.score_from is not None:
        rows = rows.filter(score__gte=asked.score_from)
    if text := asked.text.strip():
        found = _searched(text)
        rows = rows.filter(begins(*found, after=after, before=before) if found else Q(household_id=text))
    return rows


def _walks(scope: Scope, asked: Asked, permission: str, within_pages: bool) -> bool:
    """Whether the list walks the index of its order: over more than a village, and not at the area's own beginning."""
    if connection.vendor != "sqlite" or (asked.column.lstrip("-") == "region_code" and not within_pages):
        return False
    if asked.place and level_of(asked.place) == "village":
        return False
    return any(level_of(held.region_code) != "village" for held in scope.holding(permission))


def household_page(scope: Scope, asked: Asked, *, after: str = "", before: str = "", size: int = 50) -> Page:
    """One page of a list of households."""
    rows = households(scope, asked, after=after, before=before).only(*LISTED)
    return page_of(rows, asked.column, after=after, before=before, size=size)


def household_count(scope: Scope, asked: Asked) -> int:
    """How many households a list has."""
    by_place = asked if _searched(asked.text) else replace(asked, sort="place")
    return int(households(scope, by_place).count())


def _area(code: str, field: str = "region_code") -> Q:
    if not re.fullmatch(r"\d{12}", code):
        raise UserError("registry.no_such_region", value=code)
    low, high = area_of(code)
    return Q(**{f"{field}__gte": low, f"{field}__lt": high})


def village_names(rows: Iterable[Any]) -> dict[str, str]:
    """Village code → 乡镇 and 村, for the rows of a page."""
    return full_names({row.region_code for row in rows})


def places(scope: Scope, permission: str = VIEW) -> list[Region]:
    """The regions down to the village that a list can be narrowed to, by code."""
    condition = Q(pk__in=[])
    for low, high in scope.areas(permission):
        condition |= Q(region_code__gte=low, region_code__lt=high)
    levels = ("county", "township", "village")
    return list(on_day().filter(condition, level__in=levels).only("region_code", "name", "level"))


# People


@dataclass(frozen=True)
class PeopleFound:
    """What a search for people gave: how it was understood (`way`), the page, places whose name was meant."""

    way: str  # number, household, name, initials, none
    page: Page
    places: list[Region]


def people(scope: Scope, text: str, *, after: str = "", before: str = "", size: int = 50) -> PeopleFound:
    """Search people by name, pinyin initials, identity number, phone, own or household's number, or a place's name.

    Numbers are matched whole, by their keyed index: a beginning of one finds nothing.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    nobody = PeopleFound("none", Page([], "", ""), [])
    if not text:
        return nobody
    known = Person.objects.within(scope, VIEW).exclude(left_by="mistake").only(*PERSON_LISTED)
    if LETTERS.fullmatch(text):
        rows = known.filter(begins("initials", text.lower(), after=after, before=before))
        return PeopleFound("initials", page_of(rows, "initials", after=after, before=before, size=size), [])
    if CHINESE.match(text):
        rows = known.filter(begins("name", text, after=after, before=before))
        near = [] if after or before else _places_named(scope, text)
        return PeopleFound("name", page_of(rows, "name", after=after, before=before, size=size), near)
    number = normal_number(text)
    if re.fullmatch(r"\d[\dX]{6,21}", number):
        index = index_of(number)
        rows = known.filter(Q(id_index=index) | Q(phone_index=index))
        return PeopleFound("number", Page(list(rows.order_by("person_id")[:size]), "", ""), [])
    found = list(known.filter(person_id=text)) or list(known.filter(household_id=text).order_by("person_id")[:size])
    return PeopleFound("household", Page(found, "", ""), [])


def suggestions(scope: Scope, text: str, size: int = 8) -> list[Person]:
    """The first people whom the letters or characters typed so far may mean; whole numbers too."""
    text = text.strip()
    if not text or (LETTERS.fullmatch(text) and len(text) < 2):
        return []
    return people(scope, text, size=size).page.rows[:size]


def _places_named(scope: Scope, text: str) -> list[Region]:
    return [place for place in places(scope) if text in place.name][:8]


# For other apps


def settlement_rows(county_code: str) -> Iterator[dict[str, str]]:
    """The settlements of a region that hold, as the daily job takes them (`settlements.parquet`); for jobs."""
    low, high = area_of(county_code)
    columns = ("entity", "key", "field", "value", "settled_on", "settled_by", "against")
    rows: QuerySet[Any, Any] = Settlement.everything.filter(
        region_code__gte=low, region_code__lt=high, withdrawn_on__isnull=True
    ).order_by("entity", "key", "field")
    for row in rows.values(*columns).iterator():
        yield {name: str(value) for name, value in row.items()}
