"""A Spark session, local or a cluster's, or Sail's Spark server. The only module that imports `pyspark`.

PySpark is no dependency of ours: whoever has a cluster has it. `SPARK_REMOTE` (a Spark Connect address)
chooses the server; without it a local session starts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from xianjie.engines.face import Engine, EngineError

# create_table takes DuckDB's type names, because every caller writes them; Spark has its own.
SPARK_TYPES = {"VARCHAR": "string", "BIGINT": "bigint", "DOUBLE": "double", "BOOLEAN": "boolean", "DATE": "date"}


class SparkEngine(Engine):
    """Runs the same SQL as DuckDB, in Spark's dialect, on a Spark session."""

    dialect = "spark"

    def __init__(self) -> None:
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise EngineError("没有安装 pyspark：pip install 'pyspark[connect]'，或改用 --engine duckdb") from error
        builder = SparkSession.builder
        remote = os.environ.get("SPARK_REMOTE")
        if remote:
            self._session = builder.remote(remote).getOrCreate()
        else:
            self._session = (
                builder.master("local[*]").appName("xianjie").config("spark.ui.enabled", "false").getOrCreate()
            )

    def _sql(self, sql: str) -> Any:
        try:
            frame = self._session.sql(sql)
            _ = frame.schema  # Spark Connect answers late: ask now, so that a refusal is told here
            return frame
        except Exception as error:  # Spark and Sail raise many unrelated classes for a refused statement
            raise EngineError(str(error), sql) from error

    def run(self, sql: str) -> None:
        self._sql(sql).collect()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._sql(sql).collect()]

    def stream(self, sql: str, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        batch: list[tuple[Any, ...]] = []
        for row in self._sql(sql).toLocalIterator():
            batch.append(tuple(row))
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    def columns(self, relation: str) -> dict[str, str]:
        return dict(self._sql(f"SELECT * FROM `{relation}` LIMIT 0").dtypes)

    def result_columns(self, sql: str) -> list[str]:
        return list(self._sql(sql).columns)

    def view_parquet(self, name: str, paths: Path | Sequence[Path]) -> None:
        many = [paths] if isinstance(paths, Path) else list(paths)
        self._session.read.parquet(*[str(path) for path in many]).createOrReplaceTempView(name)

    def write_parquet(self, sql: str, path: Path) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = path.with_name(path.name + ".part")
        self._sql(sql).write.mode("overwrite").parquet(str(folder))
        written = self._gather(folder, path)
        shutil.rmtree(folder)
        return written

    @staticmethod
    def _gather(folder: Path, path: Path) -> int:
        """Bring the files that Spark writes, in their order, into the one that everybody else expects."""
        parts = sorted(folder.rglob("*.parquet"))
        whole = path.with_name(path.name + ".whole")
        with pq.ParquetWriter(whole, pq.read_schema(parts[0]), compression="zstd") as writer:
            rows = 0
            for part in parts:
                for batch in pq.ParquetFile(part).iter_batches():
                    writer.write_batch(batch)
                    rows += batch.num_rows
        whole.replace(path)
        return rows

    def create_table(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        schema = ", ".join(f"`{column}` {SPARK_TYPES[kind.upper()]}" for column, kind in columns.items())
        frame = self._session.createDataFrame([tuple(row) for row in rows], schema)
        frame.createOrReplaceTempView(name)

    def close(self) -> None:
        self._session.stop()
