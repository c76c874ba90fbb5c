"""The policy: rules, numbers and worked cases by subject, as files that an official can read.

Nothing here is executed. `builtin()` is the folder; `xianjie.rules.load_policy` reads it.
"""

from __future__ import annotations

from pathlib import Path

from xianjie.messages import UserError
from xianjie.rules import Policy
from xianjie.rules.text import show_value

_HERE = Path(__file__).parent

__all__ = ["builtin", "missing_numbers", "numbers_page", "overlay", "overlays"]


def builtin() -> Path:
    """The built-in policy folder: one folder for each subject, `documents.yaml`, `results.yaml`."""
    return _HERE


def overlays() -> tuple[str, ...]:
    """Names of the overlay folders that come along, such as the unnamed city's."""
    return tuple(sorted(path.name for path in (_HERE / "overlays").iterdir() if path.is_dir()))


def overlay(name: str) -> Path:
    """The overlay folder of that name. Raises `UserError` when there is none."""
    if name not in overlays():
        raise UserError("policy.no_overlay", name=name, known="、".join(overlays()))
    return _HERE / "overlays" / name


def missing_numbers(policy: Policy) -> list[tuple[str, str, str, str]]:
    """Numbers that a place has and the policy does not: (parameter, label, region, note), in that order."""
    return sorted(
        (name, parameter.label, value.region, value.note)
        for name, parameter in policy.parameters.items()
        for value in parameter.values.values()
        if not value.known
    )


def numbers_page(policy: Policy) -> str:
    """Every number (a table of region × date each, gaps as gaps) and every rule with its source, as Markdown."""
    lines = [
        "# Numbers and rules, with their sources",
        "",
        "Generated from the policy folder (`xianjie.policy.numbers_page`); a test keeps it up to date. Money in yuan.",
        "Trust: stated in a document we have, regulation, local (one place's rule), unverified. A gap is a number",
        "that a place has and we do not.",
        "",
        "## Numbers",
    ]
    for name in sorted(policy.parameters):
        parameter = policy.parameters[name]
        lines += [
            "",
            f"### {parameter.label} `{name}`",
            "",
            "| region | from | until | value | source | trust | note |",
        ]
        lines.append("|---|---|---|---|---|---|---|")
        for value in sorted(parameter.values.values(), key=lambda one: (one.region, one.since)):
            shown = show_value(value.value, parameter.type, parameter.unit) if value.known else "**gap**"
            until = value.until.isoformat() if value.until else ""
            cells = (value.region, value.since.isoformat(), until, shown, value.source, value.trust, value.note)
            lines.append("| " + " | ".join(str(cell or "").replace("|", "／") for cell in cells) + " |")
    return "\n".join([*lines, "", "## Rules", *_rule_lines(policy), ""])


def _rule_lines(policy: Policy) -> list[str]:
    """Each rule by folder: what it says, the clause it follows, what it reads, where its formula stands."""
    rows: dict[str, list[str]] = {}
    for entity, name in sorted(policy.versions):
        for version in policy.versions[(entity, name)]:
            source = version.source
            file = Path(source.file).resolve().relative_to(_HERE)
            reads = "、".join(f"`{one}`" for one in version.arguments)
            cells = (f"`{entity}.{name}`", source.label, source.doc.split("\n")[0], source.cite, reads, file.name)
            rows.setdefault(file.parts[0], []).append("| " + " | ".join(cells) + " |")
    lines: list[str] = []
    for folder in sorted(rows):
        lines += [
            "",
            f"### {folder}/",
            "",
            "| rule | label | meaning | clause | reads | file |",
            "|---|---|---|---|---|---|",
        ]
        lines += rows[folder]
    return lines
