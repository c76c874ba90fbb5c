"""Files as they should not be, made by code: what a county's feeds folder may hold on a bad day.

Every case says what must come of it: a problem by its code, or how many rows were accepted, repaired, rejected.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import xlwt

HEADER = ["姓名", "身份证号", "就医类别", "结算日期", "医疗总费用（元）", "个人自付（元）", "备注栏"]
LAYOUT = "medical_bills"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@dataclass(frozen=True)
class Case:
    """A file, and what must come of it: `problem` (a code), or rows (accepted, repaired, rejected).

    `notes`: codes that must be among the file's notes. `remarks`: pieces that must stand in the rows' remarks.
    """

    name: str
    make: Callable[[Path], Any]
    ending: str = ".xlsx"
    problem: str = ""
    rows: tuple[int, int, int] = (0, 0, 0)
    notes: Sequence[str] = ()
    remarks: Sequence[str] = ()
    apart: dict[str, int] = field(default_factory=dict)


def person(number: int) -> str:
    """An invented identity number: valid checksum, a region that does not exist."""
    digits = f"62990119{50 + number % 50:02}0{1 + number % 9}1{number % 9}{number % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


def row(number: int, **changes: Any) -> list[Any]:
    """A good row, with the cells named changed."""
    cells: dict[str, Any] = {
        "name": "张李王赵"[number % 4] + "伟芳娜敏"[number // 4 % 4] + "东南西北"[number // 16 % 4],
        "id": person(number),
        "kind": "住院",
        "date": "2024-03-05",
        "total": "1200.5",
        "paid": "300",
        "note": f"第{number}笔",
    }
    return list((cells | changes).values())


def good(count: int = 3) -> list[list[Any]]:
    return [HEADER, *[row(number) for number in range(count)]]


def write_xlsx(path: Path, *sheets: Sequence[Sequence[Any]], names: Sequence[str] = (), **options: Any) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for position, rows in enumerate(sheets):
        sheet = book.create_sheet(names[position] if names else f"表{position + 1}")
        for cells in rows:
            sheet.append(list(cells))
        for area in options.get("merge", ()):
            sheet.merge_cells(area)
    for name in options.get("hide", ()):
        book[name].sheet_state = "hidden"
    book.save(path)


def xlsx(*sheets: Sequence[Sequence[Any]], **options: Any) -> Callable[[Path], None]:
    return lambda path: write_xlsx(path, *sheets, **options)


def write_sheet_xml(path: Path, rows: str, extra: dict[str, bytes] | None = None, dimension: str = "A1") -> None:
    """A workbook whose one sheet has these rows as XML."""
    sheet = f'<worksheet xmlns="{MAIN}"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{office}"><sheets>'
        '<sheet name="表1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        for name, content in (extra or {}).items():
            archive.writestr(name, content)


def xml_row(number: int, cells: Sequence[Any]) -> str:
    texts = "".join(
        f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>' for at, cell in enumerate(cells)
    )
    return f'<row r="{number}">{texts}</row>'


def xml_rows(rows: Sequence[Sequence[Any]]) -> str:
    return "".join(xml_row(number, cells) for number, cells in enumerate(rows, 1))


def text_of(rows: Sequence[Sequence[Any]], delimiter: str = ",") -> str:
    return "".join(delimiter.join(str(cell) for cell in cells) + "\r\n" for cells in rows)


def text(rows: Sequence[Sequence[Any]], encoding: str = "utf-8", delimiter: str = ",") -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(text_of(rows, delimiter).encode(encoding))


def raw(content: bytes) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(content)


def truncated(path: Path) -> None:
    write_xlsx(path, good(200))
    path.write_bytes(path.read_bytes()[:-3000])


def broken_sheet(path: Path) -> None:
    """A workbook whose sheet's XML ends in the middle."""
    write_sheet_xml(path, xml_rows(good()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, content[:300] if "sheet1" in entry.filename else content)
    path.write_bytes(buffer.getvalue())


def flipped_bytes(path: Path) -> None:
    write_sheet_xml(path, xml_rows(good(300)))  # no hour of writing in it, which would shift where the bytes lie
    content = bytearray(path.read_bytes())
    generator = random.Random(7)
    for _ in range(40):
        content[generator.randrange(200, len(content) - 400)] ^= 0xFF
    path.write_bytes(bytes(content))


def bomb(path: Path) -> None:
    write_sheet_xml(path, xml_rows(good()), {"xl/media/big.bin": bytes(130_000_000)})


def lying_bomb(path: Path) -> None:
    """An archive whose directory says that a big entry is small."""
    size = 20_000_000
    write_sheet_xml(path, xml_rows(good()), {"xl/media/big.bin": bytes(size)})
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 1000)))


def zip_of(names: Sequence[str]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "x")

    return make


def path_trick(path: Path) -> None:
    write_sheet_xml(path, xml_rows(good()), {"../../evil.txt": b"x"})


def encrypted_zip(path: Path) -> None:
    write_xlsx(path, good())
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(bytes(content))


def locked_office(path: Path) -> None:
    """The outer form of a workbook with a password: an old container that holds an encrypted package."""
    directory = "EncryptedPackage".encode("utf-16-le").ljust(128, b"\x00")
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + directory * 4)


def far_cell(path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    write_sheet_xml(path, xml_rows(good()) + far, dimension="A1:XFD1048576")


def million_blank_rows(path: Path) -> None:
    blank = "".join(f'<row r="{number}"><c r="A{number}"/></row>' for number in range(5, 1_000_000))
    write_sheet_xml(path, xml_rows(good()) + blank, dimension="A1:A1000000")


def million_blank_lines(path: Path) -> None:
    path.write_text(text_of(good()) + ",,,,,,\r\n" * 1_000_000, encoding="utf-8")


def old_xls(path: Path) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("表1")
    for at, cells in enumerate(good()):
        for column, cell in enumerate(cells):
            sheet.write(at, column, cell)
    book.save(str(path))


def formulas(path: Path) -> None:
    write_xlsx(path, [HEADER, row(0, paid="=100+200"), row(1)])


def number_ids(path: Path) -> None:
    write_xlsx(path, [HEADER, row(0, id=int(person(0)[:17] + "0")), row(1)])


def typed_dates(path: Path) -> None:
    import datetime

    dates = [datetime.date(2024, 3, 5), datetime.datetime(2024, 3, 5, 8, 30), 45356]
    write_xlsx(path, [HEADER, *[row(at, date=date) for at, date in enumerate(dates)]])


def old_macro(path: Path) -> None:
    write_sheet_xml(path, xml_rows(good()), {"xl/vbaProject.bin": b"\x00" * 500})


def parquet(path: Path) -> None:
    columns = {name: [str(one[at]) for one in good()[1:]] for at, name in enumerate(HEADER)}
    pq.write_table(pa.table(columns), path)


def broken_parquet(path: Path) -> None:
    parquet(path)
    path.write_bytes(path.read_bytes()[:-40])


def broken_parquet_pages(path: Path) -> None:
    parquet(path)
    content = bytearray(path.read_bytes())
    content[8:200] = bytes(192)
    path.write_bytes(bytes(content))


def nested_parquet(path: Path) -> None:
    pq.write_table(pa.table({"姓名": [["张三"]], "身份证号": [{"a": 1}]}), path)


def mixed_encodings(path: Path) -> None:
    lines = [text_of([one]) for one in good(6)]
    path.write_bytes(b"".join(line.encode("utf-8" if at % 2 else "gb18030") for at, line in enumerate(lines)))


def undecodable(path: Path) -> None:
    path.write_bytes(text_of(good(2)).encode("gb18030") + b"\xff\xff\x81\x20" + text_of([row(5)])[1:].encode("gb18030"))


def replacement(path: Path) -> None:
    path.write_text(text_of([*good(1), row(2, name="张\ufffd")]), encoding="utf-8")


WAYS_OF_DATES = ["2024-3-5", "2024/03/05", "20240305", "2024年3月5日", "2024.3.5", "2024-03-05 00:00:00"]
WAYS_TOLD = ["45356", "2024.3", "２０２４-03-05", "2024年3月"]
NO_DATES = ["2024-02-30", "昨天", "3月5日", "24-3-5", "99999999", "2024"]
WAYS_OF_MONEY = ["300", "300.50", "1,300.5", "0", "1234567.89"]
MONEY_TOLD = ["300元", "0.03万元", "３００", "￥300", "300 ", "3 00", "3e2"]
NO_MONEY = ["三百", "300-400", "abc", "=1+1", "1.2.3", "9" * 40, "nan", "0x12", "1_000"]

TITLE = ["某县2024年一季度医疗费用结算明细", *[None] * 6]
FOOT = ["合计", None, None, None, "2401", "600", None]
SIGNED = ["填表人：", None, None, "审核人：", None, None, None]

CASES = [
    # workbooks that are none
    Case("empty file", raw(b""), problem="feeds.empty_file"),
    Case("a folder by a file's name", lambda path: path.mkdir(), problem="feeds.is_folder"),
    Case("truncated", truncated, problem="feeds.broken"),
    Case("sheet ends in the middle", broken_sheet, problem="feeds.broken"),
    Case("bytes flipped", flipped_bytes, problem="feeds.broken"),
    Case("only the first bytes of a zip", raw(b"PK\x03\x04"), problem="feeds.broken"),
    Case("a zip without workbook", zip_of(["a.txt", "b.csv"]), problem="feeds.no_workbook"),
    Case("a document", zip_of(["word/document.xml", "[Content_Types].xml"]), problem="feeds.no_workbook"),
    Case("a workbook without parts", zip_of(["xl/nothing.xml"]), problem="feeds.broken"),
    Case("many entries", zip_of([f"xl/{number}" for number in range(5_100)]), problem="feeds.bomb"),
    Case("zip bomb", bomb, problem="feeds.bomb"),
    Case("zip bomb that lies of its size", lying_bomb, problem="feeds.broken"),
    Case("paths that lead out", path_trick, problem="feeds.zip_names"),
    Case("encrypted archive", encrypted_zip, problem="feeds.encrypted"),
    Case("password", locked_office, problem="feeds.encrypted"),
    Case(
        "old container without workbook",
        raw(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ".xls",
        "feeds.no_workbook",
    ),
    Case(
        "web page saved as xls",
        raw("<html><table><tr><td>姓名</td></tr></table></html>".encode()),
        ".xls",
        "feeds.is_html",
    ),
    Case("XML table", raw(b'<?xml version="1.0"?><Workbook/>'), ".xls", "feeds.is_xml"),
    Case("PDF named xlsx", raw(b"%PDF-1.4 ..."), problem="feeds.foreign"),
    Case("picture named csv", raw(b"\x89PNG\r\n\x1a\n" + bytes(50)), ".csv", "feeds.foreign"),
    Case("noise named xlsx", raw(random.Random(1).randbytes(3000)), problem="feeds.broken"),
    Case("cell at the far end", far_cell, problem="feeds.too_heavy"),
    Case("very wide sheet", xlsx([[f"列{number}" for number in range(1_500)]]), problem="feeds.too_wide"),
    Case("many sheets", xlsx(*[[["x"]]] * 60), problem="feeds.too_many_sheets"),
    Case("no cell", xlsx([]), problem="feeds.no_rows"),
    Case("broken parquet", broken_parquet, ".parquet", "feeds.broken"),
    Case("parquet with broken pages", broken_parquet_pages, ".parquet", "feeds.engine"),
    Case("text named parquet", text(good()), ".parquet", "feeds.broken"),
    Case("nested parquet", nested_parquet, ".parquet", "feeds.missing_columns"),
    # headers
    Case("no header", xlsx([row(0), row(1)]), problem="feeds.header_not_found"),
    Case(
        "another department's table",
        xlsx([["车牌号", "车型", "颜色"], ["甲", "轿车", "白"]]),
        problem="feeds.header_not_found",
    ),
    Case("header lacks what is required", xlsx([HEADER[:3], row(0)[:3]]), problem="feeds.missing_columns"),
    Case("header lacks the person", xlsx([HEADER[2:], row(0)[2:]]), problem="feeds.missing_columns"),
    Case("two columns for one thing", xlsx([[*HEADER, "个人负担"], [*row(0), "5"]]), problem="feeds.ambiguous"),
    Case("the same header twice", xlsx([[*HEADER, "身份证号"], [*row(0), "5"]]), problem="feeds.ambiguous"),
    Case(
        "an optional thing twice",
        xlsx([[*HEADER, "总费用"], [*row(0), "5"]]),
        rows=(1, 0, 0),
        notes=["feeds.unused_ambiguous"],
    ),
    Case("only a header", xlsx([HEADER]), notes=["feeds.no_data"]),
    Case("header below the sixtieth row", xlsx([*[["说明"]] * 70, *good()]), problem="feeds.header_not_found"),
    Case("title above", xlsx([TITLE, *good()], merge=["A1:G1"]), rows=(3, 0, 0), apart={"header": 2}),
    Case(
        "header of two rows",
        xlsx(
            [
                ["姓名", "身份证号", "就医类别", "结算日期", "费用", None, None],
                [None, None, None, None, "医疗总费用（元）", "个人自付（元）", "备注栏"],
                row(0),
            ],
            merge=["A1:A2", "B1:B2", "E1:G1"],
        ),
        rows=(1, 0, 0),
        apart={"header": 2},
    ),
    Case(
        "invisible characters in the header",
        xlsx([[f"\ufeff{HEADER[0]}\u200b", " 身份\n证号 ", *HEADER[2:]], row(0)]),
        rows=(1, 0, 0),
    ),
    Case("header again in the middle", xlsx([*good(2), HEADER, row(5)]), rows=(3, 0, 0), apart={"header": 2}),
    Case(
        "totals and signature",
        xlsx([*good(2), FOOT, SIGNED], merge=["A4:D4"]),
        rows=(2, 0, 0),
        apart={"totals": 1, "notes": 1},
    ),
    Case(
        "blank rows and columns",
        xlsx([[None, *HEADER], [None], *[[None, *one] for one in good(2)[1:]], [None]]),
        rows=(2, 0, 0),
        apart={"blank": 1},
    ),
    Case(
        "the table is on the second sheet",
        xlsx([["填表说明"], ["一、"]], good(2), names=["说明", "数据"]),
        rows=(2, 0, 0),
        notes=["feeds.unread_sheet"],
    ),
    Case("two sheets of one kind", xlsx(good(2), [HEADER, row(7)], names=["甲乡", "乙乡"]), rows=(3, 0, 0)),
    Case(
        "a hidden sheet",
        xlsx(good(2), good(2), names=["甲", "乙"], hide=["乙"]),
        rows=(2, 0, 0),
        notes=["feeds.hidden_sheet"],
    ),
    Case(
        "another unit on the second sheet",
        xlsx(good(1), [[*HEADER[:5], "个人自付（万元）", "备注栏"], row(3)]),
        rows=(1, 0, 0),
        notes=["feeds.other_units"],
    ),
    # cells of workbooks
    Case(
        "formulas never calculated",
        formulas,
        rows=(1, 0, 1),
        notes=["feeds.formulas_uncalculated"],
        remarks=["缺少“个人自付（元）”"],
    ),
    Case("identity numbers as numbers", number_ids, rows=(1, 1, 0), remarks=["末几位已失真"]),
    Case("dates as dates", typed_dates, rows=(2, 1, 0)),
    Case(
        "merged cells down the table",
        xlsx([HEADER, row(0), ["", "", *row(1)[2:]]], merge=["A2:A3", "B2:B3"]),
        rows=(1, 1, 0),
        remarks=["合并单元格"],
    ),
    Case("macros", old_macro, ".xlsm", rows=(3, 0, 0)),
    Case("old workbook", old_xls, ".xls", rows=(3, 0, 0)),
    Case("a million blank rows", million_blank_rows, rows=(3, 0, 0)),
    Case("a workbook named csv", lambda path: write_xlsx(path, good()), ".csv", rows=(3, 0, 0)),
    Case("text named xls", text(good(), "gb18030", "\t"), ".xls", rows=(3, 0, 0)),
    Case(
        "cells like formulas",
        xlsx([HEADER, row(0, note="'=cmd|' /C calc'!A0"), row(1, note="@SUM(1)")]),
        rows=(2, 0, 0),
    ),
    # text files
    Case("UTF-8 with a mark", text(good(), "utf-8-sig"), ".csv", rows=(3, 0, 0)),
    Case("GB18030", text(good(), "gb18030"), ".csv", rows=(3, 0, 0)),
    Case("UTF-16", text(good(), "utf-16"), ".csv", rows=(3, 0, 0)),
    Case("UTF-16 without mark", text(good(9), "utf-16-le"), ".csv", rows=(9, 0, 0)),
    Case("semicolons", text(good(), delimiter=";"), ".csv", rows=(3, 0, 0)),
    Case("tabs", text(good(), delimiter="\t"), ".txt", rows=(3, 0, 0)),
    Case("encodings mixed", mixed_encodings, ".csv", rows=(6, 0, 0), notes=["feeds.mixed_encodings"]),
    Case("bytes of no encoding", undecodable, ".csv", rows=(2, 0, 1), notes=["feeds.undecodable"], remarks=["乱码"]),
    Case("garbled names", replacement, ".csv", rows=(1, 0, 1), remarks=["乱码"]),
    Case(
        "zero bytes",
        raw(text_of(good()).replace("张", "\x00张").encode()),
        ".csv",
        rows=(3, 0, 0),
        notes=["feeds.zero_bytes"],
    ),
    Case(
        "ragged rows",
        text([*good(2), row(5)[:6], [*row(6), "多", "余"]]),
        ".csv",
        rows=(3, 0, 1),
        remarks=["超出了表头的列数"],
    ),
    Case(
        "quotes that do not close",
        raw(text_of([HEADER, row(0, note='"甲'), *[row(n) for n in range(1, 40)]]).encode()),
        ".csv",
        rows=(40, 0, 0),
        notes=["feeds.open_quote"],
    ),
    Case(
        "line breaks within quotes",
        raw(text_of([HEADER, row(0, note='"甲\r\n乙"'), row(1)]).encode()),
        ".csv",
        rows=(2, 0, 0),
    ),
    Case(
        "empty lines",
        raw(text_of(good()).replace("\r\n", "\r\n\r\n").encode()),
        ".csv",
        rows=(3, 0, 0),
        apart={"blank": 4},
    ),
    Case("a million blank lines", million_blank_lines, ".csv", rows=(3, 0, 0), apart={"blank": 1_000_000}),
    Case("very long cell", text([*good(1), row(2, note="长" * 100_000)]), ".csv", rows=(2, 0, 0)),
    Case("one endless line", raw(b"x" * 6_000_000), ".csv", "feeds.no_table"),
    Case("only blanks", raw(b" \r\n \r\n,,,\r\n"), ".csv", "feeds.no_rows"),
    Case("no line end at the end", raw(text_of(good()).rstrip().encode()), ".csv", rows=(3, 0, 0)),
    Case("old Mac line ends", raw(text_of(good()).replace("\r\n", "\r").encode()), ".csv", rows=(3, 0, 0)),
    # cells
    Case(
        "ways of writing a date",
        text([HEADER, *[row(n, date=d) for n, d in enumerate(WAYS_OF_DATES)]]),
        ".csv",
        rows=(6, 0, 0),
    ),
    Case(
        "ways of writing a date, told",
        text([HEADER, *[row(n, date=d) for n, d in enumerate(WAYS_TOLD)]]),
        ".csv",
        rows=(0, 4, 0),
        remarks=["日期序号", "只有年月", "全角"],
    ),
    Case(
        "no dates",
        text([HEADER, *[row(n, date=d) for n, d in enumerate(NO_DATES)]]),
        ".csv",
        rows=(0, 0, 6),
        remarks=["不是日期"],
    ),
    Case(
        "ways of writing money",
        text([HEADER, *[row(n, paid=f'"{m}"') for n, m in enumerate(WAYS_OF_MONEY)]]),
        ".csv",
        rows=(5, 0, 0),
    ),
    Case(
        "ways of writing money, told",
        text([HEADER, *[row(n, paid=m) for n, m in enumerate(MONEY_TOLD)]]),
        ".csv",
        rows=(1, 6, 0),
        remarks=["已换算成数字"],
    ),
    Case(
        "no money",
        text([HEADER, *[row(n, paid=m) for n, m in enumerate(NO_MONEY)]]),
        ".csv",
        rows=(0, 0, 9),
        remarks=["不是金额", "缺少"],
    ),
    Case("negative money", text([HEADER, row(0, paid="-5")]), ".csv", rows=(1, 0, 0), remarks=["超出常见范围"]),
    Case(
        "identity numbers in scientific notation",
        text([HEADER, row(0, id="6.2E+17"), row(1, id="6.29901195E+17")]),
        ".csv",
        rows=(0, 2, 0),
        remarks=["末几位已失真"],
    ),
    Case(
        "identity numbers with clutter",
        text(
            [
                HEADER,
                row(0, id="'" + person(0)),
                row(1, id=f" {person(1)[:6]} {person(1)[6:]}"),
                row(2, id="629901195001011230.0"),
            ]
        ),
        ".csv",
        rows=(0, 3, 0),
        remarks=["空格、引号"],
    ),
    Case("identity numbers of fifteen digits", text([HEADER, row(0, id="629901500101123")]), ".csv", rows=(1, 0, 0)),
    Case(
        "identity numbers too short or masked",
        text([HEADER, row(0, id="62990119"), row(1, id="629901********1234")]),
        ".csv",
        rows=(2, 0, 0),
        remarks=["位数或写法不对", "遮挡"],
    ),
    Case(
        "names with blanks and emoji",
        text([HEADER, row(0, name="张 　三"), row(1, name="李四😀")]),
        ".csv",
        rows=(1, 1, 0),
        remarks=["中间的空格"],
    ),
    Case(
        "words that no list has",
        text([HEADER, row(0, kind="看病")]),
        ".csv",
        rows=(0, 0, 1),
        remarks=["不在可选内容里"],
    ),
    Case("nobody", text([HEADER, row(0, name="", id="")]), ".csv", rows=(0, 0, 1), remarks=["看不出是谁"]),
    Case("the same row twice", text([*good(2), row(1)]), ".csv", rows=(2, 0, 1), remarks=["与第3行完全相同"]),
    Case(
        "spreadsheet errors",
        text([HEADER, row(0, total="#REF!", date="#N/A")]),
        ".csv",
        rows=(0, 0, 1),
        remarks=["缺少“结算日期”"],
    ),
]
