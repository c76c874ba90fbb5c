"""The rule language against hand-written DuckDB SQL and OpenFisca-core: whole processes, from Parquet to Parquet.

    python benchmarks/rules/measure.py --persons 3500000
    python benchmarks/rules/measure.py --persons 20000000 --contenders hand xianjie arrays

Makes the population, an environment for OpenFisca if there is none (`.openfisca-venv`, or OPENFISCA_VENV), runs
the contenders in turn, round after round, so that what else the machine does meets all alike, compares their
results, and prints tables in Markdown. Needs about 80 bytes of disk a person.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import compare
import population
from openfisca_numbers import openfisca_tree

from xianjie.rules import load_policy

HERE = Path(__file__).resolve().parent
# Of the versions tried the one that holds least and is quickest with arrays; rules.md has the newest one too.
OPENFISCA = ("openfisca-core==43.3.9", "numpy==1.26.4", "pyarrow==19.0.1")
CONTENDERS = ("hand", "xianjie", "own", "arrays")


@dataclass
class Times:
    """Seconds of wall clock and of CPU, and the peak of memory in MB, of each run."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)


def openfisca_python(packages: tuple[str, ...]) -> Path:
    """The Python of OpenFisca's environment; makes it when it is not there."""
    place = Path(os.environ.get("OPENFISCA_VENV", HERE.parents[1] / ".openfisca-venv"))
    if not (place / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin" / "python"), "-m", "pip", "install", "-q", *packages], check=True)
    return place / "bin" / "python"


def command(contender: str, data: Path) -> list[str]:
    """How a contender is run; it writes `<contender>.parquet` beside the data."""
    out = str(data / f"{contender}.parquet")
    if contender in ("own", "arrays"):
        return [str(openfisca_python(OPENFISCA)), str(HERE / "run_openfisca.py"), str(data), out, contender]
    script = {"hand": "run_sql.py", "xianjie": "run_xianjie.py"}[contender]
    return [sys.executable, str(HERE / script), str(data), out]


def run(words: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a command to its end: seconds, seconds of CPU, and peak memory in MB of that process alone."""
    start = time.perf_counter()
    process = subprocess.Popen(words, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"failed: {' '.join(words)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def alternate(contenders: list[str], rounds: dict[str, int], data: Path) -> dict[str, Times]:
    """All contenders in turn, the order reversed every other round."""
    times = {contender: Times() for contender in contenders}
    for number in range(max(rounds.values())):
        for contender in contenders if number % 2 == 0 else contenders[::-1]:
            if number < rounds[contender]:
                wall, cpu, peak = run(command(contender, data), environment(data))
                print(f"  round {number + 1} {contender}: {wall:.2f} s, CPU {cpu:.2f} s, {peak:.0f} MB", flush=True)
                times[contender].wall.append(wall)
                times[contender].cpu.append(cpu)
                times[contender].peak.append(peak)
    return times


def warm_up(contenders: list[str], data: Path) -> None:
    """Run everything once on few people, so that bytecode is written, as on any machine after the first run."""
    small = data / "warm-up"
    prepare(small, 5000)
    for contender in contenders:
        run(command(contender, small), environment(data))


def environment(data: Path) -> dict[str, str]:
    """The environment of all contenders: Python keeps its bytecode, in the folder of the data."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(data / "bytecode")}


def prepare(data: Path, persons: int) -> None:
    """Population and OpenFisca's parameter tree."""
    data.mkdir(parents=True, exist_ok=True)
    policy = load_policy(HERE / "policy", population.SCHEMA)
    (data / "numbers.json").write_text(json.dumps(openfisca_tree(policy)), encoding="utf-8")
    # In a process of its own: a child's peak memory begins at what its parent once held.
    words = [sys.executable, str(HERE / "population.py"), str(data), "--persons", str(persons)]
    subprocess.run(words, check=True)


def table(times: dict[str, Times]) -> None:
    """Medians, and the medians of each round's ratios to the hand-written SQL and to Xianjie."""
    print("| | of hand SQL | of Xianjie | seconds | least | CPU seconds | peak MB | runs |")
    print("|---|---|---|---|---|---|---|---|")
    for name, one in times.items():
        ratios = [_ratio(one, times[base]) if base in times else "" for base in ("hand", "xianjie")]
        print(
            f"| {name} | {ratios[0]} | {ratios[1]} | {statistics.median(one.wall):.2f} | {min(one.wall):.2f} "
            f"| {statistics.median(one.cpu):.2f} | {statistics.median(one.peak):.0f} | {len(one.wall)} |"
        )


def _ratio(one: Times, other: Times) -> str:
    return f"{statistics.median(a / b for a, b in zip(one.wall, other.wall, strict=False)):.2f}"


def check(contenders: list[str], data: Path) -> bool:
    """Compare all results with Xianjie's; false when the hand-written SQL differs anywhere."""
    ours, good = data / "xianjie.parquet", True
    for other in contenders:
        if other != "xianjie":
            print(f"\n{other} against xianjie:\n")
            how = "exact" if other == "hand" else "near"
            good &= compare.main(how, ours, data / f"{other}.parquet") == 0
    return good


def main() -> int:
    """Command line; 1 when results differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=3_500_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--openfisca-rounds", type=int, default=3)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--work", type=Path, help="where the data go (default: a folder that is removed)")
    options = parser.parse_args()
    slow = ("own", "arrays")
    rounds = {name: options.openfisca_rounds if name in slow else options.rounds for name in options.contenders}
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        data = Path(folder)
        warm_up(options.contenders, data)
        prepare(data, options.persons)
        times = alternate(options.contenders, rounds, data)
        table(times)
        return 0 if check(options.contenders, data) else 1


if __name__ == "__main__":
    sys.exit(main())
