"""What goes back to the department: the rows that were not simply accepted, as given, with remarks."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rustpy_xlsxwriter import FastExcel

from xianjie.engines import Engine, open_engine, quote, quote_name
from xianjie.feeds.model import FeedReading
from xianjie.feeds.workbooks import CARRIED, LARGE
from xianjie.messages import say

STATUSES = ("rejected", "repaired")
MOST_ROWS = 1_000_000
LONGEST = 32_000


def write_giveback(
    reading: FeedReading, out: Path, statuses: Sequence[str] = STATUSES, engine: Engine | None = None
) -> int:
    """Write the rows of these statuses to an xlsx file, original cells as given; gives the number of rows.

    Before the file's own columns stand the original row number, the result and the remarks. All cells are
    text, so a cell that begins like a formula does nothing. More rows than a sheet holds go on further sheets.
    Nothing is written when there is no such row. `engine` is one to work with; without it one is opened and closed.
    """
    if reading.raw is None or reading.parquet is None or reading.problem:
        return 0
    out.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.nullcontext(engine) if engine else open_engine(threads=1, temp_folder=out.parent) as used:
        used.run(f"CREATE OR REPLACE TABLE given_back AS {_rows(reading, statuses)}")
        total = int(used.value("SELECT count(*) FROM given_back"))
        if total:
            _write(used, _without_empty_end(used, reading), total, statuses, out)
        used.run("DROP TABLE given_back")
    return total


def _write(engine: Engine, reading: FeedReading, total: int, statuses: Sequence[str], out: Path) -> None:
    labels = {status: say(f"feeds.status_{status}") for status in statuses}
    records = _records(_columns(reading), labels, engine.stream(_cells(reading)))
    book = FastExcel(str(out)).format(bold_headers=True).freeze(row=1)
    for number in range(1, math.ceil(total / MOST_ROWS) + 1):
        name = reading.layout[:25] + (f"-{number}" if total > MOST_ROWS else "")
        # The sheets are written one after the other, so each goes on where the one before has ended.
        book.sheet(name, itertools.islice(records, MOST_ROWS), column_width=16)
    book.save()


def _without_empty_end(engine: Engine, reading: FeedReading) -> FeedReading:
    """The reading without the unnamed columns at its right end that no row to give back fills."""
    named = max((at for at, name in enumerate(reading.headers, 1) if name), default=0)
    beyond = [f"count({quote_name(f'c{at}')})" for at in range(named + 1, len(reading.headers) + 1)]
    if not beyond:
        return reading
    counts = engine.rows(f"SELECT {', '.join(beyond)} FROM given_back")[0]
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


def _rows(reading: FeedReading, statuses: Sequence[str]) -> str:
    """SQL of the raw rows of these statuses, with what is to be said of each."""
    raw = reading.raw
    if raw is None:
        raise ValueError("a reading without a raw file has no rows to give back")
    wanted = ", ".join(quote(status) for status in statuses)
    return (
        f"SELECT raw.*, checked.sheet AS sheet_name, checked.status, checked.remarks "
        f"FROM {raw.relation} raw JOIN read_parquet({quote(str(reading.parquet))}) checked "
        f"ON checked.row_no = raw.row_no AND checked.row_id = raw.sheet || ':' || raw.row_no "
        f"WHERE checked.status IN ({wanted})"
    )


def _cells(reading: FeedReading) -> str:
    """SQL of the rows to give back, as they are to be shown."""
    marks = quote(LARGE + CARRIED)
    columns = ["sheet_name", "CAST(row_no AS VARCHAR)", "status", "remarks"]
    columns += [f"left(translate(c{at}, {marks}, ''), {LONGEST})" for at in range(1, len(reading.headers) + 1)]
    return f"SELECT {', '.join(columns)} FROM given_back ORDER BY sheet, row_no"


def _records(
    columns: Sequence[str], labels: Mapping[str, str], batches: Iterator[list[tuple[str | None, ...]]]
) -> Iterator[dict[str, str]]:
    for batch in batches:
        for row in batch:
            cells = [_printable(cell) for cell in row]
            cells[2] = labels[cells[2]]
            yield dict(zip(columns, cells, strict=True))


def _printable(cell: str | None) -> str:
    """The cell without the control characters that XML cannot hold."""
    if not cell or cell.isprintable():
        return cell or ""
    return "".join(char for char in cell if char >= " " or char in "\t\r\n")
