"""What the ledgers say on the home page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.web.clock import today
from xianjie.web.ledgers.models import Entry, Flag
from xianjie.web.ledgers.selectors import VIEW
from xianjie.web.tiles import Tile, tile


@tile("ledgers.change", "ledgers.approve")
def late_entries(request: Any) -> Tile | None:
    """Entries that stand longer where they are than they may."""
    rows = Entry.objects.within(request.scope, VIEW).filter(withdrawn_on__isnull=True, due_on__lt=today())
    number = rows.count()
    return Tile(_("超期台账事项"), number, reverse("ledgers:home"), "", "bad") if number else None


@tile("ledgers.view")
def standing_problems(request: Any) -> Tile | None:
    """Problems that the checks found and nobody has mended."""
    number = Flag.objects.within(request.scope, VIEW).filter(gone_on__isnull=True).count()
    return Tile(_("台账问题"), number, reverse("ledgers:problems"), "", "warn") if number else None
