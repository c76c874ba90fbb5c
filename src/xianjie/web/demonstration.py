"""The demo: an invented county, its register in the database, its departments' files delivered, a finished daily run.

Everything goes the way it goes in an office: the register by the loader, the files by the intake, the run by the job.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from xianjie.messages import UserError, say

SEED = 1
MARK = ".xianjie-demo"
# The invented county's own numbers (its 低保 standard …), without which most of its assistance would be unknown.
COUNTY_NUMBERS = Path(__file__).parents[3] / "docs" / "examples" / "county"
Progress = Callable[[str], None]


def demonstrate(folder: Path, households: int, progress: Progress) -> dict[str, Any]:
    """Make the demo instance in `folder`; gives {county, day, accounts, folder of the run, counts}, ready for a server.

    The process's settings become the instance's (`XIANJIE_HOME`, `XIANJIE_TODAY`, `XIANJIE_DEMO`). What an earlier demo
    left is replaced. Raises `UserError` when the folder holds anything else.
    """
    data = _empty_folder(folder)
    if COUNTY_NUMBERS.is_dir():
        shutil.copytree(COUNTY_NUMBERS, folder / "policy")
    day = _invent(data, households, progress)
    open_instance(folder, day)
    return _fill(data, progress)


def open_instance(folder: Path, day: date) -> None:
    """Set Django up on the demo instance in `folder`."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="xianjie.web.settings",
        XIANJIE_HOME=str(folder.resolve()),
        XIANJIE_TODAY=day.isoformat(),
        XIANJIE_DEMO="1",
    )
    import django

    django.setup()


def _empty_folder(folder: Path) -> Path:
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise UserError("screening.folder_not_empty", folder=folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    (folder / MARK).touch()
    return folder / "data"


def _invent(data: Path, households: int, progress: Progress) -> date:
    """The invented county, and the day on which it lives: the newest of its files."""
    from xianjie.synth import synthesise

    progress(say("screening.demo_synth", households=households))
    synthesise(data, households=households, seed=SEED, progress=progress)
    days = [match[1] for path in (data / "feeds").rglob("*") if (match := re.search(r"-(\d{8})\.", path.name))]
    return date.fromisoformat(max(days))


def _fill(data: Path, progress: Progress) -> dict[str, Any]:
    from django.core.management import call_command

    from xianjie.screening.run_folder import read_json
    from xianjie.web.accounts.demo import create_demo_accounts
    from xianjie.web.daily.loading import load_register
    from xianjie.web.daily.models import Run
    from xianjie.web.daily.runs import start_run
    from xianjie.web.ledgers.demo import demonstrate_ledgers
    from xianjie.web.supervision import demonstration as supervision
    from xianjie.web.villages import demo as villages

    progress(say("daily.demo_database"))
    call_command("migrate", verbosity=0)
    progress(say("daily.demo_register"))
    loaded = load_register(data, lambda _done, _total, _text: None)
    county = loaded["county"]
    progress(say("daily.demo_files"))
    _deliver(data, county)
    _read_deliveries()
    progress(say("daily.demo_run"))
    run = start_run(county)
    work_off()
    run = Run.everything.get(pk=run.pk)
    if run.state != Run.DONE:
        raise UserError("daily.demo_failed", problem="；".join(run.problems))
    accounts = create_demo_accounts(county)
    supervision.demonstrate(county)
    work_off()
    villages.populate(county)
    demonstrate_ledgers(county)
    made = read_json(run.folder / "counts.json")
    return {"county": county, "day": run.day, "accounts": accounts, "folder": run.folder, "counts": made}


def _deliver(data: Path, county: str) -> None:
    """Hand every file of the data folder in, as a watched folder would."""
    from xianjie.web.intake.models import Delivery
    from xianjie.web.intake.services import Offer, receive_from_folder

    for path in sorted((data / "feeds").rglob("*-*.*")):
        layout, _, day = path.stem.rpartition("-")
        offer = Offer(county, layout, date.fromisoformat(day), path.name, via=Delivery.FOLDER)
        receive_from_folder(offer, _pieces(path))


def _read_deliveries() -> None:
    """Read what was delivered, in two processes: a file is read on one core."""
    from django.db import connections

    connections.close_all()
    other = multiprocessing.get_context("spawn").Process(target=work_off)
    other.start()
    work_off()
    other.join()


def work_off() -> None:
    """Run the jobs that wait, until there are none."""
    import django

    django.setup()
    from xianjie.web.jobs.services import run_next, worker_name

    while run_next(worker_name()):
        pass


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(1 << 20):
            yield piece
