"""A small invented county in the database, people with roles in it, and departments' files made by code."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.scope import Scope, scope_of
from xianjie.web.audit.services import record
from xianjie.web.intake.models import Delivery
from xianjie.web.intake.services import Offer, Receipt, receive
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import run_next
from xianjie.web.regions.models import Region
from xianjie.web.registry.models import Household, Person
from xianjie.web.registry.records import household_row, person_row

COUNTY = "629901000000"
TOWN = "629901001000"
VILLAGES = {"629901001001": "桃花村", "629901001002": "柳树村"}
DAY = date(2025, 9, 30)
FAMILIES = ["赵", "钱", "孙", "李", "周", "吴", "郑", "王"]
GIVEN = ["大山", "小河"]
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(birth: date, order: int) -> str:
    """A number with a valid check digit, of a region that does not exist."""
    first = f"629901{birth:%Y%m%d}{order:03}"
    return first + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, WEIGHTS, strict=True)) % 11]


def people() -> list[dict[str, Any]]:
    """Sixteen people of eight households; 王大山 lives in both villages (two persons of one name)."""
    found = []
    for number, family in enumerate(FAMILIES):
        village = list(VILLAGES)[number % 2]
        for place, given in enumerate(GIVEN):
            birth = date(1970 + 2 * number + place, 1 + number, 10 + place)
            name = "王大山" if (number, place) in ((6, 0), (7, 0)) else family + given
            found.append(
                {
                    "person_id": f"P{number}{place}", "household_id": f"H{number}", "region_code": village,
                    "name": name, "sex": "1", "birth_date": birth, "relation": "02" if not place else "20",
                    "id_no": id_number(birth, 11 + number * 2), "phone": f"1990000{number:02}{place:02}", "alive": True,
                }
            )  # fmt: skip
    return found


def make_county() -> None:
    """Write regions, households and people."""
    Region.objects.create(region_code=COUNTY, name="虚构县", level="county")
    Region.objects.create(region_code=TOWN, name="虚构镇", level="township", parent_code=COUNTY)
    for code, name in VILLAGES.items():
        Region.objects.create(region_code=code, name=name, level="village", parent_code=TOWN)
    rows = people()
    heads = {row["household_id"]: row for row in reversed(rows)}
    Household.everything.bulk_create(
        household_row(
            {
                "household_id": key,
                "region_code": head["region_code"],
                "head_name": head["name"],
                "household_type": "general",
            }
        )
        for key, head in heads.items()
    )
    Person.everything.bulk_create(person_row(row) for row in rows)
    record("daily.load", region_code=COUNTY)


def make_user(name: str, role: str, department: str = "", region: str = COUNTY) -> User:
    user = User.objects.create(username=name, display_name=name)
    Grant.objects.create(user=user, role=role, region_code=region, department=department)
    return user


def scope(user: User) -> Scope:
    return scope_of(user)


def workbook(rows: Sequence[Sequence[Any]], sheet: str = "数据") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(list(row))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


HEAD = ["患者姓名", "身份证号", "行政村", "结算日期", "个人自付（元）"]


def bills(rows: Sequence[Sequence[Any]]) -> bytes:
    """A file of medical bills; rows as HEAD."""
    return workbook([HEAD, *rows])


def bill(person: dict[str, Any], paid: float, day: str = "2025-09-12") -> list[Any]:
    return [person["name"], person["id_no"], VILLAGES[person["region_code"]], day, paid]


def deliver(
    user: User, content: bytes, layout: str = "medical_bills", name: str = "医疗.xlsx", day: date = DAY, **more: Any
) -> Receipt:
    return receive(Offer(COUNTY, layout, day, name, **more), [content], scope(user), user)


def read(receipt: Receipt) -> Delivery:
    """Let the worker read what was delivered."""
    job: Job | None = run_next("test")
    assert job is not None and job.state == Job.DONE, job and job.error
    return Delivery.everything.get(pk=receipt.delivery.pk)


def form(content: bytes, name: str = "医疗.xlsx", layout: str = "medical_bills", **more: Any) -> dict[str, Any]:
    """What the page of handing in sends."""
    sent = {"county": COUNTY, "layout": layout, "day": DAY.isoformat(), "mode": "whole"} | more
    return sent | {"file": SimpleUploadedFile(name, content)}


@contextmanager
def once(blocker: Any, make: Callable[[], Any]) -> Iterator[Any]:
    """What `make` writes, for all tests of a module: their changes are rolled back to it, it too at the end."""
    with blocker.unblock(), transaction.atomic():
        yield make()
        transaction.set_rollback(True)
