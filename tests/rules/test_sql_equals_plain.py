"""Law 1: a rule's Python function and its SQL give the same for every row, value for value, unknown for unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.rules.conftest import HEADER, PolicyOf
from tests.rules.small_world import (
    FIELDS,
    PARAMETERS,
    REGIONS,
    SCHEMA,
    TODAY,
    RandomRules,
    load_tables,
    random_households,
)
from xianjie.engines import Engine, open_engine
from xianjie.rules import Policy, Refused, load_policy
from xianjie.rules.plain import start

HOUSEHOLDS = random_households(Random(7), 40)
# What the generator cannot avoid writing now and then, and the language rightly refuses.
REFUSED = {"rules.units_differ", "rules.always_unknown", "rules.wrong_arguments"}


@pytest.fixture(scope="module")
def populated() -> Iterator[Engine]:
    with open_engine(threads=1) as engine:
        load_tables(engine, HOUSEHOLDS)
        yield engine


def differences(policy: Policy, engine: Engine, households: list[dict[str, Any]]) -> list[str]:
    """Every value that is not the same both ways."""
    found: list[str] = []
    for entity, key in (("household", "household_id"), ("person", "person_id")):
        names = [info.name for info in policy.rules(entity)]
        if not names:
            continue
        rows = policy.compute(engine, names, date=TODAY, entity=entity)
        assert isinstance(rows, list)
        by_key = {row[key]: row for row in rows}
        for household in households:
            evaluator, tree = start(policy, household, None, TODAY, strict=True)
            for record in [tree] if entity == "household" else tree.children("person") or []:
                for name in names:
                    plain, in_sql = evaluator.value(record, name), by_key[record.key][name]
                    if plain != in_sql or type(plain) is not type(in_sql):
                        found.append(f"{name} of {record.key}: {plain!r} in Python, {in_sql!r} in SQL")
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_random_rules_give_the_same_both_ways(
    seed: int, populated: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = RandomRules(Random(seed)).write(6)
    folder = tmp_path_factory.mktemp("policy")
    (folder / "rules.py").write_text(source, encoding="utf-8")
    (folder / "numbers.yaml").write_text(PARAMETERS, encoding="utf-8")
    try:
        policy = load_policy(folder, SCHEMA)
    except Refused as error:
        assume(error.code not in REFUSED)
        raise
    assert differences(policy, populated, HOUSEHOLDS) == [], source


FIXED_RULES = """
@person
def age(p_start, today):
    return years_between(p_start, today)


@person
def able(age, p_flag, p_count, household):
    if p_count is None:
        return age >= 16 and p_flag
    return 16 <= age < 60 and p_count > 2 and household.h_sure


@person
def spent(bills):
    return sum(b.b_money for b in bills if b.b_kind is not None and b.b_kind in ("甲", "乙"))


@household
def income(members):
    return sum(m.p_money for m in members)


@household
def hands(members):
    return sum(1 for m in members if m.able)


@household
def oldest(members):
    return max((m.p_start for m in members), default=None)


@household
def poor(income, members, line):
    if line is None:
        return None
    return income < line * len(members)


@household(region="62")
def aid(poor, income, rates):
    return brackets(max(income, 0), rates) if poor else 0


@household(region="14")
def aid(poor, h_money):
    return first_known(h_money, 0) if poor else 100


@household
def burden(members, income):
    cost = sum(m.spent for m in members)
    share = divide(cost, income)
    if share is None:
        return cost > 0
    return share > 0.4


@household
def worry(poor, burden, h_flag, h_exact):
    return either(poor, burden, h_flag, h_exact > 7)


@household
def bare(houses):
    return len([e for e in houses if not e.e_sure and e.e_flag]) > 1


@household
def any_flag(members):
    return either(m.p_flag for m in members if m.p_sure)


@household
def every_flag(members):
    return both(m.p_flag for m in members)


@person
def family_share(p_money, household):
    share = divide(p_money, household.income)
    return share


@household
def largest_share(members):
    return any(m.family_share > 0.5 for m in members if m.family_share is not None)
"""


ROW = {
    name: {
        "bool": st.booleans(), "int": st.integers(-50, 50), "fen": st.integers(-10_000, 10_000),
        "ratio": st.floats(-10, 10), "date": st.dates(date(1930, 1, 1), date(2030, 12, 31)),
        "text": st.sampled_from(["甲", "乙", "it's", ""]),
    }[field.type]
    | (st.none() if field.nullable else st.nothing())
    for name, field in FIELDS.items()
}  # fmt: skip


def rows(letter: str, **children: Any) -> Any:
    return st.fixed_dictionaries({**{f"{letter}_{name}": values for name, values in ROW.items()}, **children})


HOUSEHOLD = rows(
    "h",
    region_code=st.sampled_from(REGIONS),
    houses=st.lists(rows("e"), max_size=2),
    members=st.lists(rows("p", bills=st.lists(rows("b"), max_size=2)), max_size=3),
)


def with_keys(households: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for number, household in enumerate(households):
        household["household_id"] = f"h{number}"
        for place, house in enumerate(household["houses"]):
            house["house_id"] = f"h{number}e{place}"
        for place, person in enumerate(household["members"]):
            person["person_id"] = f"h{number}p{place}"
            for one, bill in enumerate(person["bills"]):
                bill["bill_id"] = f"h{number}p{place}b{one}"
    return households


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(households=st.lists(HOUSEHOLD, min_size=1, max_size=8))
def test_random_households_give_the_same_both_ways(
    households: list[dict[str, Any]], engine: Engine, fixed_policy: Policy
) -> None:
    load_tables(engine, with_keys(households))
    assert differences(fixed_policy, engine, households) == []


@pytest.fixture(scope="module")
def fixed_policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("fixed")
    (folder / "rules.py").write_text(HEADER + FIXED_RULES, encoding="utf-8")
    (folder / "numbers.yaml").write_text(PARAMETERS, encoding="utf-8")
    return load_policy(folder, SCHEMA)


def test_the_sql_has_no_guard_where_nothing_can_be_unknown(policy_of: PolicyOf) -> None:
    policy = policy_of("@household\ndef plain(h_cash, h_exact):\n    return h_cash * h_exact + h_cash\n")
    text = policy.sql(["plain"], date=TODAY)
    assert "CASE" not in text and "CAST" not in text and "NULL" not in text


def test_aggregates_of_one_collection_share_one_pass(policy_of: PolicyOf) -> None:
    policy = policy_of(
        "@household\ndef a(members):\n    return sum(m.p_cash for m in members)\n\n\n"
        "@household\ndef b(members, a):\n    return len(members) if a > 0 else sum(m.p_exact for m in members)\n"
    )
    text = policy.sql(["a", "b"], date=TODAY)
    assert text.count("GROUP BY") == 1 and text.count('FROM "persons"') == 1


def test_a_long_chain_of_local_names_stays_small(policy_of: PolicyOf) -> None:
    lines = "".join(f"    x{n + 1} = x{n} - x{n} + x{n}\n" for n in range(30))
    policy = policy_of(f"@household\ndef chain(h_exact):\n    x0 = h_exact + 1\n{lines}    return x30\n")
    assert len(policy.sql(["chain"], date=TODAY)) < 20_000


def test_a_hundred_rules_on_top_of_each_other_run(policy_of: PolicyOf, engine: Engine) -> None:
    rules = "@household\ndef r0(h_exact):\n    return h_exact\n\n\n"
    rules += "\n\n".join(f"@household\ndef r{n}(r{n - 1}):\n    return r{n - 1} + 1\n" for n in range(1, 101))
    load_tables(engine, HOUSEHOLDS)
    found = policy_of(rules).compute(engine, ["r100"], date=TODAY)
    assert isinstance(found, list)
    assert found[0]["r100"] == HOUSEHOLDS[0]["h_exact"] + 100


def test_an_absent_table_or_column_is_unknown_not_empty(policy_of: PolicyOf) -> None:
    policy = policy_of(
        "@household\ndef houses_owned(houses):\n    return len(houses)\n\n\n"
        "@household\ndef richer(h_money):\n    return h_money > 0\n"
    )
    with open_engine(threads=1) as engine:
        engine.create_table("households", {"household_id": "VARCHAR"}, [("h1",)])
        row = policy.compute(engine, ["houses_owned", "richer"], date=TODAY, missing=True)
    assert row == [
        {
            "household_id": "h1",
            "houses_owned": None,
            "houses_owned__missing": "collection:houses",
            "richer": None,
            "richer__missing": "household.h_money",
        }
    ]
