"""ID numbers (身份证号) in SQL: taking clutter off, telling the kind of damage, checksum, 15 to 18 digits.

Every function takes and gives SQL text, so that whole columns are worked on inside the engine.
"""

from __future__ import annotations

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
CHECK_CHARACTERS = "10X98765432"

FULL_WIDTH = "０１２３４５６７８９ＸＥ．＋＊？＃"
HALF_WIDTH = "0123456789XE.+*?#"
# Letters that hands and scanners put for digits; E and X stay, they have meanings of their own.
LETTERS = "OQDILZSGB|"
DIGITS = "0001125681"
MASKS = "[*?#×✱∗●○■□◆_※…]"
WORDS = "^(SFZHM?|SFZ|IDNO|NO|ID|CN)+"  # what people write before a number; a single letter may stand for a digit
IDENTITY = "[0-9]{17}[0-9X]"


def check_character(digits: str) -> str:
    """The check character that belongs to 17 digits; NULL or nonsense when they are not 17 digits."""
    # One list operation: cutting out each of 17 digits by itself takes DuckDB many times as long.
    listed = f"string_split(rpad(left({digits}, 17), 17, '0'), '')"
    total = (
        f"list_dot_product(list_transform({listed}, lambda d: coalesce(TRY_CAST(d AS INTEGER), 0)), {list(WEIGHTS)})"
    )
    return f"substr('{CHECK_CHARACTERS}', {total}::INTEGER % 11 + 1, 1)"


def is_valid(number: str) -> str:
    """Whether 18 characters are a number that can exist: form, date of birth and check character."""
    return (
        f"(regexp_full_match({number}, '{IDENTITY}') AND TRY_STRPTIME(substr({number}, 7, 8), '%Y%m%d') IS NOT NULL "
        f"AND substr({number}, 7, 2) IN ('18', '19', '20') AND {check_character(number)} = right({number}, 1))"
    )


def eighteen(fifteen: str) -> str:
    """A 15-digit number of before 1999 as its 18-digit one."""
    seventeen = f"(left({fifteen}, 6) || '19' || substr({fifteen}, 7, 9))"
    return f"({seventeen} || {check_character(seventeen)})"


def stripped(text: str) -> str:
    """A written number without blanks, invisible characters, quotes, words; masks as one `*`; never NULL.

    Where the digits alone are a whole number, whatever stands between or around them is left out.
    """
    # Nearly every number is clean: the costly way is for the others.
    upper = f"translate(upper({text}), '{FULL_WIDTH}', '{HALF_WIDTH}')"
    whole = f"regexp_replace({upper}, '[.]0*$', '')"
    masked = f"regexp_replace({whole}, '{MASKS}+|X{{2,}}|[-—–]{{4,}}', '*', 'g')"
    cleaned = f"regexp_replace(regexp_replace({masked}, '[^0-9A-Z*.+|]', '', 'g'), '{WORDS}', '')"
    digits = f"regexp_replace({upper}, '[^0-9X]', '', 'g')"
    scientific = is_scientific(f"upper(trim({text}))")
    return f"""CASE WHEN {text} IS NULL THEN '' WHEN regexp_full_match({text}, '{IDENTITY}') THEN {text}
        WHEN regexp_full_match({digits}, '{IDENTITY}') AND NOT {scientific} THEN {digits}
        WHEN {is_scientific(cleaned)} THEN {cleaned} ELSE replace({cleaned}, '.', '') END"""


def is_scientific(number: str) -> str:
    """Whether a spreadsheet wrote the number as 6.29901E+17."""
    return f"regexp_full_match({number}, '[1-9]([.][0-9]+)?E[+]?[0-9]+')"


def without_letters(number: str) -> str:
    """Digits for the letters that stand for them, where what comes out looks like a number."""
    digits = f"translate({number}, '{LETTERS}', '{DIGITS}')"
    lettered = f"regexp_matches({number}, '[{LETTERS}]')"
    looks = f"regexp_full_match({digits}, '[0-9]{{14,18}}[0-9X]|{IDENTITY}[0-9]{{2,4}}')"
    return f"CASE WHEN {lettered} AND {looks} THEN {digits} ELSE {number} END"


def kind(number: str, valid: str) -> str:
    """What a stripped number is: the keys of `kinds` in rules.yaml; `valid` says whether 18 characters can exist."""
    return f"""CASE
        WHEN {number} = '' THEN 'none'
        WHEN regexp_full_match({number}, '{IDENTITY}') THEN CASE
            WHEN right({number}, 3) = '000' THEN 'tail' WHEN {valid} THEN 'valid' ELSE 'bad' END
        WHEN regexp_full_match({number}, '[0-9]{{15}}') THEN 'fifteen'
        WHEN regexp_full_match({number}, '{IDENTITY}[0-9][0-9](B?[0-9]{{1,2}})?') THEN 'certificate'
        WHEN {number} LIKE '%*%' THEN 'mask'
        WHEN {is_scientific(number)} THEN 'scientific'
        WHEN regexp_full_match({number}, '[0-9]{{13,18}}[0-9X]') THEN 'length'
        ELSE 'junk' END"""


def whole_number(number: str, kind_column: str) -> str:
    """The 18 characters that a number of this kind yields, NULL where it yields none."""
    return f"""CASE {kind_column}
        WHEN 'valid' THEN {number} WHEN 'bad' THEN {number} WHEN 'tail' THEN {number}
        WHEN 'fifteen' THEN {eighteen(number)} WHEN 'certificate' THEN left({number}, 18) END"""


def told_birth(number: str, whole: str, kind_column: str) -> str:
    """The birth date that a number tells, NULL where its digits are not there; a damaged one may tell a wrong one."""
    shown = shown_first(number, kind_column)
    first = f"coalesce({whole}, CASE {kind_column} WHEN 'length' THEN {number} WHEN 'junk' THEN '' ELSE {shown} END)"
    return f"CASE WHEN length({first}) >= 14 THEN TRY_STRPTIME(substr({first}, 7, 8), '%Y%m%d')::DATE END"


def shown_first(number: str, kind_column: str) -> str:
    """The leading digits that masking or scientific notation left; of the latter without the rounded last one."""
    mantissa = f"replace(regexp_replace({number}, 'E.*$', ''), '.', '')"
    return f"""CASE {kind_column}
        WHEN 'mask' THEN regexp_extract({number}, '^[0-9]*')
        WHEN 'scientific' THEN left({mantissa}, length({mantissa}) - 1)
        ELSE left({number}, 6) END"""


def shown_last(number: str, kind_column: str) -> str:
    """The trailing characters that masking left."""
    return f"CASE {kind_column} WHEN 'mask' THEN regexp_extract({number}, '[0-9]*X?$') ELSE right({number}, 4) END"
