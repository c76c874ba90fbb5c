"""What a department learns right after it hands in one file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from xianjie.engines import open_engine, quote
from xianjie.messages import UserError
from xianjie.screening.linking import TIERS
from xianjie.screening.run_folder import read_json
from xianjie.screening.single import Stopped, read_delivery


def _file(county: Path, department: str) -> Path:
    return next((county / "feeds" / department).glob("house_grades-*"))


def test_the_counts_of_a_delivery_add_up_and_every_row_is_there(county: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    out = tmp_path / "out"
    counts = read_delivery(
        _file(county, "housing"), out, county, progress=lambda done, total, _: told.append((done, total))
    )
    assert counts["layout"] == "house_grades"
    assert counts["problem"] is None
    assert counts["rows"] == counts["accepted"] + counts["repaired_rows"] + counts["rejected"] > 0
    assert counts["rows"] == sum(counts[tier] for tier in TIERS) + counts["rejected"]
    assert counts["exact"] > counts["rows"] / 2
    with open_engine() as engine:
        rows = engine.rows(
            f"SELECT count(*), count(tier), count(person_id) FROM read_parquet({quote(str(out / 'rows.parquet'))})"
        )
    decided = counts["exact"] + counts["repaired"] + counts["probable"]
    assert rows == [(counts["rows"], counts["rows"] - counts["rejected"], decided)]
    assert read_json(out / "counts.json") == counts
    assert told == sorted(told)
    assert told[-1] == (100, 100)


def test_rows_of_nobody_go_back_with_the_reason(county: Path, tmp_path: Path) -> None:
    delivery = tmp_path / "house_grades-20251031.csv"
    with delivery.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows(
            [["户主姓名", "户主身份证号", "房屋等级", "鉴定日期"], ["赵无人", "629901197007070078", "A", "2025-09-01"]]
        )
    counts = read_delivery(delivery, tmp_path / "out", county, layout="house_grades")
    assert (counts["rows"], counts["none"], counts["given_back"]) == (1, 1, 1), counts
    cells = [str(cell) for row in load_workbook(tmp_path / "out" / "giveback.xlsx").active.values for cell in row]
    assert any("底册中没有找到此人" in cell for cell in cells)


def test_a_delivery_can_be_stopped(county: Path, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        read_delivery(_file(county, "housing"), tmp_path / "out", county, stop=lambda: True)


def test_a_file_of_unknown_kind_asks_for_its_layout(county: Path, tmp_path: Path) -> None:
    odd = tmp_path / "表1.csv"
    odd.write_text("姓名\n张三\n", encoding="utf-8")
    with pytest.raises(UserError, match="看不出"):
        read_delivery(odd, tmp_path / "out", county)


def test_a_file_that_cannot_be_read_says_why(county: Path, tmp_path: Path) -> None:
    broken = tmp_path / "house_grades-20251031.xlsx"
    broken.write_bytes(b"PK\x03\x04 not a workbook")
    counts = read_delivery(broken, tmp_path / "out", county)
    assert counts["problem"]
    assert counts["rows"] == 0
