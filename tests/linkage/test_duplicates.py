"""Entries of the register that may be one are found, told why, and left as they are."""

from __future__ import annotations

from linkage_people import REGISTRY, Row, crowd, number, person, put

from xianjie.engines import Engine
from xianjie.linkage import find_duplicates

PEOPLE = crowd(60)
ONE, OTHER = PEOPLE[0], PEOPLE[1]


def found(engine: Engine, *added: Row) -> dict[tuple[str, str], str]:
    put(engine, "registry", REGISTRY, [*PEOPLE, *added])
    persons, _ = find_duplicates(engine, "registry")
    rows = engine.rows("SELECT person_a, person_b, kind FROM duplicate_persons")
    assert len(rows) == persons
    return {(a, b): kind for a, b, kind in rows}


def test_a_register_without_duplicates_has_no_findings(engine: Engine) -> None:
    assert found(engine) == {}


def test_one_number_twice_however_written(engine: Engine) -> None:
    spaced = f" {ONE['id_no'][:6]} {ONE['id_no'][6:]}"
    assert found(engine, {**OTHER, "person_id": "X1", "id_no": spaced}) == {(ONE["person_id"], "X1"): "same_number"}


def test_same_name_birth_and_village_without_a_number(engine: Engine) -> None:
    again = {**ONE, "person_id": "X1", "household_id": "H9", "id_no": None}
    assert found(engine, again) == {(ONE["person_id"], "X1"): "name_birth_village"}


def test_a_slip_in_the_number(engine: Engine) -> None:
    digits = ONE["id_no"][:3] + str((int(ONE["id_no"][3]) + 1) % 10) + ONE["id_no"][4:]
    again = {**ONE, "person_id": "X1", "id_no": digits, "birth_date": None, "region_code": None, "village_name": None}
    assert found(engine, again) == {(ONE["person_id"], "X1"): "near_number"}


def test_namesakes_and_twins_are_not_held_for_one(engine: Engine) -> None:
    born = ONE["id_no"][6:14]
    twin = {**ONE, "person_id": "X1", "name": ONE["name"][0] + "双双", "id_no": number(born, 998)}
    namesake = person("X2", "H9", ONE["name"], "男", "19310203", 9, 3)
    assert found(engine, twin, namesake) == {}


def test_two_households_that_are_one(engine: Engine) -> None:
    home = [one for one in PEOPLE if one["household_id"] == ONE["household_id"]]
    again = [{**one, "person_id": f"X{place}", "household_id": "H9", "id_no": None} for place, one in enumerate(home)]
    found(engine, *again)
    assert engine.rows("SELECT household_a, household_b, members FROM duplicate_households") == [
        ("H9", ONE["household_id"], len(home))
    ]


def test_everybody_alike_ends_well(engine: Engine) -> None:
    put(engine, "registry", REGISTRY, [{**ONE, "person_id": f"P{n:04d}"} for n in range(300)])
    assert find_duplicates(engine, "registry") == (0, 0)
