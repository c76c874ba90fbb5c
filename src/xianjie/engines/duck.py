"""DuckDB in this process: the default engine. The only module that imports `duckdb`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import duckdb

from xianjie.engines.face import Engine, EngineError, literal, parquet_list, quote, quote_name

INSERT_ROWS = 1000


class DuckEngine(Engine):
    """One DuckDB connection with a memory limit and a spill folder of its own.

    A killed DuckDB leaves its spill files behind, so the folder is made per engine and removed on close.
    """

    dialect = "duckdb"

    def __init__(
        self,
        memory_limit: str | None = None,
        temp_folder: Path | None = None,
        threads: int | None = None,
        database: Path | None = None,
    ) -> None:
        parent = temp_folder or Path(tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        self._spill = Path(tempfile.mkdtemp(prefix="xianjie-spill-", dir=parent))
        settings: dict[str, Any] = {
            "temp_directory": str(self._spill),
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if memory_limit:
            settings["memory_limit"] = memory_limit
        if threads:
            settings["threads"] = threads
        self._connection = duckdb.connect(str(database) if database else ":memory:", config=settings)
        self._siblings: list[DuckEngine] = []

    def run(self, sql: str) -> None:
        self._execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._execute(sql).fetchall()

    def stream(self, sql: str, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql)
            while batch := cursor.fetchmany(size):
                yield batch
        except duckdb.Error as error:
            raise EngineError(str(error), sql) from error
        finally:
            cursor.close()

    def columns(self, relation: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.rows(f"DESCRIBE {quote_name(relation)}")}

    def result_columns(self, sql: str) -> list[str]:
        return [row[0] for row in self.rows(f"DESCRIBE {sql}")]

    def view_parquet(self, name: str, paths: Path | Sequence[Path]) -> None:
        self.run(
            f"CREATE OR REPLACE VIEW {quote_name(name)} AS "
            f"SELECT * FROM read_parquet({parquet_list(paths)}, union_by_name=true)"
        )

    def write_parquet(self, sql: str, path: Path) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        written = self.rows(f"COPY ({sql}) TO {quote(str(part))} (FORMAT parquet, COMPRESSION zstd)")[0][0]
        part.replace(path)
        return int(written)

    def write_csv(self, sql: str, path: Path) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        return int(self.rows(f"COPY ({sql}) TO {quote(str(path))} (FORMAT csv, HEADER true)")[0][0])

    def create_table(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        declared = ", ".join(f"{quote_name(column)} {kind}" for column, kind in columns.items())
        self.run(f"CREATE OR REPLACE TABLE {quote_name(name)} ({declared})")
        # Literals rather than parameters: the client looks for numpy and pandas anew for every parameter.
        values = [f"({', '.join(map(literal, row))})" for row in rows]
        for start in range(0, len(values), INSERT_ROWS):
            self.run(f"INSERT INTO {quote_name(name)} VALUES {', '.join(values[start : start + INSERT_ROWS])}")

    def interrupt(self) -> None:
        for one in (self, *self._siblings):
            one._connection.interrupt()

    def sibling(self) -> Engine:
        twin = copy(self)
        twin._connection, twin._siblings = self._connection.cursor(), []
        self._siblings.append(twin)
        return twin

    def close(self) -> None:
        for one in self._siblings:
            one._connection.close()
        self._connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def _execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql)
        except duckdb.Error as error:
            raise EngineError(str(error), sql) from error
