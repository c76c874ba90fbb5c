"""The part that the daily job has on a household's page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.clock import today
from xianjie.web.daily.explaining import findings_of
from xianjie.web.daily.finding_views import readable
from xianjie.web.daily.kinds import group_label, kind_label
from xianjie.web.registry.models import Household
from xianjie.web.registry.panels import panel


def show(scope: Scope, household: Household, day: date) -> tuple[str, dict[str, Any]] | None:
    """What the newest run found of the household; of a past day, nothing."""
    if day != today():
        return None
    found = findings_of(household.pk)
    rows = [
        {
            "label": kind_label(one.finding),
            "group": group_label(one.group),
            "text": readable(scope, one),
            "score": one.score,
            "cite": one.cite,
            "since": one.first_seen_on,
        }
        for one in found
    ]
    run = found[0].last_run if found else None
    return "daily/_household.html", {"rows": rows, "run": run, "url": reverse("daily:household", args=[household.pk])}


panel(20, _("比对发现"), "registry.view", show)
