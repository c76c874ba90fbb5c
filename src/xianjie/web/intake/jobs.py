"""Background work of this app: reading a delivery, looking into watched folders."""

from __future__ import annotations

from typing import Any

from xianjie.web.intake import reading, watching
from xianjie.web.intake.services import READ_JOB
from xianjie.web.jobs.services import Work, job


@job(READ_JOB)
def read(work: Work) -> dict[str, Any]:
    """Read one delivery."""
    return reading.read(work)


@job(watching.WATCH_JOB)
def watch(work: Work) -> dict[str, Any]:
    """Take in what lies in the watched folders."""
    return watching.take_all(work)
