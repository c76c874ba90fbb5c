"""The nightly run of each county 定时比对."""

from __future__ import annotations

from datetime import time

from django.utils import timezone

from xianjie.web.daily.models import RegisterTable
from xianjie.web.jobs.models import Schedule

KIND = "daily.run"
AT = time(2, 0)


def schedule_runs() -> None:
    """Give every county that has a register its nightly run, from the next night on, where it has none yet."""
    first = {"at": AT, "last_on": timezone.localdate()}  # or the worker would make up for the night that is over
    for county in RegisterTable.everything.values_list("region_code", flat=True).distinct():
        Schedule.objects.get_or_create(kind=KIND, region_code=county, defaults=first)
