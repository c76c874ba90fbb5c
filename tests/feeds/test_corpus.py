"""Bad files: a clear message or quarantine, never a traceback, in bounded time and memory."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest
from corpus import CASES, LAYOUT, Case

from xianjie.engines import open_engine, quote
from xianjie.feeds import FeedReading, read_feed, read_layouts

MEMORY_MB = 3_000
SECONDS = 60


def remarks_of(reading: FeedReading) -> str:
    with open_engine(threads=1) as engine:
        found = engine.rows(f"SELECT string_agg(remarks, '/') FROM read_parquet({quote(str(reading.parquet))})")
    return found[0][0] or ""


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_bad_file_gives_a_message_or_quarantine(case: Case, tmp_path: Path) -> None:
    path = tmp_path / f"medical_bills-20240305{case.ending}"
    case.make(path)
    started = time.monotonic()
    reading = read_feed(path, read_layouts()[LAYOUT], tmp_path / "out")
    assert time.monotonic() - started < SECONDS
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < MEMORY_MB * 1000
    if case.problem:
        assert reading.problem is not None
        assert reading.problem.code == case.problem
        assert path.name in reading.problem.text
        assert reading.parquet is None
        return
    assert reading.problem is None, reading.problem.text
    counts = reading.counts
    found = remarks_of(reading)
    assert (counts.accepted, counts.repaired, counts.rejected) == case.rows, found
    apart = (counts.blank, counts.header, counts.totals, counts.notes, counts.unread)
    assert counts.read == counts.rows + sum(apart)
    assert {note.code for note in reading.notes} >= set(case.notes), [note.text for note in reading.notes]
    assert all(note.text for note in reading.notes)
    for piece in case.remarks:
        assert piece in found
    for name, number in case.apart.items():
        assert getattr(counts, name) == number


def test_corpus_is_large_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
