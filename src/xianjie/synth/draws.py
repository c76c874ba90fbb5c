"""Chance that repeats: every draw is a hash of the seed, a row's number and the draw's name.

A draw depends on no other draw, so rows can be made in any order, by several threads, and come out the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from xianjie.engines import Engine, quote
from xianjie.synth.invention import invention

# Weights and check characters of GB 11643.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


def define(engine: Engine, seed: int) -> None:
    """Give the engine the macros that the room's SQL draws with.

    `u(id, salt)` is even in [0, 1); `bell` has mean 0 and deviation 1; `whole` is a whole number from low to high;
    `letter` picks a character, the first ones more often; `id_check` gives an ID number its check character.
    """
    # Two rounds: one round combines its arguments by exclusive or, so draws of one row would hang together.
    engine.run(f"CREATE MACRO u(id, salt) AS (hash(hash(id, salt || ':{seed}')) >> 11) / 9007199254740992.0")
    engine.run("CREATE MACRO span(id, salt, low, high) AS low + u(id, salt) * (high - low)")
    engine.run("CREATE MACRO whole(id, salt, low, high) AS CAST(floor(low + u(id, salt) * (high - low + 1)) AS BIGINT)")
    # A sum of even draws rather than a logarithm and a cosine: the same to the last bit on every machine.
    engine.run(
        "CREATE MACRO bell(id, salt) AS (u(id, salt || '1') + u(id, salt || '2') + u(id, salt || '3') "
        "+ u(id, salt || '4') - 2) * 1.7320508075688772"
    )
    engine.run(
        "CREATE MACRO letter(letters, id, salt) AS "
        "substr(letters, 1 + CAST(floor(u(id, salt) * u(id, salt || '~') * length(letters)) AS BIGINT), 1)"
    )
    engine.run("CREATE MACRO item(items, id, salt) AS items[1 + CAST(floor(u(id, salt) * len(items)) AS BIGINT)]")
    engine.run(
        "CREATE MACRO common_item(items, id, salt) AS "
        "items[1 + CAST(floor(u(id, salt) * u(id, salt || '~') * len(items)) AS BIGINT)]"
    )
    total = " + ".join(f"(id17 // {10 ** (16 - place)} % 10) * {weight}" for place, weight in enumerate(WEIGHTS))
    engine.run(f"CREATE MACRO id_check(id17) AS substr({quote(CHECKS)}, 1 + ({total}) % 11, 1)")


def text_list(words: Sequence[str]) -> str:
    """Words as an SQL list."""
    return "[" + ", ".join(quote(word) for word in words) + "]"


def share(name: str, who: str) -> str:
    """SQL that draws a value by the shares `name` of `population.yaml`, for the number `who`."""
    told = invention("population")["shares"][name]
    *first, last = told
    return steps(f"u({who}, '{name}')", [(quote(value), told[value]) for value in first], quote(last))


def steps(draw: str, cases: Sequence[tuple[str, float]], otherwise: str = "NULL") -> str:
    """SQL that gives the first value whose running share is above `draw`; values are SQL."""
    reached = 0.0
    parts = []
    for value, share in cases:
        reached += share
        parts.append(f"WHEN {draw} < {reached:.9f} THEN {value}")
    return f"CASE {' '.join(parts)} ELSE {otherwise} END" if parts else otherwise
