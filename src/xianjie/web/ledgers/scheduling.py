"""After a county's first daily run, its ledgers are checked each morning: what comes with time shows without a hand."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.dispatch import receiver

from xianjie.web.daily.models import Run
from xianjie.web.daily.signals import run_done
from xianjie.web.jobs.models import Schedule
from xianjie.web.ledgers.jobs import CHECK

AT = time(6, 30)


@receiver(run_done, sender=Run, dispatch_uid="ledgers.schedule")
def schedule(run: Run, **_more: Any) -> None:
    """See that the county's ledgers are checked each day."""
    Schedule.objects.get_or_create(kind=CHECK, region_code=run.region_code, defaults={"at": AT})
