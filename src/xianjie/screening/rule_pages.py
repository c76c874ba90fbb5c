"""`xianjie rules show` and `xianjie rules test`: what a rule says, and whether its worked cases hold."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from xianjie.messages import UserError, say
from xianjie.rules.cases import CaseResult, run_cases
from xianjie.screening.policies import open_policy


def rule_page(name: str, overlays: tuple[Path, ...]) -> dict[str, Any]:
    """One rule: each version's text and inputs, and every value of the numbers it reads.

    Raises `UserError` when there is no such rule.
    """
    policy = open_policy(overlays).policy
    entity, rule = policy.find(name)
    versions = policy.versions[entity, rule]
    numbers = sorted(
        {argument for version in versions for argument, binding in version.arguments.items() if binding.kind == "param"}
    )
    return {
        "name": rule,
        "entity": entity,
        "label": versions[-1].source.label,
        "unit": versions[-1].source.unit,
        "type": versions[0].type,
        "doc": versions[-1].source.doc,
        "versions": [
            {
                "region": version.source.region,
                "since": version.source.since,
                "until": version.source.until,
                "cite": version.source.cite,
                "inputs": {name: binding.kind for name, binding in version.arguments.items()},
                "source": ast.unparse(version.source.node),
            }
            for version in versions
        ],
        "parameters": [_number(policy.parameters[number]) for number in numbers],
    }


def _number(parameter: Any) -> dict[str, Any]:
    values = sorted(parameter.values.values(), key=lambda value: (value.region, value.since))
    return {
        "name": parameter.name,
        "label": parameter.label,
        "unit": parameter.unit,
        "values": [
            {
                "region": value.region,
                "since": value.since,
                "until": value.until,
                "value": value.value if value.known else None,
                "source": value.source,
                "trust": value.trust,
                "note": value.note,
            }
            for value in values
        ],
    }


def rule_page_lines(page: dict[str, Any]) -> list[str]:
    """The page as lines for a person."""
    lines = [f"{page['name']}  {page['label']}  [{page['entity']}, {page['unit'] or page['type']}]", page["doc"], ""]
    for version in page["versions"]:
        lines += [say("rule_page.version", **version), version["source"], ""]
    for number in page["parameters"]:
        lines.append(f"{number['name']}  {number['label']}  [{number['unit']}]")
        for value in number["values"]:
            shown = say("rule_page.no_value") if value["value"] is None else value["value"]
            text = say("rule_page.value", **{**value, "value": shown, "until": value["until"] or ""})
            lines.append(f"  {text}" + (f" {value['note']}" if value["note"] else ""))
    return lines


def run_policy_cases(folder: Path | None, overlays: tuple[Path, ...]) -> dict[str, Any]:
    """Run the worked cases of `folder`, or of every `cases` folder of the policy."""
    book = open_policy(overlays)
    folders = [folder] if folder else [place for root in book.folders for place in sorted(root.rglob("cases"))]
    results = [result for place in folders for result in run_cases(book.policy, place)]
    if not results:
        raise UserError("rule_page.no_cases", folder="、".join(map(str, folders)))
    failures = [_failure(result) for result in results if not result.passed]
    return {"passed": len(results) - len(failures), "failed": len(failures), "failures": failures}


def _failure(result: CaseResult) -> dict[str, Any]:
    told = [
        say("rule_page.difference", where=one.where, expected=one.expected, got=one.got) for one in result.differences
    ]
    text = say("rule_page.failed", name=result.name, file=result.file, differences="；".join(told))
    return {"name": result.name, "file": result.file, "differences": told, "text": text}
