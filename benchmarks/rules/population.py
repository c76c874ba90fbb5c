"""An invented, plain population as Parquet: households and persons, some of whose fields are unknown (NULL).

    python benchmarks/rules/population.py OUT --persons 3500000

Every value is arithmetic on the row's number, so that the same count gives the same rows on every run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from xianjie.engines import Engine, open_engine
from xianjie.rules.schema import Entity, Field, Schema

TODAY = "2024-06-30"
PERSONS_PER_HOUSEHOLD = 3.25
COUNTIES = ("629901", "629902", "623099", "149901", "149902", "239901")  # codes that do not exist
YEAR = "fen/year"

PERSON = Entity(
    "person", "persons", "person_id", parent="household", collection="members",
    fields={
        "sex": Field("text", nullable=False),
        "birth_date": Field("date"),
        "disability_grade": Field("int"),
        "labour_capacity": Field("text"),
        "school_stage": Field("text"),
        "insured": Field("bool"),
        "chronic": Field("bool", nullable=False),
        "wage_income": Field("fen", YEAR),
        "work_months": Field("int", "month/year"),
        "business_income": Field("fen", YEAR, nullable=False),
        "farm_income": Field("fen", YEAR),
        "property_income": Field("fen", YEAR, nullable=False),
        "pension_month": Field("fen", "fen/month", nullable=False),
        "medical_self_paid": Field("fen", YEAR),
        "school_cost": Field("fen", YEAR, nullable=False),
    },
)  # fmt: skip
HOUSEHOLD = Entity(
    "household", "households", "household_id",
    fields={
        "region_code": Field("text", nullable=False),
        "household_type": Field("text", nullable=False),
        "registered_on": Field("date"),
        "house_grade": Field("text"),
        "water_safe": Field("bool"),
        "land_income": Field("fen", YEAR, nullable=False),
        "transfer_income": Field("fen", YEAR),
        "savings": Field("fen"),
        "vehicles": Field("int"),
    },
)  # fmt: skip
SCHEMA = Schema.of(HOUSEHOLD, PERSON)


def draw(row: str, salt: int, size: int) -> str:
    """SQL for a number from 0 to `size` - 1 that looks random: two multiplications modulo a prime below 2^31."""
    prime = 2147483647
    first = f"(({row} + {salt * 7919 + 1}) * 48271 % {prime})"
    return f"(({first} * 69621 + {salt}) % {prime} // 8 % {size})"


def household_rows(households: int) -> str:
    """SQL for all households; each has a member, because OpenFisca loses its count on those that have none."""

    def some(salt: int, size: int) -> str:
        return draw("i", salt, size)

    counties = ", ".join(f"'{code}'" for code in COUNTIES)
    return f"""
        SELECT
            i,
            format('H{{:011d}}', i) AS household_id,
            [{counties}][1 + i * {len(COUNTIES)} // {households}]
                || format('{{:03d}}{{:03d}}', 100 + i // 4000 % 20, 200 + i // 200 % 20) AS region_code,
            [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 7][1 + {some(2, 20)}] AS members,
            ['general', 'general', 'general', 'relieved', 'dibao'][1 + {some(4, 5)}] AS household_type,
            CASE WHEN {some(5, 200)} > 0
                THEN DATE '2014-01-01' + CAST({some(6, 3800)} AS INTEGER) END AS registered_on,
            CASE WHEN {some(7, 100)} > 0 THEN
                ['A', 'A', 'A', 'A', 'B', 'B', 'B', 'B', 'C', 'D'][1 + {some(8, 10)}] END AS house_grade,
            CASE WHEN {some(9, 100)} > 0 THEN {some(10, 50)} > 0 END AS water_safe,
            CAST({some(11, 800000)} AS BIGINT) AS land_income,
            CASE WHEN {some(12, 50)} > 0 THEN CAST({some(13, 600000)} AS BIGINT) END AS transfer_income,
            CASE WHEN {some(14, 10)} > 0 THEN CAST({some(15, 5000)} * {some(16, 2500)} AS BIGINT) END AS savings,
            CASE WHEN {some(17, 20)} > 0 THEN {some(18, 40)} // 15 END AS vehicles
        FROM range({households}) AS t(i)"""


def person_rows(households: int) -> str:
    """SQL for all persons, household by household."""

    def some(salt: int, size: int) -> str:
        return draw("n", salt, size)

    grown = "years BETWEEN 16 AND 65"
    return f"""
        WITH numbered AS (
            SELECT i, household_id, i * 8 + k AS n,
                CASE WHEN k = 0 THEN 25 + {draw("(i * 8 + k)", 31, 65)} ELSE {draw("(i * 8 + k)", 32, 95)} END AS years
            FROM (SELECT i, household_id, unnest(range(members)) AS k FROM ({household_rows(households)}))
        )
        SELECT
            format('P{{:012d}}', n) AS person_id,
            household_id,
            CASE WHEN {some(33, 2)} = 0 THEN '1' ELSE '2' END AS sex,
            CASE WHEN {some(34, 500)} > 0 THEN
                DATE '{TODAY}' - CAST(years * 36525 // 100 + {some(35, 365)} AS INTEGER) END AS birth_date,
            CASE WHEN {some(36, 100)} > 0 THEN CASE WHEN {some(37, 15)} = 0 THEN 1 + {some(38, 4)} ELSE 0 END
            END AS disability_grade,
            CASE WHEN {some(39, 100)} > 0 THEN CASE
                WHEN years NOT BETWEEN 16 AND 70 THEN 'none'
                ELSE ['full', 'full', 'full', 'full', 'part', 'none'][1 + {some(40, 6)}] END
            END AS labour_capacity,
            CASE WHEN {some(41, 200)} > 0 THEN CASE
                WHEN years BETWEEN 6 AND 11 AND {some(42, 60)} > 0 THEN 'primary'
                WHEN years BETWEEN 12 AND 14 AND {some(42, 60)} > 0 THEN 'junior'
                WHEN years BETWEEN 15 AND 17 THEN ['senior', 'vocational', 'none'][1 + {some(43, 3)}]
                WHEN years BETWEEN 18 AND 22 AND {some(42, 3)} = 0 THEN 'college'
                ELSE 'none' END
            END AS school_stage,
            CASE WHEN {some(44, 100)} > 0 THEN {some(45, 120)} > 0 END AS insured,
            {some(46, 9)} = 0 AS chronic,
            CASE WHEN {some(47, 33)} > 0 THEN CAST(
                CASE WHEN {grown} AND {some(48, 3)} > 0 THEN {some(49, 400)} * {some(50, 12000)} ELSE 0 END
            AS BIGINT) END AS wage_income,
            CASE WHEN {some(51, 33)} > 0 THEN
                CASE WHEN {grown} AND {some(48, 3)} > 0 THEN 1 + {some(52, 12)} ELSE 0 END END AS work_months,
            CAST(CASE WHEN {grown} AND {some(53, 12)} = 0 THEN {some(54, 3000000)} ELSE 0 END AS BIGINT)
                AS business_income,
            CASE WHEN {some(55, 200)} > 0 THEN
                CAST(CASE WHEN years > 20 THEN {some(56, 700000)} ELSE 0 END AS BIGINT) END AS farm_income,
            CAST(CASE WHEN {some(57, 30)} = 0 THEN {some(58, 300000)} ELSE 0 END AS BIGINT) AS property_income,
            CAST(CASE WHEN years >= 60 THEN 9800 + {some(59, 12000)} ELSE 0 END AS BIGINT) AS pension_month,
            CASE WHEN {some(60, 200)} > 0 THEN CAST(
                CASE WHEN {some(61, 6)} = 0 THEN {some(62, 1500)} * {some(63, 4000)} ELSE {some(64, 60000)} END
            AS BIGINT) END AS medical_self_paid,
            CAST(CASE WHEN years BETWEEN 6 AND 22 THEN {some(65, 1200000)} ELSE 0 END AS BIGINT) AS school_cost
        FROM numbered"""


def make(engine: Engine, out: Path, persons: int) -> tuple[int, int]:
    """Write `households.parquet` and `persons.parquet`; gives how many of each there are."""
    households = round(persons / PERSONS_PER_HOUSEHOLD)
    columns = "SELECT * EXCLUDE (i, members) FROM"
    return (
        engine.write_parquet(f"{columns} ({household_rows(households)})", out / "households.parquet"),
        engine.write_parquet(person_rows(households), out / "persons.parquet"),
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--persons", type=int, default=3_500_000)
    options = parser.parse_args()
    with open_engine() as engine:
        households, persons = make(engine, options.out, options.persons)
    print(f"households {households}, persons {persons}", flush=True)


if __name__ == "__main__":
    main()
