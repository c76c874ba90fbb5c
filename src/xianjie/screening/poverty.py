"""Poverty and inequality of a population: headcount, gap, severity (Foster, Greer and Thorbecke 1984) and Gini.

Three sums and one running sum in SQL. PySAL's `inequality` was looked at: it brings 35 packages, geopandas and
matplotlib among them, for the same formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xianjie.engines import Engine, quote_name

MEASURES = ("headcount", "gap", "severity")
YUAN = 100


def poverty(
    engine: Engine, before: str, after: str, income: str, aid_month: str, size: str, lines: Sequence[str]
) -> dict[str, Any]:
    """Measures before and after a change, over the people of households whose income and aid are known both times.

    `before` and `after` are tables with a row a household. A household has its `income` (fen a year) and twelve
    times its `aid_month`, shared equally by its `size` people. Income, size and each of `lines` (fen a head and
    year) are columns of `before`, so that only the aid differs and both times are measured with one line. Gives
    `households`, `people`, `unknown` (households left out), `gini` and for each line (that is known of somebody) the
    share of people below it, the mean gap and the mean squared gap as shares of the line; each as {before, after}.
    """
    size, income = f"b.{quote_name(size)}", f"b.{quote_name(income)}"
    columns = ", ".join(f"b.{quote_name(line)}" for line in lines)
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE poverty_people AS
        SELECT b.household_id, {size} AS people, {columns},
            CASE WHEN {size} > 0 THEN {income} + 12 * b.{quote_name(aid_month)} END AS income_before,
            CASE WHEN {size} > 0 THEN {income} + 12 * a.{quote_name(aid_month)} END AS income_after
        FROM {before} b JOIN {after} a USING (household_id)""")
    known = "income_before IS NOT NULL AND income_after IS NOT NULL"
    whole = engine.records(f"""
        SELECT count(*) FILTER ({known}) AS households, coalesce(sum(people) FILTER ({known}), 0)::BIGINT AS people,
            count(*) FILTER (NOT ({known})) AS unknown FROM poverty_people""")[0]
    gini = {when: _gini(engine, f"income_{when}", known) for when in ("before", "after")}
    return {**whole, "gini": gini, "lines": [_below(engine, line, known) for line in lines]}


def _below(engine: Engine, line: str, known: str) -> dict[str, Any]:
    """The three measures for one line."""
    sums = []
    for when in ("before", "after"):
        # The household's gap; less than a yuan a head is rounding of a month's payment, no gap.
        gap = f"people * {quote_name(line)} - income_{when}"
        short = f"CASE WHEN {gap} < people * {YUAN} THEN 0 ELSE ({gap}) / ({quote_name(line)} * people)::DOUBLE END"
        for measure, power in zip(MEASURES, (0, 1, 2), strict=True):
            part = f"(({short}) > 0)::INT" if power == 0 else f"power({short}, {power})"
            sums.append(f"sum(people * {part}) / sum(people) AS {measure}_{when}")
    row = engine.records(f"""
        SELECT coalesce(sum(people), 0)::BIGINT AS people, {", ".join(sums)} FROM poverty_people
        WHERE {known} AND {quote_name(line)} > 0""")[0]
    pairs = {one: {when: _rounded(row[f"{one}_{when}"]) for when in ("before", "after")} for one in MEASURES}
    return {"line": line, "people": row["people"], **pairs}


def _gini(engine: Engine, income: str, known: str) -> float | None:
    """Gini of income a head, each person once: 1 − Σ people × (sum so far with and without it) ÷ (all people × all)."""
    return _rounded(
        engine.value(f"""
            WITH ordered AS (
                SELECT people, {income} AS income,
                    sum({income}::HUGEINT) OVER (ORDER BY {income} / people::DOUBLE, household_id
                        ROWS UNBOUNDED PRECEDING) AS so_far
                FROM poverty_people WHERE {known}
            )
            SELECT 1 - sum(people * (2 * so_far - income))::DOUBLE / nullif(sum(people) * sum(income), 0)::DOUBLE
            FROM ordered""")
    )


def _rounded(value: float | None) -> float | None:
    """Six digits: the order in which doubles are added must not show."""
    return None if value is None else round(float(value), 6) + 0.0
