"""待遇与可享政策: what a household has, what it could have and why, on its page in the register."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance.benefit_views import apply_url, state_of
from xianjie.web.assistance.models import Application, Benefit
from xianjie.web.assistance.programmes import programmes
from xianjie.web.assistance.selectors import step_word
from xianjie.web.assistance.showing import amount_of, civil_affairs, name_of
from xianjie.web.clock import today
from xianjie.web.daily.finding_views import readable
from xianjie.web.daily.kinds import kind_label
from xianjie.web.daily.models import Finding
from xianjie.web.registry.models import Household
from xianjie.web.registry.panels import panel

VIEW = "assistance.view"
# Findings that say what a household could have besides the programmes with a flow of their own.
MORE = (
    "premium_help_missing", "pension_help_missing", "supplementary_pension_missing", "yulu_missing",
    "housing_help_due", "orphan_allowance_missing", "disability_subsidy_missing", "old_age_allowance_missing",
    "rehabilitation_to_check", "medical_short_to_check",
)  # fmt: skip


def show(scope: Scope, household: Household, day: date) -> tuple[str, dict[str, Any]] | None:
    """What the household has on a day; today also what it could have by the newest run, and what is open."""
    scope = civil_affairs(scope)
    known = programmes()
    standing = Q(ends_on__isnull=True) | Q(ends_on__gt=day)
    rows = Benefit.objects.within(scope, VIEW).filter(standing, household=household, begins_on__lte=_latest(day))
    has = [
        {"name": name_of(scope, one.person.name, one.region_code), "label": known[one.programme].label,
         "amount": amount_of(scope, one.amount_month, one.region_code), "state": state_of(one), "since": one.begins_on}
        for one in rows.select_related("person").order_by("programme", "person_id", "pk")
    ]  # fmt: skip
    opened = Application.objects.within(scope, VIEW).filter(household=household, over=False).order_by("pk")
    applications = [(one.pk, known[one.programme].label, step_word(one)) for one in opened]
    acts = scope.allows("assistance.act", household.region_code)
    context = {
        "has": has, "applications": applications, "could": _could(scope, household) if day == today() else [],
        "acts": acts, "new": apply_url(household.pk, "", "resident"),
    }  # fmt: skip
    return "assistance/panel.html", context


def _latest(day: date) -> date:
    """What was decided this month and begins with the next one is shown already."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _could(scope: Scope, household: Household) -> list[dict[str, Any]]:
    """What the newest run says that the household could have, with the reason in words and where it leads."""
    missed = {one.missed: code for code, one in programmes().items()}
    recheck = {one.recheck: code for code, one in programmes().items() if one.recheck}
    wanted = {*missed, *recheck, *MORE}
    found = Finding.everything.filter(household=household, gone_on__isnull=True, finding__in=wanted)
    return [
        {
            "label": kind_label(one.finding), "text": readable(scope, one), "cite": one.cite,
            "tone": "warn" if one.finding in recheck else "info",
            "url": apply_url(household.pk, missed.get(one.finding) or recheck.get(one.finding) or "", "run")
            if one.finding in missed or one.finding in recheck else "",
        }
        for one in found.order_by("-score", "finding")
    ]  # fmt: skip


panel(25, _("待遇与可享政策"), VIEW, show)
