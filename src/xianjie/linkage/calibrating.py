"""Chances set right by what clerks decided: one shift per layout, from decisions that say what had been shown.

A department that writes carelessly, or sends many people who are not registered, makes the shipped shares too bold or
too shy. Of each decision that carries `shown_person_id` and `shown_score` (the first candidate and its chance then)
it is known whether the chance came true. The shift of the log-odds is the likeliest one under a prior that it is small;
it moves all chances of a layout the same way, so no order among candidates changes.
"""

from __future__ import annotations

from collections import defaultdict
from math import exp, log

from xianjie.engines import Engine, quote, quote_name

SHOWN = ("shown_person_id", "shown_score")
PRIOR_SPREAD = 1.0  # of the shift, in log-odds: a layout without decisions stays where the shipped shares put it
MOST = 3.0  # however many decisions, no further
SURE = 0.0005  # chances are held so far from 0 and 1, where log-odds have no end


def shifts(engine: Engine, decisions: str | None) -> dict[str, float]:
    """The shift of each layout with decisions that say what was shown; 0 for all others."""
    if decisions is None or not set(SHOWN) <= set(engine.columns(decisions)):
        return {}
    seen: dict[str, list[tuple[float, bool, int]]] = defaultdict(list)
    for layout, chance, right, count in engine.rows(f"""
        SELECT layout, round(greatest({SURE}, least({1 - SURE}, TRY_CAST(shown_score AS DOUBLE))), 3) AS chance,
            coalesce(person_id = shown_person_id, FALSE) AS right, count(*)
        FROM {quote_name(decisions)} WHERE shown_person_id IS NOT NULL AND TRY_CAST(shown_score AS DOUBLE) IS NOT NULL
        GROUP BY ALL ORDER BY ALL"""):
        seen[layout].append((log(chance / (1 - chance)), right, count))
    return {layout: likeliest_shift(rows) for layout, rows in seen.items()}


def likeliest_shift(rows: list[tuple[float, bool, int]]) -> float:
    """The shift that makes (log-odds shown, came true, how often) likeliest, under the prior; by Newton's steps."""
    shift = 0.0
    for _ in range(25):
        slope, bend = -shift / PRIOR_SPREAD**2, 1 / PRIOR_SPREAD**2
        for odds, right, count in rows:
            chance = 1 / (1 + exp(-(odds + shift)))
            slope += count * (right - chance)
            bend += count * chance * (1 - chance)
        shift = max(-MOST, min(MOST, shift + slope / bend))
    return round(shift, 6)


def shift_chances(engine: Engine, decisions: str | None) -> None:
    """Move the chances of `link_score` by the shift of each row's layout."""
    found = {layout: shift for layout, shift in shifts(engine, decisions).items() if shift}
    if not found:
        return
    values = ", ".join(f"({quote(layout)}, {shift})" for layout, shift in sorted(found.items()))
    engine.run(f"""
        UPDATE link_score SET chance = chance * exp(s.shift) / (1 - chance + chance * exp(s.shift))
        FROM link_rest f JOIN (VALUES {values}) AS s(layout, shift) USING (layout) WHERE f.rn = link_score.rn""")
