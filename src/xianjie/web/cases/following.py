"""What follows a county's daily run: monitored households have cases, findings become clues, late cases climb."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from xianjie.web.cases.adopting import adopt_monitored
from xianjie.web.cases.discovering import Reason, Taken, take_findings
from xianjie.web.cases.rules import clue_rules
from xianjie.web.daily.models import Finding, Run
from xianjie.web.daily.signals import run_done
from xianjie.web.jobs.models import Schedule
from xianjie.web.regions.models import area_of

LATE, AT = "cases.late", time(6, 30)


@receiver(run_done, sender=Run, dispatch_uid="cases.follow")
def follow(run: Run, **_more: Any) -> None:
    """Take a run's findings up as clues, and see that late cases of the county are told of."""
    take_run(run.region_code)
    Schedule.objects.get_or_create(kind=LATE, region_code=run.region_code, defaults={"at": AT})


def take_run(county_code: str) -> Taken:
    """Bring the county's cases and clues in line with the register and with the findings that stand."""
    adopted = adopt_monitored(county_code)
    return take_findings(county_code, _reasons(county_code), adopted)


def _reasons(county_code: str) -> Iterator[Reason]:
    """The standing findings of a county that may be reasons of a clue."""
    low, high = area_of(county_code)
    rules = clue_rules()
    rows = Finding.everything.filter(
        Q(group__in=rules["groups"]) | Q(finding__in=rules["alone"]),
        gone_on__isnull=True, household__ends_on__isnull=True, region_code__gte=low, region_code__lt=high,
    ).order_by("household_id", "finding")  # fmt: skip
    columns = ("household_id", "region_code", "finding", "text", "score", "group", "cite", "departments")
    for household, place, code, text, score, group, cite, departments in rows.values_list(*columns).iterator():
        yield Reason(household, place, code, text, score, group=group, cite=cite, departments=departments)
