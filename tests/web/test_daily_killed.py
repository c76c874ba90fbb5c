"""A worker killed in the middle of a run: the next one goes on in the same folder, and every finding is there once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

SET_UP = """
import sys
import django
django.setup()
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # tables straight from the models
call_command("migrate", run_syncdb=True, verbosity=0)
from pathlib import Path
from tests.web import daily_county as place
from xianjie.web.clock import today
from xianjie.web.daily.runs import start_run
data = Path(sys.argv[1])
county = place.load(data)
from xianjie.web.intake.services import Offer, receive_from_folder
from xianjie.web.jobs.services import run_next
[path] = (data / "feeds").rglob("illnesses-*")
receive_from_folder(Offer(county, "illnesses", today(), path.name), [path.read_bytes()])
run_next("test")
start_run(county)
"""
WORK = """
import json
import django
django.setup()
from xianjie.web.daily.models import Finding, Run, Warning
from xianjie.web.jobs.services import run_next, worker_name
job = run_next(worker_name())
run = Run.everything.get()
feeds = run.counts["feeds"]
print(json.dumps({"job": job.state, "error": job.error, "attempts": job.attempts, "run": run.state,
                  "feeds": [[one["layout"], one["rows"]] for one in feeds],
                  "found": run.counts["sync"], "stored": Finding.everything.count(),
                  "warnings": [run.counts["warnings"]["raised"], Warning.everything.count()]}))
"""


def test_a_killed_run_goes_on_in_its_folder(county: Path, tmp_path: Path) -> None:
    """With one file delivered: what is asked is whether the pieces fit, not how much there is."""
    data, home = tmp_path / "data", tmp_path / "home"
    shutil.copytree(county, data, ignore=shutil.ignore_patterns("feeds", "truth"))
    shutil.copytree(county / "feeds" / "health", data / "feeds" / "health")
    settings = {"DJANGO_SETTINGS_MODULE": "tests.web.settings", "XIANJIE_HOME": str(home)}
    environment = {**os.environ, **settings, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("DATABASE_URL", None)

    def python(code: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, str(data)]
        return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE)

    assert python(SET_UP).wait(120) == 0
    first = python(WORK)
    steps, begun = home / "runs" / "629901000000" / "000001" / "out" / "work" / "steps", time.monotonic()
    while not (steps / "link.json").exists():
        assert time.monotonic() - begun < 60 and first.poll() is None
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    marks = {path.name: path.stat().st_mtime_ns for path in steps.glob("*.json")}
    assert not (steps.parents[1] / "counts.json").exists()
    second = python(WORK)
    output, _errors = second.communicate(timeout=120)
    told = json.loads(output.splitlines()[-1])
    assert (told["job"], told["run"], told["attempts"]) == ("done", "done", 2), told["error"]
    assert {name: (steps / name).stat().st_mtime_ns for name in marks} == marks, "a finished step was done again"
    assert [layout for layout, rows in told["feeds"] if rows] == ["illnesses"], "what was delivered was not laid in"
    assert told["found"]["new"] == told["stored"] > 0
    assert told["warnings"][0] == told["warnings"][1] > 0
