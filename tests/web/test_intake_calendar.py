"""The delivery calendar: what is owed by when, what came, what is late."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.web import intake_county as county
from xianjie.web.audit.models import Event
from xianjie.web.intake import calendar, selectors
from xianjie.web.intake.layouts import layouts
from xianjie.web.intake.models import Delivery, Due

pytestmark = pytest.mark.django_db


def came(layout: str, day: date, received_on: date) -> Delivery:
    made: Delivery = Delivery.everything.create(
        region_code=county.COUNTY, department=layouts()[layout].department, layout=layout, day=day,
        received_on=received_on, file_name="a.xlsx", folder=f"{layout}{day}", ending=".xlsx", size=1,
        sha256=f"{layout}{day}", state=Delivery.READY,
    )  # fmt: skip
    return made


def cells(layout: str) -> dict[date, calendar.Owed]:
    line = next(line for line in calendar.board(county.COUNTY) if line.layout == layout)
    return {cell.period.last: cell for cell in line.cells if cell}


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 30))
def test_month_ends_are_consecutive_last_days_up_to_this_month(day: date, count: int) -> None:
    ends = calendar.month_ends(day, count)
    assert len(ends) == count and ends[-1].replace(day=1) == day.replace(day=1)
    assert all((end + timedelta(days=1)).day == 1 for end in ends)
    assert [(end + timedelta(days=1)).replace(day=1) for end in ends[:-1]] == [end.replace(day=1) for end in ends[1:]]


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(sorted(calendar.MONTHS)))
def test_every_day_lies_in_exactly_one_period_of_a_kind(day: date, every: str) -> None:
    ends = calendar.month_ends(date(day.year + 1, 12, 31), 36)
    periods = [period for end in ends if (period := calendar.period_ending(end, every))]
    assert sum(period.first <= day <= period.last for period in periods) == 1


def test_late_due_and_delivered_are_told_with_their_days() -> None:
    # today is 2025-10-31; medical bills are owed monthly within ten days
    came("medical_bills", date(2025, 7, 31), date(2025, 8, 5))
    came("medical_bills", date(2025, 8, 31), date(2025, 9, 14))
    told = {end.month: (cell.state, cell.days) for end, cell in cells("medical_bills").items()}
    assert told == {7: ("delivered", 0), 8: ("delivered_late", 4), 9: ("late", 21), 10: ("due", 10)}
    late = selectors.late(county.COUNTY, "medical_insurance")
    assert next((one.layout, one.days) for one in late if one.layout == "medical_bills") == ("medical_bills", 21)


def test_nothing_is_owed_for_the_time_before_the_first_delivery() -> None:
    assert selectors.late(county.COUNTY) == []
    came("medical_bills", date(2025, 9, 30), date(2025, 10, 3))
    assert min(cells("insurance_roll")) == date(2025, 9, 30)


def test_a_county_changes_what_it_asks_with_a_trace(client: Client) -> None:
    county.make_county()
    client.force_login(county.make_user("xian", "county"))
    came("medical_bills", date(2025, 9, 30), date(2025, 10, 3))
    client.post("/intake/calendar/medical_bills/", {"every": "quarter", "within_days": "20"})
    assert Due.everything.get().within_days == 20
    assert set(cells("medical_bills")) == {date(2025, 9, 30)}
    assert Event.objects.get(verb="intake.change_due").before == {"every": "month", "within_days": 10}
    assert "每季度，期满 20 天内" in client.get("/intake/calendar/").content.decode()


def test_a_department_sees_its_own_lines_and_changes_nothing(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    county.make_county()
    came("medical_bills", date(2025, 8, 31), date(2025, 9, 3))
    client.force_login(county.make_user("yibao", "department", "medical_insurance"))
    with django_assert_max_num_queries(12):
        page = client.get("/intake/calendar/").content.decode()
    assert "医疗费用结算明细" in page and "学生名册" not in page and "逾期" in page
    assert "/intake/deliver/?layout=medical_bills&amp;day=2025-09-30" in page
    assert client.post("/intake/calendar/medical_bills/", {"every": "never", "within_days": "0"}).status_code == 403


def test_every_layout_has_its_place_in_the_calendar() -> None:
    assert set(calendar.plan().dues) == set(layouts())
