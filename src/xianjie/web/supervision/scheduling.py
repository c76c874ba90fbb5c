"""After a county's first daily run, its indicators and targets are worked out anew each morning."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.dispatch import receiver

from xianjie.web.daily.models import Run
from xianjie.web.daily.signals import run_done
from xianjie.web.jobs.models import Schedule
from xianjie.web.supervision.measuring import KIND

AT = time(6, 45)


@receiver(run_done, sender=Run, dispatch_uid="supervision.schedule")
def schedule(run: Run, **_more: Any) -> None:
    """See that the county is measured each day."""
    Schedule.objects.get_or_create(kind=KIND, region_code=run.region_code, defaults={"at": AT})
