"""Splink by itself on the benchmark's files, for comparison; runs in an environment of its own (pip install splink).

python linkage_splink.py FOLDER OUT: reads registry.parquet and feed.parquet, writes row_id, tier, person_id.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

FOLDER, OUT = Path(sys.argv[1]), sys.argv[2]
BAR = float(sys.argv[3]) if len(sys.argv) > 3 else 0.5
COLUMNS = "id_no, name, sex, birth, region_code, village_name, phone"


def main() -> None:
    start = time.perf_counter()
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "3GB"})
    birth = "TRY_STRPTIME(replace(birth_date::VARCHAR, '-', '')[:8], '%Y%m%d')::DATE::VARCHAR AS birth"
    sex = "CASE sex WHEN '男' THEN '1' WHEN '女' THEN '2' ELSE sex END AS sex"
    for name, key in (("registry", "person_id"), ("feed", "row_id")):
        file = FOLDER / f"{name}.parquet"
        own = {row[0] for row in connection.sql(f"DESCRIBE SELECT * FROM '{file}'").fetchall()}
        region = "region_code" if "region_code" in own else "NULL::VARCHAR AS region_code"
        connection.execute(
            f"CREATE TABLE {name} AS SELECT {key}::VARCHAR AS unique_id, upper(trim(id_no)) AS id_no, name, {sex}, "
            f"{birth}, {region}, village_name, phone, left(id_no, 14) AS id14, right(id_no, 8) AS id8 FROM '{file}'"
        )
    blocks = [
        block_on("id_no"), block_on("name", "birth"), block_on("name", "village_name"), block_on("name", "phone"),
        block_on("id14"), block_on("id8"),
    ]  # fmt: skip
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.LevenshteinAtThresholds("id_no", [1, 2]),
            cl.LevenshteinAtThresholds("name", 1).configure(term_frequency_adjustments=True),
            cl.ExactMatch("sex"), cl.LevenshteinAtThresholds("birth", 1), cl.ExactMatch("village_name"),
            cl.ExactMatch("phone"),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )  # fmt: skip
    database = DuckDBAPI(connection)
    tables = [database.register(name) for name in ("registry", "feed")]
    linker = Linker(tables, settings, log_level=40)
    linker.training.estimate_probability_two_random_records_match([block_on("id_no", "name")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in (block_on("id_no"), block_on("name", "village_name")):
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    pairs = linker.inference.predict(threshold_match_probability=BAR)
    connection.execute(f"""
        COPY (WITH pair AS (
                SELECT CASE source_dataset_l WHEN 'feed' THEN unique_id_l ELSE unique_id_r END AS row_id,
                    CASE source_dataset_l WHEN 'feed' THEN unique_id_r ELSE unique_id_l END AS person_id, match_weight
                FROM {pairs.physical_name}),
            best AS (
                SELECT * FROM pair
                QUALIFY row_number() OVER (PARTITION BY row_id ORDER BY match_weight DESC, person_id) = 1)
            SELECT f.unique_id::BIGINT AS row_id, person_id,
                CASE WHEN person_id IS NULL THEN 'none' ELSE 'probable' END AS tier
            FROM feed f LEFT JOIN best ON row_id = f.unique_id) TO '{OUT}' (FORMAT parquet)""")
    status = Path("/proc/self/status").read_text()
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time(), "mb": peak, "counts": {}}))


if __name__ == "__main__":
    main()
