"""Law 4: a parameter is looked up by name, region and date, and there is no value without a source."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.conftest import PolicyOf
from tests.rules.small_world import SCHEMA, TODAY
from xianjie.rules import PolicyError, load_policy
from xianjie.rules.parameters import Bracket, parameters_of

PREFIXES = ["00", "62", "6230", "623001", "623001101001", "14"]
DAYS = st.dates(date(2019, 1, 1), date(2024, 12, 31))
ENTRY = st.one_of(
    st.builds(lambda value, length: {"value": value, "until": length}, st.integers(0, 99), st.integers(0, 400)),
    st.builds(lambda value: {"value": value}, st.integers(0, 99)),
    st.just({"unknown": True, "note": "缺"}),
)


def finished(since: date, entry: dict[str, Any]) -> dict[str, Any]:
    entry = dict(entry)
    if "until" in entry:
        entry["until"] = since + timedelta(days=entry["until"])
    return entry if entry.get("unknown") else {**entry, "source": "s", "trust": "stated"}


@settings(max_examples=150, deadline=None)
@given(
    values=st.dictionaries(st.sampled_from(PREFIXES), st.dictionaries(DAYS, ENTRY, min_size=1, max_size=3), min_size=1),
    region=st.sampled_from([*PREFIXES, "623001101002", "623099000000", "141000000000", "", None]),
    day=DAYS,
)
def test_the_nearest_region_with_a_valid_value_wins_and_the_newest_there(
    values: dict[str, dict[date, dict[str, Any]]], region: str | None, day: date
) -> None:
    block = {
        region_: {since: finished(since, entry) for since, entry in dates.items()} for region_, dates in values.items()
    }
    parameter = parameters_of({"p": {"label": "p", "unit": "1", "type": "int", "values": block}}, Path("p.yaml"), {})[
        "p"
    ]
    found = parameter.at(region, day)

    upward = [(region or "")[:length] for length in range(12, 0, -1)] + ["00"]
    expected = None
    for prefix in upward:
        valid = [
            (since, entry) for since, entry in block.get(prefix, {}).items() if since <= day <= entry.get("until", day)
        ]
        if valid:
            expected = (prefix, *max(valid, key=lambda pair: pair[0]))
            break
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.region, found.since) == expected[:2]
        assert found.value == expected[2].get("value") and found.known == ("value" in expected[2])


def one(entry: str, unit: str = "fen") -> str:
    return f"parameters: {{p: {{label: p, unit: {unit}, values: {{'00': {{2020-01-01: {entry}}}}}}}}}"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (one("{value: 5}"), "source"),
        (one("{value: 5, source: s}"), "trust"),
        (one("{value: 5, source: s, trust: sure}"), "unverified"),
        (one("5"), "source"),
        (one("{source: s, trust: stated}"), "value"),
        (one("{value: 5, yuan: 5, source: s, trust: stated}"), "value"),
        (one("{value: 5.5, source: s, trust: stated}"), "整数分"),
        (one("{yuan: 5.555, source: s, trust: stated}"), "两位小数"),
        (one("{yuan: 5, source: s, trust: stated}", "person"), "yuan"),
        (one("{value: 5, source: s, trust: stated, sourse: s}"), "拼写"),
        (one("{unknown: true}"), "note"),
        (one("{value: 5, until: 2019-01-01, source: s, trust: stated}"), "until"),
        (one("{value: [{from: 5, rate: 0.1}, {from: 0, rate: 0.2}], source: s, trust: stated}", "ratio"), "从小到大"),
        (one("{value: [{from: 5, rate: 0.1, value: 3}], source: s, trust: stated}", "ratio"), "每档"),
        ("parameters: {p: {unit: fen, values: {'00': {}}}}", "label"),
        ("parameters: {p: {label: p, values: {'00': {}}}}", "unit"),
        ("parameters: {p: {label: p, unit: fen}}", "values"),
        ("parameters: {p: {label: p, unit: fen, value: 5, values: {}}}", "拼写"),
        ("parameters: {p: {label: p, unit: fen, values: {62: {2020-01-01: {value: 5}}}}}", "引号"),
        ("parameters: {p: {label: p, unit: fen, values: {'00': 5}}}", "起始日期"),
        ("parameters: {p: {label: p, unit: fen, values: {'00': {'2020': {value: 5}}}}}", "2021-07-01"),
        (one("{unknown: true, note: n}"), "type"),
        ("parameters: [p]", "parameters"),
        ("parameters: {p: [", "YAML"),
    ],
)
def test_a_value_that_is_not_whole_is_refused(text: str, advice: str, policy_of: PolicyOf) -> None:
    with pytest.raises(PolicyError) as caught:
        policy_of("", text)
    assert "numbers.yaml" in str(caught.value) and advice in str(caught.value)


def test_yuan_are_read_as_exact_fen_and_rates_as_ten_thousandths(policy_of: PolicyOf) -> None:
    policy = policy_of(
        "",
        """
parameters:
  a: {label: a, unit: fen/year, values: {"00": {2020-01-01: {yuan: 1234.56, source: s, trust: stated}}}}
  b: {label: b, unit: ratio, values: {"00": {2020-01-01: {
      value: [{from: 0, rate: 0.6}, {from_yuan: 100, rate: 0.6525}], source: s, trust: stated}}}}
""",
    )
    assert policy.parameters["a"].at(None, TODAY).value == 123456  # type: ignore[union-attr]
    assert policy.parameters["b"].at(None, TODAY).value == (Bracket(0, 6000), Bracket(10000, 6525))  # type: ignore[union-attr]


def folder(path: Path, rules: str, parameters: str) -> Path:
    path.mkdir()
    (path / "r.py").write_text("from xianjie.rules import household\n\n\n" + rules, encoding="utf-8")
    (path / "n.yaml").write_text(parameters, encoding="utf-8")
    return path


def test_an_overlay_adds_values_and_rules_and_replaces_those_of_the_same_place_and_date(tmp_path: Path) -> None:
    base = folder(
        tmp_path / "base",
        "@household\ndef f(line):\n    return line\n\n\n@household\ndef g(f):\n    return f + 1\n",
        "parameters: {line: {label: 线, unit: fen, values: {'00': {2020-01-01: {value: 5, source: s, trust: stated}},"
        " '62': {2020-01-01: {value: 6, source: s, trust: stated}}}}}",
    )
    county = folder(
        tmp_path / "county",
        "@household\ndef g(f):\n    return f + 2\n\n\n@household(region='6230')\ndef f(line):\n    return line * 10\n",
        "parameters: {line: {values: {'62': {2020-01-01: {value: 7, source: t, trust: local}},"
        " '6230': {2021-01-01: {value: 8, source: t, trust: local}}}}}",
    )
    policy = load_policy([base, county], SCHEMA)

    def value(name: str, region: str) -> Any:
        return policy.evaluate({}, [name], date=TODAY, region=region)[name]

    assert (value("f", "14"), value("f", "6201"), value("f", "623001")) == (5, 7, 80)
    assert (value("g", "14"), value("g", "623001")) == (7, 82)
    assert load_policy(base, SCHEMA).evaluate({}, ["g"], date=TODAY, region="62") == {"g": 7}


def test_two_files_of_one_folder_may_not_claim_the_same_value(tmp_path: Path) -> None:
    text = (
        "parameters: {line: {label: 线, unit: fen, values: {'00': {2020-01-01: {value: 5, source: s, trust: stated}}}}}"
    )
    base = folder(tmp_path / "base", "", text)
    (base / "other.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match="删去一个"):
        load_policy(base, SCHEMA)


def test_other_yaml_files_and_the_folders_of_cases_are_left_alone(tmp_path: Path) -> None:
    base = folder(tmp_path / "base", "", "steps: [1, 2]")
    (base / "cases").mkdir()
    (base / "cases" / "a.yaml").write_text("parameters: [", encoding="utf-8")
    assert load_policy(base, SCHEMA).parameters == {}


def test_rules_differ_by_region_and_date_by_the_same_look_up(policy_of: PolicyOf) -> None:
    policy = policy_of(
        "@household\ndef f(h_exact):\n    return h_exact\n\n\n"
        "@household(region='62', since='2021-07-01', until='2023-12-31')\ndef f(h_exact):\n    return h_exact * 2\n\n\n"
        "@household(region='62', since='2022-01-01')\ndef f(h_exact):\n    return h_exact * 3\n"
    )

    def value(region: str, day: date) -> Any:
        return policy.evaluate({"h_exact": 1}, ["f"], date=day, region=region)["f"]

    assert value("14", TODAY) == 1
    assert value("62", date(2021, 6, 30)) == 1
    assert value("6230", date(2021, 7, 1)) == 2
    assert value("6230", date(2022, 1, 1)) == 3
