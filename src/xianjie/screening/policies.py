"""The policy that a run judges by: the built-in folder, a county's own folders over it, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from xianjie.messages import UserError, say
from xianjie.policy import builtin, overlay
from xianjie.rules import Policy, load_policy
from xianjie.rules.text import show_value
from xianjie.screening.findings import Finding, load_findings
from xianjie.screening.run_folder import file_fingerprint, fingerprint
from xianjie.screening.schema import rule_schema


@cache
def read_yaml(path: Path) -> Any:
    """The content of a YAML file, read once: it must not be changed."""
    return yaml.load(path.read_bytes(), yaml.CSafeLoader)


@dataclass(frozen=True)
class PolicyBook:
    """Rules, numbers, findings and results of one or several policy folders, later ones over earlier."""

    folders: tuple[Path, ...]

    @cached_property
    def policy(self) -> Policy:
        """The rules and numbers."""
        return load_policy(list(self.folders), rule_schema())

    @cached_property
    def findings(self) -> dict[str, Finding]:
        """The kinds of finding, by name."""
        return load_findings(self.folders)

    @cached_property
    def version(self) -> str:
        """A fingerprint of every rule and number file: the same text, the same version."""
        files = [
            path for folder in self.folders for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".yaml")
        ]
        return fingerprint(file_fingerprint(path) for path in files)[:12]

    def units_of_findings(self) -> dict[str, str]:
        """Unit of everything that a finding's sentence or evidence shows (`bool` for yes and no)."""
        names = {
            name for finding in self.findings.values() for name in (finding.rule, *finding.evidence, *finding.places)
        }
        rules = {info.name: info for info in self.policy.rules("household")}
        units = {}
        for finding in sorted(names):
            if finding not in rules:
                raise UserError("screening.no_such_rule", name=finding)
            units[finding] = "bool" if rules[finding].type == "bool" else rules[finding].unit or rules[finding].type
        return units

    def numbers(self, day: date, region: str) -> dict[str, Any]:
        """Plain numbers of the policy that hold in `region` on `day`, by name, for the checks."""
        found = {}
        for name, parameter in self.policy.parameters.items():
            value = parameter.at(region, day)
            if value is not None and value.known and isinstance(value.value, int | float | str | date):
                found[name] = value.value
        return found

    def shown(self, name: str, value: Any) -> str:
        """A number of the policy as people read it."""
        parameter = self.policy.parameters[name]
        return show_value(value, parameter.type, parameter.unit)

    def place(self, region: str | None) -> str:
        """The nearest place with a policy of its own above `region`, by its name."""
        compared = self.document("documents.yaml")["compared"]
        places = {one["region"]: str(one["zh"]) for one in compared if not one["overlay"]}
        code = region or ""
        known = [prefix for prefix in places if code.startswith(prefix)]
        return places[max(known, key=len)] if known else places["00"]

    def clauses(self, cites: Sequence[str], region: str | None = None) -> str:
        """Clauses as people read them: 中央（二）健全防止返贫…; with `region` only those that hold there."""
        book = self.document("documents.yaml")
        short = {one["name"]: (one["zh"], one["region"], one["overlay"]) for one in book["compared"]}
        shown = []
        for cite in cites:
            document, _, clause = cite.partition("/")
            zh, place, overlay_name = short.get(document, (book["documents"][document]["zh"], None, ""))
            here = region is None or place is None or (place == "00" or region.startswith(place))
            if here and (not overlay_name or region is None):
                title = book["documents"][document]["clauses"].get(clause, "")
                shown.append(say("policies.clause", document=zh, clause=clause_number(clause), title=title))
        return "；".join(shown)

    def with_overlay(self, name: str) -> PolicyBook:
        """This book with one of the overlays that come along laid over it; itself for an empty name."""
        return PolicyBook((*self.folders, overlay(name))) if name else self

    def document(self, name: str) -> Any:
        """A YAML file of the policy that is read as it is, the last folder's that has it."""
        for folder in reversed(self.folders):
            if (folder / name).exists():
                return read_yaml(folder / name)
        raise FileNotFoundError(name)


def clause_number(clause: str) -> str:
    """A clause as the documents print it: 12 → （十二）; 2.1.2 stays."""
    if not clause.isdigit():
        return clause
    tens, ones = divmod(int(clause), 10)
    digits = "〇一二三四五六七八九"
    text = ("" if tens == 1 else digits[tens]) + "十" if tens else ""
    return f"（{text}{digits[ones] if ones else ''}）"


def open_policy(overlays: Sequence[Path] = ()) -> PolicyBook:
    """The built-in policy with a county's own folders laid over it, in their order."""
    return PolicyBook((builtin(), *overlays))
