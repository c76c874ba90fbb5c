"""A worker killed in the middle of reading: the next one finishes, counts add up, nothing is left twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.web.conftest import environment_of

pytestmark = pytest.mark.django_db
SET_UP = """
import django
django.setup()
from tests.web import intake_county as county
county.make_county()
clerk = county.make_user("yibao", "department", "medical_insurance")
rows = [county.bill(person, paid) for paid in range(1, 401) for person in county.people()]
print(county.deliver(clerk, county.bills(rows)).delivery.pk)
"""
WORK = """
import django
django.setup()
from xianjie.web.jobs.services import run_next, worker_name
run_next(worker_name())
"""
BUSY = """
import threading
from django.db import connection
from xianjie.web.daily import snapshot
from xianjie.web.intake.models import Delivery
from xianjie.web.jobs import services
from xianjie.web.jobs.services import run_next
from xianjie.web.regions.models import Region
snapshot.CHUNK = 2  # rows stream out of the database two at a time
over = threading.Event()
def write():
    while not over.wait(0.002):
        Region.objects.filter(region_code="629901000000").update(name="虚构县")
    connection.close()
others = threading.Thread(target=write, daemon=True)
others.start()
services.LOOK_SECONDS = 0.001  # the heart-beat writes all the time
job = run_next("test")
over.set()
others.join()
print(job.state, job.error, Delivery.everything.get().state)
"""
TELL = """
import json
import django
django.setup()
from xianjie.web.intake.models import Delivery, OUTCOMES
from xianjie.web.jobs.models import Job
one, job = Delivery.everything.get(), Job.everything.get()
print(json.dumps({"state": one.state, "rows": one.rows, "sum": sum(getattr(one, name) for name in OUTCOMES),
                  "job": job.state, "attempts": job.attempts,
                  "left": sorted(path.name for path in one.read_folder.iterdir()),
                  "parts": [path.name for path in one.place.parents[1].rglob("*.part")]}))
"""


def python(code: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], env=environment_of(home), text=True, stdout=subprocess.PIPE)


def finished(code: str, home: Path) -> str:
    process = python(code, home)
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0
    return out.strip()


def test_a_reading_goes_on_while_others_write(home: Path) -> None:
    few = SET_UP.replace("range(1, 401)", "range(1, 3)")
    assert few != SET_UP
    assert finished(few + BUSY, home).splitlines()[-1] == "done  ready"


def test_a_reading_that_was_killed_is_finished_by_the_next_worker(home: Path) -> None:
    finished(SET_UP, home)
    worker = python(WORK, home)
    deadline = time.monotonic() + 300
    while not list((home / "files" / "intake").rglob("work/*")):
        assert worker.poll() is None and time.monotonic() < deadline, "the worker was not caught while reading"
        time.sleep(0.01)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    broken, mended = map(json.loads, finished(TELL + WORK + TELL, home).splitlines())
    assert (broken["state"], broken["job"], broken["rows"]) == ("reading", "running", 0)
    assert (mended["state"], mended["job"], mended["attempts"]) == ("ready", "done", 2)
    assert mended["rows"] == mended["sum"] == 6_400
    assert "rows.parquet" in mended["left"] and "work" not in mended["left"] and not mended["parts"]
