"""What goes back to the department: the rows that were not simply accepted, as given, with remarks."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from rustpy_xlsxwriter import FastExcel

from xianjie.engines import Engine, open_engine, quote, quote_name
from xianjie.feeds.model import FeedReading
from xianjie.feeds.workbooks import CARRIED, LARGE
from xianjie.messages import say

STATUSES = ("rejected", "repaired")
MOST_ROWS = 1_000_000
LONGEST = 32_000


def write_giveback(reading: FeedReading, out: Path, statuses: Sequence[str] = STATUSES) -> int:
    """Write the rows of these statuses to an xlsx file, original cells as given; gives the number of rows.

    Before the file's own columns stand the original row number, the result and the remarks. All cells are
    text, so a cell that begins like a formula does nothing. More rows than a sheet holds go on further sheets.
    Nothing is written when there is no such row.
    """
    if reading.raw is None or reading.parquet is None or reading.problem:
        return 0
    with open_engine(threads=1, temp_folder=out.parent) as engine:
        reading = _without_empty_end(engine, reading, statuses)
        rows = _rows(reading, statuses)
        total = int(engine.value(f"SELECT count(*) FROM ({rows})"))
        if not total:
            return 0
        out.parent.mkdir(parents=True, exist_ok=True)
        records = _records(reading, engine.stream(f"{rows} ORDER BY raw.sheet, raw.row_no"))
        book = FastExcel(str(out)).format(bold_headers=True).freeze(row=1)
        for number in range(1, math.ceil(total / MOST_ROWS) + 1):
            name = reading.layout[:25] + (f"-{number}" if total > MOST_ROWS else "")
            # The sheets are written one after the other, so each goes on where the one before has ended.
            book.sheet(name, itertools.islice(records, MOST_ROWS), column_width=16)
        book.save()
    return total


def _without_empty_end(engine: Engine, reading: FeedReading, statuses: Sequence[str]) -> FeedReading:
    """The reading without the unnamed columns at its right end that no row to give back fills."""
    named = max((at for at, name in enumerate(reading.headers, 1) if name), default=0)
    beyond = [f"count({quote_name(f'c{at}')})" for at in range(named + 1, len(reading.headers) + 1)]
    if not beyond:
        return reading
    counts = engine.rows(f"SELECT {', '.join(beyond)} FROM ({_rows(reading, statuses, plain=True)})")[0]
    last = max((named + at for at, count in enumerate(counts, 1) if count), default=named)
    return dataclasses.replace(reading, headers=reading.headers[:last])


def _columns(reading: FeedReading) -> list[str]:
    """Column names of the file given back; names must differ, so a repeated one gets a number."""
    ours = [say(f"feeds.column_{name}") for name in ("sheet", "row", "status", "remarks")]
    names, used = list(ours), set(ours)
    for position, header in enumerate(reading.headers, 1):
        name = plain = header or f"列{position}"
        if plain in ours:
            name = f"{plain}（上次）"
        while name in used:
            name += "*"
        used.add(name)
        names.append(name)
    return names


def _rows(reading: FeedReading, statuses: Sequence[str], plain: bool = False) -> str:
    raw = reading.raw
    if raw is None:
        raise ValueError("a reading without a raw file has no rows to give back")
    marks = quote(LARGE + CARRIED)
    cells = [
        f"left(translate(raw.c{position}, {marks}, ''), {LONGEST})" for position in range(1, len(reading.headers) + 1)
    ]
    wanted = ", ".join(quote(status) for status in statuses)
    ours = ["checked.sheet", "CAST(raw.row_no AS VARCHAR)", "checked.status", "checked.remarks"]
    chosen = "raw.*" if plain else ", ".join([*ours, *cells])
    return (
        f"SELECT {chosen} "
        f"FROM {raw.relation} raw JOIN read_parquet({quote(str(reading.parquet))}) checked "
        f"ON checked.row_id = raw.sheet || ':' || raw.row_no WHERE checked.status IN ({wanted})"
    )


def _records(reading: FeedReading, batches: Iterator[list[tuple[str | None, ...]]]) -> Iterator[dict[str, str]]:
    columns = _columns(reading)
    for batch in batches:
        for row in batch:
            cells = [_printable(cell) for cell in row]
            cells[2] = say(f"feeds.status_{row[2]}")
            yield dict(zip(columns, cells, strict=True))


def _printable(cell: str | None) -> str:
    """The cell without the control characters that XML cannot hold."""
    return "".join(char for char in cell or "" if char >= " " or char in "\t\r\n")
