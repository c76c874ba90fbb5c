"""A table as data: which columns, which rows; how it looks is said in `components/data_table.html`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.html import conditional_escape, format_html

from xianjie.web.design.values import Link, Shown, day, moment, number, percent, unknown, yuan

Getter = str | Callable[[Any], Any]
FORMATS: dict[str, Callable[[Any], Any]] = {
    "number": number,
    "money": yuan,
    "percent": percent,
    "date": day,
    "moment": moment,
}
CLASSES = {"moment": "date", "status": "status-cell"}


@dataclass(frozen=True)
class Column:
    """One column. `value`: attribute or key (dotted) of a row, or a function of it.

    `kind`: text, long, code, number, money (fen), percent (share of 1), date, moment, status.
    `sort`: word for `?sort=` ("" cannot be sorted by; "-income" sorts downwards at the first click).
    `main`: the column that names the row: stays in sight, title of the card on a phone.
    `link`: address the value leads to, given like `value`. `second`: quieter second line, given like `value`.
    `minor`: left out of the card on a phone.
    """

    label: str
    value: Getter
    kind: str = "text"
    sort: str = ""
    main: bool = False
    link: Getter = ""
    second: Getter = ""
    minor: bool = False


@dataclass(frozen=True)
class Action:
    """A button for the rows that are picked; the table's form sends `name=value`."""

    label: str
    name: str
    value: str = "1"
    kind: str = ""
    always: bool = False


@dataclass
class Table:
    """Rows under columns, with what surrounds them.

    `page`: anything with `after` and `before` (words of a keyset page, empty at the ends). `count`: how many
    rows there are in all (a number, or text such as "超过 10,000"). `sort`: the sort in force. `pick`: name of the
    check boxes, whose values are `pick_value` of the row; `actions` are sent to `action_url`. `muted`: rows that
    count less (a function of the row). `walk`: arrow keys walk the rows. `total`: cells of a last row of sums.
    """

    columns: Sequence[Column]
    rows: Iterable[Any]
    caption: str
    page: Any = None
    count: int | str | None = None
    sort: str = ""
    export: str = ""
    pick: str = ""
    pick_value: Getter = "pk"
    actions: Sequence[Action] = ()
    action_url: str = ""
    empty_title: str = ""
    empty_text: str = ""
    muted: Callable[[Any], bool] | None = None
    walk: bool = False
    total: Sequence[Any] = ()
    cards: bool = True
    id: str = "results"
    query: QueryDict = field(default_factory=lambda: QueryDict(""))

    def head(self) -> list[dict[str, Any]]:
        """The header cells: label, class, and for sortable ones address and present direction."""
        return [
            {
                "label": column.label,
                "css": _css(column),
                "direction": self._direction(column),
                "url": self._sort_url(column),
            }
            for column in self.columns
        ]

    def body(self) -> list[dict[str, Any]]:
        """The rows as cells ready to write."""
        return [
            {
                "pick": get(row, self.pick_value) if self.pick else None,
                "muted": self.muted is not None and self.muted(row),
                "cells": [_cell(column, row) for column in self.columns],
            }
            for row in self.rows
        ]

    def sums(self) -> list[dict[str, Any]]:
        """The cells of the last row."""
        return [
            {"html": _shown(column.kind, value), "css": _css(column), "label": column.label, "main": column.main}
            for column, value in zip(self.columns, self.total, strict=True)
        ]

    def url(self, **changes: str) -> str:
        """The present address with some of its query changed ("" takes a part out)."""
        query = self.query.copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return "?" + query.urlencode()

    def first_url(self) -> str:
        """Back to the first page."""
        return self.url(after="", before="")

    def next_url(self) -> str:
        """The next page, "" on the last."""
        word = getattr(self.page, "after", "")
        return self.url(after=word, before="") if word else ""

    def previous_url(self) -> str:
        """The page before, "" on the first."""
        word = getattr(self.page, "before", "")
        return self.url(before=word, after="") if word else ""

    def _direction(self, column: Column) -> str:
        if not column.sort or self.sort.lstrip("-") != column.sort.lstrip("-"):
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"

    def _sort_url(self, column: Column) -> str:
        if not column.sort:
            return ""
        name, first = column.sort.lstrip("-"), column.sort
        turned = {"ascending": "-" + name, "descending": name}
        return self.url(sort=turned.get(self._direction(column), first), after="", before="")


def get(row: Any, getter: Getter) -> Any:
    """`getter` of a row: a function of it, or a dotted path of keys and attributes; None along the way is None."""
    if callable(getter):
        return getter(row)
    value = row
    for name in getter.split("."):
        if value is None:
            return None
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value


def _css(column: Column) -> str:
    return CLASSES.get(column.kind, column.kind) + " main" * column.main + " minor" * column.minor


def _shown(kind: str, value: Any) -> Any:
    if isinstance(value, Shown):
        return value.html()
    if value is None:
        return unknown()
    return conditional_escape(value if isinstance(value, str) else FORMATS.get(kind, str)(value))


def _cell(column: Column, row: Any) -> dict[str, Any]:
    value = get(row, column.value)
    html = _shown(column.kind, value)
    if column.link and (url := get(row, column.link)):
        html = Link(html, url).html()
    if column.second and (second := get(row, column.second)) not in (None, ""):
        html = format_html('{}<span class="second">{}</span>', html, second)
    return {
        "html": html,
        "css": _css(column),
        "label": column.label,
        "main": column.main,
        "blank": value in (None, ""),
    }
