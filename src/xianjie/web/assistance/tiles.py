"""What the home page says of social assistance."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.web.assistance import selectors
from xianjie.web.assistance.models import Benefit
from xianjie.web.assistance.programmes import programmes
from xianjie.web.assistance.showing import civil_affairs
from xianjie.web.clock import today
from xianjie.web.daily.models import Finding
from xianjie.web.tiles import Tile, tile


def _counted(request: Any, label: str, query: str, wanted: dict[str, Any], tone: str) -> Tile | None:
    number = selectors.applications(request.scope, wanted).count()
    return Tile(label, number, f"{reverse('assistance:applications')}?{query}", "", tone) if number else None


@tile("assistance.act")
def my_applications(request: Any) -> Tile | None:
    """Applications that stand at a step of mine."""
    return _counted(request, _("待我办理救助申请"), "mine=on", {"mine": True}, "warn")


@tile("assistance.view")
def late_applications(request: Any) -> Tile | None:
    """Applications past their day."""
    return _counted(request, _("超期救助申请"), "late=on", {"late": True}, "bad")


@tile("assistance.act")
def reviews_due(request: Any) -> Tile | None:
    """People whose review is due."""
    rows = Benefit.objects.within(request.scope, "assistance.act").filter(review_due_on__lte=today())
    number = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today())).count()
    return Tile(_("到期核查"), number, f"{reverse('assistance:benefits')}?due=on", _("人"), "warn") if number else None


@tile("assistance.act")
def missed(request: Any) -> Tile | None:
    """Households that qualify by the newest run and have it not."""
    wanted = {one.missed for one in programmes().values() if one.category}
    rows = Finding.objects.within(civil_affairs(request.scope), "assistance.act").filter(gone_on__isnull=True)
    number = rows.filter(finding__in=wanted).count()
    return Tile(_("应保未保待核"), number, reverse("assistance:coverage"), "", "bad") if number else None
