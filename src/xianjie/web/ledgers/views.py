"""Pages of ledgers: the overview, lists, problems, figures, files."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xianjie.messages import UserError, say
from xianjie.web.accounts.access import needs
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status, number, percent, yuan
from xianjie.web.exporting import workbook_response
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import enqueue
from xianjie.web.ledgers import importing, selectors, tables
from xianjie.web.ledgers.declaration import Figure, Sheet, ledgers, sheets
from xianjie.web.ledgers.forms import EntryFilter, ImportForm, ProblemFilter
from xianjie.web.ledgers.jobs import CHECK
from xianjie.web.ledgers.linking import CHANGE
from xianjie.web.ledgers.selectors import VIEW
from xianjie.web.paging import Page, page_of
from xianjie.web.regions.models import level_of
from xianjie.web.regions.selectors import full_names, names
from xianjie.web.words import label

AT_ONCE = 5_000
SEVERITIES = {"error": "bad", "warning": "warn", "suspect": "info"}


def known_sheet(name: str) -> Sheet:
    """The sheet of an address. Raises `Http404` for none."""
    if name not in sheets():
        raise Http404
    return sheets()[name]


@needs(VIEW)
def home(request: Any) -> HttpResponse:
    """Every ledger with its sheets, and what waits in each."""
    counted = selectors.counts(request.scope)
    none = {"number": 0, "flagged": 0, "late": 0}
    listed = [
        {
            "ledger": ledger, "label": label(ledger),
            "about": label({"zh": ledger.about, "en": ledger.about_en}), "mechanism": ledger.mechanism,
            "sheets": [{"label": label(one), "url": reverse("ledgers:entries", args=[name]), **counted.get(name, none)}
                       for name, one in ledger.sheets.items()],
            "figures": reverse("ledgers:figures", args=[ledger.ledger]),
        }
        for ledger in ledgers().values()
    ]  # fmt: skip
    context = {"page_title": _("衔接工作台账"), "ledgers": listed, "may_check": request.scope.has("ledgers.approve")}
    return render(request, "ledgers/home.html", context)


@needs(VIEW)
def entries(request: Any, sheet: str) -> HttpResponse:
    """The list of a sheet's entries."""
    declared = known_sheet(sheet)
    form = EntryFilter(request.GET, request.scope, declared)
    asked = _asked(request, form)
    sorts = selectors.sorts_of(declared)
    word = request.GET.get("sort", "place")
    column = sorts.get(word.lstrip("-"), "region_code")
    rows, page = selectors.entries(request.scope, declared, asked), Page([], "", "")
    try:
        page = page_of(rows, ("-" if word.startswith("-") else "") + column, after=request.GET.get("after", ""),
                       before=request.GET.get("before", ""))  # fmt: skip
    except UserError as error:
        form.add_error(None, str(error))
    places = full_names({one.region_code for one in page.rows})
    query = request.GET.urlencode()
    table = Table(
        tables.columns(request.scope, declared, places), page.rows, label(declared), page=page, count=rows.count(),
        sort=word, export=f"{reverse('ledgers:export', args=[sheet])}?{query}", walk=True,
        empty_title=_("没有条目"), empty_text=_("请放宽筛选条件，或登记、导入新的条目。"),
    )  # fmt: skip
    ledger = ledgers()[declared.ledger]
    context = {
        "page_title": label(declared), "page_subtitle": declared.about, "form": form, "table": table, "sheet": declared,
        "ledger": ledger, "may_change": request.scope.has(CHANGE),
        "tabs": [{"label": label(one), "url": reverse("ledgers:entries", args=[name]), "active": name == sheet}
                 for name, one in ledger.sheets.items()]
        + [{"label": _("指标"), "url": reverse("ledgers:figures", args=[ledger.ledger]), "active": False}],
    }  # fmt: skip
    return render(request, "ledgers/entries.html", context)


def _asked(request: Any, form: EntryFilter) -> dict[str, Any]:
    asked = form.asked()
    if (above := request.GET.get("above", "")).isdigit():
        asked["above"] = int(above)
    return asked


@needs(VIEW)
def export(request: Any, sheet: str) -> HttpResponse:
    """Take a list out as it is filtered; a long one by a job."""
    declared = known_sheet(sheet)
    asked = _asked(request, EntryFilter(request.GET, request.scope, declared))
    rows = selectors.entries(request.scope, declared, asked).order_by("region_code", "pk")
    if (count := rows.count()) > AT_ONCE:
        enqueue("ledgers.export", title=say("ledgers.export_title", sheet=declared.zh, count=count),
                region_code=request.scope.home, owner=request.user, sheet=sheet, asked=asked)  # fmt: skip
        return redirect("jobs:jobs")
    return workbook_response(
        tables.listing(request.scope, declared), tables.file_rows(declared, rows), verb="ledgers.export",
        region_code=request.scope.home, asked={"sheet": sheet, **asked},
    )  # fmt: skip


@needs(CHANGE)
def template(request: Any, sheet: str) -> Any:
    """The sheet's Excel template."""
    declared = known_sheet(sheet)
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        path = Path(folder) / "template.xlsx"
        importing.write_empty(declared, path)
        return FileResponse(path.open("rb"), as_attachment=True, filename=f"{declared.zh}-模板.xlsx")


@needs(CHANGE)
def import_(request: Any, sheet: str) -> HttpResponse:
    """Take a file of entries in."""
    declared = known_sheet(sheet)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            kept = importing.keep_upload(upload)
            enqueue("ledgers.import", title=say("ledgers.import_title", sheet=declared.zh, file=upload.name),
                    region_code=request.scope.home, owner=request.user, sheet=sheet, file=kept,
                    name=str(upload.name)[:100])  # fmt: skip
        except UserError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, _("文件已收下，正在逐行读取；结果见后台任务。"))
            return redirect("jobs:jobs")
    context = {"page_title": _("导入：%(sheet)s") % {"sheet": label(declared)}, "form": form, "sheet": declared}
    return render(request, "ledgers/import.html", context)


@needs(VIEW)
def file(request: Any, job_id: int) -> Any:
    """The file of one's own finished job: rows given back, or a list taken out."""
    found = Job.everything.filter(pk=job_id, owner=request.user, state=Job.DONE, kind__startswith="ledgers.").first()
    word = "export" if found is not None and found.kind == "ledgers.export" else "giveback"
    path = importing.kept(f"{word}-{job_id}.xlsx")
    if found is None or not path.exists():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"{found.title}.xlsx")


@needs("ledgers.approve")
@require_POST
def check(request: Any) -> HttpResponse:
    """Ask every check of the county again."""
    home = request.scope.home
    if level_of(home) not in ("county", "township"):
        raise PermissionDenied
    county = home[:6].ljust(12, "0")
    enqueue(CHECK, title=say("ledgers.check_title"), region_code=county, owner=request.user)
    messages.success(request, _("正在逐项检查台账；结果见后台任务。"))
    return redirect("ledgers:problems")


@needs(VIEW)
def problems(request: Any) -> HttpResponse:
    """The problems that stand, the newest first."""
    form = ProblemFilter(request.GET, request.scope)
    rows = selectors.problems(request.scope, form.asked())
    page = page_of(rows, "-id", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    places = full_names({one.region_code for one in page.rows})
    columns = [
        Column(_("问题"), lambda one: sheets()[one.sheet].checks[one.check_name].title, main=True,
               link=lambda one: tables.url_of(one.entry), second="text"),
        Column(_("条目"), "entry.title", second=lambda one: label(sheets()[one.sheet])),
        Column(_("地区"), lambda one: places.get(one.region_code)),
        Column(_("程度"), severity_of, kind="status"),
        Column(_("发现日期"), "since", kind="date"),
        Column(_("依据"), lambda one: sheets()[one.sheet].checks[one.check_name].source, minor=True),
    ]  # fmt: skip
    table = Table(
        columns, page.rows, _("台账问题"), page=page, count=rows.count(), walk=True,
        empty_title=_("没有发现问题"), empty_text=_("每次登记和每天早上都会检查；也可以现在重新检查。"),
    )  # fmt: skip
    context = {"page_title": _("台账问题"), "form": form, "table": table,
               "may_check": request.scope.has("ledgers.approve")}  # fmt: skip
    return render(request, "ledgers/problems.html", context)


def severity_of(flag: Any) -> Status:
    """How bad a problem is."""
    words = {"error": _("错误"), "warning": _("警告"), "suspect": _("疑点")}
    return Status(words[flag.severity], SEVERITIES[flag.severity])


@needs(VIEW)
def figures(request: Any, ledger: str) -> HttpResponse:
    """A ledger's figures by place, down to the village."""
    declared = ledgers().get(ledger)
    if declared is None:
        raise Http404
    place = request.GET.get("place", "")
    if not (place.isdigit() and len(place) == 12):
        place = request.scope.home
    found = selectors.figures(request.scope, declared, place)
    called = names({place, *found.parts})

    def name_of(code: str) -> str:
        return called.get(code, code) + (str(_("（本级）")) if code == place else "")

    def part(name: tuple[str, str], one: Figure, code: str) -> str:
        return figure_text(one, found.parts[code].get(name))

    shown = [(name, declared.sheets[name[0]].figures[name[1]]) for name in found.names]
    columns = [
        Column(_("地区"), name_of, main=True, link=lambda code: "" if code == place else f"?place={code}"),
        *(Column(f"{label(declared.sheets[name[0]])}：{label(one)}", partial(part, name, one), "number")
          for name, one in shown),
    ]  # fmt: skip
    total = [_("合计"), *(figure_text(one, found.whole.get(name)) for name, one in shown)]
    table = Table(columns, sorted(found.parts), label(declared), total=total if found.parts else (),
                  empty_title=_("这里还没有条目"))  # fmt: skip
    context = {
        "page_title": _("%(ledger)s指标") % {"ledger": label(declared)}, "ledger": declared, "table": table,
        "place": called.get(place, place),
        "tiles": [{"label": label(one), "figure": figure_text(one, found.whole.get(name)),
                   "note": label(declared.sheets[name[0]])} for name, one in shown],
    }  # fmt: skip
    return render(request, "ledgers/figures.html", context)


def figure_text(figure: Figure, value: Any) -> str:
    """A figure's value in words; a dash for none."""
    if value is None:
        return "—"
    match figure.type:
        case "fen":
            return str(yuan(int(value)))
        case "percent":
            return str(percent(value))
    return str(number(value))
