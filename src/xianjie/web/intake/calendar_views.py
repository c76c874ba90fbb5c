"""The delivery calendar: what each department owes by when, what came, what is late."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.web.accounts.access import needs
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.design.values import Status
from xianjie.web.intake import calendar, selectors
from xianjie.web.intake.forms import EVERY, DueForm
from xianjie.web.intake.layouts import layouts, title
from xianjie.web.intake.models import Due
from xianjie.web.regions.selectors import names
from xianjie.web.words import department_name


def _county(request: Any) -> str:
    """The county of the page: the one asked for, else the first in sight."""
    held = selectors.counties(request.scope, "intake.view")
    asked = request.GET.get("county", "")
    if asked and asked not in held:
        raise Http404
    if not held:
        raise PermissionDenied
    return asked or held[0]


def _may_change(request: Any, county: str) -> bool:
    return bool(request.scope.allows("intake.deliver", county, ""))


@needs("intake.view")
def board(request: Any) -> HttpResponse:
    """Departments × periods."""
    county = _county(request)
    mine = {held.department for held in request.scope.holding("intake.view") if held.covers(county)}
    lines = calendar.board(county, None if "" in mine else sorted(mine))
    may = selectors.departments(request.scope, "intake.deliver")
    cells = [cell for line in lines for cell in line.cells if cell]
    late = [cell for cell in cells if cell.state == "late"]
    known = names(set(selectors.counties(request.scope, "intake.view")))
    context = {
        "page_title": _("报送日历"),
        "page_subtitle": known.get(county, county),
        "months": [str(calendar.Period(end.replace(day=1), end)) for end in _ends()],
        "groups": _groups(lines, may),
        "tiles": [
            {"label": _("逾期未报"), "figure": len(late), "unit": _("项"), "tone": "bad" if late else ""},
            {"label": _("待报"), "figure": sum(cell.state == "due" for cell in cells), "unit": _("项")},
            {"label": _("已报"), "figure": sum(cell.state.startswith("delivered") for cell in cells), "unit": _("项")},
        ],
        "may_change": _may_change(request, county),
        "counties": [(code, known.get(code, code)) for code in sorted(known)] if len(known) > 1 else [],
        "county": county,
    }
    return render(request, "intake/calendar.html", context)


def _ends() -> list[Any]:
    return calendar.month_ends(today(), calendar.plan().periods_shown)


def _groups(lines: list[calendar.Line], may: set[str]) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for line in lines:
        group = groups.setdefault(line.department, {"name": department_name(line.department), "lines": []})
        deliverable = "" in may or line.department in may
        group["lines"].append(
            {
                "layout": line.layout,
                "title": title(line.layout),
                "rule": _rule_words(line),
                "cells": [_cell(cell, deliverable) for cell in line.cells],
                "last": line.last,
                "deliver_url": _deliver_url(line.layout) if deliverable else "",
            }
        )
    return list(groups.values())


def _rule_words(line: calendar.Line) -> str:
    words = str(EVERY[line.rule.every])
    if line.rule.every in calendar.MONTHS:
        words += _("，期满 %(n)s 天内") % {"n": line.rule.within_days}
    return words


def _deliver_url(layout: str, day: Any = None) -> str:
    asked = {"layout": layout} | ({"day": day.isoformat()} if day else {})
    return f"{reverse('intake:deliver')}?{urlencode(asked)}"


def _cell(cell: calendar.Owed | None, deliverable: bool) -> dict[str, Any]:
    if cell is None:
        return {}
    url = reverse("intake:delivery", args=[cell.delivery_id]) if cell.delivery_id else ""
    if cell.state in ("due", "late") and deliverable:
        url = _deliver_url(cell.layout, min(cell.period.last, today()))
    if cell.state == "delivered":
        status, note = Status(_("已报"), "good"), f"{cell.delivered_on:%m-%d}"
    elif cell.state == "delivered_late":
        status, note = Status(_("已报"), "warn"), _("迟 %(n)s 天") % {"n": cell.days}
    elif cell.state == "late":
        status, note = Status(_("逾期"), "bad"), _("%(n)s 天") % {"n": cell.days}
    else:
        status, note = Status(_("待报"), "neutral"), _("%(day)s 前") % {"day": f"{cell.due_on:%m-%d}"}
    return {"status": status, "note": note, "url": url, "period": str(cell.period)}


@needs("intake.deliver")
def due(request: Any, layout: str) -> HttpResponse:
    """Change what the county asks of a layout. For the county's own staff."""
    county = _county(request)
    if layout not in layouts():
        raise Http404
    if not _may_change(request, county):
        raise PermissionDenied
    rule, _own = calendar.rules(county)[layout]
    form = DueForm(request.POST or None, initial=rule.model_dump())
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            Due.everything.update_or_create(region_code=county, layout=layout, defaults=form.cleaned_data)
            record("intake.change_due", subject=("layout", layout), region_code=county,
                   before=rule.model_dump(), after=form.cleaned_data)  # fmt: skip
        return redirect("intake:calendar")
    context = {
        "page_title": _("报送要求"),
        "page_subtitle": f"{department_name(layouts()[layout].department)} · {title(layout)}",
        "text": _("改动只对本县起作用，从现在起按新的要求算是否逾期。"),
        "form": form,
        "action": _("保存"),
        "cancel_url": reverse("intake:calendar"),
    }
    return render(request, "components/confirm_page.html", context)
