"""`xianjie serve`: the web server and the workers of background jobs as children of one process.

The parent starts them, starts again what died, and takes them all down when it is told to stop.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from xianjie.messages import UserError, say

GRACE_SECONDS, SHORTEST_LIFE, LONGEST_PAUSE = 10.0, 5.0, 30.0
Told = Callable[[str], None]


@dataclass
class Child:
    """A process that must be there: its command, and how often it died too soon."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    wait_until: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()
        # In a session of its own, so that Ctrl-C reaches the parent only, which then ends all in order.
        self.process = subprocess.Popen(self.command, start_new_session=True, preexec_fn=_die_with_parent)  # noqa: PLW1509

    @property
    def dead(self) -> bool:
        return self.process is None or self.process.poll() is not None


@dataclass
class Server:
    """The children, until somebody says stop."""

    children: list[Child]
    tell: Told
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Start everything; come back when stopped and everything has ended."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stopped)
        try:
            while not self.stop.is_set():
                for child in self.children:
                    if child.dead:
                        self._start(child)
                self.stop.wait(0.3)
        finally:
            end_all(self.children)

    def _stopped(self, number: int, frame: FrameType | None) -> None:
        self.stop.set()

    def _start(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None and child.wait_until < child.started:
            # Died: at once when it had lived, later and later when it dies soon again.
            child.falls = child.falls + 1 if now - child.started < SHORTEST_LIFE else 0
            child.wait_until = now + min(LONGEST_PAUSE, 0.5 * 2**child.falls) if child.falls else now
            code = child.process.returncode
            self.tell(say("web_manage.child_died", name=child.name, status=code))
        if now >= child.wait_until:
            child.start()


def end_all(children: Sequence[Child]) -> None:
    """Ask all to end, wait a little, end who does not."""
    running = [child.process for child in children if child.process is not None and not child.dead]
    for process in running:
        process.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _die_with_parent() -> None:
    """On Linux a child ends with its parent, however that one ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def children(host: str, port: int, workers: int, jobs: int) -> list[Child]:
    """The web server and the job workers."""
    web = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--blocking-threads", "8", "--respawn-failed-workers", "--log-level", "warning",
        "xianjie.web.wsgi:application",
    ]  # fmt: skip
    worker = [sys.executable, "-m", "xianjie.web.worker"]
    return [
        Child(say("web_manage.web_server"), web),
        *(Child(say("web_manage.worker", number=number), worker) for number in range(1, jobs + 1)),
    ]


def serve(host: str, port: int, workers: int, jobs: int, tell: Told) -> None:
    """Serve the instance until stopped. Raises `UserError` when it is not ready or is served already."""
    from django.conf import settings

    from xianjie.web.commands.upgrading import pending
    from xianjie.web.regions.jobs import ensure_schedule

    if pending():
        raise UserError("web_manage.not_migrated")
    with Running(settings.HOME / "serve.pid"):
        ensure_schedule()
        tell(say("web_manage.serving", url=f"http://{host}:{port}/", home=settings.HOME))
        Server(children(host, port, workers, jobs), tell).run()
    tell(say("web_manage.stopped"))


class Running:
    """The mark of a server that runs: its process number in a file. Raises `UserError` when another one is alive."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Running:
        if other := running_server(self.path):
            raise UserError("web_manage.runs_already", pid=other)
        self.path.write_text(str(os.getpid()), encoding="ascii")
        return self

    def __exit__(self, *_rest: Any) -> None:
        self.path.unlink(missing_ok=True)


def running_server(path: Path) -> int | None:
    """The process that serves the instance, None when there is none."""
    try:
        pid = int(path.read_text(encoding="ascii"))
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    except PermissionError:
        return pid
    return pid if pid != os.getpid() else None
