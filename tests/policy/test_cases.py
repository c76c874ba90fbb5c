"""Every worked case comes out, and every rule has cases of each kind of answer."""

from __future__ import annotations

import pytest
import yaml

from xianjie.policy import builtin
from xianjie.rules import Policy
from xianjie.rules.cases import case_coverage, case_files, run_cases

# Rules that have an answer whatever is missing, so no case of them can be unknown.
ALWAYS_KNOWN = {
    ("person", "living"): "the register lists the living",
    ("household", "known_spending"): "at least nothing is known",
    ("person", "school_year_start"): "hangs on the day alone",
}
FILES = sorted(builtin().glob("*/cases/*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_worked_cases_come_out(policy: Policy, file) -> None:
    results = run_cases(policy, file)
    assert results
    assert [(result.name, result.differences) for result in results if not result.passed] == []


def test_every_case_names_its_source(policy: Policy) -> None:
    assert set(case_files(builtin())) >= set(FILES)
    for file in FILES:
        for case in yaml.safe_load(file.read_text(encoding="utf-8")):
            assert case.get("source"), (file.name, case["name"])


def test_every_rule_has_cases_that_fire_that_do_not_and_that_are_unknown(policy: Policy) -> None:
    coverage = case_coverage(policy, run_cases(policy, FILES))
    lacking = []
    for key, seen in coverage.items():
        known = (seen.true and seen.false) if policy.versions[key][0].type == "bool" else (seen.true or seen.false)
        if not known or not (seen.unknown or key in ALWAYS_KNOWN):
            lacking.append((key, seen))
    assert lacking == []
    assert not any(coverage[key].unknown for key in ALWAYS_KNOWN)
