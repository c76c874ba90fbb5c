"""Pages of policy documents: list, upload, clause tree, the text with its marks, a clause corrected, tasks made."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.documents import Document
from xianjie.documents.akn import to_akn
from xianjie.messages import UserError, say
from xianjie.web.accounts.access import needs
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status
from xianjie.web.paging import page_of
from xianjie.web.supervision import documents as services
from xianjie.web.supervision.areas import MANAGE, VIEW
from xianjie.web.supervision.document_forms import ClauseForm, DocumentFilter, DocumentForm, MakeTasksForm, Targets
from xianjie.web.supervision.document_models import Alignment, PolicyDocument
from xianjie.web.supervision.marking import marked, noise_word, spans
from xianjie.web.supervision.tasks import make_tasks, proposals

SORTS = ("-id", "title", "-title")
KINDS = {"part": 0, "clause": 1, "group": 1}


def find(request: Any, pk: int, *, parsed: bool = True) -> PolicyDocument:
    """A document that the user reads. Raises `Http404` otherwise, and for one that is not parsed yet."""
    found = services.documents(request.scope).filter(pk=pk).first()
    if found is None or (parsed and found.state != PolicyDocument.PARSED):
        raise Http404
    return found


def level_word(level: str) -> str:
    """A document's level."""
    return say(f"supervision.level_{level}") if level else ""


def _state(one: PolicyDocument) -> Status:
    words = {
        PolicyDocument.WAITING: (_("解析中"), "info"),
        PolicyDocument.PARSED: (_("已解析"), "good"),
        PolicyDocument.FAILED: (_("无法解析"), "bad"),
    }
    return Status(*words[one.state])


@needs(VIEW)
def documents(request: Any) -> HttpResponse:
    """The list of documents."""
    form = DocumentFilter(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = services.document_list(request.scope)
    if words := wanted.get("q"):
        rows = rows.filter(Q(title__contains=words) | Q(number__contains=words))
    if wanted.get("level"):
        rows = rows.filter(level=wanted["level"])
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "-id"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    columns = [
        Column(_("文件"), "title", main=True, sort="title", second="number",
               link=lambda one: reverse("supervision:document", args=[one.pk])),
        Column(_("发文层级"), lambda one: level_word(one.level)),
        Column(_("发文日期"), "issued_on", kind="date"),
        Column(_("状态"), _state, kind="status"),
        Column(_("任务数"), "task_count", kind="number"),
        Column(_("上传日期"), "added_on", kind="date", minor=True),
    ]  # fmt: skip
    table = Table(columns, page.rows, _("政策文件"), page=page, count=rows.count(), sort=sort, walk=True,
                  empty_title=_("还没有政策文件"),
                  empty_text=_("上传上级或本级文件，系统拆成条款、目标和责任单位。"))  # fmt: skip
    return render(request, "supervision/documents.html", {
        "page_title": _("政策文件"), "form": form, "table": table, "may_add": request.scope.has(MANAGE),
    })  # fmt: skip


@needs(MANAGE)
def add(request: Any) -> HttpResponse:
    """Upload a document."""
    form = DocumentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        made = services.add_document(request.scope, owner=request.user, **form.cleaned_data)
        messages.success(request, _("文件已上传，正在解析；稍后刷新本页。"))
        return redirect("supervision:document", pk=made.pk)
    return render(request, "supervision/form.html", {
        "page_title": _("上传政策文件"), "form": form, "send": _("上传并解析"), "files": True,
        "back": (_("政策文件"), reverse("supervision:documents")),
    })  # fmt: skip


@needs(VIEW)
def document(request: Any, pk: int) -> HttpResponse:
    """A document's clause tree with targets, units and what people corrected."""
    found = find(request, pk, parsed=False)
    context: dict[str, Any] = {"page_title": found.title, "page_subtitle": found.number, "document": found,
                               "state": _state(found)}  # fmt: skip
    if found.state != PolicyDocument.PARSED:
        return render(request, "supervision/document.html", context)
    corrected = services.corrections(found)
    read = services.effective(found, corrected)
    pairs = Alignment.everything.filter(Q(lower=found) | Q(upper=found)).select_related("lower", "upper")
    seen = services.documents(request.scope).values_list("pk", flat=True)
    others = services.documents(request.scope).filter(state=PolicyDocument.PARSED).exclude(pk=pk)
    context |= {
        "facts": _facts(found, read), "clauses": _clauses(found, read, corrected), "problems": read.problems,
        "may_manage": services.may_manage(request.scope, found), "alignments": pairs.filter(
            lower__in=seen, upper__in=seen).defer("result", "lower__source", "lower__parsed", "upper__source",
                                                  "upper__parsed").order_by("pk"),
        "others": others.only("pk", "title").order_by("-pk")[:200],
        "noise": [(noise_word(one.why), found.source[one.start : one.end].strip()[:200])
                  for one in read.noise if one.why not in ("blank", "title")],
    }  # fmt: skip
    return render(request, "supervision/document.html", context)


def _facts(found: PolicyDocument, read: Document) -> list[dict[str, Any]]:
    explicit = sum(one.tier == "explicit" for one in read.targets)
    return [
        {"label": _("发文层级"), "value": level_word(found.level)},
        {"label": _("发文机关"), "value": read.head.issuer},
        {"label": _("原文件"), "value": found.file_name},
        {"label": _("条款"), "value": len(read.clauses)},
        {"label": _("量化目标"), "value": explicit},
        {"label": _("责任单位"), "value": len({one.canonical for one in read.units})},
    ]


def _clauses(found: PolicyDocument, read: Document, corrected: dict[str, Any]) -> list[dict[str, Any]]:
    """The clauses in order with their depth, their text marked, their targets and units."""
    marks = spans(read)
    depth: dict[str | None, int] = {None: -1}
    rows = []
    for clause in read.clauses:
        depth[clause.id] = depth.get(clause.parent, -1) + 1
        inside = [one for one in marks if one.start < clause.end and one.end > clause.start]
        rows.append(
            {
                "clause": clause, "depth": min(depth[clause.id], 4), "one": corrected.get(clause.id),
                "text": marked(found.source, clause.start, clause.end, inside),
                "targets": [one for one in read.targets if one.clause_id == clause.id],
                "units": [(say(f"documents.role_{one.role}"), one.canonical)
                          for one in read.units if one.clause_id == clause.id],
            }
        )  # fmt: skip
    return rows


@needs(VIEW)
def text(request: Any, pk: int) -> HttpResponse:
    """The whole text as it was read, with everything marked, noise too."""
    found = find(request, pk)
    whole = marked(found.source, 0, len(found.source), spans(services.effective(found)))
    return render(request, "supervision/document_text.html", {
        "page_title": _("原文与标注"), "document": found, "text": whole,
    })  # fmt: skip


@needs(VIEW)
def akn(request: Any, pk: int) -> HttpResponse:
    """The document as Akoma Ntoso, for other legal tools."""
    found = find(request, pk)
    response = HttpResponse(to_akn(services.effective(found)), content_type="application/xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="document-{pk}.akn.xml"'
    return response


@needs(MANAGE)
def clause(request: Any, pk: int, clause: str) -> HttpResponse:
    """Correct how a clause is read."""
    found = find(request, pk)
    read = services.effective(found)
    one = next((one for one in read.clauses if one.id == clause), None)
    if one is None or not services.may_manage(request.scope, found):
        raise Http404
    units = [unit for unit in read.units if unit.clause_id == clause]
    roles = {"lead": ("lead", "lead_implied"), "joint": ("joint",), "local": ("local",)}
    first = {name: "、".join(unit.canonical for unit in units if unit.role in kinds) for name, kinds in roles.items()}
    form = ClauseForm(request.POST or None, initial={"title": one.title, **first})
    known = [{"indicator": target.indicator, "operator": target.operator or ">=", "value": target.value or "",
              "unit": target.unit or "", "due": target.due}
             for target in read.targets if target.clause_id == clause]  # fmt: skip
    targets = Targets(request.POST or None, initial=known, prefix="targets")
    if request.method == "POST" and form.is_valid() and targets.is_valid():
        content = {**form.cleaned_data, "targets": [
            row.content for row in targets.forms if row.cleaned_data and not row.cleaned_data.get("DELETE")
        ]}  # fmt: skip
        services.correct_clause(request.scope, found, clause, content)
        messages.success(request, _("已保存更正；以后重新解析也以此为准。"))
        return redirect(reverse("supervision:document", args=[pk]) + f"#c-{clause}")
    return render(request, "supervision/clause.html", {
        "page_title": _("更正条款"), "document": found, "form": form, "targets": targets, "key": clause,
        "text": marked(found.source, one.start, one.end, spans(read)),
    })  # fmt: skip


@needs(MANAGE)
def make(request: Any, pk: int) -> HttpResponse:
    """Choose the clauses that become tasks."""
    found = find(request, pk)
    if not services.may_manage(request.scope, found):
        raise Http404
    offered = proposals(found)
    open_ones = [one.clause_id for one, made in offered if not made]
    first = {"clause": [one.clause_id for one, made in offered if not made and not one.general], "year": today().year}
    form = MakeTasksForm(request.POST or None, clauses=open_ones, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            given = form.cleaned_data
            made = make_tasks(request.scope, found, given["clause"], given["year"])
            messages.success(request, _("已生成 %(n)d 项任务。") % {"n": len(made)})
            return redirect(reverse("supervision:tasks") + f"?document={pk}")
        except UserError as error:
            form.add_error(None, str(error))
    chosen = set(request.POST.getlist("clause")) if request.method == "POST" else set(first["clause"])  # type: ignore[call-overload]
    return render(request, "supervision/make_tasks.html", {
        "page_title": _("由条款生成任务"), "document": found, "form": form,
        "offered": [{"one": one, "made": made, "checked": one.clause_id in chosen} for one, made in offered],
    })  # fmt: skip
