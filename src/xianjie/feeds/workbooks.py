"""Excel files, read by a process of their own with limits on memory, time and cells."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from xianjie.feeds.model import Limits, Problem, RawFile, RawSheet, Unreadable

CHILD = Path(__file__).with_name("workbook_child.py")
HEAD_ROWS = 60
# The reader's marks; it imports nothing of the product, so they stand in both files.
LARGE, CARRIED = "\u2062", "\u2063"


def read_workbook(path: Path, out: Path, limits: Limits) -> RawFile:
    """The cells of all visible sheets as text in `out`. Raises `Unreadable`."""
    answer = _ask(path, out, limits)
    if "error" in answer:
        facts = {name: value for name, value in answer.items() if name != "error"}
        raise Unreadable(answer["error"], file=path.name, **facts)
    heads = _heads(out, answer["sheets"])
    sheets = [
        RawSheet(sheet["number"], sheet["name"], heads[sheet["number"]], rows=sheet["rows"])
        for sheet in answer["sheets"]
        if sheet["rows"]
    ]
    notes = [Problem("feeds.hidden_sheet", {"sheet": name}) for name in answer["hidden"]]
    if answer["formulas"]:
        notes.append(Problem("feeds.formulas_uncalculated", {"cells": answer["formulas"]}))
    if not sheets:
        raise Unreadable("feeds.no_rows", file=path.name)
    return RawFile(out, answer["width"], sheets, notes, carried=answer["carried"])


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


def _heads(out: Path, sheets: list[dict[str, Any]]) -> dict[int, list[list[str | None]]]:
    """The first rows of every sheet; each sheet begins a row group of its own."""
    heads: dict[int, list[list[str | None]]] = {sheet["number"]: [] for sheet in sheets}
    file = pq.ParquetFile(out)
    for group in range(file.num_row_groups):
        numbers = file.read_row_group(group, columns=["sheet"]).column(0)
        number = numbers[0].as_py() if len(numbers) else None
        if number is None or heads[number]:
            continue
        table = file.read_row_group(group).slice(0, HEAD_ROWS)
        columns = [column.to_pylist() for column in table.columns[2:]]
        heads[number] = [list(row) for row in zip(*columns, strict=True)]
    return heads
