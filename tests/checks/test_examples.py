"""Every check has a row that fires it and one that does not, and both are held here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from xianjie.engines import Engine, open_engine
from xianjie.policy import builtin
from xianjie.screening.check_shapes import Check
from xianjie.screening.checks import example_findings, load_checks

BOOK = load_checks([builtin() / "checks"])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(threads=1) as opened:
        yield opened


@pytest.mark.parametrize("check", BOOK.checks, ids=[check.id for check in BOOK])
def test_check_fires_on_its_bad_rows_and_passes_its_good_rows(check: Check, engine: Engine) -> None:
    fired = example_findings(engine, BOOK, check, check.fires)
    assert fired, "its own `fires` example gives no finding"
    assert all(row[0] == check.id and row[4] for row in fired), "a finding names its check and shows evidence"
    assert example_findings(engine, BOOK, check, check.passes) == []
