"""Every check has a row that fires it and one that does not, and both are held here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from xianjie.engines import Engine, open_engine
from xianjie.policy import builtin
from xianjie.screening.checks import example_counts, load_checks

BOOK = load_checks([builtin() / "checks"])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(threads=1) as opened:
        yield opened


@pytest.mark.parametrize("check", BOOK.checks, ids=[check.id for check in BOOK])
def test_check_fires_on_its_bad_rows_and_passes_its_good_rows(check, engine, tmp_path) -> None:
    fired = example_counts(engine, BOOK, check, check.fires, tmp_path / "fires.parquet")
    assert fired.not_run == (), fired.not_run[0].reason
    assert fired.findings >= 1, "its own `fires` example gives no finding"
    passed = example_counts(engine, BOOK, check, check.passes, tmp_path / "passes.parquet")
    assert passed.not_run == (), passed.not_run[0].reason
    assert passed.findings == 0, engine.rows("SELECT household_id, person_id, value FROM check_findings")
