"""Excel files for people who live in Excel: frozen header, filter, readable widths, same bytes every time."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import FastExcel, Format

# A workbook carries the moment of its writing; the same inputs must give the same bytes.
_WRITTEN = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")


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
    """Take the moment of writing out of a workbook, so that the same rows are the same bytes."""
    settled = path.with_name(path.name + ".settled")
    with (
        zipfile.ZipFile(path) as source,
        zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _WRITTEN.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(entry.filename), content, zipfile.ZIP_DEFLATED, 1)
    settled.replace(path)
