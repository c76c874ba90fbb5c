"""Small tables that people upload (accounts, regions): columns are declared, rows come back checked, with remarks.

Reading is the feeds' room's: in a process of its own with limits, headers found by their aliases, cells converted by
the declared types. What a row means is the caller's part.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from django.conf import settings

from xianjie.dictionary.model import DictionaryField
from xianjie.engines import open_engine
from xianjie.feeds import FeedReading, Limits
from xianjie.feeds.checking import write_checked
from xianjie.feeds.headers import Target, normal
from xianjie.feeds.layout import forms
from xianjie.feeds.model import Unreadable
from xianjie.feeds.raw_rows import Table
from xianjie.feeds.reading import FAULTS, described, fault, find_headers, read_raw
from xianjie.messages import UserError, say

LIMITS = Limits(file_bytes=50_000_000, workbook_bytes=50_000_000, cells=3_000_000, reader_seconds=60)
MOST_ROWS = 200_000
ENDINGS = (".xlsx", ".xls", ".csv")


@dataclass(frozen=True)
class Fault:
    """Something wrong with a row: sheet and row number as in the file, column if it is about one, what and why."""

    sheet: str
    row: int
    column: str
    text: str


@dataclass(frozen=True)
class SheetRow:
    """A row that could be read: where it stands, and the declared columns' values."""

    sheet: str
    row: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    """An uploaded table: its usable rows, what is wrong with the others, the names of its columns in the file."""

    rows: list[SheetRow]
    faults: list[Fault]
    headers: dict[str, str]

    def fault(self, row: SheetRow, field: str, code: str, **facts: Any) -> Fault:
        """A fault of the caller's own finding, by sentence."""
        return Fault(row.sheet, row.row, self.headers.get(field, ""), say(code, **facts))


def read_upload(upload: Any, fields: Sequence[DictionaryField], key: Sequence[str]) -> Sheet:
    """Read an uploaded file (Django's `UploadedFile`). `key`: columns that no two rows share in full.

    Raises `UserError` when the file as a whole cannot be used.
    """
    name = Path(str(upload.name)).name
    if Path(name).suffix.lower() not in ENDINGS:
        raise UserError("web_manage.upload_kind", file=name, kinds="、".join(ENDINGS))
    if upload.size > LIMITS.file_bytes:
        raise UserError("web_manage.upload_size", file=name, most=LIMITS.file_bytes // 1_000_000)
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        path = Path(folder) / f"upload{Path(name).suffix.lower()}"
        with path.open("wb") as target:
            for chunk in upload.chunks():
                target.write(chunk)
        return read_table(path, fields, key, name)


def read_table(path: Path, fields: Sequence[DictionaryField], key: Sequence[str], name: str = "") -> Sheet:
    """Read a table file by its declared columns. Raises `UserError` when it cannot be used."""
    reading = FeedReading(path, name or path.name, "", "")
    targets = [
        Target(one.name, one.zh, {normal(header): 1 for header in (one.name, *one.headers)}, one, one.required)
        for one in fields
    ]
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as work:
        folder = Path(work)
        try:
            reading = _read(reading, targets, key, {one.name: one.storage for one in fields}, folder)
        except Unreadable as error:
            raise UserError("web_manage.upload_unreadable", file=reading.name, why=error.problem.text) from error
        except FAULTS as error:
            raise UserError("web_manage.upload_unreadable", file=reading.name, why=fault(path, error).text) from error
        if reading.counts.rows > MOST_ROWS:
            raise UserError("web_manage.upload_rows", file=reading.name, most=MOST_ROWS)
        return _sheet(reading, [one.name for one in fields])


def _read(
    reading: FeedReading, targets: list[Target], key: Sequence[str], columns: dict[str, str], folder: Path
) -> FeedReading:
    raw = read_raw(reading.path, folder / "raw.parquet", LIMITS)
    needed = [target.name for target in targets if target.required]
    headers, notes, unread = find_headers(raw, targets, needed, forms().reserved, reading.name)
    present = {name for header in headers for name in header.columns}
    table = Table(
        raw=raw,
        headers=headers,
        targets=targets,
        needed=needed[:1],
        strong=needed[:1],
        keys=frozenset(key),
        words={},
        fixed={},
        unique=[name for name in key if name in present],
    )
    checked = folder / "checked.parquet"
    with open_engine(memory_limit=LIMITS.engine_memory, temp_folder=folder, threads=1) as engine:
        found = write_checked(engine, table, columns, checked)
    return described(reading, raw, table, found, [*raw.notes, *notes], unread, checked)


def _sheet(reading: FeedReading, names: list[str]) -> Sheet:
    rows, faults = [], []
    for row in pq.read_table(reading.parquet).to_pylist():
        where = (str(row["sheet"] or ""), int(row["row_no"]))
        if row["status"] == "rejected":
            faults.append(Fault(*where, "", _remarks(row["remarks"])))
        else:
            rows.append(SheetRow(*where, {name: row.get(name) for name in names}))
    return Sheet(rows, faults, dict(reading.columns))


def _remarks(remarks: Any) -> str:
    return "；".join(map(str, remarks)) if isinstance(remarks, list) else str(remarks or "")
