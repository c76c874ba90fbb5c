"""Supervision orders 督办单: issued, answered with proof, each item closed by somebody other than who answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.supervision.areas import MANAGE, REPORT, VIEW, home_of
from xianjie.web.supervision.task_models import Order, OrderItem, OrderStep, Task
from xianjie.web.supervision.tasks import placed


def orders(scope: Scope, permission: str = VIEW) -> QuerySet[Order]:
    """The orders that a user sees: of their areas, a department its own."""
    rows: QuerySet[Order] = Order.objects.within(scope, permission)
    return rows


def order_list(scope: Scope, wanted: Mapping[str, Any]) -> QuerySet[Order]:
    """Orders by state and unit; without a state, those that are not closed."""
    rows = orders(scope)
    if unit := wanted.get("unit"):
        rows = rows.filter(unit__contains=unit)
    match wanted.get("state") or "":
        case "late":
            return rows.filter(closed_on=None, due_on__lt=today())
        case "closed":
            return rows.exclude(closed_on=None)
        case "all":
            return rows
        case _:
            return rows.filter(closed_on=None)


@transaction.atomic
def issue(
    scope: Scope, *, title: str, unit: str, why: str, items: Sequence[str], due_on: date, task: Task | None = None
) -> Order:
    """Issue an order to a unit by name; who answers for it follows from the name."""
    place = task.region_code if task else home_of(scope, MANAGE)
    if not place or not scope.allows(MANAGE, place):
        raise PermissionDenied
    _role, _name, code, department = placed(place, [("lead", unit)])[0]
    made = Order.everything.create(
        region_code=code, department=department, unit=unit, task=task, title=title, why=why, issued_on=today(),
        due_on=due_on, issued_by=current_actor().username,
    )  # fmt: skip
    OrderItem.everything.bulk_create(OrderItem(order=made, text=text) for text in items)
    record("supervision.order", subject=("order", str(made.pk)), region_code=code, why=why,
           after={"title": title, "unit": unit, "items": list(items), "due_on": due_on.isoformat()})  # fmt: skip
    return made


def may_answer(scope: Scope, order: Order) -> bool:
    """The unit's own users, or the county's office for a unit without any."""
    return scope.allows(REPORT, order.region_code, order.department)


@transaction.atomic
def answer(scope: Scope, item: OrderItem, text: str, file: str) -> OrderStep:
    """Say what was put right, with proof. Raises `UserError` without proof or when the item is closed."""
    if not may_answer(scope, item.order):
        raise PermissionDenied
    if not file:
        raise UserError("supervision.no_proof")
    if item.state == OrderItem.CLOSED:
        raise UserError("supervision.item_closed")
    return _step(item, OrderStep.ANSWER, OrderItem.ANSWERED, text, file)


@transaction.atomic
def judge(scope: Scope, item: OrderItem, *, closed: bool, text: str) -> OrderStep:
    """Close an item, or send it back. Raises `UserError` without a proof to judge, or for who gave it themselves."""
    order = item.order
    if not scope.allows(MANAGE, order.region_code):
        raise PermissionDenied
    last = OrderStep.everything.filter(item=item, what=OrderStep.ANSWER).order_by("-pk").first()
    if item.state != OrderItem.ANSWERED or last is None:
        raise UserError("supervision.nothing_to_judge")
    if closed and last.by == current_actor().username:
        raise UserError("supervision.own_proof")
    state, what = (OrderItem.CLOSED, OrderStep.CLOSE) if closed else (OrderItem.OPEN, OrderStep.BACK)
    made = _step(item, what, state, text, "")
    if closed and not OrderItem.everything.filter(order=order).exclude(state=OrderItem.CLOSED).exists():
        Order.everything.filter(pk=order.pk).update(closed_on=today())
    return made


def _step(item: OrderItem, what: str, state: str, text: str, file: str) -> OrderStep:
    event = record(
        "supervision.item", subject=("order", str(item.order_id)), region_code=item.order.region_code,
        after={"item": item.pk, "what": what, "text": text},
    )  # fmt: skip
    item.state = state
    item.save(update_fields=["state"])
    actor = current_actor()
    return OrderStep.everything.create(
        item=item, what=what, text=text, file=file, day=today(), by=actor.username, by_name=actor.name,
        event=event.seq,
    )  # fmt: skip
