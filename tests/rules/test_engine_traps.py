"""Where engines differ, and the form that is emitted instead. Each form's value on DuckDB is held here against plain
Python; `benchmarks/spark_equality.py` holds the same forms on Spark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.rules.conftest import PolicyOf
from tests.rules.small_world import TODAY, load_tables
from xianjie.engines import Engine, open_engine

FACTS: dict[str, Any] = {"houses": [], "members": [], "region_code": "140000000000"}


@pytest.fixture(scope="module")
def one_row() -> Iterator[Engine]:
    with open_engine(threads=1) as engine:
        yield engine


def answer(policy_of: PolicyOf, engine: Engine, expression: str, **facts: Any) -> Any:
    """The value of an expression, once it is the same both ways."""
    arguments = ", ".join(name for name in (*facts, "today", "part") if name in expression)
    policy = policy_of(f"@household\ndef f({arguments}):\n    return {expression}\n")
    household = {"household_id": "h1", **FACTS, **facts}
    load_tables(engine, [household])
    rows = policy.compute(engine, ["f"], date=TODAY)
    assert isinstance(rows, list)
    plain = policy.evaluate(household, ["f"], date=TODAY)["f"]
    assert rows[0]["f"] == plain and type(rows[0]["f"]) is type(plain), expression
    return plain


@pytest.mark.parametrize(
    ("expression", "facts", "expected"),
    [
        # A cast of 2.7 rounds on DuckDB and cuts on Spark: values are floored first, then cast.
        ("floor_yuan(h_money * h_share)", {"h_money": 1, "h_share": 270.7}, 200),
        ("floor_yuan(h_money * h_share)", {"h_money": -1, "h_share": 270.7}, -300),
        ("ceil_yuan(h_money * h_share)", {"h_money": -1, "h_share": 270.7}, -200),
        ("round_half_up(h_share)", {"h_share": 2.5}, 3),
        ("round_half_up(h_share)", {"h_share": -2.5}, -3),
        ("round_half_up(h_share)", {"h_share": 0.49999999999999994}, 1),
        # Division of whole numbers cuts towards zero on both; halves go away from zero.
        ("round_half_up(h_count, 2)", {"h_count": 5}, 3),
        ("round_half_up(h_count, 2)", {"h_count": -5}, -3),
        ("round_half_up(h_count, -2)", {"h_count": 5}, -3),
        ("round_half_up(h_count, h_exact)", {"h_count": 7, "h_exact": 3}, 2),
        # The remainder of a negative number keeps its sign in SQL.
        ("floor_yuan(h_money)", {"h_money": -150}, -200),
        ("ceil_yuan(h_money)", {"h_money": -150}, -100),
        ("ceil_yuan(h_money)", {"h_money": 100}, 100),
        # 1/0 is infinite or an error: the divisor is NULLIF(…, 0).
        ("divide(h_money, h_exact)", {"h_money": 1, "h_exact": 0}, None),
        ("round_half_up(h_money, h_exact)", {"h_money": 1, "h_exact": 0}, None),
        # 0.5 is a DECIMAL literal; ratios are written 5e-1.
        ("h_share * 0.1 + 0.2", {"h_share": 3.0}, 3.0 * 0.1 + 0.2),
        ("h_share > 0.3", {"h_share": 0.1 + 0.2}, True),
        # Literals alone are 32 bits wide.
        ("h_exact + 2000000000 * 3", {"h_exact": 0}, 6_000_000_000),
        ("(2000000000 if h_sure else 1) * 3", {"h_sure": True}, 6_000_000_000),
        ("2000000000 if h_sure else 1", {"h_sure": True}, 2_000_000_000),
        # GREATEST and LEAST skip NULL.
        ("max(h_money, 0)", {"h_money": None}, None),
        ("min(h_money, h_cash)", {"h_money": None, "h_cash": 5}, None),
        # FALSE AND NULL is FALSE, TRUE OR NULL is TRUE: a strict rule is unknown all the same.
        ("h_sure and h_flag", {"h_sure": False, "h_flag": None}, None),
        ("h_sure or h_flag", {"h_sure": True, "h_flag": None}, None),
        ("either(h_sure, h_flag)", {"h_sure": True, "h_flag": None}, True),
        ("both(h_sure, h_flag)", {"h_sure": False, "h_flag": None}, False),
        ("both(h_sure, h_flag)", {"h_sure": True, "h_flag": None}, None),
        # A CASE whose condition is NULL goes to ELSE.
        ("1 if h_flag else 2", {"h_flag": None}, None),
        ("h_kind not in ('甲', '乙')", {"h_kind": None}, None),
        # Text is compared byte for byte: no trimming, no folding, quotes escaped.
        ('h_kind == "it\'s"', {"h_kind": "it's"}, True),
        ("h_kind == '甲'", {"h_kind": "甲 "}, False),
        # Months that are shorter, and leap days.
        ("add_months(h_day, 1)", {"h_day": date(2024, 1, 31)}, date(2024, 2, 29)),
        ("add_months(h_day, -12)", {"h_day": date(2024, 2, 29)}, date(2023, 2, 28)),
        ("add_months(h_day, 1)", {"h_day": date(2023, 2, 28)}, date(2023, 3, 28)),
        ("months_between(h_day, today)", {"h_day": date(2024, 1, 31)}, 0),
        ("months_between(h_day, h_start)", {"h_day": date(2024, 3, 1), "h_start": date(2024, 2, 29)}, -1),
        ("years_between(h_day, h_start)", {"h_day": date(2004, 2, 29), "h_start": date(2023, 2, 28)}, 18),
        ("years_between(h_day, h_start)", {"h_day": date(2004, 2, 29), "h_start": date(2023, 3, 1)}, 19),
        ("days_between(h_day, h_start)", {"h_day": date(2024, 2, 28), "h_start": date(2024, 3, 1)}, 2),
        ("add_days(h_day, -60)", {"h_day": date(2024, 3, 1)}, date(2024, 1, 1)),
        ("year_of(h_day) * month_of(h_day)", {"h_day": date(2024, 3, 1)}, 6072),
    ],
)
def test_forms_that_engines_would_read_differently(
    expression: str, facts: dict[str, Any], expected: Any, policy_of: PolicyOf, one_row: Engine
) -> None:
    assert answer(policy_of, one_row, expression, **facts) == expected


@pytest.mark.parametrize(
    ("expression", "people", "expected"),
    [
        # A household without members has no row in the grouped table.
        ("sum(m.p_money for m in members)", [], 0),
        ("any(m.p_flag for m in members)", [], False),
        ("all(m.p_flag for m in members)", [], True),
        ("both(m.p_flag for m in members)", [], True),
        ("max((m.p_count for m in members), default=-1)", [], -1),
        # SUM, MAX and bool_or skip NULL.
        ("sum(m.p_money for m in members)", [{"p_money": 1}, {"p_money": None}], None),
        ("max((m.p_count for m in members), default=0)", [{"p_count": 1}, {"p_count": None}], None),
        ("any(m.p_flag for m in members)", [{"p_flag": True}, {"p_flag": None}], None),
        ("all(m.p_flag for m in members)", [{"p_flag": False}, {"p_flag": None}], None),
        ("either(m.p_flag for m in members)", [{"p_flag": True}, {"p_flag": None}], True),
        ("both(m.p_flag for m in members)", [{"p_flag": True}, {"p_flag": None}], None),
        # An unknown that no passing item has does not matter; an unknown condition does.
        ("sum(m.p_money for m in members if m.p_sure)", [{"p_money": 1, "p_sure": True}, {"p_sure": False}], 1),
        ("sum(1 for m in members if m.p_flag)", [{"p_flag": True}, {"p_flag": None}], None),
        ("either(m.p_flag for m in members if m.p_count > 0)", [{"p_flag": True, "p_count": 1}, {}], None),
        # DuckDB adds BIGINT to HUGEINT: every sum is cast.
        ("sum(m.p_cash for m in members)", [{"p_cash": 4 * 10**18}, {"p_cash": 5 * 10**18}], 9 * 10**18),
        ("max(sum(m.p_money for m in members), 0)", [{"p_money": None}], None),
        ("any(m.p_flag for m in members) or True", [{"p_flag": None}], None),
        ("any(m.p_flag for m in members) and False", [{"p_flag": None}], None),
        ("1 if any(m.p_flag for m in members) else 2", [{"p_flag": None}], None),
    ],
)  # fmt: skip
def test_aggregates_count_unknowns_and_empty_lists_alike(
    expression: str, people: list[dict[str, Any]], expected: Any, policy_of: PolicyOf, one_row: Engine
) -> None:
    members = [{"person_id": f"p{number}", "bills": [], **person} for number, person in enumerate(people)]
    assert answer(policy_of, one_row, expression, members=members) == expected
