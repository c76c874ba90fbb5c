"""What goes back to a department: its own cells, the reason beside them, and nothing that runs."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
from corpus import HEADER, row, text_of, write_xlsx

from xianjie.feeds import FeedReading, giveback, read_feed, read_layouts, write_giveback

LAYOUT = read_layouts()["medical_bills"]
OURS = ["原工作表", "原行号", "处理结果", "处理说明"]


def reading_of(tmp_path: Path, rows: list[list[str]]) -> FeedReading:
    path = tmp_path / "file.csv"
    path.write_text(text_of(rows), encoding="utf-8")
    return read_feed(path, LAYOUT, tmp_path / "out")


def sheet_of(path: Path) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))


def test_rejected_and_repaired_rows_come_back_as_given_with_remarks(tmp_path: Path) -> None:
    rows = [HEADER, row(0), row(1, paid="三百"), row(2, paid="３００")]
    reading = reading_of(tmp_path, rows)
    assert write_giveback(reading, tmp_path / "back.xlsx") == 2
    header, *back = sheet_of(tmp_path / "back.xlsx")
    assert list(header) == [*OURS, *HEADER]
    assert [(one[1], one[2]) for one in back] == [("3", "退回"), ("4", "修复后采用")]
    assert [list(one[4:]) for one in back] == [rows[2], rows[3]]
    assert "不是金额" in str(back[0][3])


def test_only_the_statuses_asked_for_come_back(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, [HEADER, row(1, paid="三百"), row(2, paid="３００")])
    assert write_giveback(reading, tmp_path / "back.xlsx", ["rejected"]) == 1


def test_nothing_is_written_when_all_was_accepted(tmp_path: Path) -> None:
    assert write_giveback(reading_of(tmp_path, [HEADER, row(0)]), tmp_path / "back.xlsx") == 0
    assert not (tmp_path / "back.xlsx").exists()


def test_a_cell_that_begins_like_a_formula_is_text(tmp_path: Path) -> None:
    notes = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(1)", "https://example.invalid/x"]
    rows = [row(number, paid="三百", note=f'"{note}"') for number, note in enumerate(notes)]
    write_giveback(reading_of(tmp_path, [HEADER, *rows]), tmp_path / "back.xlsx")
    assert [one[-1] for one in sheet_of(tmp_path / "back.xlsx")[1:]] == notes
    with zipfile.ZipFile(tmp_path / "back.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b"<hyperlink" not in sheet


def test_control_characters_and_long_cells_do_not_spoil_the_file(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, [HEADER, row(1, paid="三百", note="a\x01\x0bb" + "长" * 50_000)])
    assert write_giveback(reading, tmp_path / "back.xlsx") == 1
    assert str(sheet_of(tmp_path / "back.xlsx")[1][-1]).startswith("ab")


def test_a_corrected_file_can_be_handed_in_again(tmp_path: Path) -> None:
    write_giveback(reading_of(tmp_path, [HEADER, row(1, paid="三百")]), tmp_path / "back.xlsx")
    header, back = sheet_of(tmp_path / "back.xlsx")
    mended = ["300" if cell == "三百" else cell for cell in back]
    write_xlsx(tmp_path / "again.xlsx", [header, mended])
    again = read_feed(tmp_path / "again.xlsx", LAYOUT, tmp_path / "out2")
    assert again.problem is None
    assert (again.counts.accepted, again.counts.rejected) == (1, 0)


def test_repeated_headers_do_not_lose_a_column(tmp_path: Path) -> None:
    rows = [[*HEADER, "备注栏", ""], [*row(1, paid="三百"), "第二", ""]]
    write_giveback(reading_of(tmp_path, rows), tmp_path / "back.xlsx")
    header, back = sheet_of(tmp_path / "back.xlsx")
    assert len(set(header)) == len(header)
    assert back[len(OURS) + len(HEADER)] == "第二"


def test_more_rows_than_a_sheet_holds_go_on_further_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giveback, "MOST_ROWS", 4)
    reading = reading_of(tmp_path, [HEADER, *[row(number, paid="三百") for number in range(10)]])
    assert write_giveback(reading, tmp_path / "back.xlsx") == 10
    book = openpyxl.load_workbook(tmp_path / "back.xlsx")
    assert book.sheetnames == ["medical_bills-1", "medical_bills-2", "medical_bills-3"]
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book]
    assert all(list(rows[0]) == [*OURS, *HEADER] for rows in sheets)
    assert [one[1] for rows in sheets for one in rows[1:]] == [str(number) for number in range(2, 12)]
