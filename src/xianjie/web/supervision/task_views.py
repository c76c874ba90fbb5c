"""Pages of the task ledger: list, one task with its reports, make and change, take out and take in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases import papers
from xianjie.web.cases.forms import PAPER_TYPES
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status, day
from xianjie.web.paging import page_of
from xianjie.web.supervision import reporting, task_sheets, tasks
from xianjie.web.supervision.areas import MANAGE, VIEW
from xianjie.web.supervision.documents import FOLDER, documents
from xianjie.web.supervision.target_models import Target
from xianjie.web.supervision.target_views import state_word
from xianjie.web.supervision.task_forms import (
    STATES,
    ConfirmForm,
    ReportForm,
    TaskFilter,
    TaskForm,
    UploadForm,
    WhyForm,
    years_text,
)
from xianjie.web.supervision.task_models import Order, Report, Task, TaskUnit
from xianjie.web.words import code_label

SORTS = ("due_on", "-due_on", "title", "-title", "id", "-id")
PROOF = 100  # reports shown on a task's page


def find(request: Any, pk: int) -> Task:
    """A task that the user sees. Raises `Http404` otherwise."""
    found = tasks.tasks(request.scope).select_related("document").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def state_of(task: Task) -> Status:
    """A task's state, with how late it is."""
    word = str(dict(STATES)[task.state])
    if task.state in Task.RUNNING and task.due_on < today():
        return Status(_("%(state)s，超期 %(days)d 天") % {"state": word, "days": (today() - task.due_on).days}, "bad")
    tones = {Task.OPEN: "info", Task.REPORTED: "warn", Task.DONE: "good", Task.DROPPED: "neutral"}
    return Status(word, tones[task.state])


def _wanted(request: Any) -> tuple[TaskFilter, dict[str, Any]]:
    form = TaskFilter(request.GET or None)
    return form, form.cleaned_data if form.is_bound and form.is_valid() else {}


@needs(VIEW)
def ledger(request: Any) -> HttpResponse:
    """The task ledger, what is due first first."""
    form, wanted = _wanted(request)
    rows: QuerySet[Task] = tasks.task_list(request.scope, wanted)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "due_on"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    units = tasks.with_units(page.rows)
    columns = [
        Column(_("任务"), "title", main=True, sort="title", second=lambda one: one.goal[:80],
               link=lambda one: reverse("supervision:task", args=[one.pk])),
        Column(_("牵头单位"), lambda one: "、".join(tasks.names_by_role(units[one.pk])["lead"])),
        Column(_("配合及属地"), lambda one: _others(units[one.pk]), minor=True),
        Column(_("年度"), "year", kind="code", minor=True),
        Column(_("完成时限"), "due_on", kind="date", sort="due_on"),
        Column(_("状态"), state_of, kind="status"),
        Column(_("最近报告"), "told_on", kind="date"),
        Column(_("来源文件"), lambda one: one.document.title if one.document else "", minor=True),
    ]  # fmt: skip
    export = reverse("supervision:task_export") + ("?" + request.GET.urlencode() if request.GET else "")
    table = Table(columns, page.rows, _("任务台账"), page=page, count=rows.count(), sort=sort, walk=True, export=export,
                  empty_title=_("没有任务"), empty_text=_("在政策文件页由条款生成任务，或直接新建。"))  # fmt: skip
    return render(request, "supervision/tasks.html", {
        "page_title": _("任务台账"), "form": form, "table": table, "may_manage": request.scope.has(MANAGE),
    })  # fmt: skip


def _others(units: list[TaskUnit]) -> str:
    names = [one.name for one in units if one.role != TaskUnit.LEAD]
    return "、".join(names) if len(names) <= 4 else _("%(first)s等 %(n)d 个单位") % {"first": names[0], "n": len(names)}


@needs(VIEW)
def task(request: Any, pk: int) -> HttpResponse:
    """One task: what is asked, of whom, what they told, and the forms to go on."""
    return _page(request, find(request, pk))


def _page(request: Any, found: Task, typed: ConfirmForm | None = None) -> HttpResponse:
    """The task's page; `typed`: a confirmation that was sent and could not be taken."""
    units = tasks.with_units([found])[found.pk]
    mine = list(reporting.units_to_report(request.scope, found)) if found.state in Task.RUNNING else []
    targets = list(Target.everything.filter(task=found).order_by("pk"))
    manages = request.scope.allows(MANAGE, found.region_code)
    judged = manages and found.state == Task.REPORTED
    asked = [one for one in targets if not one.indicator]
    sent = request.method == "POST" and typed is None
    form = ReportForm(request.POST if sent else None, request.FILES if sent else None, units=mine, targets=asked,
                      initial={"seen": found.revision}) if mine else None  # fmt: skip
    if sent and form and form.is_valid() and _tell(request, mine, form):
        return redirect("supervision:task", pk=found.pk)
    reports = Report.everything.filter(unit__task=found).select_related("unit").order_by("-pk")[:PROOF]
    given = tasks.given_of(found)
    context = {
        "page_title": found.title, "page_subtitle": found.part, "task": found, "state": state_of(found), "form": form,
        "facts": _facts(found), "units": units, "years": years_text(given.years).splitlines(),
        "targets": [(one, state_word(one.state)) for one in targets], "known": reporting.known_figures(found),
        "history": [_event(one) for one in reports], "manages": manages,
        "orders": Order.everything.filter(task=found).order_by("-pk"),
        "confirm": (typed or ConfirmForm(initial={"seen": found.revision})) if judged else None,
        "short": [one for one in targets if one.state not in (Target.REACHED, Target.UNKNOWN)]
        if found.state in (Task.REPORTED, Task.DONE) else [],
        "sees_document": found.document and documents(request.scope).filter(pk=found.document_id or 0).exists(),
    }  # fmt: skip
    return render(request, "supervision/task.html", context)


def _tell(request: Any, mine: list[TaskUnit], form: ReportForm) -> bool:
    """Record the report; False, with the reason in the form, when it cannot be."""
    given = form.cleaned_data
    unit = next(one for one in mine if str(one.pk) == given["unit"])
    try:
        file = papers.keep(given["file"], FOLDER) if given["file"] else ""
        told = reporting.Told(given["text"], given["done"], file, form.figures)
        reporting.tell(request.scope, unit, told, seen=given["seen"])
    except UserError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("已记录进展。"))
    return True


def _facts(found: Task) -> list[dict[str, Any]]:
    return [
        {"label": _("来源文件"), "value": found.document.title if found.document else ""},
        {"label": _("条款"), "value": found.clause},
        {"label": _("落实层级"), "value": code_label("region_level", found.level)},
        {"label": _("年度"), "value": found.year},
        {"label": _("完成时限"), "value": day(found.due_on)},
        {"label": _("最近报告"), "value": day(found.told_on) if found.told_on else ""},
        {"label": _("目标"), "value": found.goal, "wide": True},
        {"label": _("任务内容"), "value": found.content, "wide": True},
    ]


def _event(one: Report) -> dict[str, Any]:
    lines = [one.text]
    lines += [f"{figure['title']}：{figure['value']:g}{figure['unit']}" for figure in one.figures]
    lines += [_("系统数据 %(title)s：%(value)s%(unit)s（%(day)s）") % {**figure, "value": f"{figure['value']:g}"}
              for figure in one.known]  # fmt: skip
    if one.file:
        lines.append(_("附材料（点标题查看）"))
    return {
        "date": one.day, "title": one.unit.name, "source": one.by_name or one.by, "text": "\n".join(lines),
        "status": Status(_("报告完成"), "good") if one.done else "", "icon": "check" if one.done else "edit",
        "url": reverse("supervision:report_paper", args=[one.unit.task_id, one.pk]) if one.file else "",
    }  # fmt: skip


@needs(VIEW)
def report_paper(request: Any, pk: int, report_pk: int) -> Any:
    """A paper handed in with a report."""
    found = find(request, pk)
    told = Report.everything.filter(unit__task=found, pk=report_pk).first()
    return paper(told.file if told else "")


def paper(name: str) -> Any:
    """A kept file. Raises `Http404` when there is none."""
    if not name or not (path := papers.path_of(name, FOLDER)).exists():
        raise Http404
    return FileResponse(
        path.open("rb"), content_type=PAPER_TYPES[path.suffix], headers={"X-Content-Type-Options": "nosniff"}
    )


@needs(MANAGE)
@require_POST
def confirm(request: Any, pk: int) -> HttpResponse:
    """Confirm that a task is done, or send it back."""
    found = find(request, pk)
    form = ConfirmForm(request.POST)
    if form.is_valid():
        try:
            given = form.cleaned_data
            confirmed = "back" not in request.POST
            reporting.confirm(request.scope, found, confirmed=confirmed, why=given["why"], seen=given["seen"])
            messages.success(request, _("已核实办结。") if confirmed else _("已退回，继续推进。"))
            return redirect("supervision:task", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    return _page(request, found, form)


@needs(MANAGE)
def add(request: Any) -> HttpResponse:
    """A task by hand."""
    form = TaskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = tasks.add_task(request.scope, form.given)
            messages.success(request, _("已新建任务。"))
            return redirect("supervision:task", pk=made.pk)
        except UserError as error:
            form.add_error(None, str(error))
    return _form(request, _("新建任务"), form, reverse("supervision:tasks"))


@needs(MANAGE)
def change(request: Any, pk: int) -> HttpResponse:
    """Change a task."""
    found = find(request, pk)
    if not request.scope.allows(MANAGE, found.region_code):
        raise Http404
    form = TaskForm(request.POST or None, initial=TaskForm.initial_of(tasks.given_of(found), found.revision))
    if request.method == "POST" and form.is_valid():
        try:
            tasks.change_task(request.scope, found, form.given, seen=form.cleaned_data["seen"])
            messages.success(request, _("已保存。"))
            return redirect("supervision:task", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    return _form(request, _("修改任务"), form, reverse("supervision:task", args=[pk]))


@needs(MANAGE)
def drop(request: Any, pk: int) -> HttpResponse:
    """Take a task off the ledger, with a reason."""
    found = find(request, pk)
    if not request.scope.allows(MANAGE, found.region_code):
        raise Http404
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tasks.drop_task(request.scope, found, form.cleaned_data["why"])
        messages.success(request, _("已取消任务。"))
        return redirect("supervision:tasks")
    return _form(request, _("取消任务"), form, reverse("supervision:task", args=[pk]), send=_("取消任务"))


def _form(request: Any, title: str, form: Any, back: str, send: str = "", **more: Any) -> HttpResponse:
    return render(request, "supervision/form.html", {
        "page_title": title, "form": form, "send": send or _("保存"), "back": (_("任务台账"), back), **more,
    })  # fmt: skip


@needs(VIEW)
def export(request: Any) -> HttpResponse:
    """The ledger as Excel, by the list's filters; the same file can be taken in again."""
    wanted = _wanted(request)[1]
    return task_sheets.ledger_response(request, tasks.task_list(request.scope, wanted).order_by("pk"), wanted)


@needs(MANAGE)
def upload(request: Any) -> HttpResponse:
    """Take a changed ledger in: what would change is shown first, then all of it is done or nothing."""
    form = UploadForm(request.POST if "file" in request.FILES else None, request.FILES or None)
    context: dict[str, Any] = {"page_title": _("导入任务台账"), "form": form}
    try:
        if request.method == "POST" and "kept" in request.POST:
            done = task_sheets.apply(request.scope, request.POST["kept"])
            messages.success(request, _("已新增 %(new)d 项、修改 %(changed)d 项任务。") % done)
            return redirect("supervision:tasks")
        if request.method == "POST" and form.is_valid():
            context |= {"kept": (kept := task_sheets.keep(form.cleaned_data["file"])),
                        "plan": task_sheets.plan(request.scope, kept)}  # fmt: skip
    except UserError as error:
        messages.error(request, str(error))
    return render(request, "supervision/upload.html", context)
