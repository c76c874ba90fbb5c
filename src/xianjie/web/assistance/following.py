"""What follows a county's daily run: benefits are brought in line, and late applications climb every morning."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.dispatch import receiver

from xianjie.web.assistance import benefits
from xianjie.web.daily.models import Run
from xianjie.web.daily.signals import run_done
from xianjie.web.jobs.models import Schedule

LATE, AT = "assistance.late_applications", time(6, 40)


@receiver(run_done, sender=Run, dispatch_uid="assistance.follow")
def follow(run: Run, **_more: Any) -> None:
    """Take up who receives what by a run, and see that late applications of the county are told of."""
    benefits.sync(run)
    Schedule.objects.get_or_create(kind=LATE, region_code=run.region_code, defaults={"at": AT})
