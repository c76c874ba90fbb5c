"""The nightly run of each county 定时比对."""

from __future__ import annotations

from datetime import time

from xianjie.web.daily.models import RegisterTable
from xianjie.web.jobs.models import Schedule

KIND = "daily.run"
AT = time(2, 0)


def schedule_runs() -> None:
    """Give every county that has a register its nightly run, where it has none yet; set times stay."""
    for county in RegisterTable.everything.values_list("region_code", flat=True).distinct():
        Schedule.objects.get_or_create(kind=KIND, region_code=county, defaults={"at": AT})
