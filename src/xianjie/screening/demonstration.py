"""The demo: an invented county, its daily job, and the report on this machine's own port if wanted."""

from __future__ import annotations

import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from xianjie.messages import UserError, say
from xianjie.screening.job import Request, screen_data
from xianjie.screening.run_folder import Progress
from xianjie.synth import synthesise

SEED = 1


def demonstrate(folder: Path, households: int, progress: Progress) -> dict[str, Any]:
    """Make the invented county under `folder`/data and screen it into `folder`/run; gives the run's counts.

    What an earlier demo left there is replaced. Raises `UserError` when the folder holds anything else.
    """
    data, run = folder / "data", folder / "run"
    if folder.exists():
        ours = {"data", "run", ".xianjie-demo"}
        if any(folder.iterdir()) and not (folder / ".xianjie-demo").exists():
            raise UserError("screening.folder_not_empty", folder=folder)
        for name in sorted(ours - {".xianjie-demo"}):
            shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".xianjie-demo").touch()
    progress(say("screening.demo_synth", households=households))
    synthesise(data, households=households, seed=SEED, progress=progress)
    return screen_data(Request(data=data, out=run, documents=True), progress)


class _ReportOnly(SimpleHTTPRequestHandler):
    """Serves the page and the lists of a run, nothing else of its folder."""

    def do_GET(self) -> None:
        if self.path in ("/", "/index.html"):
            self.path = "/report.html"
        if self.path != "/report.html":
            self.send_error(404)
            return
        super().do_GET()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the terminal is for the run's results."""


def serve(run: Path, port: int) -> None:
    """Serve the report to this machine alone until Ctrl-C."""
    with ThreadingHTTPServer(("127.0.0.1", port), partial(_ReportOnly, directory=str(run))) as server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
