"""Values of entries: as JSON keeps them, as checks and forms take them, as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from xianjie.web.accounts.scope import Scope
from xianjie.web.dictionary_forms import shown_value
from xianjie.web.ledgers.declaration import LedgerField, Sheet


def stored(kind: str, value: Any) -> Any:
    """A JSON value → the value of a field's type: days as days."""
    return date.fromisoformat(value) if kind == "date" and isinstance(value, str) else value


def pack(sheet: Sheet, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a sheet's fields as JSON keeps them, without those that are unknown."""
    kept = {name: values.get(name) for name in sheet.fields}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in kept.items()
        if value not in (None, "")
    }


def unpack(sheet: Sheet, data: Mapping[str, Any]) -> dict[str, Any]:
    """What `pack` made, back as values; unknown ones as None."""
    return {name: stored(field.type, data.get(name)) for name, field in sheet.fields.items()}


def shown(scope: Scope, field: LedgerField, value: Any, region_code: str) -> str:
    """A value as this user sees it, in words."""
    if value in (None, ""):
        return ""
    if not scope.sees(field.sensitivity, region_code):
        return str(scope.show(field, value, region_code) or "***")
    return shown_value(field, stored(field.type, value))
