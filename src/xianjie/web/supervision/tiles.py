"""What tasks, orders and targets say on the home page."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.web.clock import today
from xianjie.web.supervision.areas import MANAGE, REPORT, VIEW
from xianjie.web.supervision.orders import orders
from xianjie.web.supervision.target_models import Target
from xianjie.web.supervision.targets import targets
from xianjie.web.supervision.task_models import Task
from xianjie.web.supervision.tasks import tasks
from xianjie.web.tiles import AreaPart, Tile, area_part, tile


@tile(REPORT)
def my_tasks(request: Any) -> Tile | None:
    """Tasks that my unit has a part in, and how many are late."""
    counted = tasks(request.scope, REPORT).filter(state=Task.OPEN).aggregate(
        number=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today()))
    )  # fmt: skip
    if not counted["number"]:
        return None
    url = reverse("supervision:tasks") + ("?state=late" if counted["late"] else "?state=open")
    note = _("超期 %(n)d 项") % {"n": counted["late"]} if counted["late"] else ""
    return Tile(_("推进中的任务"), counted["number"], url, note, "bad" if counted["late"] else "")


@tile(MANAGE)
def to_confirm(request: Any) -> Tile | None:
    """Tasks said to be done that somebody has to confirm."""
    number = tasks(request.scope, MANAGE).filter(state=Task.REPORTED).count()
    url = reverse("supervision:tasks") + "?state=reported"
    return Tile(_("待核实任务"), number, url, "", "warn") if number else None


@tile(VIEW)
def open_orders(request: Any) -> Tile | None:
    """Supervision orders that are not closed."""
    counted = orders(request.scope).filter(closed_on=None).aggregate(
        number=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today()))
    )  # fmt: skip
    if not counted["number"]:
        return None
    note = _("超期 %(n)d 项") % {"n": counted["late"]} if counted["late"] else ""
    tone = "bad" if counted["late"] else "warn"
    return Tile(_("待整改督办单"), counted["number"], reverse("supervision:orders"), note, tone)


@area_part(VIEW)
def where_targets_stand(request: Any) -> AreaPart:
    """Targets by state."""
    counted = dict(targets(request.scope).order_by().values_list("state").annotate(number=Count("pk")))
    url = reverse("supervision:targets")
    tones = {Target.MISSED: "bad", Target.AT_RISK: "warn"}
    return AreaPart(
        _("目标进展"),
        [
            Tile(str(word), counted[state], f"{url}?state={state}", "", tones.get(state, ""))
            for state, word in Target.STATES.items()
            if counted.get(state)
        ],
    )
