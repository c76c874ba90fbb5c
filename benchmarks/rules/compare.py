"""Whether result files say the same: a checksum and the number of unknowns of every column, and, against
OpenFisca, which has neither unknowns nor exact money, how far the known values are apart.

    python benchmarks/rules/compare.py exact OURS.parquet OTHER.parquet
    python benchmarks/rules/compare.py near OURS.parquet OPENFISCA.parquet
"""

from __future__ import annotations

import sys
from pathlib import Path

from xianjie.engines import Engine, open_engine, quote_name

MONEY = {
    "income", "medical_spending", "school_spending", "rigid_spending", "income_per_head", "line_gap",
    "dibao_supplement", "dibao_amount", "allowances", "temporary_relief",
}  # fmt: skip


def exact(engine: Engine) -> list[tuple[str, int, bool]]:
    """(column, unknowns, same) of the views `ours` and `other`; the order of rows counts for nothing."""
    found = []
    for column, kind in engine.columns("ours").items():
        value = f"CAST({quote_name(column)} AS {kind})"
        sql = f"SELECT sum(hash(household_id, {value})) AS checksum, count(*) - count({value}) AS unknown FROM "
        (mine,), (theirs,) = (engine.rows(sql + view) for view in ("ours", "other"))
        found.append((column, mine[1], mine == theirs))
    return found


def near(engine: Engine) -> list[tuple[str, int, int, int, float | None]]:
    """(column, values known to us, of these exactly the same, different by more than 1 yuan or at all, greatest
    difference) of the views `ours` and `other`. Money is compared in fen, rounded, at a tolerance of 1 yuan."""
    found = []
    for column, kind in engine.columns("ours").items():
        if column == "household_id":
            continue
        ours, other = f"ours.{quote_name(column)}", f"other.{quote_name(column)}"
        gap = "NULL"
        if column in MONEY:
            gap = f"abs({ours} - CAST(round(CAST({other} AS DOUBLE) * 100) AS BIGINT))"
            same, far = f"{gap} = 0", f"{gap} > 100"
        elif kind == "DOUBLE":
            gap = f"abs({ours} - {other})"
            same, far = f"{gap} = 0", f"{gap} > 1e-6"
        else:
            same = f"{ours} = CAST({other} AS {kind})"
            far = f"NOT ({same})"
        (row,) = engine.rows(
            f"SELECT count({ours}), count_if({same}), count_if({ours} IS NOT NULL AND {far}), max({gap}) "
            "FROM ours JOIN other USING (household_id)"
        )
        found.append((column, *row))
    return found


def main(how: str, ours: Path, other: Path) -> int:
    """Print the comparison; 1 when an exact one finds a difference."""
    with open_engine() as engine:
        engine.view_parquet("ours", ours)
        engine.view_parquet("other", other)
        if how == "near":
            print("| result | known | exactly the same | apart | greatest difference |\n|---|---|---|---|---|")
            for column, known, same, far, gap in near(engine):
                print(f"| {column} | {known} | {same} | {far} | {'' if gap is None else gap} |")
            return 0
        rows = exact(engine)
    for column, unknown, same in rows:
        print(f"{'same     ' if same else 'DIFFERENT'} {column}: {unknown} unknown")
    return 0 if all(same for _, _, same in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
