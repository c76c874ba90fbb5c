"""What a flow is, read from `policy/flows/*.yaml` and from a county's own folder, and checked when it is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from xianjie.dictionary.model import Trust

FLOWS = Path(__file__).parents[2] / "policy" / "flows"
REASON, KIND, MANNER = "reason", "kind", "manner"


class FlowError(ValueError):
    """A flow's declaration does not hold; the text names flow, region, step and what is wrong."""


class Strict(BaseModel):
    """A YAML shape that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Strict):
    """A label in both languages."""

    zh: str
    en: str


class Limit(Strict):
    """A number of days with its source; `escalate`: the role of the level above that is told when it has passed."""

    value: int = Field(ge=0)
    days: Literal["working", "calendar"]
    source: str
    trust: Trust
    escalate: str = ""


class Action(Words):
    """What may be done in a step: where it leads, what must be given, and whether it goes back."""

    to: str
    needs: tuple[Literal["reason", "kind", "manner", "amount"], ...] = ()
    back: bool = False
    bare: bool = False  # the step's evidence is not asked for: there is nothing to prove yet
    when: str = ""  # a result of the policy that must hold for the action to be offered
    roles: tuple[str, ...] = ()  # narrower than the step's
    # What the register keeps of it: of a monitoring case, then of an application for assistance.
    writes: Literal[
        "", "identified", "removed", "taken_back", "granted", "reviewed", "grace", "stopped", "relieved"
    ] = ""  # fmt: skip


class Step(Words):
    """A step 环节: who does it, by when, with what evidence, and what may follow."""

    phase: str
    roles: tuple[str, ...]
    actions: dict[str, Action]
    form: str = ""
    wait: Limit | None = None  # not to be left before (public notice)
    limit: Limit | None = None
    evidence: tuple[str, ...] = ()
    freezes: bool = False  # the facts on which its decision rests are kept with it
    rests: bool = False  # nothing is due here

    def may(self, action: str, role: str) -> bool:
        """Whether a role may do an action here."""
        return role in (self.actions[action].roles or self.roles)


class End(Words):
    """An end of the flow; one that `reopens` may be started again as the same case; `adverse` needs a reason told."""

    reopens: bool
    adverse: bool = False


class Evidence(Words):
    """Something that a step asks for."""

    kind: Literal["people", "paper", "check", "record"]
    least: int = 1


class Flow(Strict):
    """A flow as it holds in a region from a day on."""

    name: str
    words: Words
    subject: str
    region: str
    since: date
    source: str
    trust: Trust
    start: str
    phases: dict[str, Words]
    ends: dict[str, End]
    limits: dict[str, Limit]
    steps: dict[str, Step]

    @property
    def key(self) -> str:
        """Name, region and day: what a case keeps, so that it goes on as it began."""
        return f"{self.name}@{self.region}@{self.since.isoformat()}"


def read_yaml(path: Path) -> Any:
    """A YAML file's content."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


@cache
def evidence_kinds(folders: tuple[Path, ...] = ()) -> dict[str, Evidence]:
    """Every kind of evidence by name; a county's folder may add to ours."""
    kinds: dict[str, Evidence] = {}
    for folder in (FLOWS, *folders):
        path = folder / "evidence.yaml"
        if path.exists():
            kinds.update({name: Evidence.model_validate(raw) for name, raw in read_yaml(path).items()})
    return kinds


@cache
def load_flows(folders: tuple[Path, ...] = ()) -> dict[str, tuple[Flow, ...]]:
    """All versions of all flows, ours and those of `folders`. Raises `FlowError` for one that does not hold."""
    raw_versions: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    heads: dict[str, dict[str, Any]] = {}
    for folder in (FLOWS, *folders):
        for path in sorted(folder.glob("*.yaml")):
            raw = read_yaml(path)
            if "flow" not in raw:
                continue
            head = heads.setdefault(raw["flow"], raw)
            raw_versions.setdefault(raw["flow"], []).extend((head, version) for version in raw.get("versions", ()))
    return {name: tuple(_versions(name, found, folders)) for name, found in raw_versions.items()}


def _versions(
    name: str, found: list[tuple[dict[str, Any], dict[str, Any]]], folders: tuple[Path, ...]
) -> Iterable[Flow]:
    made: list[Flow] = []
    for head, raw in found:
        base = _base(name, raw, made)
        steps = dict(base["steps"]) if base else {}
        steps.update(raw.get("steps", {}))
        for step, change in raw.get("change", {}).items():
            if step not in steps:
                raise FlowError(f"{name} {raw['region']}: change of an unknown step {step}")
            steps[step] = {**steps[step], **change}
        flow = Flow(
            name=name,
            words=Words(zh=head["zh"], en=head["en"]),
            subject=head["subject"],
            region=str(raw["region"]),
            since=raw["since"],
            source=raw["source"],
            trust=raw["trust"],
            start=head["start"],
            phases=head["phases"],
            ends={**head["ends"], **raw.get("ends", {})},
            limits={**(base["limits"] if base else {}), **raw.get("limits", {})},
            steps=steps,
        )
        check(flow, evidence_kinds(folders))
        made.append(flow)
    return made


def _base(name: str, raw: dict[str, Any], made: list[Flow]) -> dict[str, Any] | None:
    if "based_on" not in raw:
        return None
    earlier = [flow for flow in made if flow.region == str(raw["based_on"]) and flow.since <= raw["since"]]
    if not earlier:
        raise FlowError(f"{name} {raw['region']}: based on {raw['based_on']}, which stands nowhere before it")
    return max(earlier, key=lambda flow: flow.since).model_dump()


def flow_for(name: str, region_code: str, day: date, folders: tuple[Path, ...] = ()) -> Flow:
    """The version in force: the nearest region upwards, the newest by the day. Raises `FlowError` for none."""
    known = load_flows(folders).get(name, ())
    for digits in (12, 9, 6, 4, 2):
        there = [flow for flow in known if flow.region == region_code[:digits] and flow.since <= day]
        if there:
            return max(there, key=lambda flow: flow.since)
    national = [flow for flow in known if flow.region == "00" and flow.since <= day]
    if not national:
        raise FlowError(f"{name}: no version for {region_code} on {day}")
    return max(national, key=lambda flow: flow.since)


def flow_by_key(key: str, folders: tuple[Path, ...] = ()) -> Flow:
    """The version that a case began with."""
    for flow in load_flows(folders).get(key.partition("@")[0], ()):
        if flow.key == key:
            return flow
    raise FlowError(f"{key}: no such version")


def check(flow: Flow, evidence: dict[str, Evidence]) -> None:
    """No dead end, no step without a role, every late step climbs, every word known. Raises `FlowError`."""
    problems = [*_word_problems(flow, evidence), *_clock_problems(flow)]
    if not problems:
        problems = list(_path_problems(flow))
    if problems:
        raise FlowError(f"{flow.name} {flow.region} {flow.since}: " + "; ".join(problems))


def _word_problems(flow: Flow, evidence: dict[str, Evidence]) -> Iterable[str]:
    targets = flow.steps.keys() | flow.ends.keys()
    if flow.start not in flow.steps:
        yield f"starts at {flow.start}, which is no step"
    for name, step in flow.steps.items():
        if not step.roles:
            yield f"{name} has no role"
        if step.phase not in flow.phases:
            yield f"{name} is of the unknown phase {step.phase}"
        for kind in step.evidence:
            if kind not in evidence:
                yield f"{name} asks for the unknown evidence {kind}"
        for word, action in step.actions.items():
            if action.to not in targets:
                yield f"{name}.{word} leads to {action.to}, which does not exist"
            if action.to in flow.ends and flow.ends[action.to].adverse and not _reasoned(flow, name, action):
                yield f"{name}.{word} ends against the household and asks for no reason"


def _reasoned(flow: Flow, name: str, action: Action) -> bool:
    """An adverse end has a reason: asked for here, or by every action that leads to this step."""
    leading = [way for step in flow.steps.values() for way in step.actions.values() if way.to == name]
    return REASON in action.needs or (bool(leading) and all(REASON in way.needs for way in leading))


def _clock_problems(flow: Flow) -> Iterable[str]:
    for name, step in flow.steps.items():
        if step.rests:
            continue
        clock = step.limit or flow.limits.get(step.phase)
        if clock is None:
            yield f"{name} has no time limit, nor has its phase"
        elif not clock.escalate:
            yield f"{name} may be late and nobody is told"
        if step.wait and step.limit and step.wait.value > step.limit.value and step.wait.days == step.limit.days:
            yield f"{name} must wait longer than it may take"


def _path_problems(flow: Flow) -> Iterable[str]:
    reached, waiting = {flow.start}, [flow.start]
    while waiting:
        for action in flow.steps[waiting.pop()].actions.values():
            if action.to in flow.steps and action.to not in reached:
                reached.add(action.to)
                waiting.append(action.to)
    for name in flow.steps.keys() - reached:
        yield f"{name} is never reached"
    good = set(flow.ends) | {name for name, step in flow.steps.items() if step.rests}
    grown = True
    while grown:
        ways = {
            name
            for name, step in flow.steps.items()
            if any(action.to in good and not action.back for action in step.actions.values())
        }
        grown = not ways <= good
        good |= ways
    for name in flow.steps.keys() - good:
        yield f"{name} is a dead end"
