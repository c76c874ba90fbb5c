"""Excel templates 填报模板: columns of the dictionary as sheets that people can fill in without making mistakes.

Drop-downs for codes, text format for numbers of papers, notes on every header, a guide and the code lists.
The same dictionary gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import FastExcel, Format

from xianjie.dictionary.catalogue import dictionary, normal_header, writing
from xianjie.dictionary.model import DictionaryField
from xianjie.messages import UserError, language, say

ROWS = 500
REQUIRED_COLOUR, HEADER_COLOUR = "#FFF2CC", "#DCE6F1"
# Excel takes a list of at most so many characters inside a rule; a longer one must stand on a sheet.
INLINE_LIST = 255
_WRITTEN = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
# The writer knows no drop-down over a range; a rule whose formula is nothing but a range is meant as one.
_RANGE_RULE = re.compile(rb'type="custom"([^>]*><formula1>\'[^\'<]+\'!\$[A-Z]+\$\d+:\$[A-Z]+\$\d+</formula1>)')


@dataclass(frozen=True)
class TemplateSheet:
    """A sheet to fill in: its name and its columns, fields of one or several entities."""

    name: str
    fields: tuple[DictionaryField, ...]


def entity_sheet(entity: str) -> TemplateSheet:
    """The sheet of an entity with all its fields. Raises `UserError` when there is no such entity."""
    known = dictionary().entities
    if entity not in known:
        raise UserError("dictionary.unknown_entity", name=entity, known="、".join(known))
    return TemplateSheet(known[entity].zh, tuple(known[entity].fields.values()))


def template_header(field: DictionaryField) -> str:
    """The column name in a template: a star when required, the label, the unit as people write it."""
    unit = writing().unit_zh(field.unit)
    return f"{'*' if field.required else ''}{field.zh}{f'（{unit}）' if unit else ''}"


def write_template(sheets: Sequence[str | TemplateSheet], path: Path, rows: int = ROWS) -> None:
    """Write one workbook with a sheet for each entity (by name) or list of columns, `rows` of them ready.

    Raises `UserError` for an unknown entity, a sheet without columns or with two of one name, or a place that
    cannot be written.
    """
    parts = [sheet if isinstance(sheet, TemplateSheet) else entity_sheet(sheet) for sheet in sheets]
    if not parts:
        raise UserError("dictionary.no_sheets", known="、".join(dictionary().entities))
    for part in parts:
        _check(part)
    codes = sorted({field.codes for part in parts for field in part.fields if field.codes})
    buffer = io.BytesIO()
    workbook = FastExcel(buffer, output_format="xlsx")
    _guide(workbook, parts, rows)
    for part, name in zip(parts, _sheet_names(parts), strict=True):
        _form(workbook, part, name, codes, rows)
        workbook.freeze(row=1, sheet=name)
    if codes:
        _codes(workbook, codes)
    workbook.save()
    try:
        path.write_bytes(_settled(buffer.getvalue()))
    except OSError as error:
        raise UserError("dictionary.cannot_write", file=str(path), why=error.strerror or "") from error


def _check(sheet: TemplateSheet) -> None:
    if not sheet.fields:
        raise UserError("dictionary.no_columns", sheet=sheet.name)
    seen: set[str] = set()
    for field in sheet.fields:
        header = template_header(field)
        if normal_header(header) in seen:
            raise UserError("dictionary.same_header", sheet=sheet.name, header=header)
        seen.add(normal_header(header))


def _sheet_names(sheets: Sequence[TemplateSheet]) -> list[str]:
    names: list[str] = [say("dictionary.sheet_guide"), say("dictionary.sheet_codes")]
    for sheet in sheets:
        base = re.sub(r"[\[\]:*?/\\']", " ", sheet.name).strip()[:28] or "Sheet"
        name, number = base, 2
        while name in names:
            name, number = f"{base}{number}", number + 1
        names.append(name)
    return names[2:]


def _header_format() -> Format:
    return Format().set_bold().set_background_color(HEADER_COLOUR).set_border("thin").set_text_wrap()


def _form(workbook: FastExcel, sheet: TemplateSheet, name: str, codes: Sequence[str], rows: int) -> None:
    headers = [template_header(field) for field in sheet.fields]
    columns = dict(zip(headers, sheet.fields, strict=True))
    rules = {header: _rule(field, header, position, codes) for position, (header, field) in enumerate(columns.items())}
    workbook.sheet(
        name,
        [dict.fromkeys(headers)] * rows,
        header_format=_header_format(),
        column_formats={header: _cell_format(field) for header, field in columns.items()},
        column_widths={header: _width(field, header) for header, field in columns.items()},
        row_heights={0: 32},
        data_validations={header: rule for header, rule in rules.items() if rule},
        notes={
            header: {"text": _note(field), "author": say("dictionary.sheet_guide"), "width": 260, "height": 140}
            for header, field in columns.items()
        },
        ignore_errors=[header for header, field in columns.items() if field.storage == "VARCHAR"],
    )


def _cell_format(field: DictionaryField) -> Format:
    number_formats = {"VARCHAR": "@", "DATE": "yyyy-mm-dd"}
    shape = "0.00" if field.type == "fen" else number_formats.get(field.storage, "General")
    cell = Format().set_num_format(shape)
    return cell.set_background_color(REQUIRED_COLOUR) if field.required else cell


def _width(field: DictionaryField, header: str) -> float:
    example = writing().types[field.type].example
    return float(min(max(12, 2 * len(header) + 2, len(example) + 3), 30))


def _bounds(field: DictionaryField) -> tuple[float | None, float | None]:
    """Lowest and highest plausible value as people write it: yuan for money."""
    scale = 100 if field.type == "fen" else 1
    return tuple(None if bound is None else bound / scale for bound in (field.min, field.max))  # type: ignore[return-value]


def _bounds_words(field: DictionaryField) -> str:
    low, high = _bounds(field)
    if low is not None and high is not None:
        return say("dictionary.between", low=f"{low:.12g}", high=f"{high:.12g}")
    if low is not None:
        return say("dictionary.at_least", low=f"{low:.12g}")
    return "" if high is None else say("dictionary.at_most", high=f"{high:.12g}")


def _rule(field: DictionaryField, header: str, position: int, codes: Sequence[str]) -> dict[str, Any] | None:
    """What Excel asks of a column: a list it insists on, a range, length or date it warns of."""
    title = {"error_title": say("dictionary.error_title")}
    if field.type == "bool" or field.codes:
        message = {**title, "error_message": say("dictionary.error_list", header=field.zh), "error_style": "stop"}
        words = _words(field)
        if len(",".join(words)) <= INLINE_LIST:
            return {"type": "list", "values": words, **message}
        column, last = _letters(codes.index(field.codes)), len(words) + 1
        formula = f"='{say('dictionary.sheet_codes')}'!${column}$2:${column}${last}"
        return {"type": "custom", "formula": formula, **message}
    warning = {**title, "error_style": "warning"}
    if field.type == "date":
        formula = f"=ISNUMBER({_letters(position)}2)"
        return {
            "type": "custom",
            "formula": formula,
            **warning,
            "error_message": say("dictionary.error_date", header=field.zh),
        }
    if lengths := writing().types[field.type].lengths:
        low, high = lengths
        code = "dictionary.error_length" if low == high else "dictionary.error_lengths"
        message = {**warning, "error_message": say(code, header=field.zh, low=low, high=high)}
        return {"type": "text_length", "criteria": "between", "min": low, "max": high, **message}
    return _range_rule(field, warning)


def _range_rule(field: DictionaryField, warning: dict[str, str]) -> dict[str, Any] | None:
    low, high = _bounds(field)
    if low is None and high is None:
        return None
    kind = "whole_number" if field.type == "int" else "decimal"
    if field.type == "int":
        low, high = (None if bound is None else int(bound) for bound in (low, high))
    message = say("dictionary.error_range", header=field.zh, words=_bounds_words(field))
    rule: dict[str, Any] = {"type": kind, **warning, "error_message": message}
    if low is not None and high is not None:
        return {**rule, "criteria": "between", "min": low, "max": high}
    return {**rule, "criteria": ">=", "value": low} if low is not None else {**rule, "criteria": "<=", "value": high}


def _words(field: DictionaryField) -> list[str]:
    if field.type == "bool":
        return [say("dictionary.yes"), say("dictionary.no")]
    return [value.zh for value in dictionary().codes[field.codes].values.values()] if field.codes else []


def _example(field: DictionaryField) -> str:
    if words := _words(field):
        return words[0]
    example, (low, high) = writing().types[field.type].example, _bounds(field)
    if field.storage in ("BIGINT", "DOUBLE") and not (low or 0) <= float(example) <= (high or float("inf")):
        return f"{low or high:.12g}"
    return example


def _how(field: DictionaryField) -> str:
    """In one line: the words to choose from, or hint and plausible range."""
    words = _words(field)
    if words and len(",".join(words)) > INLINE_LIST:
        listed = dictionary().codes[field.codes].zh
        return say("dictionary.words_in_codes", codes=say("dictionary.sheet_codes"), list=listed)
    if words:
        return say("dictionary.words_of_list", words="、".join(words))
    kind = writing().types[field.type]
    hint = kind.hint_en if language() == "en" else kind.hint_zh
    return "；".join(part for part in (hint, _bounds_words(field)) if part)


def _type_words(field: DictionaryField) -> str:
    kind = writing().types[field.type]
    return kind.en if language() == "en" else kind.zh


def _required_words(field: DictionaryField) -> str:
    return say("dictionary.required") if field.required else say("dictionary.optional")


def _unit_words(field: DictionaryField) -> str:
    return writing().unit_en(field.unit) if language() == "en" else writing().unit_zh(field.unit)


def _note(field: DictionaryField) -> str:
    lines = [say("dictionary.note", required=_required_words(field), type=_type_words(field))]
    if field.unit:
        lines.append(say("dictionary.note_unit", unit=_unit_words(field)))
    if example := _example(field):
        lines.append(say("dictionary.note_example", example=example))
    return "\n".join(line for line in (*lines, _how(field)) if line)


def _guide(workbook: FastExcel, sheets: Sequence[TemplateSheet], rows: int) -> None:
    columns = {
        "sheet": 14,
        "name": 26,
        "required": 10,
        "type": 14,
        "unit": 12,
        "words": 60,
        "example": 24,
        "aliases": 50,
    }
    titles = {key: say(f"dictionary.column_{key}") for key in columns}
    lines = [
        say("dictionary.guide_title"),
        say("dictionary.guide_required"),
        say("dictionary.guide_lists", codes=say("dictionary.sheet_codes")),
        say("dictionary.guide_text"),
        say("dictionary.guide_rows", rows=rows),
    ]
    last, bold, plain = len(columns) - 1, Format().set_bold().set_font_size(14), Format()
    records = [
        {
            titles["sheet"]: name,
            titles["name"]: template_header(field),
            titles["required"]: _required_words(field),
            titles["type"]: _type_words(field),
            titles["unit"]: _unit_words(field),
            titles["words"]: _how(field),
            titles["example"]: _example(field),
            titles["aliases"]: "、".join(field.aliases),
        }
        for sheet, name in zip(sheets, _sheet_names(sheets), strict=True)
        for field in sheet.fields
    ]
    workbook.sheet(
        say("dictionary.sheet_guide"),
        records,
        header_row=len(lines),
        header_format=_header_format(),
        merge_ranges=[(row, 0, row, last, line, plain if row else bold) for row, line in enumerate(lines)],
        column_widths={titles[key]: float(width) for key, width in columns.items()},
        column_formats={titles[key]: Format().set_num_format("@").set_text_wrap() for key in columns},
    )


def _codes(workbook: FastExcel, codes: Sequence[str]) -> None:
    """One column a code list, in the order by which `_rule` points at them."""
    lists = {dictionary().codes[name].zh: _labels(name) for name in codes}
    depth = max(map(len, lists.values()))
    workbook.sheet(
        say("dictionary.sheet_codes"),
        [{zh: words[row] if row < len(words) else None for zh, words in lists.items()} for row in range(depth)],
        header_format=_header_format(),
        column_formats={zh: Format().set_num_format("@") for zh in lists},
        column_width=22.0,
    )
    workbook.freeze(row=1, sheet=say("dictionary.sheet_codes"))


def _labels(codes: str) -> list[str]:
    return [value.zh for value in dictionary().codes[codes].values.values()]


def _letters(position: int) -> str:
    """Excel's name of a column, counted from 0."""
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _settled(content: bytes) -> bytes:
    """The workbook with a fixed time of writing, and with lists over a range as drop-downs."""
    settled = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            part = source.read(entry)
            if entry.filename == "docProps/core.xml":
                part = _WRITTEN.sub(rb"\g<1>2000-01-01T00:00:00Z", part)
            elif entry.filename.startswith("xl/worksheets/sheet"):
                part = _RANGE_RULE.sub(rb'type="list"\1', part)
            target.writestr(zipfile.ZipInfo(entry.filename), part, zipfile.ZIP_DEFLATED)
    return settled.getvalue()
