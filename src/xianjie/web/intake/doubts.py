"""Doubtful rows 存疑记录: gathered from deliveries and runs, decided by clerks, reused next time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from xianjie.engines import Engine, open_engine, quote
from xianjie.linkage import IDENTITY
from xianjie.messages import UserError
from xianjie.web.accounts.models import User
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.intake.knobs import knobs
from xianjie.web.intake.layouts import layouts
from xianjie.web.intake.models import Delivery, Doubt, DoubtSource
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import Person

BATCH = 500
CHANGED = ["candidates", "reason", "score", "region_code", "place", "identity", "department"]


@dataclass(frozen=True)
class Seen:
    """An identity in review as a reading found it, with its rows."""

    layout: str
    fingerprint: str
    identity: dict[str, str]
    candidates: list[dict[str, Any]]
    reason: str
    rows: int
    place: str


def seen_in_delivery(delivery: Delivery) -> list[Seen]:
    """The identities in review of a delivery that was read."""
    folder = delivery.read_folder
    with open_engine(temp_folder=folder, memory_limit="1GB") as engine:
        engine.view_parquet("read_rows", folder / "rows.parquet")
        engine.view_parquet("read_candidates", folder / "candidates.parquet")
        return _seen(engine, delivery.layout, delivery.file_name, "read_rows", "read_candidates")


def _seen(engine: Engine, layout: str, file: str, rows: str, candidates: str) -> list[Seen]:
    """Group the rows in review of one file by fingerprint; columns of `rows` as in rows.parquet."""
    given = ", ".join(f"'{name}': any_value(i_{name})" for name in IDENTITY)
    found = engine.rows(f"""
        WITH doubtful AS (SELECT * FROM {rows} WHERE tier = 'review' AND fingerprint IS NOT NULL),
        grouped AS (
            SELECT fingerprint, count(*) AS rows, min(row_no) AS row_no, arg_min(sheet, row_no) AS sheet,
                   arg_min(row_id, row_no) AS row_id, any_value(reason) AS reason, to_json({{{given}}}) AS identity
            FROM doubtful GROUP BY fingerprint),
        offered AS (
            SELECT row_id, to_json(list({{'person_id': person_id, 'score': score, 'reason': reason}} ORDER BY rank))
                       AS candidates
            FROM {candidates} WHERE rank <= {knobs().candidates_shown} GROUP BY row_id)
        SELECT fingerprint, identity::VARCHAR, candidates::VARCHAR, reason, rows, sheet, row_no
        FROM grouped LEFT JOIN offered USING (row_id) ORDER BY fingerprint""")
    return [
        Seen(
            layout,
            fingerprint,
            {name: text for name, text in json.loads(identity).items() if text},
            json.loads(offered or "[]"),
            (reason or "")[:300],
            int(count),
            " · ".join(str(part) for part in (file, sheet, row_no) if part)[:200],
        )
        for fingerprint, identity, offered, reason, count, sheet, row_no in found
    ]


def keep_delivery_doubts(delivery: Delivery, seen: list[Seen], begun_at: datetime) -> None:
    """Make or renew the doubts of a delivery; a decision older than `begun_at` that did not hold is open again."""
    with transaction.atomic():
        known = _keep(delivery.region_code, seen, begun_at)
        DoubtSource.objects.filter(delivery=delivery).delete()
        sources = [DoubtSource(delivery=delivery, doubt_id=known[one.fingerprint], rows=one.rows) for one in seen]
        DoubtSource.objects.bulk_create(sources, batch_size=BATCH)


def _keep(county_code: str, seen: list[Seen], begun_at: datetime | None, of_run: bool = False) -> dict[str, int]:
    """Write the doubts of one layout by bulk; gives fingerprint → key."""
    if not seen:
        return {}
    villages = _villages(one.candidates[0]["person_id"] for one in seen if one.candidates)
    rows = [
        Doubt(
            county_code=county_code,
            region_code=villages.get(one.candidates[0]["person_id"], county_code) if one.candidates else county_code,
            department=layouts()[one.layout].department,
            layout=one.layout,
            fingerprint=one.fingerprint,
            identity=json.dumps(one.identity, ensure_ascii=False),
            reason=one.reason,
            score=one.candidates[0]["score"] if one.candidates else 0,
            candidates=one.candidates,
            place=one.place,
            run_rows=one.rows if of_run else 0,
        )
        for one in seen
    ]
    Doubt.everything.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["county_code", "layout", "fingerprint"],
        update_fields=[*CHANGED, "run_rows"] if of_run else CHANGED,
    )
    known: dict[str, int] = {}
    for batch in _batches([one.fingerprint for one in seen]):
        same = Doubt.everything.filter(county_code=county_code, layout=seen[0].layout, fingerprint__in=batch)
        again = Q(state=Doubt.GONE)
        if begun_at is not None:
            again |= Q(state__in=Doubt.DECIDED, decided_at__lt=begun_at)
        same.filter(again).update(
            state=Doubt.OPEN, person_id="", decided_on=None, decided_at=None, decided_by=None, decider=""
        )
        known |= dict(same.values_list("fingerprint", "pk"))
    return known


def _batches(values: Iterable[str]) -> Iterable[list[str]]:
    unique = list(dict.fromkeys(values))
    return (unique[start : start + BATCH] for start in range(0, len(unique), BATCH))


def _villages(person_ids: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for batch in _batches(person_ids):
        found |= dict(Person.everything.filter(pk__in=batch).values_list("pk", "region_code"))
    return found


def recount(county_code: str, layout: str) -> None:
    """Rows that hang on each doubt of a layout: of the deliveries that count, or of the newest run; none = gone."""
    doubts = Doubt.everything.filter(county_code=county_code, layout=layout)
    counted = (
        DoubtSource.objects.filter(doubt=OuterRef("pk"), delivery__state=Delivery.READY)
        .order_by()
        .values("doubt")
        .annotate(sum=Sum("rows"))
        .values("sum")
    )
    doubts.update(rows=Greatest(Coalesce(Subquery(counted), 0), F("run_rows")))
    doubts.filter(state__in=(Doubt.OPEN, Doubt.PUT_OFF), rows=0).update(state=Doubt.GONE)
    doubts.filter(state=Doubt.GONE, rows__gt=0).update(state=Doubt.OPEN)


def take_doubts(county_code: str, run_folder: Path, begun_at: datetime | None = None) -> int:
    """Bring the doubts in line with a finished daily run; gives how many identities its review holds.

    What the run's files no longer leave in doubt is gone; a decision made before `begun_at` (the run's start) that did
    not hold is open again.
    """
    files = json.loads((run_folder / "work" / "steps" / "feeds.json").read_text(encoding="utf-8"))["result"]["files"]
    by_layout: dict[str, list[Seen]] = {}
    with open_engine(temp_folder=run_folder / "work", memory_limit="1GB") as engine:
        engine.view_parquet("run_links", run_folder / "links.parquet")
        engine.view_parquet("run_candidates", run_folder / "candidates.parquet")
        for file in files:
            if file["parquet"]:
                seen = _seen_in_run(engine, run_folder, file)
                by_layout[file["layout"]] = _together([*by_layout.get(file["layout"], []), *seen])
    with transaction.atomic():
        Doubt.everything.filter(county_code=county_code).update(run_rows=0)
        included = {
            delivery.pk: delivery.layout
            for delivery in Delivery.everything.filter(region_code=county_code, state=Delivery.READY)
            if delivery.read_at and (begun_at is None or delivery.read_at < begun_at)
        }
        for layout in {*by_layout, *included.values()}:
            _take_layout(county_code, layout, by_layout.get(layout, []), included, begun_at)
        total = sum(map(len, by_layout.values()))
        record("intake.take_doubts", region_code=county_code, after={"identities": total, "files": len(files)})
    return total


def _take_layout(
    county_code: str, layout: str, seen: list[Seen], included: dict[int, str], begun_at: datetime | None
) -> None:
    _keep(county_code, seen, begun_at, of_run=True)
    read = [pk for pk, of in included.items() if of == layout]
    settled = Doubt.everything.filter(county_code=county_code, layout=layout, run_rows=0)
    DoubtSource.objects.filter(delivery__in=read, doubt__in=settled).delete()
    recount(county_code, layout)


def _seen_in_run(engine: Engine, run_folder: Path, file: dict[str, Any]) -> list[Seen]:
    canonical = run_folder / "work" / "feeds" / file["parquet"]
    name = quote(file["name"])
    engine.view_parquet("canonical", canonical)
    engine.run(f"""
        CREATE OR REPLACE VIEW file_rows AS
        SELECT c.*, l.tier, l.reason, l.fingerprint FROM canonical c
        JOIN run_links l ON l.file = {name} AND l.row_id = c.row_id WHERE l.tier = 'review';
        CREATE OR REPLACE VIEW file_candidates AS SELECT * FROM run_candidates WHERE file = {name}""")
    return _seen(engine, file["layout"], Path(file["name"]).name, "file_rows", "file_candidates")


def _together(seen: list[Seen]) -> list[Seen]:
    """One line per fingerprint, rows added up."""
    found: dict[str, Seen] = {}
    for one in seen:
        before = found.get(one.fingerprint)
        rows = one.rows + (before.rows if before else 0)
        found[one.fingerprint] = Seen(
            one.layout, one.fingerprint, one.identity, one.candidates, one.reason, rows, (before or one).place
        )
    return list(found.values())


def identity_of(doubt: Doubt) -> dict[str, str]:
    """Who the rows say they are about: identity column → text as given."""
    loaded: dict[str, str] = json.loads(doubt.identity or "{}")
    return loaded


def decide(doubt: Doubt, state: str, user: User, person_id: str = "") -> Doubt:
    """Settle a doubt: a person of its candidates, nobody, or put off. Raises `UserError` when somebody was faster."""
    if state == Doubt.PERSON and person_id not in {one["person_id"] for one in doubt.candidates}:
        raise UserError("intake.no_such_candidate")
    with transaction.atomic():
        locked = Doubt.everything.select_for_update().get(pk=doubt.pk)
        if locked.state not in (Doubt.OPEN, Doubt.PUT_OFF):
            raise UserError("intake.decided_already", who=locked.decider or "—")
        before = {"state": locked.state}
        locked.state, locked.person_id = state, person_id if state == Doubt.PERSON else ""
        locked.decided_on, locked.decided_at = today(), timezone.now()
        locked.decided_by, locked.decider = user, str(user)[:80]
        locked.save()
        _tell(locked, "intake.decide", before, user)
    return locked


def undo(doubt: Doubt, user: User, why: str = "") -> Doubt:
    """Open a doubt again; what had been decided stays on record."""
    with transaction.atomic():
        locked = Doubt.everything.select_for_update().get(pk=doubt.pk)
        if locked.state not in (*Doubt.DECIDED, Doubt.PUT_OFF):
            raise UserError("intake.nothing_to_undo")
        before = {"state": locked.state, "person_id": locked.person_id, "decider": locked.decider}
        locked.state, locked.person_id, locked.decider = Doubt.OPEN, "", ""
        locked.decided_on = locked.decided_at = locked.decided_by = None
        locked.save()
        _tell(locked, "intake.undo", before, user, why)
    return locked


def _tell(doubt: Doubt, verb: str, before: dict[str, Any], user: User, why: str = "") -> None:
    after = {"state": doubt.state, "person_id": doubt.person_id, "layout": doubt.layout, "rows": doubt.rows}
    record(verb, subject=("doubt", str(doubt.pk)), region_code=doubt.region_code, why=why, before=before, after=after)


def decided_in(county_code: str) -> QuerySet[Doubt]:
    """The decisions of a county that hold."""
    low, high = area_of(county_code)
    return Doubt.everything.filter(county_code__gte=low, county_code__lt=high, state__in=Doubt.DECIDED)
