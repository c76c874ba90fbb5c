"""Excel files for people who live in Excel: frozen header, filter, readable widths, same bytes every time."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import FastExcel, Format

# A workbook carries the moment of its writing; the same inputs must give the same bytes.
_WRITTEN = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")
PROPERTIES = "docProps/core.xml"
NAME_LENGTHS = 26  # where an entry's own header says how long its name and its extra field are; then they follow


# On paper (A4, lying) a list is one page wide, with its header on every page.
PAGE = {"landscape": True, "paper_size": 9, "fit_to_pages": (1, 0), "repeat_rows": 0}


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, its columns as {header: width in characters}, its rows in the columns' order."""

    name: str
    columns: Mapping[str, float]
    rows: Iterable[Sequence[Any]]


def write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write the sheets to one xlsx file; rows are taken as they come, one at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    header = Format().set_bold().set_background_color("#DCE6F1").set_border("thin").set_text_wrap()
    workbook = FastExcel(part, output_format="xlsx")
    taken: set[str] = set()
    for sheet in sheets:
        workbook.sheet(
            _free_name(sheet.name, taken),
            _records(sheet),
            column_widths=dict(sheet.columns),
            header_format=header,
            autofilter=True,
            page_setup=PAGE,
        )
    workbook.freeze(row=1)
    workbook.save()
    settle_workbook(part)
    part.replace(path)


def _records(sheet: Sheet) -> Iterable[dict[str, Any]]:
    rows = iter(sheet.rows)
    first = next(rows, None)
    # Without a row the writer would leave out the header; an empty row keeps it.
    yield dict(zip(sheet.columns, first if first is not None else [None] * len(sheet.columns), strict=True))
    for row in rows:
        yield dict(zip(sheet.columns, row, strict=True))


def _free_name(name: str, taken: set[str]) -> str:
    """A sheet name that Excel takes and that no other sheet of the workbook has."""
    base = _SHEET_NAME.sub(" ", name).strip()[:28] or "Sheet"
    free, number = base, 2
    while free in taken:
        free, number = f"{base}{number}", number + 1
    taken.add(free)
    return free


def settle_workbook(path: Path) -> None:
    """Take the moment of writing out of a workbook, so that the same rows are the same bytes.

    The sheets are taken over packed as they are; only the properties are packed anew, and stand last.
    """
    settled = path.with_name(path.name + ".settled")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            if entry.filename != PROPERTIES:
                _take_over(source, target, entry)
        told = _WRITTEN.sub(rb"\g<1>2000-01-01T00:00:00Z", source.read(PROPERTIES))
        target.writestr(zipfile.ZipInfo(PROPERTIES), told, zipfile.ZIP_DEFLATED)
    settled.replace(path)


def _take_over(source: zipfile.ZipFile, target: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Copy an entry without unpacking it; `zipfile` has no way of its own for that."""
    assert source.fp is not None and target.fp is not None
    source.fp.seek(entry.header_offset + NAME_LENGTHS)
    source.fp.seek(sum(struct.unpack("<HH", source.fp.read(4))), 1)
    kept = zipfile.ZipInfo(entry.filename)
    kept.compress_type, kept.CRC = entry.compress_type, entry.CRC
    kept.compress_size, kept.file_size = entry.compress_size, entry.file_size
    kept.header_offset = target.start_dir
    target.fp.write(kept.FileHeader() + source.fp.read(entry.compress_size))
    target.start_dir = target.fp.tell()
    target.filelist.append(kept)
    target.NameToInfo[kept.filename] = kept
