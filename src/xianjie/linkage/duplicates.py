"""Entries of the register that may be one: the same person twice 重复人员, two households that are one 重复户.

Findings for a person to settle. Nothing is merged or changed here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from xianjie.engines import Engine, quote
from xianjie.linkage.preparing import prepare_persons

FILE = Path(__file__).with_name("duplicates.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Suspicion(_Part):
    """A reason to hold two persons for one: they share `key` and `when` holds."""

    id: str
    strength: float
    key: str
    when: str
    zh: str


class HouseholdSuspicion(_Part):
    """From how many suspicious pairs of members on two households are suspicious."""

    shared_members: int
    shared_share: float
    zh: str


class Suspicions(_Part):
    """All of `duplicates.yaml`."""

    persons: list[Suspicion]
    households: HouseholdSuspicion
    most_alike: int


@cache
def suspicions() -> Suspicions:
    """The rules as shipped. Raises `ValueError` when `duplicates.yaml` does not have the declared shape."""
    return Suspicions.model_validate(yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader))


def find_duplicates(engine: Engine, registry: str) -> tuple[int, int]:
    """Make `duplicate_persons` and `duplicate_households` from the relation `registry`; gives their numbers of lines.

    `duplicate_persons`: person_a, person_b, household_a, household_b, kind, strength (0 to 1), reason (Chinese).
    `duplicate_households`: household_a, household_b, members (suspicious pairs), reason. Each pair stands once, a
    before b. Raises `UserError` when the relation lacks a column that matching cannot do without.
    """
    rules = suspicions()
    prepare_persons(engine, registry)
    try:
        # One entry written twice with one person_id is another check's subject.
        engine.run("""
            CREATE OR REPLACE TEMP TABLE link_entry AS
            SELECT *, coalesce(region_code, concat_ws('|', town, village)) AS place FROM link_person
            QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY id NULLS LAST, name, pid) = 1""")
        pairs = " UNION ALL ".join(_pairs(place, rule, rules.most_alike) for place, rule in enumerate(rules.persons))
        engine.run(f"""
            CREATE OR REPLACE TABLE duplicate_persons AS
            SELECT * EXCLUDE (place) FROM ({pairs})
            QUALIFY row_number() OVER (PARTITION BY person_a, person_b ORDER BY place) = 1
            ORDER BY person_a, person_b""")
        engine.run(f"CREATE OR REPLACE TABLE duplicate_households AS {_households(rules.households)}")
    finally:
        for table in ("entry", "person", "tidy", "place"):
            engine.run(f"DROP TABLE IF EXISTS temp.link_{table}")
    persons, households = engine.rows(
        "SELECT (SELECT count(*) FROM duplicate_persons), (SELECT count(*) FROM duplicate_households)"
    )[0]
    return int(persons), int(households)


def _pairs(place: int, rule: Suspicion, most: int) -> str:
    return f"""
        SELECT {place} AS place, a.person_id AS person_a, b.person_id AS person_b, a.household_id AS household_a,
            b.household_id AS household_b, {quote(rule.id)} AS kind, {rule.strength}::DOUBLE AS strength,
            {quote(rule.zh)} AS reason
        FROM (SELECT *, {rule.key} AS k FROM link_entry) a JOIN (SELECT *, {rule.key} AS k FROM link_entry) b USING (k)
        WHERE a.person_id < b.person_id AND ({rule.when}) AND k IN (
            SELECT {rule.key} AS k FROM link_entry GROUP BY k HAVING count(*) BETWEEN 2 AND {most})"""


def _households(rule: HouseholdSuspicion) -> str:
    return f"""
        WITH shared AS (
            SELECT least(household_a, household_b) AS household_a, greatest(household_a, household_b) AS household_b,
                count(*) AS members
            FROM duplicate_persons WHERE household_a <> household_b GROUP BY ALL),
        size AS (SELECT household_id, count(*) AS persons FROM link_entry GROUP BY household_id)
        SELECT household_a, household_b, members, replace({quote(rule.zh)}, '{{count}}', members::VARCHAR) AS reason
        FROM shared JOIN size a ON a.household_id = household_a JOIN size b ON b.household_id = household_b
        WHERE members >= {rule.shared_share} * least(a.persons, b.persons)
            AND members >= least({rule.shared_members}, a.persons, b.persons)
        ORDER BY household_a, household_b"""
