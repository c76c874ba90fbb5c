"""Many who write at once, each with a connection of its own: what they recorded, and what went wrong."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from django.db import connection, transaction

from xianjie.web.accounts.models import User
from xianjie.web.audit.services import Actor, acting, record


@dataclass
class Tally:
    """Writes done by each writer, errors, seconds of the slowest write."""

    done: dict[int, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.done.values())


def write_together(writers: int, seconds: float) -> Tally:
    """Let `writers` threads change rows and record events for a while; every transaction does both."""
    tally, until, lock = Tally(), time.monotonic() + seconds, threading.Lock()
    User.objects.bulk_create(User(username=f"writer{number}", display_name="0") for number in range(writers))

    def write(number: int) -> None:
        count, slowest = 0, 0.0
        try:
            while time.monotonic() < until:
                began = time.monotonic()
                with acting(Actor(f"writer{number}")), transaction.atomic():
                    user = User.objects.select_for_update().get(username=f"writer{number}")
                    user.display_name = str(count + 1)
                    user.save(update_fields=["display_name"])
                    record("test.write", subject=("writer", str(number)), before={"n": count}, after={"n": count + 1})
                count, slowest = count + 1, max(slowest, time.monotonic() - began)
        except Exception as error:
            with lock:
                tally.errors.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()
        with lock:
            tally.done[number], tally.slowest = count, max(tally.slowest, slowest)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally
