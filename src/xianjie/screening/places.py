"""Names of places by code: a code may stand in the regions' table several times, once for each stretch of its life."""

from __future__ import annotations

from xianjie.engines import Engine, quote_name

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
