"""What `policy/assessment` declares: days, bodies and departments, indicators, schemes."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any

import yaml

from xianjie.documents.units import canonical_name, level_of
from xianjie.policy import builtin

FOLDER = builtin() / "assessment"
NOT_SCHEMES = ("units", "supervision", "indicators")


@cache
def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_text("utf-8"), yaml.CSafeLoader)
    return loaded


def days(name: str) -> int:
    """A number of days of `supervision.yaml`."""
    return int(_read("supervision")[name]["value"])


def forecast_share() -> float:
    """The share of futures that a forecast's range should hold."""
    return float(_read("supervision")["forecast_share"]["value"])


def transition_ends() -> date:
    """The last day of the five-year transition."""
    ends: date = _read("supervision")["transition_ends"]["value"]
    return ends


def indicators() -> dict[str, dict[str, Any]]:
    """The indicators that the system knows, by name."""
    return _read("indicators")


@cache
def schemes() -> dict[str, dict[str, Any]]:
    """The schemes of assessment, by name; indicators of the system take their unit from their declaration."""
    made = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.stem not in NOT_SCHEMES:
            scheme = _read(path.stem)
            known = [{"unit": indicators().get(one["name"], {}).get("unit", ""), **one} for one in scheme["indicators"]]
            made[path.stem] = {**scheme, "name": path.stem, "indicators": known}
    return made


@cache
def _departments() -> dict[str, str]:
    return {body: department for department, bodies in _read("units")["departments"].items() for body in bodies}


def department_of(name: str) -> str:
    """The department whose users report for a body: 县医保局, 州医疗保障局 → medical_insurance; empty for none."""
    standard = canonical_name(name)
    return _departments().get(standard[len(level_of(standard)) :], "") or _departments().get(standard, "")


def is_every_township(name: str) -> bool:
    """Whether a name means all townships of the county (各乡镇, 乡镇党委、政府)."""
    return bool(re.fullmatch(_read("units")["every_township"], name))
