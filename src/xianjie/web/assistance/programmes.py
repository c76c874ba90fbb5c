"""The programmes of social assistance 救助项目 as data: `policy/flows/programmes.yaml`."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from xianjie.dictionary import dictionary
from xianjie.dictionary.model import Trust
from xianjie.rules.parameters import Value
from xianjie.screening.policies import PolicyBook, open_policy
from xianjie.web.daily.runs import overlays
from xianjie.web.flows.definition import FLOWS, read_yaml
from xianjie.web.words import code_label


class Months(BaseModel):
    """A number of months with its source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: int
    source: str
    trust: Trust


class Programme(BaseModel):
    """One programme: its flow, the results of the policy that it rests on, and what its decisions keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str  # of the dictionary's application_programme
    flow: str
    due: str
    category: str = ""
    pays: str = ""
    whole: str = ""
    amount: str = ""
    alone: str = ""
    per_person: str = ""
    urgent: str = ""
    highest: str = ""
    persons: str
    without: str = ""
    missed: str
    recheck: str = ""
    township_max: str = ""
    months_max: str = ""
    asks: tuple[str, ...]
    review: dict[str, str] = {}
    grace: str = ""
    death_check: Months | None = None
    steps: tuple[str, ...]

    @property
    def label(self) -> str:
        """What the programme is called, in the language of the page."""
        return code_label("application_programme", self.code)


@cache
def programmes() -> dict[str, Programme]:
    """Every programme by its code."""
    raw: dict[str, Any] = read_yaml(FLOWS / "programmes.yaml")
    known = dictionary().codes["application_programme"].values
    assert raw.keys() <= known.keys()
    return {code: Programme(code=code, **one) for code, one in raw.items()}


@lru_cache(maxsize=4)
def _book(folders: tuple[Path, ...]) -> PolicyBook:
    return open_policy(folders)


def number(name: str, region_code: str, day: date) -> Value | None:
    """A number of the policy (the instance's own folder first) with source and trust; None when nobody tells it."""
    if not name:
        return None
    found = _book(overlays()).policy.parameters[name].at(region_code, day)
    return found if found is not None and found.known else None


def parameter_label(name: str) -> str:
    """What a number of the policy is called."""
    known = _book(overlays()).policy.parameters.get(name)
    return known.label if known else name


def listed() -> list[tuple[str, str]]:
    """Programmes whose people are listed (everything but one-off relief), for choices."""
    return [(code, one.label) for code, one in programmes().items() if one.category]


def paid() -> list[tuple[str, str]]:
    """Programmes that are paid by the month, for choices."""
    return [(code, one.label) for code, one in programmes().items() if one.pays]
