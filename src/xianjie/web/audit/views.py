"""The auditor's pages: search, and one event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.audit import selectors
from xianjie.web.audit.forms import SearchForm
from xianjie.web.audit.models import Event
from xianjie.web.audit.services import digest
from xianjie.web.design.comparing import Pair
from xianjie.web.design.tables import Column, Table
from xianjie.web.exporting import Column as Cell
from xianjie.web.exporting import Listing, workbook_response
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names

MOST_COUNTED, MOST_EXPORTED = 10_000, 100_000


def _rows(request: Any) -> tuple[Any, SearchForm]:
    form = SearchForm(request.scope, request.GET or None)
    rows = selectors.events(request.scope)
    if form.is_bound:
        rows = selectors.filtered(rows, form.cleaned_data) if form.is_valid() else rows.none()
    return rows, form


def _at(event: Event) -> datetime:
    return datetime.fromisoformat(event.at)


def _subject(event: Event) -> str:
    kind = selectors.kind_words(event.subject_kind)
    return f"{kind} {event.subject_id}".strip()


@needs("audit.search")
def events(request: Any) -> HttpResponse:
    """Search the trail, newest first."""
    rows, form = _rows(request)
    try:
        page = page_of(rows, "-seq", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("audit:events")
    places = full_names({event.region_code for event in page.rows if event.region_code})
    counted = rows.order_by()[: MOST_COUNTED + 1].count()
    columns = [
        Column(_("时间"), _at, kind="moment"),
        Column(_("操作"), lambda event: selectors.verb_words(event.verb), main=True,
               link=lambda event: reverse("audit:event", args=[event.seq])),
        Column(_("操作人"), lambda event: event.actor_name or event.actor, second="actor"),
        Column(_("对象"), _subject),
        Column(_("地点"), lambda event: places.get(event.region_code, "")),
        Column(_("原因"), "why", kind="long"),
        Column(_("序号"), "seq", kind="number"),
    ]  # fmt: skip
    table = Table(
        columns,
        page.rows,
        _("审计记录"),
        page=page,
        count=_("超过 1 万") if counted > MOST_COUNTED else counted,
        export=reverse("audit:export") + "?" + request.GET.urlencode(),
        empty_title=_("没有符合条件的审计记录"),
    )
    return render(request, "audit/events.html", {"table": table, "filter": form})


@needs("audit.search")
def event(request: Any, seq: int) -> HttpResponse:
    """One event: who, when, from where, why, before and after."""
    one = selectors.events(request.scope).filter(seq=seq).first()
    if one is None:
        raise Http404
    place = full_names({one.region_code}).get(one.region_code, "") if one.region_code else ""
    facts = [
        {"label": _("时间"), "value": f"{timezone.localtime(_at(one)):%Y-%m-%d %H:%M:%S}"},
        {"label": _("操作人"), "value": f"{one.actor_name}（{one.actor}）" if one.actor_name else one.actor},
        {"label": _("当时身份"), "value": one.acting_as},
        {"label": _("来自"), "value": one.origin},
        {"label": _("对象"), "value": _subject(one)},
        {"label": _("地点"), "value": f"{place} {one.region_code}".strip()},
        {"label": _("原因"), "value": one.why, "wide": True},
    ]
    pairs = [Pair(label, before, after) for label, before, after in selectors.sides(one, request.scope)]
    content = {
        "one": one,
        "title": selectors.verb_words(one.verb),
        "facts": facts,
        "pairs": pairs,
        "left": {"title": _("之前")},
        "right": {"title": _("之后")},
        "sound": one.hash == digest(one),
    }
    return render(request, "audit/event.html", content)


@needs("audit.search")
def export(request: Any) -> HttpResponse:
    """The events of a search as a table, without the values before and after."""
    rows, _form = _rows(request)
    cells = [
        Cell(_("序号"), "seq", 10, "int"),
        Cell(_("时间"), _at, 18, "moment"),
        Cell(_("操作"), lambda one: selectors.verb_words(one.verb), 20),
        Cell(_("操作账号"), "actor", 16),
        Cell(_("操作人"), "actor_name", 16),
        Cell(_("当时身份"), "acting_as", 30),
        Cell(_("来自"), "origin", 16),
        Cell(_("对象"), _subject, 24),
        Cell(_("区划代码"), "region_code", 14),
        Cell(_("原因"), "why", 40),
    ]
    asked = {name: value for name, value in request.GET.items() if value}
    found = rows.order_by("-seq")[:MOST_EXPORTED].iterator(chunk_size=2000)
    listing = Listing(_("审计记录"), cells, request.scope, notes=[(_("最多导出"), f"{MOST_EXPORTED:,}")])
    return workbook_response(listing, found, verb="audit.export", region_code=request.scope.home, asked=asked)
