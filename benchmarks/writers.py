"""Twenty writers for a minute, each with its own connection: `python benchmarks/writers.py [SECONDS]`.

On SQLite in a scratch folder, or on the database of `DATABASE_URL`. Prints writes per second, the slowest write, and
whether everything that was written is there and the chain of events is whole.
"""

import os
import subprocess
import sys
import tempfile
import time

from tests.web.test_audit_writers import SCRIPT

if __name__ == "__main__":
    seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.web.settings", "XIANJIE_HOME": home}
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", SCRIPT, seconds], env=environment, check=True, capture_output=True)
        print(done.stdout.decode().splitlines()[-1], f"{time.monotonic() - began:.0f} s in all")
