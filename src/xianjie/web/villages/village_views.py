"""Pages of villages: how they stand, one village, its rules and their vote, civil families, safety, meetings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status, day, yuan
from xianjie.web.exporting import Column as Cell
from xianjie.web.exporting import Listing, workbook_response
from xianjie.web.paging import page_of
from xianjie.web.regions.models import Region
from xianjie.web.regions.selectors import full_names
from xianjie.web.villages import selectors, services
from xianjie.web.villages.forms import (
    FamiliesForm,
    RulesForm,
    SafeForm,
    VoteForm,
    YearFilter,
    as_lines,
    lists,
)
from xianjie.web.villages.models import Appeal, Entry, Honour, Meeting, RuleBook, SafeYear
from xianjie.web.villages.rules import civility
from xianjie.web.villages.selectors import VIEW, Standing
from xianjie.web.villages.services import ACT
from xianjie.web.words import label


def _asked(request: Any) -> tuple[YearFilter, str, int]:
    form = YearFilter(request.GET or None, scope=request.scope)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    return form, given.get("place") or "", given.get("year") or today().year


def counted(name: str) -> Callable[[Standing], int]:
    """What a village's row says of one list."""
    return lambda row: row.counts.get(name, 0)


def safe_status(row: Standing) -> Status:
    """Whether a village is a safe one this year."""
    if row.safe is None:
        return Status(_("未填报"), "neutral")
    return Status(_("是"), "good") if row.safe else Status(_("否"), "warn")


@needs(VIEW)
def villages(request: Any) -> HttpResponse:
    """How the villages of the user's area stand in a year."""
    form, place, year = _asked(request)
    page = page_of(
        selectors.villages_in(request.scope, place),
        "region_code",
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    rows = selectors.standing_of(request.scope, page.rows, year)
    names = full_names({row.code for row in rows})
    columns = [
        Column(
            _("村"),
            lambda row: names[row.code],
            main=True,
            link=lambda row: reverse("villages:village", args=[row.code]),
        ),
        Column(_("现行细则"), lambda row: _("第 %(n)d 版") % {"n": row.version} if row.version else None),
        *(Column(words, counted(name), "number") for name, words in lists()),
        Column(_("待评议"), "waiting", "number"),
        Column(_("文明家庭"), "honours", "number"),
        Column(_("“三零”村"), safe_status, kind="status"),
    ]
    table = Table(
        columns,
        rows,
        _("乡村治理"),
        page=page,
        walk=True,
        export=f"{reverse('villages:export')}?{request.GET.urlencode()}",
        empty_title=_("没有村"),
        empty_text=_("您的范围内没有村。"),
    )
    return render(
        request,
        "villages/villages.html",
        {"page_title": _("乡村治理"), "page_subtitle": _("%(year)d 年") % {"year": year}, "form": form, "table": table},
    )


@needs(VIEW)
def export(request: Any) -> HttpResponse:
    """The overview as Excel: numbers only."""
    _form, place, year = _asked(request)
    rows = selectors.standing_of(request.scope, list(selectors.villages_in(request.scope, place)), year)
    names = full_names({row.code for row in rows})
    columns = [
        Cell(_("村"), lambda row: names[row.code], 24),
        *(Cell(words, counted(name), 10, "int") for name, words in lists()),
        Cell(_("待评议"), "waiting", 10, "int"),
        Cell(_("文明家庭"), "honours", 10, "int"),
        Cell(_("“三零”村"), lambda row: row.safe, 10, "bool"),
    ]
    listing = Listing(_("乡村治理%(year)d年") % {"year": year}, columns, request.scope, "code")
    return workbook_response(
        listing, rows, verb="villages.export", region_code=request.scope.home, asked={"place": place, "year": year}
    )


def _village(request: Any, code: str, permission: str = VIEW) -> Region:
    found: Region | None = selectors.villages_in(request.scope).filter(region_code=code).first()
    if found is None:
        raise Http404
    if not request.scope.allows(permission, code):
        raise PermissionDenied
    return found


@needs(VIEW)
def village(request: Any, code: str) -> HttpResponse:
    """One village: what waits, the rules in force, civil families, feasts, safety."""
    found, year = _village(request, code), today().year
    scope = request.scope
    books = list(RuleBook.objects.within(scope, VIEW).filter(region_code=code).order_by("-version")[:10])
    waiting = Entry.objects.within(scope, VIEW).filter(region_code=code, state=Entry.PROPOSED).count()
    appeals = Appeal.objects.within(scope, VIEW).filter(entry__region_code=code, answered_on=None).count()
    row = selectors.standing_of(scope, [found], year)[0]
    entries = f"{reverse('villages:entries')}?place={code}"
    tiles = [
        {"label": words, "figure": row.counts.get(name, 0), "url": f"{entries}&list={name}&state={Entry.STANDING}"}
        for name, words in lists()
    ] + [
        {
            "label": _("待评议"),
            "figure": waiting,
            "url": f"{entries}&state={Entry.PROPOSED}",
            "tone": "warn" if waiting else "",
        },
        {"label": _("待答复申诉"), "figure": appeals, "url": entries, "tone": "warn" if appeals else ""},
    ]
    context = {
        "page_title": found.name,
        "code": code,
        "year": year,
        "tiles": tiles,
        "waiting": waiting,
        "acts": scope.allows(ACT, code),
        "book": next((one for one in books if one.state == RuleBook.IN_FORCE), None),
        "draft": next((one for one in books if one.state == RuleBook.DRAFT), None),
        "books": [_told(one) for one in books],
        "names": dict(lists()),
        "honours": Honour.objects.within(scope, VIEW)
        .filter(region_code=code, year__gte=year - 1)
        .select_related("household")
        .order_by("-year", "-red", "household_id")[:100],
        "feasts": [_feast(one) for one in selectors.feasts(scope, code, date(year - 1, 1, 1))],
        "safety": [
            _safety(one) for one in SafeYear.objects.within(scope, VIEW).filter(region_code=code).order_by("-year")[:6]
        ],
    }
    return render(request, "villages/village.html", context)


BOOK_STATES = {RuleBook.DRAFT: "info", RuleBook.IN_FORCE: "good", RuleBook.REFUSED: "bad", RuleBook.REPLACED: "neutral"}


def _told(book: RuleBook) -> dict[str, Any]:
    words = {
        RuleBook.DRAFT: _("起草中"),
        RuleBook.IN_FORCE: _("现行"),
        RuleBook.REFUSED: _("未通过"),
        RuleBook.REPLACED: _("已被替代"),
    }
    vote = (
        _("赞成 %(a)d，反对 %(b)d") % {"a": book.in_favour, "b": book.against or 0}
        if book.in_favour is not None
        else ""
    )
    return {
        "date": book.begins_on or book.drafted_on,
        "title": _("第 %(n)d 版") % {"n": book.version},
        "text": _("%(n)d 条；%(vote)s") % {"n": len(book.rules), "vote": vote or _("未表决")},
        "status": Status(words[book.state], BOOK_STATES[book.state]),
    }


def _feast(one: Any) -> dict[str, Any]:
    words = {"tables": _("桌数"), "gift": _("礼金")}
    over = "、".join(words[name] for name in one.over)
    return {
        "date": one.held_on,
        "title": f"{one.household.head_name} {label(civility()['ceremonies'][one.kind])}",
        "text": _("%(tables)d 桌，每人礼金不超过 %(gift)s 元") % {"tables": one.tables, "gift": yuan(one.gift, 0)},
        "status": Status(_("超过村规：%(what)s") % {"what": over}, "warn") if over else Status(_("符合村规"), "good"),
    }


def _safety(one: SafeYear) -> dict[str, Any]:
    told = "，".join(f"{label(words)} {getattr(one, name)}" for name, words in civility()["safe"].items())
    safe = not any(getattr(one, name) for name in civility()["safe"])
    return {
        "date": str(one.year),
        "title": told,
        "source": one.source,
        "status": Status(_("“三零”村"), "good") if safe else Status(_("未达到"), "warn"),
    }


@needs(ACT)
def rules(request: Any, code: str) -> HttpResponse:
    """Draft the village's rules: the standing draft, or the next version from the rules in force."""
    found = _village(request, code, ACT)
    base = (
        RuleBook.objects.within(request.scope, ACT)
        .filter(region_code=code, state__in=(RuleBook.DRAFT, RuleBook.IN_FORCE))
        .order_by("-version")
        .first()
    )
    honour = {name: civility()["honour"][name] for name in ("red", "yellow", "black")} | (base.honour if base else {})
    limits = dict(base.limits) if base else {}
    gift = {"gift": limits["gift"] // 100} if "gift" in limits else {}
    initial = {**honour, **limits, **gift, "rules": as_lines(base.rules) if base else ""}
    form = RulesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.draft_rules(request.scope, code, form.cleaned_data["rules"], form.honour, form.limits)
            messages.success(request, _("草案已保存，可提交村民代表会议表决。"))
            return redirect("villages:village", code)
        except UserError as error:
            form.add_error("rules", str(error))
    return render(
        request,
        "villages/form.html",
        {
            "page_title": _("起草村规细则"),
            "page_subtitle": found.name,
            "form": form,
            "code": code,
            "button": _("保存草案"),
            "rule": civility()["honour"],
        },
    )


@needs(ACT)
def vote(request: Any, code: str) -> HttpResponse:
    """Record the assembly's vote on the draft."""
    found = _village(request, code, ACT)
    draft = RuleBook.objects.within(request.scope, ACT).filter(region_code=code, state=RuleBook.DRAFT).first()
    if draft is None:
        raise Http404
    form = VoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            voted = services.vote_rules(request.scope, draft.pk, form.sat, given["in_favour"], given["against"])
            carried = voted.state == RuleBook.IN_FORCE
            messages.success(request, _("已通过，次日起施行。") if carried else _("表决未通过，已记录。"))
            return redirect("villages:village", code)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request,
        "villages/form.html",
        {
            "page_title": _("表决村规细则"),
            "page_subtitle": found.name,
            "form": form,
            "code": code,
            "button": _("记录表决"),
            "rules": draft.rules,
            "names": dict(lists()),
            "meeting": civility()["meeting"],
        },
    )


@needs(ACT)
def families(request: Any, code: str, year: int) -> HttpResponse:
    """Name the year's civil families among those who meet the rule."""
    found = _village(request, code, ACT)
    able = selectors.families_meeting(request.scope, code, year)
    form = FamiliesForm(request.POST or None, families=able)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.name_families(request.scope, code, year, form.sat, form.counts)
            messages.success(request, _("已评选文明家庭 %(n)d 户。") % {"n": len(made)})
            return redirect("villages:village", code)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request,
        "villages/form.html",
        {
            "page_title": _("评选文明家庭"),
            "page_subtitle": f"{found.name} {year}",
            "form": form if form.families else None,
            "code": code,
            "button": _("记录评选结果"),
            "meeting": civility()["meeting"],
            "nothing": _("没有还未评选而符合条件的农户。"),
        },
    )


@needs(ACT)
def safety(request: Any, code: str) -> HttpResponse:
    """Report what happened in the village in a year."""
    found = _village(request, code, ACT)
    form = SafeForm(request.POST or None, initial={"year": today().year})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.report_safety(request.scope, code, given["year"], form.numbers, given["source"])
            messages.success(request, _("已登记。"))
            return redirect("villages:village", code)
        except UserError as error:
            form.add_error("year", str(error))
    return render(
        request,
        "villages/form.html",
        {
            "page_title": _("登记平安乡村情况"),
            "page_subtitle": found.name,
            "form": form,
            "code": code,
            "button": _("登记"),
        },
    )


@needs(VIEW)
def meetings(request: Any, code: str) -> HttpResponse:
    """The minutes of a village's meetings."""
    found = _village(request, code)
    words = {Meeting.RULES: _("表决细则"), Meeting.QUARTER: _("季度评议"), Meeting.HONOUR: _("评选文明家庭")}
    rows = Meeting.objects.within(request.scope, VIEW).filter(region_code=code)
    page = page_of(rows, "-held_on", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    columns = [
        Column(_("会议日期"), lambda one: day(one.held_on), main=True),
        Column(_("事项"), lambda one: f"{words[one.purpose]} {one.period}".strip()),
        Column(_("主持人"), "chair"),
        Column(_("应到"), "members", "number"),
        Column(_("实到"), "present", "number"),
        Column(_("会议记录"), "minutes", "long"),
    ]
    table = Table(columns, page.rows, _("会议"), page=page, empty_title=_("还没有会议"), empty_text="")
    return render(
        request,
        "villages/table.html",
        {"page_title": _("会议"), "page_subtitle": found.name, "table": table, "code": code},
    )
