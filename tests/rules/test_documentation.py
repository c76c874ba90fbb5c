"""docs/rule-language.md: each example is loaded, translated and run; each refusal is one, each way out works."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tests.rules.conftest import HEADER
from xianjie.engines import open_engine
from xianjie.rules import Entity, Field, Policy, Refused, Schema, load_policy, run_cases
from xianjie.rules.expressions import REFUSED_CALLS
from xianjie.rules.language import FUNCTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "rule-language.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
YAML = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
REFUSALS = re.findall(r"^\| `(.*?)` \| `(.*?)` \|$", PAGE, re.M)

SCHEMA = Schema.of(
    Entity("household", "households", "household_id", None, {
        "region_code": Field("text"), "rigid_spending": Field("fen", "fen/year"), "rent": Field("fen", "fen/month"),
        "has_car": Field("bool"), "kind": Field("text"), "registered_on": Field("date"), "rooms": Field("int"),
    }),
    Entity("person", "persons", "person_id", "household", {
        "birth_date": Field("date"), "wage": Field("fen", "fen/year"), "disabled": Field("bool"),
    }, collection="members"),
    Entity("medical_bill", "medical_bills", "bill_id", "person", {"paid": Field("fen"), "day": Field("date")}),
)  # fmt: skip
NAMES = {"income", "rooms", "share", "kind", "has_car", "registered_on", "today", "members", "poor", "urgent"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, block in enumerate(PYTHON):
        (tmp_path / f"rules{number}.py").write_text(block, encoding="utf-8")
    (tmp_path / "numbers.yaml").write_text(YAML[0], encoding="utf-8")
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "cases.yaml").write_text(YAML[2], encoding="utf-8")
    return tmp_path


@pytest.fixture
def policy(folder: Path) -> Policy:
    return load_policy(folder, SCHEMA)


def test_every_example_rule_runs_on_a_population(policy: Policy) -> None:
    with open_engine(threads=1) as engine:
        engine.create_table("households", {"household_id": "VARCHAR", "region_code": "VARCHAR", "kind": "VARCHAR"},
                            [("h1", "140000000000", "火灾")])  # fmt: skip
        engine.create_table("persons", {"person_id": "VARCHAR", "household_id": "VARCHAR", "wage": "BIGINT"},
                            [("p1", "h1", 500_000)])  # fmt: skip
        for entity in ("household", "person"):
            names = [info.name for info in policy.rules(entity)]
            rows = policy.compute(engine, names, date=date(2024, 5, 1), entity=entity, missing=True)
            assert isinstance(rows, list) and len(rows) == 1
            if entity == "household":
                assert rows[0]["poor"] is True and rows[0]["urgent"] is True and rows[0]["relief"] == 50_000
        assert "SELECT" in policy.sql(["at_risk"], date=date(2024, 5, 1), dialect="spark")


def test_the_example_cases_pass(policy: Policy, folder: Path) -> None:
    results = run_cases(policy, folder)
    assert len(results) == 2 and all(result.passed for result in results), results


def test_the_example_reform_raises_the_line(policy: Policy, tmp_path: Path) -> None:
    file = tmp_path / "reform.yml.txt"
    file.write_text(YAML[1], encoding="utf-8")
    reformed = policy.with_reform(file)
    value = reformed.parameters["line"].at("14", date(2024, 5, 1))
    assert value is not None and value.value == 700_000


@pytest.mark.parametrize(("refused", "instead"), REFUSALS)
def test_what_the_page_says_is_refused_is_and_its_way_out_is_accepted(refused: str, instead: str, folder: Path) -> None:
    def load(expression: str) -> None:
        arguments = ", ".join(sorted(NAMES & set(re.findall(r"\w+", expression))))
        text = f"{HEADER}@household\ndef example({arguments}):\n    return {expression}\n"
        (folder / "example.py").write_text(text, encoding="utf-8")
        load_policy(folder, SCHEMA)

    with pytest.raises(Refused):
        load(refused)
    load(instead)


def test_the_page_names_every_function_of_the_language() -> None:
    assert len(REFUSALS) > 20
    for name in FUNCTIONS:
        assert f"`{name}(" in PAGE, name
    assert set(REFUSED_CALLS) - {"float", "bool", "str"} <= set(re.findall(r"(\w+)\(", PAGE))
