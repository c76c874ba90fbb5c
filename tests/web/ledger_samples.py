"""An invented county with a few entries, for the tests of ledgers."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.web.base_samples import COUNTY, TOWN, A
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.ledgers.declaration import sheets
from xianjie.web.ledgers.models import Entry, Flag
from xianjie.web.ledgers.moving import make_move
from xianjie.web.ledgers.recording import Outcome, Row, record_rows
from xianjie.web.registry.models import Household

OFFICE = Scope((Holding("county", COUNTY),))
TOWNSHIP = Scope((Holding("township", TOWN),))
VILLAGE = Scope((Holding("village", A),))
DAY = date(2025, 10, 31)


def record(sheet: str, place: str, /, scope: Scope = OFFICE, state: str = "", **values: Any) -> Outcome:
    return record_rows(scope, sheets()[sheet], COUNTY[:6], [Row(values, place, state)])


def made(sheet: str, place: str, /, scope: Scope = OFFICE, state: str = "", **values: Any) -> Entry:
    outcome = record(sheet, place, scope, state, **values)
    assert not outcome.problems, outcome.problems
    return outcome.taken[0]


def asset(key: str = "Z1", place: str = A, **values: Any) -> Entry:
    told = {"asset_no": key, "name": f"养殖场{key}", "kind": "operating", "original_value": 10_000_00,
            "custodian": "王某", **values}  # fmt: skip
    return made("asset", place, **told)


def recorded(office: Scope, county: str) -> None:
    """An asset with income, a pair that was moved on, a problem: what pages of ledgers show, in a household's name."""
    home = Household.everything.filter(region_code__startswith=county[:6]).order_by("pk").first()
    assert home is not None

    def add(sheet: str, **values: Any) -> Entry:
        outcome = record_rows(office, sheets()[sheet], county[:6], [Row(values, home.region_code)])
        assert not outcome.problems, outcome.problems
        return outcome.taken[0]

    told = {"asset_no": "Z1", "kind": "household", "original_value": 1_00, "household_id": home.pk}
    one = add("asset", name=home.head_name, **told)
    add("asset_income", income_no="S1", asset_no="Z1", received_on=DAY, amount=1_00, payer=home.head_name)
    seen = add("pair", pair_no="J1", kind="cadre", helper=home.head_name, household_id=home.pk, begins_on=DAY)
    seen = make_move(office, seen.pk, "evaluate", {"result": "good"}, seen=1)
    Flag.everything.create(
        entry=one, sheet="asset", check_name="condition_bad", region_code=one.region_code, department=one.department,
        severity="warning", text=home.head_name, since=DAY,
    )  # fmt: skip
