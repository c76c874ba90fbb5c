"""Keyset paging: the thousandth page costs what the first one does.

A page is told by the sort values and key of its last (or first) row, signed into the URL as one opaque word.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

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


def _values(word: str, fields: list[str]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(word.encode()))
    except ValueError as error:
        raise UserError("web.bad_page") from error
    if not isinstance(values, list) or len(values) != len(fields):
        raise UserError("web.bad_page")
    return values


def _beyond(fields: list[str], values: list[Any], descending: bool) -> Q:
    """Rows that come after `values` in the order; written so that an index range serves the first column."""
    compare = "lt" if descending else "gt"
    condition = Q()
    for position in reversed(range(len(fields))):
        here = Q(**{f"{fields[position]}__{compare}": values[position]})
        same = Q(**{fields[position]: values[position]})
        condition = here | (same & condition) if position < len(fields) - 1 else here
    return condition & Q(**{f"{fields[0]}__{compare}e": values[0]})


def page_of(rows: QuerySet[Any], sort: str, *, after: str = "", before: str = "", size: int = 50) -> Page:
    """One page of `rows` by `sort` (a column without nulls, "-" for descending) and then by primary key.

    Raises `UserError` for a page word that is none of ours.
    """
    descending = sort.startswith("-")
    column, key = sort.lstrip("-"), rows.model._meta.pk.attname
    fields = [column] if column == key else [column, key]
    backwards = bool(before)
    if word := (before or after):
        rows = rows.filter(_beyond(fields, _values(word, fields), descending != backwards))
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
