"""Entries from files: read by the declared columns, taken row by row, the others given back with remarks."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from rustpy_xlsxwriter import FastExcel

from xianjie.dictionary import DictionaryField
from xianjie.dictionary.templates import TemplateSheet, write_template
from xianjie.messages import UserError, say
from xianjie.web.accounts.scope import Scope
from xianjie.web.ledgers.checking import code_label_of
from xianjie.web.ledgers.declaration import Sheet
from xianjie.web.ledgers.flagging import check_entries
from xianjie.web.ledgers.linking import CHANGE
from xianjie.web.ledgers.recording import Row, record_rows
from xianjie.web.ledgers.tables import PLACE, PLACE_NAME, STATE
from xianjie.web.regions.selectors import full_names, on_day
from xianjie.web.sheets import ENDINGS, LIMITS, SheetRow, read_table
from xianjie.web.sheets import Sheet as FileSheet

FOLDER = "ledgers"


@dataclass(frozen=True)
class Imported:
    """What became of a file's rows; rows = added + changed + same + refused."""

    rows: int
    added: int
    changed: int
    same: int
    refused: int


def keep_upload(upload: Any) -> str:
    """Keep an uploaded file for the job; gives its name there. Raises `UserError` for a kind or size we do not take."""
    ending = Path(str(upload.name)).suffix.lower()
    if ending not in ENDINGS:
        raise UserError("web_manage.upload_kind", file=upload.name, kinds="、".join(ENDINGS))
    if upload.size > LIMITS.file_bytes:
        raise UserError("web_manage.upload_size", file=upload.name, most=LIMITS.file_bytes // 1_000_000)
    name = f"{uuid.uuid4().hex}{ending}"
    path = kept(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("wb") as target:
        for part in upload.chunks():
            target.write(part)
    return name


def kept(name: str) -> Path:
    """Where a kept file lies. Raises `ValueError` for a name that is none of ours."""
    if Path(name).name != name:
        raise ValueError(name)
    return Path(settings.HOME) / "files" / FOLDER / name


def file_fields(sheet: Sheet) -> list[DictionaryField]:
    """The columns that a file of a sheet may have. What a row must have is checked row by row: a file that puts some
    columns of known entries right need not bring the others."""
    own = [field.model_copy(update={"required": False}) for field in sheet.fields.values()]
    own[list(sheet.fields).index(sheet.key)] = sheet.fields[sheet.key]
    return [PLACE, PLACE_NAME, STATE, *own]


def write_empty(sheet: Sheet, path: Path) -> None:
    """The template to fill in."""
    write_template([TemplateSheet(sheet.zh, (PLACE_NAME, PLACE, STATE, *sheet.fields.values()))], path)


def import_file(scope: Scope, sheet: Sheet, path: Path, name: str, giveback: Path) -> Imported:
    """Take a file's rows in; those that cannot be taken are written to `giveback` with remarks.

    All rows of one file belong to one county. Raises `UserError` when the file as a whole cannot be used.
    """
    fields = file_fields(sheet)
    table = read_table(path, fields, (sheet.key,), name)
    given = [field.name for field in fields if field.name in table.headers and field.name in sheet.fields]
    places = _Places(scope, sheet)
    faults: list[tuple[SheetRow | None, str, int, str]] = [
        (None, fault.sheet, fault.row, "；".join(filter(None, (fault.column, fault.text)))) for fault in table.faults
    ]
    rows: list[Row] = []
    origin: list[SheetRow] = []
    for row in table.rows:
        code, problem = places.code(row)
        if problem:
            faults.append((row, row.sheet, row.row, problem))
            continue
        rows.append(Row({one: row.values[one] for one in given}, code, places.state(row)))
        origin.append(row)
    county = places.county(rows)
    outcome = record_rows(scope, sheet, county, rows, why=say("ledgers.import_why", file=name))
    for position, problems in outcome.problems.items():
        faults.append((origin[position], origin[position].sheet, origin[position].row, _told(sheet, problems)))
    check_entries(list(outcome.taken.values()))
    if faults:
        _give_back(table, fields, sorted(faults, key=lambda fault: (fault[1], fault[2])), giveback)
    return Imported(
        len(table.rows) + len(table.faults), len(outcome.added), len(outcome.changed), outcome.same, len(faults)
    )


def _told(sheet: Sheet, problems: Mapping[str, str]) -> str:
    labels = {**{name: field.zh for name, field in sheet.fields.items()}, "region_code": PLACE.zh, "state": STATE.zh}
    return "；".join(f"{labels[name]}：{text}" if name in labels else text for name, text in problems.items())


class _Places:
    """The places of a file: codes as they are, names looked up once."""

    def __init__(self, scope: Scope, sheet: Sheet) -> None:
        self.scope, self.states = scope, {one.zh: name for name, one in sheet.states.items()}
        inside = on_day().none()
        for low, high in scope.areas(CHANGE):
            inside |= on_day().filter(region_code__gte=low, region_code__lt=high)
        codes = list(inside.values_list("region_code", flat=True))
        self.codes: dict[str, list[str]] = {}
        for code, name in full_names(set(codes)).items():
            self.codes.setdefault(name, []).append(code)

    def code(self, row: SheetRow) -> tuple[str, str]:
        """The place that a row names, empty for none; or what is wrong with it."""
        if given := str(row.values.get("region_code") or "").strip():
            return given, ""
        name = "".join(str(row.values.get("place_name") or "").split())
        if not name:
            return "", ""
        found = self.codes.get(name, [])
        if len(found) != 1:
            return "", say("ledgers.place_unknown" if not found else "ledgers.place_ambiguous", name=name)
        return found[0], ""

    def state(self, row: SheetRow) -> str:
        """The state that a row names, as we call it."""
        word = str(row.values.get("entry_state") or "").strip()
        return self.states.get(word, word)

    def county(self, rows: Sequence[Row]) -> str:
        """The county of a file: that of its rows, else of the user's area."""
        return next((row.region_code[:6] for row in rows if row.region_code), self.scope.home[:6])


def _give_back(
    table: FileSheet, fields: Sequence[DictionaryField], faults: Sequence[tuple[SheetRow | None, str, int, str]],
    path: Path,
) -> None:  # fmt: skip
    """The rows that were not taken, with remarks before their values."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shown = [field for field in fields if field.name in table.headers]
    columns = [say("feeds.column_sheet"), say("feeds.column_row"), say("feeds.column_remarks"),
               *(field.zh for field in shown)]  # fmt: skip

    def records() -> Iterator[dict[str, Any]]:
        for row, sheet, number, text in faults:
            values = [_cell(field, row.values.get(field.name)) if row else None for field in shown]
            yield dict(zip(columns, [sheet, str(number), text, *values], strict=True))

    book = FastExcel(str(path)).format(bold_headers=True).freeze(row=1)
    book.sheet(say("ledgers.giveback"), records(), column_width=18)
    book.save()


def _cell(field: DictionaryField, value: Any) -> str | None:
    if value in (None, ""):
        return None
    if field.type == "fen":
        return f"{value / 100:.2f}"
    if field.type == "bool":
        return say("registry.yes") if value else say("registry.no")
    return code_label_of(field, value)
