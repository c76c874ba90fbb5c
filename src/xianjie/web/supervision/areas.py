"""Which rows a user sees here: what the county puts out is read by all below it, a unit's own by the unit."""

from __future__ import annotations

from django.db.models import Q

from xianjie.web.accounts.scope import Scope
from xianjie.web.regions.selectors import chain

VIEW, MANAGE, REPORT = "tasks.view", "tasks.manage", "tasks.report"
ASSESS_VIEW, ASSESS = "assessment.view", "assessment.manage"


def at_or_above(scope: Scope, permission: str) -> Q:
    """Rows of the user's areas, and of the regions that these lie in: papers go down, not sideways."""
    above = {code for held in scope.holding(permission) for code in chain(held.region_code)}
    return scope.where(permission) | Q(region_code__in=above)


def home_of(scope: Scope, permission: str) -> str:
    """The widest region on which the user holds a permission; empty for none."""
    held = [one.region_code for one in scope.holding(permission)]
    return min(held, key=lambda code: (len(code.rstrip("0")), code), default="")
