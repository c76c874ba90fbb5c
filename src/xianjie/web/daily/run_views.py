"""Pages of runs: list, one run, its changes, its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xianjie.messages import UserError
from xianjie.web import exporting
from xianjie.web.accounts.access import needs
from xianjie.web.audit.services import record
from xianjie.web.daily import comparing, run_page, runs, selectors
from xianjie.web.daily.forms import ChangesFilter, ReasonForm
from xianjie.web.daily.kinds import may_read
from xianjie.web.daily.models import Run
from xianjie.web.paging import page_of
from xianjie.web.regions.models import level_of
from xianjie.web.regions.selectors import names

TYPES = {".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".html": "text/html"}


def _run(request: Any, pk: int) -> Run:
    run = selectors.runs(request.scope).filter(pk=pk).first()
    if run is None:
        raise Http404
    return run


@needs("daily.view")
def run_list(request: Any) -> HttpResponse:
    """All runs in sight, the newest first, and the button that starts one."""
    try:
        page = page_of(
            selectors.runs(request.scope),
            "-id",
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    except UserError as error:
        messages.error(request, str(error))
        return redirect("daily:runs")
    counties = sorted({held.region_code for held in request.scope.holding("daily.run")})
    known = names({run.region_code for run in page.rows} | set(counties))
    context = {
        "page_title": _("每日比对"),
        "table": run_page.runs_table(page, known),
        "counties": [{"code": code, "name": known.get(code, code)} for code in counties if level_of(code) == "county"],
        "under_way": [run_page.job_part(run) for run in page.rows if not run.is_over and run.job],
        "schedules": run_page.schedules({run.region_code for run in page.rows} | set(counties), known),
    }
    return render(request, "daily/runs.html", context)


@require_POST
@needs("daily.run")
def start(request: Any) -> HttpResponse:
    """Start a run of a county."""
    code = request.POST.get("county", "")
    if level_of(code) != "county" or not request.scope.allows("daily.run", code):
        raise PermissionDenied
    try:
        run = runs.start_run(code, request.user)
    except UserError as error:
        messages.error(request, str(error))
        return redirect("daily:runs")
    return redirect("daily:run", run.pk)


@require_POST
@needs("daily.run")
def cancel(request: Any, pk: int) -> HttpResponse:
    """Stop a run."""
    run = _run(request, pk)
    if not request.scope.allows("daily.run", run.region_code):
        raise PermissionDenied
    runs.cancel_run(run)
    return redirect("daily:run", run.pk)


@require_POST
@needs("daily.run")
def resume(request: Any, pk: int) -> HttpResponse:
    """Go on with a run that was stopped."""
    run = _run(request, pk)
    if not request.scope.allows("daily.run", run.region_code):
        raise PermissionDenied
    try:
        runs.resume_run(run, request.user)
    except UserError as error:
        messages.error(request, str(error))
    return redirect("daily:run", run.pk)


@needs("daily.view")
def one_run(request: Any, pk: int) -> HttpResponse:
    """One run: while it goes on its progress, then what went in, what came out, what it changed."""
    run = _run(request, pk)
    may_run = request.scope.allows("daily.run", run.region_code)
    title = _("%(day)s 每日比对") % {"day": run.day.isoformat()}
    context: dict[str, Any] = {"page_title": title, "run": run, "may_run": may_run}
    if run.state != Run.DONE:
        cancel_url = reverse("daily:cancel", args=[run.pk]) if may_run else ""
        context |= {"part": run_page.job_part(run, cancel_url), "can_resume": may_run and runs.can_resume(run)}
        return render(request, "daily/run_under_way.html", context)
    other = _other(request, run)
    with comparing.compared(run, other, selectors.areas_in(request.scope, run)) as engine:
        kinds, towns = comparing.by_kind(engine), comparing.by_town(engine)
    known = names({row["town"] for row in towns} | {run.region_code})
    context |= run_page.whole(request.scope, run, other, kinds, towns, known)
    context["others"] = [
        {"pk": one.pk, "day": one.day, "chosen": other is not None and one.pk == other.pk}
        for one in selectors.runs(request.scope)
        .filter(region_code=run.region_code, state=Run.DONE)
        .exclude(pk=run.pk)[:60]
    ]
    return render(request, "daily/run.html", context)


def _other(request: Any, run: Run) -> Run | None:
    """The run to compare with: the one asked for by `?with=`, else the one before."""
    asked = request.GET.get("with", "")
    if not asked:
        return run.previous
    if not asked.isdigit():
        raise Http404
    other = _run(request, int(asked))
    if other.region_code != run.region_code or other.state != Run.DONE:
        raise Http404
    return other


def _asked(request: Any, run: Run) -> tuple[ChangesFilter, comparing.Asked]:
    form = ChangesFilter(request.scope, request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    return form, comparing.Asked(given.get("change", ""), given.get("finding", ""), given.get("region", ""))


@needs("daily.view")
def changes(request: Any, pk: int) -> HttpResponse:
    """The households behind the figures of a comparison."""
    run = _run(request, pk)
    if run.state != Run.DONE:
        raise Http404
    other = _other(request, run)
    form, asked = _asked(request, run)
    areas = selectors.areas_in(request.scope, run, "registry.view")
    try:
        with comparing.compared(run, other, areas) as engine:
            if "export" in request.GET:
                return _export(request, run, other, asked, engine)
            total = comparing.count(engine, asked)
            page = comparing.page(engine, asked, request.GET.get("after", ""), request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("daily:changes", run.pk)
    query = request.GET.copy()
    query["export"] = "1"
    export = f"?{query.urlencode()}" if request.scope.has("registry.export") else ""
    context = {
        "page_title": _("比对变化名单"),
        "run": run,
        "other": other,
        "form": form,
        "table": run_page.changes_table(request.scope, page, total, export),
        "back": reverse("daily:run", args=[run.pk]) + (f"?{urlencode({'with': other.pk})}" if other else ""),
    }
    return render(request, "daily/changes.html", context)


def _export(request: Any, run: Run, other: Run | None, asked: comparing.Asked, engine: Any) -> HttpResponse:
    areas = selectors.areas_in(request.scope, run, "registry.export")
    if not areas:
        raise PermissionDenied
    rows = [
        row for row in comparing.every(engine, asked) if any(low <= row["region_code"] < high for low, high in areas)
    ]
    listing = run_page.changes_listing(request.scope, run, other, {row["region_code"] for row in rows})
    for row in rows:
        row["readable"] = (
            row["text"] if may_read(request.scope, row["causes"], row["region_code"]) else _("（健康信息，已隐去）")
        )
    return exporting.workbook_response(
        listing, rows, verb="daily.export", region_code=run.region_code, asked=request.GET.dict()
    )


@needs("daily.view")
def run_file(request: Any, pk: int, path: str) -> HttpResponse:
    """Take a file of a run out, with a reason where it shows what the user does not see without asking."""
    run = _run(request, pk)
    found = next((one for one in selectors.run_files(request.scope, run) if one.path == path), None)
    if found is None:
        raise Http404
    form = ReasonForm(request.POST or None)
    if not request.scope.sees("health", found.region_code) and not (request.method == "POST" and form.is_valid()):
        context = {
            "page_title": _("下载比对结果"),
            "text": _("文件里有姓名和健康信息，请说明用途后下载。"),
            "facts": [{"label": _("文件"), "value": found.title}],
            "form": form,
            "action": _("下载"),
            "cancel_url": reverse("daily:run", args=[run.pk]),
        }
        return render(request, "components/confirm_page.html", context)
    why = form.cleaned_data["reason"] if form.is_bound else ""
    record("daily.download", subject=("run", str(run.pk)), region_code=found.region_code, why=why, after={"file": path})
    return _download(run.folder / found.path)


def _download(path: Path) -> Any:
    response = FileResponse(path.open("rb"), content_type=TYPES[path.suffix])
    response["Content-Disposition"] = f"attachment; filename=file{path.suffix}; filename*=UTF-8''{quote(path.name)}"
    response["Cache-Control"] = "no-store"
    return response
