"""Pages of doubtful rows: the list, and the queue that a clerk works through with the keyboard."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status
from xianjie.web.intake import comparing, doubts, selectors
from xianjie.web.intake.forms import DOUBT_STATES, DoubtsFilter
from xianjie.web.intake.layouts import title
from xianjie.web.intake.models import Doubt
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import department_name

KEPT = ("layout", "village", "state")


def _since() -> Any:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def _asked(request: Any) -> dict[str, str]:
    """The filter of the address, which the queue keeps."""
    return {name: request.GET[name] for name in KEPT if request.GET.get(name)}


def _address(name: str, *arguments: Any, asked: dict[str, str]) -> str:
    url = reverse(f"intake:{name}", args=arguments)
    return f"{url}?{urlencode(asked)}" if asked else url


def _queue(request: Any, asked: dict[str, str]) -> Any:
    rows = selectors.doubts(request.scope)
    state = asked.get("state", Doubt.OPEN)
    rows = rows.filter(state=state if state in Doubt.STATES else Doubt.OPEN)
    if asked.get("layout"):
        rows = rows.filter(layout=asked["layout"])
    if asked.get("village"):
        rows = rows.filter(region_code=asked["village"])
    return rows


def _doubt(request: Any, pk: int) -> Doubt:
    doubt: Doubt | None = selectors.doubts(request.scope).filter(pk=pk).first()
    if doubt is None:
        raise Http404
    return doubt


@needs("intake.review")
def doubts_page(request: Any) -> HttpResponse:
    """The doubts in sight, those on which most rows hang first."""
    asked = _asked(request)
    villages = selectors.doubt_villages(request.scope)
    rows = _queue(request, asked)
    try:
        page = page_of(rows, "-rows", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("intake:doubts")
    progress = selectors.doubt_progress(request.scope, request.user, _since())
    context = {
        "page_title": _("存疑核对"),
        "form": DoubtsFilter(request.scope, villages, request.GET),
        "tiles": _tiles(progress),
        "table": _table(request, page, asked),
        "start_url": _address("next", asked=asked) if progress["open"] else "",
    }
    return render(request, "intake/doubts.html", context)


def _tiles(progress: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"label": _("待核对"), "figure": progress["open"], "unit": _("条"), "tone": "warn" if progress["open"] else "",
         "note": _("涉及 %(n)s 行数据") % {"n": f"{progress['hanging']:,}"}, "url": reverse("intake:doubts")},
        {"label": _("暂缓"), "figure": progress["put_off"], "unit": _("条"), "url": "?state=put_off"},
        {"label": _("我今天核对"), "figure": progress["mine"], "unit": _("条"), "tone": "good"},
        {"label": _("今天共核对"), "figure": progress["all"], "unit": _("条")},
    ]  # fmt: skip


def _table(request: Any, page: Any, asked: dict[str, str]) -> Table:
    places = full_names({one.region_code for one in page.rows})
    scope = request.scope

    def given(name: str) -> Any:
        def value(one: Doubt) -> str | None:
            text = doubts.identity_of(one).get(name, "")
            return comparing.shown(name, text, scope, one.region_code) or None

        return value

    columns = [
        Column(_("来表姓名"), lambda one: given("name")(one) or _("（没有姓名）"), main=True,
               link=lambda one: _address("doubt", one.pk, asked=asked)),
        Column(_("证件号"), given("id_no"), "code"),
        Column(_("最像的人在"), lambda one: places.get(one.region_code), "text"),
        Column(_("报送内容"), lambda one: title(one.layout), second=lambda one: department_name(one.department)),
        Column(_("候选"), lambda one: len(one.candidates), "number"),
        Column(_("涉及行数"), "rows", "number"),
        Column(_("为什么存疑"), "reason", "long"),
        Column(_("状态"), lambda one: Status(str(DOUBT_STATES[one.state][0]), DOUBT_STATES[one.state][1]), "status",
               second=lambda one: f"{one.decider} {one.decided_on}" if one.decided_on else ""),
    ]  # fmt: skip
    return Table(
        columns, page.rows, _("存疑记录"), page=page, walk=True,
        empty_title=_("没有存疑的记录"), empty_text=_("来表里的人都认出来了，或都已核对。"),
    )  # fmt: skip


@needs("intake.review")
def next_page(request: Any) -> HttpResponse:
    """Go to the first doubt of the queue."""
    asked = _asked(request)
    first = _queue(request, asked).order_by("-rows", "-pk").first()
    if first is None:
        messages.success(request, _("这个范围里的存疑记录都核对完了。"))
        return redirect(_address("doubts", asked={name: text for name, text in asked.items() if name != "state"}))
    return redirect(_address("doubt", first.pk, asked=asked))


def _following(request: Any, doubt: Doubt, asked: dict[str, str]) -> Doubt | None:
    """The doubt after this one in the queue; after the last one the first."""
    queue = _queue(request, asked).exclude(pk=doubt.pk).order_by("-rows", "-pk")
    after = queue.filter(Q(rows__lt=doubt.rows) | Q(rows=doubt.rows, pk__lt=doubt.pk)).first()
    found: Doubt | None = after or queue.first()
    return found


@needs("intake.review")
def doubt(request: Any, pk: int) -> HttpResponse:
    """One doubt: the row and its candidates side by side, and the keys that settle it."""
    one, asked = _doubt(request, pk), _asked(request)
    following = _following(request, one, asked)
    heads, facts = comparing.side_by_side(
        doubts.identity_of(one),
        one.candidates,
        selectors.candidates(request.scope, one),
        request.scope,
        one.region_code,
        today(),
    )
    word, tone = DOUBT_STATES[one.state]
    context = {
        "page_title": _("核对：这是谁？"),
        "doubt": one,
        "layout": title(one.layout),
        "department": department_name(one.department),
        "state": Status(str(word), tone),
        "open": one.state in (Doubt.OPEN, Doubt.PUT_OFF),
        "heads": heads,
        "facts": facts,
        "query": urlencode(asked),
        "progress": selectors.doubt_progress(request.scope, request.user, _since()),
        "list_url": _address("doubts", asked=asked),
        "next_url": _address("doubt", following.pk, asked=asked) if following else _address("next", asked=asked),
    }
    return render(request, "intake/doubt.html", context)


@needs("intake.review")
@require_POST
def decide(request: Any, pk: int) -> HttpResponse:
    """Settle a doubt: `choice` is a candidate's place in the list, 0 for nobody, s for later."""
    one, asked = _doubt(request, pk), _asked(request)
    choice = request.POST.get("choice", "")
    following = _following(request, one, asked)
    try:
        if choice == "s":
            doubts.decide(one, Doubt.PUT_OFF, request.user)
        elif choice == "0":
            doubts.decide(one, Doubt.NOBODY, request.user)
        elif choice.isdigit() and 1 <= int(choice) <= len(one.candidates):
            person = one.candidates[int(choice) - 1]["person_id"]
            doubts.decide(one, Doubt.PERSON, request.user, person)
        else:
            raise UserError("intake.no_such_candidate")
    except UserError as error:
        messages.error(request, str(error))
        return redirect(_address("doubt", pk, asked=asked))
    if following is None:
        return redirect(_address("next", asked=asked))
    return redirect(_address("doubt", following.pk, asked=asked))


@needs("intake.review")
@require_POST
def undo(request: Any, pk: int = 0) -> HttpResponse:
    """Open a doubt again: this one, or (0) the one that this user settled last today."""
    asked = _asked(request)
    one = _doubt(request, pk) if pk else selectors.last_decision(request.scope, request.user, _since())
    try:
        if one is None:
            raise UserError("intake.nothing_to_undo")
        doubts.undo(one, request.user, request.POST.get("why", "")[:200])
    except UserError as error:
        messages.error(request, str(error))
        return redirect(_address("doubts", asked=asked))
    return redirect(_address("doubt", one.pk, asked=asked))
