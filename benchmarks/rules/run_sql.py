"""The hand-written SQL of `hand.sql`, run by DuckDB alone: Parquet in, Parquet out.

python benchmarks/rules/run_sql.py DATA OUT.parquet
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def main(data: Path, out: Path) -> None:
    """Read the population in `data`, write the household results to `out`."""
    sql = (Path(__file__).parent / "hand.sql").read_text(encoding="utf-8")
    for name in ("households", "persons"):
        sql = sql.replace("{" + name + "}", str(data / f"{name}.parquet"))
    duckdb.execute(f"COPY ({sql}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
