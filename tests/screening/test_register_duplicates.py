"""`xianjie check` lists entries of the register that may be one, and merges nothing."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

from openpyxl import load_workbook

from tests.conftest import quiet
from xianjie.engines import open_engine, quote
from xianjie.screening.job import check_folder


def test_a_person_written_twice_is_listed_with_the_reason_and_without_the_number(
    small_county: Path, tmp_path: Path
) -> None:
    data = tmp_path / "again"
    data.mkdir()
    for path in small_county.glob("*.parquet"):
        shutil.copy(path, data)
    persons, fresh = small_county / "persons.parquet", data / "persons.parquet"
    with open_engine() as engine:
        first = f"(SELECT min(person_id) FROM read_parquet({quote(str(persons))}) WHERE id_no IS NOT NULL)"
        rows = f"SELECT * FROM read_parquet({quote(str(persons))})"
        name, number = engine.rows(f"SELECT name, id_no FROM ({rows}) WHERE person_id = {first}")[0]
        engine.write_parquet(
            f"{rows} UNION ALL SELECT * REPLACE ('X1' AS person_id) FROM ({rows}) WHERE person_id = {first}", fresh
        )
    summary = check_folder(data, tmp_path / "out", datetime.date(2025, 10, 31), (), quiet)
    assert summary["duplicates"]["persons"] == 1
    book = load_workbook(tmp_path / "out" / summary["duplicates"]["file"])
    row = next(book["疑似重复人员"].iter_rows(min_row=2, values_only=True))
    assert row[2] == row[5] == name and "X1" in row and row[-1] == "两条记录的身份证号相同"
    assert number not in map(str, row)
