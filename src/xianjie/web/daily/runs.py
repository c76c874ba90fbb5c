"""Starting a daily run, and carrying it out: snapshot, departments' files, the data half, findings, warnings.

Each step leaves its files or rows, so a run that was killed goes on where it was, in the same folder. What an older
run needed for its work is thrown away when a newer one is done; what it found stays.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from xianjie.messages import UserError, say
from xianjie.screening.job import Request, Stopped, run_screening
from xianjie.screening.run_folder import read_json
from xianjie.web.accounts.models import User
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.daily.models import Run
from xianjie.web.daily.scheduling import KIND
from xianjie.web.daily.signals import run_done
from xianjie.web.daily.snapshot import write_register
from xianjie.web.daily.syncing import sync_findings
from xianjie.web.daily.warnings import sync_warnings
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import Cancelled, Progress, Work, ask_to_cancel, enqueue

# What the parts take of the whole, in hundredths.
SNAPSHOT, SCREENING, SYNC = 10, 80, 10
KEPT_COUNTS = (
    "population",
    "feeds",
    "register",
    "findings",
    "towns",
    "kinds",
    "missing_facts",
    "missing_numbers",
    "decisions",
    "settlements",
    "conflicts",
)


def start_run(region_code: str, owner: User | None = None) -> Run:
    """Queue a run of a county. Raises `UserError` while one is waiting or running."""
    try:
        with transaction.atomic():
            run = _new_run(region_code)
            title = say("daily.run_title", day=run.day)
            run.job = enqueue(KIND, title=title, region_code=region_code, owner=owner, run=run.pk)
            run.save(update_fields=["job"])
            record("daily.run", subject=("run", str(run.pk)), region_code=region_code, after={"day": run.day})
    except IntegrityError as error:
        raise UserError("daily.already_running") from error
    return run


def _new_run(region_code: str) -> Run:
    _settle_broken(region_code)
    last = Run.everything.filter(region_code=region_code, state=Run.DONE).order_by("-pk").first()
    return Run.everything.create(region_code=region_code, day=today(), previous=last)


def _settle_broken(region_code: str) -> None:
    """A run whose job has ended without telling it (killed three times, cancelled while waiting) is over too."""
    for run in Run.everything.filter(region_code=region_code, state__in=(Run.WAITING, Run.RUNNING)).select_related(
        "job"
    ):
        if run.job is None or run.job.is_over:
            state = Run.CANCELLED if run.job and run.job.state == Job.CANCELLED else Run.FAILED
            Run.everything.filter(pk=run.pk).update(state=state, ended_at=timezone.now())


def resume_run(run: Run, owner: User | None = None) -> Run:
    """Queue a run that was cancelled or failed once more: it goes on where it stopped.

    Raises `UserError` when a newer run exists, or another is under way.
    """
    if not can_resume(run):
        raise UserError("daily.cannot_resume")
    try:
        with transaction.atomic():
            title = say("daily.run_title", day=run.day)
            run.job = enqueue(KIND, title=title, region_code=run.region_code, owner=owner, run=run.pk)
            run.state, run.ended_at, run.problems = Run.WAITING, None, []
            run.save(update_fields=["job", "state", "ended_at", "problems"])
            record("daily.resume", subject=("run", str(run.pk)), region_code=run.region_code)
    except IntegrityError as error:
        raise UserError("daily.already_running") from error
    return run


def _newer(run: Run) -> bool:
    return bool(Run.everything.filter(region_code=run.region_code, pk__gt=run.pk).exists())


def can_resume(run: Run) -> bool:
    """Whether `resume_run` would take the run."""
    return run.state in (Run.CANCELLED, Run.FAILED) and not run.thinned and not _newer(run)


def cancel_run(run: Run) -> None:
    """Stop a run that waits or runs."""
    if run.job and not run.job.is_over:
        ask_to_cancel(run.job)
        _settle_broken(run.region_code)


def carry_out(work: Work) -> dict[str, Any]:
    """The job: bring a run to its end, from wherever it stands. Gives what changed."""
    run = _run_of(work)
    Run.everything.filter(pk=run.pk).update(state=Run.RUNNING, started_at=run.started_at or timezone.now())
    try:
        done = _steps(run, work)
    except Cancelled:
        _end(run, Run.CANCELLED)
        raise
    except UserError as error:
        _end(run, Run.FAILED, problems=[str(error)])
        raise
    except Exception:
        _end(run, Run.FAILED, problems=[say("web.job_broke", job=work.job.pk)])
        raise
    return done


def _run_of(work: Work) -> Run:
    """The run that this job is to carry out; a scheduled job makes its own at its first try."""
    number = work.arguments.get("run") or work.job.saved.get("run")
    if number:
        return Run.everything.get(pk=number)
    try:
        with transaction.atomic():
            run = _new_run(work.job.region_code)
            run.job = work.job
            run.save(update_fields=["job"])
            record("daily.run", subject=("run", str(run.pk)), region_code=run.region_code, after={"day": run.day})
    except IntegrityError as error:
        raise UserError("daily.already_running") from error
    work.save(run=run.pk)
    return run


def _end(run: Run, state: str, **values: Any) -> None:
    Run.everything.filter(pk=run.pk).update(state=state, ended_at=timezone.now(), **values)


def _steps(run: Run, work: Work) -> dict[str, Any]:
    run.place.mkdir(parents=True, exist_ok=True, mode=0o700)
    timings = dict(run.timings)

    def timed(name: str, step: Callable[[], Any]) -> Any:
        started = time.monotonic()
        result = step()
        timings[name] = round(timings.get(name, 0) + time.monotonic() - started, 2)
        Run.everything.filter(pk=run.pk).update(timings=timings)
        return result

    taken_at = timed("snapshot", lambda: lay_data(run, work.part(0, SNAPSHOT)))
    counts = timed("screening", lambda: _screen(run, work))
    told = work.part(SNAPSHOT + SCREENING, SYNC)
    told(0, 3, say("daily.syncing"))
    findings = timed("findings", lambda: _once(run, "sync", sync_findings))
    told(1, 3, say("daily.raising_warnings"))
    warned = timed("warnings", lambda: _once(run, "warnings", sync_warnings))
    told(2, 3, say("daily.taking_doubts"))
    doubts = timed("doubts", lambda: _take_doubts(run, taken_at))
    timed("answers", lambda: _close_answers(run))
    timed("pages", lambda: _warm(run))
    timed("listeners", lambda: run_done.send(Run, run=run))
    timings.update({f"step.{one['step']}": one["seconds"] for one in _log(run.folder)})
    kept = {name: counts[name] for name in KEPT_COUNTS if name in counts}
    kept |= {"sync": findings, "warnings": warned, "doubts": doubts, "checks": _short_checks(counts["checks"])}
    with transaction.atomic():
        _end(run, Run.DONE, counts=kept, timings=timings, policy=counts["policy"], problems=counts["problems"])
        after = {"findings": findings, "warnings": warned, "doubts": doubts, "policy": counts["policy"]}
        record("daily.done", subject=("run", str(run.pk)), region_code=run.region_code, after=after)
    thin(run.region_code)
    return {"run": run.pk, **findings}


def _once(run: Run, name: str, change: Callable[[Run], dict[str, int]]) -> dict[str, int]:
    """What `change` gives; kept with the change itself, so that a run that goes on after a crash tells it as it was."""
    with transaction.atomic():
        if name not in run.counts:
            run.counts[name] = change(run)
            Run.everything.filter(pk=run.pk).update(counts=run.counts)
    result: dict[str, int] = run.counts[name]
    return result


def lay_data(run: Run, progress: Progress) -> datetime:
    """Make the run's data folder once: the snapshot, the departments' files, clerks' decisions; when it was begun."""
    marker = run.place / "data.json"
    if marker.exists():
        return datetime.fromisoformat(read_json(marker)["begun_at"])
    begun_at = timezone.now()
    for folder in (run.data, run.folder):
        shutil.rmtree(folder, ignore_errors=True)
    write_register(run.region_code, run.data, progress)
    _lay_deliveries(run)
    part = marker.with_suffix(".part")
    part.write_text(json.dumps({"begun_at": begun_at.isoformat()}), encoding="ascii")
    part.replace(marker)
    return begun_at


def _lay_deliveries(run: Run) -> None:
    from xianjie.web.intake.selectors import current_deliveries, decision_rows
    from xianjie.web.registry.selectors import settlement_rows

    for one in current_deliveries(run.region_code):
        target = run.data / "feeds" / one.department / one.feed_name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(one.path, target)
        except OSError:  # another file system: a copy does as well
            shutil.copyfile(one.path, target)
    write_rows(run.data / "decisions.csv", decision_rows(run.region_code))
    write_rows(run.data / "settlements.csv", settlement_rows(run.region_code))


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Rows of text as CSV; without a row no file."""
    import csv

    listed = iter(rows)
    first = next(listed, None)
    if first is None:
        return
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(first), lineterminator="\n")
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(listed)


def overlays() -> tuple[Path, ...]:
    """The instance's own policy folder, where it has one: numbers and rules of the county."""
    folder = Path(settings.HOME) / "policy"
    return (folder,) if folder.is_dir() else ()


def _screen(run: Run, work: Work) -> dict[str, Any]:
    tell = work.part(SNAPSHOT, SCREENING)
    previous = run.previous.folder if run.previous and (run.previous.folder / "findings.parquet").exists() else None
    # The demo shows one county under each of the five documents; a county of its own has the one that holds there.
    request = Request(
        data=run.data, out=run.folder, date=run.day, overlays=overlays(), previous=previous, documents=settings.DEMO
    )
    try:
        return _screened(request, tell, work)
    except UserError as error:
        if error.code != "screening.run_of_other_inputs":
            raise
        shutil.rmtree(run.folder)  # begun by an older version of the policy: what it did would not fit
        return _screened(request, tell, work)


def _screened(request: Request, tell: Progress, work: Work) -> dict[str, Any]:
    try:
        return run_screening(request, progress=tell, stop=work.stopped)
    except Stopped as stopped:
        raise Cancelled from stopped


def _take_doubts(run: Run, begun_at: datetime) -> int:
    from xianjie.web.intake.doubts import take_doubts

    return take_doubts(run.region_code, run.folder, begun_at)


def _close_answers(run: Run) -> int:
    from xianjie.web.registry.run_results import NewestRun
    from xianjie.web.registry.settling import close_answers

    return close_answers(run.region_code, NewestRun(run.folder), run.day)


def _warm(run: Run) -> None:
    """Make the tables that household pages read now, so that nobody waits for them."""
    from xianjie.web.daily.explaining import warm

    warm(run)


def _log(folder: Path) -> list[dict[str, Any]]:
    path = folder / "log.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _short_checks(checks: dict[str, Any]) -> dict[str, Any]:
    return {name: checks[name] for name in ("total", "severities", "score") if name in checks}


def thin(region_code: str) -> int:
    """Throw away the working files of every finished run but the newest: its data folder, links to departments' files
    and intermediate tables. Findings, lists, files given back and the report stay. Gives the number of runs thinned."""
    over = Run.everything.filter(region_code=region_code, thinned=False)
    newest = over.filter(state=Run.DONE).order_by("-pk").first()
    count = 0
    for run in over.filter(state__in=(Run.DONE, Run.FAILED, Run.CANCELLED)):
        if newest is None or run.pk >= newest.pk:
            continue
        whole = run.place if run.state != Run.DONE else None
        for folder in [whole] if whole else [run.data, run.folder / "work", run.place / "sync"]:
            shutil.rmtree(folder, ignore_errors=True)
        Run.everything.filter(pk=run.pk).update(thinned=True)
        count += 1
    return count
