"""Pages of the policy list: list with what runs out, record, change, end."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.dictionary import dictionary
from xianjie.messages import UserError, say
from xianjie.web.accounts.access import needs
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status
from xianjie.web.exporting import Column as Cell
from xianjie.web.exporting import Listing, workbook_response
from xianjie.web.paging import page_of
from xianjie.web.supervision import policies as services
from xianjie.web.supervision.areas import MANAGE, VIEW
from xianjie.web.supervision.declared import days, transition_ends
from xianjie.web.supervision.task_forms import EndPolicyForm, PolicyFilter, PolicyForm
from xianjie.web.supervision.task_models import Policy
from xianjie.web.words import department_name

SORTS = ("title", "-title", "id", "-id")


def state_of(one: Policy) -> Status:
    """Whether a policy holds, and whether something follows when it runs out."""
    end = services.runs_out_on(one)
    if one.begins_on and one.begins_on > today():
        return Status(_("尚未执行"), "neutral")
    if one.ends_on and one.ends_on < today():
        return Status(_("已停止"), "neutral")
    if end and end < today():
        return Status(_("已过有效期，未接续") if not services.followed(one) else _("已过有效期"), "bad")
    if end and (end - today()).days <= days("runs_out_days"):
        left = (end - today()).days
        word = _("%(days)d 天后到期") % {"days": left}
        return Status(word, "info") if services.followed(one) else Status(_("%(word)s，未接续") % {"word": word}, "bad")
    return Status(_("执行中"), "good")


def find(request: Any, pk: int, permission: str = VIEW) -> Policy:
    """A policy that the user sees. Raises `Http404` otherwise, and for one that is not theirs to change."""
    found = services.policies(request.scope, permission).filter(pk=pk).first()
    if found is None or (permission == MANAGE and not request.scope.allows(MANAGE, found.region_code)):
        raise Http404
    return found


def _chosen(request: Any) -> tuple[PolicyFilter, Any]:
    form = PolicyFilter(request.GET or None)
    return form, services.policy_list(request.scope, form.cleaned_data if form.is_bound and form.is_valid() else {})


@needs(VIEW)
def policies(request: Any) -> HttpResponse:
    """The policy list."""
    form, rows = _chosen(request)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "id"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    manages = request.scope.has(MANAGE)
    columns = [
        Column(_("政策"), "title", main=True, sort="title", second="number",
               link=lambda one: reverse("supervision:policy", args=[one.pk]) if manages else ""),
        Column(_("分类"), lambda one: Policy.KINDS[one.kind]),
        Column(_("主管部门"), lambda one: department_name(one.department)),
        Column(_("执行起始"), "begins_on", kind="date", minor=True),
        Column(_("到期"), services.runs_out_on, kind="date"),
        Column(_("接续政策"), lambda one: one.successor.title if one.successor else "",
               second=lambda one: one.successor and one.successor.begins_on),
        Column(_("状态"), state_of, kind="status"),
    ]  # fmt: skip
    export = reverse("supervision:policy_export") + ("?" + request.GET.urlencode() if request.GET else "")
    table = Table(columns, page.rows, _("政策清单"), page=page, count=rows.count(), sort=sort, export=export,
                  empty_title=_("没有政策"),
                  empty_text=_("把现有帮扶政策逐项登记，分为延续、优化、调整。"))  # fmt: skip
    tiles = [
        {"label": say(f"supervision.keep_{one['name']}"), "figure": one["figure"],
         "note": say(f"supervision.keep_{one['name']}_note"), "tone": "bad" if one["figure"] else "good"}
        for one in services.steadiness(request.scope)
    ]  # fmt: skip
    return render(request, "supervision/policies.html", {
        "page_title": _("政策清单"), "form": form, "table": table, "tiles": tiles, "may_manage": manages,
        "transition": transition_ends(),
    })  # fmt: skip


@needs(VIEW)
def export(request: Any) -> HttpResponse:
    """The list as Excel."""
    _form, rows = _chosen(request)
    columns = [
        Cell(_("政策"), "title", 40), Cell(_("文号"), "number", 20),
        Cell(_("分类"), lambda one: str(Policy.KINDS[one.kind])),
        Cell(_("主管部门"), lambda one: department_name(one.department), 16),
        Cell(_("执行起始"), "begins_on", kind="date"),
        Cell(_("到期"), services.runs_out_on, kind="date"),
        Cell(_("接续政策"), lambda one: one.successor.title if one.successor else "", 40),
        Cell(_("状态"), lambda one: state_of(one).word, 16), Cell(_("说明"), "note", 40),
    ]  # fmt: skip
    return workbook_response(Listing(_("政策清单"), columns), rows.order_by("pk"), verb="supervision.export")


@needs(MANAGE)
def policy(request: Any, pk: int | None = None) -> HttpResponse:
    """Record a policy, or change one."""
    found = find(request, pk, MANAGE) if pk else None
    others = list(services.policies(request.scope, MANAGE).exclude(pk=pk or 0).order_by("title")[:500])
    departments = [(name, department_name(name)) for name in dictionary().departments]
    first = {name: getattr(found, name) for name in services.PLAIN} | {"successor": found.successor_id} if found else {}
    form = PolicyForm(request.POST or None, others=others, departments=departments, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_policy(request.scope, form.cleaned_data, found)
            messages.success(request, _("已保存。"))
            return redirect("supervision:policies")
        except UserError as error:
            form.add_error(None, str(error))
    return render(request, "supervision/policy.html", {
        "page_title": found.title if found else _("登记政策"), "form": form, "policy": found,
        "state": state_of(found) if found else "",
    })  # fmt: skip


@needs(MANAGE)
def end(request: Any, pk: int) -> HttpResponse:
    """End an old policy."""
    found = find(request, pk, MANAGE)
    form = EndPolicyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.end_policy(request.scope, found, form.cleaned_data["ends_on"], form.cleaned_data["why"])
            messages.success(request, _("已登记停止执行。"))
            return redirect("supervision:policies")
        except UserError as error:
            form.add_error(None, str(error))
    return render(request, "supervision/form.html", {
        "page_title": _("停止执行：%(title)s") % {"title": found.title}, "form": form, "send": _("停止执行"),
        "back": (_("政策清单"), reverse("supervision:policies")),
        "before": _("新政策执行之前，旧政策不能停止：接续政策须在停止次日已执行。"),
    })  # fmt: skip
