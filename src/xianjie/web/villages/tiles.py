"""What village governance says on the home page."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.web.clock import today
from xianjie.web.tiles import Tile, tile
from xianjie.web.villages.models import Appeal, Entry
from xianjie.web.villages.rules import quarter_of
from xianjie.web.villages.services import ACT


@tile(ACT)
def quarter_waiting(request: Any) -> Tile | None:
    """Entries of earlier quarters that no meeting has decided on."""
    rows = Entry.objects.within(request.scope, ACT).filter(~Q(quarter=quarter_of(today())), state=Entry.PROPOSED)
    number = rows.count()
    url = f"{reverse('villages:entries')}?state={Entry.PROPOSED}"
    return Tile(_("上季度待评议记榜"), number, url, "", "warn") if number else None


@tile(ACT)
def appeals_waiting(request: Any) -> Tile | None:
    """Appeals that wait for their answer."""
    rows = Appeal.objects.within(request.scope, ACT).filter(answered_on=None)
    number = rows.count()
    late = rows.filter(due_on__lt=today()).count()
    return (
        Tile(_("文明档案申诉待答复"), number, reverse("villages:entries"), "", "bad" if late else "warn")
        if number
        else None
    )
