"""From file to file, as `xianjie link` does it, and what is said when a file will not do."""

from __future__ import annotations

from pathlib import Path

import pytest
from linkage_people import FEED, REGISTRY, crowd, put

from xianjie.engines import Engine
from xianjie.linkage import link_files
from xianjie.messages import UserError

PEOPLE = crowd(40)


@pytest.fixture
def registry(engine: Engine, tmp_path: Path) -> Path:
    put(engine, "people", REGISTRY, PEOPLE)
    engine.write_parquet(
        "SELECT * REPLACE (CAST(birth_date AS DATE) AS birth_date) FROM people", tmp_path / "persons.parquet"
    )
    return tmp_path / "persons.parquet"


def test_parquet_to_parquet_with_candidates_beside_it(engine: Engine, registry: Path, tmp_path: Path) -> None:
    put(
        engine,
        "rows",
        FEED,
        [{"row_id": str(n), "id_no": one["id_no"], "name": one["name"]} for n, one in enumerate(PEOPLE)],
    )
    engine.write_parquet("SELECT CAST(row_id AS INTEGER) AS row_id, id_no, name FROM rows", tmp_path / "feed.parquet")
    counts = link_files(registry, tmp_path / "feed.parquet", tmp_path / "out" / "links.parquet")
    assert counts.exact == counts.rows == len(PEOPLE)
    engine.view_parquet("written", tmp_path / "out" / "links.parquet")
    assert engine.rows("SELECT row_id, person_id FROM written") == [
        (n, one["person_id"]) for n, one in enumerate(PEOPLE)
    ]
    engine.view_parquet("listed", tmp_path / "out" / "links.candidates.parquet")
    assert list(engine.columns("listed")) == [
        "row_id",
        "rank",
        "person_id",
        "score",
        "reason",
        "speaks_for",
        "speaks_against",
    ]


def test_csv_keeps_numbers_as_text(registry: Path, tmp_path: Path) -> None:
    one = PEOPLE[0]
    feed = tmp_path / "feed.csv"
    feed.write_text(f"\ufeffrow_id,id_no,name\n007,{one['id_no']},{one['name']}\n008,,\n", encoding="utf-8")
    counts = link_files(registry, feed, tmp_path / "links.csv")
    assert (counts.exact, counts.none) == (1, 1)
    lines = (tmp_path / "links.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1].startswith(f"007,exact,{one['person_id']},1.0,")
    assert (tmp_path / "links.candidates.parquet").exists()


def test_same_files_give_the_same_bytes(registry: Path, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    rows = [f"{n},{one['id_no'][:-1]},{one['name']}" for n, one in enumerate(PEOPLE)]
    feed.write_text("row_id,id_no,name\n" + "\n".join(rows), encoding="utf-8")
    for name in ("a.parquet", "b.parquet"):
        link_files(registry, feed, tmp_path / name)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing.csv", None, "linkage.file_not_found"),
        ("feed.doc", "x", "linkage.file_kind"),
        ("feed.parquet", "这不是 Parquet", "linkage.file_unreadable"),
        ("feed.csv", "number,name\n1,王伟\n", "linkage.missing_column"),
        ("feed.csv", "row_id,village_name\n1,青石村\n", "linkage.no_identity"),
    ],
)
def test_a_file_that_will_not_do_is_told_in_chinese(
    registry: Path, tmp_path: Path, name: str, content: str | None, code: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as told:
        link_files(registry, path, tmp_path / "out.parquet")
    assert told.value.code == code
    assert not (tmp_path / "out.parquet").exists()
