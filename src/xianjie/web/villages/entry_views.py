"""Pages of the civility archive: entries, one entry, the quarter's meeting, a family's own archive, feasts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases import papers
from xianjie.web.cases.forms import PAPER_TYPES
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status, day
from xianjie.web.exporting import Column as Cell
from xianjie.web.exporting import Listing, workbook_response
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry.models import Household
from xianjie.web.villages import selectors, services
from xianjie.web.villages.forms import (
    STATES,
    AnswerForm,
    AppealForm,
    DeedForm,
    EntryFilter,
    FeastForm,
    QuarterForm,
    TextForm,
    lists,
)
from xianjie.web.villages.models import Appeal, Entry, Honour, RuleBook
from xianjie.web.villages.rules import civility
from xianjie.web.villages.selectors import VIEW
from xianjie.web.villages.services import ACT, Deed

SORTS = ("happened_on", "-happened_on", "region_code", "-region_code")
TONES = {
    Entry.PROPOSED: "info",
    Entry.STANDING: "good",
    Entry.REFUSED: "neutral",
    Entry.CLEARED: "good",
    Entry.WITHDRAWN: "neutral",
}


def _state(one: Entry) -> Status:
    return Status(str(STATES[one.state]), TONES[one.state])


def _list(one: Entry) -> Status:
    return Status(f"{dict(lists())[one.list]}×{one.count}", civility()["lists"][one.list]["tone"])


def _rule(one: Entry) -> str:
    return str((one.book.rule(one.rule) or {}).get("text", one.rule))


@needs(VIEW)
def entries(request: Any) -> HttpResponse:
    """The list of entries, the newest deeds first."""
    form = EntryFilter(request.GET or None, scope=request.scope)
    rows = selectors.entry_list(request.scope, form.cleaned_data if form.is_bound and form.is_valid() else {})
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "-happened_on"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    places = full_names({one.region_code for one in page.rows})
    columns = [
        Column(
            _("户主"),
            "household.head_name",
            main=True,
            link=lambda one: reverse("villages:entry", args=[one.pk]),
            second=lambda one: places[one.region_code],
        ),
        Column(_("榜别"), _list, kind="status"),
        Column(_("情况和见证人"), "what", "long"),
        Column(_("发生日期"), "happened_on", "date", sort="happened_on"),
        Column(_("状态"), _state, kind="status"),
    ]
    table = Table(
        columns,
        page.rows,
        _("家庭文明档案"),
        page=page,
        count=rows.count(),
        sort=sort,
        walk=True,
        export=f"{reverse('villages:export_entries')}?{request.GET.urlencode()}",
        empty_title=_("没有记录"),
        empty_text=_("在农户页面“家庭文明档案”中提出记录，经季度会议评议后生效。"),
    )
    return render(request, "villages/entries.html", {"page_title": _("家庭文明档案"), "form": form, "table": table})


@needs(VIEW)
def export_entries(request: Any) -> HttpResponse:
    """The entries that the user may read, as Excel."""
    form = EntryFilter(request.GET or None, scope=request.scope)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = (
        selectors.entry_list(request.scope, wanted).select_related("book").order_by("region_code", "happened_on", "pk")
    )
    places, names = full_names(set(rows.order_by().values_list("region_code", flat=True).distinct())), dict(lists())
    columns = [
        Cell(_("村"), lambda one: places[one.region_code], 24),
        Cell.of("household", "head_name", 12, "household.head_name"),
        Cell(_("榜别"), lambda one: names[one.list], 8),
        Cell(_("次数"), "count", 6, "int"),
        Cell(_("细则"), _rule, 30),
        Cell(_("情况和见证人"), "what", 50),
        Cell(_("发生日期"), "happened_on", 12, "date"),
        Cell(_("状态"), lambda one: str(STATES[one.state]), 10),
    ]
    listing = Listing(_("家庭文明档案"), columns, request.scope)
    return workbook_response(
        listing, rows.iterator(), verb="villages.export", region_code=request.scope.home, asked=wanted
    )


def _entry(request: Any, pk: int) -> Entry:
    rows = Entry.objects.within(request.scope, VIEW).filter(selectors.readable(request.scope), pk=pk)
    found: Entry | None = rows.select_related("household", "book", "meeting").first()
    if found is None:
        raise Http404
    return found


def _waiting(found: Entry) -> Appeal | None:
    return Appeal.everything.filter(entry=found, answered_on=None).first()


@needs(VIEW)
def entry(request: Any, pk: int) -> HttpResponse:
    """One entry: the rule, what happened, what the meeting said, appeals."""
    found = _entry(request, pk)
    facts = [
        {"label": _("细则"), "value": f"{found.rule} {_rule(found)}", "wide": True},
        {"label": _("情况和见证人"), "value": found.what, "wide": True},
        {"label": _("发生日期"), "value": day(found.happened_on)},
        {"label": _("季度"), "value": found.quarter},
        {"label": _("提出人"), "value": found.proposed_name or found.proposed_by},
    ]
    if found.meeting:
        facts.append(
            {
                "label": _("季度评议"),
                "value": _("%(day)s：赞成 %(a)d，反对 %(b)d")
                % {"day": found.decided_on, "a": found.in_favour or 0, "b": found.against or 0},
            }
        )
    if found.cleared_on:
        facts.append({"label": _("改正情况"), "value": f"{found.correction}（{found.cleared_on}）", "wide": True})
    acts = request.scope.allows(ACT, found.region_code)
    waiting = _waiting(found)
    context = {
        "page_title": found.household.head_name,
        "page_subtitle": full_names({found.region_code})[found.region_code],
        "entry": found,
        "facts": facts,
        "list": _list(found),
        "state": _state(found),
        "appeals": [
            _appeal(one) for one in Appeal.objects.within(request.scope, ACT).filter(entry=found).order_by("-pk")
        ],
        "clears": acts and found.state == Entry.STANDING and civility()["lists"][found.list]["clears"],
        "appealable": acts and waiting is None and found.state in (Entry.PROPOSED, Entry.STANDING),
        "waiting": waiting if acts else None,
    }
    return render(request, "villages/entry.html", context)


def _appeal(one: Appeal) -> dict[str, Any]:
    if one.answered_on is None:
        status, text = Status(_("应于 %(day)s 前答复") % {"day": one.due_on}, "warn"), one.text
    else:
        status = Status(_("申诉成立") if one.upheld else _("申诉不成立"), "good" if one.upheld else "neutral")
        text = f"{one.text}\n{_('答复')}：{one.answer}"
    return {"date": one.raised_on, "title": one.raised_by, "text": text, "status": status}


@needs(VIEW)
def paper(request: Any, pk: int) -> Any:
    """The picture or paper handed in with an entry."""
    found = _entry(request, pk)
    if not found.paper or not (path := papers.path_of(found.paper)).exists():
        raise Http404
    return FileResponse(
        path.open("rb"), content_type=PAPER_TYPES[path.suffix], headers={"X-Content-Type-Options": "nosniff"}
    )


def _household(scope: Scope, household_id: str, permission: str) -> Household:
    found = Household.objects.within(scope, permission).filter(pk=household_id).first()
    if found is None:
        raise Http404
    return found


@needs(ACT)
def propose(request: Any, household_id: str) -> HttpResponse:
    """Propose an entry for a family."""
    household = _household(request.scope, household_id, ACT)
    book = (
        RuleBook.objects.within(request.scope, ACT)
        .filter(region_code=household.region_code, state=RuleBook.IN_FORCE)
        .first()
    )
    form = DeedForm(request.POST or None, request.FILES or None, rules=book.rules if book else [])
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            kept = papers.keep(given["file"]) if given["file"] else ""
            made = services.propose(
                request.scope, household_id, Deed(given["rule"], given["what"], given["happened_on"], kept)
            )
            messages.success(request, _("已提出，待季度会议评议。"))
            return redirect("villages:entry", made.pk)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request,
        "villages/form.html",
        {
            "page_title": _("提出记录"),
            "page_subtitle": household.head_name,
            "form": form if book else None,
            "button": _("提出"),
            "upload": True,
            "code": household.region_code,
            "nothing": _("本村还没有表决通过的细则，不能记榜。"),
        },
    )


@needs(ACT)
def quarter(request: Any, code: str) -> HttpResponse:
    """Record the quarter's meeting on the entries that wait."""
    if not request.scope.allows(ACT, code):
        raise Http404
    waiting = Entry.objects.within(request.scope, ACT).filter(region_code=code, state=Entry.PROPOSED)
    rows = list(waiting.select_related("household", "book").order_by("happened_on", "pk")[:100])
    form = QuarterForm(request.POST or None, entries=rows)
    if request.method == "POST" and form.is_valid():
        try:
            decided = services.confirm_quarter(request.scope, code, form.sat, form.votes)
            passed = sum(one.state == Entry.STANDING for one in decided)
            messages.success(request, _("评议 %(n)d 条，通过 %(m)d 条。") % {"n": len(decided), "m": passed})
            return redirect("villages:village", code)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request,
        "villages/quarter.html",
        {
            "page_title": _("季度评议"),
            "page_subtitle": full_names({code})[code],
            "form": form,
            "code": code,
            "names": dict(lists()),
            "meeting": civility()["meeting"],
            "rows": [row | {"list": _list(row["entry"]), "rule": _rule(row["entry"])} for row in form.rows],
        },
    )


def _act_on(request: Any, pk: int, form: Any, title: str, button: str, act: Any, done: str) -> HttpResponse:
    """A small form on an entry: done, it goes back to the entry's page."""
    found = _entry(request, pk)
    if not request.scope.allows(ACT, found.region_code):
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        try:
            act(found, form.cleaned_data)
            messages.success(request, done)
            return redirect("villages:entry", pk)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request,
        "villages/form.html",
        {
            "page_title": title,
            "page_subtitle": found.household.head_name,
            "form": form,
            "button": button,
            "code": found.region_code,
            "told": found.what,
        },
    )


@needs(ACT)
def clear(request: Any, pk: int) -> HttpResponse:
    """Clear a yellow entry that was made good."""
    form = TextForm(request.POST or None, words=_("如何改正、谁已核实"))
    return _act_on(
        request,
        pk,
        form,
        _("消除黄榜"),
        _("消除"),
        lambda found, given: services.clear(request.scope, found.pk, given["text"]),
        _("黄榜已消除。"),
    )


@needs(ACT)
def appeal(request: Any, pk: int) -> HttpResponse:
    """Record a family's appeal."""
    form = AppealForm(request.POST or None, words=_("申诉内容"))
    return _act_on(
        request,
        pk,
        form,
        _("登记申诉"),
        _("登记"),
        lambda found, given: services.appeal(request.scope, found.pk, given["raised_by"], given["text"]),
        _("申诉已登记。"),
    )


@needs(ACT)
def answer(request: Any, pk: int) -> HttpResponse:
    """Answer the appeal that waits."""
    waiting = _waiting(_entry(request, pk))
    if waiting is None:
        raise Http404
    form = AnswerForm(request.POST or None, words=_("答复"))
    return _act_on(
        request,
        pk,
        form,
        _("答复申诉"),
        _("答复"),
        lambda _found, given: services.answer(request.scope, waiting.pk, given["upheld"] == "yes", given["text"]),
        _("申诉已答复。"),
    )


@needs(VIEW)
def archive(request: Any, household_id: str) -> HttpResponse:
    """A family's own archive, as a sheet that is printed and handed to it."""
    household = _household(request.scope, household_id, VIEW)
    rows = selectors.archive(request.scope, household)
    names = dict(lists())
    counts = [
        (words, sum(one.count for one in rows if one.list == name and one.state == Entry.STANDING))
        for name, words in names.items()
    ]
    honours = Honour.objects.within(request.scope, VIEW).filter(household=household).order_by("year")
    return render(
        request,
        "villages/archive.html",
        {
            "page_title": _("家庭文明档案"),
            "household": household,
            "counts": counts,
            "place": full_names({household.region_code})[household.region_code],
            "rows": [
                {"entry": one, "list": names[one.list], "rule": _rule(one), "state": STATES[one.state]} for one in rows
            ],
            "honours": "、".join(str(one.year) for one in honours),
            "whole": request.scope.allows(ACT, household.region_code),
            "back_url": reverse("registry:household", args=[household_id])
            if request.scope.has("registry.view")
            else "",
            "appeal": civility()["appeal"],
        },
    )


@needs(ACT)
def feast(request: Any, household_id: str) -> HttpResponse:
    """Report a wedding, funeral or feast."""
    household = _household(request.scope, household_id, ACT)
    form = FeastForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = services.report_feast(
            request.scope, household_id, given["kind"], given["held_on"], given["tables"], given["gift"] * 100
        )
        if made.over:
            messages.warning(request, _("已报备；超过本村村规的上限，请上门提醒。"))
        else:
            messages.success(request, _("已报备，符合本村村规。"))
        return redirect("villages:village", household.region_code)
    return render(
        request,
        "villages/form.html",
        {
            "page_title": _("红白事报备"),
            "page_subtitle": household.head_name,
            "form": form,
            "button": _("报备"),
            "code": household.region_code,
        },
    )
