"""Bringing the database to this version: backup first, then migrate, then look whether all is well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from xianjie.messages import UserError, say
from xianjie.web.commands.backup import back_up

Told = Callable[[str], None]


def pending() -> list[str]:
    """The migrations that the database still lacks."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def is_new() -> bool:
    """Whether the database has no tables yet."""
    return not MigrationExecutor(connections[DEFAULT_DB_ALIAS]).loader.applied_migrations


def upgrade(tell: Told) -> Path | None:
    """Bring the database to this version; gives the backup's folder, None when there was nothing to keep.

    Raises `UserError` when it fails; it says where the backup lies.
    """
    waiting = pending()
    if not waiting:
        tell(say("web_manage.up_to_date"))
        return None
    kept = None
    if not is_new():
        kept = Path(settings.HOME) / "backups" / f"before-upgrade-{timezone.localtime():%Y%m%d-%H%M%S}"
        tell(say("web_manage.backing_up", path=kept))
        back_up(kept, tell)
    try:
        call_command("migrate", verbosity=0, interactive=False)
        problems = broken_links()
    except Exception as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError("web_manage.upgrade_failed", why=why, backup=kept or "—") from error
    if pending() or problems:
        raise UserError("web_manage.upgrade_failed", why="；".join([*pending(), *problems][:5]), backup=kept or "—")
    tell(say("web_manage.upgraded", count=len(waiting)))
    return kept


def broken_links() -> list[str]:
    """Rows that point to rows that are not there; a sound database has none."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "sqlite":
        return []  # PostgreSQL has checked them itself
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_key_check")
        return [f"{table} {row} → {parent}" for table, row, parent, _key in cursor.fetchmany(20)]
