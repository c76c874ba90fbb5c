"""What the rule language's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rules.small_world import PARAMETERS, SCHEMA
from xianjie.engines import Engine, open_engine
from xianjie.rules import Policy, load_policy

HEADER = """from xianjie.rules import (
    add_days, add_months, both, brackets, ceil_yuan, days_between, divide, either, first_known, floor_yuan,
    household, month_of, months_between, per_year, person, round_half_up, rule, year_of, years_between,
)


"""

PolicyOf = Callable[..., Policy]


@pytest.fixture
def policy_of(tmp_path: Path) -> PolicyOf:
    """Load a policy from the text of its rules, and of its parameters where they are not the usual ones."""

    def load(rules: str, parameters: str = PARAMETERS) -> Policy:
        folder = tmp_path / "policy"
        folder.mkdir(exist_ok=True)
        (folder / "rules.py").write_text(HEADER + rules, encoding="utf-8")
        (folder / "numbers.yaml").write_text(parameters, encoding="utf-8")
        return load_policy(folder, SCHEMA)

    return load


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(threads=1) as engine:
        yield engine
