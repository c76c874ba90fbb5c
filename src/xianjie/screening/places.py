"""Names of places by code: a code may stand in the regions' table several times, once for each stretch of its life."""

from __future__ import annotations

from xianjie.engines import Engine, quote_name

MERGERS = 20  # a village merged more often than this in a row is a circle in the table

COLUMNS = ("region_code", "name", "level", "parent_code", "outline")


def current_regions(engine: Engine, table: str) -> str:
    """SQL of the regions, each code once as it stands now; no rows when the data have no such table."""
    if not engine.has(table):
        return f"(SELECT {', '.join(f'CAST(NULL AS VARCHAR) AS {name}' for name in COLUMNS)} WHERE false)"
    return (
        f"(SELECT {', '.join(COLUMNS)} FROM {quote_name(table)} "
        "QUALIFY row_number() OVER (PARTITION BY region_code "
        "ORDER BY valid_to IS NULL DESC, valid_from DESC NULLS LAST, name) = 1)"
    )


def moved_codes(engine: Engine, table: str) -> bool:
    """Make the table `moved_code` (old_code, region_code): each code that holds no longer, and what it has become.

    A village merged twice is followed to its end. Gives whether there is any such code.
    """
    engine.run("CREATE OR REPLACE TABLE moved_code (old_code VARCHAR, region_code VARCHAR)")
    if not engine.has(table):
        return False
    engine.run(f"""
        INSERT INTO moved_code
        WITH RECURSIVE gone AS (
            SELECT region_code, max_by(successor_code, coalesce(valid_from, DATE '0001-01-01')) AS successor_code
            FROM {quote_name(table)} WHERE nullif(successor_code, '') IS NOT NULL AND successor_code <> region_code
                AND region_code NOT IN (SELECT region_code FROM {quote_name(table)}
                    WHERE region_code IS NOT NULL AND nullif(successor_code, '') IS NULL)
            GROUP BY region_code),
        followed AS (
            SELECT region_code AS old_code, successor_code AS region_code, 1 AS step FROM gone
            UNION ALL
            SELECT f.old_code, g.successor_code, step + 1
            FROM followed f JOIN gone g ON g.region_code = f.region_code WHERE step < {MERGERS})
        SELECT old_code, region_code FROM followed WHERE region_code NOT IN (SELECT region_code FROM gone)""")
    return bool(engine.value("SELECT count(*) FROM moved_code"))


def as_now(code: str, moved: bool) -> str:
    """SQL of a region code as it is today; `moved` as `moved_codes` gives it."""
    return f"coalesce((SELECT m.region_code FROM moved_code m WHERE m.old_code = {code}), {code})" if moved else code
