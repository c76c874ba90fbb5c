"""Pages of one entry: what it says, what hangs on it, its money and history; recording, moving, putting right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Link, day, yuan
from xianjie.web.ledgers import moving, selectors, tables, tracing
from xianjie.web.ledgers.declaration import Sheet, ledgers, sheets
from xianjie.web.ledgers.flagging import check_entries
from xianjie.web.ledgers.forms import WithdrawForm, entry_form, move_form
from xianjie.web.ledgers.linking import CHANGE
from xianjie.web.ledgers.models import Entry, EntryVersion, Flag
from xianjie.web.ledgers.recording import Row, record_rows
from xianjie.web.ledgers.selectors import VIEW
from xianjie.web.ledgers.values import shown
from xianjie.web.ledgers.views import SEVERITIES, known_sheet
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import label


def _found(scope: Scope, pk: int) -> Entry:
    entry = selectors.entry_of(scope, pk)
    if entry is None or entry.sheet not in sheets():
        raise Http404
    return entry


@needs(VIEW)
def entry(request: Any, pk: int) -> HttpResponse:
    """One entry."""
    found = _found(request.scope, pk)
    sheet = sheets()[found.sheet]
    may_change = request.scope.allows(CHANGE, found.region_code, found.department) and not found.withdrawn_on
    context = {
        "page_title": found.title, "page_subtitle": label(sheet), "entry": found, "sheet": sheet,
        "ledger": ledgers()[sheet.ledger], "state": tables.state_of(found),
        "facts": _facts(request.scope, sheet, found),
        "moves": [(name, label(move)) for name, move in moving.offered(request.scope, found).items()],
        "may_change": may_change, "problems": _problems(sheet, found), "below": _below(request.scope, found),
        "money": tracing.money_of(request.scope, found), "history": _history(sheet, found),
    }  # fmt: skip
    return render(request, "ledgers/entry.html", context)


def _facts(scope: Scope, sheet: Sheet, found: Entry) -> list[dict[str, Any]]:
    place = full_names({found.region_code})[found.region_code]
    facts: list[dict[str, Any]] = [{"label": _("地区"), "value": place}]
    above = {0: found.parent, 1: found.other}
    linked = {name: above[position] for position, name in enumerate(sheet.links)}
    for name, field in sheet.fields.items():
        value: Any = shown(scope, field, found.data.get(name), found.region_code)
        up = linked.get(name)
        if value and up is not None and scope.allows(VIEW, up.region_code, up.department):
            value = Link(f"{value}　{up.title}" if up.title != value else value, tables.url_of(up))
        elif value and field.to in ("person", "household") and scope.allows("registry.view", found.region_code):
            value = Link(value, reverse(f"registry:{field.to}", args=[found.data[name]]))
        if value:
            facts.append({"label": label(field), "value": value})
    if found.due_on:
        facts.append({"label": _("本环节办理期限"), "value": day(found.due_on)})
    return facts


def _problems(sheet: Sheet, found: Entry) -> list[dict[str, Any]]:
    listed = Flag.everything.filter(entry=found, gone_on__isnull=True).order_by("check_name")
    return [
        {"title": sheet.checks[one.check_name].title, "text": one.text, "tone": SEVERITIES[one.severity],
         "source": sheet.checks[one.check_name].source, "since": one.since}
        for one in listed if one.check_name in sheet.checks
    ]  # fmt: skip


def _below(scope: Scope, found: Entry) -> list[dict[str, Any]]:
    """The sheets under this one: the newest entries of each, and the way to add one."""
    made = []
    for name, listed in selectors.below(scope, found).items():
        under = sheets()[name]
        field = next(one for one, target in under.links.items() if target == found.sheet)
        table = Table(
            [one for one in tables.columns(scope, under, {}) if one.sort != "place"], listed[:20], label(under),
            id=name, empty_title=_("还没有"), cards=True,
        )  # fmt: skip
        query = f"?{field}={found.key}"
        made.append({
            "label": label(under), "table": table, "count": len(listed),
            "more": f"{reverse('ledgers:entries', args=[name])}?above={found.pk}" if len(listed) > 20 else "",
            "add": reverse("ledgers:add", args=[name]) + query if scope.has(CHANGE) and not found.withdrawn_on else "",
        })  # fmt: skip
    return made


def _history(sheet: Sheet, found: Entry) -> list[dict[str, Any]]:
    """What was done to the entry, newest first, with what it changed."""
    events: list[dict[str, Any]] = []
    later: Mapping[str, Any] = found.data
    for version in moving.history(found):
        told = filter(None, (version.why, _difference(sheet, version.data, later)))
        events.append({"date": version.on, "title": _action(sheet, version), "source": version.by,
                       "text": "；".join(told)})  # fmt: skip
        later = version.data
    events.append({"date": found.recorded_on, "title": _("登记"), "source": found.recorded_by})
    return events


def _action(sheet: Sheet, version: EntryVersion) -> str:
    if version.action == "change":
        return _("更正")
    if version.action == "withdraw":
        return _("撤销登记")
    move = sheet.moves.get(version.action)
    return label(move) if move else version.action


def _difference(sheet: Sheet, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The fields that an action changed, by name: what they held stands in the audit trail."""
    names = [name for name in sheet.fields if before.get(name) != after.get(name)]
    return "、".join(label(sheet.fields[name]) for name in names)


@needs(CHANGE)
def add(request: Any, sheet: str) -> HttpResponse:
    """Record a new entry."""
    declared = known_sheet(sheet)
    given = {name: request.GET[name] for name in declared.fields if name in request.GET}
    form = entry_form(declared, request.scope, request.POST or None, **given)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data.get(name) for name in declared.writable}
        place = form.cleaned_data["region_code"]
        outcome = record_rows(request.scope, declared, (place or request.scope.home)[:6], [Row(values, place)],
                              new_only=True)  # fmt: skip
        if problems := outcome.problems.get(0):
            _tell(form, problems)
        else:
            made = outcome.added[0]
            check_entries([made])
            messages.success(request, _("已登记。"))
            return redirect("ledgers:entry", pk=made.pk)
    context = {"page_title": _("登记：%(sheet)s") % {"sheet": label(declared)}, "page_subtitle": declared.about,
               "form": form, "sheet": declared, "back": reverse("ledgers:entries", args=[sheet])}  # fmt: skip
    return render(request, "ledgers/form.html", context)


def _tell(form: Any, problems: Mapping[str, str]) -> None:
    for name, text in problems.items():
        form.add_error(name if name in form.fields else None, text)


@needs(CHANGE)
def change(request: Any, pk: int) -> HttpResponse:
    """Put an entry right."""
    found = _found(request.scope, pk)
    if found.withdrawn_on or not request.scope.allows(CHANGE, found.region_code, found.department):
        raise PermissionDenied
    sheet = sheets()[found.sheet]
    form = entry_form(sheet, request.scope, request.POST or None, found)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        place, seen, why = (given.pop(name) for name in ("region_code", "seen", "reason"))
        try:
            outcome = moving.change(request.scope, pk, given, place, seen=seen or 0, why=why)
            if problems := outcome.problems.get(0):
                _tell(form, problems)
            else:
                check_entries(list(outcome.taken.values()))
                messages.success(request, _("已更正。"))
                return redirect("ledgers:entry", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {"page_title": _("更正：%(title)s") % {"title": found.title}, "page_subtitle": label(sheet), "form": form,
               "sheet": sheet, "back": tables.url_of(found)}  # fmt: skip
    return render(request, "ledgers/form.html", context)


@needs(CHANGE, "ledgers.approve")
def move(request: Any, pk: int, move: str) -> HttpResponse:
    """Move an entry on."""
    found = _found(request.scope, pk)
    sheet = sheets()[found.sheet]
    declared = sheet.moves.get(move)
    if declared is None:
        raise Http404
    if move not in moving.offered(request.scope, found):
        messages.error(request, _("这一步现在不能办理，或不由您办理。"))
        return redirect("ledgers:entry", pk=pk)
    form = move_form(sheet, declared, found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        seen, why = given.pop("seen"), given.pop("reason")
        try:
            moved = moving.make_move(request.scope, pk, move, given, seen=seen, why=why)
            check_entries([moved])
            messages.success(request, _("已办理：%(move)s") % {"move": label(declared)})
            return redirect("ledgers:entry", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {"page_title": label(declared), "page_subtitle": found.title, "form": form, "sheet": sheet,
               "back": tables.url_of(found), "button": label(declared)}  # fmt: skip
    return render(request, "ledgers/form.html", context)


@needs(CHANGE)
def withdraw(request: Any, pk: int) -> HttpResponse:
    """Take back an entry that was a mistake."""
    found = _found(request.scope, pk)
    if found.withdrawn_on or not request.scope.allows(CHANGE, found.region_code, found.department):
        raise PermissionDenied
    form = WithdrawForm(request.POST or None, initial={"seen": found.revision})
    if request.method == "POST" and form.is_valid():
        try:
            moving.withdraw(request.scope, pk, seen=form.cleaned_data["seen"], why=form.cleaned_data["reason"])
            messages.success(request, _("已撤销登记。"))
            return redirect("ledgers:entry", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {"page_title": _("撤销：%(title)s") % {"title": found.title}, "form": form,
               "sheet": sheets()[found.sheet], "back": tables.url_of(found), "button": _("撤销登记"),
               "danger": True}  # fmt: skip
    return render(request, "ledgers/form.html", context)


@needs(VIEW)
def trace(request: Any, pk: int) -> HttpResponse:
    """Where the money of an entry came from and went to, down to the last payee."""
    found = _found(request.scope, pk)
    steps = tracing.steps_of(request.scope, found)
    table = Table(
        [
            Column(_("去向"), lambda one: "　" * one.depth + one.entry.title, main=True,
                   link=lambda one: tables.url_of(one.entry)),
            Column(_("表"), lambda one: label(sheets()[one.entry.sheet])),
            Column(_("从"), "source"),
            Column(_("到"), "target"),
            Column(_("日期"), "on", kind="date"),
            Column(_("金额（元）"), "amount", kind="money"),
        ],
        steps, _("资金流向"), empty_title=_("没有资金往来"), cards=True,
    )  # fmt: skip
    context = {
        "page_title": _("资金追踪：%(title)s") % {"title": found.title}, "table": table, "entry": found,
        "above": [{"label": label(sheets()[one.sheet]), "value": Link(one.title, tables.url_of(one))}
                  for one in tracing.above_of(request.scope, found)],
        "ends": [{"label": name, "value": yuan(amount)} for name, amount in tracing.ends_of(steps)],
    }  # fmt: skip
    return render(request, "ledgers/trace.html", context)
