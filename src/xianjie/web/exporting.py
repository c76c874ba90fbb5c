"""Lists as Excel files 导出: typed cells, masked by the user's scope, streamed, counted, on record.

A list is declared as columns; rows come from an iterator and are never held together. A second sheet says what the
list is, who took it out and when, and how many rows it has. A cell is what its column says it is: text stays text
whatever it begins with, so that `=`, `+`, `-` and `@` do nothing in Excel.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, Literal, TypeVar, cast
from urllib.parse import quote

from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rustpy_xlsxwriter import FastExcel, Format

from xianjie.dictionary import dictionary
from xianjie.dictionary.masking import mask_of, mask_value
from xianjie.dictionary.model import DictionaryField
from xianjie.messages import UserError
from xianjie.web.accounts.scope import NOBODY, Scope
from xianjie.web.audit.services import current_actor, record

Kind = Literal["text", "int", "number", "fen", "date", "moment", "bool"]
Item = TypeVar("Item")
MOST_ROWS = 1_000_000  # a sheet holds 1,048,576
CHUNK = 2000
LONGEST = 32_000  # characters in a cell; Excel's own limit is 32,767
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
# What Excel shows; "@" keeps a text that looks like a formula or a number a text, also after somebody edits the cell.
NUMBER_FORMATS: dict[Kind, str] = {
    "text": "@",
    "int": "0",
    "number": "#,##0.##",
    "fen": "#,##0.00",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "bool": "@",
}
KIND_OF_TYPE: dict[str, Kind] = {"int": "int", "fen": "fen", "number": "number", "date": "date", "bool": "bool"}
PAGE = {"landscape": True, "paper_size": 9, "fit_to_pages": (1, 0), "repeat_rows": 0}


@dataclass(frozen=True)
class Column:
    """A column of a list: header, where its value comes from, width in characters, kind.

    `value` is an attribute or key of a row, or a function of it. A `fen` column takes integer fen and shows yuan. With
    `masked` the value is shown as the scope shows that field of the dictionary; `codes` turns a code into its label.
    """

    label: str
    value: str | Callable[[Any], Any]
    width: float = 12
    kind: Kind = "text"
    masked: DictionaryField | None = None
    codes: str = ""

    @classmethod
    def of(cls, entity: str, name: str, width: float = 12, value: str | Callable[[Any], Any] | None = None) -> Column:
        """The column of a field of the dictionary: its label, unit, kind, codes and sensitivity."""
        known = dictionary().entities[entity].fields[name]
        label = known.en or known.zh if get_language() == "en" else known.zh
        return cls(label, value or name, width, KIND_OF_TYPE.get(known.type, "text"), known, known.codes)


@dataclass(frozen=True)
class Listing:
    """What an export is: title, columns, the scope that looks, and the region code of a row (for masking)."""

    title: str
    columns: Sequence[Column]
    scope: Scope = NOBODY
    region_of: str | Callable[[Any], str] = "region_code"
    notes: Sequence[tuple[str, str]] = field(default_factory=tuple)  # further lines of the sheet that explains


def write_list(path: Path, listing: Listing, rows: Iterable[Any], progress: Callable[[int], None] | None = None) -> int:
    """Write rows to an xlsx file; gives their number. The file appears under its name only when it is whole.

    `progress` is told the number of rows so far, once in 2,000 rows. Raises `UserError` beyond a million rows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    counted = _Counted(rows, progress)
    widths = {column.label: column.width for column in listing.columns}
    formats = {column.label: Format().set_num_format(NUMBER_FORMATS[column.kind]) for column in listing.columns}
    texts = [column.label for column in listing.columns if column.kind == "text"]
    header = Format().set_bold().set_background_color("#DCE6F1").set_border("thin").set_text_wrap()
    workbook = FastExcel(part, output_format="xlsx")
    workbook.sheet(
        _sheet_name(listing.title),
        _records(listing, counted),
        column_widths=widths,
        column_formats=formats,
        header_format=header,
        autofilter=True,
        page_setup=PAGE,
        ignore_errors=texts,
    )
    about = {_("项目"): 16.0, _("内容"): 60.0}
    workbook.sheet(_("导出说明"), _about(listing, counted), column_widths=about, header_format=header)
    workbook.freeze(row=1)
    try:
        workbook.save()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return counted.count


def workbook_response(
    listing: Listing, rows: Iterable[Any], *, verb: str, region_code: str = "", asked: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The list as a download; an audit event `verb` keeps who took how many rows of what (`asked`: the filters).

    For lists of up to some ten thousand rows; a longer one is a job that calls `write_list` and `record_export`.
    """
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        path = Path(folder) / "list.xlsx"
        count = write_list(path, listing, rows)
        record_export(listing, count, verb=verb, region_code=region_code, asked=asked)
        content = path.open("rb")  # stays readable after the folder is gone
    name = f"{_safe_name(listing.title)}-{timezone.localtime():%Y%m%d-%H%M}.xlsx"
    response: Any = FileResponse(  # a streaming response, which views are typed to give as HttpResponse
        content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", filename=name
    )
    response["Content-Disposition"] = f"attachment; filename=list.xlsx; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return cast(HttpResponse, response)


def record_export(
    listing: Listing, count: int, *, verb: str, region_code: str = "", asked: Mapping[str, Any] | None = None
) -> None:
    """Keep on record that the current actor took a list out."""
    columns = [column.label for column in listing.columns]
    after = {"title": listing.title, "rows": count, "columns": columns, "asked": dict(asked or {})}
    record(verb, subject=("export", listing.title[:80]), region_code=region_code, after=after)


def chunks(rows: QuerySet[Any], prepare: Callable[[list[Any]], Iterable[Item]], size: int = CHUNK) -> Iterator[Item]:
    """Rows of a query in lists of `size`, each handed to `prepare` (which looks up what a chunk needs in one query)."""
    batch: list[Any] = []
    for row in rows.iterator(chunk_size=size):
        batch.append(row)
        if len(batch) == size:
            yield from prepare(batch)
            batch = []
    if batch:
        yield from prepare(batch)


class _Counted:
    """Rows as they pass by, counted."""

    def __init__(self, rows: Iterable[Any], progress: Callable[[int], None] | None) -> None:
        self.rows, self.progress, self.count = rows, progress, 0

    def __iter__(self) -> Iterator[Any]:
        for row in self.rows:
            self.count += 1
            if self.count > MOST_ROWS:
                raise UserError("registry.export_too_long", most=MOST_ROWS)
            if self.progress and self.count % CHUNK == 0:
                self.progress(self.count)
            yield row


def _records(listing: Listing, rows: _Counted) -> Iterator[dict[str, Any]]:
    coming = iter(rows)
    first = next(coming, None)
    if first is None:  # without a row the writer would leave out the header
        yield dict.fromkeys(column.label for column in listing.columns)
        return
    labels = [column.label for column in listing.columns]
    makers = [_maker(listing, column, isinstance(first, Mapping)) for column in listing.columns]
    for row in chain([first], coming):
        yield dict(zip(labels, [make(row) for make in makers], strict=True))


def _maker(listing: Listing, column: Column, by_key: bool) -> Callable[[Any], Any]:
    """Row → cell: value, then the code's label, then the mask, then the cell's type."""
    get = _getter(column.value, by_key)
    cell = _labels(column.codes) if column.codes else _CELLS[column.kind]
    masked = column.masked
    if masked is None or mask_of(masked) == "shown":
        return lambda row: cell(get(row))
    region = _getter(listing.region_of, by_key)
    seen: dict[str, bool] = {}

    def make(row: Any) -> Any:
        code = region(row)
        if code not in seen:
            seen[code] = listing.scope.sees(masked.sensitivity, code)
        return cell(get(row)) if seen[code] else _text(mask_value(masked, get(row)))

    return make


def _labels(codes: str) -> Callable[[Any], Any]:
    """Code → label in the language of the request; a code that the list does not know stays."""
    english = get_language() == "en"
    known = {value: words.en if english else words.zh for value, words in dictionary().codes[codes].values.items()}
    return lambda value: known.get(value) or _text(value)


def _getter(value: str | Callable[[Any], Any], by_key: bool) -> Callable[[Any], Any]:
    if callable(value):
        return value
    return itemgetter(value) if by_key else attrgetter(value)


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else str(value)
    if _UNPRINTABLE.search(text):
        text = _UNPRINTABLE.sub("", text)
    return text[:LONGEST]


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) or value is None else _text(value)


def _fen(value: Any) -> Any:
    return value / 100 if isinstance(value, int) else _text(value)


def _day(value: Any) -> Any:
    """A day as Excel's date where Excel has one (from 1900 on), else as text."""
    if isinstance(value, date) and value.year > 1900:
        return value if not isinstance(value, datetime) else value.date()
    return _text(value)


def _moment(value: Any) -> Any:
    if isinstance(value, datetime) and value.year > 1900:
        return timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
    return _text(value)


def _yes_no(value: Any) -> str | None:
    return None if value is None else (_("是") if value else _("否"))


_CELLS: dict[Kind, Callable[[Any], Any]] = {
    "text": _text,
    "int": _number,
    "number": _number,
    "fen": _fen,
    "date": _day,
    "moment": _moment,
    "bool": _yes_no,
}


def _about(listing: Listing, counted: _Counted) -> Iterator[dict[str, str]]:
    """The lines of the second sheet; asked for when the first is written, so that the count is known."""
    actor = current_actor()
    lines = [
        (_("名称"), listing.title),
        (_("行数"), str(counted.count)),
        (_("导出时间"), f"{timezone.localtime():%Y-%m-%d %H:%M}"),
        (_("导出人"), f"{actor.name or actor.username}（{actor.username}）"),
        (_("身份"), actor.acting_as),
        *listing.notes,
        (_("提示"), _("含个人信息，仅限工作使用，请按规定保管和销毁。")),
    ]
    for name, text in lines:
        yield {_("项目"): name, _("内容"): _text(text) or ""}


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:28] or "list"


def _safe_name(title: str) -> str:
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', " ", title).strip()[:60] or "list"
