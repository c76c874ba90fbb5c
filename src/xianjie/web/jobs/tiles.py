"""What the home page says of one's own jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from xianjie.web.jobs.models import Job
from xianjie.web.jobs.selectors import STATES_OPEN
from xianjie.web.tiles import Tile, tile


@tile()
def my_jobs(request: Any) -> Tile | None:
    """Jobs of the user's own that run, or that failed within a week."""
    week = timezone.now() - timedelta(days=7)
    counts = Job.everything.filter(owner=request.user).aggregate(
        open=Count("pk", filter=Q(state__in=STATES_OPEN)),
        failed=Count("pk", filter=Q(state=Job.FAILED, ended_at__gte=week)),
    )
    if counts["failed"]:
        return Tile(_("失败的任务"), counts["failed"], f"{reverse('jobs:jobs')}?state=failed", _("近七天"), "bad")
    if counts["open"]:
        return Tile(_("进行中的任务"), counts["open"], reverse("jobs:jobs"))
    return None
