"""A few invented records of village governance for the demo, made as people would make them."""

from __future__ import annotations

from datetime import timedelta

from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.audit.services import Actor, acting
from xianjie.web.clock import today
from xianjie.web.regions.models import area_of
from xianjie.web.regions.selectors import on_day
from xianjie.web.registry.models import Household
from xianjie.web.villages import services
from xianjie.web.villages.services import Deed, Sat

RULES = [
    {"code": "R1", "list": "red", "count": 1, "text": "主动清扫公共区域一天"},
    {"code": "R2", "list": "red", "count": 2, "text": "帮助邻里抢收、照看老人"},
    {"code": "Y1", "list": "yellow", "count": 1, "text": "房前屋后乱堆乱放，提醒后不清理"},
    {"code": "B1", "list": "black", "count": 1, "text": "因违法受到公安机关处罚"},
]
DEEDS = [("R1", "组长和两名村民见证"), ("R2", "受助户说明"), ("R1", "村保洁员见证"), ("Y1", "网格员拍照，提醒两次")]


def populate(county: str) -> None:
    """Give the county's first village rules in force, entries (some decided, one waiting), a feast and a safe year."""
    low, high = area_of(county)
    place = on_day().filter(level="village", region_code__gte=low, region_code__lt=high).order_by("region_code").first()
    if place is None:
        return
    code, scope = place.region_code, Scope((Holding("village", place.region_code),))
    with acting(Actor("demo", "演示")):
        draft = services.draft_rules(scope, code, RULES, {}, {"tables": 15, "gift": 20_000})
        voted = today() - timedelta(120)
        services.vote_rules(scope, draft.pk, Sat(voted, "示例理事长", 31, 26, "逐条讨论后表决。"), 24, 1)
        families = Household.everything.filter(region_code=code, ends_on=None).order_by("household_id")[: len(DEEDS)]
        entries = [
            services.propose(scope, family.pk, Deed(rule, what, today() - timedelta(30)))
            for family, (rule, what) in zip(families, DEEDS, strict=False)
        ]
        if entries[1:]:
            decided = {one.pk: (22, 1) for one in entries[:-1]}
            services.confirm_quarter(scope, code, Sat(today(), "示例理事长", 31, 25), decided)
            services.report_feast(scope, entries[0].household_id, "wedding", today() + timedelta(9), 18, 20_000)
        numbers = {"petitions": 0, "accidents": 0, "crimes": 0}
        services.report_safety(scope, code, today().year - 1, numbers, "虚构数据")
