"""Comma-separated files: encoding, delimiter, and the rows as they are, in bounded memory.

The fast way is pyarrow's streaming reader. A file with ragged rows, empty lines or quotes that do not
close goes the careful way, row by row.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from xianjie.feeds.model import RAW, Limits, Problem, RawFile, RawSheet, Unreadable, raw_schema

BLOCK = 1 << 20
LONGEST_CELL = 200_000
LONGEST_LINE = 4_000_000
HEAD_ROWS = 60
DELIMITERS = (",", "\t", ";", "|", "，")
MOST_NEWLINES = 20
CHUNK = 10_000
# Bytes that abound in UTF-8 and are rare in Chinese of older encodings become 1, all others 0.
STRANGE = bytes(0x80 <= byte <= 0xA0 for byte in range(256))


def read_text(path: Path, out: Path, limits: Limits) -> RawFile:
    """The cells of a text file in `out`. Raises `Unreadable`."""
    source, notes = _as_utf8(path, out.with_suffix(".utf8"))
    try:
        delimiter, head, lines = _look(source, path.name)
        width = max((len(row) for row in head), default=0)
        if width > limits.columns:
            raise Unreadable("feeds.too_wide", file=path.name, columns=width, limit=limits.columns)
        rows = _fast(source, out, delimiter, head, lines, width)
        if rows is None:
            rows = _careful(source, out, delimiter, width, notes)
    finally:
        if source != path:
            source.unlink(missing_ok=True)
    padded = [[cell or None for cell in row] + [None] * (width + 1 - len(row)) for row in head]
    return RawFile(out, width + 1, [RawSheet(1, "", padded, rows=rows)], notes, shifting=True)


def _as_utf8(path: Path, copy: Path) -> tuple[Path, list[Problem]]:
    """A UTF-8 file of the same text: the file itself when it is one, else `copy`; what there is to say."""
    with path.open("rb") as stream:
        start = stream.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _recoded(path, copy, "utf-16"), []
    if b"\r" in start and b"\n" not in start:
        return _with_line_feeds(path, copy)
    if start[1:400:2].count(0) > len(start[1:400:2]) * 0.4:
        return _recoded(path, copy, "utf-16-le"), []
    if _is_utf8(path) and not _has_zero_bytes(path):
        return path, []
    return _line_by_line(path, copy)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _has_zero_bytes(path: Path) -> bool:
    return any(b"\x00" in block for block in _blocks(path))


def _recoded(path: Path, copy: Path, encoding: str) -> Path:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    with copy.open("w", encoding="utf-8", newline="") as target:
        for block in _blocks(path):
            target.write(decoder.decode(block))
        target.write(decoder.decode(b"", final=True))
    return copy


def _with_line_feeds(path: Path, copy: Path) -> tuple[Path, list[Problem]]:
    """The file with the line ends of today, then as UTF-8."""
    feeds = copy.with_suffix(".lines")
    with feeds.open("wb") as target:
        for block in _blocks(path):
            target.write(block.replace(b"\r", b"\n"))
    source, notes = _as_utf8(feeds, copy)
    if source != feeds:
        feeds.unlink()
    return source, [Problem(note.code, {**note.facts, "file": path.name}) for note in notes]


def _line_by_line(path: Path, copy: Path) -> tuple[Path, list[Problem]]:
    """GB18030, or several encodings in one file: each line by the encoding that fits it."""
    seen: Counter[str] = Counter()
    with path.open("rb") as stream, copy.open("w", encoding="utf-8", newline="") as target:
        while block := stream.read(BLOCK):
            block += stream.readline(LONGEST_LINE)
            if b"\x00" in block:
                seen["zero"] += sum(b"\x00" in line for line in block.splitlines())
                block = block.replace(b"\x00", b"")
            for piece, strange in _pieces(block):
                if not strange:
                    with contextlib.suppress(UnicodeDecodeError):
                        target.write(piece.decode("gb18030"))
                        seen["gb18030"] += piece.count(b"\n")
                        continue
                for line in piece.splitlines(keepends=True):
                    text, encoding = _decoded(line)
                    seen[encoding] += 1
                    target.write(text)
    notes = []
    if seen["utf-8"] and seen["gb18030"]:
        facts = {"file": path.name, "utf8": seen["utf-8"], "gb18030": seen["gb18030"]}
        notes.append(Problem("feeds.mixed_encodings", facts))
    if seen["replaced"]:
        notes.append(Problem("feeds.undecodable", {"file": path.name, "lines": seen["replaced"]}))
    if seen["zero"]:
        notes.append(Problem("feeds.zero_bytes", {"file": path.name, "lines": seen["zero"]}))
    return copy, notes


def _pieces(block: bytes) -> Iterator[tuple[bytes, bool]]:
    """Runs of lines, and single lines with bytes that abound in UTF-8 and are rare in Chinese of older encodings."""
    strange = block.translate(STRANGE)
    done = 0
    while (found := strange.find(1, done)) >= 0:
        start = max(block.rfind(b"\n", done, found) + 1, done)
        end = block.find(b"\n", found) + 1 or len(block)
        if start > done:
            yield block[done:start], False
        yield block[start:end], True
        done = end
    if done < len(block):
        yield block[done:], False


def _decoded(line: bytes) -> tuple[str, str]:
    if line.isascii():
        return line.decode("ascii"), "ascii"
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return line.decode("gb18030", errors="replace"), "replaced"


def _look(source: Path, name: str) -> tuple[str, list[list[str]], list[int]]:
    """The delimiter, the first rows, and the line (from 0) on which each of them begins."""
    with source.open(encoding="utf-8-sig", newline="", errors="replace") as stream:
        start = "".join(itertools.islice(_bounded_lines(stream), HEAD_ROWS * 4))
    best: tuple[tuple[int, int], str, list[list[str]], list[int]] | None = None
    for delimiter in DELIMITERS:
        rows, lines = _parsed(start, delimiter)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        score = max((count * width, width) for width, count in widths.items()) if widths else (0, 0)
        if best is None or score > best[0]:
            best = score, delimiter, rows, lines
    if best is None or not best[2]:
        raise Unreadable("feeds.no_table", file=name)
    if not any(any(cell.strip() for cell in row) for row in best[2]):
        raise Unreadable("feeds.no_rows", file=name)
    return best[1], best[2], best[3]


def _bounded_lines(stream: io.TextIOWrapper) -> Iterator[str]:
    while line := stream.readline(LONGEST_CELL):
        yield line


def _parsed(text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    rows, lines, line = [], [], 0
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    csv.field_size_limit(LONGEST_CELL)
    try:
        for row in itertools.islice(reader, HEAD_ROWS):
            rows.append(row)
            lines.append(line)
            line = reader.line_num
    except csv.Error:
        pass
    return rows, lines


def _table(schema: pa.Schema, first: int, columns: list[pa.Array], count: int) -> pa.Table:
    arrays = [pa.repeat(pa.scalar(1, pa.int32()), count), pa.arange(first, first + count)]
    arrays += columns
    arrays += [pa.nulls(count, pa.string())] * (len(schema) - len(arrays))
    return pa.table(arrays, schema=schema)


def _fast(source: Path, out: Path, delimiter: str, head: list[list[str]], lines: list[int], width: int) -> int | None:
    """Write all rows by pyarrow's reader; None when the file is not regular enough for it."""
    begin = next(position for position, row in enumerate(head) if len(row) == width)
    if len(delimiter.encode()) > 1 or width < 2:
        return None
    names = [f"c{position}" for position in range(1, width + 1)]
    read = pacsv.ReadOptions(column_names=names, skip_rows=lines[begin], block_size=4 * BLOCK)
    parse = pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False)
    convert = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        check_utf8=False,  # it is: checked or written by `_as_utf8`
    )
    schema = raw_schema(width + 1)
    try:
        with pq.ParquetWriter(out, schema, **RAW) as writer:
            rows = 0
            if begin:
                rows = _write_rows(writer, schema, iter(head[:begin]), 0, width)
            for batch in pacsv.open_csv(source, read, parse, convert):
                writer.write_table(_table(schema, rows + 1, batch.columns, batch.num_rows))
                rows += batch.num_rows
    except pa.ArrowInvalid:
        return None
    # A quote that does not close swallows lines without a word, and so do, rightly, line breaks within quotes.
    return rows if rows == _lines(source) else None


def _lines(source: Path) -> int:
    lines, last = 0, b""
    for block in _blocks(source):
        lines += block.count(b"\n")
        last = block[-1:]
    return lines + (last != b"\n")


def _careful(source: Path, out: Path, delimiter: str, width: int, notes: list[Problem]) -> int:
    """Write all rows one by one; quotes that do not close are then taken as ordinary characters."""
    schema = raw_schema(width + 1)
    with pq.ParquetWriter(out, schema, **RAW) as writer:
        try:
            return _write_rows(writer, schema, _records(source, delimiter, csv.QUOTE_MINIMAL), 0, width)
        except _OpenQuote as error:
            notes.append(Problem("feeds.open_quote", {"line": error.line}))
    with pq.ParquetWriter(out, schema, **RAW) as writer:
        return _write_rows(writer, schema, _records(source, delimiter, csv.QUOTE_NONE), 0, width)


class _OpenQuote(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _records(source: Path, delimiter: str, quoting: Literal[0, 3]) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL if quoting == csv.QUOTE_MINIMAL else LONGEST_LINE)
    with source.open(encoding="utf-8-sig", newline="", errors="replace") as stream:
        reader = csv.reader(stream, delimiter=delimiter, quoting=quoting, strict=True)
        line = 0
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _OpenQuote(line + 1) from error
            if reader.line_num - line > MOST_NEWLINES:
                raise _OpenQuote(line + 1)
            line = reader.line_num
            yield [cell.strip('"') for cell in row] if quoting == csv.QUOTE_NONE else row


def _write_rows(
    writer: pq.ParquetWriter, schema: pa.Schema, rows: Iterable[list[str]], written: int, width: int
) -> int:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        even = [_even(row, width) for row in chunk]
        columns = [pa.array(column, pa.string()) for column in zip(*even, strict=True)]
        writer.write_table(_table(schema, written + 1, columns, len(chunk)))
        written += len(chunk)
    return written


def _even(row: list[str], width: int) -> list[str | None]:
    """A row of `width` cells and one more, which holds what stands beyond them."""
    beyond = " | ".join(cell for cell in row[width:] if cell.strip()) or None
    cells = [cell or None for cell in row[:width]]
    return [*cells, *([None] * (width - len(cells))), beyond]
