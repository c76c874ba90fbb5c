"""Six invented households whose every figure can be worked out by hand; tests of reforms and of coverage share them.

The county's standard is 500 yuan a month (6,000 a year); A to D live on property income, G on a wage. D and G are
listed as having 低保.

| | people | income | 低保 a month at 500 | at 550 |
|---|---|---|---|---|
| A | 1 | 6,000 | not below 6,000: none | (6,600 − 6,000) ÷ 12 = 50 |
| B | 2, one a child | 6,000 | (12,000 − 6,000) ÷ 12 = 500 | (13,200 − 6,000) ÷ 12 = 600 |
| C | 1 | 6,600 | none | not below 6,600: none |
| D | 1 | 9,000 | none; not below the margin of 9,000 | none; below the margin of 9,900 |
| E | 1 | nobody told of it | unknown | unknown |
| G | 1 | 7,760 − 1,820 = 5,940 | (6,000 − 5,940) ÷ 12 = 5 | (6,600 − 5,940) ÷ 12 = 55 |
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xianjie.dictionary import dictionary
from xianjie.engines import open_engine

NEAR, FAR = "629901001201", "629901002201"
# household: village, kind, members' years of birth, kind and yuan of income
HOUSEHOLDS: dict[str, tuple[str, str, list[int], str, int | None]] = {
    "A": (NEAR, "relieved", [1980], "property", 6000),
    "B": (NEAR, "general", [1985, 2015], "property", 6000),
    "C": (FAR, "general", [1980], "property", 6600),
    "D": (FAR, "general", [1980], "property", 9000),
    "E": (FAR, "general", [1980], "property", None),
    "G": (FAR, "general", [1980], "wage", 7760),
}


def rows() -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {"households": [], "persons": [], "incomes": [], "employments": []}
    for household, (village, kind, births, income, yuan) in HOUSEHOLDS.items():
        tables["households"].append(
            {"household_id": household, "region_code": village, "household_type": kind, "head_name": f"{household}户主"}
        )
        for number, year in enumerate(births):
            tables["persons"].append(
                {
                    "person_id": f"{household}{number}",
                    "household_id": household,
                    "region_code": village,
                    "name": f"{household}户{number}",
                    "birth_date": date(year, 5, 1),
                    "relation": "02" if number == 0 else "20",
                    "alive": True,
                    "labour_skill": "ordinary" if year < 2000 else "none",
                    "school_state": None if year < 2000 else "primary",
                }
            )
        if yuan is not None:
            period = {"period_from": date(2024, 10, 1), "period_to": date(2025, 9, 30), "said_by": "household"}
            facts = {"kind": income, "amount": yuan * 100, **period}
            tables["incomes"].append({"income_id": f"{household}i", "household_id": household, **facts})
    tables["categories"] = [
        {"category_id": f"{one}c", "person_id": f"{one}0", "category": "dibao", "valid_from": date(2024, 1, 1)}
        for one in ("D", "G")
    ]
    tables["employments"].append(
        {
            "employment_id": "Gj",
            "person_id": "G0",
            "place": "county",
            "started_on": date(2024, 1, 1),
            "working": True,
        }
    )
    return tables


@pytest.fixture(scope="session")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All tables of the dictionary: those without rows say that there is none of it."""
    folder = tmp_path_factory.mktemp("six")
    told = rows()
    with open_engine() as engine:
        for entity in dictionary().entities.values():
            fields = {name: field.storage for name, field in entity.fields.items()}
            here = told.get(entity.table, [])
            assert all(set(row) <= set(fields) for row in here), entity.table
            engine.create_table("made", fields, [[row.get(name) for name in fields] for row in here])
            engine.write_parquet("SELECT * FROM made", folder / f"{entity.table}.parquet")
    return folder
