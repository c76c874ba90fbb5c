"""A copy of one moment of a PostgreSQL database, table by table, with nothing but the database's own COPY."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, transaction


def copy_out(folder: Path) -> tuple[dict[str, int], dict[str, Any]]:
    """Write every table as `<table>.copy` with its columns in `columns.json`; rows of each, end of the audit chain."""
    folder.mkdir(parents=True)
    connection = connections[DEFAULT_DB_ALIAS]
    tables: dict[str, int] = {}
    columns: dict[str, list[str]] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name in sorted(connection.introspection.table_names(cursor)):
            columns[name] = [one.name for one in connection.introspection.get_table_description(cursor, name)]
            cursor.execute(f"SELECT count(*) FROM {_quoted(name)}")
            tables[name] = cursor.fetchone()[0]
            with (
                (folder / f"{name}.copy").open("wb") as out,
                cursor.copy(_statement(name, columns[name], "TO STDOUT")) as rows,
            ):
                for block in rows:
                    out.write(block)
        cursor.execute("SELECT seq, hash FROM audit_event ORDER BY seq DESC LIMIT 1")
        end = cursor.fetchone()
    (folder / "columns.json").write_text(json.dumps(columns, indent=1), encoding="utf-8")
    return tables, {"seq": end[0], "hash": end[1]} if end else {"seq": 0, "hash": ""}


def look_into(folder: Path) -> dict[str, int]:
    """Rows of each table of a copy: in COPY's text format a row is a line."""
    columns = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    return {name: _lines(folder / f"{name}.copy") for name in columns}


def copy_in(folder: Path, migrations: list[list[str]]) -> None:
    """Fill the database: first the tables as they were then, then their rows, then the counters of keys."""
    connection = connections[DEFAULT_DB_ALIAS]
    columns: dict[str, list[str]] = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    for app in sorted({app for app, _name in migrations}):
        call_command("migrate", app, max(name for one, name in migrations if one == app), verbosity=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(map(_quoted, columns))}")
        for name, fields in columns.items():
            with (
                (folder / f"{name}.copy").open("rb") as rows,
                cursor.copy(_statement(name, fields, "FROM STDIN")) as into,
            ):
                while block := rows.read(1 << 20):
                    into.write(block)
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models(include_auto_created=True)):
            cursor.execute(statement)


def _lines(path: Path) -> int:
    with path.open("rb") as content:
        return sum(block.count(b"\n") for block in iter(lambda: content.read(1 << 20), b""))


def _quoted(name: str) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(name)


def _statement(name: str, columns: list[str], direction: str) -> str:
    return f"COPY {_quoted(name)} ({', '.join(map(_quoted, columns))}) {direction}"
