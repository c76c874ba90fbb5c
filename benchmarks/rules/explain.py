"""How long one household takes to be explained by the plain functions, all rules and steps, in milliseconds.

python benchmarks/rules/explain.py DATA
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import date
from pathlib import Path

from population import SCHEMA, TODAY
from run_xianjie import RESULTS

from xianjie.engines import open_engine
from xianjie.rules import load_policy

SAMPLE = 300


def main(data: Path) -> None:
    """Explain `SAMPLE` households, each once, and print the first, median and slowest time."""
    policy = load_policy(Path(__file__).parent / "policy", SCHEMA)
    with open_engine() as engine:
        for name in ("households", "persons"):
            engine.view_parquet(name, data / f"{name}.parquet")
        households = engine.records(f"SELECT * FROM households ORDER BY household_id LIMIT {SAMPLE}")
        ids = f"SELECT household_id FROM households ORDER BY household_id LIMIT {SAMPLE}"
        persons = engine.records(f"SELECT * FROM persons WHERE household_id IN ({ids}) ORDER BY person_id")
    taken = []
    for household in households:
        household["members"] = [one for one in persons if one["household_id"] == household["household_id"]]
        start = time.perf_counter()
        policy.explain(household, RESULTS, date=date.fromisoformat(TODAY))
        taken.append((time.perf_counter() - start) * 1000)
    print(f"first {taken[0]:.1f} ms, median {statistics.median(taken):.2f} ms, slowest {max(taken):.1f} ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
