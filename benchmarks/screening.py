"""Whole `screen` runs on invented counties: time, memory, and the ratio to a plain reading of the same files.

    ./run python benchmarks/screening.py --households 60000 --runs 3
    ./run python benchmarks/screening.py --households 1000000 --runs 1 --write

The floor measured in the same run is what no screening can do without: reading every input file once
(DuckDB for Parquet and CSV, calamine for Excel) and writing the register's tables once as Parquet.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
CORES = os.cpu_count()


def measured(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak memory (MB, largest process) of a command that must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, said = process.communicate()
    seconds = time.monotonic() - started
    if process.returncode not in (0, 1):
        sys.exit(said.decode())
    return seconds, max(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, before) / 1024


FLOOR = """
import sys, pathlib, tempfile
import duckdb, python_calamine
data = pathlib.Path(sys.argv[1])
with tempfile.TemporaryDirectory() as out:
    con = duckdb.connect()
    for path in sorted(data.glob("*.parquet")):
        con.execute(f"COPY (SELECT * FROM '{path}') TO '{out}/{path.name}' (FORMAT parquet, COMPRESSION zstd)")
    for path in sorted((data / "feeds").rglob("*")):
        if path.suffix == ".parquet":
            con.execute(f"COPY (SELECT * FROM '{path}') TO '{out}/x.parquet' (FORMAT parquet, COMPRESSION zstd)")
        elif path.suffix == ".csv":
            text = path.read_bytes()
            for coding in ("utf-8-sig", "gb18030"):
                try:
                    pathlib.Path(out, "x.csv").write_text(text.decode(coding), encoding="utf-8")
                    break
                except UnicodeDecodeError:
                    continue
            how = "all_varchar=true, header=true, null_padding=true, ignore_errors=true"
            rows = f"SELECT * FROM read_csv('{out}/x.csv', {how})"
            con.execute(f"COPY ({rows}) TO '{out}/x.parquet' (FORMAT parquet, COMPRESSION zstd)")
        elif path.suffix == ".xlsx":
            book = python_calamine.CalamineWorkbook.from_path(str(path))
            for name in book.sheet_names:
                book.get_sheet_by_name(name).to_python()
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--households", type=int, default=60_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", default="3GB")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/xianjie-benchmark"))
    parser.add_argument("--write", action="store_true", help="add the result to benchmarks/screening.json")
    arguments = parser.parse_args()
    data = arguments.folder / f"data-{arguments.households}"
    xianjie = [sys.executable, "-m", "xianjie.cli"]
    if not data.exists():
        seconds, memory = measured(
            [*xianjie, "synth", str(data), "--households", str(arguments.households), "--seed", "7"]
        )
        print(f"synth: {seconds:.1f} s, {memory:.0f} MB")
    floors, times, memories = [], [], []
    run = arguments.folder / "run"
    for number in range(arguments.runs):
        floors.append(measured([sys.executable, "-c", FLOOR, str(data)])[0])
        shutil.rmtree(run, ignore_errors=True)
        command = [*xianjie, "screen", str(data), "--out", str(run), "--memory", arguments.memory]
        seconds, memory = measured(command)
        times.append(seconds)
        memories.append(memory)
        print(f"run {number + 1}: screen {seconds:.1f} s, {memory:.0f} MB; floor {floors[-1]:.1f} s")
    steps = {line["step"]: line["seconds"] for line in map(json.loads, (run / "log.jsonl").read_text().splitlines())}
    counts = json.loads((run / "counts.json").read_text())
    result = {
        "households": counts["population"]["households"],
        "persons": counts["population"]["persons"],
        "feed_files": len(counts["feeds"]),
        "feed_rows": sum(feed["rows"] for feed in counts["feeds"]),
        "cores": CORES,
        "runs": arguments.runs,
        "screen_seconds_median": round(statistics.median(times), 1),
        "floor_seconds_median": round(statistics.median(floors), 1),
        "ratio": round(statistics.median(times) / statistics.median(floors), 2),
        "peak_megabytes": round(max(memories)),
        "steps_of_last_run": steps,
    }
    print(json.dumps(result, indent=1))
    if arguments.write:
        kept = HERE / "screening.json"
        all_results = json.loads(kept.read_text()) if kept.exists() else {}
        all_results[str(arguments.households)] = result
        kept.write_text(json.dumps(all_results, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(run, ignore_errors=True)


if __name__ == "__main__":
    main()
