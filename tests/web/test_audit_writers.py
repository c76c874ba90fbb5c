"""Twenty people save at the same moment: no error, nothing lost, the chain whole. (A minute: benchmarks/writers.py.)"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.conftest import environment_of

pytestmark = pytest.mark.django_db
SCRIPT = """
import json, sys
import tests.web.settings  # noqa: F401  (the tests' environment)
import django
django.setup()
from django.db import connection
from tests.web.writers import write_together
from xianjie.web.accounts.models import User
from xianjie.web.audit.models import Event
from xianjie.web.audit.services import verify
if connection.vendor != "sqlite":
    from django.test.utils import setup_databases
    setup_databases(verbosity=0, interactive=False)
tally = write_together(20, float(sys.argv[1]))
verdict = verify()
print(json.dumps({
    "errors": tally.errors, "total": tally.total, "slowest": round(tally.slowest, 2), "least": min(tally.done.values()),
    "events": Event.objects.filter(verb="test.write").count(), "read": verdict.events, "bad": verdict.first_bad,
    "rows": sum(map(int, User.objects.filter(username__startswith="writer").values_list("display_name", flat=True))),
}))
"""


def test_twenty_writers_at_once_lose_nothing(home: Path) -> None:
    database = {name: value for name, value in os.environ.items() if name == "DATABASE_URL"}
    environment = environment_of(home) | database
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "2"], env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["errors"] == [] and told["bad"] is None
    assert told["total"] == told["events"] == told["read"] == told["rows"] > 100
    assert told["least"] > 0, told
