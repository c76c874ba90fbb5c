"""Matching measured on an invented register and feeds with known damage: quality per kind, time and memory.

python benchmarks/linkage.py [--persons 220000] [--rows 400000] [--seed 1] [--report benchmarks/linkage.md]
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from linkage_county import TODAY, County, Feeds


def write(folder: Path, county: County, feeds: Feeds) -> None:
    pq.write_table(pa.Table.from_pylist(county.persons), folder / "registry.parquet")
    schema = pa.schema([(c, pa.int64() if c == "row_id" else pa.string()) for c in feeds.rows[0]])
    table = pa.Table.from_pylist(feeds.rows, schema)
    pq.write_table(table.drop_columns(["kind", "truth"]), folder / "feed.parquet")
    pq.write_table(table.select(["row_id", "kind", "truth"]), folder / "truth.parquet")


def run_here(method: str, folder: Path, threads: int, limit: str) -> None:
    """In a process of its own: do one method, print seconds and peak memory."""
    from xianjie.engines import open_engine
    from xianjie.linkage import link

    start = time.perf_counter()
    counts: dict[str, int] = {}
    with open_engine(memory_limit=limit, threads=threads) as engine:
        engine.view_parquet("registry", folder / "registry.parquet")
        engine.view_parquet("feed", folder / "feed.parquet")
        out = folder / f"{method}.parquet"
        if method == "link":
            counts = link(engine, "registry", "feed", out, as_of=TODAY).as_dict()
        else:
            engine.write_parquet(
                "SELECT row_id, CASE WHEN person_id IS NULL THEN 'none' ELSE 'exact' END AS tier, person_id "
                "FROM feed LEFT JOIN "
                "(SELECT id_no, min(person_id) AS person_id FROM registry GROUP BY id_no) USING (id_no)",
                out,
            )
    peak = int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024
    print(
        json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time(), "mb": peak, "counts": counts})
    )


def measure(method: str, folder: Path, arguments: argparse.Namespace) -> dict:
    command = [
        sys.executable,
        __file__,
        "--method",
        method,
        "--folder",
        str(folder),
        "--threads",
        str(arguments.threads),
        "--limit",
        arguments.limit,
    ]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def quality(method: str, folder: Path) -> list[tuple]:
    """Per kind: rows, decided, right, in review, right among the first three candidates of review."""
    from xianjie.engines import open_engine

    with open_engine() as engine:
        engine.view_parquet("truth", folder / "truth.parquet")
        engine.view_parquet("links", folder / f"{method}.parquet")
        shown = "0"
        if method == "link":
            engine.view_parquet("candidates", folder / "link.candidates.parquet")
            listed = "FROM candidates c WHERE c.row_id = t.row_id AND c.person_id = truth AND rank <= 3"
            shown = f"count(*) FILTER (tier = 'review' AND EXISTS ({listed}))"
        return engine.rows(f"""
            SELECT coalesce(kind, 'all') AS kind, count(*) AS rows, count(truth) AS known, count(person_id) AS decided,
                count(*) FILTER (person_id = truth) AS right,
                count(*) FILTER (tier = 'review') AS review, {shown} AS shown
            FROM truth t JOIN links USING (row_id) GROUP BY ROLLUP (kind) ORDER BY kind = 'all', kind""")


HEADLINE = ("method", "precision", "recall", "F1", "review", "seconds", "CPU seconds", "peak MB")
BY_KIND = (
    "kind of row", "rows", "precision", "recall", "F1", "wrong", "review", "decided or in review's first three",
    "F1 of the join",
)  # fmt: skip


def line(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def header(cells: tuple[str, ...]) -> list[str]:
    return ["", line(*cells), line(*["---"] * len(cells))]


def section(clean: float, results: dict[str, dict], tables: dict[str, list[tuple]]) -> list[str]:
    """One feed's results: both methods in one line each, then every kind of row."""
    lines = [f"## {clean:.0%} of the registered rows without damage, {tables['link'][-1][1]:,} rows", *header(HEADLINE)]
    for method, label in (("join", "join on the ID as given"), ("link", "xianjie link")):
        _, rows, known, decided, right, review, _ = tables[method][-1]
        quality_cells = [f"{right / decided:.5f}", f"{right / known:.4f}", f"{2 * right / (decided + known):.4f}"]
        cost = results[method]
        lines.append(
            line(label, *quality_cells, f"{review / rows:.2%}", *(f"{cost[c]:.1f}" for c in ("seconds", "cpu", "mb")))
        )
    tiers = ", ".join(f"{tier} {count:,}" for tier, count in results["link"]["counts"].items())
    lines += ["", f"Tiers: {tiers}", *header(BY_KIND)]
    joined = {row[0]: row for row in tables["join"]}
    for kind, rows, known, decided, right, review, shown in tables["link"]:
        if known:
            _, _, _, join_decided, join_right, _, _ = joined[kind]
            rates = (right / max(decided, 1), right / known, 2 * right / (decided + known))
            found, join_f1 = (right + shown) / known, 2 * join_right / (join_decided + known)
            cells = [*(f"{rate:.4f}" for rate in rates), decided - right, f"{review / rows:.1%}", f"{found:.4f}"]
            lines.append(line(kind, f"{rows:,}", *cells, f"{join_f1:.3f}"))
        else:
            wrong = f"{decided} ({decided / rows:.2%})"
            lines.append(line(kind, f"{rows:,}", "", "", "", wrong, f"{review / rows:.1%}", "", ""))
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--persons", type=int, default=220_000)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--clean", type=float, nargs="+", default=[0.6, 0.95], help="registered rows without damage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", default="3GB")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--keep", type=Path, help="write the invented files here and leave them")
    parser.add_argument("--method", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.method:
        run_here(arguments.method, arguments.folder, arguments.threads, arguments.limit)
        return
    clean = " ".join(str(share) for share in arguments.clean)
    chosen = f"--persons {arguments.persons} --rows {arguments.rows} --clean {clean} --seed {arguments.seed}"
    lines = [
        "# Matching, measured", "", f"Command: `python benchmarks/linkage.py {chosen}`", "",
        f"{arguments.persons:,} invented persons; 12 % of the rows are about people who are not registered. Time",
        "is from opening the Parquet files to links written, engine start included, on",
        f"{arguments.threads} threads; the join runs in the same way beside it.", "",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        county = County(arguments.persons, arguments.seed)
        for clean in arguments.clean:
            write(folder, county, Feeds(county, arguments.rows, clean))
            results = {method: measure(method, folder, arguments) for method in ("join", "link")}
            lines += section(clean, results, {method: quality(method, folder) for method in results})
    text = "\n".join(lines)
    print(text)
    if arguments.report:
        arguments.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
