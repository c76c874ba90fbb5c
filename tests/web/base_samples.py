"""A small invented county for the tests of accounts, regions, audit and jobs."""

from __future__ import annotations

from datetime import date
from typing import Any

from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.regions.models import Region, level_of
from xianjie.web.regions.services import parent_of
from xianjie.web.registry.models import Household, Membership, Person

COUNTY, TOWN, OTHER_TOWN, OTHER_COUNTY = "629901000000", "629901100000", "629901200000", "629902000000"
A, B, C, FAR = "629901100201", "629901100202", "629901200201", "629902100201"
PLACES = {
    "620000000000": "虚构省", "629900000000": "虚构州", COUNTY: "样例县", TOWN: "甲子镇", OTHER_TOWN: "乙丑乡",
    A: "一号村", B: "二号村", C: "三号村", OTHER_COUNTY: "别处县", "629902100000": "别处镇", FAR: "别处村",
}  # fmt: skip
DAY, NEXT = date(2025, 10, 31), date(2025, 11, 1)
ALL = Scope((Holding("administrator", "000000000000"),))


def make_places() -> None:
    Region.objects.bulk_create(
        Region(
            region_code=code, name=name, level=level_of(code), parent_code=parent_of(code), valid_from=date(2016, 1, 1)
        )
        for code, name in PLACES.items()
    )


def make_user(username: str, role: str = "", code: str = COUNTY, department: str = "", **more: Any) -> User:
    user = User(username=username, display_name=f"试用{username}", region_code=code, **more)
    user.set_password("ceshi-mima-2025")
    user.save()
    if role:
        Grant.objects.create(user=user, role=role, region_code=code, department=department)
    return user


def make_household(number: int, code: str) -> Household:
    household = Household.everything.create(
        household_id=f"H{number}", region_code=code, head_name=f"试某{number}", household_type="general", size=1
    )
    person = Person.everything.create(
        person_id=f"P{number}", household=household, region_code=code, name=f"试某{number}"
    )
    Membership.everything.create(person=person, household=household, region_code=code)
    return household
