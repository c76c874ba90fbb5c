"""How clerks write values: SQL that turns stored values into the words and figures of a file, and into dirty ones."""

from __future__ import annotations

from typing import Any

from xianjie.dictionary import DictionaryField, dictionary
from xianjie.engines import quote, quote_name
from xianjie.synth.draws import steps, text_list
from xianjie.synth.invention import invention

DATES = {
    "iso": "strftime({}, '%Y-%m-%d')",
    "cell": "strftime({}, '%Y-%m-%d')",
    "slash": "strftime({}, '%Y/%-m/%-d')",
    "dots": "strftime({}, '%Y.%m.%d')",
    "digits": "strftime({}, '%Y%m%d')",
    "chinese": "strftime({}, '%Y年%-m月%-d日')",
}


def kinds(group: str, national: bool) -> dict[str, float]:
    """Kinds of dirt of a group with their rates, as far as they happen to such a file."""
    told = invention("dirt")
    return {kind: facts["rate"] for kind, facts in told[group].items() if not national or kind in told["national"]}


def chosen(group: str, salt: str, national: bool, can: dict[str, str]) -> str:
    """SQL naming the kind of dirt that a row gets: the group's kinds share one draw, each where it `can` happen.

    Rare chances (an X at the end, an interpunct) are tried first with a draw of their own.
    """
    rates = kinds(group, national)
    common = {kind: rate for kind, rate in rates.items() if kind not in can}
    cases = " ".join(
        f"WHEN {can[kind]} AND u(rk, {quote(f'{salt} {kind}')}) < {rate} THEN {quote(kind)}"
        for kind, rate in rates.items()
        if kind in can
    )
    rest = steps(f"u(rk, {quote(f'{salt} {group}')})", [(quote(kind), rate) for kind, rate in common.items()])
    return f"CASE {cases} ELSE {rest} END" if cases else rest


def pairs(name: str) -> tuple[str, str]:
    """The right characters and what is written for them, as two strings for SQL's `translate`."""
    tokens = [token for token in invention("dirt")[name].split() if token[0] != token[1]]
    first = {token[0]: token[1] for token in reversed(tokens)}
    return "".join(first), "".join(first.values())


def dirty_id() -> str:
    """SQL of the ID column from `id_no`, by the kind in `id_kind`."""
    marks = text_list(invention("dirt")["invisible"])
    place = "CAST(1 + floor(u(rk, 'place') * 16) AS BIGINT)"
    return f"""CASE id_kind
        WHEN 'fifteen_digits' THEN substr(id_no, 1, 6) || substr(id_no, 9, 9)
        WHEN 'lower_x' THEN lower(id_no)
        WHEN 'spaced' THEN CASE WHEN u(rk, 'where') < 0.4 THEN ' ' || id_no WHEN u(rk, 'where') < 0.7 THEN id_no || '  '
                           ELSE substr(id_no, 1, 6) || ' ' || substr(id_no, 7, 8) || ' ' || substr(id_no, 15) END
        WHEN 'full_width' THEN translate(id_no, '0123456789X', '０１２３４５６７８９Ｘ')
        WHEN 'invisible' THEN CASE WHEN u(rk, 'where') < 0.5 THEN item({marks}, rk, 'mark') || id_no
            ELSE substr(id_no, 1, 9) || item({marks}, rk, 'mark') || substr(id_no, 10) END
        WHEN 'wrong_digit' THEN substr(id_no, 1, {place} - 1)
            || ((CAST(substr(id_no, {place}, 1) AS INTEGER) + CAST(1 + floor(u(rk, 'digit') * 9) AS INTEGER)) % 10)
            || substr(id_no, {place} + 1)
        WHEN 'transposed' THEN substr(id_no, 1, {place} - 1) || substr(id_no, {place} + 1, 1)
            || substr(id_no, {place}, 1) || substr(id_no, {place} + 2)
        WHEN 'missing_digit' THEN substr(id_no, 1, {place} - 1) || substr(id_no, {place} + 1)
        WHEN 'doubled_digit' THEN substr(id_no, 1, {place}) || substr(id_no, {place})
        WHEN 'masked' THEN substr(id_no, 1, 6) || '********' || substr(id_no, 15)
        WHEN 'scientific' THEN substr(id_no, 1, 1) || '.' || substr(id_no, 2, 5) || 'E+17'
        WHEN 'zeroed' THEN substr(id_no, 1, 15) || '000'
        WHEN 'in_phone' THEN NULL
        WHEN 'relative' THEN kin_id
        WHEN 'other_area' THEN substr(id_no, 1, 4) || whole(rk, 'area', 51, 89) || substr(id_no, 7)
        WHEN 'certificate' THEN disability_no
        WHEN 'no_id' THEN NULL ELSE id_no END"""


def dirty_name() -> str:
    """SQL of the name column from `name`, by the kind in `name_kind`."""
    told = invention("dirt")
    old, new = pairs("traditional")
    right, wrong = pairs("homophone")
    rare = invention("names")["rare"]
    return f"""CASE name_kind
        WHEN 'traditional' THEN translate(name, {quote(old)}, {quote(new)})
        WHEN 'homophone' THEN substr(name, 1, length(name) - 1) || translate(substr(name, length(name), 1),
            {quote(right)}, {quote(wrong)})
        WHEN 'interpunct' THEN replace(name, '·', item({text_list(told["interpuncts"])}, rk, 'dot'))
        WHEN 'dropped_rare' THEN translate(name, {quote(rare)}, '')
        WHEN 'spaced_name' THEN substr(name, 1, 1) || ' ' || substr(name, 2)
        WHEN 'marked_name' THEN name || item({text_list(told["marks"])}, rk, 'mark')
        WHEN 'no_name' THEN NULL ELSE name END"""


def can_name() -> dict[str, str]:
    """Where the rarer kinds of name damage can happen, in SQL."""
    rare = invention("names")["rare"]
    return {"interpunct": "contains(name, '·')", "dropped_rare": f"translate(name, {quote(rare)}, '') <> name"}


def value(field: DictionaryField, header: str, dates: str, source: str = "") -> str:
    """SQL of a clean field as text, in the file's way of writing."""
    column = source or quote_name(field.name)
    if field.type == "code":
        words = dictionary().codes[field.codes].values
        return f"CASE {column} " + " ".join(f"WHEN {quote(v)} THEN {quote(w.zh)}" for v, w in words.items()) + " END"
    if field.type == "bool":
        return f"CASE {column} WHEN true THEN '是' WHEN false THEN '否' END"
    if field.type == "fen":
        unit = 1_000_000 if "万元" in header else 100
        return f"CAST(CAST({column} / {unit}.0 AS DECIMAL(18, 2)) AS VARCHAR)"
    if field.type == "date":
        return DATES[dates].format(column)
    if field.type == "number":
        return f"CAST(CAST({column} AS DECIMAL(12, 1)) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"


def other_word(field: DictionaryField) -> str:
    """SQL of a code's other word as real files have it, the label where there is none."""
    words = dictionary().codes[field.codes].values
    cases = " ".join(f"WHEN {quote(v)} THEN {quote(next(iter(w.also), w.zh))}" for v, w in words.items())
    return f"CASE {quote_name(field.name)} {cases} END"


def dirty_value(field: DictionaryField, header: str, dates: str, firsts: dict[str, str]) -> str:
    """SQL of a field as it stands in the file: clean, or as the row's kinds of dirt have it.

    `firsts` names the first date, money and code column of the file: only they get the worse kinds.
    """
    clean = value(field, header, dates)
    own = quote_name(field.name)
    if field.type == "date":
        another = DATES["chinese" if dates != "chinese" else "dots"].format(own)
        bad = (
            f"WHEN 'bad_date' THEN CASE WHEN u(rk, 'bad date') < 0.5 THEN strftime({own}, '%Y-13-%d') ELSE '年后' END"
            if firsts["date"] == field.name
            else ""
        )
        return f"CASE date_kind WHEN 'other_date' THEN {another} {bad} ELSE {clean} END"
    if field.type == "fen":
        worse = (
            f"WHEN 'negative' THEN '-' || {clean} WHEN 'absurd' THEN replace({clean}, '.', '') "
            "WHEN 'bad_money' THEN '见附表'"
            if firsts["fen"] == field.name
            else ""
        )
        unit = 1_000_000 if "万元" in header else 100
        return (
            f"CASE money_kind WHEN 'yuan_suffix' THEN {clean} || '元' "
            f"WHEN 'thousands' THEN format('{{:,.2f}}', {own} / {unit}.0) {worse} ELSE {clean} END"
        )
    if field.type == "code" and firsts["code"] == field.name:
        return (
            f"CASE code_kind WHEN 'other_word' THEN {other_word(field)} "
            f"WHEN 'misspelt' THEN substr({clean}, 1, length({clean}) - 1) || '某' ELSE {clean} END"
        )
    return clean


def firsts(fields: list[DictionaryField]) -> dict[str, str]:
    """The first field of type date, fen and code in a file, empty where there is none."""
    found: dict[str, Any] = {}
    for field in fields:
        found.setdefault(field.type, field.name)
    return {kind: found.get(kind, "") for kind in ("date", "fen", "code")}
