"""The invented county of the tests in the database, and people with roles in it, for the daily job's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.test import Client

from xianjie.engines import open_engine, quote
from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.scope import Scope, scope_of
from xianjie.web.daily.loading import load_register
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import run_next


def quiet(done: int, total: int, text: str) -> None:
    """No progress."""


def load(data: Path) -> str:
    """Load the county's register; gives the county's code."""
    return str(load_register(data, quiet)["county"])


def finish() -> list[Job]:
    """Run what waits in the queue."""
    done: list[Job] = []
    while job := run_next("test"):
        assert job.state == Job.DONE, job.error
        done.append(job)
    return done


def user(role: str, region: str, department: str = "") -> User:
    """A user with one role; the same arguments give the same user."""
    name = f"{role}-{region}-{department}"
    found, fresh = User.objects.get_or_create(username=name, defaults={"display_name": role})
    if fresh:
        Grant.objects.create(user=found, role=role, region_code=region, department=department)
    return found


def scope(role: str, region: str, department: str = "") -> Scope:
    return scope_of(user(role, region, department))


def client(role: str, region: str, department: str = "") -> Client:
    made = Client()
    made.force_login(user(role, region, department))
    return made


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode())


def rows(path: Path, sql: str = "SELECT * FROM t") -> list[tuple[Any, ...]]:
    """Rows of a Parquet file, by SQL over `t`."""
    with open_engine() as engine:
        engine.run(f"CREATE VIEW t AS SELECT * FROM read_parquet({quote(str(path))})")
        return engine.rows(sql)


def rewrite(path: Path, sql: str) -> None:
    """Replace a Parquet file by a query over it, `t`."""
    with open_engine() as engine:
        engine.run(f"CREATE TABLE t AS SELECT * FROM read_parquet({quote(str(path))})")
        engine.write_parquet(sql, path)
