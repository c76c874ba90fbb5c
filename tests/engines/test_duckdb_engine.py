"""What every room relies on from the default engine."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from xianjie.engines import EngineError, open_engine, quote, quote_name


def test_rows_written_to_parquet_are_read_back_in_their_order(tmp_path: Path) -> None:
    with open_engine(temp_folder=tmp_path) as engine:
        path = tmp_path / "out" / "numbers.parquet"
        written = engine.write_parquet("SELECT 1000 - range AS n FROM range(1000) ORDER BY n", path)
        engine.view_parquet("numbers", path)
        assert written == 1000
        assert [row[0] for row in engine.rows("SELECT n FROM numbers")] == list(range(1, 1001))


def test_the_same_query_writes_the_same_bytes(tmp_path: Path) -> None:
    query = "SELECT range AS n, 'x' || range AS text FROM range(200000) ORDER BY n"
    files = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path in files:
        with open_engine(temp_folder=tmp_path) as engine:
            engine.write_parquet(query, path)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_file_appears_only_whole(tmp_path: Path) -> None:
    path = tmp_path / "broken.parquet"
    with open_engine(temp_folder=tmp_path) as engine, pytest.raises(EngineError):
        engine.write_parquet("SELECT CAST('x' || range AS INTEGER) FROM range(10)", path)
    assert not path.exists()


def test_spill_files_are_gone_after_closing(tmp_path: Path) -> None:
    with open_engine(temp_folder=tmp_path, memory_limit="200MB") as engine:
        engine.run("CREATE TABLE big AS SELECT range AS n, repeat('x', 200) AS text FROM range(2000000)")
        assert any(tmp_path.iterdir())
    assert not any(tmp_path.iterdir())


def test_streaming_gives_every_row_once_in_batches(tmp_path: Path) -> None:
    with open_engine(temp_folder=tmp_path) as engine:
        batches = list(engine.stream("SELECT range FROM range(25) ORDER BY 1", size=10))
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert [row[0] for batch in batches for row in batch] == list(range(25))


def test_a_table_of_python_values_keeps_types_and_nulls(tmp_path: Path) -> None:
    day = datetime.date(2025, 10, 31)
    with open_engine(temp_folder=tmp_path) as engine:
        engine.create_table("t", {"a": "BIGINT", "b": "DATE", "c": "VARCHAR"}, [(1, day, "x"), (None, None, None)])
        assert engine.rows("SELECT * FROM t ORDER BY a NULLS LAST") == [(1, day, "x"), (None, None, None)]
        assert engine.columns("t") == {"a": "BIGINT", "b": "DATE", "c": "VARCHAR"}
        assert engine.has("t")
        assert not engine.has("nothing")


@pytest.mark.parametrize("text", ["plain", "it's", 'a "quoted" word', "列名（元）", "a; DROP TABLE t"])
def test_quoting_keeps_any_text_a_value_or_a_name(text: str, tmp_path: Path) -> None:
    with open_engine(temp_folder=tmp_path) as engine:
        assert engine.value(f"SELECT {quote(text)}") == text
        assert engine.result_columns(f"SELECT 1 AS {quote_name(text)}") == [text]


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(EngineError, match="oracle"):
        open_engine("oracle")
