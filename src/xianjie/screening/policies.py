"""The policy that a run judges by: the built-in folder, a county's own folders over it, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from xianjie.policy import builtin
from xianjie.rules import Policy, load_policy
from xianjie.screening.findings import Finding, load_findings
from xianjie.screening.run_folder import file_fingerprint, fingerprint
from xianjie.screening.schema import rule_schema


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

    def units(self, names: Sequence[str]) -> dict[str, str]:
        """Unit of each result (`bool` for yes and no)."""
        units = {}
        for name in names:
            rule = next(info for info in self.policy.rules() if info.name == name and info.entity == "household")
            units[name] = "bool" if rule.type == "bool" else rule.unit or rule.type
        return units

    def document(self, name: str) -> Any:
        """A YAML file of the policy that is read as it is, the last folder's that has it."""
        for folder in reversed(self.folders):
            if (folder / name).exists():
                return yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        raise FileNotFoundError(name)


def open_policy(overlays: Sequence[Path] = ()) -> PolicyBook:
    """The built-in policy with a county's own folders laid over it, in their order."""
    return PolicyBook((builtin(), *overlays))
