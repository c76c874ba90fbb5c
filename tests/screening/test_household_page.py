"""One household of a finished run as a page: findings, facts with their sources, the steps behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from xianjie.engines import open_engine, quote
from xianjie.messages import UserError
from xianjie.screening.findings import UNSCORED
from xianjie.screening.household import open_run


def _with_findings(run: Path) -> str:
    with open_engine() as engine:
        found = engine.value(f"""
            SELECT household_id FROM read_parquet({quote(str(run / "findings.parquet"))})
            GROUP BY household_id ORDER BY count(*) DESC, household_id LIMIT 1""")
    return str(found)


def test_the_page_tells_the_findings_of_the_run_and_the_steps_behind_them(run: Path) -> None:
    household = _with_findings(run)
    with open_run(run) as reader:
        page = reader.household(household)
    assert page["household_id"] == household == page["household"]["household_id"]
    assert len(page["findings"]) == page["household"]["findings"] > 0
    risks = [one["score"] for one in page["findings"] if one["group"] not in UNSCORED]
    assert sum(risks) == page["household"]["score"]
    for one in page["findings"]:
        assert page["results"][next(iter(one["evidence"]), "household_size")] is not None or one["text"]
        assert one["zh"]
    assert len(page["readable"]) == len(page["steps"]) > 0
    assert {one["household_id"] for one in page["members"]} == {household}


def test_each_fact_names_the_file_and_row_it_came_from(run: Path) -> None:
    with open_run(run) as reader:
        page = reader.household(_with_findings(run))
    sources = [row["source"] for row in page["facts"]["insurances"]]
    assert sources
    assert all(one["file"].startswith("medical_insurance/insurance_roll") for one in sources)
    assert all(one["row_id"].count(":") == 1 for one in sources)
    assert {row["source"] for row in page["facts"]["incomes"]} <= {None}, "the register's own"


def test_a_household_that_is_not_there_is_told(run: Path) -> None:
    with open_run(run) as reader, pytest.raises(UserError, match="没有户编号"):
        reader.household("no such household")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError), open_run(tmp_path):
        pass
