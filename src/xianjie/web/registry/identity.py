"""What an identity number 身份证号 says by itself: GB 11643's check digit, birth date, sex."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"


@dataclass(frozen=True)
class IdentityFacts:
    """Birth date and sex (dictionary code) as a number tells them."""

    birth_date: date
    sex: str


def identity_facts(number: str) -> IdentityFacts | None:
    """The facts of a valid number of 18 characters (or of a disability certificate built on one), else None."""
    body = number[:18]
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", body):
        return None
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=False))
    if CHECK_CHARACTERS[total % 11] != body[17]:
        return None
    try:
        born = date(int(body[6:10]), int(body[10:12]), int(body[12:14]))
    except ValueError:
        return None
    return IdentityFacts(born, "1" if int(body[16]) % 2 else "2") if born.year >= 1900 else None


def is_identity_number(number: str) -> bool:
    """Whether this is an identity number of 18 characters with its check digit right."""
    return len(number) == 18 and identity_facts(number) is not None


def is_disability_number(number: str) -> bool:
    """Whether this is a disability certificate's number: identity number, class, grade, perhaps B and a count."""
    return bool(re.fullmatch(r".{18}[1-7][1-4](B\d)?", number)) and identity_facts(number) is not None
