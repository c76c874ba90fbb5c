"""A rule's body as a small typed tree, between its Python source and SQL.

`type` is text, int, fen, ratio, date, bool, none, or one of a parameter's shapes texts, rates, steps.
`maybe` says that the value may be unknown (None) where it stands, although evaluation reached it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xianjie.rules.units import Unit

NUMERIC = ("int", "fen", "ratio")


@dataclass(eq=False, kw_only=True)
class Expr:
    """Any expression. Nodes are compared by identity: a shared part is the same object."""

    type: str
    unit: Unit | None = None
    maybe: bool = False
    literal: bool = False

    def parts(self) -> tuple[Expr, ...]:
        """The expressions that this one is made of."""
        return ()


@dataclass(eq=False, kw_only=True)
class Const(Expr):
    """A value written in the rule (or fixed for one run, such as a parameter or today)."""

    value: Any


@dataclass(eq=False, kw_only=True)
class Input(Expr):
    """A value from outside the rule.

    `scope`: `self` (field or rule of the rule's entity), `parent`, `item` (of the collection around it),
    `param`, `today`, or `node` (a column that the plan made). `strict`: the rule does not test it for
    being unknown, so where it is unknown the rule stops.
    """

    scope: str
    name: str
    strict: bool = True


@dataclass(eq=False, kw_only=True)
class Op(Expr):
    """An operator or built-in function applied to its arguments."""

    op: str
    args: tuple[Expr, ...]

    def parts(self) -> tuple[Expr, ...]:
        return self.args


@dataclass(eq=False, kw_only=True)
class Local(Expr):
    """A local name: the same value used wherever the name stands."""

    name: str
    value: Expr

    def parts(self) -> tuple[Expr, ...]:
        return (self.value,)


@dataclass(eq=False, kw_only=True)
class Agg(Expr):
    """`kind` (sum, count, any, all, min, max, either, both) over the items of the collection `entity`."""

    kind: str
    entity: str
    element: Expr
    condition: Expr | None = None
    default: Expr | None = None

    def parts(self) -> tuple[Expr, ...]:
        return tuple(part for part in (self.element, self.condition, self.default) if part is not None)


def walk(expr: Expr) -> Iterator[Expr]:
    """Every expression within `expr`, each once, itself first."""
    seen: set[int] = set()
    todo = [expr]
    while todo:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        todo.extend(reversed(current.parts()))
