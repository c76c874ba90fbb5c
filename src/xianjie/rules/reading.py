"""Which of its inputs a rule looked at on the way to its answer: those alone explain it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any

from xianjie.rules.grammar import Version
from xianjie.rules.language import NAMESPACE


def reading_function(version: Version, seen: set[str]) -> Callable[..., Any]:
    """The rule's function; what it reads of its arguments (`name`, or `parent.name`) is added to `seen`.

    Names that one `or` tests for being unknown count as read together, though Python stops at the first.
    """

    def read(name: str, value: Any) -> Any:
        seen.add(name)
        return value

    space = {**NAMESPACE, "_read": read, "_any": any, "_all": all}
    exec(_code(version), space)
    function: Callable[..., Any] = space[version.source.name]
    return function


@lru_cache(maxsize=1024)
def _code(version: Version) -> CodeType:
    kinds = {name: binding.kind for name, binding in version.arguments.items()}

    class Rewrite(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return _read(node.id, node) if isinstance(node.ctx, ast.Load) and node.id in kinds else node

        def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
            if isinstance(node.value, ast.Name) and kinds.get(node.value.id) == "parent":
                return _read(f"{node.value.id}.{node.attr}", node)
            return self.generic_visit(node)

        def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
            together = all(_tests_unknown(value) for value in node.values)
            self.generic_visit(node)
            if not together:
                return node
            name = "_any" if isinstance(node.op, ast.Or) else "_all"
            return ast.Call(ast.Name(name, ast.Load()), [ast.Tuple(node.values, ast.Load())], [])

    tree = copy.deepcopy(version.source.node)
    tree.decorator_list, tree.returns = [], None
    for argument in tree.args.args:
        argument.annotation = None
    module = ast.fix_missing_locations(ast.Module([Rewrite().visit(tree)], []))
    return compile(module, version.source.file, "exec")


def _read(name: str, node: ast.expr) -> ast.Call:
    return ast.Call(ast.Name("_read", ast.Load()), [ast.Constant(name), node], [])


def _tests_unknown(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot)
