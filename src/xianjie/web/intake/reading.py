"""Reading a delivery: register snapshot, rows, matches, counts, doubts. Runs inside a job and can begin again."""

from __future__ import annotations

import json
import logging
import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from xianjie.engines import open_engine
from xianjie.messages import UserError
from xianjie.screening.decisions import DECISION, SHOWN
from xianjie.screening.single import Stopped, read_delivery
from xianjie.web.daily.snapshot import write_register
from xianjie.web.intake import doubts, results, services
from xianjie.web.intake.models import OUTCOMES, Delivery
from xianjie.web.intake.selectors import decision_rows, register_mark
from xianjie.web.jobs.services import Cancelled, Work

log = logging.getLogger(__name__)
SNAPSHOT_SHARE, READ_SHARE = 30, 60  # of 100; the rest is counting and keeping doubts


def read(work: Work) -> dict[str, Any]:
    """The handler of `intake.read`: argument `delivery` is its key. What a killed worker left is done anew."""
    delivery = Delivery.everything.filter(pk=work.arguments["delivery"]).first()
    if delivery is None or delivery.job_id != work.job.pk:
        return {}  # withdrawn with its record, or a newer job reads it
    Delivery.everything.filter(pk=delivery.pk).update(state=Delivery.READING)
    try:
        _read(delivery, work)
    except (Cancelled, Stopped) as stopped:
        Delivery.everything.filter(pk=delivery.pk).update(state=Delivery.CANCELLED)
        raise Cancelled from stopped
    except UserError as error:
        _failed(delivery, str(error))
    except Exception:
        Delivery.everything.filter(pk=delivery.pk).update(state=Delivery.FAILED)
        raise
    delivery.refresh_from_db()
    return {"state": delivery.state, "rows": delivery.rows}


def _read(delivery: Delivery, work: Work) -> None:
    begun_at = timezone.now()
    shutil.rmtree(delivery.read_folder, ignore_errors=True)
    delivery.read_folder.mkdir(parents=True, mode=0o700)
    register = current_register(delivery.region_code, work)
    counts = read_delivery(
        delivery.given,
        delivery.read_folder,
        register,
        layout=delivery.layout,
        name=delivery.file_name,
        day=delivery.day,
        decisions=_decisions(delivery),
        progress=work.part(SNAPSHOT_SHARE, READ_SHARE),
        stop=work.stopped,
    )
    work.check()
    if counts["problem"]:
        _failed(delivery, counts["problem"], counts["notes"])
        return
    _keep(delivery, counts, begun_at)


def _failed(delivery: Delivery, problem: str, notes: list[str] | None = None) -> None:
    Delivery.everything.filter(pk=delivery.pk).update(
        state=Delivery.FAILED, problem=problem, notes=notes or [], read_at=timezone.now()
    )


def _keep(delivery: Delivery, counts: dict[str, Any], begun_at: datetime) -> None:
    """Write what the reading found, in one transaction: counts, reasons, doubts, and whether it counts."""
    outcomes = results.outcome_counts(delivery)
    reasons = results.reason_counts(delivery)
    seen = doubts.seen_in_delivery(delivery)
    with transaction.atomic():
        for outcome in OUTCOMES:
            setattr(delivery, outcome, outcomes.get(outcome, 0))
        delivery.rows, delivery.given_back = counts["rows"], counts["given_back"]
        delivery.notes, delivery.problem, delivery.reasons = counts["notes"], "", reasons
        delivery.columns, delivery.unknown_headers = counts["columns"], counts["unknown_headers"]
        delivery.read_at = timezone.now()
        if not delivery.adds_up:
            raise ValueError(f"delivery {delivery.pk}: {outcomes} do not add up to {delivery.rows}")
        delivery.state = Delivery.HELD if services.is_much_smaller(delivery) else Delivery.READY
        delivery.save()
        doubts.keep_delivery_doubts(delivery, seen, begun_at)
        if delivery.state == Delivery.READY:
            services.take_place(delivery)


def _decisions(delivery: Delivery) -> Path | None:
    """The county's decisions on this layout as a table; None without any."""
    rows = [
        [line[name] for name in (*DECISION, *SHOWN)]
        for line in decision_rows(delivery.region_code)
        if line["layout"] == delivery.layout
    ]
    if not rows:
        return None
    path = delivery.read_folder / "decisions.parquet"
    with open_engine(temp_folder=delivery.read_folder) as engine:
        engine.create_table("given", dict.fromkeys((*DECISION, *SHOWN), "VARCHAR"), rows)
        engine.write_parquet("SELECT * FROM given", path)
    return path


def current_register(county_code: str, work: Work) -> Path:
    """A folder with the county's register as it is; the last one serves while nothing in it has changed."""
    mark = register_mark(county_code)
    home = Path(settings.HOME) / "files" / "register" / county_code
    folder = home / mark
    if (folder / "done.json").is_file():
        return folder
    part = home / f"{mark}.{work.job.pk}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    write_register(county_code, part, work.part(0, SNAPSHOT_SHARE))
    (part / "done.json").write_text(json.dumps({"mark": mark}), encoding="utf-8")
    try:
        part.rename(folder)
    except OSError:  # another job made the same snapshot first
        shutil.rmtree(part, ignore_errors=True)
    _forget_old(home, folder)
    return folder


def _forget_old(home: Path, kept: Path) -> None:
    """Remove older snapshots that nobody can be reading any more (untouched for an hour)."""
    for other in home.iterdir():
        if other != kept and time.time() - other.stat().st_mtime > 3600:
            shutil.rmtree(other, ignore_errors=True)
