"""Laws of assistance that hold for every household, whatever the numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from xianjie.policy import builtin, overlay
from xianjie.rules import Policy, load_policy
from xianjie.screening.schema import rule_schema

POLICY = load_policy(builtin(), rule_schema())
CITY = load_policy([builtin(), overlay("city")], rule_schema())
FEW = settings(max_examples=25, deadline=None)
MONEY = st.integers(0, 4_000_000)
DIFFERENCE = (("140121", date(2023, 6, 30)), ("230699", date(2023, 6, 30)), ("231025", date(2026, 6, 30)))
YEAR_END = date(2022, 12, 31)


def dibao(policy: Policy, region: str, day: date, income: int, size: int, **facts: object) -> int:
    record = {
        "countable_income": income,
        "assistance_size": size,
        "property_objection": False,
        "tekun_due_members": 0,
        "extra_parts": 0,
        **facts,
    }
    amount = policy.evaluate(record, ["dibao_amount"], date=day, region=region)["dibao_amount"]
    assert amount is not None
    return int(amount)


@FEW
@given(st.sampled_from(DIFFERENCE), MONEY, MONEY, st.integers(1, 7))
def test_more_income_never_gives_more_dibao(place: tuple[str, date], income: int, more: int, size: int) -> None:
    assert dibao(POLICY, *place, income + more, size) <= dibao(POLICY, *place, income, size)


@FEW
@given(MONEY, st.integers(0, 120_000), st.integers(0, 60_000), st.integers(1, 7), st.integers(0, 3))
def test_a_higher_standard_never_gives_less(income: int, standard: int, more: int, size: int, special: int) -> None:
    low, high = (
        dibao(CITY, "00", YEAR_END, income, size, dibao_standard=one, extra_parts=special)
        for one in (standard, standard + more)
    )
    assert high >= low


@FEW
@given(MONEY, st.integers(0, 20_000), st.integers(1, 7))
def test_by_difference_a_little_income_costs_a_little_benefit(income: int, more: int, size: int) -> None:
    """No cliff: the yearly benefit falls by no more than income rises, but for rounding of a month."""
    place = DIFFERENCE[0]
    fall = dibao(POLICY, *place, income, size) - dibao(POLICY, *place, income + more, size)
    assert 12 * fall <= more + 12 + 12 * size


@FEW
@given(MONEY, st.integers(1, 7))
def test_income_and_dibao_together_reach_the_standard_and_not_more(income: int, size: int) -> None:
    region, day = DIFFERENCE[0]
    paid = 12 * dibao(POLICY, region, day, income, size)
    assert income + paid <= max(income, 64_000 * 12 * size + 12)


BILLS = st.lists(
    st.tuples(
        st.integers(1, 12), st.integers(0, 20_000_000), st.integers(0, 100), st.integers(0, 100), st.integers(1, 27)
    ),
    max_size=5,
)
IDENTITIES = st.sampled_from(["tekun", "dibao", "back_to_poverty", "dibao_margin", "ill_poor", None])
PAID = ["serious_due", "aid_due", "tilt_due", "patient_pays"]


def bill(month: int, day: int, total: int, in_scope: int, basic: int) -> dict[str, Any]:
    return {
        "kind": "inpatient",
        "settled_on": date(2022, month, day),
        "total": total,
        "in_scope": in_scope,
        "basic_paid": basic,
        "in_province": True,
        "referred": False,
    }


def bills(drawn: Iterable[tuple[int, int, int, int, int]]) -> list[dict[str, Any]]:
    rows = []
    for month, total, scope_share, basic_share, day in drawn:
        in_scope = total * scope_share // 100
        rows.append(bill(month, day, total, in_scope, in_scope * basic_share // 100))
    return rows


def cascade(rows: list[dict[str, Any]], identity: str | None, since: date = date(2020, 1, 1)) -> dict[str, int]:
    listed = [{"category": identity, "valid_from": since, "valid_to": None}] if identity else []
    person = {"vital_events": [], "categories": listed, "illnesses": [], "medical_bills": rows}
    record = {"already_monitored": False, "relieved": False, "members": [person]}
    told = POLICY.evaluate(record, ["family_pays"], date=YEAR_END, region="629901")
    steps = POLICY.explain(record, ["family_pays"], date=YEAR_END, region="629901")["steps"]
    found = {step["rule"]: step["value"] for step in steps if step["rule"] in PAID}
    assert told["family_pays"] == found["patient_pays"]
    return found


@FEW
@given(BILLS, IDENTITIES, st.dates(date(2021, 6, 1), date(2022, 11, 30)))
def test_no_layer_pays_below_nothing_and_all_together_not_more_than_the_bills(
    drawn: list[tuple[int, int, int, int, int]], identity: str | None, since: date
) -> None:
    rows = bills(drawn)
    paid = cascade(rows, identity, since)
    assert all(amount >= 0 for amount in paid.values())
    left = sum(row["in_scope"] - row["basic_paid"] for row in rows)
    assert paid["serious_due"] + paid["aid_due"] + paid["tilt_due"] <= left
    assert paid["patient_pays"] <= sum(row["total"] for row in rows)


@FEW
@given(BILLS, IDENTITIES, st.randoms())
def test_the_order_of_bills_decides_nothing(
    drawn: list[tuple[int, int, int, int, int]], identity: str | None, random: Any
) -> None:
    rows = bills(drawn)
    turned = list(rows)
    random.shuffle(turned)
    assert cascade(turned, identity) == cascade(rows, identity)


@FEW
@given(BILLS, IDENTITIES, st.integers(1, 99), st.dates(date(2021, 6, 1), date(2022, 11, 30)))
def test_splitting_a_bill_does_not_raise_what_is_paid(
    drawn: list[tuple[int, int, int, int, int]], identity: str | None, share: int, since: date
) -> None:
    rows = bills(drawn)
    parts = []
    for row in rows:
        first = {name: row[name] * share // 100 for name in ("total", "in_scope", "basic_paid")}
        parts += [row | first, row | {name: row[name] - first[name] for name in first}]
    assert cascade(parts, identity, since) == cascade(rows, identity, since)


@FEW
@given(BILLS)
def test_a_better_placed_identity_never_pays_more(drawn: list[tuple[int, int, int, int, int]]) -> None:
    rows = bills(drawn)
    order = ["tekun", "dibao", "back_to_poverty", "dibao_margin", "ill_poor", None]
    paid = {identity: cascade(rows, identity)["patient_pays"] for identity in order}
    assert paid["tekun"] <= paid["dibao"] == paid["back_to_poverty"]
    assert paid["dibao_margin"] <= paid[None] and paid["ill_poor"] <= paid[None]


def test_a_reform_that_changes_nothing_changes_no_result(tmp_path: Path) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text("label: 什么都不改\n", encoding="utf-8")
    reformed = POLICY.with_reform(file)
    assert reformed.parameters == POLICY.parameters
    record = {"countable_income": 100, "assistance_size": 2, "property_objection": False, "tekun_due_members": 0}
    names = ["dibao_amount", "low_income_class"]
    place: dict[str, Any] = {"date": date(2023, 6, 30), "region": "140121"}
    assert reformed.evaluate(record, names, **place) == POLICY.evaluate(record, names, **place)
