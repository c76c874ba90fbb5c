"""Matching measured on an invented register and feeds with known damage: quality per kind, time and memory.

python benchmarks/linkage.py [--persons 220000] [--rows 400000] [--seed 1] [--county first plain apart unseen]
    [--splink PYTHON] [--report benchmarks/linkage.md]
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import linkage_towns
import pyarrow as pa
import pyarrow.parquet as pq
from linkage_county import TODAY, County, Feeds


def write(folder: Path, county: County | linkage_towns.County, feeds: Feeds | linkage_towns.Feeds) -> None:
    pq.write_table(pa.Table.from_pylist(county.written()), folder / "registry.parquet")
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
    here = [
        "--method",
        method,
        "--folder",
        str(folder),
        "--threads",
        str(arguments.threads),
        "--limit",
        arguments.limit,
    ]
    command = [sys.executable, __file__, *here]
    if method == "splink":
        script = str(Path(__file__).with_name("linkage_splink.py"))
        command = [str(arguments.splink), script, str(folder), str(folder / "splink.parquet")]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


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


LABELS = {"join": "join on the ID as given", "splink": "Splink alone", "link": "xianjie link"}


def section(title: str, results: dict[str, dict], tables: dict[str, list[tuple]]) -> list[str]:
    """One feed's results: each method in one line, then every kind of row, then what chances came true."""
    lines = [f"## {title}, {tables['link'][-1][1]:,} rows", *header(HEADLINE)]
    for method, cost in results.items():
        _, rows, known, decided, right, review, _ = tables[method][-1]
        quality_cells = [f"{right / decided:.5f}", f"{right / known:.4f}", f"{2 * right / (decided + known):.4f}"]
        costs = (f"{cost[c]:.1f}" for c in ("seconds", "cpu", "mb"))
        lines.append(line(LABELS[method], *quality_cells, f"{review / rows:.2%}", *costs))
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
    return lines


BINS = (0, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99, 1.01)


def came_true(folder: Path) -> list[str]:
    """Of the rows that no rule decides: how often the first candidate was right, by the chance it was given."""
    from xianjie.engines import open_engine

    lines = header(("chance given", "rows", "mean chance", "came true"))
    with open_engine() as engine:
        for name in ("truth", "link", "link.candidates"):
            engine.view_parquet(name.replace(".", "_"), folder / f"{name}.parquet")
        for low, high in pairwise(BINS):
            rows, mean, right = engine.rows(f"""
                SELECT count(*), avg(chance), avg((first = truth)::INTEGER) FROM (
                    SELECT l.score AS chance, coalesce(l.person_id, c.person_id) AS first, coalesce(truth, '') AS truth
                    FROM link l JOIN truth USING (row_id)
                    LEFT JOIN link_candidates c ON c.row_id = l.row_id AND rank = 1
                    WHERE tier IN ('probable', 'review') AND l.score >= {low} AND l.score < {high})""")[0]
            if rows:
                lines.append(line(f"{low}–{min(high, 1)}", rows, f"{mean:.3f}", f"{right:.3f}"))
    return lines


def counties(
    arguments: argparse.Namespace,
) -> Iterator[tuple[str, County | linkage_towns.County, Feeds | linkage_towns.Feeds]]:
    """Title, register and feed of each measurement asked for."""
    for name in arguments.county:
        if name == "first":
            county = County(arguments.persons, arguments.seed)
            for clean in arguments.clean:
                yield f"First county, {clean:.0%} without damage", county, Feeds(county, arguments.rows, clean)
        else:
            towns = linkage_towns.County(arguments.persons, arguments.seed, name)
            yield f"Second county, {name}", towns, linkage_towns.Feeds(towns, arguments.rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--persons", type=int, default=220_000)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--clean", type=float, nargs="+", default=[0.6, 0.95], help="registered rows without damage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--county", nargs="+", default=["first", "plain", "apart", "unseen"], help="first, or a variant of the second"
    )
    parser.add_argument("--splink", type=Path, help="the Python of an environment that has Splink")
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
    chosen = " ".join(
        word for word in sys.argv[1:] if "/" not in word and not word.startswith(("--report", "--splink"))
    )
    lines = [
        "# Matching, measured", "", f"Command: `python benchmarks/linkage.py {chosen}`", "",
        f"{arguments.persons:,} invented persons. Time is from opening the Parquet files to links written, engine",
        f"start included, on {arguments.threads} threads; all methods run in the same way beside each other.", "",
    ]  # fmt: skip
    methods = ["join", *(["splink"] if arguments.splink else []), "link"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for title, county, feeds in counties(arguments):
            write(folder, county, feeds)
            results = {method: measure(method, folder, arguments) for method in methods}
            lines += section(title, results, {method: quality(method, folder) for method in methods})
            lines += [*came_true(folder), ""]
    text = "\n".join(lines)
    print(text)
    if arguments.report:
        arguments.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
