"""Writing departments' files: CSV by the engine, workbooks cell by cell without holding a sheet in memory."""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import FastExcel

from xianjie.engines import Engine, quote_name

CHUNK = 1 << 20


def write_sheets(
    engine: Engine, path: Path, form: str, headers: list[str], title: str, numbers: list[int], days: list[int], sums: list[int]
) -> None:
    """Write the view `numbered` to `path`. `numbers` and `days` are the columns (from 1) whose cells in a workbook are
    numbers and dates where their text allows it; `sums` are added up in the totals row below a title's table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = ", ".join(f"f{i} AS {quote_name(header)}" for i, header in enumerate(headers, 1))
    if form == "parquet":
        engine.write_parquet(f"SELECT {cells} FROM numbered ORDER BY rn", path)
    elif form.startswith("csv"):
        _write_csv(engine, f"SELECT {cells} FROM numbered ORDER BY rn", path, "gb18030" if form == "csv_gb18030" else "utf-8-sig")
    else:
        _write_workbook(engine, path, headers, title, numbers, days, sums)


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


def _write_workbook(
    engine: Engine, path: Path, headers: list[str], title: str, numbers: list[int], days: list[int], sums: list[int]
) -> None:
    book = FastExcel(str(path))
    for number, name in engine.rows("SELECT DISTINCT sheet_no, sheet_name FROM numbered ORDER BY 1"):
        rows = _records(engine, number, headers, bool(title), numbers, days, sums)
        if title:
            width = len(headers)
            banner = [(0, 0, 0, width, title), (1, 0, 1, width, "单位：元、户、人")]
            book.sheet(name, rows, header_row=2, merge_ranges=banner)
        else:
            book.sheet(name, rows)
    book.save()


def _records(
    engine: Engine, sheet: int, headers: list[str], titled: bool, numbers: list[int], days: list[int], sums: list[int]
) -> Iterator[dict[str, Any]]:
    """A sheet's rows; below a title they have a running number and end with a totals row."""
    cells = ", ".join(f"f{i}" for i in range(1, len(headers) + 1))
    totals = dict.fromkeys(sums, 0.0)
    count = 0
    for batch in engine.stream(f"SELECT {cells} FROM numbered WHERE sheet_no = {sheet} ORDER BY row_no"):
        for row in batch:
            values: list[Any] = list(row)
            for i in numbers:
                values[i - 1] = _number(values[i - 1])
                if i in totals and isinstance(values[i - 1], float):
                    totals[i] += values[i - 1]
            for i in days:
                values[i - 1] = _day(values[i - 1])
            record = dict(zip(headers, values, strict=True))
            count += 1
            yield {"序号": count, **record} if titled else record
    if titled:
        last = {header: round(totals[i], 2) if i in totals else None for i, header in enumerate(headers, 1)}
        yield {"序号": "合计", **last}


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
