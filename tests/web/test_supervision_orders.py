"""Supervision orders closed only with proof by somebody else; policies that end only when the next one holds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from tests.web.base_samples import COUNTY, DAY, OTHER_COUNTY, TOWN, make_places, make_user
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.audit.models import Event
from xianjie.web.audit.services import Actor, acting
from xianjie.web.supervision import orders, policies
from xianjie.web.supervision.task_models import Order, OrderItem, Policy

pytestmark = pytest.mark.django_db
OFFICE = Scope((Holding("county", COUNTY),))
HOUSING = Scope((Holding("department", COUNTY, "housing"),))
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture(autouse=True)
def places(db: None) -> None:
    make_places()


def issue(**more: Any) -> Order:
    given = {"title": "督办", "unit": "县住建局", "why": "超期", "items": ["整改甲", "整改乙"], "due_on": DAY, **more}
    return orders.issue(OFFICE, **given)


def items(order: Order) -> list[OrderItem]:
    return list(OrderItem.everything.filter(order=order).select_related("order").order_by("pk"))


def test_an_order_reaches_the_unit_that_it_names_and_no_other() -> None:
    order = issue()
    assert (order.department, order.region_code) == ("housing", COUNTY)
    assert orders.orders(HOUSING).count() == 1
    assert orders.orders(Scope((Holding("department", COUNTY, "water"),))).count() == 0
    assert orders.orders(Scope((Holding("county", OTHER_COUNTY),))).count() == 0
    town = issue(unit="甲子镇政府")
    assert orders.orders(Scope((Holding("township", TOWN),))).get().pk == town.pk


def test_an_item_is_closed_only_with_proof_and_by_somebody_else() -> None:
    first, second = items(issue())
    with pytest.raises(UserError):
        orders.judge(OFFICE, first, closed=True, text="没有材料")
    with pytest.raises(UserError):
        orders.answer(HOUSING, first, "已整改", "")
    with acting(Actor("jia")):
        orders.answer(OFFICE, first, "已整改", "x.pdf")
        with pytest.raises(UserError):
            orders.judge(OFFICE, first, closed=True, text="自己销号")
    with pytest.raises(PermissionDenied):
        orders.judge(HOUSING, first, closed=True, text="x")
    with acting(Actor("yi")):
        orders.judge(OFFICE, first, closed=True, text="已现场核查")
    order = Order.everything.get(pk=first.order_id)
    assert first.state == OrderItem.CLOSED and order.closed_on is None, "another item is open"
    with acting(Actor("jia")):
        orders.answer(HOUSING, second, "已整改", "y.pdf")
    with acting(Actor("yi")):
        orders.judge(OFFICE, second, closed=False, text="照片看不清")
    assert second.state == OrderItem.OPEN
    with acting(Actor("jia")):
        orders.answer(HOUSING, second, "重新拍照", "z.pdf")
    with acting(Actor("yi")):
        orders.judge(OFFICE, second, closed=True, text="已核查")
    order.refresh_from_db()
    assert order.closed_on == DAY
    assert Event.objects.filter(verb="supervision.item").count() == 6


def test_a_unit_answers_on_the_page_and_what_it_typed_stays_when_the_proof_is_no_picture(client: Client) -> None:
    order = issue()
    item = items(order)[0]
    client.force_login(make_user("zhujian", "department", COUNTY, "housing"))
    url = reverse("supervision:answer_item", args=[order.pk, item.pk])
    bad = {f"a{item.pk}-text": "已修好屋顶", f"a{item.pk}-file": ContentFile(b"hello", name="x.png")}
    assert "已修好屋顶" in client.post(url, bad).content.decode()
    good = {f"a{item.pk}-text": "已修好屋顶", f"a{item.pk}-file": ContentFile(PNG, name="x.png")}
    page = client.post(url, good, follow=True).content.decode()
    assert "待核查" in page and "已修好屋顶" in page
    paper = page.split(f"/supervision/orders/{order.pk}/papers/")[1].split("/")[0]
    assert b"".join(client.get(reverse("supervision:order_paper", args=[order.pk, paper]))) == PNG  # type: ignore[arg-type]
    client.force_login(make_user("shuiwu", "department", COUNTY, "water"))
    assert client.get(reverse("supervision:order_paper", args=[order.pk, paper])).status_code == 404


def test_late_orders_are_told_apart() -> None:
    issue(title="已晚", due_on=DAY - timedelta(days=1))
    issue(title="未到")
    assert [one.title for one in orders.order_list(OFFICE, {"state": "late"})] == ["已晚"]


def policy(title: str = "老办法", **more: Any) -> Policy:
    empty = dict.fromkeys(policies.PLAIN) | {"number": "", "department": "", "note": "", "successor": None}
    given = {**empty, "title": title, "kind": "adjust", "begins_on": date(2020, 1, 1), **more}
    return policies.save_policy(OFFICE, given)


def test_no_policy_ends_before_its_successor_is_in_force() -> None:
    old = policy()
    with pytest.raises(UserError):
        policies.end_policy(OFFICE, old, DAY, "停")
    late = policy("新办法", begins_on=date(2026, 1, 1))
    old = policy("老办法二", successor=late.pk)
    with pytest.raises(UserError):
        policies.end_policy(OFFICE, old, DAY, "停")
    assert policies.end_policy(OFFICE, old, date(2025, 12, 31), "新办法次日执行").ends_on == date(2025, 12, 31)
    assert Policy.everything.get(pk=old.pk).ends_on == date(2025, 12, 31)


def test_a_successor_that_has_itself_run_out_does_not_count() -> None:
    gone = policy("短命办法", begins_on=date(2024, 1, 1), planned_end=date(2025, 6, 30))
    old = policy(successor=gone.pk)
    with pytest.raises(UserError):
        policies.end_policy(OFFICE, old, DAY, "停")


def test_policies_do_not_follow_themselves() -> None:
    first = policy("甲")
    second = policy("乙", successor=first.pk)
    given = {name: getattr(first, name) for name in policies.PLAIN} | {"successor": second.pk}
    with pytest.raises(UserError):
        policies.save_policy(OFFICE, given, first)


def test_what_runs_out_is_listed_until_the_end_of_its_transition(client: Client) -> None:
    policy("快到期", planned_end=date(2025, 12, 31))
    policy("过渡长", planned_end=date(2025, 12, 31), transition_to=date(2027, 12, 31))
    policy("无期限")
    assert [one.title for one in policies.policy_list(OFFICE, {"state": "soon"})] == ["快到期"]
    client.force_login(make_user("x", "county"))
    page = client.get(reverse("supervision:policies")).content.decode()
    assert "61 天后到期，未接续" in page and "2027-12-31" in page
    assert client.get(reverse("supervision:policy_export")).status_code == 200


def test_the_page_refuses_an_early_end_and_keeps_the_reason_that_was_typed(client: Client) -> None:
    old = policy()
    client.force_login(make_user("x", "county"))
    sent = {"ends_on": "2025-10-31", "why": "另有安排说明"}
    page = client.post(reverse("supervision:end_policy", args=[old.pk]), sent).content.decode()
    assert "接续政策须在次日已经执行" in page and "另有安排说明" in page
    client.force_login(make_user("t", "township", TOWN))
    assert client.get(reverse("supervision:policies")).status_code == 200
    assert client.get(reverse("supervision:end_policy", args=[old.pk])).status_code == 403
