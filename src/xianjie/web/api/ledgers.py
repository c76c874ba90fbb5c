"""Reading ledgers through the interface: what a sheet is, and its entries as the token's user sees them."""

from __future__ import annotations

from datetime import date
from typing import Any

from ninja import Schema

from xianjie.web.api.interface import ERRORS, api, as_user, not_found
from xianjie.web.ledgers import selectors
from xianjie.web.ledgers.declaration import Sheet, ledgers, sheets
from xianjie.web.ledgers.models import Entry
from xianjie.web.ledgers.values import unpack
from xianjie.web.paging import page_of

VIEW = "ledgers.view"


class LedgerFieldOut(Schema):
    """A field of a sheet 字段."""

    name: str
    label: str
    type: str
    unit: str
    required: bool


class SheetOut(Schema):
    """A sheet of a ledger 台账的表."""

    sheet: str
    title: str
    ledger: str
    states: dict[str, str]
    fields: list[LedgerFieldOut]


class EntryOut(Schema):
    """An entry 条目: money in fen, days as ISO text; what the token's user may not see is masked."""

    id: int
    key: str
    region_code: str
    state: str
    state_since: date
    problems: int
    values: dict[str, Any]


class EntryList(Schema):
    """Entries, fifty at a time 条目."""

    entries: list[EntryOut]
    after: str


@api.get("/ledgers", response={200: list[SheetOut], **ERRORS}, summary="台账的表和字段", operation_id="ledgers")
@as_user
def list_sheets(request: Any) -> Any:
    """Every sheet with its fields, for who may see ledgers."""
    if not request.scope.has(VIEW):
        return []
    return [_sheet(sheet) for ledger in ledgers().values() for sheet in ledger.sheets.values()]


def _sheet(sheet: Sheet) -> SheetOut:
    fields = [
        LedgerFieldOut(name=name, label=field.zh, type=field.type, unit=field.unit, required=field.required)
        for name, field in sheet.fields.items()
    ]
    states = {name: state.zh for name, state in sheet.states.items()}
    return SheetOut(sheet=sheet.name, title=sheet.zh, ledger=sheet.ledger, states=states, fields=fields)


@api.get("/ledgers/{sheet}", response={200: EntryList, **ERRORS}, summary="一张表的条目", operation_id="ledger_entries")
@as_user
def list_entries(request: Any, sheet: str, state: str = "", after: str = "") -> Any:
    """The entries of a sheet that the token's user sees, by number."""
    if sheet not in sheets() or not request.scope.has(VIEW):
        return not_found(request)
    declared = sheets()[sheet]
    rows = selectors.entries(request.scope, declared, {"state": state} if state else {})
    page = page_of(rows, "id", after=after)
    return EntryList(entries=[_entry(request, declared, one) for one in page.rows], after=page.after)


def _entry(request: Any, sheet: Sheet, one: Entry) -> EntryOut:
    values = {
        name: request.scope.show(sheet.fields[name], value, one.region_code)
        for name, value in unpack(sheet, one.data).items()
        if value is not None
    }
    return EntryOut(
        id=one.pk, key=one.key, region_code=one.region_code, state=one.state, state_since=one.state_since,
        problems=one.flags, values=values,
    )  # fmt: skip
