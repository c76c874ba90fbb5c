"""Expressions of the rule language, from Python's syntax tree to `ir`."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import date
from typing import Any

from xianjie.rules import typing_rules as types
from xianjie.rules.builtin_calls import AGGREGATES, BUILTINS, TYPED
from xianjie.rules.ir import Agg, Const, Expr, Input, Op
from xianjie.rules.scope import Binding, State, Subject
from xianjie.rules.units import parse_unit

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul"}
REFUSED_OPERATORS: dict[type[ast.operator], str] = {
    ast.Div: "rules.refused.division", ast.FloorDiv: "rules.refused.floor_division", ast.Mod: "rules.refused.modulo",
    ast.Pow: "rules.refused.power",
}  # fmt: skip
REFUSED_CALLS = {
    "round": "rules.refused.round", "int": "rules.refused.conversion", "float": "rules.refused.conversion",
    "bool": "rules.refused.conversion", "str": "rules.refused.conversion", "abs": "rules.refused.abs",
}  # fmt: skip
REFUSED_EXPRESSIONS: dict[type[ast.expr], str] = {
    ast.JoinedStr: "rules.refused.text_building", ast.Lambda: "rules.refused.function",
    ast.NamedExpr: "rules.refused.walrus", ast.Subscript: "rules.refused.subscript", ast.Dict: "rules.refused.display",
    ast.List: "rules.refused.display", ast.Set: "rules.refused.display", ast.Tuple: "rules.refused.display",
    ast.ListComp: "rules.refused.bare_comprehension", ast.GeneratorExp: "rules.refused.bare_comprehension",
    ast.SetComp: "rules.refused.bare_comprehension", ast.DictComp: "rules.refused.bare_comprehension",
    ast.Starred: "rules.refused.arguments",
}  # fmt: skip


class Expressions:
    """Reads the expressions of one rule; remembers what the rule reads of its parent and of items."""

    def __init__(
        self, owner: Subject, arguments: dict[str, Binding], tolerant: set[str], items: set[tuple[str, str]]
    ) -> None:
        self.refuse = owner.refuse
        self.source, self.scope = owner.source, owner.scope
        self.arguments, self.tolerant, self.tolerant_items = arguments, tolerant, items
        self.parents: dict[str, Binding] = {}
        self.items: set[tuple[str, str]] = set()
        self.item: tuple[str, str] | None = None  # (name, entity) of the item inside a comprehension

    # Names ------------------------------------------------------------------------------------------------

    def new_name(self, name: str, node: ast.AST) -> None:
        """Refuse a local name that hides another one."""
        if name in self.arguments:
            raise self.refuse("rules.refused.assign_argument", node, name=name)
        if name in BUILTINS or name in AGGREGATES or name in ("min", "max", "date"):
            raise self.refuse("rules.refused.assign_builtin", node, name=name)

    def _name(self, node: ast.Name, state: State) -> Expr:
        name = node.id
        if name in state.local:
            local = state.local[name]
            if self.item and types.aggregates(local):
                raise self.refuse("rules.total_in_aggregate", node, name=name)
            return replace(local, maybe=False) if name in state.known else local
        binding = self.arguments.get(name)
        if binding is None:
            code = "rules.maybe_unset" if name not in BUILTINS else "rules.refused.builtin_as_value"
            raise self.refuse(code, node, name=name)
        if binding.kind == "collection":
            raise self.refuse("rules.refused.collection_as_value", node, name=name)
        if binding.kind == "parent":
            raise self.refuse("rules.refused.parent_as_value", node, name=name)
        scope = "self" if binding.kind == "value" else binding.kind
        return self._input(scope, name, name, binding, state, name in self.tolerant)

    def _attribute(self, node: ast.Attribute, state: State) -> Expr:
        if not isinstance(node.value, ast.Name):
            raise self.refuse("rules.refused.attribute", node)
        owner, key = node.value.id, f"{node.value.id}.{node.attr}"
        if self.item and owner == self.item[0]:
            entity = self.item[1]
            binding = self.scope.attribute(self.source, entity, node.attr, node.lineno)
            self.items.add((entity, node.attr))
            return self._input("item", node.attr, key, binding, state, (entity, node.attr) in self.tolerant_items)
        parent = self.arguments.get(owner)
        if parent is None or parent.kind != "parent":
            raise self.refuse("rules.refused.attribute", node)
        binding = self.scope.attribute(self.source, parent.entity, node.attr, node.lineno)
        self.parents[key] = binding
        return self._input("parent", node.attr, key, binding, state, key in self.tolerant)

    def _input(self, scope: str, name: str, key: str, binding: Binding, state: State, tolerant: bool) -> Input:
        return Input(
            scope=scope, name=name, type=binding.type, unit=parse_unit(binding.unit), strict=not tolerant,
            maybe=tolerant and key not in state.known,
        )  # fmt: skip

    # Values -----------------------------------------------------------------------------------------------

    def value(self, node: ast.expr, state: State) -> Expr:
        """Any expression, which may be unknown."""
        match node:
            case ast.Constant():
                constant = types.constant(node.value)
                if constant is None:
                    raise self.refuse("rules.refused.constant", node)
                return constant
            case ast.Name():
                return self._name(node, state)
            case ast.Attribute():
                return self._attribute(node, state)
            case ast.BinOp():
                return self._arithmetic(node, state)
            case ast.UnaryOp():
                return self._unary(node, state)
            case ast.BoolOp():
                return self._logic(node, state)
            case ast.Compare():
                return self._comparison(node, state)
            case ast.IfExp():
                test = self.condition(node.test, state)
                yes, no = self.facts(node.test)
                chosen, other = self.value(node.body, state.copy(yes)), self.value(node.orelse, state.copy(no))
                return self.choice(test, chosen, other, node)
            case ast.Call():
                return self._call(node, state)
        raise self.refuse(REFUSED_EXPRESSIONS.get(type(node), "rules.refused.expression"), node)

    def certain(self, node: ast.expr, state: State) -> Expr:
        """An expression that an operator works on: it must not be unknown there."""
        value = self.value(node, state)
        if value.maybe:
            raise self.refuse("rules.may_be_unknown", node)
        return value

    def condition(self, node: ast.expr, state: State) -> Expr:
        """A yes-or-no that a choice hangs on."""
        value = self.certain(node, state)
        if value.type != "bool":
            raise self.refuse("rules.refused.truth", node, type=value.type)
        return value

    def choice(self, test: Expr, chosen: Expr, otherwise: Expr, node: ast.AST) -> Expr:
        """`chosen` if `test` else `otherwise`."""
        merged = types.join(chosen, otherwise, lambda code, **facts: self.refuse(code, node, **facts))
        return Op(op="if", args=(test, chosen, otherwise), **merged)

    def _arithmetic(self, node: ast.BinOp, state: State) -> Expr:
        op = ARITHMETIC.get(type(node.op))
        if op is None:
            raise self.refuse(REFUSED_OPERATORS.get(type(node.op), "rules.refused.expression"), node)
        left, right = self.certain(node.left, state), self.certain(node.right, state)
        return types.arithmetic(op, left, right, lambda code, **facts: self.refuse(code, node, **facts))

    def _unary(self, node: ast.UnaryOp, state: State) -> Expr:
        if isinstance(node.op, ast.Not):
            return Op(op="not", args=(self.condition(node.operand, state),), type="bool")
        if not isinstance(node.op, ast.USub):
            raise self.refuse("rules.refused.expression", node)
        value = self.certain(node.operand, state)
        types.numbers((value,), "-", lambda code, **facts: self.refuse(code, node, **facts))
        if isinstance(value, Const):
            return replace(value, value=-value.value)
        return Op(op="neg", args=(value,), type=value.type, unit=value.unit, literal=value.literal)

    def _logic(self, node: ast.BoolOp, state: State) -> Expr:
        op = "and" if isinstance(node.op, ast.And) else "or"
        here = state
        args: list[Expr] = []
        for part in node.values:
            args.append(self.condition(part, here))
            yes, no = self.facts(part)
            here = here.copy(yes if op == "and" else no)
        result = args[0]
        for part_value in args[1:]:
            result = Op(op=op, args=(result, part_value), type="bool")
        return result

    def _comparison(self, node: ast.Compare, state: State) -> Expr:
        if isinstance(node.ops[0], ast.Is | ast.IsNot):
            return self._none_test(node, state)
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            return self._membership(node, state)
        parts: list[Expr] = []
        left = self._operand(node.left, state)
        for kind, right_node in zip(node.ops, node.comparators, strict=True):
            if type(kind) not in COMPARISONS:
                raise self.refuse("rules.refused.mixed_chain", node)
            right = self._operand(right_node, state)
            parts.append(
                types.compare(
                    COMPARISONS[type(kind)], left, right, lambda code, **facts: self.refuse(code, node, **facts)
                )
            )
            left = right
        result: Expr = parts[0]
        for part in parts[1:]:
            result = Op(op="and", args=(result, part), type="bool")
        return result

    def _operand(self, node: ast.expr, state: State) -> Expr:
        if isinstance(node, ast.Constant) and node.value is None:
            raise self.refuse("rules.refused.equals_none", node)
        return self.certain(node, state)

    def _none_test(self, node: ast.Compare, state: State) -> Expr:
        right = node.comparators[0]
        if len(node.ops) != 1 or not (isinstance(right, ast.Constant) and right.value is None):
            raise self.refuse("rules.refused.is_test", node)
        if not isinstance(node.left, ast.Name | ast.Attribute):
            raise self.refuse("rules.refused.none_test", node)
        value = self.value(node.left, state)
        key = ast.unparse(node.left)
        if types.lazy(value) or (not value.maybe and key not in state.known and not _is_tolerant(value)):
            raise self.refuse("rules.never_unknown", node, name=key)
        test = Op(op="is_none", args=(value,), type="bool")
        return test if isinstance(node.ops[0], ast.Is) else Op(op="not", args=(test,), type="bool")

    def _membership(self, node: ast.Compare, state: State) -> Expr:
        value = self.certain(node.left, state)
        choices = node.comparators[0]
        negative = isinstance(node.ops[0], ast.NotIn)
        if len(node.ops) != 1:
            raise self.refuse("rules.refused.mixed_chain", node)
        result: Expr
        if isinstance(choices, ast.Tuple) and choices.elts:
            listed = tuple(self.value(part, state) for part in choices.elts)
            if not all(isinstance(part, Const) and part.type == value.type for part in listed):
                raise self.refuse("rules.refused.in_what", node)
            if value.type not in ("text", "int"):
                raise self.refuse("rules.refused.in_what", node)
            result = Op(op="in", args=(value, *listed), type="bool")
        else:
            texts = self.certain(choices, state)
            if texts.type != "texts" or value.type != "text":
                raise self.refuse("rules.refused.in_what", node)
            result = Op(op="in_list", args=(value, texts), type="bool")
        return Op(op="not", args=(result,), type="bool") if negative else result

    # Calls ------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, state: State) -> Expr:
        if not isinstance(node.func, ast.Name):
            raise self.refuse("rules.refused.method", node)
        name = node.func.id
        if name in AGGREGATES and node.args and self._over_collection(node):
            return self._aggregate(name, node, state)
        if name == "date":
            return self._date(node)
        if name in REFUSED_CALLS:
            raise self.refuse(REFUSED_CALLS[name], node)
        if name in ("sum", "any", "all", "len"):
            raise self.refuse("rules.refused.aggregate_over", node)
        typed = TYPED.get(name)
        if typed is None:
            raise self.refuse("rules.refused.call", node, name=name)
        if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            raise self.refuse("rules.refused.keywords", node, name=name)
        takes_unknown = name in ("either", "both", "first_known")
        args = tuple((self._open if takes_unknown else self.certain)(arg, state) for arg in node.args)
        return typed(args, lambda code, **facts: self.refuse(code, node, **{"name": name, **facts}))

    def _open(self, node: ast.expr, state: State) -> Expr:
        value = self.value(node, state)
        if types.lazy(value):
            raise self.refuse("rules.lazy_argument", node)
        return value

    def _date(self, node: ast.Call) -> Expr:
        numbers = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and type(arg.value) is int]
        if len(numbers) != 3 or len(node.args) != 3 or node.keywords:
            raise self.refuse("rules.refused.date", node)
        try:
            return Const(type="date", value=date(*numbers))
        except ValueError:
            raise self.refuse("rules.refused.date", node) from None

    def _over_collection(self, node: ast.Call) -> bool:
        first = node.args[0]
        if isinstance(first, ast.GeneratorExp | ast.ListComp):
            return True
        binding = self.arguments.get(first.id) if isinstance(first, ast.Name) else None
        return binding is not None and binding.kind == "collection"

    def _aggregate(self, name: str, node: ast.Call, state: State) -> Expr:
        if self.item:
            raise self.refuse("rules.refused.nested_aggregate", node)
        keywords: dict[str | None, Any] = {keyword.arg: keyword.value for keyword in node.keywords}
        if len(node.args) != 1 or set(keywords) - ({"default"} if name in ("min", "max") else set()):
            raise self.refuse("rules.refused.keywords", node, name=name)
        first = node.args[0]
        if isinstance(first, ast.Name):
            entity = self.arguments[first.id].entity
            if name != "len":
                raise self.refuse("rules.refused.aggregate_over", node)
            one = Const(type="int", value=1, literal=True)
            return Agg(kind="count", entity=entity, element=one, type="int", unit={entity: 1})
        assert isinstance(first, ast.GeneratorExp | ast.ListComp)
        if isinstance(first, ast.ListComp) != (name == "len"):
            raise self.refuse("rules.refused.list_or_generator", node)
        entity, condition, element = self._comprehension(first, state, name)
        default = self._default(name, keywords.get("default"), element, state, node)
        refuse = lambda code, **facts: self.refuse(code, node, **{"name": name, **facts})  # noqa: E731
        return AGGREGATES[name](entity, element, condition, default, refuse)

    def _comprehension(
        self, node: ast.GeneratorExp | ast.ListComp, state: State, call: str
    ) -> tuple[str, Expr | None, Expr]:
        over = node.generators[0]
        if len(node.generators) != 1 or over.is_async or not isinstance(over.target, ast.Name):
            raise self.refuse("rules.refused.nested_aggregate", node)
        binding = self.arguments.get(over.iter.id) if isinstance(over.iter, ast.Name) else None
        if binding is None or binding.kind != "collection":
            raise self.refuse("rules.refused.aggregate_over", node)
        name = over.target.id
        self.new_name(name, node)
        if name in state.local:
            raise self.refuse("rules.refused.assign_argument", node, name=name)
        here = state.copy()
        here.known = {key for key in here.known if not key.startswith(name + ".")}
        self.item = (name, binding.entity)
        try:
            condition: Expr | None = None
            for test_node in over.ifs:
                test = self.condition(test_node, here)
                condition = test if condition is None else Op(op="and", args=(condition, test), type="bool")
                here = here.copy(self.facts(test_node)[0])
            if call == "len":
                if not (isinstance(node.elt, ast.Name) and node.elt.id == name):
                    raise self.refuse("rules.refused.list_or_generator", node)
                element: Expr = Const(type="int", value=1, literal=True)
            elif call in ("either", "both"):
                element = self._open(node.elt, here)
            else:
                element = self.certain(node.elt, here)
        finally:
            self.item = None
        return binding.entity, condition, element

    def _default(self, name: str, node: ast.expr | None, element: Expr, state: State, call: ast.Call) -> Expr | None:
        if name not in ("min", "max"):
            return None
        if node is None:
            raise self.refuse("rules.refused.no_default", call)
        default = self.value(node, state)
        if types.lazy(default) or (default.maybe and default.type != "none"):
            raise self.refuse("rules.lazy_argument", node)
        return default

    # Narrowing --------------------------------------------------------------------------------------------

    def facts(self, node: ast.expr) -> tuple[set[str], set[str]]:
        """Names that certainly hold a value when `node` is true, and when it is false."""
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot) and len(node.ops) == 1:
            known = {ast.unparse(node.left)}
            return (set(), known) if isinstance(node.ops[0], ast.Is) else (known, set())
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yes, no = self.facts(node.operand)
            return no, yes
        if isinstance(node, ast.BoolOp):
            parts = [self.facts(part) for part in node.values]
            yeses, noes = [yes for yes, _ in parts], [no for _, no in parts]
            if isinstance(node.op, ast.And):
                return set.union(*yeses), set.intersection(*noes)
            return set.intersection(*yeses), set.union(*noes)
        return set(), set()


def _is_tolerant(value: Expr) -> bool:
    return isinstance(value, Input) and not value.strict
