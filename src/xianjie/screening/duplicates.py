"""Entries of the register that may be one person or one household, as a list for a person to settle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xianjie.engines import Engine
from xianjie.linkage import find_duplicates
from xianjie.screening.workbook import Sheet, write_workbook

FILE = "duplicates.xlsx"
PERSONS = {"村代码": 15, "户编号": 20, "姓名": 10, "人员编号": 20, "另一户编号": 20, "另一姓名": 10, "另一人员编号": 20,
           "可疑程度": 10, "理由": 44}  # fmt: skip
HOUSEHOLDS = {"村代码": 15, "户编号": 20, "户主": 10, "另一户编号": 20, "另一户主": 10, "疑同人数": 10, "理由": 44}


def list_duplicates(engine: Engine, out: Path) -> dict[str, Any]:
    """Write the suspicious pairs of `persons` and `households` into `out`/duplicates.xlsx; gives their numbers.

    No identity number stands in the list. Nothing is merged.
    """
    persons, households = find_duplicates(engine, "persons")
    if persons or households:
        write_workbook(
            out / FILE,
            [
                Sheet("疑似重复人员", PERSONS, engine.rows("""
                    SELECT h.region_code, household_a, a.name, person_a, household_b, b.name, person_b, strength, reason
                    FROM duplicate_persons JOIN persons a ON a.person_id = person_a
                    JOIN persons b ON b.person_id = person_b LEFT JOIN households h ON h.household_id = household_a
                    ORDER BY h.region_code NULLS LAST, household_a, person_a, person_b""")),
                Sheet("疑似重复户", HOUSEHOLDS, engine.rows("""
                    SELECT a.region_code, household_a, a.head_name, household_b, b.head_name, members, reason
                    FROM duplicate_households JOIN households a ON a.household_id = household_a
                    JOIN households b ON b.household_id = household_b
                    ORDER BY a.region_code NULLS LAST, household_a, household_b""")),
            ],
        )  # fmt: skip
    return {"persons": persons, "households": households, "file": FILE if persons or households else ""}
