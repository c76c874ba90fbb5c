"""Pages of two documents side by side: links with their differences, a link decided, what nothing implements."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xianjie.messages import UserError, say
from xianjie.web.accounts.access import needs
from xianjie.web.exporting import Column, Listing, workbook_response
from xianjie.web.supervision import documents as services
from xianjie.web.supervision.areas import MANAGE, VIEW
from xianjie.web.supervision.document_forms import LinkForm
from xianjie.web.supervision.document_models import Alignment
from xianjie.web.supervision.document_views import find

TONES = {"same": "good", "concretised": "info", "extended": "info", "partial": "warn", "new": "neutral"}


@needs(MANAGE)
@require_POST
def start(request: Any, pk: int) -> HttpResponse:
    """Hold a document against the chosen one above it."""
    lower = find(request, pk)
    chosen = request.POST.get("upper", "")
    upper = find(request, int(chosen)) if chosen.isdigit() else None
    if upper is None:
        messages.error(request, _("请选择上级文件。"))
        return redirect("supervision:document", pk=pk)
    try:
        pair = services.hold_against(request.scope, lower, upper, request.user)
    except UserError as error:
        messages.error(request, str(error))
        return redirect("supervision:document", pk=pk)
    return redirect("supervision:alignment", pk=pair.pk)


def _pair(request: Any, pk: int) -> Alignment:
    found = Alignment.everything.select_related("lower", "upper").filter(pk=pk).first()
    seen = services.documents(request.scope)
    if found is None or seen.filter(pk__in=[found.lower_id, found.upper_id]).count() != 2:
        raise Http404
    return found


@needs(VIEW)
def alignment(request: Any, pk: int) -> HttpResponse:
    """Lower and upper side by side."""
    pair = _pair(request, pk)
    context: dict[str, Any] = {"page_title": _("上下级文件比对"), "pair": pair}
    if pair.ready:
        found = services.links(pair)
        only = request.GET.get("only", "")
        missing = services.not_implemented(pair, found)
        titles = _clauses(pair.upper)
        context |= {
            "rows": _rows(pair, [one for one in found if not only or _is(one, only)]), "only": only,
            "missing": [titles[one] for one in missing], "tabs": _tabs(found, only), "scope_missing": len(missing),
            "may_manage": services.may_manage(request.scope, pair.lower),
        }  # fmt: skip
    return render(request, "supervision/alignment.html", context)


def _is(link: dict[str, Any], only: str) -> bool:
    return bool(link["changed"]) if only == "changed" else link["relation"] == only


def _tabs(found: list[dict[str, Any]], only: str) -> list[dict[str, Any]]:
    """All links, and those of each relation, with their numbers."""
    kinds = ["", *dict.fromkeys(one["relation"] for one in found), "changed"]
    words = {"": _("全部"), "changed": _("数字或对象有变")}
    return [
        {"label": words.get(kind) or say(f"documents.relation_{kind}"), "url": f"?only={kind}" if kind else "?",
         "active": kind == only, "count": sum(not kind or _is(one, kind) for one in found)}
        for kind in kinds
    ]  # fmt: skip


def _clauses(document: Any) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in document.parsed["clauses"]}


def _rows(pair: Alignment, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    below, above = _clauses(pair.lower), _clauses(pair.upper)
    rows = []
    for link in found:
        lower, uppers = below[link["lower_id"]], [above[one["id"]] for one in link["upper"] if one["id"] in above]
        first = uppers[0]["text"] if uppers else ""
        rows.append(
            {
                "link": link, "lower": lower, "uppers": uppers,
                "relation": say(f"documents.relation_{link['relation']}"),
                "tone": TONES[link["relation"]],
                "coverage": say(f"documents.coverage_{link['coverage']}") if link["coverage"] else "",
                "lower_text": highlighted(lower["text"], link["added"], [one["to"] for one in link["changed"]]),
                "upper_text": highlighted(first, link["dropped"], [one["from"] for one in link["changed"]]),
            }
        )  # fmt: skip
    return rows


def highlighted(text: str, only_here: list[str], changed: list[str]) -> SafeString:
    """A clause's text with the phrases that only it has, and the words that differ, marked by sign and colour."""
    marks: list[tuple[int, int, str]] = []
    for kind, pieces in (("changed", changed), ("only", only_here)):
        for piece in pieces:
            place = text.find(piece) if piece else -1
            if place >= 0 and not any(a < place + len(piece) and place < b for a, b, _kind in marks):
                marks.append((place, place + len(piece), kind))
    parts: list[Any] = []
    at = 0
    for start_, end, kind in sorted(marks):
        parts.append(conditional_escape(text[at:start_]))
        word = _("有变") if kind == "changed" else _("仅此有")
        parts.append(format_html('<mark class="piece-{}" title="{}">{}</mark>', kind, word, text[start_:end]))
        at = end
    parts.append(conditional_escape(text[at:]))
    return mark_safe("".join(parts))


@needs(MANAGE)
def link(request: Any, pk: int, clause: str) -> HttpResponse:
    """Decide which upper clauses a clause implements, and how."""
    pair = _pair(request, pk)
    if not pair.ready or not services.may_manage(request.scope, pair.lower):
        raise Http404
    one = next((one for one in services.links(pair) if one["lower_id"] == clause), None)
    if one is None:
        raise Http404
    first = {"upper": [chosen["id"] for chosen in one["upper"]], "relation": one["relation"], "note": one["note"]}
    form = LinkForm(request.POST or None, clauses=pair.upper.parsed["clauses"], initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            services.decide_link(request.scope, pair, clause, **form.cleaned_data)
            messages.success(request, _("已保存；以后重新比对也以此为准。"))
            return redirect(reverse("supervision:alignment", args=[pk]) + f"#l-{clause}")
        except UserError as error:
            form.add_error(None, str(error))
    return render(request, "supervision/link.html", {
        "page_title": _("确定对应关系"), "pair": pair, "form": form, "clause": _clauses(pair.lower)[clause],
    })  # fmt: skip


@needs(VIEW)
def export(request: Any, pk: int) -> HttpResponse:
    """The links as a list, upper clauses without any at its end."""
    pair = _pair(request, pk)
    if not pair.ready:
        raise Http404
    found = services.links(pair)
    below, above = _clauses(pair.lower), _clauses(pair.upper)
    rows = [
        {"clause": one["lower_id"], "title": below[one["lower_id"]]["title"],
         "upper": "、".join(upper["id"] for upper in one["upper"]),
         "upper_title": "；".join(above[upper["id"]]["title"] for upper in one["upper"]),
         "relation": say(f"documents.relation_{one['relation']}"), "by": one["by"] or _("系统建议"),
         "added": "；".join(one["added"]), "dropped": "；".join(one["dropped"]),
         "changed": "；".join(f"{swap['from']}→{swap['to']}" for swap in one["changed"])}
        for one in found
    ]  # fmt: skip
    empty = dict.fromkeys(("clause", "title", "by", "added", "dropped", "changed"), "")
    rows += [{**empty, "upper": one, "upper_title": above[one]["title"], "relation": _("未落实")}
             for one in services.not_implemented(pair, found)]  # fmt: skip
    columns = [
        Column(_("条款"), "clause"), Column(_("任务名称"), "title", 30), Column(_("上级条款"), "upper"),
        Column(_("上级任务"), "upper_title", 30), Column(_("关系"), "relation"), Column(_("依据"), "by"),
        Column(_("新增内容"), "added", 50), Column(_("未提内容"), "dropped", 50), Column(_("变化"), "changed", 30),
    ]  # fmt: skip
    return workbook_response(Listing(_("上下级文件比对"), columns), rows, verb="supervision.export",
                             region_code=pair.lower.region_code)  # fmt: skip
