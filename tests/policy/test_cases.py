"""Every worked case comes out, and every rule has cases of each kind of answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from xianjie.policy import builtin, overlay
from xianjie.rules import Policy, load_policy
from xianjie.rules.cases import CaseResult, case_coverage, case_files, run_cases
from xianjie.screening.schema import rule_schema

# Rules that have an answer whatever is missing, so no case of them can be unknown.
ALWAYS_KNOWN = {
    ("person", "living"): "the register lists the living",
    ("household", "known_spending"): "at least nothing is known",
    ("person", "school_year_start"): "hangs on the day alone",
}
HERE = Path(__file__).parent
CALCULATION = re.compile(r"\d.*[×÷+−=<>≤≥%]|\d.*(超过|低于|等于|取)")
FILES = sorted(builtin().glob("*/cases/*.yaml"))
CITY = HERE / "city_cases" / "city.yaml"
COUNTY = HERE / "county" / "cases.yaml"


@pytest.fixture(scope="module")
def county() -> Policy:
    """The city's policy with an invented county's own numbers, those that no document gives."""
    return load_policy([builtin(), overlay("city"), HERE / "county" / "numbers"], rule_schema())


@pytest.fixture(scope="module")
def overlaid(city: Policy, county: Policy) -> list[CaseResult]:
    """The cases of the city's overlay and of the county's."""
    return [*run_cases(city, CITY), *run_cases(county, COUNTY)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.parent.name}-{file.stem}")
def test_worked_cases_come_out(policy: Policy, file: Path) -> None:
    results = run_cases(policy, file)
    assert results
    assert [(result.name, result.differences) for result in results if not result.passed] == []


def test_the_citys_and_a_countys_own_cases_come_out(overlaid: list[CaseResult]) -> None:
    assert len(overlaid) >= 20
    assert [(result.name, result.differences) for result in overlaid if not result.passed] == []


def test_every_case_names_its_source() -> None:
    assert set(case_files(builtin())) >= set(FILES)
    for file in [*FILES, CITY, COUNTY]:
        names = []
        for case in yaml.safe_load(file.read_text(encoding="utf-8")):
            assert case.get("source"), (file.name, case["name"])
            names.append(case["name"])
        assert len(names) == len(set(names)), file


def all_cases() -> list[tuple[Path, dict[str, Any]]]:
    return [
        (file, case) for file in [*FILES, CITY, COUNTY] for case in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]


def calculated(case: dict[str, Any]) -> bool:
    """The note writes the calculation out."""
    return bool(CALCULATION.search(str(case.get("note", ""))))


def has_unknown(expected: Any) -> bool:
    inner = expected.values() if isinstance(expected, dict) else expected if isinstance(expected, list) else ()
    return expected is None or any(has_unknown(one) for one in inner)


def test_calculations_are_written_out_for_every_programme_and_place() -> None:
    counted = [file for file, case in all_cases() if calculated(case)]
    assert len(counted) >= 150
    places = [file.stem for file in counted if file.parent.parent.name == "dibao" or file == CITY]
    for place in ("centre", "gansu", "gannan", "shanxi", "city"):
        assert places.count(place) >= 12, place
    for programme in ("cascade", "tekun"):
        assert sum(file.parent.parent.name == programme for file in counted) >= 12, programme


def test_at_least_thirty_cases_say_that_something_is_not_known() -> None:
    assert sum(has_unknown(case["output"]) for _, case in all_cases()) >= 30


def test_every_rule_has_cases_that_fire_that_do_not_and_that_are_unknown(
    policy: Policy, overlaid: list[CaseResult]
) -> None:
    coverage = case_coverage(policy, [*run_cases(policy, FILES), *overlaid])
    lacking = []
    for key, seen in coverage.items():
        known = (seen.true and seen.false) if policy.versions[key][0].type == "bool" else (seen.true or seen.false)
        if not known or not (seen.unknown or key in ALWAYS_KNOWN):
            lacking.append((key, seen))
    assert lacking == []
    assert not any(coverage[key].unknown for key in ALWAYS_KNOWN)
