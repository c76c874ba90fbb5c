"""A process that works off background jobs: `python -m xianjie.web.worker`, or `xianjie manage worker`."""

from __future__ import annotations

import os
import signal
import threading


def work() -> None:
    """Take jobs until told to stop. A job under way is finished if it ends soon, else the next worker resumes it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xianjie.web.settings")
    django.setup()
    from xianjie.web.jobs.services import work_until

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_rest: stop.set())
    work_until(stop)


if __name__ == "__main__":
    work()
