"""The Excel files that people get."""

from __future__ import annotations

import time
from pathlib import Path

from openpyxl import load_workbook

from xianjie.screening.lists import file_name
from xianjie.screening.workbook import Sheet, write_workbook


def test_the_same_rows_give_the_same_bytes_at_another_time(tmp_path: Path) -> None:
    files = [tmp_path / "one.xlsx", tmp_path / "two.xlsx"]
    for path in files:
        write_workbook(path, [Sheet("名单", {"户主": 12, "得分": 6}, [["张甲", 3]])])
        time.sleep(1.1)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_header_stays_in_view_and_filters(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", [Sheet("名单", {"户主": 12, "得分": 6}, [["张甲", 3], ["李乙", 5]])])
    sheet = load_workbook(tmp_path / "a.xlsx")["名单"]
    assert [[cell.value for cell in row] for row in sheet] == [["户主", "得分"], ["张甲", 3], ["李乙", 5]]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref is not None


def test_an_empty_list_keeps_its_header(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", [Sheet("空", {"户主": 12}, [])])
    assert load_workbook(tmp_path / "a.xlsx")["空"]["A1"].value == "户主"


def test_formulas_in_data_stay_text(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", [Sheet("名单", {"户主": 12}, [['=HYPERLINK("http://x","y")']])])
    cell = load_workbook(tmp_path / "a.xlsx")["名单"]["A2"]
    assert cell.data_type == "s"


def test_sheet_names_that_excel_refuses_are_made_to_fit(tmp_path: Path) -> None:
    name = "很长的名字/带[括号]:以及*问号?反斜杠\\很长很长很长很长很长很长"
    write_workbook(tmp_path / "a.xlsx", [Sheet(name, {"a": 5}, []), Sheet(name, {"a": 5}, [])])
    assert len(load_workbook(tmp_path / "a.xlsx").sheetnames) == 2


def test_file_names_cannot_leave_their_folder() -> None:
    assert "/" not in file_name("../../etc/某村")
    assert file_name("..") == "_"
    assert file_name("示例村（一组）") == "示例村（一组）"
