"""Many rows at once: plain multi-row statements, for tables whose rows no Python object needs to stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import AutoField, Model

VALUES_AT_ONCE = 15_000  # of one statement; SQLite takes 32,766


def insert_rows(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows of ready database values, `names` being the model's fields in their order; gives their number.

    Values stand as the database takes them: dates as ISO text, JSON as text, sealed values sealed. Fields that are
    not named get their default or stay empty.
    """
    fields = [model._meta.get_field(name) for name in names]
    rest = [
        one
        for one in model._meta.concrete_fields
        if one not in fields and not isinstance(one, AutoField) and not one.null and not one.has_db_default()
    ]
    constants = tuple(one.get_db_prep_save(one.get_default(), connection) for one in rest)
    columns = [str(one.column) for one in (*fields, *rest)]  # type: ignore[union-attr]
    quote = connection.ops.quote_name
    head = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, columns))}) VALUES "
    one_row = f"({', '.join(['%s'] * len(columns))})"
    written = 0
    with connection.cursor() as cursor:
        for chunk in chunks(rows, VALUES_AT_ONCE // len(columns)):
            values = [value for row in chunk for value in (*row, *constants)]
            cursor.execute(head + ", ".join([one_row] * len(chunk)), values)
            written += len(chunk)
    return written


def chunks(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The rows in lists of at most `size`."""
    waiting = iter(rows)
    while chunk := list(islice(waiting, size)):
        yield chunk
