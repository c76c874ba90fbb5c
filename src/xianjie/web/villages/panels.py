"""A family's civility archive on its page in the register."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.registry.models import Household
from xianjie.web.registry.panels import panel
from xianjie.web.villages.forms import lists
from xianjie.web.villages.models import Entry
from xianjie.web.villages.selectors import VIEW, archive
from xianjie.web.villages.services import ACT


def show(scope: Scope, household: Household, day: date) -> tuple[str, dict[str, Any]] | None:
    """How often the family stands on each list, and the ways on."""
    rows = [one for one in archive(scope, household) if one.state == Entry.STANDING and one.happened_on <= day]
    acts = scope.allows(ACT, household.region_code)
    if not rows and not acts:
        return None
    counts = [{"label": words, "value": sum(one.count for one in rows if one.list == name)} for name, words in lists()]
    return "villages/panel.html", {"counts": counts, "acts": acts, "household": household}


panel(900, _("家庭文明档案"), VIEW, show)
