"""The data folder's own tables: canonical rows out, faulty ones named, ready files untouched."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpus import person, text_of, write_xlsx

from xianjie.dictionary import dictionary
from xianjie.engines import open_engine, quote
from xianjie.feeds import EntityReading, read_entities, read_entity

HEADER = ["人员编号", "户编号", "行政村代码", "姓名", "身份证号", "性别", "出生日期", "与户主关系"]
ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
}


def member(number: int, **changes: str) -> list[str]:
    cells = {
        "key": f"P{number}",
        "household": "H1",
        "region": "629901001001",
        "name": "张伟",
        "id": person(number),
        "sex": "男",
        "born": "1990-01-01",
        "relation": "户主",
    }
    return list((cells | changes).values())


def rows_of(path: Path | None) -> list[dict[str, Any]]:
    with open_engine(threads=1) as engine:
        return engine.records(f"SELECT * FROM read_parquet({quote(str(path))})")


def ready(count: int = 3, **changes: Any) -> pa.Table:
    """A table of persons as the dictionary wants it."""
    columns = {name: pa.nulls(count, ARROW[kind]) for name, kind in dictionary().columns("person").items()}
    columns["person_id"] = pa.array([f"P{number}" for number in range(count)])
    columns["household_id"] = pa.array(["H1"] * count)
    columns["region_code"] = pa.array(["629901001001"] * count)
    columns["name"] = pa.array(["张伟"] * count)
    columns["birth_date"] = pa.array([datetime.date(1990, 1, 1)] * count, pa.date32())
    return pa.table(columns | changes)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_chinese_headers_become_canonical_columns(tmp_path: Path, ending: str) -> None:
    rows = [HEADER, member(1), member(2, sex="女")]
    if ending == "csv":
        (tmp_path / "persons.csv").write_text(text_of(rows), encoding="gb18030")
    else:
        write_xlsx(tmp_path / "persons.xlsx", rows)
    reading = read_entities(tmp_path, tmp_path / "out")["persons"]
    found = rows_of(reading.parquet)
    assert [(one["person_id"], one["sex"], one["relation"]) for one in found] == [("P1", "1", "01"), ("P2", "2", "01")]
    assert list(found[0]) == list(dictionary().columns("person"))


def test_missing_and_repeated_keys_are_rejected_with_reasons(tmp_path: Path) -> None:
    rows = [HEADER, member(1), member(1, name="张敏"), member(2, key=""), member(3, region=""), member(4)]
    (tmp_path / "persons.csv").write_text(text_of(rows), encoding="utf-8")
    reading = read_entity(tmp_path / "persons.csv", "person", tmp_path / "out")
    assert [one["person_id"] for one in rows_of(reading.parquet)] == ["P1", "P4"]
    remarks = {one["row_no"]: one["remarks"] for one in rows_of(reading.reading.parquet) if one["status"] == "rejected"}
    assert "已在前面出现过" in remarks[3]
    assert "缺少“人员编号”" in remarks[4]
    assert "缺少“行政村代码”" in remarks[5]
    assert reading.counts.rejected == 3


def test_a_ready_parquet_file_is_used_as_it_lies(tmp_path: Path) -> None:
    pq.write_table(ready(), tmp_path / "persons.parquet")
    reading = read_entity(tmp_path / "persons.parquet", "person", tmp_path / "out")
    assert reading.as_it_lies
    assert reading.parquet == tmp_path / "persons.parquet"
    assert (reading.counts.accepted, reading.counts.read) == (3, 4)


def test_a_ready_file_that_lacks_optional_columns_gets_them(tmp_path: Path) -> None:
    pq.write_table(ready().drop_columns(["phone"]), tmp_path / "persons.parquet")
    reading = read_entity(tmp_path / "persons.parquet", "person", tmp_path / "out")
    assert not reading.as_it_lies
    assert [one["phone"] for one in rows_of(reading.parquet)] == [None] * 3


@pytest.mark.parametrize(
    ("changes", "piece"),
    [
        ({"person_id": pa.array(["P1", "P1", "P2"]), "name": pa.array(["张伟", "张敏", "李娜"])}, "已在前面出现过"),
        ({"person_id": pa.array(["P1", None, "P2"])}, "缺少“person_id”"),
        ({"name": pa.array(["张伟", None, "张敏"])}, "缺少“name”"),
        ({"sex": pa.array(["1", "男性别", "2"])}, "不在可选内容里"),
        ({"sex": pa.array(["1", "男", "2"])}, ""),
        ({"birth_date": pa.array(["1990-01-01", "1990/1/1", "昨天"])}, "不是日期"),
    ],
)
def test_a_parquet_file_that_is_not_ready_is_checked_row_by_row(
    tmp_path: Path, changes: dict[str, Any], piece: str
) -> None:
    pq.write_table(ready(**changes), tmp_path / "persons.parquet")
    reading: EntityReading = read_entity(tmp_path / "persons.parquet", "person", tmp_path / "out")
    assert not reading.as_it_lies
    assert reading.counts.rows == 3
    remarks = " ".join(one["remarks"] or "" for one in rows_of(reading.reading.parquet))
    assert piece in remarks
    types = {name: type(value) for one in rows_of(reading.parquet) for name, value in one.items() if value is not None}
    assert types["birth_date"] is datetime.date


def test_a_region_code_may_return_with_another_first_day(tmp_path: Path) -> None:
    header = ["区划代码", "名称", "级别", "启用日期"]
    rows = [header, ["629901", "甲县", "县", "2000-01-01"], ["629901", "甲市", "县", "2020-01-01"]]
    (tmp_path / "regions.csv").write_text(text_of(rows), encoding="utf-8")
    assert read_entity(tmp_path / "regions.csv", "region", tmp_path / "out").counts.accepted == 2


def test_two_files_of_one_table_are_told(tmp_path: Path) -> None:
    for name in ("persons.csv", "persons.xlsx"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    reading = read_entities(tmp_path, tmp_path / "out")["persons"]
    assert reading.problem is not None and reading.problem.code == "feeds.two_tables"


def test_a_table_without_file_is_absent(tmp_path: Path) -> None:
    (tmp_path / "persons.csv").write_text(text_of([HEADER]), encoding="utf-8")
    readings = read_entities(tmp_path, tmp_path / "out")
    assert set(readings) == {"persons"}
    assert readings["persons"].counts.rows == 0
    assert readings["persons"].parquet is not None


def test_a_missing_key_column_is_a_problem_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "persons.csv").write_text(text_of([HEADER[1:], member(1)[1:]]), encoding="utf-8")
    reading = read_entity(tmp_path / "persons.csv", "person", tmp_path / "out")
    assert reading.problem is not None and reading.problem.code == "feeds.missing_columns"
    assert "人员编号" in reading.problem.text
