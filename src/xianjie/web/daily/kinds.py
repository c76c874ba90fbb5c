"""What the kinds of finding are called, which of them speak of health, and how departments answer: read from data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from django.utils.translation import get_language
from pydantic import BaseModel, ConfigDict

from xianjie.dictionary import dictionary
from xianjie.dictionary.model import Trust
from xianjie.screening.findings import GROUPS
from xianjie.screening.policies import open_policy
from xianjie.web.accounts.scope import Scope


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Due(_Strict):
    """How many days a department has to answer, with where the number comes from."""

    days: int
    trust: Trust
    source: str


class Answer(_Strict):
    """An answer to a warning: its words, and what must be given with it."""

    zh: str
    en: str
    asks: Literal["note", "department"]
    hint_zh: str
    hint_en: str

    @property
    def label(self) -> str:
        return self.en if get_language() == "en" else self.zh

    @property
    def hint(self) -> str:
        return self.hint_en if get_language() == "en" else self.hint_zh


class Warnings(_Strict):
    """`warnings.yaml`."""

    due: dict[str, Due]
    answers: dict[str, Answer]
    comes_back: tuple[str, ...]
    health_causes: frozenset[str]


@dataclass(frozen=True)
class Kind:
    """A kind of finding as pages name it."""

    code: str
    zh: str
    en: str
    group: str
    causes: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.en if get_language() == "en" else self.zh

    @property
    def is_health(self) -> bool:
        """Whether its sentences speak of somebody's health."""
        return speaks_of_health(self.causes)


@cache
def warning_rules() -> Warnings:
    """What `warnings.yaml` says. Raises `ValueError` when it is not of its shape."""
    text = (Path(__file__).parent / "warnings.yaml").read_text(encoding="utf-8")
    return Warnings.model_validate(yaml.safe_load(text))


@cache
def kinds() -> dict[str, Kind]:
    """The policy's kinds of finding, by code."""
    return {
        name: Kind(name, one.zh, one.en, one.group, tuple(one.causes)) for name, one in open_policy().findings.items()
    }


def kind_label(code: str) -> str:
    """A finding's name for people; a kind that the policy no longer has keeps its code."""
    return kinds()[code].label if code in kinds() else code


def group_label(code: str) -> str:
    """A group's name for people."""
    return code if get_language() == "en" else GROUPS.get(code, code)


def department_label(code: str) -> str:
    """A department's name for people."""
    known = dictionary().departments.get(code)
    return (known.en if get_language() == "en" else known.zh) if known else code


def speaks_of_health(causes: object) -> bool:
    """Whether causes (codes, or the text that joins them by ;) make a sentence one about health."""
    codes = causes.split(";") if isinstance(causes, str) else causes
    return not warning_rules().health_causes.isdisjoint(codes)  # type: ignore[arg-type]


@cache
def health_departments() -> frozenset[str]:
    """Departments whose own files bring health facts: they may read what their files said."""
    entities = dictionary().entities.values()
    return frozenset(
        one.source for one in entities if one.source and any(f.sensitivity == "health" for f in one.fields.values())
    )


def may_read(scope: Scope, causes: object, region_code: str, department: str = "") -> bool:
    """Whether a user may read a finding's sentence without asking: it is not about health, or they see health, or it
    is addressed to their own department, whose files brought it."""
    if not speaks_of_health(causes) or scope.sees("health", region_code):
        return True
    if department not in health_departments():
        return False
    return any(held.department == department and held.covers(region_code) for held in scope.holdings)
