"""Backup of a running instance, and its restore. A backup is a folder that anybody can check.

`database.sqlite3`, or `tables/*.copy` from PostgreSQL (both of one moment); `files/`; `keys/` when asked for;
`runs.json`, a list of the daily runs (they can be made again from their inputs); `manifest.json` with checksums,
rows of each table and the end of the audit chain. It appears under its name only when it is whole and checked.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from xianjie import __version__
from xianjie.messages import UserError, say
from xianjie.web.commands import postgres
from xianjie.web.sealing import seal

Told = Callable[[str], None]
FORMAT, DATABASE, MANIFEST = 1, "database.sqlite3", "manifest.json"


def back_up(out: Path, tell: Told, keys: bool = False) -> dict[str, Any]:
    """Write a backup of the instance as it is now, others at work; gives its manifest. Raises `UserError`."""
    if out.exists():
        raise UserError("web_manage.backup_there", path=out)
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        vendor = connections[DEFAULT_DB_ALIAS].vendor
        if vendor == "sqlite":
            _copy_sqlite(_database_path(), part / DATABASE)
            tables, end = _look_into_sqlite(part / DATABASE)
        else:
            tables, end = postgres.copy_out(part / "tables")
        for name in ("files", *(["keys"] if keys else [])):
            _copy_tree(Path(settings.HOME) / name, part / name)
        (part / "runs.json").write_text(json.dumps(_runs(), ensure_ascii=False, indent=1), encoding="utf-8")
        manifest = {
            "format": FORMAT,
            "version": __version__,
            "made_at": timezone.now().isoformat(),
            "database": vendor,
            "migrations": sorted(map(list, MigrationRecorder(connections[DEFAULT_DB_ALIAS]).applied_migrations())),
            "tables": tables,
            "audit": end,
            "keys": keys,
            "sealed": seal("xianjie"),
            "files": {str(path.relative_to(part)): _sums(path) for path in _files(part)},
        }
        (part / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        check(part)
        part.rename(out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    tell(say("web_manage.backed_up", path=out, tables=len(tables), rows=f"{sum(tables.values()):,}", events=end["seq"]))
    if not keys:
        tell(say("web_manage.without_keys"))
    return manifest


def check(folder: Path) -> dict[str, Any]:
    """Open a backup and count: files by checksum, rows by table, end of the audit chain. Raises `UserError`."""
    path = folder / MANIFEST
    if not path.is_file():
        raise UserError("web_manage.no_backup", path=folder)
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError("web_manage.no_backup", path=folder) from error
    if manifest.get("format") != FORMAT:
        raise UserError("web_manage.other_format", path=folder)
    found = {str(one.relative_to(folder)) for one in _files(folder)} - {MANIFEST}
    for name in sorted(found ^ set(manifest["files"])):
        raise UserError("web_manage.backup_broken", file=name)
    for name, sums in manifest["files"].items():
        if _sums(folder / name) != sums:
            raise UserError("web_manage.backup_broken", file=name)
    if manifest["database"] == "sqlite":
        tables, end = _look_into_sqlite(folder / DATABASE)
    else:
        tables, end = postgres.look_into(folder / "tables"), manifest["audit"]
    if (tables, end) != (manifest["tables"], manifest["audit"]):
        raise UserError("web_manage.backup_broken", file=DATABASE)
    return manifest


def database_empty() -> bool:
    """Whether the instance holds no account yet."""
    connection = connections[DEFAULT_DB_ALIAS]
    if "accounts_user" not in connection.introspection.table_names():
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_user")
        return bool(cursor.fetchone()[0] == 0)


def restore(folder: Path, tell: Told, replace: bool = False) -> None:
    """Make the instance what the backup holds. Raises `UserError` when it has data and `replace` is not said.

    What is replaced is kept in the instance's `backups/`: nothing is lost by restoring the wrong one.
    """
    from xianjie.web.server import running_server

    manifest = check(folder)
    vendor = connections[DEFAULT_DB_ALIAS].vendor
    home = Path(settings.HOME)
    if pid := running_server(home / "serve.pid"):
        raise UserError("web_manage.stop_first", pid=pid)
    if manifest["database"] != vendor:
        raise UserError("web_manage.other_database", was=manifest["database"], now=vendor)
    if not manifest["keys"]:
        _same_key(manifest)
    if not database_empty():
        if not replace:
            raise UserError("web_manage.not_empty", path=home)
        kept = home / "backups" / f"before-restore-{timezone.localtime():%Y%m%d-%H%M%S}"
        back_up(kept, tell, keys=True)
    connections.close_all()
    if vendor == "sqlite":
        for ending in ("-wal", "-shm"):
            Path(f"{_database_path()}{ending}").unlink(missing_ok=True)
        _copy_sqlite(folder / DATABASE, _database_path())
    else:
        postgres.copy_in(folder / "tables", manifest["migrations"])
    for name in ("files", *(["keys"] if manifest["keys"] else [])):
        if (folder / name).is_dir():
            shutil.rmtree(home / name, ignore_errors=True)
            _copy_tree(folder / name, home / name)
    tables = rows_now()
    if wrong := [name for name, rows in manifest["tables"].items() if tables.get(name) != rows]:
        raise UserError("web_manage.restore_counts", tables="、".join(wrong))
    rows, events = sum(manifest["tables"].values()), manifest["audit"]["seq"]
    tell(say("web_manage.restored", path=folder, rows=f"{rows:,}", events=events))


def rows_now() -> dict[str, int]:
    """Table → rows of the instance's database."""
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        counts = {}
        for name in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
            counts[name] = cursor.fetchone()[0]
    return counts


def _same_key(manifest: dict[str, Any]) -> None:
    from xianjie.web.sealing import unseal

    unseal(manifest["sealed"])  # says itself what is wrong


def _database_path() -> Path:
    return Path(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])


def _copy_sqlite(source: Path, target: Path) -> None:
    """A copy of one moment, whoever writes meanwhile."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _look_into_sqlite(path: Path) -> tuple[dict[str, int], dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        sound = database.execute("PRAGMA quick_check").fetchone()[0]
        if sound != "ok":
            raise UserError("web_manage.backup_broken", file=path.name)
        names = database.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
        tables = {name: 0 for (name,) in sorted(names)}
        for name in tables:
            tables[name] = database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        end = None
        if "audit_event" in tables:
            end = database.execute("SELECT seq, hash FROM audit_event ORDER BY seq DESC LIMIT 1").fetchone()
    return tables, {"seq": end[0], "hash": end[1]} if end else {"seq": 0, "hash": ""}


def _copy_tree(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _sums(path: Path) -> dict[str, Any]:
    with path.open("rb") as content:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(content, "sha256").hexdigest()}


def _runs() -> list[dict[str, Any]]:
    folder = Path(settings.HOME) / "runs"
    runs = []
    for run in sorted(folder.iterdir()) if folder.is_dir() else []:
        manifest = run / MANIFEST
        size = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
        runs.append({"run": run.name, "bytes": size, "manifest": _sums(manifest) if manifest.is_file() else None})
    return runs
