"""Background jobs of the register."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from xianjie.messages import UserError, say
from xianjie.web.accounts.scope import scope_of
from xianjie.web.exporting import record_export, write_list
from xianjie.web.jobs.services import Work, job
from xianjie.web.registry.listing import EXPORT, export_path, household_listing, household_rows
from xianjie.web.registry.selectors import Asked, households


@job("registry.export_households")
def export_households(work: Work) -> dict[str, Any]:
    """Write a long list of households to a file for its owner, who sees no more than today's rights let them see."""
    scope = scope_of(work.job.owner)
    if not scope.has(EXPORT):
        raise UserError("registry.no_export")
    asked = Asked(**work.arguments["asked"])
    total = households(scope, asked, EXPORT).count()
    listing = household_listing(scope)
    path = export_path(work.job.pk)
    rows = household_rows(scope, asked)
    count = write_list(path, listing, rows, lambda done: work.progress(done, total, say("registry.exporting")))
    record_export(
        listing, count, verb="registry.export", region_code=work.job.region_code, asked=work.arguments["asked"]
    )
    return {
        "rows": count,
        "url": reverse("registry:export_file", args=[work.job.pk]),
        "label": say("registry.download"),
    }
