"""The page of provenance: every number as a table of region × date, every rule with its source, gaps as gaps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from xianjie.policy import missing_numbers
from xianjie.rules import Policy
from xianjie.rules.text import show_value
from xianjie.screening.policies import PolicyBook


def rule_book(book: PolicyBook, formulas: bool = True) -> str:
    """All of it as Markdown, with the `gaps.yaml` and `changes.yaml` of the book's folders. With `formulas` every
    rule's text stands at the end."""
    policy, changes = book.policy, _changes(book.folders)
    parts = [_head(), _gap_lines(policy, book.folders), _number_lines(policy, changes), _rule_lines(policy, changes)]
    if formulas:
        parts.append(_formula_lines(policy))
    return "\n".join([line for part in parts for line in part] + [""])


def _head() -> list[str]:
    return [
        "# Numbers and rules, with their sources",
        "",
        "Generated from the policy folder by `xianjie rules book`; a test keeps it up to date. Money in yuan. Trust:",
        "stated in a document we have, regulation, local (one place's rule), unverified (a re-published copy, or a",
        "reading of ours). A gap is a number that a place has and we do not; what hangs on it is unknown there.",
    ]


def _table(*columns: str) -> list[str]:
    return ["", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]


def _row(*cells: Any) -> str:
    return "| " + " | ".join(str("" if cell is None else cell).replace("|", "／") for cell in cells) + " |"


def _listed(folders: Sequence[Path], name: str) -> list[dict[str, Any]]:
    """The entries of that list in the folders that have it."""
    files = [folder / f"{name}.yaml" for folder in folders]
    return [one for file in files if file.is_file() for one in yaml.safe_load(file.read_text(encoding="utf-8"))[name]]


def _changes(folders: Sequence[Path]) -> dict[str, list[str]]:
    """Who changed a rule or number, when and why, by its name."""
    told: dict[str, list[str]] = {}
    for change in _listed(folders, "changes"):
        for name in change["names"]:
            told.setdefault(name, []).append(f"{change['date']} {change['by']}：{change['why']}")
    return told


def _gap_lines(policy: Policy, folders: Sequence[Path]) -> list[str]:
    lines = ["", "## Gaps", "", "Documents that we do not have, and what is done meanwhile."]
    lines += [*_table("document", "matters for", "meanwhile")]
    lines += [_row(gap["zh"], gap["matters"], gap["now"]) for gap in _listed(folders, "gaps")]
    lines += ["", "Numbers that are missing.", *_table("number", "name", "region", "note")]
    lines += [_row(label, f"`{name}`", region, note) for name, label, region, note in missing_numbers(policy)]
    return lines


def _number_lines(policy: Policy, changes: dict[str, list[str]]) -> list[str]:
    lines = ["", "## Numbers"]
    for name in sorted(policy.parameters):
        parameter = policy.parameters[name]
        lines += ["", f"### {parameter.label} `{name}`"]
        lines += [line for change in changes.get(name, []) for line in ("", change)]
        lines += _table("region", "from", "until", "value", "source", "trust", "note")
        for value in sorted(parameter.values.values(), key=lambda one: (one.region, one.since)):
            shown = show_value(value.value, parameter.type, parameter.unit) if value.known else "**gap**"
            lines.append(_row(value.region, value.since, value.until, shown, value.source, value.trust, value.note))
    return lines


def _rule_lines(policy: Policy, changes: dict[str, list[str]]) -> list[str]:
    """Each rule by folder: what it says, the clause it follows, what it reads, where its formula stands."""
    rows: dict[str, list[str]] = {}
    for entity, name in sorted(policy.versions):
        for version in policy.versions[(entity, name)]:
            source, file = version.source, Path(version.source.file)
            reads = "、".join(f"`{one}`" for one in version.arguments)
            meaning = source.doc.split("\n")[0]
            changed = "；".join(changes.get(name, []))
            cells = (f"`{entity}.{name}`", source.label, meaning, source.cite, reads, file.name, changed)
            rows.setdefault(file.parent.name, []).append(_row(*cells))
    lines = ["", "## Rules"]
    for folder in sorted(rows):
        columns = ("rule", "label", "meaning", "clause", "reads", "file", "changed")
        lines += ["", f"### {folder}/", *_table(*columns), *rows[folder]]
    return lines


def _formula_lines(policy: Policy) -> list[str]:
    """The text of every rule, as it is written."""
    lines = ["", "## Formulas"]
    for entity, name in sorted(policy.versions):
        for version in policy.versions[(entity, name)]:
            source = version.source
            text = _text(source.file)[source.node.lineno - 1 : source.node.end_lineno]
            lines += ["", f"### {source.label} `{entity}.{name}`", "", "```python", *text, "```"]
    return lines


@cache
def _text(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8").splitlines()
