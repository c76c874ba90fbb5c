"""A policy folder → `Policy`: rules found, numbers read, names resolved, every rule understood or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from xianjie.rules.errors import PolicyError, Refused
from xianjie.rules.grammar import Version, compile_rule
from xianjie.rules.parameters import Parameter, merge, read_parameters
from xianjie.rules.policy import Policy, RuleKey
from xianjie.rules.schema import Schema
from xianjie.rules.scope import Binding
from xianjie.rules.sources import Source, read_rules
from xianjie.rules.units import show_unit

NOT_RULES = {"assessment", "cases", "checks", "flows", "findings", "ledgers", "overlays", "__pycache__"}
TODAY = Binding("today", type="date")


def load_policy(paths: Path | Sequence[Path], schema: Schema) -> Policy:
    """Load one or several policy folders, each an overlay on those before it.

    A folder is a tree of `.py` (rules) and `.yaml` with the top-level key `parameters` (numbers). Raises
    `PolicyError` naming file and line for whatever the language does not accept.
    """
    sources: dict[tuple[object, ...], Source] = {}
    parameters: dict[str, Parameter] = {}
    entities = set(schema.entities)
    for folder in [paths] if isinstance(paths, Path) else paths:
        if not folder.is_dir():
            raise PolicyError("rules.no_folder", file=folder)
        own: dict[tuple[object, ...], Source] = {}
        numbers: dict[str, Parameter] = {}
        for path in policy_files(folder):
            if path.suffix == ".py":
                for source in read_rules(path, entities):
                    if source.key in own:
                        other = own[source.key]
                        raise Refused(
                            "rules.rule_twice", file=path, line=source.line, rule=source.name, other=other.file
                        )
                    own[source.key] = source
            else:
                found = read_parameters(path, {**parameters, **numbers})
                for name in found.keys() & numbers.keys():
                    clash = found[name].values.keys() & numbers[name].values.keys()
                    if clash:
                        raise PolicyError("rules.value_twice", file=path, name=name, other=numbers[name].file)
                numbers = merge(numbers, found)
        sources.update(own)
        parameters = merge(parameters, numbers)
    return build_policy(sources.values(), parameters, schema)


def policy_files(folder: Path) -> list[Path]:
    """Rule and number files of a policy folder, in a fixed order."""
    found = [path for pattern in ("*.py", "*.yaml", "*.yml") for path in folder.rglob(pattern)]
    keep = [path for path in found if not NOT_RULES & set(path.relative_to(folder).parts[:-1])]
    return sorted(path for path in keep if path.name != "__init__.py")


def build_policy(sources: Iterable[Source], parameters: Mapping[str, Parameter], schema: Schema) -> Policy:
    """Understand all rules together. Raises `Refused` for the first one that the language does not accept."""
    compiler = _PolicyCompiler(sources, parameters, schema)
    versions = {key: [compiler.version(source) for source in found] for key, found in compiler.sources.items()}
    return Policy(schema, versions, dict(parameters))


class _PolicyCompiler:
    """Compiles rules on demand, so that each knows the types of the rules it uses."""

    def __init__(self, sources: Iterable[Source], parameters: Mapping[str, Parameter], schema: Schema) -> None:
        self.schema, self.parameters = schema, parameters
        self.sources: dict[RuleKey, list[Source]] = {}
        for source in sorted(sources, key=lambda source: (source.entity, source.name, source.region, source.since)):
            self.sources.setdefault((source.entity, source.name), []).append(source)
        self.done: dict[int, Version] = {}
        self.underway: list[Source] = []

    def version(self, source: Source) -> Version:
        """The rule understood; its inputs' rules are understood first."""
        if id(source) in self.done:
            return self.done[id(source)]
        fields = self.schema.entities[source.entity].fields
        if source.name in fields:
            raise Refused(
                "rules.hides_field", file=source.file, line=source.line, rule=source.name, entity=source.entity
            )
        if source in self.underway:
            circle = " → ".join(one.name for one in [*self.underway[self.underway.index(source) :], source])
            raise Refused("rules.circle", file=source.file, line=source.line, rule=source.name, circle=circle)
        self.underway.append(source)
        version = compile_rule(source, self)
        self.underway.pop()
        self.done[id(source)] = version
        return version

    def _rule(self, entity: str, name: str) -> Binding | None:
        sources = self.sources.get((entity, name))
        if sources is None:
            return None
        versions = [self.version(source) for source in sources]
        first = versions[0]
        for other in versions[1:]:
            if other.type != first.type or other.body.unit != first.body.unit:
                raise Refused(
                    "rules.versions_differ", file=other.source.file, line=other.source.line, rule=name,
                    other=first.source.file,
                )  # fmt: skip
        return Binding("value", entity, first.type, _unit_text(first))

    def _value(self, entity: str, name: str) -> Binding | None:
        found = self._rule(entity, name)
        if found is None and name in (fields := self.schema.entities[entity].fields):
            found = Binding("value", entity, fields[name].type, fields[name].unit)
        return found

    def argument(self, source: Source, name: str) -> Binding:
        """What an argument means: rule or field of the entity, collection, parent, parameter, `today`."""
        entity = self.schema.entities[source.entity]
        found = [self._value(source.entity, name)] if self._known(source.entity, name) else []
        if (collection := self.schema.collection(entity.name, name)) is not None:
            found.append(Binding("collection", collection.name))
        if name == entity.parent:
            found.append(Binding("parent", name))
        if name in self.parameters:
            parameter = self.parameters[name]
            found.append(Binding("param", type=parameter.type, unit=parameter.unit))
        if name == "today":
            found.append(TODAY)
        meanings = [binding for binding in found if binding is not None]
        if len(meanings) == 1:
            return meanings[0]
        if not meanings:
            raise Refused("rules.unknown_name", file=source.file, line=source.line, rule=source.name, name=name)
        kinds = "、".join(binding.kind for binding in meanings)
        raise Refused(
            "rules.ambiguous_name", file=source.file, line=source.line, rule=source.name, name=name, kinds=kinds
        )

    def _known(self, entity: str, name: str) -> bool:
        return (entity, name) in self.sources or name in self.schema.entities[entity].fields

    def attribute(self, source: Source, entity: str, name: str, line: int) -> Binding:
        """The field or rule `name` of an item or of the parent."""
        found = self._value(entity, name)
        if found is None:
            raise Refused(
                "rules.unknown_attribute", file=source.file, line=line, rule=source.name, name=name, entity=entity
            )
        return found


def _unit_text(version: Version) -> str | None:
    return None if version.body.unit is None else show_unit(version.body.unit)
