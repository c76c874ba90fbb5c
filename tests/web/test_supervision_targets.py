"""Targets: a stated forecast with its range, states that follow from it, series from the system and from people."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.base_samples import COUNTY, DAY, TOWN, A, B, C, make_places, make_user
from xianjie.engines import open_engine
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.daily.models import Run
from xianjie.web.daily.signals import run_done
from xianjie.web.jobs.models import Schedule
from xianjie.web.supervision import measuring, targets
from xianjie.web.supervision.declared import indicators
from xianjie.web.supervision.following import follow
from xianjie.web.supervision.forecasting import Forecast, Goal, bounded, forecast, outlook, student
from xianjie.web.supervision.target_models import Observation, Target

OFFICE = Scope((Holding("county", COUNTY),))
DUE = date(2025, 12, 31)


def quarterly(*values: float) -> list[tuple[date, float]]:
    return [(DAY - timedelta(days=90 * (len(values) - 1 - place)), value) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("share", "free", "printed"),  # two-sided quantiles as printed in tables of Student's t
    [(0.8, 1, 3.078), (0.8, 2, 1.886), (0.8, 5, 1.476), (0.8, 30, 1.310), (0.9, 3, 2.353), (0.95, 10, 2.228)],
)
def test_the_quantile_is_that_of_student_s_table(share: float, free: int, printed: float) -> None:
    assert student(share, free) == pytest.approx(printed, abs=6e-4)


def test_a_forecast_agrees_with_a_textbook_regression() -> None:
    """x = 1…5, y = 2, 4, 5, 4, 5: line 2.2 + 0.6 x, s² = 0.8; at x = 6 the value is 5.8, s·√(1+1/5+9/10) = 1.296."""
    day = date(2025, 1, 1)
    values = [(day + timedelta(days=x), float(y)) for x, y in zip(range(1, 6), (2, 4, 5, 4, 5), strict=True)]
    seen = forecast(values, day + timedelta(days=6), 0.8)
    assert seen is not None and seen.at == pytest.approx(5.8)
    half = student(0.8, 3) * math.sqrt(0.8) * math.sqrt(1 + 1 / 5 + 9 / 10)
    assert (seen.low, seen.high) == (pytest.approx(5.8 - half), pytest.approx(5.8 + half))


def test_of_two_values_or_of_one_day_nothing_is_forecast() -> None:
    assert forecast(quarterly(1, 2), DUE, 0.8) is None
    assert forecast([(DAY, 1.0), (DAY, 2.0), (DAY, 3.0)], DUE, 0.8) is None


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=12), more=st.floats(-1e6, 1e6))
def test_a_forecast_moves_with_its_values_and_its_range_holds_it(values: list[float], more: float) -> None:
    plain, moved = forecast(quarterly(*values), DUE, 0.8), forecast(quarterly(*(v + more for v in values)), DUE, 0.8)
    assert plain is not None and moved is not None
    assert plain.low <= plain.at <= plain.high
    assert moved.at - more == pytest.approx(plain.at, rel=1e-4, abs=1.0)


@pytest.mark.parametrize(
    ("values", "operator", "due", "state"),
    [
        ((96, 97, 98), ">=", DUE, "reached"), ((90, 92, 94), ">=", DUE, "at_risk"), ((91, 94, 97), ">=", DUE, "on_way"),
        ((91, 80, 97), ">=", DUE, "at_risk"), ((90, 92, 94), ">=", DAY - timedelta(days=1), "missed"),
        ((99, 98.5), "<=", DUE, "unknown"), ((99, 98.6, 98.2), "<=", DUE, "on_way"), ((), ">=", DUE, "unknown"),
    ],
)  # fmt: skip
def test_a_target_s_state_follows_from_value_day_and_range(
    values: tuple[float, ...], operator: str, due: date, state: str
) -> None:
    goal = Goal.of(operator, 98, "%", None, due)
    assert outlook(goal, quarterly(*values), DAY, 0.8).state == state


def test_an_increase_counts_from_its_base() -> None:
    assert Goal.of("+", 10, "%", 200, DUE).line == pytest.approx(220)
    assert Goal.of("+", 10, "个百分点", 50, DUE).line == 60
    assert Goal.of("+", 10, "%", None, DUE).line is None


def test_a_share_is_never_forecast_beyond_all() -> None:
    assert bounded(Goal("up", 98, DUE, most=100, least=0), Forecast(103, 99, 107)) == Forecast(100, 99, 100)


@pytest.mark.django_db
def test_values_by_hand_join_the_series_and_the_page_draws_the_line(client: Client) -> None:
    make_places()
    client.force_login(make_user("x", "county"))
    form = {"title": "冷库", "operator": ">=", "value": "3.5", "unit": "座",
            "begins_on": "2025-01-01", "due_on": "2025-12-31"}  # fmt: skip
    client.post(reverse("supervision:add_target"), form)
    target = Target.everything.get()
    assert target.state == Target.UNKNOWN
    url = reverse("supervision:target", args=[target.pk])
    for day, value in (("2025-03-31", 1), ("2025-06-30", 2), ("2025-09-30", 3), ("2025-09-30", 3.2)):
        client.post(url, {"day": day, "value": value, "source": "report"})
    target.refresh_from_db()
    assert Observation.everything.count() == 3 and target.latest == 3.2 and target.state == Target.ON_WAY
    drawn = client.get(url).context["chart"]
    assert [one["name"] for one in drawn["series"]] == ["实际", "目标线", "预计", "预计下限", "预计上限"]
    assert set(drawn["series"][1]["data"]) == {3.5} and drawn["categories"][-1] == "2025-12-31"
    client.post(url, {"day": "2025-11-30", "value": 9, "source": "report"})
    assert Observation.everything.count() == 3, "no value of a day that has not come"
    listed = client.get(reverse("supervision:targets") + "?state=on_way").content.decode()
    assert "冷库" in listed
    assert client.get(reverse("supervision:target_export")).status_code == 200


def run_with(folder: Path, rows: list[tuple[Any, ...]]) -> Run:
    """A finished run whose results are a few households."""
    columns = {
        "household_id": "VARCHAR", "region_code": "VARCHAR", "house_unsafe": "BOOLEAN", "water_unsafe": "BOOLEAN",
        "uninsured": "BOOLEAN", "dropout": "BOOLEAN", "missed": "BOOLEAN", "relieved": "BOOLEAN",
        "net_income": "BIGINT", "household_size": "BIGINT", "labour_members": "BIGINT", "working_members": "BIGINT",
    }  # fmt: skip
    run = Run.everything.create(region_code=COUNTY, day=DAY, state=Run.DONE)
    place = run.folder / "work"
    (place / "entities").mkdir(parents=True)
    with open_engine() as engine:
        engine.create_table("r", columns, rows)
        engine.write_parquet("SELECT * FROM r", place / "results.parquet")
        engine.write_parquet("SELECT household_id, region_code FROM r", place / "entities" / "households.parquet")
        engine.write_parquet(
            "SELECT household_id, house_unsafe AS removed FROM r", place / "entities" / "monitorings.parquet"
        )
    return run


@pytest.mark.django_db
def test_the_system_s_own_indicators_are_counted_for_villages_townships_and_the_county(
    settings: Any, tmp_path: Path
) -> None:
    make_places()
    settings.HOME = tmp_path
    safe = (False, False, False, False, True, 1_600_000, 4, 2, 1)
    bad = (True, None, False, False, True, None, 3, 0, 0)
    run_with(
        tmp_path,
        [("1", A, *safe[:4], False, *safe[4:]), ("2", A, *bad[:4], True, *bad[4:]),
         ("3", B, *safe[:4], False, *safe[4:]),
         ("4", C, *safe[:4], False, *safe[4:])],
    )  # fmt: skip
    target = Target.everything.create(
        region_code=COUNTY, title="住房安全率", operator=">=", value=75, unit="%", begins_on=DAY, due_on=DUE,
        indicator="house_safe_share",
    )  # fmt: skip
    measuring.measure(COUNTY)
    measuring.measure(COUNTY)

    def value(name: str, code: str) -> float | None:
        found = Observation.everything.filter(indicator=name, region_code=code)
        return found.get().value if found else None

    assert (value("house_safe_share", A), value("house_safe_share", TOWN)) == (50.0, pytest.approx(66.6667))
    assert value("house_safe_share", COUNTY) == 75.0
    assert value("missed_share", COUNTY) == 25.0
    assert value("relieved_income", COUNTY) == 4000.0, "yuan a head: 48,000 yuan of 12 people whose income is known"
    assert value("jobs_kept_share", COUNTY) == 100.0, "of households that can work"
    assert value("measures_on_time_share", COUNTY) is None, "nothing to count is no value"
    target.refresh_from_db()
    assert target.state == Target.REACHED


def test_every_indicator_says_how_it_is_known_and_by_which_clause() -> None:
    for name, one in indicators().items():
        assert ("sql" in one) != ("count" in one), name
        assert one["better"] in ("higher", "lower") and one["zh"] and one["en"] and one["cite"], name
        assert "count" not in one or one["count"] in measuring.READERS, name


@pytest.mark.django_db
def test_the_list_of_targets_asks_a_fixed_number_of_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    make_places()
    client.force_login(make_user("x", "county"))
    for number in range(10):
        made = targets.add_target(
            OFFICE, {"title": f"目标{number}", "indicator": "", "operator": ">=", "value": 1, "unit": "", "base": None,
                     "begins_on": DAY, "due_on": DUE},
        )  # fmt: skip
        follow(made)
    with django_assert_max_num_queries(12):
        client.get(reverse("supervision:targets"))


@pytest.mark.django_db
def test_a_county_that_runs_daily_is_measured_each_day_and_scheduled_once() -> None:
    run = Run.everything.create(region_code=COUNTY, day=DAY, state=Run.DONE)
    for _heard in range(2):
        run_done.send(Run, run=run)
    assert Schedule.objects.filter(kind=measuring.KIND, region_code=COUNTY).count() == 1
