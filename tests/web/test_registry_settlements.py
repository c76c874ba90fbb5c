"""What a clerk settles in the application is what the next run of the data half goes by."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.screening.test_merging import PEOPLE, County
from tests.web import registry_samples as sample
from xianjie.engines import open_engine
from xianjie.screening.decisions import find_decisions, open_decisions
from xianjie.web.daily.runs import write_rows
from xianjie.web.registry.selectors import settlement_rows
from xianjie.web.registry.settling import settle, withdraw

pytestmark = pytest.mark.django_db


def test_a_grade_settled_on_a_page_is_the_grade_of_the_next_run(tmp_path: Path) -> None:
    sample.regions()
    sample.household("H1", sample.VILLAGE, [{"name": "张三丰"}])
    scope = sample.scope("township", sample.TOWN)
    with open_engine(temp_folder=tmp_path / "spill") as engine:
        office = County(engine, tmp_path)
        office.own("houses", [{"house_id": "A1", "household_id": "H1", "grade": "A", "assessed_on": date(2021, 5, 1)}])
        _, _, name, id_no = PEOPLE[0]
        graded = {"i_name": name, "i_id_no": id_no, "grade": "D", "assessed_on": date(2025, 9, 1)}
        office.hand_in("house_grades", "house", [graded])
        office.merged("houses")
        conflict = {**office.conflicting()[0], "region_code": sample.VILLAGE}

        settlement = settle(scope, conflict, "C", "入户鉴定为C级")
        write_rows(tmp_path / "settlements.csv", settlement_rows(sample.COUNTY))
        open_decisions(engine, "settlements", find_decisions(tmp_path)["settlements"])
        rows = office.merged("houses", settlements=True)
        assert rows is not None and [row["grade"] for row in rows] == ["C"]
        assert office.conflicting()[0]["why"] == "settled"

        withdraw(scope, settlement, "看错了")
        assert list(settlement_rows(sample.COUNTY)) == []
