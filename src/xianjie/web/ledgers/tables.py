"""Entries as tables: of a page, and as Excel files that can be filled in and come back without loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.dictionary.model import DictionaryField
from xianjie.web import exporting
from xianjie.web.accounts.scope import Scope
from xianjie.web.clock import today
from xianjie.web.design.tables import Column
from xianjie.web.design.values import Status
from xianjie.web.ledgers.declaration import LedgerField, Sheet, sheets
from xianjie.web.ledgers.models import Entry
from xianjie.web.ledgers.values import shown, stored
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import label

KINDS = {"fen": "money", "int": "number", "number": "number", "date": "date"}
# The columns of a file beside a sheet's own fields: where the entry belongs, how it stands.
PLACE = DictionaryField(name="region_code", zh="行政区划代码", type="text", sensitivity="public", aliases=("区划代码",))
PLACE_NAME = DictionaryField(name="place_name", zh="乡镇村", type="text", sensitivity="public", aliases=("地区",))
STATE = DictionaryField(name="entry_state", zh="办理状态", type="text", sensitivity="public")


def state_of(entry: Entry) -> Status:
    """An entry's state, with how late it is."""
    if entry.withdrawn_on:
        return Status(_("已撤销"), "neutral")
    state = sheets()[entry.sheet].states[entry.state]
    if entry.due_on and entry.due_on < today():
        return Status(
            _("%(state)s，超期 %(days)d 天") % {"state": label(state), "days": (today() - entry.due_on).days}, "bad"
        )
    return Status(label(state), state.tone)


def url_of(entry: Entry) -> str:
    """An entry's page."""
    return reverse("ledgers:entry", args=[entry.pk])


def columns(scope: Scope, sheet: Sheet, names: dict[str, str]) -> list[Column]:
    """A sheet's columns on a page; `names`: place → what it is called."""
    made = []
    for position, name in enumerate(sheet.columns):
        sort = {sheet.title: "title", sheet.day: "day", sheet.amount: "-amount"}.get(name, "")
        if sort.lstrip("-") in ("day", "amount") and not sheet.fields[name].required:
            sort = ""
        getter, kind = _getter(scope, sheet.fields[name]), KINDS.get(sheet.fields[name].type, "text")
        main = position == 0
        made.append(Column(label(sheet.fields[name]), getter, kind, sort=sort, main=main, link=url_of if main else ""))
    made.insert(1, Column(_("地区"), lambda one: names.get(one.region_code), sort="place"))
    if len(sheet.states) > 1:
        made.append(Column(_("状态"), state_of, kind="status"))
    made.append(Column(_("问题"), lambda one: Status(_("%(n)d 个") % {"n": one.flags}, "warn") if one.flags else "",
                       kind="status"))  # fmt: skip
    return made


def _getter(scope: Scope, field: LedgerField) -> Callable[[Entry], Any]:
    typed = KINDS.get(field.type)

    def value(entry: Entry) -> Any:
        raw = entry.data.get(field.name)
        if raw is None:
            return None
        if typed and scope.sees(field.sensitivity, entry.region_code):
            return stored(field.type, raw)
        return shown(scope, field, raw, entry.region_code)

    return value


def listing(scope: Scope, sheet: Sheet) -> exporting.Listing:
    """What an export of a sheet is: the columns of its import, every field, masked for who takes it out."""
    own = [
        exporting.Column(
            header(field), field.name, 16, exporting.KIND_OF_TYPE.get(field.type, "text"), field, field.codes
        )
        for field in sheet.fields.values()
    ]
    beside = [exporting.Column(one.zh, one.name, 16) for one in (PLACE, PLACE_NAME, STATE)]
    return exporting.Listing(sheet.zh, [*beside, *own], scope)


def header(field: DictionaryField) -> str:
    """A column's name in a file: the Chinese label, as the import knows it."""
    return field.zh


def file_rows(sheet: Sheet, rows: Any) -> Iterator[dict[str, Any]]:
    """Entries as rows of a file."""
    return exporting.chunks(rows, lambda batch: _rows(sheet, batch))


def _rows(sheet: Sheet, batch: list[Entry]) -> Iterable[dict[str, Any]]:
    names = full_names({entry.region_code for entry in batch})
    for entry in batch:
        values = {name: stored(field.type, entry.data.get(name)) for name, field in sheet.fields.items()}
        yield {
            "region_code": entry.region_code, "place_name": names.get(entry.region_code, ""),
            "entry_state": sheet.states[entry.state].zh, **values,
        }  # fmt: skip
