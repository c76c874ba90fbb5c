"""Scores by a scheme: indicators brought to 0…1, weighed, ranked; how firm a rank is, and what would lift a unit.

Pure arithmetic on plain values. A scheme (policy/assessment) gives each indicator a weight, a direction and a scale:

* `span`: from `worst` (0) to `best` (1), both fixed by the scheme;
* `minmax`: from the worst to the best of the units that are compared; 1 for all when they are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Mapping[str, float | None]]  # unit → indicator → value


@dataclass(frozen=True)
class Scored:
    """A unit's result: `parts` are points by indicator (they add up to the score), `missing` lack a value."""

    score: float
    rank: int
    grade: str
    parts: dict[str, float]
    missing: list[str]


@dataclass(frozen=True)
class Firmness:
    """The best and worst rank of a unit when each weight is moved a little, and the moves that change its rank."""

    best: int
    worst: int
    moved_by: list[str]


@dataclass(frozen=True)
class Gain:
    """What a unit would gain if one indicator were as good as it can be: points, and its rank then."""

    indicator: str
    points: float
    rank: int


def shares(scheme: Mapping[str, Any], values: Values) -> dict[str, dict[str, float | None]]:
    """Unit → indicator → 0 (worst) … 1 (best); None where there is no value."""
    made: dict[str, dict[str, float | None]] = {unit: {} for unit in values}
    for one in scheme["indicators"]:
        name = one["name"]
        known = [row[name] for row in values.values() if row.get(name) is not None]
        worst, best = _ends(one, [value for value in known if value is not None])
        for unit, row in values.items():
            made[unit][name] = _share(row.get(name), worst, best)
    return made


def _ends(one: Mapping[str, Any], known: Sequence[float]) -> tuple[float, float]:
    if one["scale"] == "span":
        return float(one["worst"]), float(one["best"])
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    return (low, high) if one["better"] == "higher" else (high, low)


def _share(value: float | None, worst: float, best: float) -> float | None:
    if value is None:
        return None
    if worst == best:
        return 1.0
    return min(1.0, max(0.0, (value - worst) / (best - worst)))


def weights(scheme: Mapping[str, Any]) -> dict[str, float]:
    """Indicator → its weight as a share of 100."""
    total = sum(one["weight"] for one in scheme["indicators"])
    return {one["name"]: 100 * one["weight"] / total for one in scheme["indicators"]}


def score(scheme: Mapping[str, Any], values: Values, moved: Mapping[str, float] | None = None) -> dict[str, Scored]:
    """Every unit's result; a missing value counts nothing. `moved`: other weights than the scheme's (sum 100)."""
    found, weighed = shares(scheme, values), moved or weights(scheme)
    parts = {
        unit: {name: weighed[name] * (share or 0.0) for name, share in row.items()} for unit, row in found.items()
    }  # fmt: skip
    totals = {unit: round(sum(row.values()), 6) for unit, row in parts.items()}
    ranked = ranks(totals)
    return {
        unit: Scored(
            totals[unit], ranked[unit], grade(scheme, totals[unit]), parts[unit],
            [name for name, share in found[unit].items() if share is None],
        )
        for unit in values
    }  # fmt: skip


def ranks(totals: Mapping[str, float]) -> dict[str, int]:
    """Unit → rank from 1; equal scores share a rank."""
    return {unit: 1 + sum(other > total for other in totals.values()) for unit, total in totals.items()}


def grade(scheme: Mapping[str, Any], total: float) -> str:
    """The grade or class that a score falls into."""
    ordered = sorted(scheme.get("grades", []), key=lambda one: -one["from"])
    return next((str(one["zh"]) for one in ordered if total >= one["from"]), "")


def firmness(scheme: Mapping[str, Any], values: Values) -> dict[str, Firmness]:
    """How far ranks hang on the weights: each is moved up and down by the scheme's share, the rest keep their ratio."""
    plain, shift = weights(scheme), float(scheme["weight_shift"])
    first = {unit: one.rank for unit, one in score(scheme, values).items()}
    seen: dict[str, list[int]] = {unit: [rank] for unit, rank in first.items()}
    moved_by: dict[str, list[str]] = {unit: [] for unit in values}
    for name in plain:
        for factor in (1 - shift, 1 + shift):
            changed = {**plain, name: plain[name] * factor}
            total = sum(changed.values())
            moved = {one: 100 * weight / total for one, weight in changed.items()}
            for unit, one in score(scheme, values, moved).items():
                seen[unit].append(one.rank)
                if one.rank != first[unit] and name not in moved_by[unit]:
                    moved_by[unit].append(name)
    return {unit: Firmness(min(all_), max(all_), moved_by[unit]) for unit, all_ in seen.items()}


def gains(scheme: Mapping[str, Any], values: Values) -> dict[str, list[Gain]]:
    """What each unit would gain by bringing one indicator to its best, the most first; others stay as they are."""
    scored = score(scheme, values)
    weighed = weights(scheme)
    totals = {unit: one.score for unit, one in scored.items()}
    made = {}
    for unit, one in scored.items():
        found = []
        for name, points in one.parts.items():
            more = weighed[name] - points
            if more > 1e-9:
                lifted = totals[unit] + more
                rank = 1 + sum(other > lifted + 1e-9 for name_, other in totals.items() if name_ != unit)
                found.append(Gain(name, round(more, 2), rank))
        made[unit] = sorted(found, key=lambda gain: (-gain.points, gain.indicator))
    return made
