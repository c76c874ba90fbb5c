"""The line between a long piece of work and its job's row, for work that tells and asks from threads of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from xianjie.web.jobs.services import Work

log = logging.getLogger(__name__)
Tell = Callable[[int, int, str], None]
EVERY = 1.0  # seconds between two looks at the job's row


def part_of(work: Work, begin: int, size: int) -> Tell:
    """A progress that fills its part (in hundredths) of the job's bar; it raises `Cancelled` when asked to stop."""
    home = threading.get_ident()

    def tell(done: int, total: int, text: str) -> None:
        with _away(work, home):
            work.progress(begin + size * done // max(total, 1), 100, text)

    return tell


def stop_of(work: Work) -> Callable[[], bool]:
    """Whether somebody asked the job to stop, for whoever asks several times a second: looked up once a second."""
    home, asked, looked = threading.get_ident(), False, 0.0

    def stop() -> bool:
        nonlocal asked, looked
        if not asked and time.monotonic() - looked > EVERY:
            looked = time.monotonic()
            with _away(work, home):
                asked = work.stopped()
        return asked

    return stop


@contextmanager
def _away(work: Work, home: int) -> Iterator[None]:
    """In a thread other than the job's: give the connection back, and let a busy database pass."""
    if threading.get_ident() == home:
        yield
        return
    try:
        yield
    except DatabaseError:
        log.info("job %s: its row was busy", work.job.pk)
    finally:
        connection.close()
