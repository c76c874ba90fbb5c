"""What every engine offers. Adding an engine means writing this class once more, nothing else."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


class EngineError(Exception):
    """The engine refused a statement; `statement` is the SQL that it refused."""

    def __init__(self, message: str, statement: str = "") -> None:
        super().__init__(message)
        self.statement = statement


class Engine(ABC):
    """Runs SQL in one dialect, reads and writes Parquet, within a memory limit.

    `dialect` is the name by which sqlglot knows the SQL that this engine takes.
    """

    dialect: str

    @abstractmethod
    def run(self, sql: str) -> None:
        """Run one or more statements whose result nobody reads."""

    @abstractmethod
    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a small result. For a large one use `stream` or `write_parquet`."""

    @abstractmethod
    def stream(self, sql: str, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a result in lists of at most `size`, without holding it all."""

    @abstractmethod
    def columns(self, relation: str) -> dict[str, str]:
        """Column names and engine types of a table or view, in order."""

    @abstractmethod
    def view_parquet(self, name: str, paths: Path | Sequence[Path]) -> None:
        """Let `name` stand for the rows of one or several Parquet files, read when used."""

    @abstractmethod
    def write_parquet(self, sql: str, path: Path) -> int:
        """Write a query's rows to one Parquet file, in the query's order; gives the number of rows.

        The file appears under its name only when it is whole.
        """

    def write_csv(self, sql: str, path: Path) -> int:
        """Write a query's rows to a CSV file (UTF-8, column names first), in the query's order; gives their number."""
        path.parent.mkdir(parents=True, exist_ok=True)
        count = 0
        with path.open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(self.result_columns(sql))
            for batch in self.stream(sql):
                writer.writerows(batch)
                count += len(batch)
        return count

    @abstractmethod
    def create_table(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Make a table of a few rows that Python holds (parameters, code lists), columns as {name: type}."""

    def interrupt(self) -> None:  # noqa: B027 an engine that cannot is none the worse
        """Break off the statement that another thread is running; it raises `EngineError` there."""

    def sibling(self) -> Engine:
        """Another door to the same tables, for another thread; temporary tables are each one's own."""
        return self

    @abstractmethod
    def close(self) -> None:
        """Release memory and remove spill files."""

    def records(self, sql: str) -> list[dict[str, Any]]:
        """All rows of a small result as dictionaries."""
        names = self.result_columns(sql)
        return [dict(zip(names, row, strict=True)) for row in self.rows(sql)]

    @abstractmethod
    def result_columns(self, sql: str) -> list[str]:
        """Names of a query's columns, without running it."""

    def value(self, sql: str) -> Any:
        """The single value of a one-row, one-column result."""
        return self.rows(sql)[0][0]

    def has(self, relation: str) -> bool:
        """Whether a table or view of this name exists."""
        try:
            self.columns(relation)
        except EngineError:
            return False
        return True

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def quote(value: str) -> str:
    """`value` as an SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def literal(value: Any) -> str:
    """A Python value as an SQL literal: None, bool, int, float, text, date, or a list of these."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).upper()
    if isinstance(value, float):
        return f"CAST({quote(repr(value))} AS DOUBLE)"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return quote(str(value))


def quote_name(name: str) -> str:
    """`name` as an SQL identifier, whatever characters a file's header put into it."""
    return '"' + name.replace('"', '""') + '"'


def parquet_list(paths: Path | Sequence[Path]) -> str:
    """Paths as an SQL list literal for `read_parquet`."""
    many = [paths] if isinstance(paths, Path) else list(paths)
    return "[" + ", ".join(quote(str(path)) for path in many) + "]"
