"""A rule's Python function → typed tree; whatever is not in the language is refused with what to write instead.

The function is followed path by path. Along each path it is known which tolerant names (those the rule
tests with `is None`) hold a value, so that no operator ever meets None, neither in Python nor in SQL.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from xianjie.rules import typing_rules as types
from xianjie.rules.expressions import Expressions
from xianjie.rules.ir import Expr, Input, Local, Op, walk
from xianjie.rules.scope import Binding, Scope, State, Subject
from xianjie.rules.sources import Source
from xianjie.rules.units import agree, parse_unit, show_unit

LARGEST = 4000
TESTING_CALLS = ("either", "both", "first_known")


@dataclass(eq=False)
class Version:
    """One version of a rule, understood: its tree and everything it reads."""

    source: Source
    body: Expr
    arguments: dict[str, Binding]
    parents: dict[str, Binding]
    tolerant: set[str]
    tolerant_items: set[tuple[str, str]]
    items: set[tuple[str, str]] = field(default_factory=set)

    @property
    def type(self) -> str:
        """Type of the result."""
        return self.body.type

    @cached_property
    def strict(self) -> list[str]:
        """Arguments (`name` or `parent.name`) whose unknown makes the result unknown."""
        names = [name for name, binding in self.arguments.items() if binding.kind in ("value", "param")]
        names += [name for name in self.parents]
        return [name for name in names if name not in self.tolerant]


def compile_rule(source: Source, scope: Scope) -> Version:
    """Understand one rule. Raises `Refused` with file, line and what to write instead."""
    return _Compiler(source, scope).compile()


class _Compiler(Subject):
    def compile(self) -> Version:
        node = self.source.node
        arguments = self._arguments(node.args)
        tolerant, tolerant_items = self._tolerant(node, arguments)
        self.expressions = Expressions(self, arguments, tolerant, tolerant_items)
        body = [statement for statement in node.body if not _is_docstring(statement)]
        result = self._run(body, State({}, set()), lambda state: self._no_return(node))
        result = self._declared(result)
        items = self.expressions.items
        parents = dict(self.expressions.parents)
        # One item name may go over two collections in turn: keep what is read of each.
        return Version(self.source, result, arguments, parents, tolerant, tolerant_items & items, set(items))

    def _arguments(self, args: ast.arguments) -> dict[str, Binding]:
        if args.vararg or args.kwarg or args.defaults or args.kw_defaults or args.posonlyargs or args.kwonlyargs:
            raise self.refuse("rules.refused.arguments")
        return {arg.arg: self.scope.argument(self.source, arg.arg) for arg in args.args}

    def _tolerant(self, node: ast.FunctionDef, arguments: dict[str, Binding]) -> tuple[set[str], set[tuple[str, str]]]:
        """Names that the rule itself tests for being unknown."""
        items: dict[str, set[str]] = {}
        for part in ast.walk(node):
            if isinstance(part, ast.comprehension) and isinstance(part.target, ast.Name):
                over = arguments.get(part.iter.id) if isinstance(part.iter, ast.Name) else None
                if over and over.kind == "collection":
                    items.setdefault(part.target.id, set()).add(over.entity)
        names: set[str] = set()
        pairs: set[tuple[str, str]] = set()
        for tested in _tested(node):
            if isinstance(tested, ast.Name) and tested.id in arguments:
                names.add(tested.id)
            elif isinstance(tested, ast.Attribute) and isinstance(tested.value, ast.Name):
                owner = tested.value.id
                if owner in arguments and arguments[owner].kind == "parent":
                    names.add(f"{owner}.{tested.attr}")
                pairs |= {(entity, tested.attr) for entity in items.get(owner, set())}
        return names, pairs

    def _declared(self, result: Expr) -> Expr:
        if result.type == "none":
            raise self.refuse("rules.always_unknown")
        declared = parse_unit(self.source.unit)
        unit = types.unit_of(result)
        if not agree(declared, unit):
            raise self.refuse("rules.declared_unit_differs", left=self.source.unit, right=show_unit(unit))
        kind = "fen" if result.type == "int" and declared and declared.get("fen") == 1 else result.type
        if sum(1 for _ in walk(result)) > LARGEST:
            raise self.refuse("rules.too_large")
        return replace(result, type=kind, unit=declared if declared is not None else unit, literal=False)

    def _no_return(self, node: ast.AST) -> Expr:
        raise self.refuse("rules.no_return")

    # Statements ------------------------------------------------------------------------------------------

    def _run(self, body: list[ast.stmt], state: State, rest: Callable[[State], Expr]) -> Expr:
        if not body:
            return rest(state)
        head, tail = body[0], body[1:]
        if isinstance(head, ast.Return):
            if tail:
                raise self.refuse("rules.refused.unreachable", tail[0])
            if head.value is None:
                raise self.refuse("rules.no_return", head)
            return self.expressions.value(head.value, state)
        if isinstance(head, ast.Assign):
            return self._assign(head, tail, state, rest)
        if isinstance(head, ast.If):
            return self._if(head, tail, state, rest)
        raise self.refuse(STATEMENTS.get(type(head), "rules.refused.statement"), head)

    def _assign(self, head: ast.Assign, tail: list[ast.stmt], state: State, rest: Callable[[State], Expr]) -> Expr:
        target = head.targets[0]
        if len(head.targets) != 1 or not isinstance(target, ast.Name):
            raise self.refuse("rules.refused.assignment", head)
        self.expressions.new_name(target.id, head)
        value = self.expressions.value(head.value, state)
        after = state.copy()
        after.known.discard(target.id)
        after.local[target.id] = _local(target.id, value)
        if not types.lazy(value):
            return self._run(tail, after, rest)
        if value.maybe:
            raise self.refuse("rules.lazy_and_maybe", head)
        follows = self._run(tail, after, rest)
        # Python works the value out here, needed later or not: where it is unknown, the rule stops here.
        return _like(follows, Op(op="after", args=(after.local[target.id], follows), type=follows.type))

    def _if(self, head: ast.If, tail: list[ast.stmt], state: State, rest: Callable[[State], Expr]) -> Expr:
        test = self.expressions.condition(head.test, state)
        yes, no = self.expressions.facts(head.test)
        if tail and _always_returns(head):
            raise self.refuse("rules.refused.unreachable", tail[0])

        def follow(after: State) -> Expr:
            return self._run(tail, after, rest)

        if not any(isinstance(part, ast.Return) for part in ast.walk(head)) and not types.lazy(test):
            merged = self._merge(head, test, state.copy(yes), state.copy(no))
            if merged is not None:
                return follow(merged)
        chosen = self._run(head.body, state.copy(yes), follow)
        otherwise = self._run(head.orelse, state.copy(no), follow)
        return self.expressions.choice(test, chosen, otherwise, head)

    def _merge(self, head: ast.If, test: Expr, yes: State, no: State) -> State | None:
        """The state after both branches of an `if` that only sets names; None when a value in it may stop the rule."""
        ends: list[State] = []
        for body, start in ((head.body, yes), (head.orelse, no)):
            marker = Input(scope="node", name="", type="bool")
            caught: list[State] = []

            def catch(state: State, caught: list[State] = caught, marker: Input = marker) -> Expr:
                caught.append(state)
                return marker

            if self._run(body, start, catch) is not marker or len(caught) != 1:
                return None
            ends.append(caught[0])
        left, right = ends
        merged = State({}, left.known & right.known)
        for name in left.local.keys() & right.local.keys():
            mine, other = left.local[name], right.local[name]
            if mine.value is other.value:
                merged.local[name] = mine
                continue
            chosen = self.expressions.choice(test, _value_in(left, name), _value_in(right, name), head)
            merged.local[name] = _local(name, chosen)
            if not chosen.maybe:
                merged.known.discard(name)
        return merged


def _local(name: str, value: Expr) -> Local:
    return Local(name=name, value=value, type=value.type, unit=value.unit, maybe=value.maybe, literal=value.literal)


def _value_in(state: State, name: str) -> Expr:
    """A local name's value as it stands in `state`: no longer in doubt when it was tested."""
    local = state.local[name]
    return replace(local, maybe=False) if name in state.known else local


def _like(model: Expr, expr: Expr) -> Expr:
    return replace(expr, type=model.type, unit=model.unit, maybe=model.maybe, literal=model.literal)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _always_returns(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return):
        return True
    if isinstance(statement, ast.If) and statement.orelse:
        return _always_returns(statement.body[-1]) and _always_returns(statement.orelse[-1])
    return False


def _tested(node: ast.AST) -> list[ast.expr]:
    """Expressions that the function tests for being unknown or hands to a function that takes unknowns."""
    found: list[ast.expr] = []
    for part in ast.walk(node):
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Is | ast.IsNot):
            found.append(part.left)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in TESTING_CALLS:
            found += [arg.elt if isinstance(arg, ast.GeneratorExp) else arg for arg in part.args]
    return found


STATEMENTS: dict[type[ast.stmt], str] = {
    ast.For: "rules.refused.loop",
    ast.While: "rules.refused.loop",
    ast.AugAssign: "rules.refused.augmented",
    ast.AnnAssign: "rules.refused.assignment",
    ast.FunctionDef: "rules.refused.function",
    ast.ClassDef: "rules.refused.function",
    ast.Import: "rules.refused.import",
    ast.ImportFrom: "rules.refused.import",
    ast.Try: "rules.refused.exception",
    ast.Raise: "rules.refused.exception",
    ast.Assert: "rules.refused.exception",
    ast.Match: "rules.refused.match",
    ast.Pass: "rules.no_return",
}
