"""Engines that run SQL over whole populations, behind one small face.

Nothing outside this room imports DuckDB or Spark. `open_engine` gives an `Engine`; SQL text, Parquet
files and plain tuples are all that crosses the door.
"""

from xianjie.engines.face import Engine, EngineError, parquet_list, quote, quote_name
from xianjie.engines.opening import open_engine

__all__ = ["Engine", "EngineError", "open_engine", "parquet_list", "quote", "quote_name"]
