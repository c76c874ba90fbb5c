"""Excel files, read by a process of their own with limits on memory, time and cells."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from xianjie.feeds.model import RAW, Limits, Problem, RawFile, RawSheet, Unreadable, raw_schema

CHILD = Path(__file__).with_name("workbook_child.py")
BLOCK = 4 << 20
LONGEST_ROW = 16 << 20
# The reader's marks; it imports nothing of the product, so they stand in both files.
LARGE, CARRIED = "\u2062", "\u2063"


def read_workbook(path: Path, out: Path, limits: Limits) -> RawFile:
    """The cells of all visible sheets as text in `out`. Raises `Unreadable`."""
    rows = out.with_suffix(".rows")
    try:
        answer = _ask(path, rows, limits)
        if "error" in answer:
            facts = {name: value for name, value in answer.items() if name != "error"}
            raise Unreadable(answer["error"], file=path.name, **facts)
        sheets = [
            RawSheet(sheet["number"], sheet["name"], sheet["head"], rows=sheet["rows"])
            for sheet in answer["sheets"]
            if sheet["rows"]
        ]
        if not sheets:
            raise Unreadable("feeds.no_rows", file=path.name)
        if answer["longest"] > LONGEST_ROW:
            raise Unreadable("feeds.too_heavy", file=path.name)
        _write_raw(rows, out, answer["width"], answer["longest"])
    finally:
        rows.unlink(missing_ok=True)
    notes = [Problem("feeds.hidden_sheet", {"sheet": name}) for name in answer["hidden"]]
    if answer["formulas"]:
        notes.append(Problem("feeds.formulas_uncalculated", {"cells": answer["formulas"]}))
    return RawFile(out, answer["width"], sheets, notes, carried=answer["carried"])


def _write_raw(rows: Path, out: Path, width: int, longest: int) -> None:
    """Make Parquet of the reader's rows."""
    schema = raw_schema(width)
    read = pacsv.ReadOptions(column_names=schema.names, block_size=max(BLOCK, 8 * longest))
    convert = pacsv.ConvertOptions(
        column_types=schema,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    parse = pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
    with pq.ParquetWriter(out, schema, **RAW) as writer, pacsv.open_csv(rows, read, parse, convert) as batches:
        for batch in batches:
            writer.write_batch(batch)


def _ask(path: Path, out: Path, limits: Limits) -> dict[str, Any]:
    command = [sys.executable, "-I", str(CHILD), str(path), str(out), json.dumps(asdict(limits))]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=limits.reader_seconds, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("feeds.too_slow", file=path.name, seconds=limits.reader_seconds) from error
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        # The reader died: out of memory or on a far-off cell it aborts, and has nothing more to say.
        raise Unreadable("feeds.too_heavy", file=path.name) from error
    return answer
