"""Types and units of the built-in functions and of aggregates."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from xianjie.rules import typing_rules as types
from xianjie.rules.ir import NUMERIC, Agg, Const, Expr, Op
from xianjie.rules.language import FUNCTIONS
from xianjie.rules.units import Unit

Refuse = Callable[..., Exception]
Typed = Callable[[tuple[Expr, ...], Refuse], Expr]
BUILTINS = set(FUNCTIONS)


def _expect(args: tuple[Expr, ...], kinds: tuple[tuple[str, ...], ...], refuse: Refuse) -> None:
    if len(args) != len(kinds) or any(arg.type not in kind for arg, kind in zip(args, kinds, strict=True)):
        raise refuse("rules.wrong_arguments", given=", ".join(arg.type for arg in args))


def _whole_yuan(name: str) -> Typed:
    def typed(args: tuple[Expr, ...], refuse: Refuse) -> Expr:
        _expect(args, (NUMERIC,), refuse)
        if args[0].unit is not None and args[0].unit.get("fen") != 1:
            raise refuse("rules.wrong_arguments", given=types.show_unit(args[0].unit))
        return Op(op=name, args=args, type="fen", unit=args[0].unit)

    return typed


def _round(args: tuple[Expr, ...], refuse: Refuse) -> Expr:
    if len(args) == 1:
        args = (args[0], Const(type="int", value=1, literal=True))
    _expect(args, (NUMERIC, NUMERIC), refuse)
    unit = types.quotient_unit(*args)
    money = unit is not None and unit.get("fen") == 1
    return Op(op="round_half_up", args=args, type="fen" if money else "int", unit=unit, maybe=_may_be_zero(args[1]))


def _divide(args: tuple[Expr, ...], refuse: Refuse) -> Expr:
    _expect(args, (NUMERIC, NUMERIC), refuse)
    return Op(op="divide", args=args, type="ratio", unit=types.quotient_unit(*args), maybe=_may_be_zero(args[1]))


def _may_be_zero(expr: Expr) -> bool:
    return not (isinstance(expr, Const) and expr.value != 0)


def _per_year(args: tuple[Expr, ...], refuse: Refuse) -> Expr:
    _expect(args, (NUMERIC,), refuse)
    unit = types.unit_of(args[0])
    if unit is not None and "month" not in unit:
        raise refuse("rules.units_differ", left=types.show_unit(unit), right="…/month")
    yearly: Unit | None = None
    if unit is not None:
        yearly = {("year" if base == "month" else base): power for base, power in unit.items()}
    twelve = Const(type="int", value=12, literal=True)
    return Op(op="mul", args=(args[0], twelve), type=args[0].type, unit=yearly)


def _dates(name: str, kinds: tuple[tuple[str, ...], ...], result: str, unit: Unit | None) -> Typed:
    def typed(args: tuple[Expr, ...], refuse: Refuse) -> Expr:
        _expect(args, kinds, refuse)
        return Op(op=name, args=args, type=result, unit=unit)

    return typed


def _logic(name: str) -> Typed:
    def typed(args: tuple[Expr, ...], refuse: Refuse) -> Expr:
        if not args or any(arg.type not in ("bool", "none") for arg in args):
            raise refuse("rules.wrong_arguments", given=", ".join(arg.type for arg in args))
        return Op(op=name, args=args, type="bool", maybe=any(arg.maybe for arg in args))

    return typed


def _first_known(args: tuple[Expr, ...], refuse: Refuse) -> Expr:
    if len(args) < 2:
        raise refuse("rules.wrong_arguments", given=str(len(args)))
    joined: dict[str, Any] = {}
    for left, right in pairwise(args):
        model = Op(op="first_known", args=(left, right), **joined) if joined else left
        joined = types.join(model, right, refuse)
    joined["maybe"] = all(arg.maybe for arg in args)
    return Op(op="first_known", args=args, **joined)


def _brackets(args: tuple[Expr, ...], refuse: Refuse) -> Expr:
    _expect(args, (("int", "fen"), ("rates", "steps")), refuse)
    amount, scale = args
    if scale.type == "rates":
        return Op(op="brackets", args=args, type=amount.type, unit=amount.unit)
    kind = "fen" if (scale.unit or {}).get("fen") == 1 else "int"
    return Op(op="brackets", args=args, type=kind, unit=scale.unit, maybe=True)


def _extreme(name: str) -> Typed:
    def typed(args: tuple[Expr, ...], refuse: Refuse) -> Expr:
        if len(args) < 2:
            raise refuse("rules.refused.aggregate_over")
        result = args[0]
        for arg in args[1:]:
            if arg.type == "date" and result.type == "date":
                joined: dict[str, Any] = {"type": "date"}
            else:
                types.numbers((result, arg), name, refuse)
                joined = types.join(result, arg, refuse)
            result = Op(op=name, args=(result, arg), **joined)
        return result

    return typed


DAY, WHOLE = ("date",), ("int",)
TYPED: dict[str, Typed] = {
    "floor_yuan": _whole_yuan("floor_yuan"),
    "ceil_yuan": _whole_yuan("ceil_yuan"),
    "round_half_up": _round,
    "divide": _divide,
    "per_year": _per_year,
    "months_between": _dates("months_between", (DAY, DAY), "int", types.MONTH),
    "years_between": _dates("years_between", (DAY, DAY), "int", types.YEAR),
    "days_between": _dates("days_between", (DAY, DAY), "int", types.DAY),
    "add_months": _dates("add_months", (DAY, WHOLE), "date", None),
    "add_days": _dates("add_days", (DAY, WHOLE), "date", None),
    "year_of": _dates("year_of", (DAY,), "int", None),
    "month_of": _dates("month_of", (DAY,), "int", None),
    "either": _logic("either"),
    "both": _logic("both"),
    "first_known": _first_known,
    "brackets": _brackets,
    "min": _extreme("min"),
    "max": _extreme("max"),
}


def _sum(entity: str, element: Expr, condition: Expr | None, default: Expr | None, refuse: Refuse) -> Expr:
    if isinstance(element, Const) and element.value == 1:
        return Agg(kind="count", entity=entity, element=element, condition=condition, type="int", unit={entity: 1})
    if element.type not in ("int", "fen"):
        raise refuse("rules.refused.sum_of", type=element.type)
    return Agg(
        kind="sum", entity=entity, element=element, condition=condition, type=element.type, unit=types.unit_of(element)
    )


def _count(entity: str, element: Expr, condition: Expr | None, default: Expr | None, refuse: Refuse) -> Expr:
    return Agg(kind="count", entity=entity, element=element, condition=condition, type="int", unit={entity: 1})


def _truth(kind: str) -> Callable[..., Expr]:
    def typed(entity: str, element: Expr, condition: Expr | None, default: Expr | None, refuse: Refuse) -> Expr:
        if element.type != "bool":
            raise refuse("rules.refused.truth", type=element.type)
        maybe = kind in ("either", "both") and element.maybe
        return Agg(kind=kind, entity=entity, element=element, condition=condition, type="bool", maybe=maybe)

    return typed


def _of_items(kind: str) -> Callable[..., Expr]:
    def typed(entity: str, element: Expr, condition: Expr | None, default: Expr | None, refuse: Refuse) -> Expr:
        assert default is not None
        if element.type not in (*NUMERIC, "date"):
            raise refuse("rules.no_number", what=kind, type=element.type)
        joined = types.join(element, default, refuse)
        return Agg(kind=kind, entity=entity, element=element, condition=condition, default=default, **joined)

    return typed


AGGREGATES: dict[str, Callable[..., Expr]] = {
    "sum": _sum, "len": _count, "any": _truth("any"), "all": _truth("all"), "either": _truth("either"),
    "both": _truth("both"), "min": _of_items("min"), "max": _of_items("max"),
}  # fmt: skip
