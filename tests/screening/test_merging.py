"""How rows of departments join the register's: one fact once, the newest state, doubt kept as doubt."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine, quote
from xianjie.screening.linking import IDENTITY, FeedFile, link_feeds
from xianjie.screening.merging import merge_entities, merging_rules

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

    def hand_in(self, layout: str, entity: str, rows: list[dict[str, Any]]) -> None:
        """Hand in a department's file: identity columns as `i_…`, then the entity's fields."""
        fields = dictionary().columns(entity)
        identity = {f"i_{name}": "VARCHAR" for name in (*IDENTITY, "person_id", "household_id")}
        columns = {"row_id": "VARCHAR", "status": "VARCHAR", **identity, **fields}
        rows = [{"row_id": f"1:{number}", "status": "accepted", **row} for number, row in enumerate(rows, start=2)]
        path = self.folder / f"{layout}-{len(self.files)}.parquet"
        self._write(path, columns, rows)
        self.files.append(FeedFile(f"office/{path.stem}", layout, entity, path))

    def _write(self, path: Path, columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
        self.engine.create_table("made", columns, [[row.get(name) for name in columns] for row in rows])
        self.engine.write_parquet("SELECT * FROM made", path)

    def merged(self, table: str) -> list[dict[str, Any]] | None:
        """The merged rows of a table, None when there is none."""
        link_feeds(self.engine, self.files, DAY, self.folder)
        counts = merge_entities(self.engine, self.files, self.register, self.folder / "entities")
        if table not in counts:
            return None
        path = quote(str(self.folder / "entities" / f"{table}.parquet"))
        return self.engine.records(f"SELECT * FROM read_parquet({path}) ORDER BY ALL")


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
