"""Watched folders: files that lie still in `watched/<department>/` are taken in as if somebody had handed them in.

A file's name says layout and day (`medical_bills-20251031.xlsx`, `医疗费用20251031.xls`). What is taken leaves the
folder; what cannot be taken goes to `watched-refused/<department>/`, with a text beside it that says why.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from xianjie.feeds import FeedFile, discover
from xianjie.messages import UserError, say
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.intake.knobs import knobs
from xianjie.web.intake.layouts import layouts
from xianjie.web.intake.models import Delivery
from xianjie.web.intake.services import Offer, receive_from_folder
from xianjie.web.jobs.models import Schedule
from xianjie.web.jobs.services import Work
from xianjie.web.words import department_name

WATCH_JOB = "intake.watch"
PIECE = 1 << 20


def watched_folder() -> Path:
    """Where departments' folders lie that are watched."""
    return Path(settings.HOME) / "watched"


def prepare_folders() -> Path:
    """Make a folder for each department that hands in something."""
    home = watched_folder()
    for department in sorted({layout.department for layout in layouts().values()}):
        (home / department).mkdir(parents=True, exist_ok=True, mode=0o700)
    return home


def take_all(work: Work) -> dict[str, Any]:
    """The handler of `intake.watch`: take in every file that has lain still; gives how many, and what was refused."""
    taken, repeated, refused = 0, 0, []
    files = [file for file in discover(prepare_folders(), layouts()) if _lies_still(file.path)]
    for number, file in enumerate(files):
        work.progress(number, len(files), file.name)
        try:
            receipt = _take(file, work.job.region_code)
            taken, repeated = taken + (not receipt), repeated + receipt
        except UserError as error:
            refused.append({"file": file.name, "why": str(error)})
            _set_aside(file.path, str(error))
        else:
            file.path.unlink(missing_ok=True)
    if refused:
        record("intake.refuse", region_code=work.job.region_code, after={"files": refused})
    return {"taken": taken, "repeated": repeated, "refused": refused}


def _lies_still(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime >= knobs().stable_seconds
    except OSError:
        return False


def _take(file: FeedFile, region_code: str) -> bool:
    """Take one file in; whether it had come before."""
    if file.problem or file.layout is None:
        raise (
            UserError(file.problem.code, **file.problem.facts)
            if file.problem
            else UserError("intake.no_layout", layout=file.path.stem)
        )
    offer = Offer(region_code, file.layout, file.date or today(), file.path.name, via=Delivery.FOLDER)
    return receive_from_folder(offer, _pieces(file.path)).repeated


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece


def _set_aside(path: Path, why: str) -> None:
    """Move what cannot be taken out of the way, and say why beside it."""
    inside = path.parent.name if path.parent != watched_folder() else ""
    folder = Path(settings.HOME) / "watched-refused" / inside
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / path.name
    number = 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem} ({number}){path.suffix}"
    shutil.move(path, target)
    target.with_name(f"{target.name}.{say('intake.why_file')}.txt").write_text(why + "\n", encoding="utf-8")


def department_folders() -> list[tuple[str, str]]:
    """Department's name and folder, for people who set it up."""
    return [
        (department_name(name), str(watched_folder() / name))
        for name in sorted({layout.department for layout in layouts().values()})
    ]


def schedule(region_code: str, at: time_of_day, enabled: bool = True) -> None:
    """Look into the folders every day at this local time, for this county."""
    with transaction.atomic():
        Schedule.objects.update_or_create(
            kind=WATCH_JOB, region_code=region_code, defaults={"at": at, "enabled": enabled}
        )
        record("intake.schedule", region_code=region_code, after={"at": at.isoformat(), "enabled": enabled})


def schedule_of(region_code: str) -> dict[str, Any]:
    """When the folders are looked into, and whether they are."""
    found = Schedule.objects.filter(kind=WATCH_JOB, region_code=region_code).first()
    return {"at": found.at if found else time_of_day(7, 30), "enabled": bool(found and found.enabled)}
