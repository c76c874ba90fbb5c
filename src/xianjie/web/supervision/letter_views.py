"""Pages of responsibility letters: list, draw up, one letter with its Word file and signatures."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.audit.services import record
from xianjie.web.cases import papers
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status, day
from xianjie.web.paging import page_of
from xianjie.web.supervision import letters as services
from xianjie.web.supervision.areas import MANAGE, VIEW
from xianjie.web.supervision.documents import FOLDER
from xianjie.web.supervision.task_forms import LetterForm, SignForm
from xianjie.web.supervision.task_models import Letter
from xianjie.web.supervision.task_views import paper

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SORTS = ("-year", "year", "unit", "-unit")


def state_of(one: Letter) -> Status:
    """Where a letter stands."""
    if one.archived_on:
        return Status(_("已归档"), "good")
    signed = [bool(one.upper_signed_on), bool(one.signed_on)]
    return Status(
        {0: _("待签"), 1: _("一方已签"), 2: _("双方已签，待传签字件")}[sum(signed)], "warn" if any(signed) else "info"
    )


def find(request: Any, pk: int) -> Letter:
    """A letter that the user sees. Raises `Http404` otherwise."""
    found = services.letters(request.scope).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@needs(VIEW)
def letters(request: Any) -> HttpResponse:
    """The list of letters, the newest year first."""
    rows = services.letters(request.scope)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "-year"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    columns = [
        Column(
            _("责任单位"), "unit", main=True, sort="unit", link=lambda one: reverse("supervision:letter", args=[one.pk])
        ),
        Column(_("负责人"), "head"),
        Column(_("年度"), "year", kind="code", sort="-year"),
        Column(_("任务数"), lambda one: len(one.tasks), kind="number"),
        Column(_("状态"), state_of, kind="status"),
    ]
    table = Table(columns, page.rows, _("责任书"), page=page, count=rows.count(), sort=sort, walk=True,
                  empty_title=_("没有责任书"))  # fmt: skip
    return render(request, "supervision/letters.html", {
        "page_title": _("责任书"), "table": table, "may_manage": request.scope.has(MANAGE),
    })  # fmt: skip


@needs(MANAGE)
def add(request: Any) -> HttpResponse:
    """Draw a letter up."""
    form = LetterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.draw_up(request.scope, **form.cleaned_data)
            return redirect("supervision:letter", pk=made.pk)
        except UserError as error:
            form.add_error(None, str(error))
    return render(request, "supervision/form.html", {
        "page_title": _("起草责任书"), "form": form, "send": _("起草"),
        "back": (_("责任书"), reverse("supervision:letters")),
    })  # fmt: skip


@needs(VIEW)
def letter(request: Any, pk: int) -> HttpResponse:
    """One letter: its tasks, its Word file, its signatures."""
    found = find(request, pk)
    manages = request.scope.allows(MANAGE, found.region_code) and not found.archived_on
    first = {"upper_signed_on": found.upper_signed_on, "signed_on": found.signed_on}
    form = SignForm(request.POST or None, request.FILES or None, initial=first) if manages else None
    if request.method == "POST" and form and form.is_valid():
        try:
            given = form.cleaned_data
            file = papers.keep(given["file"], FOLDER) if given["file"] else ""
            services.sign(request.scope, found, **{**given, "file": file})
            messages.success(request, _("已归档。") if found.archived_on else _("已保存。"))
            return redirect("supervision:letter", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    facts = [
        {"label": _("甲方"), "value": f"{found.upper_unit} {found.upper_head}"},
        {"label": _("乙方"), "value": f"{found.unit} {found.head}"},
        {"label": _("甲方签字日期"), "value": day(found.upper_signed_on) if found.upper_signed_on else ""},
        {"label": _("乙方签字日期"), "value": day(found.signed_on) if found.signed_on else ""},
        {"label": _("归档日期"), "value": day(found.archived_on) if found.archived_on else ""},
    ]
    columns = [
        Column(_("任务"), "title", main=True), Column(_("角色"), "role"), Column(_("目标"), "goal", kind="long"),
        Column(_("完成时限"), "due", kind="code"),
    ]  # fmt: skip
    return render(request, "supervision/letter.html", {
        "page_title": _("%(year)d 年度责任书：%(unit)s") % {"year": found.year, "unit": found.unit}, "letter": found,
        "state": state_of(found), "facts": facts, "form": form,
        "table": Table(columns, found.tasks, _("责任书任务"), count=len(found.tasks)),
    })  # fmt: skip


@needs(VIEW)
def word(request: Any, pk: int) -> HttpResponse:
    """The letter as a Word file."""
    found = find(request, pk)
    response = HttpResponse(services.as_word(found), content_type=WORD)
    name = quote(f"责任书-{found.unit}-{found.year}.docx")
    response["Content-Disposition"] = f"attachment; filename=letter.docx; filename*=UTF-8''{name}"
    record("supervision.letter_out", subject=("letter", str(pk)), region_code=found.region_code)
    return response


@needs(VIEW)
def letter_paper(request: Any, pk: int) -> Any:
    """The signed sheet."""
    return paper(find(request, pk).file)
