"""The policy's numbers as OpenFisca's parameter tree, so that both read one file."""

from __future__ import annotations

from typing import Any

from xianjie.rules.parameters import Parameter
from xianjie.rules.policy import Policy

REGIONS = ("00", "14", "62", "6230")


def openfisca_tree(policy: Policy) -> dict[str, Any]:
    """Every parameter: one history if the whole country has the same, else one history for each region."""
    tree: dict[str, Any] = {}
    for name, parameter in policy.parameters.items():
        if set(parameter.by_region) == {"00"}:
            tree[name] = history(parameter, "00")
        else:
            tree[name] = {f"r{region}": history(parameter, region) for region in REGIONS}
    return tree


def history(parameter: Parameter, region: str) -> dict[str, Any]:
    """The values that hold in a region from each day on which one of them changes. Money in yuan."""
    days = sorted({value.since for value in parameter.values.values()})
    found = {day.isoformat(): value for day in days if (value := parameter.at(region, day)) is not None}
    money = (parameter.parsed_unit or {}).get("fen") == 1
    if parameter.type not in ("rates", "steps"):
        if not found:  # a ceiling that the region does not have
            return {"values": {"2020-01-01": {"value": 1e9}}}
        scale = 100 if money else 1
        return {"values": {day: {"value": value.value / scale} for day, value in found.items()}}
    (day, newest) = list(found.items())[-1]
    brackets = []
    for step in newest.value:
        amount = {"rate": {day: {"value": step.rate / 10_000}}} if parameter.type == "rates" else {
            "amount": {day: {"value": step.value / 100}}
        }  # fmt: skip
        brackets.append({"threshold": {day: {"value": step.start / 100}}, **amount})
    kind = "marginal_rate" if parameter.type == "rates" else "single_amount"
    return {"metadata": {"type": kind}, "brackets": brackets}
