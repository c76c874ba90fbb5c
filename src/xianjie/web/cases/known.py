"""What is known of a household before somebody visits it, and who said so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from xianjie.dictionary import dictionary
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases.results import page_of_household
from xianjie.web.clock import today
from xianjie.web.daily.explaining import health_rules
from xianjie.web.registry.models import Fact, Household
from xianjie.web.registry.records import unpack
from xianjie.web.words import code_label, label

# Field of the form → kind of income, result of the newest run.
INCOMES = {
    "stated_wage": ("wage", "wage_income"),
    "stated_business": ("business", "business_income"),
    "stated_business_cost": ("business_cost", "business_cost"),
    "stated_property": ("property", "property_income"),
    "stated_transfer": ("transfer", "transfer_income"),
    "stated_claim": ("claim", "claim_income"),
}
# Field → kind of spending: what bills and school rolls do not hold.
SPENDING = {"spent_medical": "medical", "spent_education": "education", "spent_other": "other"}
# Field → table and column of which the newest row is known.
STATES = {"grade": ("houses", "house", "grade"), "quality": ("water_states", "water", "quality")}
CHECKED = {"dropout": "dropout", "uninsured": "uninsured"}


@dataclass
class Known:
    """Values by field of the form, and the words that tell where each comes from."""

    values: dict[str, Any] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)

    def put(self, name: str, value: Any, said: str) -> None:
        """A value that is known; None is none."""
        if value is not None:
            self.values[name], self.said[name] = value, said


def window() -> tuple[date, date]:
    """The last twelve months: from the day after this day a year ago until today."""
    end = today()
    leap = end.month == 2 and end.day == 29
    return end.replace(year=end.year - 1, day=28 if leap else end.day) + timedelta(days=1), end


def known_of(scope: Scope, household: Household) -> Known:
    """What the newest run and the register say. What tells of health stays out for who does not see health."""
    page = page_of_household(household.pk, household.region_code)
    known = Known(results=page["results"] if page else {})
    if page is not None:
        hidden = frozenset() if scope.sees("health", household.region_code) else health_rules()
        compared = _("%(day)s 比对") % {"day": page["date"]}
        for name, (kind, result) in INCOMES.items():
            if result not in hidden:
                known.put(name, page["results"].get(result), _income_said(page, kind) or compared)
        for name, result in CHECKED.items():
            if result not in hidden:
                known.put(name, page["results"].get(result), compared)
        for name, (table, _entity, column) in STATES.items():
            rows = [row for row in page["facts"].get(table, []) if row.get(column)]
            if rows:
                newest = max(rows, key=lambda row: (row.get("assessed_on") or date.min, str(row.get("use") == "sole")))
                known.put(name, newest[column], _said(newest, newest.get("assessed_on")))
    for name, kind in SPENDING.items():
        rows = facts_in_window(household.pk, "expense", kind)
        if rows:
            total = sum(row.data["amount"] for row in rows)
            known.put(name, total, _("登记于 %(day)s") % {"day": max(row.recorded_on for row in rows)})
    for name, (_table, entity, column) in STATES.items():
        newest_fact = _newest(household.pk, entity, column)
        if newest_fact is not None and (newest_fact.source == "village" or name not in known.values):
            value = unpack(entity, newest_fact.data)[column]
            known.put(name, value, _("登记于 %(day)s") % {"day": newest_fact.recorded_on})
    return known


def _newest(household_id: str, entity: str, column: str) -> Fact | None:
    rows = Fact.everything.filter(household=household_id, entity=entity, withdrawn_on__isnull=True).order_by("-pk")
    return next((row for row in rows if row.data.get(column) is not None), None)


def facts_in_window(household_id: str, entity: str, kind: str) -> list[Fact]:
    """The standing rows of one kind of money whose period ends within the last twelve months."""
    begin, end = window()
    rows = Fact.everything.filter(household=household_id, entity=entity, withdrawn_on__isnull=True).order_by("pk")
    return [
        row
        for row in rows
        if row.data.get("kind") == kind and begin.isoformat() <= row.data.get("period_to", "") <= end.isoformat()
    ]


def _income_said(page: dict[str, Any], kind: str) -> str:
    """Who says the money of one kind in the last twelve months."""
    begin, end = window()
    rows = [
        row
        for row in page["facts"].get("incomes", [])
        if row["kind"] == kind and row["period_to"] and begin <= row["period_to"] <= end
    ]
    return "、".join(dict.fromkeys(_said(row, None) for row in rows))


def _said(row: dict[str, Any], day: date | None) -> str:
    """The department's file or the register, and the day of the row."""
    if row["source"]:
        words = row["source"]["file"].partition("/")[0]
        department = dictionary().departments.get(words)
        who = label(department) if department else words
    else:
        who = code_label("said_by", row["said_by"]) if row.get("said_by") else _("底册")
    return f"{who} {day}" if day else who
