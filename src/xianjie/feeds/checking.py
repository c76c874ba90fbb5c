"""A raw file and its headers → the canonical Parquet file: every row accepted, repaired or rejected, with remarks."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xianjie.dictionary import dictionary, normal_word
from xianjie.engines import Engine, quote, quote_name
from xianjie.feeds import cells
from xianjie.feeds.cells import Conversion, told, trimmed
from xianjie.feeds.headers import Header, Target, normal
from xianjie.feeds.layout import forms
from xianjie.feeds.model import RawFile
from xianjie.feeds.workbooks import CARRIED, LARGE
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
}
STRONG = ("i_id_no", "i_disability_no", "i_household_id", "i_person_id")
MOST_WORDS = 5_000


@dataclass(frozen=True)
class Table:
    """What is to be checked: a raw file, the headers of its sheets, the targets, and what rows must have.

    `keys` are columns whose value a merged cell carries down; `unique` a column that no two rows share;
    `needed` columns of which a row fills at least one; `fixed` SQL of columns that the file does not give.
    """

    raw: RawFile
    headers: Sequence[Header]
    targets: Sequence[Target]
    needed: Sequence[str]
    strong: Sequence[str]
    keys: frozenset[str]
    words: dict[str, dict[str, str]]
    fixed: dict[str, str]
    unique: Sequence[str] = ()
    ignored: Sequence[str] = ()

    @property
    def present(self) -> list[Target]:
        """Targets that at least one sheet has."""
        return [target for target in self.targets if any(target.name in header.columns for header in self.headers)]

    def header_of(self, target: str) -> str:
        """The column's name in the file, for remarks."""
        return next(header.names[header.columns[target]] for header in self.headers if target in header.columns)


def identity_strong(layout_needs: Sequence[str]) -> list[str]:
    """The needed identity columns that no totals row has."""
    return [name for name in layout_needs if name in STRONG]


def write_checked(engine: Engine, table: Table, columns: dict[str, str], out: Path) -> dict[str, int]:
    """Write the canonical file with `columns` (name → type); gives the number of rows by kind and by status."""
    engine.run(f"CREATE OR REPLACE TEMP VIEW cells AS {_cells(table)}")
    _find_repeats(engine, table)
    if table.unique:
        _find_same_keys(engine, table)
    kinds = dict(engine.rows(f"SELECT kind, count(*) FROM cells GROUP BY kind"))
    conversions = _conversions(engine, table)
    engine.write_parquet(_rows(table, conversions, columns), out)
    statuses = engine.rows(f"SELECT status, count(*) FROM read_parquet({quote(str(out))}) GROUP BY status")
    return {**kinds, **dict(statuses)}


def _cells(table: Table) -> str:
    """Trimmed cells of the columns in use, one SELECT per sheet."""
    return " UNION ALL ".join(_sheet_cells(table, header) for header in table.headers)


def _sheet_cells(table: Table, header: Header) -> str:
    columns = []
    for target in table.present:
        if target.name not in header.columns:
            columns.append(f"CAST(NULL AS VARCHAR) AS {_text(target)}, FALSE AS {_large(target)}")
            continue
        cell = f"c{header.columns[target.name] + 1}"
        text = trimmed(cell)
        if table.raw.carried and target.name not in table.keys:
            text = f"CASE WHEN NOT starts_with({cell}, {quote(CARRIED)}) THEN {text} END"
        columns.append(f"{text} AS {_text(target)}, coalesce(starts_with({cell}, {quote(LARGE)}), FALSE) AS {_large(target)}")
    columns.append(f"{table.raw.beyond or 'NULL'} AS beyond")
    columns.append(f"{_carried(table, header)} AS carried")
    columns.append(f"{_kind(table, header)} AS kind")
    return (
        f"SELECT sheet AS sheet_no, row_no, {', '.join(columns)} FROM {table.raw.relation} "
        f"WHERE sheet = {header.sheet.number} AND row_no > {header.last}"
    )


def _carried(table: Table, header: Header) -> str:
    if not table.raw.carried:
        return "FALSE"
    cells_of_keys = [f"c{header.columns[name] + 1}" for name in sorted(table.keys) if name in header.columns]
    tests = [f"coalesce(starts_with({cell}, {quote(CARRIED)}), FALSE)" for cell in cells_of_keys]
    return f"({' OR '.join(tests)})" if tests else "FALSE"


def _repeated_header(header: Header) -> str:
    """Whether a row is the header once more: three of its cells are those of a header row."""
    tests = []
    for number in range(header.first, header.last + 1):
        row = header.sheet.head[number - header.sheet.first_row]
        at = [(place, row[place]) for place in dict.fromkeys(header.columns.values()) if row[place]][:3]
        if len(at) > 1:
            same = [f"trim(c{place + 1}) = trim({quote(cell or '')})" for place, cell in at]
            tests.append(f"coalesce({' AND '.join(same)}, FALSE)")
    return f"({' OR '.join(tests)})" if tests else "FALSE"


def _text(target: Target) -> str:
    return quote_name(f"t_{target.name}")


def _large(target: Target) -> str:
    return quote_name(f"l_{target.name}")


def _value(target: Target) -> str:
    return quote_name(f"v_{target.name}")


def _kind(table: Table, header: Header) -> str:
    """What a row below the header is: data, header, blank, totals or notes; asked in the order of what is usual."""
    every = [f"c{position}" for position in range(1, table.raw.width + 1)]
    start = f"coalesce({', '.join(trimmed(cell) for cell in every)}, NULL)"
    filled = " + ".join(f"({cell} IS NOT NULL)::INTEGER" for cell in every)
    strong = _any_of(table, header, table.strong)
    totals, notes = "|".join("\\s*".join(word) for word in forms().totals), "|".join(forms().notes)
    return (
        f"CASE WHEN {_repeated_header(header)} THEN 'header' WHEN {strong} THEN 'data' "
        f"WHEN {start} IS NULL THEN 'blank' WHEN regexp_matches({start}, '^({totals})([:：数]|\\s|$)') THEN 'totals' "
        f"WHEN NOT {_any_of(table, header, table.needed)} AND {filled} <= 2 "
        f"AND regexp_matches({start}, '^[（(]?({notes})') THEN 'notes' ELSE 'data' END"
    )


def _any_of(table: Table, header: Header, names: Sequence[str]) -> str:
    """Whether one of these columns is filled in a row of the sheet."""
    there = [f"c{header.columns[name] + 1}" for name in names if name in header.columns]
    return f"({' OR '.join(f'({trimmed(cell)}) IS NOT NULL' for cell in there)})" if there else "FALSE"


def _find_repeats(engine: Engine, table: Table) -> None:
    """Table `repeats`: rows that say, cell by cell, what an earlier row (first_sheet, first_row) says."""
    skipped = {normal(name) for name in (*forms().reserved, *table.ignored)}
    selects = []
    for header in table.headers:
        told_apart = [
            f"c{position}" if position > len(header.names) or normal(header.names[position - 1]) not in skipped else "NULL"
            for position in range(1, table.raw.width + 1)
        ]
        listed = ", ".join(f"{cell} AS c{position}" for position, cell in enumerate(told_apart, 1))
        selects.append(
            f"SELECT sheet, row_no, hash({', '.join(told_apart)}) AS digest, {listed} FROM {table.raw.relation} "
            f"WHERE sheet = {header.sheet.number} AND row_no > {header.last} "
            f"AND coalesce({', '.join(told_apart)}) IS NOT NULL"
        )
    every = " UNION ALL ".join(selects)
    cells_of_row = ", ".join(f"c{position}" for position in range(1, table.raw.width + 1))
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE repeats AS
        WITH digests AS (SELECT digest FROM ({every}) GROUP BY digest HAVING count(*) > 1)
        SELECT sheet AS sheet_no, row_no, first.row_no AS first_row FROM (
            SELECT sheet, row_no,
                   min(struct_pack(sheet := sheet, row_no := row_no)) OVER (PARTITION BY {cells_of_row}) AS first
            FROM ({every}) WHERE digest IN (SELECT digest FROM digests)
        ) WHERE struct_pack(sheet := sheet, row_no := row_no) <> first
    """)


def _find_same_keys(engine: Engine, table: Table) -> None:
    """Table `same_keys`: rows whose key an earlier row has."""
    key = ", ".join(_text(one) for one in table.present if one.name in table.unique)
    first = next(_text(one) for one in table.present if one.name == table.unique[0])
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE same_keys AS
        WITH twice AS (SELECT {first} AS k FROM cells WHERE kind = 'data' GROUP BY {first} HAVING count(*) > 1)
        SELECT sheet_no, row_no, TRUE AS same_key FROM cells
        WHERE kind = 'data' AND {first} IN (SELECT k FROM twice)
        QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY sheet_no, row_no) > 1
    """)


def _conversions(engine: Engine, table: Table) -> dict[str, Conversion]:
    """Target → how its column is converted. Code words are looked up here, once per distinct word."""
    found = {}
    for target in table.present:
        header, text, value = table.header_of(target.name), _text(target), _value(target)
        if target.field and target.field.type in ("code", "bool"):
            known = _known_words(engine, table, target)
            storage = target.field.storage
            found[target.name] = cells.words(header, text, known, storage)
        elif target.field:
            multiplier = _multiplier(table, target)
            found[target.name] = cells.conversion(target.field, header, text, value, multiplier, _large(target))
        else:
            found[target.name] = _identity(target, header, text, value)
    return found


def _multiplier(table: Table, target: Target) -> float:
    """Stored units in one unit of the column: the canonical name holds stored units, other headers what people write."""
    if target.field is None or target.field.type != "fen":
        return target.factor
    if normal(table.header_of(target.name)) == target.name:
        return 1
    header = next(header for header in table.headers if target.name in header.columns)
    return 100 * target.factor * header.multiplier(target.name)


def _identity(target: Target, header: str, text: str, value: str) -> Conversion:
    if target.name in IDENTITY_KINDS:
        return cells.number_text(IDENTITY_KINDS[target.name], header, text, value, _large(target))
    if target.name in ("i_name", "i_household_head"):
        return cells.name(header, text, value)
    if target.name == "i_age":
        return Conversion("VARCHAR", f"nullif(regexp_extract({cells.narrow(text)}, '[0-9]+'), '')")
    if target.name == "i_birth_date":
        date = cells.date_text(header, text)
        return Conversion("VARCHAR", f"CAST({date.quick} AS VARCHAR)", f"coalesce(CAST({date.careful} AS VARCHAR), {cells.narrow(text)})")
    return Conversion("VARCHAR", f"CASE WHEN NOT {cells.is_empty(text)} THEN {cells.narrow(text)} END")


def _known_words(engine: Engine, table: Table, target: Target) -> dict[str, str]:
    """Words in the file that stand for a value → the value."""
    one = target.field
    if one is None:
        return {}
    if one.codes:
        values = dictionary().words(one.codes)
    else:
        values = {normal_word(word): "true" for word in forms().yes_words}
        values |= {normal_word(word): "false" for word in forms().no_words}
    values = values | {normal_word(word): value for word, value in table.words.get(one.name, {}).items()}
    seen = engine.rows(f"SELECT DISTINCT {_text(target)} FROM cells WHERE {_text(target)} IS NOT NULL LIMIT {MOST_WORDS}")
    return {word: values[normal_word(word)] for (word,) in sorted(seen) if normal_word(word) in values}


def _rows(table: Table, conversions: dict[str, Conversion], columns: dict[str, str]) -> str:
    """The whole query: rows of data, quick values, careful values, remarks, statuses."""
    present = table.present
    quick = ", ".join(f"{conversions[one.name].quick} AS {_quick(one)}" for one in present)
    careful = ", ".join(
        f"CASE WHEN {_text(one)} IS NULL THEN NULL WHEN {_quick(one)} IS NOT NULL THEN {_quick(one)} "
        f"ELSE {conversions[one.name].careful} END AS {_value(one)}"
        for one in present
    )
    converted = f"SELECT *, {careful} FROM (SELECT *, {quick} FROM cells WHERE kind = 'data')"
    same_keys = " LEFT JOIN same_keys USING (sheet_no, row_no)" if table.unique else ""
    rejecting, fixing, noting = (_joined(remarks) for remarks in _remarks(table, conversions))
    remarked = (
        f"SELECT *, {rejecting} AS rejecting, {fixing} AS fixing, {noting} AS noting "
        f"FROM ({converted}) LEFT JOIN repeats USING (sheet_no, row_no){same_keys}"
    )
    sheets = " ".join(f"WHEN {header.sheet.number} THEN {quote(header.sheet.name)}" for header in table.headers)
    return f"""
        SELECT CAST(sheet_no AS VARCHAR) || ':' || CAST(row_no AS VARCHAR) AS row_id,
               CASE sheet_no {sheets} END AS sheet, row_no,
               CASE WHEN rejecting <> '' THEN 'rejected' WHEN fixing <> '' THEN 'repaired' ELSE 'accepted' END AS status,
               nullif(concat_ws('{JOINT}', nullif(rejecting, ''), nullif(fixing, ''), nullif(noting, '')), '') AS remarks,
               {_final_columns(table, columns)}
        FROM ({remarked})
        ORDER BY sheet_no, row_no
    """


def _final_columns(table: Table, columns: dict[str, str]) -> str:
    there = {one.name: one for one in table.present}
    values = []
    for name, kind in columns.items():
        value = _value(there[name]) if name in there else table.fixed.get(name, "NULL")
        values.append(f"CAST({value} AS {kind}) AS {quote_name(name)}")
    return ", ".join(values)


def _quick(target: Target) -> str:
    return quote_name(f"q_{target.name}")


def _joined(remarks: Sequence[str]) -> str:
    return f"concat_ws('{JOINT}', {', '.join(remarks)})" if remarks else "''"


def _remarks(table: Table, conversions: dict[str, Conversion]) -> tuple[list[str], list[str], list[str]]:
    """SQL of remarks that reject a row, that tell a repair, and that only tell."""
    present = {one.name: one for one in table.present}
    needed = [_value(present[name]) for name in table.needed if name in present and not present[name].required]
    rejecting = [f"CASE WHEN first_row IS NOT NULL THEN {told('feeds.row_repeated', 'first_row')} END"]
    rejecting.append(f"CASE WHEN beyond IS NOT NULL THEN {told('feeds.row_too_wide', 'beyond')} END")
    if table.unique:
        key = present[table.unique[0]]
        said = told("feeds.row_same_key", _value(key), column=table.header_of(key.name))
        rejecting.append(f"CASE WHEN same_key AND first_row IS NULL THEN {said} END")
    if needed:
        rejecting.append(f"CASE WHEN coalesce({', '.join(needed)}, NULL) IS NULL THEN {quote(_no_identity(table))} END")
    fixing = [f"CASE WHEN carried THEN {quote(say('feeds.fixed_merged'))} END"] if table.raw.carried else []
    noting = []
    spoken_for = {at for header in table.headers for name, at in header.columns.items() if not name.startswith("i_")}
    for one in table.present:
        plan = conversions[one.name]
        text, value = _text(one), _value(one)
        same_column = any(header.columns.get(one.name) in spoken_for for header in table.headers)
        if one.name.startswith("i_") and same_column:
            continue
        broken = f"CASE WHEN {text} IS NOT NULL AND {value} IS NULL THEN {plan.broken} END"
        if one.required:
            missing = quote(say("feeds.row_lacks", column=table.header_of(one.name)))
            rejecting.append(f"CASE WHEN {value} IS NULL THEN coalesce({broken}, {missing}) END")
        elif plan.broken != "NULL":
            fixing.append(broken)
        if plan.fixed != "NULL":
            tested = f"{text} IS NOT NULL AND {_quick(one)} IS NULL AND {value} IS NOT NULL"
            fixing.append(f"CASE WHEN {tested} THEN {plan.fixed} END")
        if plan.odd != "NULL":
            noting.append(f"CASE WHEN {value} IS NOT NULL THEN {plan.odd} END")
        if one.field is None or one.field.type in ("text", "name"):
            rejecting.append(f"CASE WHEN contains({text}, chr(65533)) THEN {told('feeds.row_garbled', text, column=table.header_of(one.name))} END")
    return rejecting, fixing, noting


def _no_identity(table: Table) -> str:
    names = dict.fromkeys(table.header_of(name) for name in table.needed if any(name in h.columns for h in table.headers))
    return say("feeds.row_nobody", columns="、".join(names))
