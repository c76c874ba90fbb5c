"""The 40 rules of policy/ in the rule language: Parquet in, Parquet out.

python benchmarks/rules/run_xianjie.py DATA OUT.parquet
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from population import SCHEMA, TODAY

from xianjie.engines import open_engine
from xianjie.rules import load_policy

RESULTS = [
    "size", "workers", "dependency", "oldest", "income", "medical_spending", "school_spending", "rigid_spending",
    "income_per_head", "below_line", "heavy_spending", "assets_exceed", "line_gap", "dibao_eligible",
    "dibao_supplement", "dibao_amount", "dibao_class", "allowances", "unsafe_house", "guarantee_gap", "uninsured",
    "monitored_kind", "temporary_relief",
]  # fmt: skip


def main(data: Path, out: Path) -> None:
    """Read the population in `data`, write the household results to `out`."""
    policy = load_policy(Path(__file__).parent / "policy", SCHEMA)
    with open_engine() as engine:
        for name in ("households", "persons"):
            engine.view_parquet(name, data / f"{name}.parquet")
        policy.compute(engine, RESULTS, date=date.fromisoformat(TODAY), out=out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
