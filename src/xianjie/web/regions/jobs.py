"""The nightly move of records whose village's code has ended."""

from __future__ import annotations

from datetime import time
from typing import Any

from xianjie.web.jobs.models import Schedule
from xianjie.web.jobs.services import Work, job
from xianjie.web.regions.selectors import root
from xianjie.web.regions.services import move_due

KIND = "regions.move"


@job(KIND)
def move(work: Work) -> dict[str, Any]:
    """Give records under ended codes the codes that hold today."""
    return {"moved": sum(move_due().values())}


def ensure_schedule() -> None:
    """Have the move done every night, just after midnight, when changes begin."""
    place = root()
    if place:
        Schedule.objects.get_or_create(kind=KIND, defaults={"region_code": place, "at": time(0, 5)})
