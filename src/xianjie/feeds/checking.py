"""A raw file and its headers → the canonical Parquet file: every row accepted, repaired or rejected, with remarks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xianjie.dictionary import dictionary, normal_word
from xianjie.engines import Engine, quote, quote_name
from xianjie.feeds import cells
from xianjie.feeds.cells import Conversion, told
from xianjie.feeds.headers import Target, normal
from xianjie.feeds.layout import forms
from xianjie.feeds.raw_rows import Table, cells_of, find_repeats, find_same_keys, large_of, text_of, words_of
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
MOST_WORDS, LONGEST_WORD = 5_000, 60


def write_checked(engine: Engine, table: Table, columns: dict[str, str], out: Path) -> dict[str, int]:
    """Write the canonical file with `columns` (name → type); gives the number of rows by kind and by status."""
    find_repeats(engine, table)
    if table.unique:
        find_same_keys(engine, table)
    kinds = dict(engine.rows(f"SELECT kind, count(*) FROM ({cells_of(table, ())}) GROUP BY kind"))
    engine.write_parquet(_rows(table, _conversions(engine, table), columns), out)
    statuses = engine.rows(f"SELECT status, count(*) FROM read_parquet({quote(str(out))}) GROUP BY status")
    return {**kinds, **dict(statuses)}


def _value(target: Target) -> str:
    return quote_name(f"v_{target.name}")


def _conversions(engine: Engine, table: Table) -> dict[str, Conversion]:
    """Target → how its column is converted. Code words are looked up here, once per distinct word."""
    found = {}
    for target in table.present:
        header, text, value = table.header_of(target.name), text_of(target), _value(target)
        if target.field and target.field.type in ("code", "bool"):
            known = _known_words(engine, table, target)
            storage = target.field.storage
            found[target.name] = cells.words(header, text, known, storage)
        elif target.field:
            multiplier = _multiplier(table, target)
            found[target.name] = cells.conversion(target.field, header, text, value, multiplier, large_of(target))
        else:
            found[target.name] = _identity(target, header, text, value)
    return found


def _multiplier(table: Table, target: Target) -> float:
    """Stored units in one unit of the column: canonical names hold stored units, other headers what people write."""
    if target.field is None or target.field.type != "fen":
        return target.factor
    if normal(table.header_of(target.name)) == target.name:
        return 1
    header = next(header for header in table.headers if target.name in header.columns)
    return 100 * target.factor * header.multiplier(target.name)


def _identity(target: Target, header: str, text: str, value: str) -> Conversion:
    if target.name in IDENTITY_KINDS:
        return cells.number_text(IDENTITY_KINDS[target.name], header, text, value, large_of(target))
    if target.name in ("i_name", "i_household_head"):
        return cells.name(header, text, value)
    if target.name == "i_age":
        return Conversion("VARCHAR", f"nullif(regexp_extract({cells.narrow(text)}, '[0-9]+'), '')")
    if target.name == "i_birth_date":
        date = cells.date_text(header, text)
        return Conversion(
            "VARCHAR",
            f"CAST({date.quick} AS VARCHAR)",
            f"coalesce(CAST({date.careful} AS VARCHAR), {cells.narrow(text)})",
        )
    return Conversion("VARCHAR", f"CASE WHEN NOT {cells.is_empty(text)} THEN {cells.narrow(text)} END")


def _known_words(engine: Engine, table: Table, target: Target) -> dict[str, str]:
    """Words in the file that stand for a value → the value."""
    one = target.field
    if one is None:
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
        f"SELECT word FROM ({words_of(table, target)}) WHERE length(word) <= {LONGEST_WORD} "
        f"ORDER BY rows DESC, word LIMIT {MOST_WORDS}"
    )
    return {word: values[normal_word(word)] for (word,) in sorted(seen) if normal_word(word) in values}


def _rows(table: Table, conversions: dict[str, Conversion], columns: dict[str, str]) -> str:
    """The whole query: rows of data, quick values, careful values, remarks, statuses."""
    present = table.present
    quick = ", ".join(f"{conversions[one.name].quick} AS {_quick(one)}" for one in present)
    careful = ", ".join(
        f"CASE WHEN {text_of(one)} IS NULL THEN NULL WHEN {_quick(one)} IS NOT NULL THEN {_quick(one)} "
        f"ELSE {conversions[one.name].careful} END AS {_value(one)}"
        for one in present
    )
    rows = cells_of(table, present, ("kind", "beyond", "carried"))
    converted = f"SELECT *, {careful} FROM (SELECT *, {quick} FROM ({rows}) WHERE kind = 'data')"
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
               CASE WHEN rejecting <> '' THEN 'rejected' WHEN fixing <> '' THEN 'repaired'
                    ELSE 'accepted' END AS status,
               nullif(concat_ws('{JOINT}', nullif(rejecting, ''), nullif(fixing, ''), nullif(noting, '')), '')
                   AS remarks,
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
        text, value = text_of(one), _value(one)
        same_column = any(header.columns.get(one.name, -1) in spoken_for for header in table.headers)
        if one.name.startswith("i_") and same_column:
            continue
        spoken_for |= {header.columns[one.name] for header in table.headers if one.name in header.columns}
        broken = f"CASE WHEN {text} IS NOT NULL AND {value} IS NULL THEN {plan.broken} END"
        if one.required:
            missing = quote(say("feeds.row_lacks", column=table.header_of(one.name)))
            rejecting.append(f"CASE WHEN {value} IS NULL THEN coalesce({broken}, {missing}) END")
        elif plan.broken != "NULL":
            fixing.append(broken)
        careful = f"{text} IS NOT NULL AND {_quick(one)} IS NULL AND {value} IS NOT NULL"
        if plan.fixed != "NULL":
            fixing.append(f"CASE WHEN {careful} THEN {plan.fixed} END")
        if plan.odd != "NULL":
            noting.append(f"CASE WHEN {careful} THEN {plan.odd} END")
        if plan.outside != "NULL":
            noting.append(f"CASE WHEN {value} IS NOT NULL THEN {plan.outside} END")
        if one.field is None or one.field.type in ("text", "name"):
            garbled = told("feeds.row_garbled", text, column=table.header_of(one.name))
            rejecting.append(f"CASE WHEN contains({text}, chr(65533)) THEN {garbled} END")
    return rejecting, fixing, noting


def _no_identity(table: Table) -> str:
    names = dict.fromkeys(
        table.header_of(name) for name in table.needed if any(name in h.columns for h in table.headers)
    )
    return say("feeds.row_nobody", columns="、".join(names))
