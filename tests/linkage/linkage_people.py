"""A small invented register for the matching tests, and a way to match rows given as dictionaries."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from xianjie.engines import Engine
from xianjie.linkage import LinkCounts, link

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
REGISTRY = (
    "person_id", "household_id", "id_no", "name", "sex", "birth_date", "region_code", "village_name", "town_name",
    "household_head", "phone",
)  # fmt: skip
FEED = (
    "row_id", "id_no", "disability_no", "name", "sex", "birth_date", "age", "county_code", "town_name", "village_name",
    "region_code", "household_head", "phone",
)  # fmt: skip
VILLAGES = [(f"629901{100 + v // 4}{200 + v}", f"{a}{b}村", f"{'东西南'[v // 4]}河镇") for v, (a, b) in enumerate(
    (a, b) for a in "青白柳" for b in "石沙坡泉")]  # fmt: skip
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗曾单仇"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂红玉兰凤洁梅琳"

Row = dict[str, Any]


def number(born: str, order: int, region: str = "629901") -> str:
    """A valid ID number of an invented region."""
    seventeen = f"{region}{born}{order:03d}"
    return seventeen + "10X98765432"[sum(int(d) * w for d, w in zip(seventeen, WEIGHTS, strict=True)) % 11]


def person(
    person_id: str, household: str, name: str, sex: str, born: str, order: int, village: int, **more: Any
) -> Row:
    code, village_name, town = VILLAGES[village]
    return {
        "person_id": person_id, "household_id": household, "id_no": number(born, order), "name": name, "sex": sex,
        "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}", "region_code": code, "village_name": village_name,
        "town_name": town, **more,
    }  # fmt: skip


def crowd(size: int, seed: int = 7) -> list[Row]:
    """Invented persons in households of four, all with numbers of their own."""
    draw = random.Random(seed)
    people = []
    for place in range(size):
        if place % 4 == 0:
            village, surname = draw.randrange(len(VILLAGES)), draw.choice(SURNAMES)
        born = f"{draw.randrange(1940, 2020)}{draw.randrange(1, 13):02d}{draw.randrange(1, 29):02d}"
        sex = draw.choice("男女")
        name = surname + "".join(draw.choice(GIVEN) for _ in range(draw.choice((1, 2, 2))))
        order = (place * 2 + (sex == "男")) % 900 + 50
        people.append(person(f"C{place:04d}", f"K{place // 4:04d}", name, sex, born, order, village))
    return people


def put(engine: Engine, name: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    engine.create_table(name, dict.fromkeys(columns, "VARCHAR"), [[row.get(c) for c in columns] for row in rows])


def match(engine: Engine, registry: Sequence[Row], feed: Sequence[Row]) -> tuple[dict[str, Row], LinkCounts]:
    """Match `feed` rows to `registry` persons: the link of each row by row_id, and the counts."""
    put(engine, "registry", REGISTRY, registry)
    put(engine, "feed", FEED, feed)
    counts = link(engine, "registry", "feed")
    return {row["row_id"]: row for row in engine.records("SELECT * EXCLUDE (rn) FROM links ORDER BY rn")}, counts
