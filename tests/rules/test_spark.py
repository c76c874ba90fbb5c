"""Spark SQL gives what DuckDB gives, where a Spark server can run here (Sail, which needs no Java)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_spark_gives_the_same_values_on_random_rules() -> None:
    pytest.importorskip("pysail", reason="Sail lives in an environment of its own: see benchmarks/spark_equality.py")
    pytest.importorskip("pyspark", reason="PySpark lives in an environment of its own")
    script = [sys.executable, str(ROOT / "benchmarks" / "spark_equality.py"), "--rules", "4"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    run = subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
