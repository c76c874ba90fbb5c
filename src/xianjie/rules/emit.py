"""One expression of the rule language → sqlglot, in forms that mean the same on DuckDB and Spark.

A value that is unknown is NULL. Three things keep SQL in step with Python: a guard around a rule whose
strict inputs may be NULL (left out where the operators hand NULL on by themselves); conditions that an
item's unknown value may stop are asked both ways (`WHEN c … WHEN NOT c …`); aggregates count unknowns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from xianjie.rules.forms import (
    TYPES,
    Sql,
    binary,
    case,
    cast,
    divided,
    double,
    known,
    literal,
    name_of,
    number,
    part,
    rate_steps,
    round_whole,
    value_steps,
    wrap,
)
from xianjie.rules.ir import Agg, Const, Expr, Input, Local, Op
from xianjie.rules.parameters import Bracket
from xianjie.rules.plan import Cell, Plan, Variant

BINARY: dict[str, type[exp.Binary]] = {
    "add": exp.Add, "sub": exp.Sub, "mul": exp.Mul, "lt": exp.LT, "le": exp.LTE, "gt": exp.GT, "ge": exp.GTE,
    "eq": exp.EQ, "ne": exp.NEQ, "bit_or": exp.BitwiseOr,
}  # fmt: skip
PROPAGATING = {*BINARY, "neg", "not", "in", "floor_yuan", "ceil_yuan", "divide", "round_half_up", "months_between",
               "years_between", "days_between", "add_months", "add_days", "year_of", "month_of"}  # fmt: skip
# Codes of yes-or-no aggregates: the greatest code among the items is the answer.
CODES = {"any": (1, 0, 2), "all": (0, 1, 2), "either": (2, 0, 1), "both": (0, 2, 1)}  # true, false, unknown


class Emitter:
    """Writes expressions over one relation of `entity`.

    With `outer`, it writes the inside of an aggregate: items are columns of `entity`, and what the outer
    rule reads are columns fetched from the parent.
    """

    def __init__(
        self, plan: Plan, entity: str, dialect: str, outer: str | None = None, variant: Variant | None = None
    ) -> None:
        self.plan, self.entity, self.dialect, self.outer = plan, entity, dialect, outer
        self.variant = variant or Variant((), None)
        self._given: dict[int, set[str]] = {}  # by the identity of expressions that the plan keeps alive

    @staticmethod
    def sql_type(kind: str) -> str:
        """The SQL type of a rule language type."""
        return TYPES.get(kind, "VARCHAR")

    # Cells ------------------------------------------------------------------------------------------------

    def cell(self, cell: Cell) -> Sql:
        """The column of a rule, each of its variants guarded and chosen by region class."""
        if cell.kind == "class":
            from xianjie.rules.sql import class_expression

            return class_expression(self.plan, name_of(self.plan.schema.region))
        if all(variant.body is None for variant in cell.variants):
            return cast(exp.null(), self.sql_type(cell.type))
        if len(cell.variants) == 1:
            return self._guarded(cell, cell.variants[0])
        pairs = [
            (self._in_classes(variant.classes), self._guarded(cell, variant))
            for variant in cell.variants
            if variant.body is not None
        ]
        return case(*pairs)

    def _in_classes(self, classes: tuple[int, ...]) -> Sql:
        column = name_of(self._class_column())
        if len(classes) == 1:
            return exp.EQ(this=column, expression=number(classes[0]))
        return exp.In(this=column, expressions=[number(one) for one in classes])

    def _class_column(self) -> str:
        return self.plan.class_cell(self.entity).name

    def _guarded(self, cell: Cell, variant: Variant) -> Sql:
        self.variant = variant
        assert variant.body is not None
        body = self.value(variant.body)
        if cell.type in ("int", "fen") and not _wide(variant.body):
            body = cast(body, "BIGINT")
        given = self._propagates(variant.body)
        doubtful = {
            name: None
            for name in (self.plan.input_name(self.entity, entry) for entry in variant.strict)
            if self.plan.cells[(self.entity, name)].nullable and name not in given
        }
        if not doubtful:
            return body
        test: Sql | None = None
        for name in doubtful:
            test = known(name_of(name)) if test is None else exp.And(this=test, expression=known(name_of(name)))
        assert test is not None
        return case((test, body))

    # Values -----------------------------------------------------------------------------------------------

    def value(self, expr: Expr) -> Sql:
        """An expression of the rule language as SQL."""
        match expr:
            case Const():
                return literal(expr.value, expr.type)
            case Input():
                return self._input(expr)
            case Local():
                hoisted = self.variant.hoisted.get(id(expr.value))
                return name_of(hoisted) if hoisted is not None else self.value(expr.value)
            case Agg():
                return name_of(self.variant.aggs[id(expr)])
            case Op():
                return self._op(expr)
        raise TypeError(type(expr).__name__)

    def _input(self, expr: Input) -> Sql:
        if expr.scope == "today":
            return literal(self.plan.day, "date")
        if expr.scope == "param":
            return self._by_class(expr.name, lambda value: literal(value, expr.type))
        if self.outer is not None:
            found = self.plan.item_cell(self.outer, self.entity, expr, self.variant.classes)
            assert found is not None
            return name_of(found.name)
        return name_of(self.plan.input_name(self.entity, expr))

    def _by_class(self, name: str, write: Callable[[Any], Sql]) -> Sql:
        """What `write` makes of a parameter's value, chosen by region class where the value differs."""
        values = self.plan.parameter(name, self.variant.classes)
        groups: dict[str, tuple[Any, list[int]]] = {}
        for one, value in values.items():
            groups.setdefault(repr(value), (value, []))[1].append(one)
        if len(groups) == 1:
            return write(next(iter(values.values())))
        *first, last = sorted(groups.values(), key=lambda group: len(group[1]))
        pairs = [(self._in_classes(tuple(classes)), write(value)) for value, classes in first]
        return case(*pairs, otherwise=write(last[0]))

    def _op(self, expr: Op) -> Sql:
        if expr.op in BINARY:
            left, right = (self.value(arg) for arg in expr.args)
            if expr.op in ("add", "sub", "mul") and expr.type in ("int", "fen") and not _wide(expr):
                left = cast(left, "BIGINT")
            return binary(BINARY[expr.op], left, right)
        writer = getattr(self, f"_op_{expr.op}", None)
        if writer is None:
            raise AssertionError(expr.op)
        result: Sql = writer(expr)
        return result

    def _stops(self, expr: Expr) -> bool:
        child = self.entity if self.outer else ""
        return self.plan.stops(child, expr, None if self.outer else self.variant.aggs, self.entity)

    def _op_neg(self, expr: Op) -> Sql:
        return exp.Paren(this=exp.Neg(this=wrap(self.value(expr.args[0]))))

    def _op_not(self, expr: Op) -> Sql:
        return exp.Not(this=wrap(self.value(expr.args[0])))

    def _op_and(self, expr: Op) -> Sql:
        left, right = (self.value(arg) for arg in expr.args)
        if self._stops(expr.args[0]):
            return case((left, right), otherwise=left.copy())
        return exp.And(this=wrap(left), expression=wrap(right))

    def _op_or(self, expr: Op) -> Sql:
        left, right = (self.value(arg) for arg in expr.args)
        if self._stops(expr.args[0]):
            return case((exp.Not(this=wrap(left)), right), otherwise=left.copy())
        return exp.Or(this=wrap(left), expression=wrap(right))

    def _op_is_none(self, expr: Op) -> Sql:
        target = expr.args[0]
        if isinstance(target, Input) and target.scope == "param":
            return self._by_class(target.name, lambda value: exp.Boolean(this=value is None))
        return exp.Is(this=wrap(self.value(target)), expression=exp.null())

    def _op_if(self, expr: Op) -> Sql:
        test, chosen, otherwise = (self.value(arg) for arg in expr.args)
        if isinstance(otherwise, exp.Null):
            return case((test, chosen))
        if self._stops(expr.args[0]):
            return case((test, chosen), (exp.Not(this=wrap(test.copy())), otherwise))
        return case((test, chosen), otherwise=otherwise)

    def _op_after(self, expr: Op) -> Sql:
        local, rest = expr.args
        assert isinstance(local, Local)
        if not self._stops(local.value) or _local_key(local) in self._propagates(rest):
            return self.value(rest)
        return case((known(self.value(local)), self.value(rest)))

    def _op_in(self, expr: Op) -> Sql:
        first, *rest = (self.value(arg) for arg in expr.args)
        return exp.In(this=wrap(first), expressions=rest)

    def _op_in_list(self, expr: Op) -> Sql:
        value, texts = expr.args
        assert isinstance(texts, Input)
        column = self.value(value)
        return self._by_class(
            texts.name,
            lambda listed: exp.In(
                this=wrap(column.copy()), expressions=[exp.Literal.string(text) for text in listed or ()]
            ),
        )

    def _op_min(self, expr: Op) -> Sql:
        return self._extreme(expr, exp.Least, exp.LTE, exp.GT)

    def _op_max(self, expr: Op) -> Sql:
        return self._extreme(expr, exp.Greatest, exp.GTE, exp.LT)

    def _extreme(self, expr: Op, kind: type[exp.Func], first: type[exp.Binary], second: type[exp.Binary]) -> Sql:
        left, right = (self.value(arg) for arg in expr.args)
        if any(self._stops(arg) for arg in expr.args):
            # GREATEST and LEAST skip NULL; an unknown amount must not become the other one.
            return case(
                (binary(first, left, right), left.copy()), (binary(second, left.copy(), right.copy()), right.copy())
            )
        return kind(this=left, expressions=[right])

    def _op_either(self, expr: Op) -> Sql:
        return self._joined(exp.Or, expr)

    def _op_both(self, expr: Op) -> Sql:
        return self._joined(exp.And, expr)

    def _joined(self, kind: type[exp.Connector], expr: Op) -> Sql:
        first, *rest = (self._truth(arg) for arg in expr.args)
        for value in rest:
            first = kind(this=wrap(first), expression=wrap(value))
        return first

    def _truth(self, expr: Expr) -> Sql:
        value = self.value(expr)
        return cast(value, "BOOLEAN") if isinstance(value, exp.Null) else value

    def _op_first_known(self, expr: Op) -> Sql:
        first, *rest = (self.value(arg) for arg in expr.args)
        return exp.Coalesce(this=first, expressions=rest)

    # Numbers ----------------------------------------------------------------------------------------------

    def _op_divide(self, expr: Op) -> Sql:
        numer, denom = (self.value(arg) for arg in expr.args)
        return divided(numer, denom, expr.args[1])

    def _op_round_half_up(self, expr: Op) -> Sql:
        numer, denom = expr.args
        top, bottom = self.value(numer), self.value(denom)
        if "ratio" in (numer.type, denom.type):
            quotient = divided(top, bottom, denom)
            half = double(0.5)
            up = exp.Floor(this=binary(exp.Add, quotient, half))
            down = exp.Neg(this=exp.Floor(this=binary(exp.Sub, half.copy(), quotient.copy())))
            zero = double(0.0)
            rounded = case((binary(exp.GTE, quotient.copy(), zero), up), otherwise=down)
            return cast(rounded, "BIGINT")
        if isinstance(denom, Const) and denom.value == 1:
            return cast(top, "BIGINT") if not _wide(numer) else top
        return round_whole(cast(top, "BIGINT") if not _wide(numer) else top, bottom, denom)

    def _op_floor_yuan(self, expr: Op) -> Sql:
        return self._whole_yuan(expr, exp.Floor, up=False)

    def _op_ceil_yuan(self, expr: Op) -> Sql:
        return self._whole_yuan(expr, exp.Ceil, up=True)

    def _whole_yuan(self, expr: Op, kind: type[exp.Func], up: bool) -> Sql:
        amount = self.value(expr.args[0])
        hundred = number(100)
        if expr.args[0].type == "ratio":
            yuan = cast(kind(this=binary(exp.Div, amount, double(100.0))), "BIGINT")
            return binary(exp.Mul, yuan, hundred)
        if not _wide(expr.args[0]):
            amount = cast(amount, "BIGINT")
        over = binary(exp.Mod, amount if not up else exp.Neg(this=wrap(amount)), hundred)
        rest = binary(exp.Mod, binary(exp.Add, over, hundred.copy()), hundred.copy())
        return binary(exp.Add if up else exp.Sub, amount.copy(), rest)

    def _op_brackets(self, expr: Op) -> Sql:
        amount, scale = expr.args
        assert isinstance(scale, Input)
        column = self.value(amount)

        def write(steps: tuple[Bracket, ...] | None) -> Sql:
            if not steps:
                return cast(exp.null(), "BIGINT")
            # Every branch compares the amount, so that an unknown amount falls through to NULL.
            pairs = rate_steps(column, steps) if steps[0].rate is not None else value_steps(column, steps)
            if steps[0].rate is not None:
                below = (binary(exp.LT, column.copy(), number(steps[0].start)), number(0))
                pairs = [*pairs, below]
            return case(*pairs)

        return self._by_class(scale.name, write)

    # Dates ------------------------------------------------------------------------------------------------

    def _op_year_of(self, expr: Op) -> Sql:
        return part(exp.Year, self.value(expr.args[0]))

    def _op_month_of(self, expr: Op) -> Sql:
        return part(exp.Month, self.value(expr.args[0]))

    def _op_days_between(self, expr: Op) -> Sql:
        start, end = (self.value(arg) for arg in expr.args)
        if self.dialect == "duckdb":
            return binary(exp.Sub, end, start)
        return cast(exp.Anonymous(this="DATEDIFF", expressions=[end, start]), "BIGINT")

    def _op_months_between(self, expr: Op) -> Sql:
        start, end = (self.value(arg) for arg in expr.args)
        months = [
            binary(exp.Add, binary(exp.Mul, part(exp.Year, day), number(12)), part(exp.Month, day.copy()))
            for day in (end, start)
        ]
        short = binary(exp.LT, part(exp.Day, end.copy()), part(exp.Day, start.copy()))
        return binary(exp.Sub, binary(exp.Sub, *months), case((short, number(1)), otherwise=number(0)))

    def _op_years_between(self, expr: Op) -> Sql:
        start, end = (self.value(arg) for arg in expr.args)
        years = binary(exp.Sub, part(exp.Year, end), part(exp.Year, start))
        in_year = [
            binary(exp.Add, binary(exp.Mul, part(exp.Month, day.copy()), number(100)), part(exp.Day, day.copy()))
            for day in (end, start)
        ]
        return binary(exp.Sub, years, case((binary(exp.LT, *in_year), number(1)), otherwise=number(0)))

    def _op_add_months(self, expr: Op) -> Sql:
        day, months = (self.value(arg) for arg in expr.args)
        if self.dialect == "duckdb":
            moved = binary(exp.Add, day, exp.Anonymous(this="TO_MONTHS", expressions=[cast(months, "INTEGER")]))
            return cast(moved, "DATE")
        return exp.Anonymous(this="ADD_MONTHS", expressions=[day, cast(months, "INT")])

    def _op_add_days(self, expr: Op) -> Sql:
        day, days = (self.value(arg) for arg in expr.args)
        if self.dialect == "duckdb":
            return binary(exp.Add, day, cast(days, "INTEGER"))
        return exp.Anonymous(this="DATE_ADD", expressions=[day, cast(days, "INT")])

    # Aggregates -------------------------------------------------------------------------------------------

    def aggregate(self, agg: Agg, unknown: bool) -> dict[str, Sql]:
        """The grouped columns of an aggregate: `value`, and `unknown` (above 0 if an item's unknown stops it).

        Element and condition stand in several places as one tree: it is only written out, so copies would be waste.
        """
        element = self.value(agg.element)
        test = self.value(agg.condition) if agg.condition is not None else None
        if agg.kind in CODES:
            return {"value": self._coded(agg, element, test, unknown)}
        picked = element if test is None else case((test, element))
        counted = exp.Literal.number(1) if test is None else case((test, number(1)))
        parts: dict[str, Sql] = {
            "value": {
                "sum": lambda: cast(exp.Sum(this=picked), "BIGINT"),
                "count": lambda: exp.Count(this=exp.Star() if test is None else counted),
                "min": lambda: exp.Min(this=picked),
                "max": lambda: exp.Max(this=picked),
                "bits": lambda: exp.Anonymous(this="BIT_OR", expressions=[picked]),  # its own node has types inferred
            }[agg.kind]()
        }
        if unknown:
            parts["unknown"] = self._unknown(agg, element, test)
        return parts

    def _unknown(self, agg: Agg, element: Sql, test: Sql | None) -> Sql:
        stopped = [part for part in (agg.element, agg.condition) if part is not None and self._stops(part)]
        if test is None or agg.element not in stopped:
            # The commonest cases, and the cheapest form: the items less those whose value is known.
            lacking = element if test is None else test
            return binary(exp.Sub, exp.Count(this=exp.Star()), exp.Count(this=lacking))
        lost: Sql = exp.Is(this=wrap(element), expression=exp.null())
        doubts: list[Sql] = [exp.And(this=wrap(test), expression=wrap(lost))]
        if agg.condition in stopped:
            doubts.insert(0, exp.Is(this=wrap(test), expression=exp.null()))
        doubt = doubts[0] if len(doubts) == 1 else exp.Or(this=wrap(doubts[0]), expression=wrap(doubts[1]))
        return exp.Count(this=case((doubt, number(1))))

    def _coded(self, agg: Agg, element: Sql, test: Sql | None, unknown: bool) -> Sql:
        yes, no, open_ = CODES[agg.kind]
        neutral = min(yes, no)
        kleene = agg.kind in ("either", "both")
        of_element = (
            case((element, number(yes)), (exp.Not(this=wrap(element)), number(no)), otherwise=number(open_))
            if (kleene and agg.element.maybe) or self._stops(agg.element)
            else case((element, number(yes)), otherwise=number(no))
        )
        if test is None or agg.condition is None:
            return exp.Max(this=of_element)
        if self._stops(agg.condition):
            # A condition nobody knows stops the rule, whatever the other items say: 3 outranks every code.
            rest = (exp.Not(this=wrap(test)), number(neutral))
            return exp.Max(this=case((test, of_element), rest, otherwise=number(3)))
        return exp.Max(this=case((test, of_element), otherwise=number(neutral)))

    def decode(self, agg: Agg, columns: Mapping[str, Sql], unknown: bool) -> Sql:
        """The aggregate's value on the parent's row."""
        value = columns["value"]
        if agg.kind in CODES:
            yes, no, _ = CODES[agg.kind]
            top = case((exp.EQ(this=value, expression=number(max(yes, no))), exp.Boolean(this=yes > no)))
            low = min(yes, no)
            empty = exp.Boolean(this=yes < no)
            first = exp.EQ(this=exp.Coalesce(this=value.copy(), expressions=[number(low)]), expression=number(low))
            if not unknown and not agg.maybe:
                return case((first, empty), otherwise=exp.Boolean(this=yes > no))
            top.append("ifs", exp.If(this=first, true=empty))
            return top
        default = self.value(agg.default) if agg.default is not None else number(0)
        result = value if isinstance(default, exp.Null) else exp.Coalesce(this=value, expressions=[default])
        if not unknown:
            return result
        doubt = exp.Coalesce(this=columns["unknown"], expressions=[number(0)])
        return case((exp.EQ(this=doubt, expression=number(0)), result))

    # NULL handed on ---------------------------------------------------------------------------------------

    def _propagates(self, expr: Expr) -> set[str]:
        """Columns (and locals) whose NULL makes the expression NULL by itself."""
        if id(expr) not in self._given:
            self._given[id(expr)] = self._hands_on(expr)
        return self._given[id(expr)]

    def _hands_on(self, expr: Expr) -> set[str]:
        match expr:
            case Input() if expr.scope in ("self", "parent") and self.outer is None:
                return {self.plan.input_name(self.entity, expr)}
            case Local():
                return self._propagates(expr.value) | {_local_key(expr)}
            case Op(op="and" | "or"):
                left, right = (self._propagates(arg) for arg in expr.args)
                return left if self._stops(expr.args[0]) else left & right
            case Op(op="if"):
                if isinstance(expr.args[2], Const) and expr.args[2].value is None:
                    return self._propagates(expr.args[0]) | self._propagates(expr.args[1])
                branches = self._propagates(expr.args[1]) & self._propagates(expr.args[2])
                return branches | self._propagates(expr.args[0]) if self._stops(expr.args[0]) else branches
            case Op(op="first_known"):
                return set.intersection(*(self._propagates(arg) for arg in expr.args))
            case Op(op="after"):
                return self._propagates(expr.args[1])
            case Op(op="in_list"):
                return self._propagates(expr.args[0])
            case Op() if expr.op in PROPAGATING:
                return set().union(*(self._propagates(arg) for arg in expr.args))
        return set()


def _local_key(local: Local) -> str:
    return f"local:{id(local.value)}"


def _wide(expr: Expr) -> bool:
    """Whether a whole number is certainly 64 bits wide in SQL: something other than literals goes into it."""
    match expr:
        case Input():
            return expr.scope not in ("param", "today")
        case Const():
            return False
        case Local():
            return _wide(expr.value)
        case Agg():
            return True
        case Op(op="if"):
            return any(_wide(arg) for arg in expr.args[1:])
        case Op(op="after"):
            return _wide(expr.args[1])
        case Op(op="neg" | "add" | "sub" | "mul" | "min" | "max" | "first_known"):
            return any(_wide(arg) for arg in expr.args)
        case Op(op="brackets"):
            return False
    return True
