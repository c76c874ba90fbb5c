"""Which types and units may meet, and what comes out. Pure functions over `ir` nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xianjie.rules.ir import NUMERIC, Agg, Const, Expr, Input, Local, Op, walk
from xianjie.rules.units import FEN, Unit, agree, common, show_unit, times

Refuse = Callable[..., Exception]
YEAR: Unit = {"year": 1}
MONTH: Unit = {"month": 1}
DAY: Unit = {"day": 1}


def unit_of(expr: Expr) -> Unit | None:
    """The unit for checking: money of no stated period is "fen"; a literal has none."""
    if expr.literal:
        return None
    return FEN if expr.unit is None and expr.type == "fen" else expr.unit


def lazy(expr: Expr) -> bool:
    """Whether evaluating `expr` may stop because an item's value is unknown.

    A local name never stops: its value was worked out, or stopped the rule, where it was set.
    """
    if isinstance(expr, Local):
        return False
    if isinstance(expr, Agg) or (isinstance(expr, Input) and expr.scope == "item" and expr.strict):
        return True
    return any(lazy(part) for part in expr.parts())


def aggregates(expr: Expr) -> bool:
    """Whether an aggregate goes into `expr`, by whatever name."""
    return any(isinstance(part, Agg) for part in walk(expr))


def join(left: Expr, right: Expr, refuse: Refuse) -> dict[str, Any]:
    """Type, unit and doubt of a value that is either `left` or `right`."""
    maybe = left.maybe or right.maybe
    if left.type == "none" or right.type == "none":
        other = right if left.type == "none" else left
        return {"type": other.type, "unit": unit_of(other), "maybe": True, "literal": other.literal}
    if left.type in NUMERIC and right.type in NUMERIC:
        return {**_meet(left, right, refuse), "maybe": maybe}
    if left.type != right.type:
        raise refuse("rules.types_differ", left=left.type, right=right.type)
    return {"type": left.type, "unit": None, "maybe": maybe}


def _meet(left: Expr, right: Expr, refuse: Refuse) -> dict[str, Any]:
    """Two numbers that are added, compared or chosen between."""
    if not agree(unit_of(left), unit_of(right)):
        raise refuse("rules.units_differ", left=show_unit(unit_of(left)), right=show_unit(unit_of(right)))
    for money, number in ((left, right), (right, left)):
        if money.type == "fen" and number.type != "fen" and number.unit is None and not number.literal:
            raise refuse("rules.units_differ", left=show_unit(unit_of(left)), right=show_unit(unit_of(right)))
    literal = left.literal and right.literal
    return {"type": _wider(left, right), "unit": common(unit_of(left), unit_of(right)), "literal": literal}


def _wider(left: Expr, right: Expr) -> str:
    types = {left.type, right.type}
    return "ratio" if "ratio" in types else ("fen" if "fen" in types else "int")


def numbers(args: tuple[Expr, ...], what: str, refuse: Refuse) -> None:
    """Refuse anything that is not a number."""
    for arg in args:
        if arg.type not in NUMERIC:
            raise refuse("rules.no_number", what=what, type=arg.type)


def arithmetic(op: str, left: Expr, right: Expr, refuse: Refuse) -> Op:
    """`left op right` for add, sub, mul."""
    if left.type == "date" or right.type == "date":
        raise refuse("rules.date_arithmetic")
    numbers((left, right), {"add": "+", "sub": "-", "mul": "*"}[op], refuse)
    if op != "mul":
        return Op(op=op, args=(left, right), **_meet(left, right, refuse))
    if left.type == "fen" and right.type == "fen":
        raise refuse("rules.money_times_money")
    return Op(
        op="mul", args=(left, right), type=_wider(left, right), unit=_product(left, right),
        literal=left.literal and right.literal,
    )  # fmt: skip


def _product(left: Expr, right: Expr) -> Unit | None:
    for number, other in ((left, right), (right, left)):
        if number.literal and not other.literal:
            unit = unit_of(other)
            # Twelve times a month's amount is most likely a year's: the rule's declared unit decides.
            turns_year = isinstance(number, Const) and number.value == 12 and unit and "month" in unit
            return None if turns_year else unit
    return times(unit_of(left), unit_of(right))


def quotient_unit(left: Expr, right: Expr) -> Unit | None:
    """The unit of `left / right`."""
    if right.literal:
        return unit_of(left)
    return times(unit_of(left), unit_of(right), -1)


def compare(op: str, left: Expr, right: Expr, refuse: Refuse) -> Op:
    """A comparison of two values of one kind."""
    if left.type in NUMERIC and right.type in NUMERIC:
        _meet(left, right, refuse)
    elif left.type != right.type or left.type in ("none", "texts", "rates", "steps"):
        raise refuse("rules.types_differ", left=left.type, right=right.type)
    elif left.type in ("text", "bool") and op not in ("eq", "ne"):
        raise refuse("rules.no_order", type=left.type)
    return Op(op=op, args=(left, right), type="bool")


def constant(value: Any) -> Const | None:
    """A literal of the source, or None when its type has no place in a rule."""
    kinds = {bool: "bool", int: "int", float: "ratio", str: "text", type(None): "none"}
    kind = kinds.get(type(value))
    if kind is None:
        return None
    return Const(type=kind, value=value, maybe=value is None, literal=kind in NUMERIC)


def strip(expr: Expr) -> Expr:
    """The expression behind local names."""
    while isinstance(expr, Local):
        expr = expr.value
    return expr
