"""Law 1: the plain function and its SQL give the same for every household, value for value, unknown for unknown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.small_world import PARAMETERS, SCHEMA, TODAY, RandomRules, load_tables, random_households
from xianjie.engines import Engine, open_engine
from xianjie.rules import Policy, load_policy

HOUSEHOLDS = random_households(Random(7), 60)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(threads=1) as engine:
        load_tables(engine, HOUSEHOLDS)
        yield engine


def policy_of(source: str, folder: Path) -> Policy:
    (folder / "rules.py").write_text(source, encoding="utf-8")
    (folder / "numbers.yaml").write_text(PARAMETERS, encoding="utf-8")
    return load_policy(folder, SCHEMA)


def both_ways(policy: Policy, engine: Engine) -> Iterator[tuple[str, str, Any, Any]]:
    """Every rule of every household and person: (rule, key, plain value, SQL value)."""
    for entity, key in (("household", "household_id"), ("person", "person_id")):
        names = [info.name for info in policy.rules(entity)]
        if not names:
            continue
        rows = {row[key]: row for row in policy.compute(engine, names, date=TODAY, entity=entity)}
        for household in HOUSEHOLDS:
            for record_key, values in plain_values(policy, household, entity, names):
                for name in names:
                    yield name, record_key, values[name], rows[record_key][name]


def plain_values(policy: Policy, household: dict[str, Any], entity: str, names: list[str]) -> Iterator[Any]:
    from xianjie.rules.plain import start

    evaluator, tree = start(policy, household, None, TODAY, strict=True)
    for record in [tree] if entity == "household" else tree.children("person") or []:
        yield record.key, {name: evaluator.value(record, name) for name in names}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_random_rules_give_the_same_in_sql_as_in_python(
    seed: int, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = RandomRules(Random(seed)).write(6)
    policy = policy_of(source, tmp_path_factory.mktemp("policy"))
    for name, key, plain, in_sql in both_ways(policy, engine):
        assert plain == in_sql and type(plain) is type(in_sql), f"{name} of {key}\n{source}"
