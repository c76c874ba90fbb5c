"""A cell's text → its stored value and what is to be said about it, as SQL.

Every conversion has a quick way, which takes what is written as it should be, and a careful way, which
only sees the cells that the quick one left. The quick way looks at the cell as it is and takes nothing that
would have to be trimmed; so most rows are done with one look at every cell.
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
GARBLED = "\ufffd"
PLACE = "\x01"
SPLIT = "\x1f"
DATE = r"^((?:18|19|20)[0-9]{2})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]?[0-9]{1,2}[:时].*)?$"


@dataclass(frozen=True)
class Names:
    """SQL names of one column's stages: the cell as it is, trimmed, whether it was too large a number; its values."""

    cell: str
    text: str
    large: str
    quick: str
    value: str


@dataclass(frozen=True)
class Conversion:
    """SQL of one column: `quick` and `careful` give values; `broken`, `fixed`, `odd` sentences or NULL.

    `quick` is asked of the cell as it is, all others of the trimmed text; `broken` where the result is NULL,
    `fixed` and `odd` where the careful way was taken, `outside` (a plausible range, by `bounds`) always.
    """

    quick: str
    careful: str = "NULL"
    broken: str = "NULL"
    fixed: str = "NULL"
    odd: str = "NULL"
    outside: str = "NULL"
    bounds: str = ""


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


def says_something(cell: str) -> str:
    """Whether a cell of Chinese characters is no way of writing "nothing here"; mostly its length says so."""
    longest = max(len(word) for word in forms().empty if not word.isascii())
    return f"(length({cell}) > {longest} OR NOT {is_empty(cell)})"


def is_one_of(words: Sequence[str], text: str) -> str:
    """Whether the text is one of the words. An IN of many words would become a join, asked of every row."""
    return f"contains({quote(SPLIT + SPLIT.join(words) + SPLIT)}, '{SPLIT}' || {text} || '{SPLIT}')"


def whole(cell: str) -> str:
    """Whether a cell is free text as it should be: nothing to trim, no character that could not be read."""
    return f"NOT regexp_matches({cell}, '^[{BLANKS}]|[{BLANKS}]$|^$|{GARBLED}')"


def conversion(one: DictionaryField, header: str, names: Names, multiplier: float) -> Conversion:
    """How a field's column is converted. `multiplier`: stored units in one unit of the column."""
    if one.type in ("int", "number", "fen"):
        return _number(one, header, names, multiplier)
    if one.type == "date":
        return date_text(header, names)
    if one.type == "name":
        return name(header, names)
    if one.type in SHAPES:
        return number_text(one.type, header, names)
    return Conversion(f"CASE WHEN {whole(names.cell)} THEN {names.cell} END", names.text)


def plain_text(names: Names) -> Conversion:
    """A word or two that nothing is done with but comparing: half-width, NULL for "nothing here"."""
    return Conversion(
        f"CASE WHEN regexp_full_match({names.cell}, '[一-鿿]+') AND {says_something(names.cell)} THEN {names.cell} END",
        f"CASE WHEN NOT {is_empty(names.text)} THEN {narrow(names.text)} END",
    )


def age(names: Names) -> Conversion:
    """An age as it stands in the cell, its digits only."""
    return Conversion(
        f"CASE WHEN regexp_full_match({names.cell}, '[0-9]{{1,3}}') THEN {names.cell} END",
        f"nullif(regexp_extract({narrow(names.text)}, '[0-9]+'), '')",
    )


def _number(one: DictionaryField, header: str, names: Names, multiplier: float) -> Conversion:
    cell, text = names.cell, names.text
    tidy = f"regexp_replace({narrow(text)}, '[\\s,''￥¥$]', '', 'g')"
    figure = r"([+-]?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    plain = (
        f"CASE WHEN length({cell}) < 14 AND regexp_full_match({cell}, '[+-]?[0-9]+([.][0-9]+)?') "
        f"THEN CAST({cell} AS DECIMAL(18, 4)) END"
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
    limits = [f"{{}} < {one.min}"] if one.min is not None else []
    limits += [f"{{}} > {one.max}"] if one.max is not None else []
    outside = " OR ".join(limits)
    return Conversion(
        stored(plain, multiplier),
        f"CASE WHEN NOT {is_empty(text)} THEN coalesce({', '.join(ways)}) END",
        f"CASE WHEN NOT {is_empty(text)} THEN {broken} END",
        f"CASE WHEN NOT regexp_full_match({text}, '[+-]?[0-9]{{1,3}}(,[0-9]{{3}})+([.][0-9]+)?') "
        f"THEN {told('feeds.fixed_number', text, column=header)} END",
        outside=f"CASE WHEN {outside.replace('{}', names.value)} "
        f"THEN {told('feeds.odd_range', text, column=header)} END"
        if outside
        else "NULL",
        bounds=outside.replace("{}", names.quick),
    )


def date_text(header: str, names: Names) -> Conversion:
    """A date in any usual way of writing: 2024-3-5, 2024/03/05, 20240305, 2024年3月5日, 45356, 2024.3."""
    cell, text = names.cell, names.text
    tidy = f"trim(regexp_replace({narrow(text)}, '^''|[.]0$', '', 'g'))"
    quick = (
        f"CASE WHEN regexp_full_match({cell}, '(18|19|20)[0-9]{{2}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}( 00:00:00)?') "
        f"THEN TRY_CAST({cell} AS DATE) "
        f"WHEN regexp_full_match({cell}, '(18|19|20)[0-9]{{6}}') "
        f"THEN CAST(TRY_STRPTIME({cell}, '%Y%m%d') AS DATE) END"
    )
    usual = f"TRY_CAST(regexp_replace({tidy}, {quote(DATE)}, '\\1-\\2-\\3') AS DATE)"
    usual = f"CASE WHEN regexp_matches({tidy}, {quote(DATE)}) THEN {usual} END"
    eight = (
        f"CASE WHEN regexp_full_match({tidy}, '(18|19|20)[0-9]{{6}}') THEN "
        f"CAST(TRY_STRPTIME({tidy}, '%Y%m%d') AS DATE) END"
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
        quick,
        f"CASE WHEN NOT {nothing} THEN coalesce({usual}, {eight}, {serial}, {by_month}) END",
        f"CASE WHEN NOT {nothing} THEN {told('feeds.broken_date', text, column=header)} END",
        f"CASE WHEN regexp_matches({tidy}, {quote(DATE)}) OR regexp_full_match({tidy}, '[0-9]{{8}}') "
        f"THEN CASE WHEN ({narrow(text)}) <> {text} THEN {told('feeds.fixed_wide', text, column=header)} END "
        f"WHEN regexp_full_match({tidy}, '[1-6][0-9]{{4}}([.][0-9]+)?') "
        f"THEN {told('feeds.fixed_serial', text, column=header)} "
        f"ELSE {told('feeds.fixed_month', text, column=header)} END",
    )


def name(header: str, names: Names) -> Conversion:
    """A person's name: blanks inside it go."""
    cell, text, value = names.cell, names.text, names.value
    tidy = f"regexp_replace({text}, '[\\s\\p{{Z}}\\p{{Cf}}]', '', 'g')"
    return Conversion(
        f"CASE WHEN regexp_full_match({cell}, '[一-鿿]+') AND length({cell}) > 1 "
        f"AND {says_something(cell)} THEN {cell} END",
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
    "key": ("[A-Za-z_-]*[0-9][0-9A-Za-z_-]*", ".*"),
    "phone": ("1[3-9][0-9]{9}", "1[3-9][0-9]{9}|0[0-9]{9,11}|[2-8][0-9]{6,7}"),
}


def number_text(kind: str, header: str, names: Names) -> Conversion:
    """Numbers that are text: identity numbers, accounts, codes, telephones; what is broken is kept and told."""
    cell, text, value, large = names.cell, names.text, names.value, names.large
    right, possible = SHAPES[kind]
    clutter = r"[\s\p{Cf}''\"`‘’“”]" + (r"|[()-]" if kind == "phone" else "")
    letters = narrow(text) if kind == "key" else f"upper({narrow(text)})"
    tidy = f"regexp_replace(regexp_replace({letters}, '{clutter}', '', 'g'), '^([0-9]+)[.]0+$', '\\1')"
    if kind == "phone":
        tidy = f"regexp_replace({tidy}, '^(?:[+]|00)?86(1[3-9][0-9]{{9}})$', '\\1')"
    as_written = f"upper({cell})" if kind == "id_no" else cell
    lost = f"({large} OR regexp_full_match({value}, '[0-9](?:[.][0-9]+)?E[+]?[0-9]{{1,2}}'))"
    return Conversion(
        f"CASE WHEN regexp_full_match({cell}, '{right}') THEN {as_written} END",
        f"CASE WHEN NOT {is_empty(text)} THEN nullif({tidy}, '') END",
        fixed=f"CASE WHEN {lost} THEN {told('feeds.fixed_lost_digits', text, column=header)} "
        f"WHEN {value} <> {text} THEN {told('feeds.fixed_clutter', text, column=header)} END",
        odd=f"CASE WHEN contains({value}, '*') THEN {told('feeds.odd_masked', text, column=header)} "
        f"WHEN NOT {lost} AND NOT regexp_full_match({value}, '{possible}') "
        f"THEN {told('feeds.odd_shape', text, column=header)} END",
    )


def words(header: str, names: Names, known: dict[str, str], storage: str) -> Conversion:
    """A code word or a yes or no. `known`: cell as it stands in the file → stored value."""
    given = "" if storage == "VARCHAR" else f"::{storage}"
    cases = " ".join(f"WHEN {quote(word)} THEN {quote(stored)}{given}" for word, stored in known.items())
    return Conversion(
        f"CASE {names.cell} {cases} END" if known else f"CAST(NULL AS {storage})",
        broken=f"CASE WHEN NOT {is_empty(names.text)} THEN {told('feeds.broken_word', names.text, column=header)} END",
    )
