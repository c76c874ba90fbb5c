"""An invented place with a few households, for the register's tests: two townships, three villages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from django.test import Client

from xianjie.engines import open_engine
from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.scope import Scope, scope_of
from xianjie.web.regions.models import Region
from xianjie.web.registry.models import Fact, Household, Membership, Person
from xianjie.web.registry.records import household_row, pack, person_row

COUNTY, TOWN, TOWN2 = "999901000000", "999901100000", "999901101000"
VILLAGE, VILLAGE2, FAR = "999901100200", "999901100201", "999901101200"
NAMES = {
    COUNTY: ("青溪县", "county", ""), TOWN: ("竹原镇", "township", COUNTY), TOWN2: ("松谷乡", "township", COUNTY),
    VILLAGE: ("上湾村", "village", TOWN), VILLAGE2: ("下湾村", "village", TOWN), FAR: ("远山村", "village", TOWN2),
}  # fmt: skip
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(born: date, order: int) -> str:
    """A valid identity number of a region that does not exist."""
    body = f"999901{born:%Y%m%d}{order:03d}"
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, body, strict=True)) % 11]


def regions() -> None:
    Region.objects.bulk_create(
        Region(region_code=code, name=name, level=level, parent_code=parent)
        for code, (name, level, parent) in NAMES.items()
    )


def household(key: str, place: str, people: list[dict[str, Any]], **values: Any) -> Household:
    """A household of the register with its people, as a load of the register makes them."""
    row = household_row({
        "household_id": key, "region_code": place, "head_name": people[0]["name"],
        "household_type": "general", **values,
    })  # fmt: skip
    row.size = len(people)
    row.save()
    for number, person in enumerate(people):
        born = person.get("birth_date", date(1970 + number * 10, 3, 7))
        made = person_row({
            "person_id": f"{key}P{number}", "household_id": key, "region_code": place, "birth_date": born,
            "relation": "01" if number == 0 else "20", "sex": "1", "alive": True,
            "id_no": id_number(born, 1 + 2 * number + 10 * (sum(map(ord, key)) % 90)), **person,
        })  # fmt: skip
        made.save()
        Membership.everything.create(
            person=made, household=row, region_code=place, relation=made.relation, begins_by="register"
        )
    return row


def fact(home: Household, entity: str, key: str, person: Person | None = None, **values: Any) -> Fact:
    return Fact.everything.create(
        entity=entity, key=key, household=home, person=person, region_code=home.region_code, source="register",
        recorded_on=date(2025, 1, 1), data=pack(entity, values),
    )  # fmt: skip


def user(name: str, *grants: tuple[str, str]) -> User:
    made = User.objects.create_user(name, password="a long password", display_name=name)
    for role, region in grants:
        Grant.objects.create(user=made, role=role, region_code=region)
    return made


def scope(role: str, region: str, name: str = "") -> Scope:
    return scope_of(user(name or f"{role}-{region}", (role, region)))


def client(role: str, region: str) -> Client:
    made = Client()
    made.force_login(user(f"client-{role}-{region}", (role, region)))
    return made


@contextmanager
def a_run(folder: Path, monkeypatch: Any) -> Iterator[Path]:
    """The results of a finished run on the sample: one conflict, three findings; every scope's newest run."""
    from xianjie.web.registry import run_results

    (folder / "checks").mkdir(parents=True, exist_ok=True)
    with open_engine() as engine:
        engine.write_parquet(
            f"SELECT * FROM (VALUES ('H1', '{VILLAGE}', '王大明'), ('H2', '{VILLAGE}', '李小红'),"
            f" ('H3', '{FAR}', '赵远'))"
            " t(household_id, region_code, head_name)",
            folder / "households.parquet",
        )
        said = (
            "[{'source': 'register', 'layout': '', 'value': '1', 'as_of': NULL},"
            " {'source': 'health/roll-20251031.xlsx', 'layout': 'roll', 'value': '2', 'as_of': '2025-10-31'}]"
        )
        engine.write_parquet(
            f"SELECT 'person' AS entity, h AS household_id, h || 'P0' AS person_id, h || 'P0' AS key, 'sex' AS field,"
            f" {said} AS values, '1' AS taken, 'register' AS why, 'register=1;roll=2' AS against"
            " FROM (VALUES ('H1'), ('H3')) t(h)",
            folder / "conflicts.parquet",
        )
        engine.write_parquet(
            "SELECT * FROM (VALUES"
            f" ('asset.bought_house', 'suspect', 'H1', NULL, '{VILLAGE}', '商品房1处'),"
            f" ('category.dibao_and_tekun', 'error', 'H2', 'H2P0', '{VILLAGE}', '同时在低保和特困名册'),"
            f" ('category.dibao_and_tekun', 'error', 'H3', 'H3P0', '{FAR}', '同时在低保和特困名册'))"
            " t(check_id, severity, household_id, person_id, region_code, value)",
            folder / "checks" / "findings.parquet",
        )
    monkeypatch.setattr(run_results, "newest_run", lambda *_asked: run_results.NewestRun(folder, date(2025, 10, 31)))
    yield folder
