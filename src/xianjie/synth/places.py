"""The invented county's places: regions with outlines, villages with their clans."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from xianjie.engines import Engine
from xianjie.messages import UserError
from xianjie.synth.invention import invention

CELLS = 6  # lattice cells along a village's side, so that an outline has about two dozen points


@dataclass(frozen=True)
class Village:
    """A village: its codes (`old_code` where it changed), names, people, clans and the numbers of its households."""

    number: int
    code: str
    old_code: str
    name: str
    old_name: str
    town_code: str
    town_name: str
    ethnicity: str
    share: float
    clans: tuple[str, ...]
    first: int
    size: int


def county_code(region: str) -> str:
    """The six-digit code, which does not exist, of an invented county of jurisdiction `region`."""
    if not (region.isdigit() and len(region) in (2, 4)):
        raise UserError("synth.region", region=region)
    return region + {2: "9901", 4: "99"}[len(region)]


def villages(county: str, households: int, seed: int) -> list[Village]:
    """Villages that hold exactly `households` households, township by township."""
    told = invention("places")
    chance = random.Random(f"{seed}:places")
    sizes = _sizes(households, told["households_per_village"], chance)
    towns = _towns(len(sizes), told["villages_per_township"])
    minority = told["minority_townships"]
    town_names = _names(chance, told["township_first"], told["township_last"], len(towns))
    made: list[Village] = []
    first = 0
    for town, count in enumerate(towns):
        turn, rest = divmod(town - minority["first"], minority["every"])
        ethnicity = minority["ethnicities"][turn % len(minority["ethnicities"])] if rest == 0 and turn >= 0 else ""
        names = _names(chance, told["village_first"], told["village_last"], 2 * count)
        kind = told["township_kinds"][town % len(told["township_kinds"])]
        for place in range(count):
            size = sizes[len(made)]
            made.append(
                Village(
                    number=len(made),
                    code=f"{county}{100 + town:03d}{200 + place:03d}",
                    old_code=f"{county}{100 + town:03d}{600 + place:03d}" if _renumbered(len(made)) else "",
                    name=names[place] + "村",
                    old_name=names[count + place] + "村",
                    town_code=f"{county}{100 + town:03d}000",
                    town_name=town_names[town] + kind,
                    ethnicity=ethnicity,
                    share=minority["share"] if ethnicity else minority["elsewhere"],
                    clans=_clans(chance),
                    first=first,
                    size=size,
                )
            )
            first += size
    return made


def _renumbered(number: int) -> bool:
    told = invention("places")["renumbered"]
    return number % told["every"] == told["first"]


def _sizes(households: int, bounds: list[int], chance: random.Random) -> list[int]:
    low, high = bounds
    count = max(round(households / ((low + high) / 2)), min(6, households // 25), 1)
    weights = [chance.uniform(low, high) for _ in range(count)]
    reached, edges = 0.0, [0]
    for weight in weights:
        reached += weight
        edges.append(round(households * reached / sum(weights)))
    return [after - before for before, after in pairwise(edges)]


def _towns(count: int, each: int) -> list[int]:
    towns = min(max(round(count / each), min(3, count)), 899)
    return [count * (town + 1) // towns - count * town // towns for town in range(towns)]


def _names(chance: random.Random, firsts: list[str], lasts: list[str], count: int) -> list[str]:
    """`count` different names; with more than there are pairs, a number tells them apart."""
    pairs = [first + last for first in firsts for last in lasts if first != last]
    chance.shuffle(pairs)
    return [pairs[i % len(pairs)] + ("" if i < len(pairs) else str(1 + i // len(pairs))) for i in range(count)]


def _clans(chance: random.Random) -> tuple[str, ...]:
    surnames = invention("names")["surnames"].split()
    picked = [surnames[int(chance.random() * chance.random() * len(surnames))] for _ in range(3)]
    return tuple(picked)


def region_rows(region: str, county: str, places: list[Village]) -> list[tuple[Any, ...]]:
    """Rows of `regions`: code, name, level, parent's code, valid from and to, the code after it, outline."""
    told = invention("places")
    since, changed = told["since"], told["renumbered"]["day"]
    province, prefecture, whole = region[:2] + "0" * 10, county[:4] + "0" * 8, county + "0" * 6
    shapes = _shapes(places)
    rows: list[tuple[Any, ...]] = [
        (province, told["province"], "province", None, since, None, None, None),
        (prefecture, told["prefecture"], "prefecture", province, since, None, None, None),
        (whole, told["county"], "county", prefecture, since, None, None, shapes[""]),
    ]
    seen: set[str] = set()
    for village in places:
        if village.town_code not in seen:
            seen.add(village.town_code)
            outline = shapes[village.town_code]
            rows.append((village.town_code, village.town_name, "township", whole, since, None, None, outline))
        begun = changed if village.old_code else since
        place = (village.name, "village", village.town_code)
        if village.old_code:
            rows.append((village.old_code, *place, since, changed, village.code, None))
        rows.append((village.code, *place, begun, None, None, shapes[village.code]))
    return rows


Box = tuple[int, int, int, int]


def _shapes(places: list[Village]) -> dict[str, str]:
    """Outline by region code, "" for the county. Villages tile townships, townships tile the county.

    A lattice is cut in two again and again; each outline visits every lattice point on its way and the points are
    moved from their places, all neighbours seeing them moved alike.
    """
    towns: dict[str, list[Village]] = {}
    for village in places:
        towns.setdefault(village.town_code, []).append(village)
    side = CELLS * max(2, round(len(places) ** 0.5 + 0.5))
    whole = (0, 0, side, side)
    shapes = {"": _outline(whole, side)}
    town_boxes = _cut(whole, [len(members) for members in towns.values()])
    for (code, members), box in zip(towns.items(), town_boxes, strict=True):
        shapes[code] = _outline(box, side)
        for village, own in zip(members, _cut(box, [1] * len(members)), strict=True):
            shapes[village.code] = _outline(own, side)
    return shapes


def _cut(box: Box, weights: list[int]) -> list[Box]:
    if len(weights) == 1:
        return [box]
    half = len(weights) // 2
    share = sum(weights[:half]) / sum(weights)
    left, bottom, right, top = box
    if right - left >= top - bottom:
        at = min(max(left + round((right - left) * share), left + 1), right - 1)
        one, two = (left, bottom, at, top), (at, bottom, right, top)
    else:
        at = min(max(bottom + round((top - bottom) * share), bottom + 1), top - 1)
        one, two = (left, bottom, right, at), (left, at, right, top)
    return _cut(one, weights[:half]) + _cut(two, weights[half:])


def _outline(box: Box, side: int) -> str:
    left, bottom, right, top = box
    path = [(x, bottom) for x in range(left, right)] + [(right, y) for y in range(bottom, top)]
    path += [(x, top) for x in range(right, left, -1)] + [(left, y) for y in range(top, bottom, -1)]
    return " ".join(_moved(x, y, side) for x, y in path)


def _moved(x: int, y: int, side: int) -> str:
    """A lattice point moved by less than half a cell and bent with the whole plane, on a map 1000 wide."""
    jitter = random.Random(x * 100_003 + y)
    scale = 1000 / side
    wide, high = x + jitter.uniform(-0.36, 0.36), y + jitter.uniform(-0.36, 0.36)
    bent_x = wide * scale + 40 * _wave(high / side + 0.1) * (1 - abs(2 * wide / side - 1) * 0.3)
    bent_y = high * scale + 40 * _wave(wide / side + 0.4)
    return f"{bent_x:.1f},{bent_y:.1f}"


def _wave(t: float) -> float:
    """A smooth wave without trigonometry: parabolas up and down, period 1."""
    t = t % 1.0
    return 16 * t * (0.5 - t) if t < 0.5 else -16 * (t - 0.5) * (1 - t)


def load_villages(engine: Engine, places: list[Village]) -> None:
    """The table `places` for the engine's SQL."""
    columns = {
        "vid": "INTEGER",
        "region_code": "VARCHAR",
        "written_code": "VARCHAR",
        "village_name": "VARCHAR",
        "old_name": "VARCHAR",
        "town_code": "VARCHAR",
        "town_name": "VARCHAR",
        "ethnicity": "VARCHAR",
        "share": "DOUBLE",
        "clans": "VARCHAR[]",
        "first_hid": "INTEGER",
        "size": "INTEGER",
    }
    engine.create_table(
        "places",
        columns,
        (
            (
                v.number,
                v.code,
                v.old_code or v.code,
                v.name,
                v.old_name,
                v.town_code,
                v.town_name,
                v.ethnicity,
                v.share,
                list(v.clans),
                v.first,
                v.size,
            )
            for v in places
        ),
    )
