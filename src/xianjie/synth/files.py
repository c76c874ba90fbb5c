"""Writing departments' files: CSV by the engine, workbooks cell by cell without holding a sheet in memory."""

from __future__ import annotations

import codecs
import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import FastExcel

from xianjie.engines import Engine, quote_name

CHUNK = 1 << 20
HOUR = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True)
class Columns:
    """A file's column names, and by place (from 1) the columns whose cells in a workbook are numbers and dates where
    their text allows it, those that a totals row adds up, and those of ID numbers; and the day of writing."""

    headers: list[str]
    numbers: list[int]
    days: list[int]
    sums: list[int]
    ids: list[int]
    day: dt.date


def write_sheets(engine: Engine, path: Path, form: str, columns: Columns, title: str) -> None:
    """Write the view `numbered` to `path`; with a `title` the workbook also has a running number and totals."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = ", ".join(f"f{i} AS {quote_name(header)}" for i, header in enumerate(columns.headers, 1))
    sql = f"SELECT {cells} FROM numbered ORDER BY rn"
    if form == "parquet":
        engine.write_parquet(sql, path)
    elif form.startswith("csv"):
        _write_csv(engine, sql, path, "gb18030" if form == "csv_gb18030" else "utf-8-sig")
    else:
        _write_workbook(engine, path, columns, title)


def _write_csv(engine: Engine, sql: str, path: Path, encoding: str) -> None:
    """CSV by the engine in UTF-8, then into the encoding that departments' systems write."""
    plain = path.with_name(path.name + ".utf8")
    engine.write_csv(sql, plain)
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoder = codecs.getincrementalencoder(encoding)()
    with plain.open("rb") as source, path.open("wb") as target:
        while chunk := source.read(CHUNK):
            target.write(encoder.encode(decoder.decode(chunk)))
        target.write(encoder.encode(decoder.decode(b"", final=True), final=True))
    plain.unlink()


def _write_workbook(engine: Engine, path: Path, columns: Columns, title: str) -> None:
    book = FastExcel(str(path))
    for number, name in engine.rows("SELECT DISTINCT sheet_no, sheet_name FROM numbered ORDER BY 1") or [(1, "Sheet1")]:
        rows = _records(engine, number, columns, titled=bool(title))
        if title:
            width = len(columns.headers)
            banner = [(0, 0, 0, width, title), (1, 0, 1, width, "单位：元、户、人")]
            book.sheet(name, rows, header_row=2, merge_ranges=banner)
        else:
            book.sheet(name, rows)
    book.save()
    _forget_the_hour(path, columns.day)


def _forget_the_hour(path: Path, day: dt.date) -> None:
    """Put the county's day in place of the hour of writing, so that equal seeds give equal bytes."""
    plain = path.with_name(path.name + ".hour")
    path.rename(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = HOUR.sub(f"{day.isoformat()}T00:00:00Z".encode(), content)
            target.writestr(zipfile.ZipInfo(entry.filename), content, zipfile.ZIP_DEFLATED)
    plain.unlink()


def _records(engine: Engine, sheet: int, columns: Columns, titled: bool) -> Iterator[dict[str, Any]]:
    """A sheet's rows; below a title they have a running number and end with a totals row."""
    cells = ", ".join(f"f{i}" for i in range(1, len(columns.headers) + 1))
    totals = dict.fromkeys(columns.sums, 0.0)
    count = 0
    for batch in engine.stream(f"SELECT {cells} FROM numbered WHERE sheet_no = {sheet} ORDER BY row_no"):
        for row in batch:
            values: list[Any] = list(row)
            for i in columns.numbers:
                values[i - 1] = _number(values[i - 1])
                if i in totals and isinstance(values[i - 1], float):
                    totals[i] += values[i - 1]
            for i in columns.days:
                values[i - 1] = _day(values[i - 1])
            for i in columns.ids:
                if "E+" in (values[i - 1] or ""):  # what Excel broke is a number in its own files
                    values[i - 1] = float(values[i - 1])
            record = dict(zip(columns.headers, values, strict=True))
            blank = not any(value is not None for value in values)
            count += not blank
            yield {"序号": None if blank else count, **record} if titled else record
    if titled:
        last = {header: round(totals[i], 2) if i in totals else None for i, header in enumerate(columns.headers, 1)}
        yield {"序号": "合计", **last}
    elif not count:
        # The writer takes column names from the first row: an empty sheet has them above a blank one.
        yield dict.fromkeys(columns.headers)


def _number(text: str | None) -> float | str | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _day(text: str | None) -> dt.datetime | str | None:
    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return text
