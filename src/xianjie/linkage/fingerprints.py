"""The fingerprint of a row's identity: by it a clerk's decision on a doubtful row is found again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

IDENTITY = (
    "id_no", "disability_no", "name", "sex", "birth_date", "age", "town_name", "village_name", "region_code",
    "household_head", "phone",
)  # fmt: skip
DIGITS = 32
BETWEEN = "\x1f"  # stands in no cell: readers drop control characters


def fingerprint_of(row: Mapping[str, str | None]) -> str:
    """The fingerprint of an identity given by column; a column that is absent, None or empty counts the same."""
    text = BETWEEN.join(row.get(name) or "" for name in IDENTITY)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def fingerprint_sql(prefix: str = "") -> str:
    """SQL of the same fingerprint over text columns; `prefix` stands before each name, as `f.i_`."""
    columns = ", ".join(f"coalesce({prefix}{name}, '')" for name in IDENTITY)
    return f"left(sha256(concat_ws(chr({ord(BETWEEN)}), {columns})), {DIGITS})"
