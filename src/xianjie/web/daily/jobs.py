"""The background jobs of this app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xianjie.web.daily import national_in, national_out  # noqa: F401  (their jobs are registered there)
from xianjie.web.daily.loading import load_register
from xianjie.web.daily.runs import KIND, carry_out
from xianjie.web.jobs.services import Work, job


@job(KIND)
def daily_run(work: Work) -> dict[str, Any]:
    """The daily run of a county."""
    return carry_out(work)


@job("daily.load")
def load(work: Work) -> dict[str, Any]:
    """Load a data folder that lies on the server."""
    loaded = load_register(Path(work.arguments["folder"]), work.progress)
    return {name: loaded[name] for name in ("tables", "problems", "differences")}
