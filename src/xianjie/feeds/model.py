"""What goes in and out of this room: limits, a file found, a problem, a file read."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from xianjie.engines import quote, quote_name
from xianjie.messages import say

# How raw files are written: read a few times, soon; nobody looks for a range in them.
RAW: dict[str, Any] = {"compression": "lz4", "write_statistics": False}
FileKind = Literal["xlsx", "xls", "text", "parquet"]


@dataclass(frozen=True)
class Limits:
    """What one file may cost. A file beyond a limit is refused with a message; no limit cuts rows off."""

    file_bytes: int = 4_000_000_000
    workbook_bytes: int = 300_000_000
    unzipped_bytes: int = 1_500_000_000
    zip_ratio: int = 150
    zip_entries: int = 5_000
    sheets: int = 50
    cells: int = 25_000_000
    columns: int = 1_000
    reader_memory: int = 2_000_000_000
    reader_seconds: int = 120
    engine_memory: str = "1GB"


@dataclass(frozen=True)
class Problem:
    """Something to tell about a file: a sentence of the catalogue with its facts."""

    code: str
    facts: dict[str, Any]

    @property
    def text(self) -> str:
        """The sentence in the user's language."""
        return say(self.code, **self.facts)


class Unreadable(Exception):
    """A file cannot be read; carries the `Problem` to the door of this room and no further."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.problem = Problem(code, facts)


@dataclass(frozen=True)
class FeedFile:
    """A file found in the feeds folder: where, of which department and layout, of which day.

    `layout` is None and `problem` says why when the file cannot be taken.
    """

    path: Path
    name: str
    department: str | None = None
    layout: str | None = None
    date: datetime.date | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class RawSheet:
    """One sheet of a file: its number (from 1) and name, its first rows as text, the row number of the first."""

    number: int
    name: str
    head: list[list[str | None]]
    visible: bool = True
    rows: int = 0
    first_row: int = 1


@dataclass(frozen=True)
class RawFile:
    """A file as it is, all cells as text: a relation of sheet, row_no, c1…cN, and where it lies.

    `shifting` says that a cell too many shifts a row's cells (text files); `carried` says that
    merged cells run down over several rows; `own_columns` are a Parquet file's own names and types.
    """

    parquet: Path
    width: int
    sheets: list[RawSheet]
    notes: list[Problem] = field(default_factory=list)
    own_columns: dict[str, str] = field(default_factory=dict)
    carried: bool = False
    shifting: bool = False

    @property
    def relation(self) -> str:
        """SQL text of the relation. A Parquet file is read as it lies, row 1 being its column names."""
        source = f"read_parquet({quote(str(self.parquet))}, file_row_number=true)"
        if not self.own_columns:
            return f"read_parquet({quote(str(self.parquet))})"
        cells = ", ".join(
            f"CAST({quote_name(name)} AS VARCHAR) AS c{position}" for position, name in enumerate(self.own_columns, 1)
        )
        return f"(SELECT 1 AS sheet, file_row_number + 2 AS row_no, {cells} FROM {source})"


def raw_schema(width: int) -> pa.Schema:
    """The columns of a raw file of `width` cells a row."""
    cells = [(f"c{position}", pa.string()) for position in range(1, width + 1)]
    return pa.schema([("sheet", pa.int32()), ("row_no", pa.int64()), *cells])


@dataclass(frozen=True)
class Counts:
    """Rows of a file. `read` = accepted + repaired + rejected + blank + header + totals + notes + unread."""

    read: int = 0
    accepted: int = 0
    repaired: int = 0
    rejected: int = 0
    blank: int = 0
    header: int = 0
    totals: int = 0
    notes: int = 0
    unread: int = 0

    @property
    def rows(self) -> int:
        """Rows of data: accepted, repaired and rejected."""
        return self.accepted + self.repaired + self.rejected


@dataclass(frozen=True)
class Term:
    """Of which years or terms a file's usable rows are: the field that says so, its first, last and usual value.

    The values are numbers of years or days, as the field's type has it; `rows` have one.
    """

    field: str
    first: int | datetime.date
    last: int | datetime.date
    usual: int | datetime.date
    rows: int


@dataclass(frozen=True)
class FeedReading:
    """A file read: its canonical Parquet file, counts, what was said, which column went where.

    `problem` says why nothing could be read (then `parquet` is None); `notes` are things to know about a
    file that was read. `columns`: field or `i_` identity → header in the file. `unknown`: headers that no
    field takes; they stay in the raw file. `term`: of which years or terms the rows are, where the layout asks.
    """

    path: Path
    name: str
    layout: str
    entity: str
    date: datetime.date | None = None
    parquet: Path | None = None
    raw: RawFile | None = None
    counts: Counts = field(default_factory=Counts)
    problem: Problem | None = None
    notes: tuple[Problem, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    term: Term | None = None

    @property
    def raw_parquet(self) -> Path | None:
        """The file's cells as text: sheet, row_no, c1…cN."""
        return self.raw.parquet if self.raw else None
