"""Whether Spark SQL gives what DuckDB and plain Python give, on random rules over random households.

    pip install pysail 'pyspark[connect]'      in an environment of its own, with our requirements.in
    PYTHONPATH=src:. python benchmarks/spark_equality.py [--rules N] [--seed S] [--pyspark]

Runs on Sail's Spark server, which it starts in this process; with --pyspark on a local PySpark session
(needs Java); with SPARK_REMOTE set, on that server. Ends with 1 if any value differs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.rules.small_world import PARAMETERS, SCHEMA, TODAY, RandomRules, load_tables, random_households
from xianjie.engines import Engine, open_engine
from xianjie.rules import Policy, Refused, load_policy


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rules", type=int, default=100, help="number of random policies of six rules")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--pyspark", action="store_true", help="a local PySpark session instead of Sail")
    chosen = options.parse_args()
    server = None
    if not chosen.pyspark and "SPARK_REMOTE" not in os.environ:
        from pysail.spark import SparkConnectServer

        server = SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
        os.environ["SPARK_REMOTE"] = f"sc://127.0.0.1:{server.listening_address[1]}"
    households = random_households(Random(chosen.seed), 60)
    started = time.perf_counter()
    with open_engine("duckdb") as duck, open_engine("spark") as spark:
        load_tables(duck, households)
        load_tables(spark, households)
        print(f"engines ready in {time.perf_counter() - started:.1f} s")
        policies = values = different = 0
        for seed in range(chosen.seed, chosen.seed + chosen.rules):
            policy = random_policy(seed)
            if policy is None:
                continue
            policies += 1
            checked, wrong = compare(policy, duck, spark, seed)
            values, different = values + checked, different + wrong
    if server is not None:
        server.stop()
    print(f"{policies} policies, {values} values, {different} different, {time.perf_counter() - started:.0f} s")
    return 1 if different else 0


def random_policy(seed: int) -> Policy | None:
    """Six random rules, or None where the generator wrote what the language refuses."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "rules.py").write_text(RandomRules(Random(seed)).write(6), encoding="utf-8")
        Path(folder, "numbers.yaml").write_text(PARAMETERS, encoding="utf-8")
        try:
            return load_policy(Path(folder), SCHEMA)
        except Refused:
            return None


def compare(policy: Policy, duck: Engine, spark: Engine, seed: int) -> tuple[int, int]:
    """Values checked, and values that differ (printed)."""
    checked = wrong = 0
    for entity in ("household", "person"):
        names = [info.name for info in policy.rules(entity)]
        if not names:
            continue
        missing = entity == "household"
        results = [
            policy.compute(engine, names, date=TODAY, entity=entity, missing=missing) for engine in (duck, spark)
        ]
        assert isinstance(results[0], list) and isinstance(results[1], list)
        for mine, other in zip(*results, strict=True):
            for name, value in mine.items():
                checked += 1
                if value != other[name] or type(value) is not type(other[name]):
                    wrong += 1
                    print(f"seed {seed}: {name}: {value!r} on DuckDB, {other[name]!r} on Spark")
    return checked, wrong


if __name__ == "__main__":
    sys.exit(main())
