"""Law 3 and explanations: unknown is a value, and the result says what would have to be known."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.rules.conftest import PolicyOf
from tests.rules.small_world import TODAY, load_tables
from xianjie.engines import Engine
from xianjie.messages import UserError

RULES = """
@person(label="医疗支出", unit="fen")
def spent(bills):
    return sum(b.b_money for b in bills)


@household(label="收入", unit="fen")
def income(members):
    return sum(m.p_money for m in members if m.p_flag)


@household(label="困难", cite="示例办法 第三条")
def poor(income, line):
    return income < line


@household(label="支出大")
def burden(members, regional):
    return sum(m.spent for m in members) > regional


@household(label="风险")
def risk(poor, burden):
    return either(poor, burden)


@household(label="支出占比")
def share(income, h_money):
    return divide(h_money, income)
"""


def house(**given: Any) -> dict[str, Any]:
    member = {"person_id": "p1", "p_flag": True, "p_money": 100, "bills": []}
    return {"household_id": "h1", "region_code": "620000000000", "h_money": 5, "members": [member], **given}


def test_steps_come_in_order_with_value_inputs_and_each_number_with_place_date_and_source(policy_of: PolicyOf) -> None:
    found = policy_of(RULES).explain(house(), ["risk"], date=TODAY)
    assert found["results"] == {"risk": True} and found["missing"] == {}
    assert [step["rule"] for step in found["steps"]] == ["income", "poor", "spent", "burden", "risk"]
    poor = found["steps"][1]
    assert poor["value"] is True and poor["inputs"] == {"income": 100}
    number = poor["parameters"][0]
    assert (number["name"], number["value"], number["region"], number["source"], number["trust"]) == (
        "line", 500, "62", "丙", "local",
    )  # fmt: skip
    assert poor["text"] == "困难：是；用到 线 5 元（62，2021-01-01 起，丙）；依据 示例办法 第三条"
    assert found["steps"][2]["key"] == "p1"


@pytest.mark.parametrize(
    ("change", "result", "needed"),
    [
        ({"members": [{"person_id": "p1", "p_flag": True, "bills": []}]}, "poor", ["person.p_money p1"]),
        ({"members": [{"person_id": "p1", "p_flag": False, "bills": []}]}, "poor", None),
        ({"members": [{"person_id": "p1", "bills": []}]}, "poor", ["person.p_flag p1"]),
        ({"members": None}, "poor", ["collection:members h1"]),
        ({"region_code": "623001000000"}, "poor", ["parameter:line"]),
        ({"region_code": "140000000000"}, "burden", ["parameter:regional"]),
        ({"members": [{"person_id": "p1"}, {"person_id": "p2"}]}, "burden",
         ["collection:bills p1", "collection:bills p2"]),
        ({"members": [{"person_id": "p1", "p_flag": True, "p_money": 0}]}, "share", ["undefined:share h1"]),
        ({"members": []}, "poor", None),
        ({"region_code": "623001000000", "members": [{"person_id": "p1", "p_flag": True, "p_money": 0}]}, "risk",
         ["parameter:line", "collection:bills p1"]),
    ],
)  # fmt: skip
def test_an_unknown_result_lists_what_is_needed_and_nothing_else(
    change: dict[str, Any], result: str, needed: list[str] | None, policy_of: PolicyOf
) -> None:
    found = policy_of(RULES).explain(house(**change), [result], date=TODAY)
    if needed is None:
        assert found["results"][result] is not None and found["missing"] == {}
        return
    assert found["results"][result] is None
    names = [
        (f"{need['entity']}.{need['name']}" if need["kind"] == "field" else f"{need['kind']}:{need['name']}")
        + (f" {need['key']}" if need["key"] else "")
        for need in found["missing"][result]
    ]
    assert names == needed
    assert all(need["text"] for need in found["missing"][result])


def test_the_population_lists_the_same_names(policy_of: PolicyOf, engine: Engine) -> None:
    policy = policy_of(RULES)
    full: dict[str, Any] = {"houses": [], **house()}
    households = [
        full | {"household_id": "h1"},
        full | {"household_id": "h2", "members": [{"person_id": "p2", "p_flag": None, "p_money": 1, "bills": []}]},
        full | {"household_id": "h3", "region_code": "623001000000", "members": []},
        full | {"household_id": "h4", "members": [
            {"person_id": "p4", "p_flag": True, "p_money": None, "bills": [{"bill_id": "b", "b_money": None}]}]},
    ]  # fmt: skip
    load_tables(engine, households)
    names = ["income", "poor", "burden", "risk", "share"]
    rows = policy.compute(engine, names, date=TODAY, missing=True)
    assert isinstance(rows, list)
    for household, row in zip(households, rows, strict=True):
        found = policy.explain(household, names, date=TODAY)
        for name in names:
            listed = set((row[f"{name}__missing"] or "").split(";")) - {""}
            assert listed == {
                f"{need['entity']}.{need['name']}" if need["kind"] == "field" else f"{need['kind']}:{need['name']}"
                for need in found["missing"].get(name, [])
            }


def test_unknown_is_neither_false_nor_zero(policy_of: PolicyOf) -> None:
    policy = policy_of(
        "@household\ndef strict(h_flag, h_money):\n    return h_flag and h_money > 0\n\n\n"
        "@household\ndef told(h_flag):\n    return False if h_flag is None else h_flag\n\n\n"
        "@household\ndef open_or(h_flag, h_sure):\n    return either(h_flag, h_sure)\n\n\n"
        "@household\ndef some(members):\n    return any(m.p_flag for m in members)\n\n\n"
        "@household\ndef known(members):\n    return any(m.p_flag for m in members if m.p_flag is not None)\n"
    )
    people = [{"p_flag": True}, {"p_flag": None}]
    names = ["strict", "told", "open_or", "some", "known"]
    found = policy.evaluate({"h_flag": None, "h_money": 1, "h_sure": True, "members": people}, names, date=TODAY)
    assert found == {"strict": None, "told": False, "open_or": True, "some": None, "known": True}
    # The order of the rows decides nothing.
    again = policy.evaluate({"members": people[::-1]}, ["some"], date=TODAY)
    assert again == {"some": None}


def test_a_record_with_a_wrong_type_is_told_in_words(policy_of: PolicyOf) -> None:
    policy = policy_of(RULES)
    with pytest.raises(UserError, match="h_money"):
        policy.explain(house(h_money="五元"), ["share"], date=TODAY)
    with pytest.raises(UserError, match="没有规则"):
        policy.explain(house(), ["nothing"], date=TODAY)


def test_one_household_is_explained_in_under_twenty_milliseconds(policy_of: PolicyOf) -> None:
    policy = policy_of(RULES)
    household = house(members=[{"p_flag": True, "p_money": 1, "bills": [{"b_money": 5}] * 5}] * 6)
    policy.explain(household, ["risk", "share"], date=TODAY)
    times = []
    for _ in range(20):
        started = time.perf_counter()
        policy.explain(household, ["risk", "share"], date=TODAY)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.02


def test_only_what_the_answer_hung_on_is_asked_for_and_shown(policy_of: PolicyOf) -> None:
    """A rule that picks by kind: the branches that were not taken matter to nobody."""
    policy = policy_of(
        "@household\ndef near(h_cash):\n    return h_cash\n\n\n"
        "@household\ndef far(h_money):\n    return h_money\n\n\n"
        "@household\ndef picked(h_flag, near, far, line):\n"
        "    if h_flag is None:\n        return None\n"
        "    if h_flag:\n        return first_known(near, None)\n"
        "    if far is None or near is None:\n        return None\n"
        "    return min(far, line)\n"
    )

    def needs(**facts: Any) -> list[str]:
        found = policy.explain(facts, ["picked"], date=TODAY, region="00")
        return [need["name"] for need in found["missing"].get("picked", [])]

    assert needs() == ["h_flag"]
    assert needs(h_flag=True) == ["h_cash"]
    assert needs(h_flag=False) == ["h_cash", "h_money"], "tested together, asked for together"
    steps = policy.explain({"h_flag": True, "h_cash": 5}, ["picked"], date=TODAY, region="00")["steps"]
    assert [step["parameters"] for step in steps if step["rule"] == "picked"] == [[]]


def test_the_names_of_what_is_missing_come_in_one_order_in_every_process(policy_of: PolicyOf) -> None:
    names = [f"number_{letter}" for letter in "abcdef"]
    given = "".join(f"  {one}: {{label: {one}, type: fen, unit: fen, values: {{}}}}\n" for one in names)
    tests = " and ".join(f"{one} is None" for one in names)
    rule = (
        f"@household(unit='fen')\ndef fallen({', '.join(names)}):\n    if {tests}:\n        return None\n    return 0\n"
    )
    text = policy_of(rule, f"parameters:\n{given}").sql(["fallen"], date=TODAY, missing=True)
    places = [text.index(f";parameter:{one}") for one in names]
    assert places == sorted(places)
