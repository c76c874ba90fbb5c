"""Reading deliveries, doubts and what is owed. Pages give the user's scope; jobs name the county."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from xianjie.web.accounts.models import User
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.models import Event
from xianjie.web.intake import calendar
from xianjie.web.intake.doubts import decided_in
from xianjie.web.intake.layouts import title
from xianjie.web.intake.models import Delivery, Doubt, DoubtSource
from xianjie.web.regions.models import area_of, level_of
from xianjie.web.registry.models import Person

# Events after which a snapshot of the register is out of date, and those of the same apps that change nothing.
CHANGING = ("registry.", "regions.", "daily.load")
LOOKING = ("registry.reveal", "registry.export", "registry.search")


@dataclass(frozen=True)
class Current:
    """A delivery that counts, as the daily job lays it into its data folder: `path` under `feed_name`."""

    pk: int
    department: str
    layout: str
    day: Any
    path: Path
    feed_name: str  # <layout>-<date>.<ending>; additions carry the layout's title and their number
    sha256: str
    read_at: datetime | None


def current_deliveries(county_code: str) -> list[Current]:
    """The deliveries of a county that count for the daily job, in a fixed order. No two have one `feed_name`."""
    low, high = area_of(county_code)
    ready = Delivery.everything.filter(region_code__gte=low, region_code__lt=high, state=Delivery.READY)
    return [
        Current(one.pk, one.department, one.layout, one.day, one.given, feed_name(one), one.sha256, one.read_at)
        for one in ready.order_by("department", "layout", "day", "pk")
    ]


def feed_name(delivery: Delivery) -> str:
    """The name by which the data half knows layout and day of a file."""
    if delivery.mode == Delivery.WHOLE:
        return f"{delivery.layout}-{delivery.day:%Y%m%d}{delivery.ending}"
    return f"{title(delivery.layout)}-{delivery.day:%Y%m%d}-补报{delivery.pk}{delivery.ending}"


def decision_rows(county_code: str) -> list[dict[str, Any]]:
    """Clerks' decisions as rows of DATA/decisions: layout, fingerprint, person_id (None: nobody), decided_on, by, and
    the first candidate they were shown with its chance."""
    return [
        {
            "layout": layout,
            "fingerprint": fingerprint,
            "person_id": person_id or None,
            "decided_on": decided_on.isoformat() if decided_on else None,
            "decided_by": decider,
            "shown_person_id": candidates[0]["person_id"] if candidates else None,
            "shown_score": str(candidates[0]["score"]) if candidates else None,
        }
        for layout, fingerprint, person_id, decided_on, decider, candidates in decided_in(county_code)
        .order_by("layout", "fingerprint")
        .values_list("layout", "fingerprint", "person_id", "decided_on", "decider", "candidates")
    ]


def register_mark(county_code: str) -> str:
    """A word that changes whenever something in the county's register may have changed: the last such event.

    The event's hash is part of it, so a restored database never finds the snapshot of another past.
    """
    low, high = area_of(county_code)
    verbs = Q()
    for verb in CHANGING:
        verbs |= Q(verb__startswith=verb)
    here = Q(region_code="") | Q(region_code__gte=low, region_code__lt=high) | Q(verb="daily.load")
    last = Event.objects.filter(verbs, here).exclude(verb__in=LOOKING).order_by("-seq").values_list("seq", "hash")
    seq, digest = last.first() or (0, "")
    return f"{seq}-{digest[:16]}"


def counties(scope: Scope, permission: str) -> list[str]:
    """The counties' codes on which a permission is held directly, in their order."""
    held = {one.region_code for one in scope.holding(permission)}
    return sorted(code for code in held if level_of(code) == "county")


def departments(scope: Scope, permission: str) -> set[str]:
    """The departments for which a permission is held; "" among them means all."""
    return {held.department for held in scope.holding(permission)}


def deliveries(scope: Scope, permission: str = "intake.view") -> QuerySet[Delivery]:
    """The deliveries that a user may see, with uploader and job."""
    return Delivery.objects.within(scope, permission).select_related("uploader", "job")


def last_of_layouts(scope: Scope, counties: list[str], layouts: Iterable[str]) -> dict[str, Delivery]:
    """Layout → the newest delivery that counts in these counties, in one query."""
    ready = deliveries(scope).filter(region_code__in=counties, layout__in=list(layouts), state=Delivery.READY)
    newest = (
        ready.select_related(None)
        .order_by()
        .values("region_code", "layout")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    return {one.layout: one for one in deliveries(scope).filter(pk__in=newest)}


def waiting(scope: Scope) -> dict[str, int]:
    """What waits for somebody: deliveries under way, held, failed; for tiles."""
    counted = deliveries(scope).select_related(None).order_by().values("state").annotate(n=Count("pk"))
    return {row["state"]: row["n"] for row in counted}


def doubts(scope: Scope) -> QuerySet[Doubt]:
    """The doubts that a user may decide on."""
    return Doubt.objects.within(scope, "intake.review")


def doubt_villages(scope: Scope) -> list[str]:
    """The villages of the doubts in sight."""
    return list(doubts(scope).order_by().values_list("region_code", flat=True).distinct())


def doubt_progress(scope: Scope, user: User, since: datetime) -> dict[str, int]:
    """How many doubts are open and put off, how many rows hang on the open ones, what this user settled since."""
    counted = doubts(scope).aggregate(
        open=Count("pk", filter=Q(state=Doubt.OPEN)),
        hanging=Sum("rows", filter=Q(state=Doubt.OPEN), default=0),
        put_off=Count("pk", filter=Q(state=Doubt.PUT_OFF)),
        mine=Count("pk", filter=Q(decided_by=user, decided_at__gte=since, state__in=Doubt.DECIDED)),
        all=Count("pk", filter=Q(decided_at__gte=since, state__in=Doubt.DECIDED)),
    )
    return {name: int(value) for name, value in counted.items()}


def last_decision(scope: Scope, user: User, since: datetime) -> Doubt | None:
    """The doubt that this user settled or put off last."""
    mine: Doubt | None = (
        doubts(scope)
        .filter(decided_by=user, decided_at__gte=since, state__in=(*Doubt.DECIDED, Doubt.PUT_OFF))
        .order_by("-decided_at", "-pk")
        .first()
    )
    return mine


def candidates(scope: Scope, doubt: Doubt) -> dict[str, Person]:
    """The candidates' records, with household, by person number."""
    keys = [one["person_id"] for one in doubt.candidates]
    people = Person.objects.within(scope, "intake.review").select_related("household").filter(pk__in=keys)
    return {person.person_id: person for person in people}


def doubts_of_delivery(scope: Scope, delivery: Delivery) -> dict[str, int]:
    """Of the rows in review of a delivery: how many are settled by now."""
    mine = DoubtSource.objects.filter(delivery=delivery, doubt__in=doubts(scope))
    counted = mine.aggregate(
        all=Sum("rows", default=0), settled=Sum("rows", filter=Q(doubt__state__in=Doubt.DECIDED), default=0)
    )
    return {name: int(value) for name, value in counted.items()}


def doubt_keys(scope: Scope, delivery: Delivery, fingerprints: Iterable[str]) -> dict[str, int]:
    """Fingerprint → the doubt's key, for the rows of a page."""
    found = doubts(scope).filter(
        county_code=delivery.region_code, layout=delivery.layout, fingerprint__in=list(fingerprints)
    )
    return dict(found.values_list("fingerprint", "pk"))


def late(county_code: str, department: str = "") -> list[calendar.Owed]:
    """What a county's departments owe and have not delivered in time, the longest overdue first; for home pages."""
    board = calendar.board(county_code, [department] if department else None)
    owed = [cell for line in board for cell in line.cells if cell and cell.state == "late"]
    return sorted(owed, key=lambda one: (-one.days, one.department, one.layout))
