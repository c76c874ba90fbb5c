"""Keyset paging: the thousandth page costs what the first one does.

A page is told by the sort values and key of its last (or first) row, signed into the URL as one opaque word.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import BooleanField, F, Field, Func, QuerySet, Value

from xianjie.messages import UserError


@dataclass(frozen=True)
class Page:
    """Rows of one page, and the words that lead on and back (empty when there is nothing there)."""

    rows: list[Any]
    after: str
    before: str


def _word(row: Any, fields: list[str]) -> str:
    values = [getattr(row, field) for field in fields]
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, ensure_ascii=False).encode()).decode()


def _values(rows: QuerySet[Any], word: str, fields: list[str]) -> list[Value]:
    try:
        values = json.loads(base64.urlsafe_b64decode(word.encode()))
        if not isinstance(values, list) or len(values) != len(fields):
            raise UserError("web.bad_page")
        kinds = [_kind(rows, name) for name in fields]
        return [Value(kind.to_python(value), output_field=kind) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, ValidationError) as error:
        raise UserError("web.bad_page") from error


def _kind(rows: QuerySet[Any], name: str) -> Field[Any, Any]:
    """The field of a column, or of what the rows were annotated with."""
    try:
        found = rows.model._meta.get_field(name)
    except FieldDoesNotExist:
        found = rows.query.annotations[name].output_field
    assert isinstance(found, Field)
    return found


class _Row(Func):
    """Values side by side, as SQL compares them: `(score, id)`."""

    template, arg_joiner = "(%(expressions)s)", ", "
    output_field = BooleanField()  # nobody reads it; the comparison needs one


class _Before(Func):
    """Whether one row comes before another: one range of an index serves it, however many first values are equal."""

    template, arg_joiner, conditional = "%(expressions)s", " < ", True
    output_field = BooleanField()


def page_of(rows: QuerySet[Any], sort: str, *, after: str = "", before: str = "", size: int = 50) -> Page:
    """One page of `rows` by `sort` (a column without nulls, "-" for descending) and then by primary key.

    Raises `UserError` for a page word that is none of ours.
    """
    descending = sort.startswith("-")
    column, key = sort.lstrip("-"), rows.model._meta.pk.attname
    fields = [column] if column == key else [column, key]
    backwards = bool(before)
    if word := (before or after):
        here, there = _Row(*map(F, fields)), _Row(*_values(rows, word, fields))
        rows = rows.filter(_Before(here, there) if descending != backwards else _Before(there, here))
    sign = "-" if descending != backwards else ""
    found = list(rows.order_by(*(sign + field for field in fields))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page([], "", "")
    leads_on = more if not backwards else True
    leads_back = bool(after) if not backwards else more
    return Page(found, _word(found[-1], fields) if leads_on else "", _word(found[0], fields) if leads_back else "")
