"""Background jobs of cases."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from xianjie.messages import say
from xianjie.web.cases.meeting import KIND, decide_all
from xianjie.web.cases.services import climb_late
from xianjie.web.jobs.services import Work, job


@job("cases.late")
def late(work: Work) -> dict[str, Any]:
    """Tell the level above of every case of the county that is late."""
    return {"climbed": climb_late(work.job.region_code)}


@job(KIND)
def decide(work: Work) -> dict[str, Any]:
    """Carry a meeting's decisions out."""
    return {**decide_all(work), "url": reverse("cases:meeting"), "label": say("cases.to_meeting")}
