"""An instance of its own for tests that start processes: the tables are there, nothing is in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path, django_db_setup: None, django_db_blocker: Any) -> Path:
    """The folder of an instance on SQLite, whatever database the tests themselves use."""
    folder = tmp_path / "home"
    folder.mkdir()
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            connection.ensure_connection()
            # The tests' own tables: nobody migrates twice.
            (folder / "xianjie.sqlite3").write_bytes(connection.connection.serialize())
    else:
        command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        subprocess.run(command, env=environment_of(folder), check=True)
    return folder


def environment_of(home: Path) -> dict[str, str]:
    """The environment of a process that works on the instance."""
    own = {"DJANGO_SETTINGS_MODULE": "tests.web.settings", "XIANJIE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | own
