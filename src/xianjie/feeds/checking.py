"""A raw file and its headers → the canonical Parquet file: every row accepted, repaired or rejected, with remarks.

Most rows are `plain`: every cell is written as it should be. They are done after one look at each cell; the
careful ways and the remarks are asked of the others only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xianjie.dictionary import dictionary, normal_word
from xianjie.engines import Engine, quote, quote_name
from xianjie.feeds import cells
from xianjie.feeds.cells import GARBLED, Conversion, Names, told
from xianjie.feeds.headers import Target, normal
from xianjie.feeds.layout import forms
from xianjie.feeds.raw_rows import (
    Place,
    Table,
    data_rows,
    find_same_keys,
    large_at,
    mark_rows,
    places_of,
    text_at,
    words_of,
)
from xianjie.messages import say

JOINT = "；"
# Kinds of identity columns; one that is not named here is plain text.
IDENTITY_KINDS = {
    "i_id_no": "id_no",
    "i_disability_no": "disability_no",
    "i_phone": "phone",
    "i_region_code": "region",
    "i_household_id": "key",
    "i_person_id": "key",
    "i_name": "name",
    "i_household_head": "name",
    "i_birth_date": "date",
    "i_age": "age",
}
STRONG = ("i_id_no", "i_disability_no", "i_household_id", "i_person_id")
# Identity columns about which nothing is said: matching makes of them what it can.
SILENT = ("date", "age", "plain")
MOST_WORDS, LONGEST_WORD = 5_000, 60


@dataclass(frozen=True)
class Column:
    """A target, where its cells stand, and how they are converted; `kind` says which way.

    `again` is the quick way asked of the trimmed text: blanks at the ends are nothing to speak of. Targets that
    take one column the same way share their `names`, so the work is done once.
    """

    target: Target
    place: Place
    names: Names
    kind: str
    plan: Conversion
    again: str


def write_checked(engine: Engine, table: Table, columns: dict[str, str], out: Path) -> dict[str, int]:
    """Write the canonical file with `columns` (name → type); gives the number of rows by kind and by status."""
    kinds = mark_rows(engine, table)
    if table.unique:
        find_same_keys(engine, table)
    engine.write_parquet(_rows(table, _columns(engine, table), columns), out)
    statuses = engine.rows(f"SELECT status, count(*) FROM read_parquet({quote(str(out))}) GROUP BY status")
    return {**kinds, **dict(statuses)}


def _columns(engine: Engine, table: Table) -> list[Column]:
    """How the table's columns are converted. Code words are looked up here, once per distinct cell."""
    places = places_of(table, table.present)
    numbers: dict[tuple[int, str], int] = {}
    found = []
    for target in table.present:
        place, kind = places[target.name], _kind_of(target)
        number = numbers.setdefault((place.number, kind), len(numbers))
        names = Names(place.cell, place.text, place.large, f"quick_{number}", f"value_{number}")
        known = _known_words(engine, table, target, place)
        plan = _conversion(table, target, names, known)
        again = _conversion(table, target, dataclasses.replace(names, cell=place.text), known).quick
        if kind in cells.SHAPES:
            again = f"CASE WHEN NOT {place.large} THEN {again} END"
        found.append(Column(target, place, names, kind, plan, again))
    return found


def _kind_of(target: Target) -> str:
    """Which way a target's cells are converted. Of one column, cells of one kind give the same values."""
    if target.field is None:
        return IDENTITY_KINDS.get(target.name, "plain")
    if target.field.type in ("date", "name", "text", *cells.SHAPES):
        return target.field.type
    return f"{target.field.type} {target.name}"


def _conversion(table: Table, target: Target, names: Names, known: dict[str, str]) -> Conversion:
    header, one, kind = table.header_of(target.name), target.field, _kind_of(target)
    if one and one.type in ("code", "bool"):
        return cells.words(header, names, known, one.storage)
    if one:
        return cells.conversion(one, header, names, _multiplier(table, target))
    if kind in cells.SHAPES:
        return cells.number_text(kind, header, names)
    if kind == "name":
        return cells.name(header, names)
    if kind == "date":
        return cells.date_text(header, names)
    return cells.age(names) if kind == "age" else cells.plain_text(names)


def _multiplier(table: Table, target: Target) -> float:
    """Stored units in one unit of the column: canonical names hold stored units, other headers what people write."""
    if target.field is None or target.field.type != "fen":
        return target.factor
    if normal(table.header_of(target.name)) == target.name:
        return 1
    header = next(header for header in table.headers if target.name in header.columns)
    return 100 * target.factor * header.multiplier(target.name)


def _known_words(engine: Engine, table: Table, target: Target, place: Place) -> dict[str, str]:
    """Cells in the file that stand for a value → the value; empty for other columns than codes and yes or no."""
    one = target.field
    if one is None or one.type not in ("code", "bool"):
        return {}
    if one.codes:
        values = dictionary().words(one.codes)
    else:
        opposite = normal(table.header_of(target.name)) in {normal(header) for header in one.opposites}
        yes, no = ("false", "true") if opposite else ("true", "false")
        values = {normal_word(word): yes for word in forms().yes_words}
        values |= {normal_word(word): no for word in forms().no_words}
    values = values | {normal_word(word): value for word, value in table.words.get(one.name, {}).items()}
    seen = engine.rows(
        f"SELECT word, rows FROM ({words_of(table, place)}) WHERE length(word) <= {LONGEST_WORD} "
        f"ORDER BY rows DESC, word LIMIT {MOST_WORDS}"
    )
    # The usual words first: a CASE asks one after the other.
    return {word: values[normal_word(word)] for word, _rows in seen if normal_word(word) in values}


def _rows(table: Table, columns: Sequence[Column], stored: dict[str, str]) -> str:
    """The whole query: cells, quick values, whether the row is plain, careful values, remarks, statuses."""
    once = {column.names.value: column for column in columns}.values()
    places = list({column.place.number: column.place for column in columns}.values())
    quick = ", ".join(f"{column.plan.quick} AS {column.names.quick}" for column in once)
    looked_at = f"SELECT *, {quick} FROM ({data_rows(table, places)})"
    same_keys = " LEFT JOIN same_keys USING (sheet_no, row_no)" if table.unique else ""
    plain = f"SELECT *, {_is_plain(table, columns)} AS plain FROM ({looked_at}){same_keys}"
    texts = ", ".join(
        f"CASE WHEN NOT plain THEN {text_at(table, place)} END AS {place.text}, "
        f"CASE WHEN NOT plain THEN coalesce({large_at(place)}, FALSE) ELSE FALSE END AS {place.large}"
        for place in places
    )
    again = ", ".join(
        f"CASE WHEN {column.names.quick} IS NULL AND {column.names.text} IS NOT NULL THEN {column.again} "
        f"ELSE {column.names.quick} END AS {column.names.quick}"
        for column in once
    )
    values = ", ".join(
        f"CASE WHEN {column.names.quick} IS NOT NULL OR {column.names.text} IS NULL THEN {column.names.quick} "
        f"ELSE {column.plan.careful} END AS {column.names.value}"
        for column in once
    )
    looked_again = f"SELECT * REPLACE ({again}) FROM (SELECT *, {texts} FROM ({plain}))"
    converted = f"SELECT *, {values} FROM ({looked_again})"
    told_of_row = ", ".join(
        f"CASE WHEN NOT plain THEN {_joined(remarks)} ELSE '' END AS {kind}"
        for kind, remarks in zip(("rejecting", "fixing", "noting"), _remarks(table, columns), strict=True)
    )
    sheets = " ".join(f"WHEN {header.sheet.number} THEN {quote(header.sheet.name)}" for header in table.headers)
    return f"""
        SELECT CAST(sheet_no AS VARCHAR) || ':' || CAST(row_no AS VARCHAR) AS row_id,
               CASE sheet_no {sheets} END AS sheet, row_no,
               CASE WHEN rejecting <> '' THEN 'rejected' WHEN fixing <> '' THEN 'repaired'
                    ELSE 'accepted' END AS status,
               CASE WHEN NOT plain
                    THEN nullif(concat_ws('{JOINT}', nullif(rejecting, ''), nullif(fixing, ''), nullif(noting, '')), '')
                    END AS remarks,
               {_final_columns(table, columns, stored)}
        FROM (SELECT *, {told_of_row} FROM ({converted}))
        ORDER BY sheet_no, row_no
    """


def _is_plain(table: Table, columns: Sequence[Column]) -> str:
    """Whether there is nothing to be said of a row: every cell is empty or as it should be, none is missing."""
    tests = ["first_row IS NULL", "beyond IS NULL", "NOT carried"]
    if table.unique:
        tests.append("same_key IS NULL")
    needed = _needed(table, columns)
    if needed:
        tests.append(f"coalesce({', '.join(one.names.quick for one in needed)}, NULL) IS NOT NULL")
    for column in columns:
        if not column.target.required:
            tests.append(f"({column.names.cell} IS NULL OR {column.names.quick} IS NOT NULL)")
        else:
            tests.append(f"{column.names.quick} IS NOT NULL")
        if column.plan.bounds:
            tests.append(f"({column.plan.bounds}) IS NOT TRUE")
    return " AND ".join(dict.fromkeys(tests))


def _needed(table: Table, columns: Sequence[Column]) -> list[Column]:
    """The columns of which a row fills at least one."""
    return [one for one in columns if one.target.name in table.needed and not one.target.required]


def _final_columns(table: Table, columns: Sequence[Column], stored: dict[str, str]) -> str:
    there = {one.target.name: one for one in columns}
    values = []
    for name, kind in stored.items():
        value = _final(there[name]) if name in there else table.fixed.get(name, "NULL")
        values.append(f"CAST({value} AS {kind}) AS {quote_name(name)}")
    return ", ".join(values)


def _final(column: Column) -> str:
    value, text = column.names.value, column.names.text
    if column.target.field is None and column.kind == "date":
        return f"CASE WHEN {value} IS NOT NULL THEN CAST({value} AS VARCHAR) ELSE {cells.narrow(text)} END"
    return value


def _joined(remarks: Sequence[str]) -> str:
    return f"concat_ws('{JOINT}', {', '.join(remarks)})" if remarks else "''"


def _remarks(table: Table, columns: Sequence[Column]) -> tuple[list[str], list[str], list[str]]:
    """SQL of remarks that reject a row, that tell a repair, and that only tell."""
    rejecting, noting = _remarks_on_row(table, columns), []
    fixing = [f"CASE WHEN carried THEN {quote(say('feeds.fixed_merged'))} END"] if table.raw.carried else []
    spoken_for = {at for header in table.headers for name, at in header.columns.items() if not name.startswith("i_")}
    for column in columns:
        one, plan, names = column.target, column.plan, column.names
        places = {at for at in column.place.at if at is not None}
        if one.field is None and places & spoken_for:
            continue
        spoken_for |= places
        text, value = names.text, names.value
        silent = one.field is None and column.kind in SILENT
        broken = f"CASE WHEN {text} IS NOT NULL AND {value} IS NULL THEN {plan.broken} END"
        if one.required:
            missing = quote(say("feeds.row_lacks", column=table.header_of(one.name)))
            rejecting.append(f"CASE WHEN {value} IS NULL THEN coalesce({broken}, {missing}) END")
        elif one.field and one.field.required and plan.broken != "NULL":
            rejecting.append(broken)
        elif plan.broken != "NULL" and not silent:
            fixing.append(broken)
        careful = f"{text} IS NOT NULL AND {names.quick} IS NULL AND {value} IS NOT NULL"
        if plan.fixed != "NULL" and not silent:
            fixing.append(f"CASE WHEN {careful} THEN {plan.fixed} END")
        if plan.odd != "NULL":
            noting.append(f"CASE WHEN {careful} THEN {plan.odd} END")
        if plan.outside != "NULL":
            noting.append(f"CASE WHEN {value} IS NOT NULL THEN {plan.outside} END")
        if one.field is None or one.field.type in ("text", "name"):
            garbled = told("feeds.row_garbled", text, column=table.header_of(one.name))
            rejecting.append(f"CASE WHEN contains({text}, '{GARBLED}') THEN {garbled} END")
    return rejecting, fixing, noting


def _remarks_on_row(table: Table, columns: Sequence[Column]) -> list[str]:
    """SQL of remarks that reject a row as a whole."""
    names = {header.sheet.number: header.sheet.name for header in table.headers}
    repeated = told("feeds.row_repeated", "first_row")
    if len(names) > 1:
        sheets = " ".join(
            f"WHEN {number} THEN {told('feeds.row_repeated_on', 'first_row', sheet=name)}"
            for number, name in names.items()
        )
        repeated = f"CASE first_sheet {sheets} END"
    remarks = [f"CASE WHEN first_row IS NOT NULL THEN {repeated} END"]
    remarks.append(f"CASE WHEN beyond IS NOT NULL THEN {told('feeds.row_too_wide', 'beyond')} END")
    if table.unique:
        key = next(one for one in columns if one.target.name == table.unique[0])
        said = told("feeds.row_same_key", key.names.value, column=table.header_of(key.target.name))
        remarks.append(f"CASE WHEN same_key AND first_row IS NULL THEN {said} END")
    needed = _needed(table, columns)
    if needed:
        listed = dict.fromkeys(
            table.header_of(name) for name in table.needed if any(name in h.columns for h in table.headers)
        )
        nobody = quote(say("feeds.row_nobody", columns="、".join(listed)))
        remarks.append(
            f"CASE WHEN coalesce({', '.join(one.names.value for one in needed)}, NULL) IS NULL THEN {nobody} END"
        )
    return remarks
