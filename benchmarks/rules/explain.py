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
    """Explain `SAMPLE` households, each once; print the times and how many differ from the SQL's results."""
    policy = load_policy(Path(__file__).parent / "policy", SCHEMA)
    with open_engine() as engine:
        for name in ("households", "persons"):
            engine.view_parquet(name, data / f"{name}.parquet")
        households = engine.records(f"SELECT * FROM households ORDER BY household_id LIMIT {SAMPLE}")
        ids = f"SELECT household_id FROM households ORDER BY household_id LIMIT {SAMPLE}"
        persons = engine.records(f"SELECT * FROM persons WHERE household_id IN ({ids}) ORDER BY person_id")
        out = data / "explained.parquet"
        policy.compute(engine, RESULTS, date=date.fromisoformat(TODAY), out=out)
        engine.view_parquet("results", out)
        rows = engine.records(f"SELECT * FROM results WHERE household_id IN ({ids})")
    computed = {row.pop("household_id"): row for row in rows}
    taken, differing = [], 0
    for household in households:
        household["members"] = [one for one in persons if one["household_id"] == household["household_id"]]
        start = time.perf_counter()
        explained = policy.explain(household, RESULTS, date=date.fromisoformat(TODAY))
        taken.append((time.perf_counter() - start) * 1000)
        differing += explained["results"] != computed[household["household_id"]]
    print(f"first {taken[0]:.1f} ms, median {statistics.median(taken):.2f} ms, slowest {max(taken):.1f} ms")
    print(f"{len(taken)} households, {differing} of them with another result than the SQL's")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
