"""A process killed in the middle of a load or a run: the next one finishes it, and everything is there once."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.web import daily_county as place
from tests.web.conftest import environment_of
from xianjie.synth import synthesise

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county of its own, so that these tests need not wait for those that share the large one."""
    folder = tmp_path_factory.mktemp("small") / "data"
    synthesise(folder, households=80, seed=5)
    return folder


SET_UP = """
import sys
import django
django.setup()
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


def test_a_killed_run_goes_on_in_its_folder(small: Path, tmp_path: Path, home: Path) -> None:
    """With one file delivered: what is asked is whether the pieces fit, not how much there is."""
    data = tmp_path / "data"
    shutil.copytree(small, data, ignore=shutil.ignore_patterns("feeds", "truth"))
    shutil.copytree(small / "feeds" / "health", data / "feeds" / "health")

    def python(code: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, str(data)]
        return subprocess.Popen(command, env=environment_of(home), text=True, stdout=subprocess.PIPE)

    assert python(SET_UP).wait(600) == 0
    first = python(WORK)
    steps, begun = home / "runs" / "629901000000" / "000001" / "out" / "work" / "steps", time.monotonic()
    while not (steps / "link.json").exists():
        assert time.monotonic() - begun < 300 and first.poll() is None
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    marks = {path.name: path.stat().st_mtime_ns for path in steps.glob("*.json")}
    assert not (steps.parents[1] / "counts.json").exists()
    second = python(WORK)
    output, _errors = second.communicate(timeout=600)
    told = json.loads(output.splitlines()[-1])
    assert (told["job"], told["run"], told["attempts"]) == ("done", "done", 2), told["error"]
    assert {name: (steps / name).stat().st_mtime_ns for name in marks} == marks, "a finished step was done again"
    assert [layout for layout, rows in told["feeds"] if rows] == ["illnesses"], "what was delivered was not laid in"
    assert told["found"]["new"] == told["stored"] > 0
    assert told["warnings"][0] == told["warnings"][1] > 0


LOAD = """
import sys, time
from pathlib import Path
import django
django.setup()
from xianjie.web.daily import loading
loading.BATCH = 100
def told(done, total, text):
    print(done, flush=True)
    time.sleep(float(sys.argv[2]))
result = loading.load_register(Path(sys.argv[1]), told)
print({name: counts["read"] - counts["refused"] for name, counts in result["tables"].items()})
from xianjie.web.registry.models import Fact, Household, Membership, Person
print([model.everything.count() for model in (Household, Person, Membership, Fact)])
"""


def test_a_killed_load_is_finished_by_the_next_one(small: Path, home: Path) -> None:
    def start(pause: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", LOAD, str(small), pause]
        return subprocess.Popen(command, env=environment_of(home), stdout=subprocess.PIPE, text=True)

    first = start("0.03")
    assert first.stdout is not None
    for line in first.stdout:  # into the facts, some batches are in and some are not
        if int(line) > 800:
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start("0")
    output, _errors = second.communicate(timeout=600)
    assert second.returncode == 0
    expected, stored = (eval(line) for line in output.splitlines()[-2:])
    facts = sum(rows for name, rows in expected.items() if name not in OTHERS)
    people = expected["persons"]
    assert stored == [expected["households"], people, people, facts]
    assert expected == {
        name: place.rows(small / f"{name}.parquet", "SELECT count(*) FROM t")[0][0] for name in expected
    }


OTHERS = ("households", "persons", "regions", "units", "villages")
