"""The door between the application and the daily job, measured: loading, comparing, writing, taking findings.

    ./run python benchmarks/daily.py --households 60000
    ./run python benchmarks/daily.py --data FOLDER

Each step runs in a process of its own (its peak memory is its own) on a fresh instance; CPU seconds are said beside
wall seconds, for machines that do other work too. Findings are invented: as many a household as a real run gave,
spread by a hash; the next day one in twenty of them is gone and as many are new.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

QUIET = "lambda *_told: None"
STEPS = {
    "load": f"from xianjie.web.daily.loading import load_register as f; f(Path(sys.argv[1]), {QUIET})",
    "load again (compare)": f"from xianjie.web.daily.loading import load_register as f; f(Path(sys.argv[1]), {QUIET})",
    "write the snapshot": "from xianjie.web.daily.snapshot import write_register as f; "
    f"f(county(), Path(os.environ['XIANJIE_HOME']) / 'snapshot', {QUIET})",
    "take the first run's findings": "take(0)",
    "take the next run's findings": "take(1)",
    "first page of findings, of warnings": "pages()",
}
COMMON = """
import os, sys, time, resource, json
from datetime import timedelta
from pathlib import Path
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from xianjie.web.daily.models import Finding, RegisterTable, Run, Warning

def county():
    return RegisterTable.everything.values_list("region_code", flat=True).first()

def take(day):
    from xianjie.engines import open_engine
    from xianjie.screening.policies import open_policy
    from xianjie.web.clock import today
    from xianjie.web.daily.syncing import sync_findings
    from xianjie.web.daily.warnings import sync_warnings
    run = Run.everything.create(region_code=county(), day=today() + timedelta(days=day), state=Run.DONE)
    kinds = list(open_policy().findings.values())
    with open_engine() as engine:
        engine.create_table("kind", {"n": "BIGINT", "finding": "VARCHAR", "grp": "VARCHAR", "departments": "VARCHAR"},
                            [(n, k.name, k.group, ";".join(k.departments)) for n, k in enumerate(kinds)])
        homes = "read_parquet('" + str(Path(sys.argv[1]) / "households.parquet") + "')"
        many = len(kinds)
        engine.write_parquet(
            f"SELECT household_id, region_code, finding, grp, 5 AS score, finding || household_id AS text, "
            f"'{{}}' AS evidence, '' AS causes, departments, '' AS cite FROM {homes}, kind "
            f"WHERE hash(household_id, n) % {many * 100} < 134 AND hash(household_id, n, {day}) % 20 < 20 - {day} "
            f"UNION ALL SELECT household_id, region_code, finding, grp, 5, finding, '{{}}', '', departments, '' "
            f"FROM {homes}, kind WHERE {day} = 1 AND hash(household_id, n) % {many * 100} BETWEEN 134 AND 140 "
            "ORDER BY 1, 3", run.folder / "findings.parquet")
        engine.write_parquet(
            "SELECT household_id, sum(score)::BIGINT AS score, count(*) AS risks "
            f"FROM read_parquet('{run.folder / 'findings.parquet'}') GROUP BY 1", run.folder / "households.parquet")
    begin()
    sync_findings(run)
    sync_warnings(run)
    print(Finding.everything.filter(gone_on__isnull=True).count(), Warning.everything.count(), file=sys.stderr)

def pages():
    from django.test import Client
    from xianjie.web.accounts.models import Grant, User
    user = User.objects.create(username="bench", display_name="bench")
    Grant.objects.create(user=user, role="county", region_code=county())
    client = Client()
    client.force_login(user)
    for url in ("/daily/findings/", "/daily/warnings/"):
        client.get(url)
    begin()
    for url in ("/daily/findings/", "/daily/warnings/"):
        started = time.monotonic()
        assert client.get(url).status_code == 200
        print(url, round((time.monotonic() - started) * 1000), "ms", file=sys.stderr)

def begin():
    global wall, cpu
    wall, cpu = time.monotonic(), time.process_time()

begin()
"""
END = """
print(json.dumps({"wall": time.monotonic() - wall, "cpu": time.process_time() - cpu,
                  "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def step(code: str, data: Path, home: Path) -> dict[str, Any]:
    """Run a step in a process of its own."""
    settings = {
        "DJANGO_SETTINGS_MODULE": "xianjie.web.settings",
        "XIANJIE_HOME": str(home),
        "XIANJIE_TODAY": "2025-10-31",
        "XIANJIE_HOSTS": "testserver",
        "XIANJIE_HTTPS": "0",
    }
    command = [sys.executable, "-c", COMMON + code + END, str(data)]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    sys.stderr.write(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Make the county if none is given, then every step."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--households", type=int, default=12_000)
    options.add_argument("--data", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = given.data
        if data is None:
            from xianjie.synth import synthesise

            data = Path(folder) / "data"
            synthesise(data, households=given.households, seed=1)
        started = time.monotonic()
        print(f"{'step':<40}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}")
        for name, code in STEPS.items():
            told = step(code, data, Path(folder) / "instance")
            print(f"{name:<40}{told['wall']:>10.1f}{told['cpu']:>10.1f}{told['memory']:>10.0f}", flush=True)
        size = (Path(folder) / "instance" / "xianjie.sqlite3").stat().st_size / 1e6
        print(f"database {size:.0f} MB, {time.monotonic() - started:.0f} s in all, load {os.getloadavg()[0]:.1f}")
        print(f"peak of all: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
