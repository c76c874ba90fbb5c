"""Reading one department's file, from its bytes to the canonical Parquet file."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, EngineError, open_engine, quote, quote_name
from xianjie.feeds.checking import STRONG, write_checked
from xianjie.feeds.headers import Header, Target, check_header, field_targets, find_header, identity_targets, normal
from xianjie.feeds.kinds import kind_of
from xianjie.feeds.layout import Layout, forms
from xianjie.feeds.model import Counts, FeedFile, FeedReading, Limits, Problem, RawFile, RawSheet, Term, Unreadable
from xianjie.feeds.raw_rows import Table
from xianjie.feeds.text_files import read_text
from xianjie.feeds.workbooks import read_workbook

FAULTS = (OSError, EngineError, pa.ArrowException)


def read_feeds(
    files: Sequence[FeedFile],
    layouts: dict[str, Layout],
    out_folder: Path,
    limits: Limits | None = None,
    workers: int = 2,
    then: Callable[[FeedReading, Engine], None] = lambda _reading, _engine: None,
) -> list[FeedReading]:
    """Read the files that `discover` found, several at a time; gives their readings in the same order.

    A file with a problem gives a reading that carries it; with each of the others `then` is called, by the worker
    and with the engine that read it.
    """
    limits = limits or Limits()
    idle: list[Engine] = []

    def one(numbered: tuple[int, FeedFile]) -> FeedReading:
        number, file = numbered
        if file.problem or not file.layout:
            return FeedReading(file.path, file.name, file.layout or "", "", file.date, problem=file.problem)
        folder = out_folder / f"{number:03}-{file.layout}"
        try:
            engine = idle.pop()
        except IndexError:
            engine = _open(limits, out_folder)
        reading = read_feed(file.path, layouts[file.layout], folder, limits, file.date, file.name, engine)
        # An engine may be broken by what it could not read; a whole one goes on, for to start one takes time.
        if reading.problem:
            engine.close()
        else:
            then(reading, engine)
            idle.append(engine)
        return reading

    def size(numbered: tuple[int, FeedFile]) -> tuple[int, int]:
        number, file = numbered
        return (-file.path.stat().st_size if file.layout else 0, number)

    # The largest first, so that no worker ends with a large file while the others have nothing left.
    queue = sorted(enumerate(files), key=size)
    try:
        with ThreadPoolExecutor(max_workers=workers) as pool:
            readings = dict(zip((number for number, _ in queue), pool.map(one, queue), strict=True))
    finally:
        for engine in idle:
            engine.close()
    return [readings[number] for number in range(len(files))]


def read_feed(
    path: Path,
    layout: Layout,
    out_folder: Path,
    limits: Limits | None = None,
    date: datetime.date | None = None,
    name: str = "",
    engine: Engine | None = None,
) -> FeedReading:
    """Read one file by its layout; writes `canonical.parquet` and `raw.parquet` into `out_folder`.

    `engine` is one to work with; without it one is opened and closed. Whatever is wrong with the file comes back as
    the reading's `problem`; nothing is raised for it.
    """
    limits = limits or Limits()
    reading = FeedReading(path, name or path.name, layout.layout, layout.entity, date)
    targets = [*identity_targets(layout), *field_targets(layout)]
    try:
        out_folder.mkdir(parents=True, exist_ok=True)
        raw = read_raw(path, out_folder / "raw.parquet", limits)
        with contextlib.nullcontext(engine) if engine else _open(limits, out_folder) as used:
            return _checked(used, reading, raw, layout, targets, out_folder / "canonical.parquet")
    except Unreadable as error:
        return dataclasses.replace(reading, problem=error.problem)
    except FAULTS as error:
        return dataclasses.replace(reading, problem=fault(path, error))


def _open(limits: Limits, folder: Path) -> Engine:
    return open_engine(memory_limit=limits.engine_memory, temp_folder=folder, threads=1)


def fault(path: Path, error: Exception) -> Problem:
    """What a library says of a file that it cannot take, as a problem of the file."""
    first = (str(error).strip().splitlines() or [""])[0][:120]
    code = "feeds.cannot_write" if isinstance(error, OSError) and error.errno else "feeds.engine"
    return Problem(code, {"file": path.name, "why": first})


def read_raw(path: Path, out: Path, limits: Limits) -> RawFile:
    """The file's cells as text. Raises `Unreadable`."""
    kind = kind_of(path, limits)
    if kind == "parquet":
        return raw_parquet(path, limits)
    if kind == "text":
        return read_text(path, out, limits)
    return read_workbook(path, out, limits)


def raw_parquet(path: Path, limits: Limits) -> RawFile:
    """A Parquet file as it lies, its column names being the header. Raises `Unreadable`."""
    try:
        file = pq.ParquetFile(path)
        schema, rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise Unreadable("feeds.broken", file=path.name) from error
    names = schema.names
    if len(names) > limits.columns:
        raise Unreadable("feeds.too_wide", file=path.name, columns=len(names), limit=limits.columns)
    if not names or len(set(names)) < len(names):
        raise Unreadable("feeds.broken", file=path.name)
    columns = {name: str(schema.field(name).type) for name in names}
    return RawFile(path, len(names), [RawSheet(1, "", [list(names)], rows=rows + 1)], own_columns=columns)


def find_headers(
    raw: RawFile, targets: Sequence[Target], needed: Sequence[str], ignored: Sequence[str], file: str
) -> tuple[list[Header], list[Problem], int]:
    """The headers of the sheets that can be read, what there is to say of the others, and their rows.

    Raises `Unreadable` with the first sheet's fault when none can be read.
    """
    headers: list[Header] = []
    faults: list[tuple[RawSheet, Problem]] = []
    for sheet in raw.sheets:
        try:
            header = find_header(sheet, targets, ignored, file)
            check_header(header, targets, needed, file)
        except Unreadable as error:
            faults.append((sheet, error.problem))
            continue
        if headers and not _same_units(headers[0], header, targets):
            faults.append((sheet, Problem("feeds.other_units", {"sheet": sheet.name, "rows": sheet.rows})))
            continue
        headers.append(header)
    if not headers:
        raise Unreadable(faults[0][1].code, **faults[0][1].facts)
    notes = []
    for sheet, problem in faults:
        facts = {"sheet": sheet.name, "rows": sheet.rows, "why": problem.text}
        notes.append(problem if problem.code == "feeds.other_units" else Problem("feeds.unread_sheet", facts))
    return headers, notes, sum(sheet.rows for sheet, _problem in faults)


def _same_units(first: Header, other: Header, targets: Sequence[Target]) -> bool:
    both = [one.name for one in targets if one.name in first.columns and one.name in other.columns]
    return all(first.multiplier(name) == other.multiplier(name) for name in both)


def _checked(
    engine: Engine, reading: FeedReading, raw: RawFile, layout: Layout, targets: list[Target], out: Path
) -> FeedReading:
    needed = [f"i_{name}" for name in layout.needed]
    headers, notes, unread = find_headers(raw, targets, needed, [*forms().reserved, *layout.ignore], reading.path.name)
    fixed, told = _fixed(layout, headers, reading.date)
    table = Table(
        raw=raw,
        headers=headers,
        targets=targets,
        needed=needed,
        strong=[name for name in needed if name in STRONG],
        keys=frozenset(one.name for one in targets if one.name.startswith("i_")),
        words=layout.words,
        fixed=fixed,
        ignored=layout.ignore,
    )
    identity = {one.name: "VARCHAR" for one in targets if one.name.startswith("i_")}
    keys = {layout.of.key, "person_id", "household_id"}
    fields = {name: kind for name, kind in dictionary().columns(layout.entity).items() if name not in keys}
    found = write_checked(engine, table, identity | fields, out)
    term = _term(engine, layout, out)
    if term and reading.date and isinstance(term.last, int) and term.last < reading.date.year:
        told.append(Problem("feeds.earlier_years", {"field": layout.of.fields[term.field].zh, "value": term.last}))
    whole = described(reading, raw, table, found, [*raw.notes, *notes, *told], unread, out)
    return dataclasses.replace(whole, term=term)


def _term(engine: Engine, layout: Layout, canonical: Path) -> Term | None:
    """Of which years or terms the usable rows are; None when the layout does not ask or no row says."""
    if not layout.term:
        return None
    one = quote_name(layout.term)
    first, last, usual, rows = engine.rows(
        f"SELECT min({one}), max({one}), max_by({one}, (n, {one})), sum(n)::BIGINT FROM ("
        f"SELECT {one}, count(*) AS n FROM read_parquet({quote(str(canonical))}) "
        f"WHERE status <> 'rejected' AND {one} IS NOT NULL GROUP BY {one})"
    )[0]
    return Term(layout.term, first, last, usual, rows) if rows else None


def described(
    reading: FeedReading,
    raw: RawFile,
    table: Table,
    found: dict[str, int],
    notes: list[Problem],
    unread: int,
    out: Path,
) -> FeedReading:
    """The reading with its counts, notes and columns."""
    above = sum(header.last - header.sheet.first_row + 1 for header in table.headers)
    counts = Counts(
        read=sum(sheet.rows for sheet in raw.sheets),
        accepted=found.get("accepted", 0),
        repaired=found.get("repaired", 0),
        rejected=found.get("rejected", 0),
        blank=found.get("blank", 0),
        header=found.get("header", 0) + above,
        totals=found.get("totals", 0),
        notes=found.get("notes", 0),
        unread=unread,
    )
    first = table.headers[0]
    for name, places in first.ambiguous.items():
        label = next(one.zh for one in table.targets if one.name == name)
        seen = "、".join(dict.fromkeys(first.names[at] for at in places))
        notes.append(Problem("feeds.unused_ambiguous", {"field": label, "seen": seen}))
    if not counts.rows:
        notes.append(Problem("feeds.no_data", {}))
    taken = {at for header in table.headers for at in header.columns.values()}
    ours = {normal(name) for name in forms().reserved}
    unknown = [one for at, one in enumerate(first.names) if one and at not in taken and normal(one) not in ours]
    columns = {one.name: table.header_of(one.name) for one in table.present}
    return dataclasses.replace(
        reading,
        parquet=out,
        raw=raw,
        counts=counts,
        notes=tuple(notes),
        columns=columns,
        unknown=tuple(unknown),
        headers=tuple(first.names),
    )


def _fixed(
    layout: Layout, headers: Sequence[Header], date: datetime.date | None
) -> tuple[dict[str, str], list[Problem]]:
    """SQL of the fields that hold one value for every row, and what there is to say about them."""
    fixed = {name: quote(value) for name, value in layout.constants.items()}
    notes = []
    for name, value in layout.defaults.items():
        if any(name in header.columns for header in headers):
            continue
        stored = {"file_date": date.isoformat(), "file_year": str(date.year)}.get(value, value) if date else value
        if stored.startswith("file_"):
            continue
        fixed[name] = quote(stored)
        one = layout.of.fields[name]
        shown = (
            dictionary().label(one.codes, stored) if one.codes else {"true": "是", "false": "否"}.get(stored, stored)
        )
        notes.append(Problem("feeds.default_used", {"field": one.zh, "value": shown}))
    return fixed, notes
