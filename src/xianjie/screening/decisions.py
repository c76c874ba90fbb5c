"""What clerks have decided: whose row a doubtful one is, and which of two sources is right.

Both are optional tables of the data folder, written by the web application or by hand: `decisions` and
`settlements`, as .parquet or .csv (UTF-8), all columns text.
"""

from __future__ import annotations

from pathlib import Path

from xianjie.engines import Engine, EngineError, parquet_list, quote_name
from xianjie.messages import UserError
from xianjie.screening.conflicts import SETTLEMENT

DECISION = ("layout", "fingerprint", "person_id", "decided_on", "decided_by")
SHOWN = ("shown_person_id", "shown_score")  # the first candidate and its chance, as the clerk saw them; may be absent
TABLES = {"decisions": DECISION, "settlements": SETTLEMENT}
SUFFIXES = (".parquet", ".csv")


def find_decisions(data: Path) -> dict[str, Path]:
    """The tables of decisions in a data folder. Raises `UserError` when one stands there twice."""
    found: dict[str, Path] = {}
    for table in TABLES:
        paths = [data / f"{table}{suffix}" for suffix in SUFFIXES if (data / f"{table}{suffix}").is_file()]
        if len(paths) > 1:
            raise UserError("screening.table_twice", table=table, one=paths[0].name, other=paths[1].name)
        if paths:
            found[table] = paths[0]
    return found


def open_decisions(engine: Engine, table: str, path: Path) -> None:
    """Make `decisions` or `settlements` of a file, all columns text, empty cells unknown.

    Raises `UserError` when it cannot be read or lacks a column.
    """
    source = (
        f"read_parquet({parquet_list(path)})"
        if path.suffix.lower() == ".parquet"
        else f"read_csv({parquet_list(path)}, all_varchar = true, header = true)"
    )
    try:
        names = engine.result_columns(f"SELECT * FROM {source}")
        if missing := [name for name in TABLES[table] if name not in names]:
            raise UserError("screening.decisions_column", file=path.name, columns="、".join(missing))
        known = [*TABLES[table], *(name for name in SHOWN if table == "decisions" and name in names)]
        columns = ", ".join(f"nullif(trim(CAST({quote_name(name)} AS VARCHAR)), '') AS {name}" for name in known)
        engine.run(f"CREATE OR REPLACE TABLE {table} AS SELECT {columns} FROM {source}")
    except EngineError as error:
        why = (str(error).splitlines() or [""])[0][:120]
        raise UserError("screening.decisions_unreadable", file=path.name, why=why) from error


def count_decisions(engine: Engine) -> dict[str, int]:
    """How many identities are decided on, how many rows that settled, and how many persons are no longer registered."""
    row = engine.rows("""
        SELECT count(DISTINCT (layout, fingerprint)),
               count(DISTINCT (layout, fingerprint)) FILTER (
                   d.person_id IS NOT NULL AND d.person_id NOT IN (SELECT person_id FROM registry))
        FROM decisions d""")[0]
    # A row that a rule finds exact carries no fingerprint.
    rows = engine.value("""
        SELECT count(*) FILTER (tier = 'exact' AND fingerprint IS NOT NULL) + count(*) FILTER (
            tier = 'none' AND fingerprint IN (SELECT fingerprint FROM decisions WHERE person_id IS NULL))
        FROM links""")
    return {"given": int(row[0]), "rows": int(rows), "person_gone": int(row[1])}
