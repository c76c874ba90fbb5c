"""The plan for a household 一户一策: proposed from causes and labour capacity, and checked for gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from xianjie.web.flows.definition import FLOWS, read_yaml


class Proposal(BaseModel):
    """A measure that the catalogue offers: its group, the risks it answers, for whom, by which department."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    zh: str
    en: str
    group: str
    risks: tuple[str, ...]
    fits: Literal["able", "unable", "any"]
    department: str
    cite: str


@cache
def catalogue(folders: tuple[Path, ...] = ()) -> dict[str, Proposal]:
    """Every measure by name; a county's folder adds to ours."""
    made: dict[str, Proposal] = {}
    for folder in (FLOWS, *folders):
        path = folder / "measures.yaml"
        if path.exists():
            for name, raw in read_yaml(path)["measures"].items():
                made[name] = Proposal.model_validate({("fits" if key == "for" else key): raw[key] for key in raw})
    return made


@dataclass(frozen=True)
class Gap:
    """What a plan still lacks: a risk without measure, or development help where somebody can work."""

    what: str  # risk, development, helper, first
    risk: str = ""


def propose(
    risks: Iterable[str],
    able: bool | None,
    accepted: Mapping[str, tuple[str, ...]],
    development: Iterable[str],
    has: Iterable[str] = (),
) -> list[str]:
    """Names of measures that answer the risks: for each the first of the catalogue that fits the household.

    `able`: somebody can work, unknown counts as not able to be asked for work; `accepted`: risk → groups that the
    policy accepts for it, a risk that is not named there takes any group; `development`: groups that are development
    help; `has`: measures running already.
    """
    known, helping = catalogue(), set(development)
    fitting = {name: one for name, one in known.items() if one.fits in ("any", "able" if able else "unable")}
    chosen: list[str] = []
    for risk in dict.fromkeys(risks):
        if not any(answers(known[name], risk, accepted) for name in (*has, *chosen)):
            chosen += [name for name, one in fitting.items() if answers(one, risk, accepted)][:1]
    offers = [name for name, one in fitting.items() if one.group in helping]
    if able and offers and not any(known[name].group in helping for name in (*chosen, *has)):
        wanted = set(risks)
        chosen.append(max(offers, key=lambda name: (len(wanted & set(fitting[name].risks)), -offers.index(name))))
    return chosen


def answers(one: Proposal, risk: str, accepted: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a measure answers a risk: it names the risk, and its group is accepted for it."""
    return risk in one.risks and (risk not in accepted or one.group in accepted[risk])


def gaps(
    risks: Iterable[str],
    able: bool | None,
    planned: Iterable[tuple[str, str]],
    accepted: Mapping[str, tuple[str, ...]],
    development: Iterable[str],
    helper: str,
) -> list[Gap]:
    """What a plan lacks. `planned`: (group, risk) of each measure."""
    measures = list(planned)
    found = [
        Gap("risk", risk)
        for risk in dict.fromkeys(risks)
        if not any(against == risk and (risk not in accepted or group in accepted[risk]) for group, against in measures)
    ]
    helping = set(development)
    if able and not any(group in helping for group, _ in measures):
        found.append(Gap("development"))
    if not helper.strip():
        found.append(Gap("helper"))
    return found
