"""Choosing an engine by name."""

from __future__ import annotations

from pathlib import Path

from xianjie.engines.duck import DuckEngine
from xianjie.engines.face import Engine, EngineError

ENGINES = ("duckdb", "spark")


def open_engine(
    name: str = "duckdb",
    *,
    memory_limit: str | None = None,
    temp_folder: Path | None = None,
    threads: int | None = None,
) -> Engine:
    """Open an engine; `memory_limit` as "3GB". Raises `EngineError` when it is unknown or not installed."""
    if name == "duckdb":
        return DuckEngine(memory_limit=memory_limit, temp_folder=temp_folder, threads=threads)
    if name == "spark":
        from xianjie.engines.spark import SparkEngine

        return SparkEngine()
    raise EngineError(f"unknown engine {name}: one of {', '.join(ENGINES)}")
