"""Small pieces of SQL syntax, and the forms of arithmetic that DuckDB and Spark work out alike."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from xianjie.rules.ir import Const, Expr
from xianjie.rules.parameters import Bracket

Sql = exp.Expr
TYPES = {"int": "BIGINT", "fen": "BIGINT", "ratio": "DOUBLE", "text": "VARCHAR", "date": "DATE", "bool": "BOOLEAN"}


_KINDS = {
    "BIGINT": exp.DType.BIGINT, "DOUBLE": exp.DType.DOUBLE, "VARCHAR": exp.DType.VARCHAR, "DATE": exp.DType.DATE,
    "BOOLEAN": exp.DType.BOOLEAN, "INTEGER": exp.DType.INT, "INT": exp.DType.INT,
}  # fmt: skip


def cast(value: Sql, kind: str) -> Sql:
    """`value` as an SQL type. The value itself is taken, not a copy: copies of whole trees are most of the work."""
    return exp.cast(value, _KINDS[kind], copy=False)


def name_of(name: str) -> exp.Column:
    """A column or table name, quoted."""
    return exp.column(name, quoted=True)


def number(value: int) -> Sql:
    """A whole number as a literal."""
    literal = exp.Literal.number(abs(value))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def double(value: float) -> Sql:
    """A ratio as a literal: with an exponent, because 0.5 alone is a DECIMAL to DuckDB and Spark."""
    text = repr(abs(value))
    literal = exp.Literal.number(text if "e" in text else f"{text}e0")
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def wrap(value: Sql) -> Sql:
    """Parentheses where an operator is put into another."""
    return exp.Paren(this=value) if isinstance(value, exp.Binary | exp.Not | exp.In | exp.Neg | exp.Is) else value


def binary(kind: type[exp.Binary], left: Sql, right: Sql) -> Sql:
    """`left kind right` with parentheses as needed."""
    return kind(this=wrap(left), expression=wrap(right))


def known(value: Sql) -> Sql:
    """`value IS NOT NULL`."""
    return exp.Not(this=exp.Is(this=wrap(value), expression=exp.null()))


def case(*pairs: tuple[Sql, Sql], otherwise: Sql | None = None) -> Sql:
    """CASE WHEN … THEN … ELSE … END."""
    return exp.Case(ifs=[exp.If(this=test, true=value) for test, value in pairs], default=otherwise)


def literal(value: Any, kind: str) -> Sql:
    """A value as an SQL literal."""
    if value is None:
        return exp.null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if kind == "ratio":
        return double(float(value))
    if isinstance(value, int):
        return number(value)
    if kind == "date":
        return cast(exp.Literal.string(value.isoformat()), "DATE")
    return exp.Literal.string(value)


def part(kind: type[exp.Func], day: Sql) -> Sql:
    """A part of a date, 64 bits wide."""
    return cast(kind(this=day), "BIGINT")


def divided(numer: Sql, denom: Sql, denominator: Expr) -> Sql:
    """A quotient as a ratio; NULL when the divisor is 0."""
    top: Sql = cast(numer, "DOUBLE")
    bottom: Sql = cast(denom, "DOUBLE")
    if not (isinstance(denominator, Const) and denominator.value != 0):
        bottom = exp.Nullif(this=bottom, expression=double(0.0))
    return binary(exp.Div, top, bottom)


def round_whole(top: Sql, bottom: Sql, denominator: Expr) -> Sql:
    """Whole numbers divided, halves away from zero: both engines cut towards zero."""
    two = number(2)
    if isinstance(denominator, Const) and denominator.value > 0:
        size, safe = number(int(denominator.value)), number(2 * int(denominator.value))
        negative: Sql = binary(exp.LT, top.copy(), number(0))
    else:
        size = exp.Abs(this=bottom)
        safe = exp.Nullif(this=binary(exp.Mul, two, size.copy()), expression=number(0))
        negative = exp.NEQ(
            this=exp.Paren(this=binary(exp.LT, top.copy(), number(0))),
            expression=exp.Paren(this=binary(exp.LT, bottom.copy(), number(0))),
        )
    doubled = binary(exp.Add, binary(exp.Mul, exp.Abs(this=top), two.copy()), size)
    quotient = exp.IntDiv(this=wrap(doubled), expression=wrap(safe))
    return case((negative, exp.Neg(this=wrap(quotient))), otherwise=quotient.copy())


def rate_steps(column: Sql, steps: tuple[Bracket, ...]) -> list[tuple[Sql, Sql]]:
    """The branches of a scale of rates, highest first."""
    pairs: list[tuple[Sql, Sql]] = []
    full = 0
    for position, step in enumerate(steps):
        assert step.rate is not None
        part_of_it = binary(exp.Mul, binary(exp.Sub, column.copy(), number(step.start)), number(step.rate))
        pairs.append(
            (binary(exp.GTE, column.copy(), number(step.start)), _ten_thousandths(part_of_it, step.rate, full))
        )
        if position + 1 < len(steps):
            full += (steps[position + 1].start - step.start) * step.rate
    return pairs[::-1]


def _ten_thousandths(part_of_it: Sql, rate: int, full: int) -> Sql:
    """`part_of_it` (of the rate's sign) and `full` divided by 10,000, halves away from zero."""
    if rate == 0:
        size = (abs(full) + 5_000) // 10_000
        return number(-size if full < 0 else size)
    if rate < 0 or full < 0:
        within = binary(exp.Add, part_of_it, number(full))
        return round_whole(within, number(10_000), Const(type="int", value=10_000))
    return exp.IntDiv(this=wrap(binary(exp.Add, part_of_it, number(full + 5_000))), expression=number(10_000))


def value_steps(column: Sql, steps: tuple[Bracket, ...]) -> list[tuple[Sql, Sql]]:
    """The branches of a scale of steps, highest first."""
    return [
        (binary(exp.GTE, column.copy(), number(step.start)), number(int(step.value or 0))) for step in reversed(steps)
    ]
