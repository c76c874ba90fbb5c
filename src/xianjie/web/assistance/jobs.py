"""Background jobs of social assistance."""

from __future__ import annotations

from typing import Any

from xianjie.web.assistance import premium  # noqa: F401  (its job is registered there)
from xianjie.web.assistance.following import LATE
from xianjie.web.assistance.services import climb_late
from xianjie.web.jobs.services import Work, job


@job(LATE)
def late(work: Work) -> dict[str, Any]:
    """Tell the level above of every application of the county that is late."""
    return {"climbed": climb_late(work.job.region_code)}
