from __future__ import annotations

from collections.abc import Iterator

import pytest

from xianjie.engines import Engine, open_engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(threads=2) as opened:
        yield opened
