"""Late cases climb once a day."""

from __future__ import annotations

from typing import Any

from xianjie.web.cases.services import climb_late
from xianjie.web.jobs.services import Work, job


@job("cases.late")
def late(work: Work) -> dict[str, Any]:
    """Tell the level above of every case that is late."""
    return {"climbed": climb_late()}
