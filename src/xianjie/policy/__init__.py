"""The policy: rules, numbers and worked cases by subject, as files that an official can read.

Nothing here is executed. `builtin()` is the folder; `xianjie.rules.load_policy` reads it.
"""

from __future__ import annotations

from pathlib import Path

from xianjie.messages import UserError
from xianjie.rules import Policy

_HERE = Path(__file__).parent

__all__ = ["builtin", "missing_numbers", "overlay", "overlays"]


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
