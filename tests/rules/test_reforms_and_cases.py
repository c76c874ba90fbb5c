"""Law 7: a reform is laid over a policy and compared; and worked cases say which rules they cover."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.rules.conftest import HEADER, PolicyOf
from tests.rules.small_world import TODAY, load_tables, random_households
from xianjie.engines import Engine
from xianjie.rules import Policy, PolicyError, case_coverage, compare, run_cases

RULES = """
@household(label="困难")
def poor(h_cash, line):
    return h_cash < line


@household(label="补助", unit="fen")
def aid(poor, h_cash, line):
    return line - h_cash if poor else 0
"""


@pytest.fixture
def policy(policy_of: PolicyOf) -> Policy:
    return policy_of(RULES)


def test_a_reform_of_a_value_shows_who_enters_gains_and_what_it_costs(
    policy: Policy, engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "reform.yaml"
    file.write_text("label: 提标\nparameters: {line: {values: {'00': {2024-01-01: {value: 451}}}}}\n", encoding="utf-8")
    households = random_households(Random(3), 80)
    load_tables(engine, households)
    reformed = policy.with_reform(file)
    lines = compare(engine, policy, reformed, ["poor", "aid"], date=TODAY, region_digits=2, groups=("h_sure",))

    expected: dict[tuple[str | None, bool], dict[str, int]] = {}
    for household in households:
        old = policy.evaluate(household, ["poor", "aid"], date=TODAY)
        new = reformed.evaluate(household, ["poor", "aid"], date=TODAY)
        region = household["region_code"] and household["region_code"][:2]
        group = expected.setdefault(
            (region, household["h_sure"]), dict.fromkeys(("n", "enter", "cost", "gain", "open"), 0)
        )
        group["n"] += 1
        group["open"] += old["aid"] is None
        if old["aid"] is not None:
            group["enter"] += new["poor"] and not old["poor"]
            group["cost"] += new["aid"] - old["aid"]
            group["gain"] += new["aid"] > old["aid"]
    assert len(lines) == 2 * len(expected)
    for line in lines:
        group = expected[(line["region"], line["h_sure"])]
        assert line["households"] == group["n"] and line["unknown_before"] == group["open"]
        if line["result"] == "poor":
            assert line["enter"] == group["enter"] and line["leave"] == 0
        else:
            assert (line["cost"], line["gain"], line["lose"]) == (group["cost"], group["gain"], 0)
    assert sum(line.get("enter", 0) for line in lines) > 0


def test_a_reform_may_bring_rules_and_its_values_are_marked_as_its_own(policy: Policy, tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text(
        HEADER + "@household\ndef poor(h_cash, line):\n    return h_cash < 2 * line\n", encoding="utf-8"
    )
    file = tmp_path / "reform.yaml"
    file.write_text(
        "label: 放宽\nrules: new.py\nparameters: {line: {values: {'00': {2024-02-01: {value: 100}}}}}\n",
        encoding="utf-8",
    )
    reformed = policy.with_reform(file)
    assert reformed.evaluate({"h_cash": 150}, ["poor"], date=TODAY, region="14") == {"poor": True}
    assert policy.evaluate({"h_cash": 450}, ["poor"], date=TODAY, region="14") == {"poor": False}
    number = reformed.explain({"h_cash": 1}, ["poor"], date=TODAY, region="14")["steps"][0]["parameters"][0]
    assert (number["source"], number["trust"]) == ("放宽", "reform")


def test_a_factor_changes_every_known_value_and_rounds_half_up(policy: Policy, tmp_path: Path) -> None:
    file = tmp_path / "reform.yaml"
    file.write_text("label: 提高一成\ntimes: {line: 1.1}\n", encoding="utf-8")
    before, after = policy.parameters["line"].values, policy.with_reform(file).parameters["line"].values
    assert set(after) == set(before)
    for key, value in before.items():
        assert after[key].value == (int(value.value * 1.1 + 0.5) if value.known else None)
        assert (after[key].trust == "reform") == value.known


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "",
        "label: x\nparameter: {}",
        "rules: nowhere.py",
        "times: {no_such: 2}",
        "times: {line: x}",
        "times: [line]",
    ],
)
def test_a_broken_reform_is_told_in_words(text: str, policy: Policy, tmp_path: Path) -> None:
    file = tmp_path / "reform.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"reform\.yaml"):
        policy.with_reform(file)


CASES = """
- name: 低于线
  date: 2024-02-29
  region: "14"
  input: {h_cash: 100}
  output: {poor: true, aid: 350}
  source: 甲
- name: 线由案例给定之外
  date: 2024-02-29
  region: "14"
  input: {h_cash: 500}
  output: {poor: false, aid: 0}
- name: 没有收入数
  period: 2024-02
  region: "14"
  input: {}
  output: {poor: null}
- name: 算错的
  date: 2024-02-29
  region: "14"
  input: {poor: true, h_cash: 100}
  output: {aid: 340}
- name: 误差之内
  date: 2024-02-29
  region: "14"
  error_margin: 10
  input: {poor: true, h_cash: 100}
  output: {aid: 340}
"""


def test_cases_pass_fail_and_say_what_differs(policy: Policy, tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "a.yaml").write_text(CASES, encoding="utf-8")
    results = run_cases(policy, tmp_path)
    assert [result.passed for result in results] == [True, True, True, False, True]
    difference = results[3].differences[0]
    assert (difference.where, difference.expected, difference.got) == ("aid", 340, 350)
    coverage = case_coverage(policy, results)
    assert coverage[("household", "poor")].complete
    assert (coverage[("household", "aid")].true, coverage[("household", "aid")].unknown) == (3, 0)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("name: x", "列表"),
        ("- {name: x, date: 2024-01-01, input: {}}", "output"),
        ("- {name: x, date: 2024-01-01, input: {}, output: {}, inputs: {}}", "inputs"),
        ("- {name: x, input: {}, output: {poor: true}}", "date"),
        ("- {name: x, date: 2024-01-01, input: {h_cas: 1}, output: {poor: true}}", "h_cas"),
        ("- {name: x, date: 2024-01-01, input: {h_cash: 一元}, output: {poor: true}}", "h_cash"),
        ("- {name: x, date: 2024-01-01, input: {h_cash: 1}, output: {por: true}}", "por"),
        ("- {name: x, date: 2024-01-01, input: {h_cash: 1}, output: {poor: 1}}", "poor"),
        ("- {name: x, date: 2024-01-01, input: {members: [{}]}, output: {members: []}}", "1"),
        ("- [", "YAML"),
    ],
)
def test_a_broken_case_is_told_in_words(text: str, advice: str, policy: Policy, tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        run_cases(policy, file)
    assert "case.yaml" in str(caught.value) and advice in str(caught.value)
