"""Reads one workbook in a process of its own: a broken one takes only this process down.

Run as a script: `python -I workbook_child.py FILE OUT.csv LIMITS` (LIMITS as JSON); prints JSON. It imports
nothing of the product and little else, so that it starts fast: the rows go out as comma-separated text (sheet,
row number, cells), which the other side makes Parquet of. Cells become text: numbers without ".0", dates as ISO.
Two invisible marks tell what text cannot: LARGE before a number too long for a spreadsheet's precision, CARRIED
before a value that a vertically merged cell carries down.
"""

from __future__ import annotations

import contextlib
import csv
import datetime
import gc
import itertools
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, TextIO

from python_calamine import CalamineError, CalamineSheet, PasswordError, SheetTypeEnum, SheetVisibleEnum, load_workbook

LARGE, CARRIED = "\u2062", "\u2063"
PRECISE = 10**15
HEAD_ROWS = 60
BLOCK = 1 << 20
UNCALCULATED = re.compile(rb"(?:</f>|<f[^<>]*/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")


def limit_memory(allowed: int) -> None:
    """Bound what this process may take beyond what it has taken so far, where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - this script imports little
            taken = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + allowed, taken + allowed))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def unfold(path: str, allowed: int) -> int | None:
    """Read the archive through once: formulas without a result; None when it unfolds to more than `allowed`."""
    if not zipfile.is_zipfile(path):
        return 0
    empty, unfolded = 0, 0
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            tail = b""
            with archive.open(entry) as stream:
                while block := stream.read(BLOCK):
                    unfolded += len(block)
                    if unfolded > allowed:
                        return None
                    if entry.filename.startswith("xl/worksheets/") and b"<f" in block:
                        empty += len(UNCALCULATED.findall(tail + block))
                        tail = block[-40:] if not UNCALCULATED.search(block[-40:]) else b""
    return empty


def as_text(value: Any) -> str | None:
    """A cell as text; None when it is empty."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e22:
        value = int(value)
    if isinstance(value, int):
        return f"{LARGE}{value}" if abs(value) >= PRECISE else str(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(sep=" ")
    if isinstance(value, float):
        return repr(value)
    return str(value)


def merged(sheet: CalamineSheet) -> tuple[dict[int, list[tuple[int, int, int]]], bool]:
    """Merged areas by their first row: (last row, first column, last column); whether any runs down the data."""
    areas: dict[int, list[tuple[int, int, int]]] = {}
    down = False
    if sheet.start is None or sheet.end is None:
        return areas, down
    left, (bottom, right) = sheet.start[1], sheet.end
    for (top, first), (last, end) in sheet.merged_cell_ranges or []:
        area = (min(last, bottom), first - left, min(end, right) - left)
        if first >= left and area[2] >= area[1]:
            areas.setdefault(top, []).append(area)
            down = down or area[0] > top
    return areas, down


def filled(sheet: CalamineSheet) -> Iterator[list[str | None]]:
    """Rows of text from the sheet's first row on, merged cells carried over their area."""
    areas, _ = merged(sheet)
    running: list[tuple[int, int, int, str | None]] = []
    for number, values in enumerate(sheet.iter_rows()):
        row = [(value or None) if type(value) is str else as_text(value) for value in values]
        if areas:
            running = [area for area in running if area[0] >= number]
            for _last, first, end, value in running:
                for column in range(first, end + 1):
                    if row[column] is None and value is not None:
                        row[column] = CARRIED + value.lstrip(CARRIED)
            for last, first, end in areas.get(number, ()):
                value = row[first]
                row[first : end + 1] = [row[first]] * (end + 1 - first) if end > first else [value]
                if last > number:
                    running.append((last, first, end, value))
        yield row


class Bounded:
    """Passes text on to a file up to a limit, for few cells can unfold into very much text; knows the longest row."""

    def __init__(self, target: TextIO, allowed: int) -> None:
        self.target, self.allowed, self.longest = target, allowed, 0

    def write(self, text: str) -> None:
        """Write one row. Raises `MemoryError` beyond the limit."""
        self.allowed -= len(text)
        if self.allowed < 0:
            raise MemoryError
        self.longest = max(self.longest, len(text))
        self.target.write(text)


def write_sheet(out: Bounded, number: int, sheet: CalamineSheet, width: int) -> tuple[int, list[list[str | None]]]:
    """Append a sheet's rows; gives how many there are, and the first of them."""
    writer = csv.writer(out)
    rows = enumerate(filled(sheet), 1)
    padding = [None] * (width - sheet.width)
    head: list[list[str | None]] = []
    written = 0
    for written, row in itertools.islice(rows, HEAD_ROWS):
        head.append([*row, *padding])
        writer.writerow([number, written, *row, *padding])
    for written, row in rows:
        writer.writerow([number, written, *row, *padding])
    return written, head


def read(path: str, out: str, limits: dict[str, int]) -> dict[str, Any]:
    """Write all visible sheets' rows to one text file; gives the sheets' names, sizes and heads, or `error`."""
    formulas = unfold(path, limits["unzipped_bytes"])
    if formulas is None:
        return {"error": "feeds.bomb"}
    try:
        book = load_workbook(path)
    except PasswordError:
        return {"error": "feeds.encrypted"}
    shown = [
        (number, facts.name)
        for number, facts in enumerate(book.sheets_metadata, 1)
        if facts.visible == SheetVisibleEnum.Visible and facts.typ == SheetTypeEnum.WorkSheet
    ]
    hidden = [facts.name for facts in book.sheets_metadata if facts.visible != SheetVisibleEnum.Visible]
    if len(shown) > limits["sheets"]:
        return {"error": "feeds.too_many_sheets", "sheets": len(shown), "limit": limits["sheets"]}
    sheets = [(number, name, book.get_sheet_by_index(number - 1)) for number, name in shown]
    cells = sum(sheet.height * sheet.width for _number, _name, sheet in sheets)
    width = max((sheet.width for _number, _name, sheet in sheets), default=0)
    if cells > limits["cells"]:
        return {"error": "feeds.too_many_cells", "cells": cells, "limit": limits["cells"]}
    if width > limits["columns"]:
        return {"error": "feeds.too_wide", "columns": width, "limit": limits["columns"]}
    found = []
    with open(out, "w", encoding="utf-8", newline="") as target:  # noqa: PTH123 - this script imports little
        bounded = Bounded(target, limits["unzipped_bytes"])
        for number, name, sheet in sheets:
            rows, head = write_sheet(bounded, number, sheet, width) if sheet.width else (0, [])
            found.append({"number": number, "name": name, "rows": rows, "head": head})
    carried = any(merged(sheet)[1] for _number, _name, sheet in sheets)
    return {
        "width": width,
        "sheets": found,
        "hidden": hidden,
        "carried": carried,
        "formulas": formulas,
        "longest": bounded.longest,
    }


def main() -> None:
    """The script."""
    path, out, limits = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    limit_memory(limits["reader_memory"])
    gc.disable()  # nothing here goes in circles
    try:
        answer = read(path, out, limits)
    except (CalamineError, zipfile.BadZipFile, zlib.error, OSError, EOFError):
        answer = {"error": "feeds.broken"}
    except MemoryError:
        answer = {"error": "feeds.too_heavy"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
