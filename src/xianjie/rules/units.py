"""Units such as "fen/person/year", checked where rules add, compare, multiply and divide.

A unit is known or not; only two known units can clash. "fen" alone (a sum with no period said) goes with
any unit that counts fen. Literal numbers go with everything.
"""

from __future__ import annotations

from collections.abc import Mapping

Unit = Mapping[str, int]

PLURALS = {"years": "year", "months": "month", "days": "day", "persons": "person", "households": "household"}
NO_UNIT = ("ratio", "1", "")
CHINESE = {
    "fen": "元", "year": "年", "month": "月", "day": "天", "person": "人", "household": "户", "mu": "亩",
    "m2": "平方米", "minute": "分钟", "hour": "小时", "km": "公里", "m": "米", "litre": "升", "times": "次",
}  # fmt: skip
FEN: Unit = {"fen": 1}


def parse_unit(text: str | None) -> Unit | None:
    """ "fen/person/year" as {fen: 1, person: -1, year: -1}; None stays None (not known)."""
    if text is None:
        return None
    powers: dict[str, int] = {}
    for position, part in enumerate(text.replace(" ", "").split("/")):
        if part in NO_UNIT:
            continue
        base = PLURALS.get(part, part)
        powers[base] = powers.get(base, 0) + (1 if position == 0 else -1)
    return {base: power for base, power in powers.items() if power}


def show_unit(unit: Unit | None) -> str:
    """The unit as people write it in a rule: "fen/person/year"."""
    if unit is None:
        return "?"
    over = [base for base, power in unit.items() for _ in range(max(power, 0))]
    under = [base for base, power in unit.items() for _ in range(max(-power, 0))]
    return "/".join(["·".join(over) or "1", *under]) if over or under else "ratio"


def unit_zh(unit: str | None) -> str:
    """The unit for a reader in Chinese: "元/人/年"; empty for ratios and unknown units."""
    parts = [part for part in (unit or "").split("/") if part not in NO_UNIT]
    return "/".join(CHINESE.get(PLURALS.get(part, part), part) for part in parts)


def agree(left: Unit | None, right: Unit | None) -> bool:
    """Whether values of the two units may be added or compared."""
    if left is None or right is None or left == right:
        return True
    return (left == FEN and right.get("fen") == 1) or (right == FEN and left.get("fen") == 1)


def common(left: Unit | None, right: Unit | None) -> Unit | None:
    """The unit of a sum or choice of two values that agree: the more definite one."""
    if left is None or right is None:
        return left if right is None else right
    return right if left == FEN else left


def times(left: Unit | None, right: Unit | None, sign: int = 1) -> Unit | None:
    """The unit of a product (`sign` 1) or quotient (`sign` -1); not known when either is not known."""
    if left is None or right is None:
        return None
    powers = dict(left)
    for base, power in right.items():
        powers[base] = powers.get(base, 0) + sign * power
    return {base: power for base, power in powers.items() if power}
