"""A cell's text → its stored value and what is to be said about it, as SQL.

Every conversion has a quick way, which takes what is written as it should be, and a careful way, which
only sees the cells that the quick one left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xianjie.dictionary import DictionaryField
from xianjie.engines import quote
from xianjie.feeds.layout import forms
from xianjie.feeds.workbooks import CARRIED, LARGE
from xianjie.messages import say

BLANKS = (
    LARGE + CARRIED + " \t\r\n\v\f\u00a0\u1680\u2002\u2003\u2007\u2009\u200a\u202f\u3000\u200b\u200c\u200d\u2060\ufeff"
)
WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000"
NARROW = "".join(chr(code) for code in range(0x21, 0x7F)) + " "
PLACE = "\x01"
SPLIT = "\x1f"
DATE = r"^((?:18|19|20)[0-9]{2})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]?[0-9]{1,2}[:时].*)?$"


@dataclass(frozen=True)
class Conversion:
    """SQL of one column: `quick` and `careful` give values; `broken`, `fixed`, `odd` sentences or NULL.

    `text` names the trimmed cell, `value` the result; `broken` is asked where the result is NULL, `fixed` and
    `odd` where the careful way was taken, `outside` (a plausible range) always.
    """

    storage: str
    quick: str
    careful: str = "NULL"
    broken: str = "NULL"
    fixed: str = "NULL"
    odd: str = "NULL"
    outside: str = "NULL"


def told(code: str, value: str, **facts: object) -> str:
    """SQL text of a sentence of the catalogue in which {value} is the value of an SQL expression."""
    parts = say(code, value=PLACE, **facts).split(PLACE)
    shown = f"left(CAST({value} AS VARCHAR), 30)"
    return "(" + f" || {shown} || ".join(quote(part) for part in parts) + ")"


def trimmed(cell: str) -> str:
    """The cell without blanks, visible or not, at its ends; NULL when nothing is left.

    `trim` with other blanks than the space is slow, so only cells with an unusual character go through it.
    """
    unusual = f"regexp_matches({cell}, '[^!-~一-鿿]')"
    return f"CASE WHEN {unusual} THEN nullif(trim({cell}, {quote(BLANKS)}), '') ELSE nullif({cell}, '') END"


def narrow(text: str) -> str:
    """Full-width characters as ordinary ones. `translate` is slow, so only cells that have one go through it."""
    return (
        f"CASE WHEN regexp_matches({text}, '[！-～　]') "
        f"THEN translate({text}, {quote(WIDE)}, {quote(NARROW)}) ELSE {text} END"
    )


def is_empty(text: str) -> str:
    """Whether the text is a way of writing "nothing here"."""
    return is_one_of(forms().empty, f"lower({text})")


def is_one_of(words: Sequence[str], text: str) -> str:
    """Whether the text is one of the words. An IN of many words would become a join, asked of every row."""
    return f"contains({quote(SPLIT + SPLIT.join(words) + SPLIT)}, '{SPLIT}' || {text} || '{SPLIT}')"


def conversion(one: DictionaryField, header: str, text: str, value: str, multiplier: float, large: str) -> Conversion:
    """How a field's column is converted. `multiplier`: stored units in one unit of the column."""
    if one.type in ("int", "number", "fen"):
        return _number(one, header, text, value, multiplier)
    if one.type == "date":
        return date_text(header, text)
    if one.type == "name":
        return name(header, text, value)
    if one.type in ("id_no", "disability_no", "account", "region", "phone"):
        return number_text(one.type, header, text, value, large)
    return Conversion("VARCHAR", text)


def _number(one: DictionaryField, header: str, text: str, value: str, multiplier: float) -> Conversion:
    kind = one.storage
    tidy = f"regexp_replace({narrow(text)}, '[\\s,''￥¥$]', '', 'g')"
    figure = r"([+-]?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    plain = (
        f"CASE WHEN length({text}) < 14 AND regexp_full_match({text}, '[+-]?[0-9]+([.][0-9]+)?') "
        f"THEN CAST({text} AS DECIMAL(18, 4)) END"
    )

    def stored(amount: str, times: float) -> str:
        if one.type == "number":
            return f"TRY_CAST({amount} * {times} AS DOUBLE)"
        product = f"({amount} * {int(times)})" if float(times).is_integer() else f"({amount} * {times})"
        if one.type == "fen":
            return f"TRY_CAST(round({product}, 0) AS BIGINT)"
        return f"CASE WHEN {product} = trunc({product}) THEN TRY_CAST({product} AS BIGINT) END"

    def figure_before(suffix: str) -> str:
        return f"TRY_CAST(nullif(regexp_extract({tidy}, '^{figure}{suffix}$', 1), '') AS DECIMAL(18, 4))"

    if one.type == "fen":
        ways = [
            stored(figure_before(""), multiplier),
            stored(figure_before("元(?:整)?"), 100),
            stored(figure_before("万元?"), 1_000_000),
        ]
    else:
        suffixes = "|".join(forms().units.get(one.unit, forms().units[""]))
        ways = [stored(figure_before(f"(?:{suffixes})?"), multiplier)]
    broken = told(f"feeds.broken_{'money' if one.type == 'fen' else one.type}", text, column=header)
    return Conversion(
        kind,
        stored(plain, multiplier),
        f"CASE WHEN NOT {is_empty(text)} THEN coalesce({', '.join(ways)}) END",
        f"CASE WHEN NOT {is_empty(text)} THEN {broken} END",
        f"CASE WHEN NOT regexp_full_match({text}, '[+-]?[0-9]{{1,3}}(,[0-9]{{3}})+([.][0-9]+)?') "
        f"THEN {told('feeds.fixed_number', text, column=header)} END",
        outside=_out_of_range(one, header, text, value),
    )


def _out_of_range(one: DictionaryField, header: str, text: str, value: str) -> str:
    bounds = []
    if one.min is not None:
        bounds.append(f"{value} < {one.min}")
    if one.max is not None:
        bounds.append(f"{value} > {one.max}")
    if not bounds:
        return "NULL"
    return f"CASE WHEN {' OR '.join(bounds)} THEN {told('feeds.odd_range', text, column=header)} END"


def date_text(header: str, text: str) -> Conversion:
    """A date in any usual way of writing: 2024-3-5, 2024/03/05, 20240305, 2024年3月5日, 45356, 2024.3."""
    tidy = f"trim(regexp_replace({narrow(text)}, '^''|[.]0$', '', 'g'))"
    quick = (
        f"CASE WHEN regexp_full_match({text}, '(18|19|20)[0-9]{{2}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}( 00:00:00)?') "
        f"THEN TRY_CAST({text} AS DATE) END"
    )
    usual = f"TRY_CAST(regexp_replace({tidy}, {quote(DATE)}, '\\1-\\2-\\3') AS DATE)"
    usual = f"CASE WHEN regexp_matches({tidy}, {quote(DATE)}) THEN {usual} END"
    eight = (
        f"CASE WHEN regexp_full_match({tidy}, '(18|19|20)[0-9]{{6}}') THEN "
        f"TRY_CAST({tidy}[1:4] || '-' || {tidy}[5:6] || '-' || {tidy}[7:8] AS DATE) END"
    )
    month = r"^((?:18|19|20)[0-9]{2})[-/.年]?(0?[1-9]|1[0-2])月?$"
    by_month = (
        f"CASE WHEN regexp_matches({tidy}, {quote(month)}) THEN "
        f"TRY_CAST(regexp_replace({tidy}, {quote(month)}, '\\1-\\2-1') AS DATE) END"
    )
    serial = (
        f"CASE WHEN regexp_full_match({tidy}, '[1-6][0-9]{{4}}([.][0-9]+)?') THEN "
        f"DATE '1899-12-30' + CAST(floor(TRY_CAST({tidy} AS DOUBLE)) AS INTEGER) END"
    )
    nothing = is_one_of([*forms().empty, *forms().open_end], f"lower({text})")
    return Conversion(
        "DATE",
        quick,
        f"CASE WHEN NOT {nothing} THEN coalesce({usual}, {eight}, {serial}, {by_month}) END",
        f"CASE WHEN NOT {nothing} THEN {told('feeds.broken_date', text, column=header)} END",
        f"CASE WHEN regexp_matches({tidy}, {quote(DATE)}) OR regexp_full_match({tidy}, '[0-9]{{8}}') "
        f"THEN CASE WHEN ({narrow(text)}) <> {text} THEN {told('feeds.fixed_wide', text, column=header)} END "
        f"WHEN regexp_full_match({tidy}, '[1-6][0-9]{{4}}([.][0-9]+)?') "
        f"THEN {told('feeds.fixed_serial', text, column=header)} "
        f"ELSE {told('feeds.fixed_month', text, column=header)} END",
    )


def name(header: str, text: str, value: str) -> Conversion:
    """A person's name: blanks inside it go."""
    tidy = f"regexp_replace({text}, '[\\s\\p{{Z}}\\p{{Cf}}]', '', 'g')"
    return Conversion(
        "VARCHAR",
        f"CASE WHEN regexp_full_match({text}, '[一-鿿]+') AND length({text}) > 1 "
        f"AND NOT {is_empty(text)} THEN {text} END",
        f"CASE WHEN {is_empty(text)} THEN NULL WHEN regexp_matches({text}, '\\p{{Han}}') THEN {tidy} ELSE {text} END",
        fixed=f"CASE WHEN {value} <> {text} THEN {told('feeds.fixed_blanks', text, column=header)} END",
        odd=f"CASE WHEN length({value}) < 2 THEN {told('feeds.odd_name', text, column=header)} END",
    )


# How a number that is text must look: as it should be; as it may be.
SHAPES = {
    "id_no": ("[0-9]{17}[0-9Xx]", "[0-9]{15}|[0-9]{17}[0-9X]|[0-9]{17}[0-9X][0-9A-Z]{2,4}"),
    "disability_no": ("[0-9]{17}[0-9X][0-9]{2}", "[0-9]{17}[0-9X][0-9]{2}(B?[0-9])?(B[0-9])?"),
    "account": ("[0-9]{12,30}", "[0-9]{8,30}"),
    "region": ("[0-9]{12}", "[0-9]{6}|[0-9]{9}|[0-9]{12}"),
    "key": ("[0-9A-Za-z_-]+", ".*"),
    "phone": ("1[3-9][0-9]{9}", "1[3-9][0-9]{9}|0[0-9]{9,11}|[2-8][0-9]{6,7}"),
}


def number_text(kind: str, header: str, text: str, value: str, large: str) -> Conversion:
    """Numbers that are text: identity numbers, accounts, codes, telephones; what is broken is kept and told.

    `large` is SQL that says whether the cell was a number too long for a spreadsheet's precision.
    """
    right, possible = SHAPES[kind]
    clutter = r"[\s\p{Cf}''\"`‘’“”]" + (r"|[()-]|^[+]?86" if kind == "phone" else "")
    letters = narrow(text) if kind == "key" else f"upper({narrow(text)})"
    tidy = f"regexp_replace(regexp_replace({letters}, '{clutter}', '', 'g'), '^([0-9]+)[.]0+$', '\\1')"
    as_written = f"upper({text})" if kind == "id_no" else text
    lost = f"({large} OR regexp_full_match({value}, '[0-9](?:[.][0-9]+)?E[+]?[0-9]{{1,2}}'))"
    return Conversion(
        "VARCHAR",
        f"CASE WHEN NOT {large} AND regexp_full_match({text}, '{right}') THEN {as_written} END",
        f"CASE WHEN NOT {is_empty(text)} THEN nullif({tidy}, '') END",
        fixed=f"CASE WHEN {lost} THEN {told('feeds.fixed_lost_digits', text, column=header)} "
        f"WHEN {value} <> {text} THEN {told('feeds.fixed_clutter', text, column=header)} END",
        odd=f"CASE WHEN contains({value}, '*') THEN {told('feeds.odd_masked', text, column=header)} "
        f"WHEN NOT {lost} AND NOT regexp_full_match({value}, '{possible}') "
        f"THEN {told('feeds.odd_shape', text, column=header)} END",
    )


def words(header: str, text: str, known: dict[str, str], storage: str) -> Conversion:
    """A code word or a yes or no. `known`: text as it stands in the file → stored value."""
    cases = " ".join(f"WHEN {quote(word)} THEN {quote(stored)}" for word, stored in known.items())
    value = f"CASE {text} {cases} END" if known else "NULL"
    if storage == "BOOLEAN":
        value = f"CAST({value} AS BOOLEAN)"
    return Conversion(
        storage,
        value,
        broken=f"CASE WHEN NOT {is_empty(text)} THEN {told('feeds.broken_word', text, column=header)} END",
    )
