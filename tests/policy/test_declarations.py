"""Numbers, findings, documents and results hang together: nothing is cited, shown or asked for that is not there."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from xianjie.dictionary import dictionary
from xianjie.policy import builtin, missing_numbers
from xianjie.rules import Policy, load_policy
from xianjie.rules.parameters import TRUSTS
from xianjie.screening.policies import open_policy
from xianjie.screening.rule_book import rule_book
from xianjie.screening.schema import rule_schema

FIVE = ("central", "gansu", "gannan", "shanxi", "city")
DOCUMENTS: dict[str, Any] = yaml.safe_load((builtin() / "documents.yaml").read_text(encoding="utf-8"))
FINDINGS: dict[str, Any] = {
    name: facts
    for file in sorted(builtin().glob("*/findings.yaml"))
    for name, facts in yaml.safe_load(file.read_text(encoding="utf-8"))["findings"].items()
}


def clauses() -> set[str]:
    return {f"{name}/{clause}" for name, facts in DOCUMENTS["documents"].items() for clause in facts["clauses"]}


def household_rules(policy: Policy) -> dict[str, Any]:
    return {rule.name: rule for rule in policy.rules("household")}


def test_every_number_has_source_and_trust_and_every_gap_says_what_is_missing(policy: Policy) -> None:
    for parameter in policy.parameters.values():
        assert re.search("[一-鿿]", parameter.label), parameter.name
        for value in parameter.values.values():
            assert value.trust in TRUSTS
            assert value.source if value.known else value.note, (parameter.name, value.region, value.since)


def test_a_number_borrowed_from_another_place_says_so(policy: Policy) -> None:
    local = [
        (parameter.name, value)
        for parameter in policy.parameters.values()
        for value in parameter.values.values()
        if value.region == "00" and value.known and ("某县" in value.source or "市部门" in value.source)
    ]
    assert local
    assert [name for name, value in local if "外地示例" not in value.note] == []


def test_every_number_is_used_by_a_rule(policy: Policy) -> None:
    used = {
        name
        for versions in policy.versions.values()
        for version in versions
        for name, binding in version.arguments.items()
        if binding.kind == "param"
    }
    assert set(policy.parameters) == used


def test_every_clause_cited_is_in_the_documents(policy: Policy) -> None:
    cited = {clause for facts in FINDINGS.values() for clause in facts["cite"]}
    cited |= {version.source.cite for versions in policy.versions.values() for version in versions} - {""}
    assert cited - clauses() == set()


def test_each_mechanism_says_for_each_of_the_five_documents_where_it_stands(policy: Policy) -> None:
    rules = household_rules(policy)
    for name, facts in DOCUMENTS["mechanisms"].items():
        assert tuple(facts["clauses"]) == FIVE, name
        assert set(facts["rules"]) <= set(rules), name
        assert facts["difference"]
        for document, place in facts["clauses"].items():
            if place is not None:
                assert f"{document}/{place['clause']}" in clauses(), (name, document)
                assert 0 < len(place["quote"]) <= 40, (name, document)


def test_documents_compared_are_the_five(policy: Policy) -> None:
    assert tuple(facts["name"] for facts in DOCUMENTS["compared"]) == FIVE
    for facts in DOCUMENTS["compared"]:
        assert DOCUMENTS["documents"][facts["name"]]["region"] in (facts["region"], None)


def test_every_finding_rests_on_a_yes_or_no_rule_of_the_household(policy: Policy) -> None:
    rules = household_rules(policy)
    codes, departments = dictionary().codes["risk"].values, dictionary().departments
    for name, facts in FINDINGS.items():
        assert rules[facts["rule"]].type == "bool", name
        assert set(facts.get("evidence", [])) <= set(rules), name
        assert set(re.findall(r"\{(\w+)\}", facts["text"])) <= set(facts.get("evidence", [])), name
        assert set(facts.get("causes", [])) <= set(codes), name
        assert set(facts["departments"]) <= set(departments), name
        assert facts["score"]["source"] and facts["score"]["trust"] in TRUSTS, name


def test_finding_names_are_used_once() -> None:
    files = sorted(builtin().glob("*/findings.yaml"))
    names = [name for file in files for name in yaml.safe_load(file.read_text(encoding="utf-8"))["findings"]]
    assert len(names) == len(set(names)) > 50


def test_results_are_rules_with_their_labels_and_units(policy: Policy) -> None:
    rules = household_rules(policy)
    listed = yaml.safe_load((builtin() / "results.yaml").read_text(encoding="utf-8"))["results"]
    for result in listed:
        rule = rules[result["name"]]
        assert (result["label"], result["unit"]) == (rule.label, rule.unit or rule.type), result["name"]
    assert len({result["name"] for result in listed}) == len(listed)


def test_places_that_lack_a_number_are_listed(policy: Policy, city: Policy) -> None:
    gaps = {(name, region) for name, _, region, _ in missing_numbers(policy)}
    assert gaps >= {("monitoring_line_amount", region) for region in ("14", "23", "62")}
    assert ("monitoring_line_amount", "00") not in gaps
    assert ("monitoring_line_amount", "00") in {(name, region) for name, _, region, _ in missing_numbers(city)}


def test_causes_are_those_of_the_national_list_in_an_order_each_with_its_rule(policy: Policy) -> None:
    told = yaml.safe_load((builtin() / "causes.yaml").read_text(encoding="utf-8"))
    assert sorted(cause["code"] for cause in told["causes"]) == sorted(dictionary().codes["risk"].values)
    for cause in told["causes"]:
        assert household_rules(policy)[cause["rule"]].type == "bool"
        if "measures" in cause:
            groups = policy.parameters[cause["measures"]].at("00", date(2025, 10, 31))
            assert groups is not None and set(groups.value) <= set(dictionary().codes["measure_group"].values)
    assert told["keep"] == 5


def test_the_page_of_numbers_and_rules_is_up_to_date() -> None:
    page = (builtin().parents[2] / "docs" / "policy-numbers.md").read_text(encoding="utf-8")
    assert page == rule_book(open_policy(), formulas=False), "make it again, see docs/policy.md"


def test_the_page_shows_gaps_sources_formulas_and_changes(policy: Policy) -> None:
    page = rule_book(open_policy())
    for name, label, region, note in missing_numbers(policy):
        assert f"| {label} | `{name}` | {region} | {note} |" in page
    assert "**gap**" in page
    assert "社会救助法" in page
    assert "def dibao_month_gap(dibao_gap):" in page
    assert "### 脱贫户 `household.relieved`" in page


def test_a_countys_own_folder_brings_its_own_changes_and_gaps(tmp_path: Path) -> None:
    (tmp_path / "numbers.yaml").write_text(
        "parameters: {rural_dibao_month: {values: {'629901': "
        "{2025-01-01: {yuan: 510, source: 县文件, trust: local}}}}}",
        encoding="utf-8",
    )
    (tmp_path / "changes.yaml").write_text(
        "changes: [{date: 2025-01-05, by: 县民政局, why: 新标准, names: [rural_dibao_month]}]", encoding="utf-8"
    )
    page = rule_book(open_policy((tmp_path,)))
    assert "2025-01-05 县民政局：新标准" in page and "县文件" in page


def test_changes_name_rules_or_numbers_and_say_who_when_and_why(policy: Policy) -> None:
    known = set(policy.parameters) | {name for _, name in policy.versions}
    for change in yaml.safe_load((builtin() / "changes.yaml").read_text(encoding="utf-8"))["changes"]:
        assert isinstance(change["date"], date) and change["by"] and change["why"]
        assert set(change["names"]) <= known


def test_every_reform_of_the_examples_can_be_laid_over_the_policy(policy: Policy) -> None:
    folder = builtin().parents[2] / "docs" / "examples"
    county = load_policy([builtin(), folder / "county"], rule_schema())
    reforms = sorted((folder / "reforms").glob("*.yaml"))
    assert len(reforms) >= 5
    for file in reforms:
        reformed = county.with_reform(file)
        assert (reformed.parameters, reformed.versions["household", "work_cost"][0].source.file) != (
            county.parameters,
            county.versions["household", "work_cost"][0].source.file,
        ), file
