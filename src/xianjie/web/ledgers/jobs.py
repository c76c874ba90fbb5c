"""Long work of ledgers: imports, exports, the check of everything."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import reverse

from xianjie.messages import say
from xianjie.web.accounts.scope import scope_of
from xianjie.web.exporting import record_export, write_list
from xianjie.web.jobs.services import Work, job
from xianjie.web.ledgers import tables
from xianjie.web.ledgers.declaration import sheets
from xianjie.web.ledgers.flagging import check_county
from xianjie.web.ledgers.importing import import_file, kept
from xianjie.web.ledgers.selectors import entries

CHECK = "ledgers.check"


@job("ledgers.import")
def import_entries(work: Work) -> dict[str, Any]:
    """Take a file in. Started again after a crash it finds its rows there already and leaves them as they are."""
    sheet, file = sheets()[work.arguments["sheet"]], kept(work.arguments["file"])
    giveback = kept(f"giveback-{work.job.pk}.xlsx")
    made = import_file(scope_of(work.job.owner), sheet, file, work.arguments["name"], giveback)
    result = {"rows": made.rows, "added": made.added, "changed": made.changed, "same": made.same,
              "refused": made.refused}  # fmt: skip
    if made.refused:
        return {**result, "url": reverse("ledgers:file", args=[work.job.pk]), "label": say("ledgers.giveback")}
    return {**result, "url": reverse("ledgers:entries", args=[sheet.name]), "label": sheet.zh}


@job("ledgers.export")
def export_entries(work: Work) -> dict[str, Any]:
    """Write a long list."""
    sheet, scope = sheets()[work.arguments["sheet"]], scope_of(work.job.owner)
    rows = entries(scope, sheet, work.arguments["asked"]).order_by("region_code", "pk")
    total, listing = rows.count(), tables.listing(scope, sheet)
    path = kept(f"export-{work.job.pk}.xlsx")
    count = write_list(path, listing, tables.file_rows(sheet, rows), lambda done: work.progress(done, total))
    with transaction.atomic():
        record_export(listing, count, verb="ledgers.export", region_code=scope.home, asked=work.arguments["asked"])
    return {"rows": count, "url": reverse("ledgers:file", args=[work.job.pk]), "label": sheet.zh}


@job(CHECK)
def check_everything(work: Work) -> dict[str, Any]:
    """Ask every check of every ledger of a county."""
    found = 0
    names = sorted(sheets())
    for number, name in enumerate(names, 1):
        found += check_county(work.job.region_code[:6], [name])
        work.progress(number, len(names), sheets()[name].zh)
    return {"problems": found, "url": reverse("ledgers:problems"), "label": say("ledgers.problems")}
