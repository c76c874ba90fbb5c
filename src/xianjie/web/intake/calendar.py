"""The delivery calendar 报送日历: what each department owes by when, what came, what is late.

A period is the stretch of days that the data are of; a delivery belongs to the period of its day. Periods that ended
before the county's first delivery are nobody's debt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from django.db.models import Min
from pydantic import BaseModel, ConfigDict

from xianjie.messages import say
from xianjie.web.clock import today
from xianjie.web.intake.layouts import layouts
from xianjie.web.intake.models import Delivery, Due

Every = Literal["month", "quarter", "half", "year", "event", "never"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}


class Rule(BaseModel):
    """How often a layout is owed, and within how many days after a period's end."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    every: Every
    within_days: int = 0


class Plan(BaseModel):
    """`calendar.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    periods_shown: int
    dues: dict[str, Rule]


@dataclass(frozen=True)
class Period:
    """A stretch of days, from first to last."""

    first: date
    last: date

    def __str__(self) -> str:
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        facts = {"year": self.first.year, "month": self.first.month}
        if months == 1:
            return say("intake.period_month", **facts)
        if months == 3:
            return say("intake.period_quarter", year=self.first.year, quarter=(self.first.month + 2) // 3)
        if months == 6:
            return say(f"intake.period_half_{1 if self.first.month == 1 else 2}", **facts)
        return say("intake.period_year", **facts)


@dataclass(frozen=True)
class Owed:
    """A layout for a period: `state` delivered, delivered_late, due, late; `days` late (or left)."""

    department: str
    layout: str
    period: Period
    due_on: date
    state: str
    days: int = 0
    delivery_id: int | None = None
    delivered_on: date | None = None


@dataclass(frozen=True)
class Line:
    """A layout's row of the board: its cells stand under the months in which their periods end."""

    department: str
    layout: str
    rule: Rule
    own_rule: bool  # the county has set it
    cells: list[Owed | None]
    last: date | None  # of the newest delivery that counts


@cache
def plan() -> Plan:
    """The calendar of this version."""
    text = (Path(__file__).parent / "calendar.yaml").read_text(encoding="utf-8")
    return Plan.model_validate(yaml.safe_load(text))


def rules(county_code: str) -> dict[str, tuple[Rule, bool]]:
    """Layout → its rule, and whether the county has set it itself."""
    own = {due.layout: due for due in Due.everything.filter(region_code=county_code)}
    known: dict[str, tuple[Rule, bool]] = {}
    for layout in layouts():
        ours = plan().dues.get(layout, Rule(every="event"))
        due = own.get(layout)
        known[layout] = (Rule(every=due.every, within_days=due.within_days), True) if due else (ours, False)  # type: ignore[arg-type]
    return known


def month_ends(day: date, count: int) -> list[date]:
    """The last days of this month and of the months before it, the oldest first."""
    ends, first = [], day.replace(day=1)
    for _ in range(count):
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        ends.append(following - timedelta(days=1))
        first = (first - timedelta(days=1)).replace(day=1)
    return ends[::-1]


def period_ending(end: date, every: str) -> Period | None:
    """The period of this kind that ends on a month's last day, None when none does."""
    months = MONTHS.get(every)
    if months is None or end.month % months:
        return None
    return Period(date(end.year, end.month - months + 1, 1), end)


def board(county_code: str, departments: list[str] | None = None) -> list[Line]:
    """The calendar of a county, lines by department and layout; three queries, whatever it holds."""
    day, known = today(), rules(county_code)
    ends = month_ends(day, plan().periods_shown)
    ready = Delivery.everything.filter(region_code=county_code, state=Delivery.READY)
    begins = ready.aggregate(first=Min("day"))["first"]
    came: dict[str, list[tuple[date, date, int]]] = {}
    rows = ready.order_by("day", "pk").values_list("layout", "day", "received_on", "pk")
    for of_layout, of, at, pk in rows.filter(day__gte=ends[0].replace(day=1) - timedelta(days=370)):
        came.setdefault(of_layout, []).append((of, at, pk))
    lines = []
    for layout_id, layout in sorted(layouts().items(), key=lambda item: (item[1].department, item[0])):
        if departments is not None and layout.department not in departments:
            continue
        rule, own = known[layout_id]
        here = came.get(layout_id, [])
        cells = [_cell(layout.department, layout_id, rule, end, here, begins, day) for end in ends]
        lines.append(Line(layout.department, layout_id, rule, own, cells, here[-1][0] if here else None))
    return lines


def _cell(
    department: str,
    layout: str,
    rule: Rule,
    end: date,
    came: list[tuple[date, date, int]],
    begins: date | None,
    day: date,
) -> Owed | None:
    period = period_ending(end, rule.every)
    if period is None:
        return None
    due_on = period.last + timedelta(days=rule.within_days)
    inside = [one for one in came if period.first <= one[0] <= period.last]
    if inside:
        first_at, pk = min(one[1] for one in inside), inside[-1][2]
        days = max(0, (first_at - due_on).days)
        return Owed(department, layout, period, due_on, "delivered_late" if days else "delivered", days, pk, first_at)
    if begins is None or period.last < begins:
        return None
    days = (day - due_on).days
    return Owed(department, layout, period, due_on, "late" if days > 0 else "due", abs(days))
