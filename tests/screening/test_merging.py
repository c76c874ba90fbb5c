"""How rows of departments join the register's: one fact once, the newest state, doubt kept as doubt."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine, quote
from xianjie.screening.conflicts import SETTLEMENT, Conflicts
from xianjie.screening.linking import IDENTITY, FeedFile, link_feeds
from xianjie.screening.merging import merge_entities, merging_rules, set_old_rolls_aside

DAY = date(2025, 10, 31)
PEOPLE = [
    ("P1", "H1", "张三丰", "629901198001010015"),
    ("P2", "H1", "李四光", "629901198202020029"),
    ("P3", "H2", "王二小", "629901199003030030"),
]


class County:
    """A register of three people and whatever files a test hands in."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.register: dict[str, Path] = {}
        self.files: list[FeedFile] = []
        self.own(
            "households", [{"household_id": "H1", "head_name": "张三丰"}, {"household_id": "H2", "head_name": "王二小"}]
        )
        self.own(
            "persons",
            [{"person_id": a, "household_id": b, "name": c, "id_no": d} for a, b, c, d in PEOPLE],
        )

    def own(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Put a table of the register there; columns that a row does not name are NULL."""
        entity = dictionary().by_table(table)
        assert entity is not None
        rows = [{"region_code": "629901001001", **row} for row in rows]
        path = self.folder / "register" / f"{table}.parquet"
        self._write(path, dictionary().columns(entity.entity), rows)
        self.register[table] = path
        self.engine.view_parquet(f"register_{table}", path)

    def hand_in(self, layout: str, entity: str, rows: list[dict[str, Any]], day: date | None = None) -> None:
        """Hand in a department's file: identity columns as `i_…`, then the entity's fields."""
        fields = dictionary().columns(entity)
        identity = {f"i_{name}": "VARCHAR" for name in (*IDENTITY, "person_id", "household_id")}
        columns = {"row_id": "VARCHAR", "status": "VARCHAR", **identity, **fields}
        rows = [{"row_id": f"1:{number}", "status": "accepted", **row} for number, row in enumerate(rows, start=2)]
        path = self.folder / f"{layout}-{len(self.files)}.parquet"
        self._write(path, columns, rows)
        self.files.append(FeedFile(f"office/{path.stem}", layout, entity, path, day))

    def _write(self, path: Path, columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
        self.engine.create_table("made", columns, [[row.get(name) for name in columns] for row in rows])
        self.engine.write_parquet("SELECT * FROM made", path)

    def merged(self, table: str, settlements: bool = False) -> list[dict[str, Any]] | None:
        """The merged rows of a table, None when there is none."""
        link_feeds(self.engine, self.files, DAY, self.folder)
        self.conflicts = Conflicts(self.engine, settlements)
        entities = self.folder / "entities"
        counts = merge_entities(self.engine, self.files, self.register, entities, self.conflicts)
        self.old_rolls = set_old_rolls_aside(self.engine, counts, DAY, entities)
        if table not in counts:
            return None
        path = quote(str(self.folder / "entities" / f"{table}.parquet"))
        return self.engine.records(f"SELECT * FROM read_parquet({path}) ORDER BY ALL")

    def conflicting(self) -> list[dict[str, Any]]:
        """What the last merging found the sources to disagree about."""
        path = self.folder / "conflicts.parquet"
        self.counted = self.conflicts.write(path)
        return self.engine.records(f"SELECT * FROM read_parquet({quote(str(path))})")

    def settle(self, conflict: dict[str, Any], value: str) -> None:
        """Put a clerk's settlement of a conflict there."""
        facts = {**conflict, "value": value, "settled_on": "2025-11-03", "settled_by": "王五"}
        self.engine.create_table("settlements", dict.fromkeys(SETTLEMENT, "VARCHAR"), [[facts[n] for n in SETTLEMENT]])


@pytest.fixture
def office(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_engine(temp_folder=tmp_path / "spill") as engine:
        yield County(engine, tmp_path)


def _insured(who: int, **facts: Any) -> dict[str, Any]:
    _, _, name, id_no = PEOPLE[who]
    return {"i_name": name, "i_id_no": id_no, "kind": "medical_resident", "year": 2025, "enrolled": True, **facts}


def test_what_two_deliveries_both_tell_is_one_fact(office: County) -> None:
    office.hand_in("insurance_roll", "insurance", [_insured(0), _insured(2)])
    office.hand_in("insurance_roll", "insurance", [_insured(0)])
    rows = office.merged("insurances")
    assert rows is not None
    assert sorted(row["person_id"] for row in rows) == ["P1", "P3"]


def test_a_row_of_nobody_in_the_register_touches_nobody(office: County) -> None:
    office.hand_in(
        "insurance_roll", "insurance", [{**_insured(0), "i_name": "赵无人", "i_id_no": "629901197007070078"}]
    )
    assert office.merged("insurances") == []


def test_of_several_states_of_a_house_the_newest_stands(office: County) -> None:
    office.own("houses", [{"house_id": "A1", "household_id": "H1", "grade": "A", "assessed_on": date(2021, 5, 1)}])
    office.hand_in(
        "house_grades",
        "house",
        [{"i_name": "李四光", "i_id_no": PEOPLE[1][3], "grade": "D", "assessed_on": date(2025, 9, 1)}],
    )
    rows = office.merged("houses")
    assert rows is not None
    assert [(row["household_id"], row["grade"]) for row in rows] == [("H1", "D")], "a member's row is the household's"


def test_a_row_in_review_leaves_the_roll_unknown_for_whom_it_may_concern(office: County) -> None:
    office.own("regions", [{"region_code": "629901001001", "name": "示例村", "level": "village"}])
    unnumbered = {**_insured(2), "i_id_no": None, "i_village_name": "示例村"}
    office.hand_in("insurance_roll", "insurance", [_insured(0), unnumbered])
    rows = office.merged("insurances")
    assert rows is not None
    assert {row["person_id"]: row["enrolled"] for row in rows} == {"P1": True, "P3": None}


def test_what_nobody_handed_in_stays_absent(office: County) -> None:
    office.hand_in("insurance_roll", "insurance", [])
    assert office.merged("insurances") == [], "an empty roll is there and empty"
    assert office.merged("medical_bills") is None, "no bills were handed in: not known"


def test_a_number_of_the_national_system_links_without_a_name(office: County) -> None:
    office.hand_in(
        "national_monitored",
        "monitoring",
        [{"i_household_id": "H2", "kind": "marginal", "identified_on": date(2025, 1, 1), "removed": False}],
    )
    rows = office.merged("monitorings")
    assert rows is not None
    assert [(row["household_id"], row["kind"]) for row in rows] == [("H2", "marginal")]


def test_a_village_that_was_renamed_does_not_double_its_people(office: County) -> None:
    code = {"region_code": "629901001001", "level": "village"}
    office.own(
        "regions",
        [
            {**code, "name": "老示例村", "valid_to": date(2022, 12, 31)},
            {**code, "name": "新示例村", "valid_from": date(2023, 1, 1)},
        ],
    )
    office.hand_in("insurance_roll", "insurance", [_insured(0)])
    rows = office.merged("insurances")
    assert rows is not None
    assert [row["person_id"] for row in rows] == ["P1"]
    names = office.engine.rows("SELECT village_name, count(*) FROM registry GROUP BY village_name")
    assert names == [("新示例村", len(PEOPLE))]


def test_merging_rules_name_fields_that_exist() -> None:
    assert {"insurance", "house", "medical_bill"} <= set(merging_rules())


def _graded(grade: str, day: date) -> dict[str, Any]:
    return {"i_name": "张三丰", "i_id_no": PEOPLE[0][3], "grade": grade, "assessed_on": day}


def test_of_two_deliveries_of_one_layout_the_newer_stands(office: County) -> None:
    office.hand_in("insurance_roll", "insurance", [_insured(0, enrolled=False)], date(2025, 3, 31))
    office.hand_in("insurance_roll", "insurance", [_insured(0)], date(2025, 9, 30))
    rows = office.merged("insurances")
    assert rows is not None
    assert [row["enrolled"] for row in rows] == [True]
    assert office.conflicting() == [], "a newer delivery corrects an older one, it does not contradict it"


def test_where_two_sources_disagree_the_run_says_who_says_what(office: County) -> None:
    office.own("houses", [{"house_id": "A1", "household_id": "H1", "grade": "A", "assessed_on": date(2021, 5, 1)}])
    office.hand_in("house_grades", "house", [_graded("D", date(2025, 9, 1))], date(2025, 10, 31))
    office.merged("houses")
    (found,) = office.conflicting()
    assert (found["entity"], found["household_id"], found["field"]) == ("house", "H1", "grade")
    assert [(one["layout"], one["value"], one["as_of"]) for one in found["values"]] == [
        ("", "A", "2021-05-01"),
        ("house_grades", "D", "2025-09-01"),
    ]
    assert (found["taken"], found["why"]) == ("D", "newest")


def test_a_settlement_holds_while_the_sources_say_the_same(office: County) -> None:
    office.own("houses", [{"house_id": "A1", "household_id": "H1", "grade": "A", "assessed_on": date(2021, 5, 1)}])
    office.hand_in("house_grades", "house", [_graded("D", date(2025, 9, 1))])
    office.merged("houses")
    office.settle(office.conflicting()[0], "B")
    rows = office.merged("houses", settlements=True)
    assert rows is not None
    assert [row["grade"] for row in rows] == ["B"]
    (found,) = office.conflicting()
    assert (found["taken"], found["why"]) == ("B", "settled")
    assert office.counted == {"found": 1, "given": 1, "used": 1, "overtaken": 0}

    office.hand_in("house_grades", "house", [_graded("C", date(2025, 10, 1))])
    rows = office.merged("houses", settlements=True)
    assert rows is not None
    assert [row["grade"] for row in rows] == ["C"], "the source has changed its mind: what was settled is open again"
    assert office.conflicting()[0]["why"] == "newest"
    assert office.counted["overtaken"] == 1


def test_a_settlement_about_a_person_reaches_the_register_s_own_rows(office: County) -> None:
    office.hand_in("national_members", "person", [{"i_person_id": "P1", "name": "张三丰", "sex": "2"}])
    office.engine.run("CREATE OR REPLACE TABLE people AS SELECT * REPLACE ('1' AS sex) FROM register_persons")
    office.engine.write_parquet("SELECT * FROM people", office.register["persons"])
    office.merged("persons")
    (found,) = office.conflicting()
    assert (found["entity"], found["person_id"], found["household_id"]) == ("person", "P1", "H1")
    assert (found["taken"], found["why"]) == ("1", "register")
    office.settle(found, "2")
    rows = office.merged("persons", settlements=True)
    assert rows is not None
    assert {row["person_id"]: row["sex"] for row in rows} == {"P1": "2", "P2": "1", "P3": "1"}


def test_last_year_s_roll_is_no_roll(office: County) -> None:
    office.hand_in("insurance_roll", "insurance", [_insured(0, year=2024), _insured(2, year=2024)])
    assert office.merged("insurances") is None, "who is insured this year is not known, nobody is taken as uninsured"
    assert office.old_rolls == [{"table": "insurances", "label": "参保", "newest": "2024"}]


def test_a_roll_with_one_row_of_this_year_is_a_roll(office: County) -> None:
    office.hand_in("insurance_roll", "insurance", [_insured(0, year=2024), _insured(2)])
    rows = office.merged("insurances")
    assert rows is not None
    assert len(rows) == 2
    assert office.old_rolls == []


def test_a_school_roll_of_the_year_before_is_no_roll(office: County) -> None:
    pupil = {"i_name": "王二小", "i_id_no": PEOPLE[2][3], "stage": "grade3", "enrolled": True}
    office.hand_in("school_roll", "schooling", [{**pupil, "term_from": date(2024, 9, 1)}])
    assert office.merged("schoolings") is None
    assert [one["newest"] for one in office.old_rolls] == ["2024-09-01"]


def test_a_row_that_could_not_be_read_leaves_its_person_unknown_not_off_the_roll(office: County) -> None:
    office.hand_in(
        "insurance_roll",
        "insurance",
        [
            {"i_name": "张三丰", "i_id_no": PEOPLE[0][3], "kind": "medical_resident", "year": 2025, "enrolled": True},
            {"i_name": "李四光", "i_id_no": PEOPLE[1][3], "year": 2025, "enrolled": True, "status": "rejected"},
        ],
        DAY,
    )
    rows = {row["person_id"]: row for row in office.merged("insurances") or []}
    assert rows["P1"]["enrolled"] is True
    assert rows["P2"]["enrolled"] is None and rows["P2"]["kind"] is None
    assert "P3" not in rows


def test_a_row_that_names_a_merged_village_is_compared_in_the_village_that_took_it_over(office: County) -> None:
    old, between, now = "629901001001", "629901001002", "629901001003"
    regions = [
        {"region_code": old, "name": "旧村", "level": "village", "successor_code": between},
        {"region_code": between, "name": "合村", "level": "village", "successor_code": now},
        {"region_code": now, "name": "新村", "level": "village"},
    ]
    office.own("regions", regions)
    namesake = {"name": "张三丰", "birth_date": date(1980, 1, 1)}
    office.own(
        "persons",
        [
            {"person_id": "P1", "household_id": "H1", "region_code": now, **namesake},
            {"person_id": "P9", "household_id": "H2", "region_code": "629901002001", **namesake},
        ],
    )
    row = {"i_name": "张三丰", "i_birth_date": "1980-01-01", "i_region_code": old}
    office.hand_in("illnesses", "illness", [{**row, "disease": "大病", "serious": True}], DAY)
    link_feeds(office.engine, office.files, DAY, office.folder)
    found = office.engine.records(
        "SELECT person_id FROM links UNION SELECT person_id FROM feed_candidates WHERE rank = 1"
    )
    assert {one["person_id"] for one in found} - {None} == {"P1"}, "the namesake lives in another village"
    assert office.engine.value("SELECT region_code FROM identities") == now


def test_a_villages_sheet_under_an_old_code_is_known_to_be_of_the_register(office: County) -> None:
    office.own(
        "regions",
        [
            {"region_code": "629901001009", "name": "旧村", "level": "village", "successor_code": "629901001001"},
            {"region_code": "629901001001", "name": "新村", "level": "village"},
        ],
    )
    office.hand_in("national_villages", "village", [{"i_region_code": "629901001009"}], DAY)
    link_feeds(office.engine, office.files, DAY, office.folder)
    assert office.engine.value("SELECT tier FROM feed_links") == "exact"
