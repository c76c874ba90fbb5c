"""Telling how far a long piece of work is, and stopping it when asked to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from xianjie.engines import Engine

Tell = Callable[[int, int, str], None]
Stop = Callable[[], bool]
WHOLE = 100
EVERY = 0.2  # seconds between two looks at `stop`


class Stopped(Exception):
    """The work was stopped because the caller asked for it; what is finished stays."""


class Watch:
    """Whom to tell of progress (done, total, what is being done), and whom to ask whether to stop."""

    def __init__(self, tell: Tell | None = None, stop: Stop | None = None) -> None:
        self._tell, self._stop = tell, stop
        self._done = 0
        self._lock = threading.Lock()  # pieces of work may run side by side

    def begin(self, text: str) -> None:
        """A piece of work begins. Raises `Stopped`."""
        self.check()
        self._say(0, text)

    def within(self, part: float, text: str) -> None:
        """So many hundredths of the whole are done within the piece under way. Raises `Stopped`."""
        self.check()
        self._say(part, text)

    def finish(self, parts: int) -> None:
        """A piece of work of so many hundredths is done."""
        with self._lock:
            self._done += parts

    def end(self, text: str = "") -> None:
        """All is done."""
        self._done = WHOLE
        self._say(0, text)

    def check(self) -> None:
        """Raise `Stopped` when the caller wants to stop."""
        if self._stop is not None and self._stop():
            raise Stopped

    def _say(self, within: float, text: str) -> None:
        if self._tell is not None:
            with self._lock:
                self._tell(min(int(self._done + within), WHOLE), WHOLE, text)

    @contextmanager
    def over(self, engine: Engine) -> Iterator[None]:
        """Interrupt the engine's statement when the caller wants to stop; whatever that breaks becomes `Stopped`."""
        if self._stop is None:
            yield
            return
        over, asked = threading.Event(), threading.Event()
        stop = self._stop

        def look() -> None:
            while not over.wait(EVERY):
                if stop():
                    asked.set()
                    engine.interrupt()

        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        try:
            yield
        except Exception as error:
            if asked.is_set():
                raise Stopped from error
            raise
        finally:
            over.set()
            looking.join()
