"""The register goes into the database and comes out again: whole, sealed, counted, whatever happens on the way."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.web import daily_county as place
from tests.web.intake_county import once
from xianjie.engines import open_engine, quote
from xianjie.messages import UserError
from xianjie.web.audit.models import Event
from xianjie.web.daily.loading import load_register
from xianjie.web.daily.models import PlaceRow
from xianjie.web.daily.snapshot import write_register
from xianjie.web.jobs.models import Schedule
from xianjie.web.regions.models import Region
from xianjie.web.registry.models import Fact, Household, Membership, Person
from xianjie.web.registry.records import initials_of, read_whole
from xianjie.web.sealing import index_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded(county: Path, django_db_setup: Any, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    with once(django_db_blocker, lambda: load_register(county, place.quiet)) as result:
        yield result


def number(path: Path) -> int:
    return int(place.rows(path, "SELECT count(*) FROM t")[0][0])


def test_every_row_of_the_folder_is_accounted_for(loaded: dict[str, Any], county: Path) -> None:
    for name, counts in loaded["tables"].items():
        parts = ("refused", "added", "same", "different")
        assert counts["read"] == sum(counts[part] for part in parts) == number(county / f"{name}.parquet"), name
    tables = loaded["tables"]
    assert Household.everything.count() == tables["households"]["added"] == 240
    assert Person.everything.count() == Membership.everything.count() == tables["persons"]["added"]
    assert Fact.everything.filter(entity="income").count() == tables["incomes"]["added"]
    assert Region.objects.count() == tables["regions"]["added"]
    assert PlaceRow.everything.filter(entity="unit").count() == tables["units"]["added"]


def test_what_was_loaded_is_written_again_table_by_table(loaded: dict[str, Any], county: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    written = write_register(loaded["county"], tmp_path / "out", lambda done, total, text: told.append((done, total)))
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert all(done <= total for done, total in told) and told[-1][0] == told[-1][1]
    names = sorted(path.name for path in county.glob("*.parquet"))
    assert sorted(path.name for path in (tmp_path / "out").glob("*.parquet")) == names
    with open_engine() as engine:
        for name in names:
            one, other = (f"read_parquet({quote(str(folder / name))})" for folder in (county, tmp_path / "out"))
            assert engine.rows(f"DESCRIBE SELECT * FROM {one}") == engine.rows(f"DESCRIBE SELECT * FROM {other}"), name
            for left, right in ((one, other), (other, one)):
                assert engine.rows(f"SELECT * FROM {left} EXCEPT ALL SELECT * FROM {right}") == [], name
            table = name.removesuffix(".parquet")
            assert written[table] == engine.value(f"SELECT count(*) FROM {one}")
    assert not list((tmp_path / "out").glob("*.jsonl")), "unsealed lines stay behind"


def test_a_second_load_changes_nothing_and_says_so(loaded: dict[str, Any], county: Path) -> None:
    before = list(Fact.everything.order_by("pk").values_list("pk", "data")[:50])
    again = load_register(county, place.quiet)
    assert all(counts["same"] == counts["read"] and not counts["added"] for counts in again["tables"].values())
    assert not again["differences"]
    assert list(Fact.everything.order_by("pk").values_list("pk", "data")[:50]) == before
    events = Event.objects.filter(verb="daily.load")
    assert events.count() == 2
    assert events[0].after["files"] == again["checksums"] and len(again["checksums"]["persons.parquet"]) == 64


def test_every_county_with_a_register_gets_its_nightly_run(loaded: dict[str, Any]) -> None:
    made = Schedule.objects.get(kind="daily.run", region_code=loaded["county"])
    assert made.enabled and made.at.hour == 2


def test_a_row_that_differs_is_told_and_not_overwritten(loaded: dict[str, Any], county: Path, tmp_path: Path) -> None:
    folder = tmp_path / "newer"
    shutil.copytree(county, folder, ignore=shutil.ignore_patterns("feeds", "truth"))
    person, income = Person.everything.order_by("pk").first(), Fact.everything.filter(entity="income").first()
    assert person is not None and income is not None
    place.rewrite(
        folder / "persons.parquet",
        f"SELECT * REPLACE (CASE WHEN person_id = '{person.pk}' THEN '629901190001010009' ELSE id_no END AS id_no)"
        " FROM t",
    )
    place.rewrite(
        folder / "incomes.parquet",
        f"SELECT * REPLACE (CASE WHEN income_id = '{income.key}' THEN 123 ELSE amount END AS amount) FROM t",
    )
    result = load_register(folder, place.quiet)
    told = {(one["table"], one["key"], one["field"]): one for one in result["differences"]}
    assert set(told) == {("persons", person.pk, "id_no"), ("incomes", income.key, "amount")}
    assert told[("incomes", income.key, "amount")]["file"] == 123
    assert "1900" not in str(told[("persons", person.pk, "id_no")]), "an identity number stands in the report"
    person.refresh_from_db()
    assert person.id_no != "629901190001010009"
    assert result["tables"]["persons"]["different"] == 1


def test_numbers_are_sealed_and_found_by_their_index(loaded: dict[str, Any], county: Path) -> None:
    known = place.rows(county / "persons.parquet", "SELECT person_id, id_no FROM t WHERE id_no IS NOT NULL LIMIT 20")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT id_no, phone, data FROM registry_person")
        stored = str(cursor.fetchall())
        cursor.execute("SELECT data FROM registry_household")
        stored += str(cursor.fetchall())
    for person_id, id_no in known:
        assert id_no not in stored
        assert Person.everything.filter(id_index=index_of(id_no), pk=person_id).exists()
    phones = place.rows(county / "households.parquet", "SELECT phone FROM t WHERE phone IS NOT NULL LIMIT 20")
    assert phones and not any(phone in stored for (phone,) in phones)


def test_initials_read_by_character_are_those_of_the_whole_name(county: Path) -> None:
    names = [row[0] for row in place.rows(county / "persons.parquet", "SELECT DISTINCT name FROM t")]
    for name in [*names, "单雄信", "王长长", "欧阳·阿依古丽", "A朝b", ""]:
        assert initials_of(name) == read_whole(name), name


def test_rows_without_owner_or_too_long_are_refused_and_counted(
    loaded: dict[str, Any], county: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "orphans"
    shutil.copytree(county, folder, ignore=shutil.ignore_patterns("feeds", "truth"))
    someone = Person.everything.order_by("pk").first()
    assert someone is not None
    place.rewrite(
        folder / "persons.parquet",
        f"SELECT * REPLACE (CASE WHEN person_id = '{someone.pk}' THEN 'H-nowhere' ELSE household_id END"
        " AS household_id) FROM t",
    )
    place.rewrite(
        folder / "houses.parquet",
        "SELECT * REPLACE (house_id || CASE WHEN row_number() OVER (ORDER BY house_id) = 1 THEN repeat('x', 80)"
        " ELSE '' END AS house_id) FROM t",
    )
    result = load_register(folder, place.quiet)
    assert result["tables"]["persons"]["refused"] == 1 and result["tables"]["houses"]["refused"] == 1
    assert any("persons" in problem for problem in result["problems"])
    for counts in result["tables"].values():
        assert counts["read"] == counts["refused"] + counts["added"] + counts["same"] + counts["different"]


def test_a_folder_of_csv_files_loads_too_and_one_without_people_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "households.csv").write_text(
        "户编号,行政村代码,户主姓名,户类型\nH1,999901100200,王大明,一般农户\n,999901100200,李某,一般农户\n",
        encoding="utf-8",
    )
    with pytest.raises(UserError):
        load_register(folder, place.quiet)
    (folder / "persons.csv").write_text(
        "人员编号,户编号,行政村代码,姓名,与户主关系\nP1,H1,999901100200,王大明,户主\n", encoding="utf-8"
    )
    result = load_register(folder, place.quiet)
    assert result["tables"]["households"] == {"read": 2, "refused": 1, "added": 1, "same": 0, "different": 0}
    home = Household.everything.get(pk="H1")
    assert (home.head_name, home.initials, home.size) == ("王大明", "wdm", 1)


def test_who_left_and_what_was_withdrawn_is_not_in_the_snapshot(loaded: dict[str, Any], tmp_path: Path) -> None:
    gone, stays = Household.everything.order_by("pk")[:2]
    Household.everything.filter(pk=gone.pk).update(ends_on=date(2025, 10, 1))
    left = Person.everything.filter(household=stays).first()
    assert left is not None
    Person.everything.filter(pk=left.pk).update(household=None)
    withdrawn = Fact.everything.filter(household=stays, entity="income").first()
    assert withdrawn is not None
    Fact.everything.filter(pk=withdrawn.pk).update(withdrawn_on=date(2025, 10, 2))
    write_register(loaded["county"], tmp_path / "out", place.quiet)
    homes = {row[0] for row in place.rows(tmp_path / "out" / "households.parquet")}
    people = place.rows(tmp_path / "out" / "persons.parquet", "SELECT person_id, household_id FROM t")
    incomes = place.rows(tmp_path / "out" / "incomes.parquet", "SELECT income_id, household_id, person_id FROM t")
    employed = {row[0] for row in place.rows(tmp_path / "out" / "employments.parquet", "SELECT person_id FROM t")}
    assert gone.pk not in homes and stays.pk in homes
    assert left.pk not in {row[0] for row in people} | employed and gone.pk not in {row[1] for row in people}
    assert withdrawn.key not in {row[0] for row in incomes} and gone.pk not in {row[1] for row in incomes}
