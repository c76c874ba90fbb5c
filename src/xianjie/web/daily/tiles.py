"""What the daily job says on the home page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.web.daily import selectors
from xianjie.web.daily.models import Run
from xianjie.web.tiles import Tile, tile


@tile("warnings.answer")
def warnings(request: Any) -> Tile | None:
    """Warnings that wait for this user's answer, and how many of them are late."""
    counted = selectors.warning_counts(request.scope, "warnings.answer")
    if not counted["open"]:
        return None
    late = counted["overdue"]
    note = _("其中逾期 %(late)s 条") % {"late": f"{late:,}"} if late else ""
    return Tile(_("待反馈预警"), counted["open"], reverse("daily:warnings"), note, "bad" if late else "warn")


@tile("daily.view")
def newest_run(request: Any) -> Tile | None:
    """The newest finished run."""
    run = selectors.runs(request.scope).filter(state=Run.DONE).first()
    if run is None:
        return None
    return Tile(_("最近一次比对"), run.day.isoformat(), reverse("daily:run", args=[run.pk]))
