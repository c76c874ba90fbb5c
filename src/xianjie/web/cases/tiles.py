"""What cases, visits and measures say on the home page, and how an area stands."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.dictionary import dictionary
from xianjie.web.cases import selectors
from xianjie.web.cases.measures_views import measures_of
from xianjie.web.cases.planning_models import Measure
from xianjie.web.cases.services import FLOW
from xianjie.web.cases.visiting_rules import visits_due
from xianjie.web.clock import today
from xianjie.web.daily.kinds import kinds
from xianjie.web.daily.models import Finding
from xianjie.web.flows.definition import load_flows
from xianjie.web.registry.models import Household
from xianjie.web.tiles import AreaPart, Tile, area_part, tile
from xianjie.web.words import code_label

CAUSE = "cause"


@tile("cases.act")
def clues_waiting(request: Any) -> Tile | None:
    """Clues that nobody has decided on, for whoever decides on them."""
    if load_flows()[FLOW][0].start not in selectors.steps_of(request.scope):
        return None
    counts = selectors.clue_counts(request.scope)
    if not counts["open"]:
        return None
    note = _("其中突发 %(n)d 条") % {"n": counts["urgent"]} if counts["urgent"] else ""
    return Tile(_("待研判线索"), counts["open"], reverse("cases:clues"), note, "bad" if counts["urgent"] else "warn")


def _cases(request: Any, label: str, query: str, wanted: dict[str, Any], tone: str) -> Tile | None:
    number = selectors.case_list(request.scope, wanted).count()
    return Tile(label, number, f"{reverse('cases:cases')}?{query}", "", tone) if number else None


@tile("cases.act")
def my_cases(request: Any) -> Tile | None:
    """Cases that stand at a step of mine."""
    return _cases(request, _("待我办理案件"), "mine=on", {"mine": True}, "warn")


@tile("cases.act")
def sent_back(request: Any) -> Tile | None:
    """Cases that were sent back to me."""
    return _cases(request, _("退回我处案件"), "mine=on&back=on", {"mine": True, "back": True}, "warn")


@tile("cases.act")
def cases_with_news(request: Any) -> Tile | None:
    """Cases under way of which something new was found."""
    return _cases(request, _("有新情况案件"), "news=on", {"news": True}, "warn")


@tile("cases.view")
def late_cases(request: Any) -> Tile | None:
    """Cases past their day."""
    return _cases(request, _("超期案件"), "late=on", {"late": True}, "bad")


@tile("cases.act")
def due_visits(request: Any) -> Tile | None:
    """Households whose visit is due."""
    number = visits_due(request.scope, {}).count()
    return Tile(_("到期走访"), number, reverse("cases:visits"), "", "warn") if number else None


@tile("cases.act", "measures.answer")
def due_measures(request: Any) -> Tile | None:
    """Measures to be carried out, and how many are late."""
    counted = measures_of(request.scope).filter(state__in=Measure.RUNNING).aggregate(
        number=Count("pk"), late=Count("pk", filter=Q(ends_on__lt=today()))
    )  # fmt: skip
    if not counted["number"]:
        return None
    note = _("超期 %(n)d 项") % {"n": counted["late"]} if counted["late"] else ""
    return Tile(_("待落实措施"), counted["number"], reverse("cases:measures"), note, "bad" if counted["late"] else "")


@area_part("registry.view")
def watched(request: Any) -> AreaPart:
    """Households watched by kind."""
    rows = Household.objects.within(request.scope, "registry.view").filter(ends_on__isnull=True)
    counted = dict(
        rows.exclude(monitored_kind="").order_by().values_list("monitored_kind").annotate(number=Count("pk"))
    )
    url = reverse("registry:households")
    tiles = [
        Tile(code_label("monitored_kind", kind), counted[kind], f"{url}?monitored={kind}")
        for kind in dictionary().codes["monitored_kind"].values
        if kind in counted
    ]
    return AreaPart(_("监测对象"), tiles)


@area_part("registry.view")
def risks(request: Any) -> AreaPart:
    """Standing findings of causes, the most frequent first."""
    rows = Finding.objects.within(request.scope, "registry.view").filter(group=CAUSE, gone_on__isnull=True)
    counted = rows.order_by().values_list("finding").annotate(number=Count("pk"))
    url = reverse("daily:findings")
    ordered = sorted(counted, key=lambda one: (-one[1], one[0]))
    return AreaPart(
        _("风险按原因"),
        [Tile(kinds()[code].label, number, f"{url}?finding={code}") for code, number in ordered if code in kinds()],
    )


@area_part("cases.view")
def waiting(request: Any) -> AreaPart:
    """Where cases wait, and how long the longest has waited."""
    url = reverse("cases:cases")
    return AreaPart(
        _("案件停留"),
        [
            Tile(
                one["label"], one["number"], f"{url}?step={one['step']}",
                _("最长 %(days)d 天") % {"days": (today() - one["since"]).days}
                + (_("，超期 %(n)d 件") % {"n": one["late"]} if one["late"] else ""),
                "bad" if one["late"] else "",
            )
            for one in selectors.waiting(request.scope)
        ],
    )  # fmt: skip
