"""`xianjie manage …` and `xianjie serve`. Thin: arguments in, one call, a sentence out.

Django is imported inside the commands, so that `xianjie --help` stays quick.
"""

from __future__ import annotations

import os
import sys
from datetime import date as Date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from xianjie.messages import UserError, say

manage_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=say("web_manage.about"))
users_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=say("web_manage.users"))
manage_app.add_typer(users_app, name="users")
Why = Annotated[str, typer.Option(help=say("web_manage.why"))]
DONE, FELL_SHORT = 0, 1


def _tell(text: str) -> None:
    Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)


def _print(text: str) -> None:
    Console(highlight=False).print(text, markup=False, soft_wrap=True)


def start_django() -> None:
    """Load the application with the settings of the environment. Raises `UserError` when the home cannot be used."""
    import django
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xianjie.web.settings")
    try:
        django.setup()
    except (ImproperlyConfigured, PermissionError) as error:
        raise UserError("web_manage.bad_settings", why=str(error).splitlines()[0]) from error


def _ready() -> None:
    """The application with a database of this version. Raises `UserError` otherwise."""
    from django.db import OperationalError

    start_django()
    from xianjie.web.commands.upgrading import pending

    try:
        waiting = pending()
    except OperationalError as error:
        raise UserError("web_manage.no_database", why=str(error).splitlines()[0]) from error
    if waiting:
        raise UserError("web_manage.not_migrated")


def serve(
    host: Annotated[str, typer.Option(help=say("web_manage.host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help=say("web_manage.port"))] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=32, help=say("web_manage.workers"))] = 2,
    jobs: Annotated[int, typer.Option(min=0, max=8, help=say("web_manage.jobs"))] = 1,
) -> None:
    """Serve the instance: web server and workers of background jobs."""
    _ready()
    from xianjie.web import server

    server.serve(host, port, workers, jobs, _tell)


@manage_app.command("upgrade", help=say("web_manage.upgrade"))
@manage_app.command("migrate", hidden=True)
def upgrade() -> None:
    """Backup, then migrate, then check."""
    start_django()
    from xianjie.web.commands.upgrading import upgrade as bring_up

    bring_up(_tell)


@manage_app.command("create-admin", help=say("web_manage.create_admin"))
def create_admin(
    username: str,
    name: Annotated[str, typer.Option(help=say("web_manage.person"))],
    region: Annotated[str, typer.Option(help=say("web_manage.region"))],
) -> None:
    """An administrator's account."""
    _ready()
    from xianjie.web.commands import accounts

    with accounts.at_the_shell():
        password = accounts.create_admin(username, name, region)
    _print(say("web_manage.password", name=username, password=password))


@users_app.command("list", help=say("web_manage.users_list"))
def users_list() -> None:
    """All accounts, one a line."""
    _ready()
    from xianjie.web.commands import accounts

    for row in accounts.listed():
        _print("\t".join(row))


@users_app.command("password", help=say("web_manage.users_password"))
def users_password(username: str) -> None:
    """A new temporary password."""
    _ready()
    from xianjie.web.commands import accounts

    with accounts.at_the_shell():
        password = accounts.reset_password(username)
    _print(say("web_manage.password", name=username, password=password))


@users_app.command("close", help=say("web_manage.users_close"))
def users_close(username: str, why: Why = "") -> None:
    """Close an account."""
    _set_active(username, False, why)


@users_app.command("open", help=say("web_manage.users_open"))
def users_open(username: str, why: Why = "") -> None:
    """Open a closed account."""
    _set_active(username, True, why)


def _set_active(username: str, active: bool, why: str) -> None:
    _ready()
    from xianjie.web.commands import accounts

    with accounts.at_the_shell():
        accounts.set_active(username, active, why)
    _print(say("web_manage.opened" if active else "web_manage.closed", name=username))


@manage_app.command("regions", help=say("web_manage.regions"))
def regions(
    table: Path,
    on: Annotated[str | None, typer.Option(help=say("web_manage.on"))] = None,
    why: Why = "",
    yes: Annotated[bool, typer.Option("--yes", help=say("web_manage.yes"))] = False,
) -> None:
    """Load a table of regions."""
    _ready()
    from xianjie.web.clock import today
    from xianjie.web.commands import accounts
    from xianjie.web.regions.table import apply

    plan = accounts.plan_regions(table, _day(on) or today())
    for fault in plan.faults[:50]:
        _tell(say("web_manage.fault", sheet=fault.sheet, row=fault.row, column=fault.column, text=fault.text))
    _print(say("web_manage.region_counts", **plan.counts()))
    if plan.faults:
        raise typer.Exit(FELL_SHORT)
    if not yes:
        _print(say("web_manage.say_yes"))
        return
    with accounts.at_the_shell():
        moved = apply(plan, why)
    _print(say("web_manage.regions_done", moved=sum(moved.values())))


def _day(text: str | None) -> Date | None:
    try:
        return Date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UserError("web_manage.bad_day", text=text) from error


@manage_app.command("backup", help=say("web_manage.backup"))
def backup(out: Path, keys: Annotated[bool, typer.Option("--keys", help=say("web_manage.keys"))] = False) -> None:
    """Backup while others work."""
    _ready()
    from xianjie.web.commands.backup import back_up

    back_up(out, _tell, keys)


@manage_app.command("restore", help=say("web_manage.restore"))
def restore(
    source: Path, replace: Annotated[bool, typer.Option("--replace", help=say("web_manage.replace"))] = False
) -> None:
    """Make the instance what a backup holds."""
    start_django()
    from xianjie.web.commands.backup import restore as bring_back
    from xianjie.web.commands.upgrading import pending

    bring_back(source, _tell, replace)
    if pending():
        _tell(say("web_manage.now_upgrade"))


@manage_app.command("verify-backup", help=say("web_manage.verify_backup"))
def verify_backup(source: Path) -> None:
    """Open a backup and count."""
    start_django()
    from xianjie.web.commands.backup import check as look

    manifest = look(source)
    rows, events = sum(manifest["tables"].values()), manifest["audit"]["seq"]
    _print(say("web_manage.backup_sound", made=manifest["made_at"], rows=f"{rows:,}", events=events))


@manage_app.command("verify-audit", help=say("web_manage.verify_audit"))
def verify_audit(
    expect: Annotated[str, typer.Option(metavar="N:HASH", help=say("web_manage.expect"))] = "",
) -> None:
    """Read the whole audit chain; exit 1 names the first event that was touched."""
    _ready()
    from xianjie.web.audit.services import hash_of, verify

    verdict = verify(lambda count: _tell(f"{count:,}"))
    if verdict.first_bad is not None:
        code = "audit.missing" if verdict.why == "missing" else "audit.altered"
        _print(say(code, seq=verdict.first_bad, events=verdict.events))
        raise typer.Exit(FELL_SHORT)
    if expect:
        number, _colon, wanted = expect.partition(":")
        if not number.isdigit() or not wanted:
            raise UserError("audit.bad_expect", text=expect)
        if hash_of(int(number)) != wanted:
            _print(say("audit.not_expected", seq=number))
            raise typer.Exit(FELL_SHORT)
    head = f"{verdict.events}:{verdict.head}" if verdict.events else "—"
    _print(say("audit.sound", events=verdict.events, head=head))


@manage_app.command("check", help=say("web_manage.check"))
def check(deploy: Annotated[bool, typer.Option("--deploy", help=say("web_manage.deploy"))] = False) -> None:
    """Check the settings."""
    start_django()
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    try:
        call_command("check", deploy=deploy, fail_level="WARNING", stdout=sys.stderr, stderr=sys.stderr)
    except SystemCheckError as error:
        _tell(str(error))
        raise typer.Exit(FELL_SHORT) from error
    _print(say("web_manage.checked"))


@manage_app.command("worker", help=say("web_manage.worker_help"))
def worker() -> None:
    """Work off background jobs in this process."""
    _ready()
    from xianjie.web.worker import work

    work()


@manage_app.command("demo-accounts", help=say("web_manage.demo_accounts"))
def demo_accounts(county: str, village: str = "") -> None:
    """The accounts of an invented instance."""
    _ready()
    from xianjie.web.accounts.demo import create_demo_accounts

    rows: list[dict[str, Any]] = create_demo_accounts(county, village)
    for row in rows:
        _print(f"{row['username']}\t{row['password']}\t{row['zh']}\t{row['region_code']}")
