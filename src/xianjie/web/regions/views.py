"""The region tree for its administrators: look at any day, change from a day on, load a table."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.exporting import Column as Cell
from xianjie.web.exporting import Listing, workbook_response
from xianjie.web.regions import forms, services, table, uploads
from xianjie.web.regions.models import Region, area_of, level_of
from xianjie.web.regions.selectors import chain, names, on_day
from xianjie.web.sheets import read_upload
from xianjie.web.words import code_label

SHOWN = 200


def _inside(request: Any, code: str) -> bool:
    if not (len(code) == 12 and code.isascii() and code.isdigit()):
        return False
    return bool(request.scope.contains("regions.manage", code))


def _home(request: Any) -> str:
    held = [one.region_code for one in request.scope.holding("regions.manage")]
    return min(held, key=lambda code: (len(code.rstrip("0")), code))


def _day(request: Any) -> date:
    try:
        return date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return today()


def _level(code: str) -> str:
    return code_label("region_level", level_of(code))


@needs("regions.manage")
def tree(request: Any) -> HttpResponse:
    """One region: where it stands, what is below it, what it was before."""
    code, day = request.GET.get("at") or _home(request), _day(request)
    if not _inside(request, code):
        raise Http404
    found = _found(request, code, day)
    if found is not None:
        below, count = found
    else:
        rows = on_day(day).filter(parent_code=code)
        count, below = rows.count(), list(rows[:5000])
    own = list(Region.objects.filter(region_code=code).order_by("valid_from"))
    here = next((row for row in reversed(own) if row.valid_from is None or row.valid_from <= day), None)
    came = list(Region.objects.filter(successor_code=code).order_by("valid_to", "region_code")[:50])
    above = names(set(chain(code)))
    content = {
        "here": here,
        "code": code,
        "day": day,
        "is_today": day == today(),
        "name": here.name if here else code,
        "level": _level(code),
        "crumbs": [
            {"label": above[one], "url": f"?at={one}" if _inside(request, one) else ""}
            for one in chain(code)
            if one in above and one != code
        ],
        "table": _below(request, below, count),
        "history": [*came, *own] if len(own) + len(came) > 1 else [],
        "q": request.GET.get("q", ""),
        "is_village": level_of(code) == "village",
    }
    return render(request, "regions/tree.html", content)


def _found(request: Any, code: str, day: date) -> tuple[list[Region], int] | None:
    """The regions under `code` by part of a name or beginning of a code."""
    text = request.GET.get("q", "").strip()
    if not text:
        return None
    low, high = area_of(code)
    rows = on_day(day).filter(region_code__gte=low, region_code__lt=high)
    rows = rows.filter(region_code__startswith=text) if text.isdigit() else rows.filter(name__contains=text)
    return list(rows[:SHOWN]), rows.count()


def _below(request: Any, rows: list[Region], count: int) -> Table:
    above = names({row.parent_code for row in rows}) if request.GET.get("q") else {}
    columns = [
        Column(_("名称"), "name", main=True, link=lambda row: f"?at={row.region_code}",
               second=lambda row: above.get(row.parent_code, "")),
        Column(_("区划代码"), "region_code", kind="code"),
        Column(_("级别"), lambda row: _level(row.region_code)),
        Column(_("自"), "valid_from", kind="date"),
        Column(_("至（不含）"), "valid_to", kind="date"),
    ]  # fmt: skip
    export = reverse("regions:export") + "?" + urlencode({"at": request.GET.get("at", "")})
    return Table(columns, rows, _("下级区划"), count=count, export=export, empty_title=_("没有下级区划"))


@needs("regions.manage")
def export(request: Any) -> HttpResponse:
    """All regions below one, ended ones too, in the columns that an upload takes."""
    code = request.GET.get("at") or _home(request)
    if not _inside(request, code):
        raise Http404
    low, high = area_of(code)
    rows = Region.objects.filter(region_code__gte=low, region_code__lt=high).order_by("region_code", "valid_from")
    widths = {"name": 24, "outline": 20}
    fields = [name for name in dictionary().entities["region"].fields if name != "outline"]
    cells = [Cell.of("region", name, widths.get(name, 16)) for name in fields]
    return workbook_response(Listing(_("行政区划"), cells), rows.iterator(), verb="regions.export", region_code=code)


def _codes(text: str) -> list[str]:
    return [code for code in re.split(r"[\s,，、;；]+", text) if code]


def _rename(request: Any, code: str, given: dict[str, Any]) -> Region:
    return services.rename(request.scope, code, given["name"], given["on"], given["why"])


def _renumber(request: Any, code: str, given: dict[str, Any]) -> Region:
    new, name = given["new_code"], given["name"]
    return services.renumber(request.scope, code, new, given["on"], given["why"], name)


def _merge(request: Any, code: str, given: dict[str, Any]) -> Region:
    others = [code, *_codes(given["others"])]
    return services.merge(request.scope, others, given["into"], given["on"], given["why"], given["name"])


def _split(request: Any, code: str, given: dict[str, Any]) -> Region:
    part = given["new_code"]
    takes = {part: _codes(given["households"])}
    return services.split(request.scope, code, {part: given["name"]}, takes, given["on"], given["why"])[0]


def _add(request: Any, code: str, given: dict[str, Any]) -> Region:
    return services.add(request.scope, given["code"], given["name"], given["on"], given["why"])


def _end(request: Any, code: str, given: dict[str, Any]) -> Region:
    services.end(request.scope, code, given["on"], given["why"])
    return services.standing(services.parent_of(code))


Doer = Callable[[Any, str, dict[str, Any]], Region]
CHANGES: dict[str, tuple[type[forms.Change], Doer]] = {
    "add": (forms.AddForm, _add),
    "rename": (forms.RenameForm, _rename),
    "renumber": (forms.RenumberForm, _renumber),
    "merge": (forms.MergeForm, _merge),
    "split": (forms.SplitForm, _split),
    "end": (forms.EndForm, _end),
}


def _title(kind: str, name: str) -> str:
    titles = {
        "add": _("在“%s”下新设区划"),
        "rename": _("“%s”改名"),
        "renumber": _("“%s”换代码或划转"),
        "merge": _("“%s”并入其他村"),
        "split": _("从“%s”拆出新村"),
        "end": _("停用“%s”"),
    }
    return titles[kind] % name


@needs("regions.manage")
def change(request: Any, code: str, kind: str) -> HttpResponse:
    """One change of one region."""
    if kind not in CHANGES or not _inside(request, code):
        raise Http404
    make, do = CHANGES[kind]
    form = make(request.POST or None)
    if form.is_valid():
        try:
            row = do(request, code, form.cleaned_data)
        except UserError as error:
            form.add_error(None, str(error))
        else:
            when = form.cleaned_data["on"]
            told = _("已保存。") if when <= today() else _("已保存，%s 当天生效，届时农户和记录自动转入。") % when
            messages.success(request, told)
            return redirect(f"{reverse('regions:tree')}?{urlencode({'at': row.region_code})}")
    here = names({code}).get(code, code)
    content = {
        "form": form,
        "page_title": _title(kind, here),
        "code": code,
        "name": here,
        "kind": kind,
        "cancel_url": f"{reverse('regions:tree')}?{urlencode({'at': code})}",
    }
    return render(request, "regions/change.html", content)


@needs("regions.manage")
def upload(request: Any) -> HttpResponse:
    """Upload a table of regions; nothing changes yet."""
    form = forms.TableForm(request.POST or None, request.FILES or None, initial={"on": today()})
    if form.is_valid():
        given = form.cleaned_data
        try:
            sheet = read_upload(given["file"], table.columns(), ["region_code", "valid_from"])
            if not sheet.rows and not sheet.faults:
                raise UserError("regions.table_empty")
            word = uploads.keep(request.user, sheet, given["on"], given["why"])
        except UserError as error:
            form.add_error("file", str(error))
        else:
            return redirect("regions:preview", word=word)
    return render(request, "regions/upload.html", {"form": form})


@needs("regions.manage")
def preview(request: Any, word: str) -> HttpResponse:
    """What the table would do; done when confirmed, all of it or nothing."""
    try:
        sheet, on, why = uploads.kept(request.user, word)
        planned = table.plan(sheet, on, request.scope)
        if request.method == "POST" and not planned.faults:
            if request.POST.get("counts") != _digest(planned):
                raise UserError("regions.plan_changed")
            moved = table.apply(planned, why, _home(request))
            uploads.forget(word)
            messages.success(request, _("区划已更新，转入新代码的记录 %d 条。") % sum(moved.values()))
            return redirect("regions:tree")
    except UserError as error:
        messages.error(request, str(error))
        return redirect("regions:upload")
    parts: list[tuple[str, str, list[tuple[Any, ...]]]] = [
        (_("新设"), "new", [(row.region_code, row.name, "", row.valid_from) for row in planned.new[:SHOWN]]),
        (_("改名"), "renamed", [(row.region_code, row.name, name, on) for row, name, on in planned.renamed[:SHOWN]]),
        (_("合并或换号"), "merged", [(row.region_code, row.name, to, on) for row, on, to in planned.merged[:SHOWN]]),
        (_("停用"), "ended", [(row.region_code, row.name, "", on) for row, on in planned.ended[:SHOWN]]),
    ]
    counts = planned.counts()
    content = {
        "counts": counts,
        "tiles": [
            {"label": label, "figure": counts[name], "tone": ""} for label, name, _rows in parts
        ] + [
            {"label": _("边界更新"), "figure": counts["outlined"], "tone": ""},
            {"label": _("不变"), "figure": counts["unchanged"], "tone": ""},
            {"label": _("有错"), "figure": counts["faults"], "tone": "bad" if counts["faults"] else ""},
        ],
        "tables": [_changes(label, name, rows, counts[name]) for label, name, rows in parts if rows],
        "faults": _faults(planned),
        "digest": _digest(planned),
        "why": why,
    }  # fmt: skip
    return render(request, "regions/preview.html", content)


def _digest(planned: table.Plan) -> str:
    return ",".join(f"{name}={count}" for name, count in planned.counts().items())


def _changes(label: str, name: str, rows: list[tuple[Any, ...]], count: int) -> Table:
    columns = [
        Column(_("区划代码"), lambda row: row[0], kind="code", main=True),
        Column(_("名称"), lambda row: row[1]),
        Column(_("变为"), lambda row: row[2] or "", kind="text"),
        Column(_("自"), lambda row: row[3], kind="date"),
    ]
    return Table(columns, rows, label, count=count, id=f"changes-{name}")


def _faults(planned: table.Plan) -> Table:
    columns = [
        Column(_("工作表"), "sheet"),
        Column(_("行"), "row", kind="number", main=True),
        Column(_("列"), lambda fault: fault.column or "", kind="text"),
        Column(_("问题"), "text", kind="long"),
    ]
    return Table(columns, planned.faults[:SHOWN], _("有错的行"), count=len(planned.faults), id="faults")
