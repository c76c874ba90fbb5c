"""Queueing jobs and running them.

A handler is a function `handler(work: Work) -> dict` registered by `@job("app.kind")` in an app's `jobs.py`. It runs
in the worker's process, reports through `work.progress`, asks `work.check` whether to stop, and may be started again
after a crash: whatever it did before must do no harm.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone

from xianjie.messages import UserError, say
from xianjie.web.accounts.models import User
from xianjie.web.audit.services import SYSTEM, Actor, acting, current_actor, record
from xianjie.web.jobs.models import Job, Schedule

log = logging.getLogger(__name__)
Handler = Callable[["Work"], dict[str, Any] | None]
Progress = Callable[[int, int, str], None]  # done, total, text
HANDLERS: dict[str, Handler] = {}
LOOK_SECONDS, BEAT_SECONDS, STALE_SECONDS, TRIES = 0.5, 5, 60, 3


class Cancelled(Exception):
    """The job was asked to stop."""


def job(kind: str) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job."""

    def add(handler: Handler) -> Handler:
        if kind in HANDLERS:
            raise ValueError(f"two handlers for {kind}")
        HANDLERS[kind] = handler
        return handler

    return add


def enqueue(kind: str, *, title: str, region_code: str, owner: User | None = None, **arguments: Any) -> Job:
    """Put a job in the queue. Raises `KeyError` for a kind without handler."""
    HANDLERS[kind]
    with transaction.atomic():
        queued = Job.everything.create(
            kind=kind,
            title=title[:200],
            region_code=region_code,
            owner=owner,
            acting_as=current_actor().acting_as,
            arguments=arguments,
        )
        record(
            "jobs.queue", subject=("job", str(queued.pk)), region_code=region_code, after={"kind": kind, **arguments}
        )
    return queued


def ask_to_cancel(queued: Job) -> None:
    """Stop a job: at once when it has not begun, else at its next check."""
    with transaction.atomic():
        waiting = Job.everything.filter(pk=queued.pk, state=Job.QUEUED)
        if not waiting.update(state=Job.CANCELLED, ended_at=timezone.now()):
            Job.everything.filter(pk=queued.pk, state=Job.RUNNING).update(cancel_asked=True)
        record("jobs.cancel", subject=("job", str(queued.pk)), region_code=queued.region_code)


def try_again(over: Job) -> bool:
    """Queue a job again that failed or was cancelled; what it saved it finds again. False when it is neither."""
    with transaction.atomic():
        found = Job.everything.filter(pk=over.pk, state__in=(Job.FAILED, Job.CANCELLED))
        if not found.update(state=Job.QUEUED, cancel_asked=False, attempts=0, worker="", error="", ended_at=None):
            return False
        record("jobs.again", subject=("job", str(over.pk)), region_code=over.region_code)
    return True


class Work:
    """What a handler gets: its job's arguments, and the way to report, to save and to notice a wish to stop.

    Progress is written by the heart-beat's thread, on a connection of its own: while rows stream out of SQLite, the
    handler's connection may not write, since a writer elsewhere may have made its view of the database old.
    """

    def __init__(self, running: Job) -> None:
        self.job = running
        self.arguments: dict[str, Any] = running.arguments
        self.news: dict[str, Any] = {}  # how far the work is, not written yet
        self._asked = threading.Event()
        self._looked = 0.0
        self._home = threading.get_ident()

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Say how far the work is. Raises `Cancelled` when asked to stop."""
        self.news = {"done": done, "total": total, "text": text[:300]}
        self.check()

    def part(self, begin: int, size: int) -> Progress:
        """A progress that fills its part, in hundredths, of the job's bar; from whatever thread."""
        return lambda done, total, text: self.progress(begin + size * done // max(total, 1), 100, text)

    def stopped(self) -> bool:
        """Whether somebody asked the job to stop; from whatever thread, looked up twice a second."""
        if threading.get_ident() == self._home and time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            self.look()
        return self._asked.is_set()

    def look(self) -> None:
        """Look the wish to stop up."""
        if Job.everything.filter(pk=self.job.pk, cancel_asked=True).exists():
            self._asked.set()

    def check(self) -> None:
        """Raise `Cancelled` when somebody asked the job to stop."""
        if self.stopped():
            raise Cancelled

    def save(self, **state: Any) -> None:
        """Keep what a restart needs to go on from here."""
        self.job.saved = {**self.job.saved, **state}
        Job.everything.filter(pk=self.job.pk).update(saved=self.job.saved)


def run_next(worker: str) -> Job | None:
    """Take the oldest waiting job and run it to its end; None when there is none."""
    take_back_lost()
    for waiting in Job.everything.filter(state=Job.QUEUED).order_by("pk")[:5]:
        taken = Job.everything.filter(pk=waiting.pk, state=Job.QUEUED).update(
            state=Job.RUNNING, worker=worker, beat_at=timezone.now(), started_at=timezone.now(),
            attempts=waiting.attempts + 1,
        )  # fmt: skip
        if taken:
            waiting.refresh_from_db()
            run(waiting)
            return waiting
    return None


def run(running: Job) -> None:
    """Run a job that this worker has taken, with a heart-beat beside it."""
    owner = running.owner
    actor = Actor(owner.username, owner.display_name, running.acting_as, f"job {running.pk}") if owner else SYSTEM
    work, over = Work(running), threading.Event()
    beat = threading.Thread(target=_beat, args=(work, over), daemon=True)
    beat.start()
    try:
        ending = _outcome(work, actor)
    finally:
        over.set()
        beat.join()
    _end(running, **{**work.news, **ending})


def _outcome(work: Work, actor: Actor) -> dict[str, Any]:
    """Run the handler; how the job ends."""
    try:
        with acting(actor):
            return {"state": Job.DONE, "result": HANDLERS[work.job.kind](work) or {}}
    except Cancelled:
        return {"state": Job.CANCELLED}
    except UserError as error:
        return {"state": Job.FAILED, "error": str(error)}
    except Exception:
        log.exception("job %s %s", work.job.pk, work.job.kind)
        return {"state": Job.FAILED, "error": say("web.job_broke", job=work.job.pk)}


def _end(running: Job, state: str, error: str = "", **more: Any) -> None:
    Job.everything.filter(pk=running.pk).update(state=state, ended_at=timezone.now(), error=error, **more)
    running.refresh_from_db()


def _beat(work: Work, over: threading.Event) -> None:
    """Write news at once, a sign of life now and then; see whether the job is to stop."""
    pk, last = work.job.pk, 0.0
    while not over.wait(LOOK_SECONDS):
        news, work.news = work.news, {}
        try:
            if news or time.monotonic() - last > BEAT_SECONDS:
                last = time.monotonic()
                Job.everything.filter(pk=pk, state=Job.RUNNING).update(beat_at=timezone.now(), **news)
            work.look()
        except DatabaseError:  # busy with this very job; the next beat will do
            log.info("job %s: a heart-beat was missed", pk)
    connection.close()


def take_back_lost() -> None:
    """Queue again what a worker left when it died; after three tries the job has failed."""
    lost = Job.everything.filter(state=Job.RUNNING, beat_at__lt=timezone.now() - timedelta(seconds=STALE_SECONDS))
    for left in lost | Job.everything.filter(state=Job.RUNNING, worker__in=_dead_workers()):
        if left.attempts >= TRIES:
            _end(left, Job.FAILED, error=say("web.job_lost", job=left.pk))
        else:
            Job.everything.filter(pk=left.pk, state=Job.RUNNING).update(state=Job.QUEUED, worker="")


def worker_name() -> str:
    """This process, as jobs name it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _dead_workers() -> list[str]:
    """Workers of this machine whose process is gone: their jobs need not wait for the heart-beat to go stale."""
    names = Job.everything.filter(state=Job.RUNNING).values_list("worker", flat=True).distinct()
    here = socket.gethostname() + ":"
    return [name for name in names if name.startswith(here) and not _alive(int(name.removeprefix(here)))]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def queue_scheduled() -> list[Job]:
    """Queue what the schedule says is due and has not started today."""
    now = timezone.localtime()
    queued = []
    for due in Schedule.objects.filter(enabled=True, at__lte=now.time()).exclude(last_on=now.date()):
        # Of two workers, the one whose update hits the row queues the job.
        if Schedule.objects.filter(pk=due.pk).exclude(last_on=now.date()).update(last_on=now.date()):
            title = say("web.scheduled_job", day=now.date())
            queued.append(enqueue(due.kind, title=title, region_code=due.region_code, **due.arguments))
    return queued


def work_until(stop: threading.Event, idle_seconds: float = 1.0) -> None:
    """The worker's loop: scheduled jobs, waiting jobs, a short rest."""
    name = worker_name()
    while not stop.is_set():
        close_old_connections()
        queue_scheduled()
        if run_next(name) is None:
            stop.wait(idle_seconds)
