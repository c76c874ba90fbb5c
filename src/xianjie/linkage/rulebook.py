"""`rules.yaml` read and checked: settings, keys, relations of numbers and names, and the rules in order."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

TIERS = ("exact", "repaired", "probable", "review", "none")
FILE = Path(__file__).with_name("rules.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Settings(_Part):
    """The few numbers of matching that are not scores."""

    keyed_persons: int
    shown_candidates: int
    rare_name: int
    very_rare_name: int
    masked_digits: int
    scientific_digits: int
    age_tolerance: int
    long_name: int
    spelling_share: float
    float_error: int
    lunar_days: int
    part_bearers: int


class Key(_Part):
    """One way to bring up candidates: rows and persons with equal `row` and `person` meet, if `check` holds.

    `guard`: rules marked `alone` count on this key having shown every namesake.
    """

    id: str
    row: str
    person: str
    when: str = "TRUE"
    check: str = "TRUE"
    guard: bool = False


class NumberRelation(_Part):
    """How a row's number relates to a person's: the first whose `when` holds."""

    id: str
    group: Literal["own", "undone", "close", "far", "other"]
    when: str
    zh: str


class NameRelation(_Part):
    """How alike two names are, 0 to 4, and what a clerk is told."""

    likeness: int
    zh: str


class Rule(_Part):
    """The first rule whose `when` holds for a candidate is its rule; `alone` rules need every namesake seen."""

    id: str
    level: int
    tier: Literal["exact", "repaired", "probable", "review"]
    score: float
    when: str
    zh: str
    alone: bool = False


class KindWords(_Part):
    """What is said of a row by the kind of its number: when nobody fits, and before a rule that goes by name."""

    none: str
    broken: str


class RuleBook(_Part):
    """All of `rules.yaml`."""

    settings: Settings
    keys: list[Key]
    numbers: list[NumberRelation]
    names: dict[str, NameRelation]
    evidence: dict[str, str]
    rules: list[Rule]
    kinds: dict[str, KindWords]
    undecided: str
    doubtful: str
    crowded: str
    decided_person: str
    decided_nobody: str


@cache
def rulebook() -> RuleBook:
    """The rules as shipped. Raises `ValueError` when `rules.yaml` does not have the declared shape."""
    text = FILE.read_text(encoding="utf-8")
    settings = yaml.load(text, yaml.CSafeLoader)["settings"]
    for name, value in settings.items():
        text = text.replace("{" + name + "}", str(value))
    book = RuleBook.model_validate(yaml.load(text, yaml.CSafeLoader))
    levels = [rule.level for rule in book.rules]
    if levels != sorted(levels):
        raise ValueError("rules.yaml: rules must stand in the order of their levels")
    return book
