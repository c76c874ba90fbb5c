"""What the register's pages take at 200,000 households and 700,000 people on SQLite.

    python benchmarks/registry_pages.py [--households 200000] [--home /tmp/xianjie-registry] [--keep]

Makes an instance with invented rows by bulk insert (three to four minutes), then asks the application for its pages as
different users do, and the database for the same rows in plain SQL on the same indexes. Each number is CPU time (of
server and database, which are one process), the median of nine after two for warming up.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

COUNTY, TOWNS, VILLAGES = "999901000000", 20, 15
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾"
GIVEN = "明华芳英秀兰丽军建国玉红平桂春海燕志强伟文生贵福祥德才林山东喜荣金宝成龙凤云霞"


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--households", type=int, default=200_000)
    asked.add_argument("--home", default="/tmp/xianjie-registry")
    asked.add_argument("--keep", action="store_true", help="use the instance that an earlier run left")
    given = asked.parse_args()
    os.environ |= {
        "XIANJIE_HOME": given.home, "XIANJIE_DEBUG": "0", "XIANJIE_HTTPS": "0",
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "xianjie.web.settings"),
        "XIANJIE_HOSTS": "testserver", "XIANJIE_TODAY": "2025-10-31",
    }  # fmt: skip
    import django

    django.setup()
    from django.core.management import call_command

    if given.keep:
        call_command("migrate", verbosity=0)
    else:
        Path(given.home, "xianjie.sqlite3").unlink(missing_ok=True)
        call_command("migrate", verbosity=0)
        began = time.perf_counter()
        fill(given.households)
        size = Path(given.home, "xianjie.sqlite3").stat().st_size >> 20
        print(f"filled in {time.perf_counter() - began:.0f} s, {size} MB")
    measure()


def codes() -> list[str]:
    return [f"9999011{town:02d}{200 + village}" for town in range(TOWNS) for village in range(VILLAGES)]


def fill(households: int) -> None:
    from django.db import connection

    from xianjie.web.accounts.models import Grant, User
    from xianjie.web.regions.models import Region

    rows = [Region(region_code=COUNTY, name="青溪县", level="county")]
    for town in range(TOWNS):
        code = f"9999011{town:02d}000"
        rows.append(Region(region_code=code, name=f"第{town + 1}镇", level="township", parent_code=COUNTY))
        rows += [
            Region(region_code=f"{code[:9]}{200 + number}", name=f"{number + 1}号村", level="village", parent_code=code)
            for number in range(VILLAGES)
        ]
    Region.objects.bulk_create(rows)
    for name, role, place in USERS:
        Grant.objects.create(user=User.objects.create(username=name, display_name=name), role=role, region_code=place)
    chance = random.Random(7)
    people: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        homes = invented(households, chance, people)
        while chunk := list(islice(homes, 2000)):
            insert(cursor, "registry_household", HOUSEHOLD, chunk)
            insert(cursor, "registry_person", PERSON, people)
            members = [(one[0], one[1], one[2], one[8], "register", "") for one in people]
            insert(cursor, "registry_membership", MEMBERSHIP, members)
            people.clear()
        cursor.execute("COMMIT")
        cursor.execute("ANALYZE")


HOUSEHOLD = (
    "household_id", "region_code", "head_name", "initials", "household_type", "group_name", "size", "monitored_kind",
    "score", "risks", "data", "revision",
)  # fmt: skip
PERSON = (
    "person_id", "household_id", "region_code", "name", "initials", "sex", "birth_date", "alive", "relation", "id_no",
    "id_index", "phone", "phone_index", "left_by", "data",
)  # fmt: skip
MEMBERSHIP = ("person_id", "household_id", "region_code", "relation", "begins_by", "ends_by")
DATA = '{"address": "某镇某村某组", "arable_mu": 3.5, "main_industry": "养羊", "toilet": true, "relieved_year": 2018}'
USERS = [
    ("county", "county", COUNTY), ("town", "township", "999901107000"), ("village", "village", "999901119214"),
]  # fmt: skip


def invented(households: int, chance: random.Random, people: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    from xianjie.web.registry.records import initials_of
    from xianjie.web.sealing import index_of, seal

    places = codes()
    for number in range(households):
        place = places[number * len(places) // households]
        surname, size = chance.choice(SURNAMES), chance.choice((2, 3, 3, 4, 4, 5))
        names = [surname + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2)))) for _ in range(size)]
        watched = chance.random() < 0.03
        score = chance.choice((0, 0, 0, 0, 0, 0, 3, 5, 8, 12)) + (30 if watched else 0)
        kind = chance.choice(("unstable", "marginal", "sudden")) if watched else ""
        key = f"H{number:09d}"
        yield (
            key, place, names[0], initials_of(names[0]), chance.choice(("general", "relieved")), f"{number % 6 + 1}组",
            size, kind, score, score // 5, DATA, 1,
        )  # fmt: skip
        for order, name in enumerate(names):
            born = date(1940, 1, 1) + timedelta(days=chance.randrange(30_000))
            id_no = f"999901{born:%Y%m%d}{order:03d}{number % 10}"
            phone = f"139{number * 6 + order:08d}"
            numbers = (seal(id_no), index_of(id_no), seal(phone), index_of(phone))
            people.append((
                f"{key}P{order}", key, place, name, initials_of(name), str(order % 2 + 1), born.isoformat(), True,
                "01" if order == 0 else "20", *numbers, "", '{"health": "healthy"}',
            ))  # fmt: skip


def insert(cursor: Any, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    marks = ", ".join(["%s"] * len(columns))
    cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def milliseconds(action: Callable[[], Any]) -> float:
    times = []
    for round_ in range(11):
        began = time.process_time()
        action()
        if round_ >= 2:
            times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def deep_word(sort: str, scope: Any, pages: int, text: str = "") -> tuple[str, list[Any]]:
    """The word of the page that follows `pages` pages, and the values that it stands for, found by one offset."""
    from xianjie.web.paging import _word
    from xianjie.web.registry import selectors

    asked = selectors.Asked(sort=sort, text=text)
    column = asked.column
    sign, field = ("-", column[1:]) if column.startswith("-") else ("", column)
    rows = selectors.households(scope, asked).only("household_id", field).order_by(sign + field, sign + "household_id")
    count = rows.count()
    row = rows[max(0, min(pages * 50, count - 51) - 1)]
    return _word(row, [field, "household_id"]), [getattr(row, field), row.pk]


def measure() -> None:
    from xianjie.web.accounts.models import User
    from xianjie.web.accounts.scope import scope_of

    print("| user | what | page ms | its SQL ms | plain SQL ms | ratio |\n|---|---|---|---|---|---|")
    for name, _role, _place in USERS:
        measure_user(User.objects.get(username=name))
    export(scope_of(User.objects.get(username="county")))


def measure_user(user: Any) -> None:
    from xianjie.web.accounts.scope import scope_of
    from xianjie.web.registry import selectors
    from xianjie.web.registry.models import Household, Person

    scope = scope_of(user)
    ask = Asker(user)
    [(low, high)] = scope.areas("registry.view")
    here = "region_code >= %s AND region_code < %s"
    base = f"SELECT {', '.join(selectors.LISTED)} FROM registry_household WHERE ends_on IS NULL AND {here}"
    for sort in ("place", "-score", "-size", "name"):
        asked = selectors.Asked(sort=sort)
        column, down = asked.column.lstrip("-"), asked.column.startswith("-")
        way = "DESC" if down else "ASC"
        for page in (1, 1000):
            word, values = ("", []) if page == 1 else deep_word(sort, scope, page - 1)
            beyond = f" AND ({column}, household_id) {'<' if down else '>'} (%s, %s)" if page > 1 else ""
            ask(
                f"list by {sort}, page {'1' if page == 1 else '1000 or last'}",
                "/registry/households/", {"sort": sort, "after": word},
                partial(selectors.household_page, scope, asked, after=word),
                f"{base}{beyond} ORDER BY {column} {way}, household_id {way} LIMIT 51", [low, high, *values],
            )  # fmt: skip
    counted = f"SELECT count(*) FROM registry_household WHERE ends_on IS NULL AND {here}"
    ask("count", "", {}, partial(selectors.household_count, scope, selectors.Asked()), counted, [low, high])
    watched = selectors.Asked(monitored="any", sort="-score")
    ask(
        "filter: monitored, by score", "/registry/households/", {"monitored": "any", "sort": "-score"},
        partial(selectors.household_page, scope, watched),
        f"{base} AND monitored_kind <> '' ORDER BY score DESC, household_id DESC LIMIT 51", [low, high],
    )  # fmt: skip
    some = Person.everything.filter(region_code__gte=low, region_code__lt=high)[100]
    people = f"SELECT {', '.join(selectors.PERSON_LISTED)} FROM registry_person WHERE left_by <> 'mistake' AND {here}"
    for text, field in (("王", "name"), (some.name, "name"), ("w", "initials"), ("wxm", "initials")):
        ask(
            f"people: {text}", "/registry/people/", {"q": text}, partial(selectors.people, scope, text),
            f"{people} AND {field} >= %s AND {field} < %s ORDER BY {field}, person_id LIMIT 51",
            [low, high, text, text + selectors.HIGHEST],
        )  # fmt: skip
    ask(
        "people: identity number", "/registry/people/", {"q": some.id_no}, partial(selectors.people, scope, some.id_no),
        f"{people} AND id_index = %s", [low, high, some.id_index],
    )  # fmt: skip
    ask("suggestions: wx", "/registry/people/suggest/", {"q": "wx"})
    home = Household.everything.filter(region_code__gte=low, region_code__lt=high)[50]
    ask("household page", f"/registry/households/{home.pk}/", {})


class Asker:
    """Asks for a page, for the statement behind its rows, and for the same rows in plain SQL."""

    def __init__(self, user: Any) -> None:
        from django.test import Client

        self.user, self.client = user, Client()
        self.client.force_login(user)

    def __call__(
        self, what: str, url: str, query: dict[str, Any], read: Any = None, sql: str = "", values: Any = ()
    ) -> None:
        page = milliseconds(partial(self.client.get, url, query)) if url else None
        own = milliseconds(partial(run, *statement_of(read))) if read else None
        plain = milliseconds(partial(run, sql, values)) if sql else None
        ratio = f"{own / plain:.1f}" if own and plain else ""
        shown = ["" if one is None else f"{one:.1f}" for one in (page, own, plain)]
        print(f"| {self.user} | {what} | {' | '.join(shown)} | {ratio} |", flush=True)


def statement_of(read: Callable[[], Any]) -> tuple[str, Any]:
    """The statement by which the application reads the rows of a list (the longest-running one)."""
    from django.db import connection

    seen: list[tuple[float, str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            if "registry_" in sql:
                seen.append((time.perf_counter() - began, sql, params))

    with connection.execute_wrapper(note):
        read()
    return max(seen)[1:]


def run(sql: str, values: Any) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        return cursor.execute(sql, values).fetchall()


def export(scope: Any) -> None:
    import resource

    from django.conf import settings

    from xianjie.web.exporting import write_list
    from xianjie.web.registry.listing import household_listing, household_rows
    from xianjie.web.registry.selectors import Asked

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    began, cpu = time.perf_counter(), time.process_time()
    count = write_list(Path(settings.HOME) / "list.xlsx", household_listing(scope), household_rows(scope, Asked()))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"\nexport of {count} × 20: {cpu:.1f} s CPU, {wall:.1f} s wall, memory {before} → {after} MB")


if __name__ == "__main__":
    main()
