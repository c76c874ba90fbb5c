"""Pages of supervision orders: list, issue, one order with its items."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases import papers
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status, day
from xianjie.web.exporting import Column as Cell
from xianjie.web.exporting import Listing, workbook_response
from xianjie.web.paging import page_of
from xianjie.web.supervision import orders as services
from xianjie.web.supervision import tasks
from xianjie.web.supervision.areas import MANAGE, REPORT, VIEW
from xianjie.web.supervision.declared import days
from xianjie.web.supervision.documents import FOLDER
from xianjie.web.supervision.task_forms import AnswerForm, JudgeForm, OrderFilter, OrderForm
from xianjie.web.supervision.task_models import Order, OrderItem, OrderStep, Task
from xianjie.web.supervision.task_views import paper

SORTS = ("due_on", "-due_on", "title", "-title")


def find(request: Any, pk: int) -> Order:
    """An order that the user sees. Raises `Http404` otherwise."""
    found = services.orders(request.scope).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def state_of(order: Order) -> Status:
    """An order's state."""
    if order.closed_on:
        return Status(_("已办结"), "good")
    late = (today() - order.due_on).days
    return Status(_("超期 %(days)d 天") % {"days": late}, "bad") if late > 0 else Status(_("整改中"), "warn")


def _chosen(request: Any) -> tuple[OrderFilter, Any]:
    form = OrderFilter(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = services.order_list(request.scope, wanted)
    closed = Count("items", filter=Q(items__state=OrderItem.CLOSED))
    return form, rows.annotate(item_count=Count("items"), closed_count=closed)


@needs(VIEW)
def orders(request: Any) -> HttpResponse:
    """The list of orders, what is due first first, and where tasks need one."""
    form, rows = _chosen(request)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "due_on"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    columns = [
        Column(_("督办事项"), "title", main=True, sort="title",
               link=lambda one: reverse("supervision:order", args=[one.pk])),
        Column(_("承办单位"), "unit"),
        Column(_("销号"), lambda one: f"{one.closed_count}/{one.item_count}"),
        Column(_("整改期限"), "due_on", kind="date", sort="due_on"),
        Column(_("状态"), state_of, kind="status"),
    ]  # fmt: skip
    export = reverse("supervision:order_export") + ("?" + request.GET.urlencode() if request.GET else "")
    table = Table(columns, page.rows, _("督办整改"), page=page, count=rows.count(), sort=sort, export=export, walk=True,
                  empty_title=_("没有督办单"))  # fmt: skip
    seen = tasks.tasks(request.scope)
    words = {"late": _("超期任务"), "stalled": _("长期无进展任务"), "contradicted": _("报完成但指标未达到")}
    tiles = [
        {"label": word, "figure": number, "url": reverse("supervision:tasks") + f"?state={state}",
         "tone": "bad" if number else ""}
        for state, word in words.items()
        for number in [tasks.with_state(seen, state).count()]
    ]  # fmt: skip
    return render(request, "supervision/orders.html", {
        "page_title": _("督办整改"), "form": form, "table": table, "tiles": tiles,
        "may_manage": request.scope.has(MANAGE),
    })  # fmt: skip


@needs(VIEW)
def export(request: Any) -> HttpResponse:
    """The list as Excel."""
    _form, rows = _chosen(request)
    columns = [
        Cell(_("督办事项"), "title", 40), Cell(_("承办单位"), "unit", 20), Cell(_("督办原因"), "why", 50),
        Cell(_("发出日期"), "issued_on", kind="date"), Cell(_("整改期限"), "due_on", kind="date"),
        Cell(_("办结日期"), "closed_on", kind="date"), Cell(_("整改事项"), "item_count", kind="int"),
        Cell(_("已销号"), "closed_count", kind="int"),
    ]  # fmt: skip
    return workbook_response(Listing(_("督办整改"), columns), rows.order_by("due_on", "pk"), verb="supervision.export")


@needs(MANAGE)
def add(request: Any) -> HttpResponse:
    """Issue an order, perhaps about a task."""
    key = request.GET.get("task", "")
    task = tasks.tasks(request.scope, MANAGE).filter(pk=key).first() if key.isdigit() else None
    if key and task is None:
        raise Http404
    form = OrderForm(request.POST or None, initial=_initial(task))
    if request.method == "POST" and form.is_valid():
        made = services.issue(request.scope, task=task, **form.cleaned_data)
        messages.success(request, _("督办单已发出。"))
        return redirect("supervision:order", pk=made.pk)
    return render(request, "supervision/form.html", {
        "page_title": _("发督办单"), "form": form, "send": _("发出"),
        "back": (_("督办整改"), reverse("supervision:orders")),
    })  # fmt: skip


def _initial(task: Task | None) -> dict[str, Any]:
    due = today() + timedelta(days=days("order_days"))
    if task is None:
        return {"due_on": due}
    names = tasks.names_by_role(tasks.with_units([task])[task.pk])
    unit = next((name for role in ("lead", "joint", "local") for name in names[role]), "")
    late = (today() - task.due_on).days
    why = _("任务应于 %(day)s 完成，已超期 %(days)d 天") % {"day": task.due_on, "days": late} if late > 0 else ""
    return {"due_on": due, "title": _("督办：%(title)s") % {"title": task.title}, "unit": unit, "why": why,
            "items": task.goal or task.title}  # fmt: skip


@needs(VIEW)
def order(request: Any, pk: int) -> HttpResponse:
    """One order: its items, what was answered, and the forms to go on."""
    return _page(request, find(request, pk), {})


def _page(request: Any, found: Order, typed: dict[str, Any]) -> HttpResponse:
    """The order's page; `typed`: forms that were sent and could not be taken, by their prefix."""
    answers = services.may_answer(request.scope, found) and not found.closed_on
    judges = request.scope.allows(MANAGE, found.region_code)
    steps: dict[int, list[OrderStep]] = {}
    for step in OrderStep.everything.filter(item__order=found).order_by("-pk"):
        steps.setdefault(step.item_id, []).append(step)
    words = {OrderItem.OPEN: (_("未整改"), "bad"), OrderItem.ANSWERED: (_("待核查"), "warn"),
             OrderItem.CLOSED: (_("已销号"), "good")}  # fmt: skip
    items = [
        {
            "one": one, "state": Status(*words[one.state]),
            "history": [_event(found, step) for step in steps.get(one.pk, [])],
            "answer": _form(AnswerForm, f"a{one.pk}", typed, answers and one.state == OrderItem.OPEN),
            "judge": _form(JudgeForm, f"j{one.pk}", typed, judges and one.state == OrderItem.ANSWERED),
        }
        for one in OrderItem.everything.filter(order=found).order_by("pk")
    ]  # fmt: skip
    task = tasks.tasks(request.scope).filter(pk=found.task_id).first() if found.task_id else None
    return render(request, "supervision/order.html", {
        "page_title": found.title, "order": found, "state": state_of(found), "items": items, "task": task,
        "facts": [
            {"label": _("承办单位"), "value": found.unit}, {"label": _("发出日期"), "value": day(found.issued_on)},
            {"label": _("整改期限"), "value": day(found.due_on)},
            {"label": _("督办原因"), "value": found.why, "wide": True},
        ],
    })  # fmt: skip


def _form(kind: Any, prefix: str, typed: dict[str, Any], wanted: bool) -> Any:
    """The form of an item, as it was sent if it was; None when it is not asked for."""
    return (typed.get(prefix) or kind(prefix=prefix)) if wanted else None


def _event(order: Order, one: OrderStep) -> dict[str, Any]:
    words = {OrderStep.ANSWER: (_("提交整改情况"), "edit", ""), OrderStep.BACK: (_("退回"), "warn", "warn"),
             OrderStep.CLOSE: (_("核查销号"), "check", "good")}  # fmt: skip
    title, icon, tone = words[one.what]
    url = reverse("supervision:order_paper", args=[order.pk, one.pk]) if one.file else ""
    return {"date": one.day, "title": title, "text": one.text, "source": one.by_name or one.by, "icon": icon,
            "tone": tone, "url": url}  # fmt: skip


def _item(request: Any, pk: int, item_pk: int) -> OrderItem:
    found = OrderItem.everything.select_related("order").filter(order=find(request, pk), pk=item_pk).first()
    if found is None:
        raise Http404
    return found


@needs(REPORT)
@require_POST
def answer(request: Any, pk: int, item_pk: int) -> HttpResponse:
    """Say what was put right, with proof."""
    item = _item(request, pk, item_pk)
    form = AnswerForm(request.POST, request.FILES, prefix=f"a{item_pk}")
    if form.is_valid():
        try:
            file = papers.keep(form.cleaned_data["file"], FOLDER)
            services.answer(request.scope, item, form.cleaned_data["text"], file)
            messages.success(request, _("已提交，等待核查。"))
            return redirect("supervision:order", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    return _page(request, item.order, {f"a{item_pk}": form})


@needs(MANAGE)
@require_POST
def judge(request: Any, pk: int, item_pk: int) -> HttpResponse:
    """Close an item, or send it back."""
    item = _item(request, pk, item_pk)
    form = JudgeForm(request.POST, prefix=f"j{item_pk}")
    if form.is_valid():
        try:
            closed = "back" not in request.POST
            services.judge(request.scope, item, closed=closed, text=form.cleaned_data["text"])
            messages.success(request, _("已销号。") if closed else _("已退回。"))
            return redirect("supervision:order", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    return _page(request, item.order, {f"j{item_pk}": form})


@needs(VIEW)
def order_paper(request: Any, pk: int, step_pk: int) -> Any:
    """The proof that was handed in."""
    step = OrderStep.everything.filter(item__order=find(request, pk), pk=step_pk).first()
    return paper(step.file if step else "")
