"""A loaded policy: what rules and parameters there are, and which of them hold in a region on a day."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from xianjie.messages import UserError
from xianjie.rules.grammar import Version
from xianjie.rules.language import NAMESPACE
from xianjie.rules.parameters import Parameter, Value, upwards
from xianjie.rules.schema import Schema

RuleKey = tuple[str, str]


@dataclass(eq=False)
class Policy:
    """Rules by (entity, name), each with its versions, and parameters by name.

    Made by `load_policy`. Evaluates one household (`explain`), gives SQL for a population (`sql`), runs it
    (`compute`) and takes a reform (`with_reform`).
    """

    schema: Schema
    versions: Mapping[RuleKey, list[Version]]
    parameters: Mapping[str, Parameter]
    _resolved: dict[tuple[str, date], Resolved] = field(default_factory=dict)

    @cached_property
    def regions(self) -> frozenset[str]:
        """Every region for which some rule or parameter has something of its own."""
        of_rules = {version.source.region for versions in self.versions.values() for version in versions}
        return frozenset(of_rules | {region for p in self.parameters.values() for region in p.by_region})

    def nearest(self, region: str | None) -> str:
        """The nearest region upwards that this policy knows: all regions with the same one share one policy."""
        return next(iter(upwards(region, self.regions)), "00")

    def resolve(self, region: str | None, day: date) -> Resolved:
        """What holds in `region` on `day`."""
        key = (self.nearest(region), day)
        if key not in self._resolved:
            self._resolved[key] = Resolved(self, *key)
        return self._resolved[key]

    def find(self, name: str, entity: str | None = None) -> RuleKey:
        """The rule called `name`, of `entity` or else of the root entity or whichever has it.

        Raises `UserError` when there is none.
        """
        candidates = [entity] if entity else [self.schema.root, *self.schema.entities]
        for candidate in candidates:
            if (candidate, name) in self.versions:
                return (candidate, name)
        raise UserError("rules.no_rule", name=name)

    def rules(self, entity: str | None = None) -> list[RuleInfo]:
        """All rules (of one entity), in order of entity and name."""
        return [
            RuleInfo(key[1], key[0], versions)
            for key, versions in sorted(self.versions.items())
            if entity in (None, key[0])
        ]

    def explain(self, record: Mapping[str, Any], results: list[str], **where: Any) -> dict[str, Any]:
        """See `xianjie.rules.plain.explain`."""
        from xianjie.rules.plain import explain

        return explain(self, record, results, **where)

    def evaluate(self, record: Mapping[str, Any], results: list[str], **where: Any) -> dict[str, Any]:
        """See `xianjie.rules.plain.evaluate`."""
        from xianjie.rules.plain import evaluate

        return evaluate(self, record, results, **where)

    def sql(self, results: list[str], **options: Any) -> str:
        """See `xianjie.rules.population.sql`."""
        from xianjie.rules.population import sql

        return sql(self, results, **options)

    def compute(self, engine: Any, results: list[str], **options: Any) -> Any:
        """See `xianjie.rules.population.compute`."""
        from xianjie.rules.population import compute

        return compute(self, engine, results, **options)

    def with_reform(self, reform: Any) -> Policy:
        """See `xianjie.rules.reform.with_reform`."""
        from xianjie.rules.reform import with_reform

        return with_reform(self, reform)


@dataclass(frozen=True)
class RuleInfo:
    """A rule as a list or page shows it."""

    name: str
    entity: str
    versions: list[Version]

    @property
    def label(self) -> str:
        """Chinese label of the newest version."""
        return self.versions[-1].source.label

    @property
    def type(self) -> str:
        """Type of the result."""
        return self.versions[0].type

    @property
    def unit(self) -> str | None:
        """Unit of the result, as declared."""
        return self.versions[0].source.unit

    @property
    def doc(self) -> str:
        """The docstring."""
        return self.versions[-1].source.doc


class Resolved:
    """The rules and parameter values that hold in one region on one day."""

    def __init__(self, policy: Policy, region: str, day: date) -> None:
        self.policy, self.region, self.day = policy, region, day
        self._versions: dict[RuleKey, Version | None] = {}
        self._values: dict[str, Value | None] = {}
        self._functions: dict[int, Any] = {}

    def version(self, key: RuleKey) -> Version | None:
        """The rule's version that holds here, or None."""
        if key not in self._versions:
            self._versions[key] = self._nearest(self.policy.versions[key])
        return self._versions[key]

    def _nearest(self, versions: list[Version]) -> Version | None:
        regions = {version.source.region for version in versions}
        for region in upwards(self.region, regions):
            valid = [v for v in versions if v.source.region == region and v.source.valid(self.day)]
            if valid:
                return max(valid, key=lambda version: version.source.since)
        return None

    def parameter(self, name: str) -> Value | None:
        """The parameter's value that holds here, or None."""
        if name not in self._values:
            self._values[name] = self.policy.parameters[name].at(self.region, self.day)
        return self._values[name]

    def function(self, version: Version) -> Any:
        """The rule as an ordinary Python function that knows the language's words and nothing else."""
        if id(version) not in self._functions:
            self._functions[id(version)] = compile_function(version)
        return self._functions[id(version)]


def compile_function(version: Version) -> Any:
    """The rule's source as a Python function, without decorator and annotations."""
    node = copy.deepcopy(version.source.node)
    node.decorator_list, node.returns = [], None
    for argument in node.args.args:
        argument.annotation = None
    module = ast.Module(body=[node], type_ignores=[])
    space = dict(NAMESPACE)
    exec(compile(module, version.source.file, "exec"), space)
    return space[version.source.name]
