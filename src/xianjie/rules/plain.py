"""One household, by the rules' own Python functions: results, each step with its inputs, and what is missing."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import CodeType
from typing import Any

from xianjie.messages import language, say, speaking
from xianjie.rules.grammar import Version
from xianjie.rules.language import NAMESPACE, Unknown
from xianjie.rules.policy import Policy, Resolved, RuleKey
from xianjie.rules.reading import reading_function
from xianjie.rules.records import Record, read_record
from xianjie.rules.text import show_value


class View:
    """An item of a collection, or the parent, as a rule's function sees it.

    Reading an unknown value that the rule does not test stops the rule.
    """

    __slots__ = ("_evaluator", "_record", "_tolerant")

    def __init__(self, evaluator: Evaluator, record: Record, tolerant: set[str]) -> None:
        self._evaluator, self._record, self._tolerant = evaluator, record, tolerant

    def __getattr__(self, name: str) -> Any:
        value = self._evaluator.value(self._record, name)
        if value is None and name not in self._tolerant:
            raise Unknown(name)
        return value


@dataclass(frozen=True)
class Need:
    """Something that would have to be known: a `field`, `collection` or `parameter`, or a `rule` that does not
    exist for the region; `undefined` when a rule has no answer whatever is known (division by zero)."""

    kind: str
    name: str
    entity: str = ""
    key: str = ""
    label: str = ""
    reason: str = ""


class Evaluator:
    """Works out rules on one tree of records, each once."""

    def __init__(self, resolved: Resolved) -> None:
        self.resolved = resolved
        self.schema = resolved.policy.schema
        self.steps: list[tuple[Record, RuleKey]] | None = None

    def value(self, record: Record, name: str) -> Any:
        """A field's or rule's value; None when unknown."""
        if name in record.memo:
            return record.memo[name]
        key = (record.entity, name)
        if name in record.given or key not in self.resolved.policy.versions:
            value = record.given.get(name)
        else:
            value = self._rule(record, key)
        record.memo[name] = value
        return value

    def _rule(self, record: Record, key: RuleKey) -> Any:
        version = self.resolved.version(key)
        if version is None:
            return None
        if self.steps is not None:
            list(self.inputs(record, version))
            self.steps.append((record, key))
        if any(True for _ in self.stoppers(record, version)):
            return None
        return self.call(self.resolved.function(version), record, version)

    def call(self, function: Callable[..., Any], record: Record, version: Version) -> Any:
        """The function's result on `record`; None when it meets an unknown value."""
        try:
            result = function(**{name: self._argument(record, version, name) for name in version.arguments})
        except Unknown:
            return None
        return float(result) if version.type == "ratio" and result is not None else result

    def reads(self, record: Record, version: Version) -> set[str]:
        """The arguments (`name`, or `parent.name`) that the rule looks at on the way to its answer on `record`."""
        seen: set[str] = set()
        self.call(reading_function(version, seen), record, version)
        return seen

    def _argument(self, record: Record, version: Version, name: str) -> Any:
        binding = version.arguments[name]
        if binding.kind == "collection":
            tolerant = {attribute for entity, attribute in version.tolerant_items if entity == binding.entity}
            return [View(self, child, tolerant) for child in record.children(binding.entity) or ()]
        if binding.kind == "parent":
            assert record.parent is not None
            return View(self, record.parent, {key.split(".")[1] for key in version.parents})
        return self.scalar(record, version, name)

    def scalar(self, record: Record, version: Version, name: str) -> Any:
        """The value of an argument, or of `parent.name`."""
        if name in version.parents:
            assert record.parent is not None
            return self.value(record.parent, name.split(".")[1])
        kind = version.arguments[name].kind
        if kind == "today":
            return self.resolved.day
        if kind == "param":
            found = self.resolved.parameter(name)
            return found.value if found is not None else None
        return self.value(record, name)

    def stoppers(self, record: Record, version: Version) -> Iterator[tuple[str, str]]:
        """Strict inputs that are unknown, as (kind, name): while there is one, the result is unknown."""
        for name in version.strict:
            if self.scalar(record, version, name) is None:
                yield ("parent" if name in version.parents else version.arguments[name].kind), name
        for name, binding in version.arguments.items():
            if binding.kind == "collection" and record.children(binding.entity) is None:
                yield "collection", name

    def inputs(self, record: Record, version: Version) -> Iterator[tuple[str, Any]]:
        """All inputs of a rule by name; attributes of items as lists."""
        for name, binding in version.arguments.items():
            if binding.kind == "value":
                yield name, self.scalar(record, version, name)
            elif binding.kind == "today":
                yield name, self.resolved.day
            elif binding.kind == "collection":
                children = record.children(binding.entity)
                for entity, attribute in sorted(version.items):
                    if entity == binding.entity and children is not None:
                        yield f"{name}.{attribute}", [self.value(child, attribute) for child in children]
                if children is None or binding.entity not in {entity for entity, _ in version.items}:
                    yield name, None if children is None else len(children)
        for name in version.parents:
            yield name, self.scalar(record, version, name)

    # What is missing --------------------------------------------------------------------------------------

    def missing(self, record: Record, name: str) -> dict[Need, None]:
        """What would have to be known for `name` of `record`, which is unknown, in order and each once."""
        entity, key = self.schema.entities[record.entity], (record.entity, name)
        if name in record.given or key not in self.resolved.policy.versions:
            label = entity.fields[name].label_zh if name in entity.fields else ""
            return {Need("field", name, record.entity, record.key, label or name): None}
        version = self.resolved.version(key)
        if version is None:
            label = self.resolved.policy.versions[key][0].source.label
            return {Need("rule", name, record.entity, record.key, label, say("rules.no_version")): None}
        found: dict[Need, None] = {}
        for kind, stopper in self.stoppers(record, version):
            found.update(self._behind(record, version, kind, stopper))
        if found:
            return found
        if version.items:
            found.update(self._probe(record, version))
        if not found:
            everything = {*version.arguments, *version.parents}
            reads = self.reads(record, version)
            found = self._tested(record, version, reads) or self._tested(record, version, everything)
        return found or self._undefined(record, version)

    def _behind(self, record: Record, version: Version, kind: str, name: str) -> dict[Need, None]:
        if kind == "param":
            return {self._parameter_need(name): None}
        if kind == "collection":
            child = self.schema.entities[version.arguments[name].entity]
            return {Need("collection", name, record.entity, record.key, child.label_zh or name): None}
        if kind == "parent":
            assert record.parent is not None
            return self.missing(record.parent, name.split(".")[1])
        return self.missing(record, name)

    def _parameter_need(self, name: str) -> Need:
        parameter, found = self.resolved.policy.parameters[name], self.resolved.parameter(name)
        reason = found.note if found is not None else say("rules.no_value", region=self.resolved.region)
        return Need("parameter", name, label=parameter.label, reason=reason)

    def _tested(self, record: Record, version: Version, reads: set[str]) -> dict[Need, None]:
        """Unknown inputs among `reads` that the rule tested before it answered that it does not know."""
        found: dict[Need, None] = {}
        for name in [name for name in [*version.arguments, *version.parents] if name in version.tolerant & reads]:
            if self.scalar(record, version, name) is None:
                kind = "parent" if name in version.parents else version.arguments[name].kind
                found.update(self._behind(record, version, kind, name))
        collections = {version.arguments[name].entity for name in reads if name in version.arguments}
        for entity, attribute in sorted(version.tolerant_items):
            for child in (record.children(entity) or ()) if entity in collections else ():
                if self.value(child, attribute) is None:
                    found.update(self.missing(child, attribute))
        return found

    def _undefined(self, record: Record, version: Version) -> dict[Need, None]:
        source = version.source
        return {Need("undefined", source.name, record.entity, record.key, source.label, say("rules.undefined")): None}

    def _probe(self, record: Record, version: Version) -> dict[Need, None]:
        """Run the rule once more, noting every item whose unknown value stops it rather than the first alone."""
        found: dict[Need, None] = {}

        def probe(items: list[View], of_test: Any, test: Any, of_element: Any, element: Any) -> list[Any]:
            values: list[Any] = []
            stopped = False
            for item in items:
                names = of_test
                try:
                    if not test(item):
                        continue
                    names = of_element
                    values.append(element(item))
                except Unknown:
                    stopped = True
                    for name in names:
                        if name not in item._tolerant and self.value(item._record, name) is None:
                            found.update(self.missing(item._record, name))
            if stopped:
                raise Unknown
            return values

        self.call(probing_function(version, probe), record, version)
        return found


def probing_function(version: Version, probe: Callable[..., Any]) -> Callable[..., Any]:
    """The rule's function with each comprehension handed to `probe(items, names, test, names, element)`."""
    space = {**NAMESPACE, "_probe": probe}
    exec(_probing_code(version), space)
    function: Callable[..., Any] = space[version.source.name]
    return function


@lru_cache(maxsize=1024)
def _probing_code(version: Version) -> CodeType:

    class Rewrite(ast.NodeTransformer):
        def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
            return self._call(node)

        def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
            return self._call(node)

        def _call(self, node: ast.GeneratorExp | ast.ListComp) -> ast.AST:
            over = node.generators[0]
            assert isinstance(over.target, ast.Name)
            item = over.target.id
            test: ast.expr = ast.BoolOp(ast.And(), [ast.Constant(True), ast.Constant(True), *over.ifs])

            def names(part: ast.AST) -> ast.Tuple:
                read = {
                    leaf.attr
                    for leaf in ast.walk(part)
                    if isinstance(leaf, ast.Attribute) and isinstance(leaf.value, ast.Name) and leaf.value.id == item
                }
                return ast.Tuple([ast.Constant(name) for name in sorted(read)], ast.Load())

            def function(body: ast.expr) -> ast.Lambda:
                return ast.Lambda(ast.arguments([], [ast.arg(item)], None, [], [], None, []), body)

            parts = [over.iter, names(test), function(test), names(node.elt), function(node.elt)]
            return ast.Call(ast.Name("_probe", ast.Load()), parts, [])

    node = copy.deepcopy(version.source.node)
    node.decorator_list, node.returns = [], None
    for argument in node.args.args:
        argument.annotation = None
    module = ast.fix_missing_locations(ast.Module([Rewrite().visit(node)], []))
    return compile(module, version.source.file, "exec")


def start(
    policy: Policy, record: Mapping[str, Any], region: str | None, day: date, strict: bool
) -> tuple[Evaluator, Record]:
    """An evaluator for the region and day, and the record as a tree."""
    kinds = {key: versions[0].type for key, versions in policy.versions.items()}
    tree = read_record(record, policy.schema, kinds, strict)
    here = region or tree.given.get(policy.schema.region)
    return Evaluator(policy.resolve(here, day)), tree


def evaluate(
    policy: Policy,
    record: Mapping[str, Any],
    results: list[str],
    *,
    date: date,
    region: str | None = None,
    strict: bool = False,
) -> dict[str, Any]:
    """The values of `results` for one household, None for unknown. `region` overrides the household's own."""
    evaluator, tree = start(policy, record, region, date, strict)
    return {name: evaluator.value(tree, policy.find(name, policy.schema.root)[1]) for name in results}


def explain(
    policy: Policy,
    record: Mapping[str, Any],
    results: list[str],
    *,
    date: date,
    region: str | None = None,
    strict: bool = False,
) -> dict[str, Any]:
    """One household explained: results, the steps that lead there in order, and for each unknown result what
    is missing.

    `record` is nested dictionaries: fields of the household and its collections as lists of dictionaries.
    Raises `UserError` for a rule that does not exist or a value of the wrong type.
    """
    evaluator, tree = start(policy, record, region, date, strict)
    evaluator.steps = []
    values: dict[str, Any] = {}
    missing: dict[str, list[dict[str, str]]] = {}
    told: dict[str, dict[str, Any]] = {}
    with speaking(language()):  # thousands of sentences: the language is looked up once
        for name in results:
            values[name] = evaluator.value(tree, policy.find(name, policy.schema.root)[1])
            if values[name] is None:
                missing[name] = [_need(need) for need in evaluator.missing(tree, name)]
        steps = [_step(evaluator, record_, key, told) for record_, key in evaluator.steps]
    return {
        policy.schema.entities[policy.schema.root].key: tree.key,
        "date": date,
        "region": region or tree.given.get(policy.schema.region),
        "results": values,
        "steps": steps,
        "missing": missing,
    }


def _need(need: Need) -> dict[str, str]:
    facts = {"kind": need.kind, "name": need.name, "entity": need.entity, "key": need.key, "label": need.label}
    text = say(f"rules.need_{need.kind}", **facts, reason=need.reason)
    return {**facts, "reason": need.reason, "text": text}


def _parameters_read(evaluator: Evaluator, record: Record, version: Version) -> list[str]:
    """The numbers that the rule looked at on the way to its answer; all, where an unknown input stops it."""
    names = [name for name, binding in version.arguments.items() if binding.kind == "param"]
    if not names or any(True for _ in evaluator.stoppers(record, version)):
        return names
    reads = evaluator.reads(record, version)
    return [name for name in names if name in reads]


def _step(evaluator: Evaluator, record: Record, key: RuleKey, told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One step in words. `told`: numbers of the policy that an earlier step has told of."""
    version = evaluator.resolved.version(key)
    assert version is not None
    source, value = version.source, record.memo.get(key[1])
    inputs = dict(evaluator.inputs(record, version))
    parameters = []
    for name in _parameters_read(evaluator, record, version):
        if name not in told:
            told[name] = _parameter(evaluator.resolved, name)
        parameters.append(dict(told[name]))
    shown = show_value(value, version.type, source.unit)
    of = "" if record.entity == evaluator.schema.root else say("rules.step_of", key=record.key)
    text = say("rules.step", label=source.label, of=of, value=shown)
    if parameters:
        text += say("rules.step_parameters", parameters="；".join(parameter["text"] for parameter in parameters))
    if source.cite:
        text += say("rules.step_cite", cite=source.cite)
    return {
        "rule": source.name,
        "label": source.label,
        "entity": record.entity,
        "key": record.key,
        "value": value,
        "type": version.type,
        "unit": source.unit,
        "inputs": inputs,
        "parameters": parameters,
        "cite": source.cite,
        "text": text,
    }


def _parameter(resolved: Resolved, name: str) -> dict[str, Any]:
    parameter, found = resolved.policy.parameters[name], resolved.parameter(name)
    facts: dict[str, Any] = {
        "name": name,
        "label": parameter.label,
        "value": found.value if found else None,
        "type": parameter.type,
        "unit": parameter.unit,
        "region": found.region if found else None,
        "since": found.since if found else None,
        "source": found.source if found else "",
        "trust": found.trust if found else "",
    }
    shown = show_value(facts["value"], parameter.type, parameter.unit)
    code = "rules.parameter_known" if found and found.known else "rules.parameter_missing"
    facts["text"] = say(code, **{**facts, "value": shown})
    return facts
