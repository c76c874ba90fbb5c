"""What an official relies on when reading a result."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from xianjie.messages import UserError
from xianjie.policy import builtin, overlay
from xianjie.rules import Policy, load_policy
from xianjie.screening.schema import rule_schema

DAY = date(2022, 6, 30)
CAUSES = [
    "cause_illness", "cause_schooling", "cause_disability", "cause_disaster", "cause_accident", "cause_industry",
    "cause_job", "cause_labour", "cause_housing", "cause_water", "cause_dropout", "cause_uninsured",
]  # fmt: skip
PLACES = {"central": "00", "gansu": "629901", "gannan": "623099", "shanxi": "149901"}


def reads(policy: Policy, rule: str) -> set[tuple[str, str]]:
    """All rules and fields that stand behind a household rule, as (entity, name)."""
    todo, seen = [("household", rule)], set()
    while todo:
        entity, name = todo.pop()
        if (entity, name) in seen:
            continue
        seen.add((entity, name))
        for version in policy.versions.get((entity, name), []):
            todo += [
                (binding.entity or entity, argument)
                for argument, binding in version.arguments.items()
                if binding.kind == "value"
            ]
            todo += list(version.items)
    return seen


@pytest.mark.parametrize("rule", ["monitored_kind_due", "missed", "sudden_hardship", "removal_may_be_due"])
def test_property_hits_are_evidence_and_exclude_nobody(policy: Policy, rule: str) -> None:
    behind = reads(policy, rule)
    assert ("household", "household_size") in behind or rule == "sudden_hardship"
    assert not any(entity == "asset_held" or "has_vehicle" in name for entity, name in behind)


def test_no_rule_reads_ethnicity_or_religion(policy: Policy) -> None:
    for versions in policy.versions.values():
        for version in versions:
            assert not {name for name in version.arguments if name == "ethnicity"}
            assert not {name for _, name in version.items if name == "ethnicity"}
            assert "religious" not in version.source.node.name


def household(**facts: object) -> dict[str, object]:
    return {**dict.fromkeys(CAUSES, False), "household_type": "relieved", "sudden_hardship": False, **facts}


def test_income_on_the_line_counts_in_and_one_fen_above_does_not(policy: Policy) -> None:
    for income, kind in ((650_000, "unstable_relieved"), (650_001, "none")):
        facts = household(income_per_head=income, cause_illness=True)
        assert policy.evaluate(facts, ["monitored_kind_due"], date=DAY, region="629901") == {"monitored_kind_due": kind}


@pytest.mark.parametrize("region", ["149901", "239901"])
def test_where_the_line_is_not_known_the_result_says_which_number_is_missing(policy: Policy, region: str) -> None:
    facts = household(income_per_head=100, cause_illness=True)
    told = policy.explain(facts, ["monitored_kind_due"], date=DAY, region=region)
    assert told["results"] == {"monitored_kind_due": None}
    missing = {need["name"]: need["text"] for need in told["missing"]["monitored_kind_due"]}
    assert "待县里补录" in missing["monitoring_line_amount"]


def test_gannan_follows_gansus_line(policy: Policy) -> None:
    lines = {
        region: policy.evaluate({}, ["monitoring_line"], date=date(2025, 10, 31), region=region)["monitoring_line"]
        for region in ("62", "6230", "623099", "629901")
    }
    assert set(lines.values()) == {860_000}


def test_the_same_household_differs_between_documents_where_the_clauses_differ(policy: Policy, city: Policy) -> None:
    facts = {
        "labour_members": 0, "working_members": 0, "resettled": False, "cooperative": True, "industry_failed": True,
        "only_old_members": True, "disaster_hit": True, "accident_hit": False, "earner_lost": False,
        "water_unsafe": False, "water_outage_days": 10, "house_unsafe": True, "household_type": "relieved",
        "dibao_household": False, "tekun_household": False, "dibao_margin_household": False,
        "rigid_spending_household": False, "monitored_as_unstable": False, "monitored_as_marginal": False,
        "monitored_as_sudden": True,
        "members": [],
    }  # fmt: skip
    names = [
        "cooperative_trouble",
        "special_household",
        "support_to_ask",
        "seasonal_shortage",
        "fast_track_due",
        "housing_help_due",
    ]
    told = {
        place: [name for name, holds in policy.evaluate(facts, names, date=DAY, region=region).items() if holds]
        for place, region in PLACES.items()
    }
    told["city"] = [name for name, holds in city.evaluate(facts, names, date=DAY, region="00").items() if holds]
    assert told == {
        "central": ["housing_help_due"],
        "gansu": ["housing_help_due"],
        "gannan": ["cooperative_trouble", "special_household"],
        "shanxi": ["support_to_ask", "seasonal_shortage", "housing_help_due"],
        "city": ["fast_track_due", "housing_help_due"],
    }


def test_a_county_adds_its_own_number_without_touching_ours(tmp_path: Path, policy: Policy) -> None:
    (tmp_path / "county.yaml").write_text(
        """
parameters:
  monitoring_line_amount:
    values:
      "149901":
        2022-01-01: {yuan: 6800, until: 2022-12-31, source: 县里文件, trust: local}
""",
        encoding="utf-8",
    )
    ours = load_policy([builtin(), tmp_path], rule_schema())
    for book, line in ((policy, None), (ours, 680_000)):
        assert book.evaluate({}, ["monitoring_line"], date=DAY, region="149901999999")["monitoring_line"] == line
    assert ours.evaluate({}, ["monitoring_line"], date=DAY, region="149902")["monitoring_line"] is None


def test_an_overlay_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(UserError, match=r"某处.*city"):
        overlay("某处")


def test_the_last_year_counts_once_however_many_tell_of_it(policy: Policy) -> None:
    rows = [
        {
            "kind": "wage",
            "amount": amount,
            "period_from": date(2021, 1, 1),
            "period_to": date(2021, 12, 31),
            "said_by": teller,
        }
        for teller, amount in (("cadre", 100), ("household", 900), ("department", 5000))
    ]
    told = policy.evaluate({"incomes": rows, "members": []}, ["net_income", "income_account"], date=DAY)
    assert told == {"net_income": 100, "income_account": "cadre"}
