"""Django's SQLite back end, with writers in a queue.

SQLite lets one write at a time; who finds the lock taken sleeps a little and looks again, and under load somebody looks
at the wrong moment for half a minute and gets "database is locked". Here writers wait in the kernel for a lock on a
file beside the database, which wakes them in turn and lets go of it when a process dies.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.backends.sqlite3 import base

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # no such locks on Windows: writers look again and again, as everywhere else
    fcntl = None  # type: ignore[assignment]

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection; `_turn` is the open queue file while it is this connection's turn to write."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turn: int | None = None

    def get_new_connection(self, conn_params: Any) -> Any:
        if self._single_write not in self.execute_wrappers:
            self.execute_wrappers.append(self._single_write)
        return super().get_new_connection(conn_params)

    def _wait_turn(self) -> None:
        name = str(self.settings_dict["NAME"])
        if fcntl is None or self._turn is not None or ":memory:" in name or "mode=memory" in name:
            return
        turn = os.open(Path(name).with_suffix(".queue"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
        except BaseException:
            os.close(turn)
            raise
        self._turn = turn

    def _end_turn(self) -> None:
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        self._wait_turn()
        try:
            yield
        finally:
            self._end_turn()

    def _single_write(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """A statement that writes outside a transaction waits its turn too."""
        if self._turn is None and not self.in_atomic_block and sql.lstrip()[:7].upper().startswith(WRITES):
            with self._own_turn():
                return execute(sql, params, many, context)
        return execute(sql, params, many, context)

    def _start_transaction_under_autocommit(self) -> None:
        self._wait_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()
