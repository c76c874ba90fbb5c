"""What a county office relies on from the daily job."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.conftest import HOUSEHOLDS, quiet
from xianjie.engines import open_engine, quote
from xianjie.messages import UserError, say
from xianjie.screening.explaining import household_record
from xianjie.screening.facts import open_facts
from xianjie.screening.job import Request, screen_data
from xianjie.screening.linking import TIERS
from xianjie.screening.policies import open_policy
from xianjie.screening.population import result_names
from xianjie.screening.run_folder import read_json

DAY = datetime.date(2025, 10, 31)


def _rows(query: str) -> list[tuple[Any, ...]]:
    with open_engine() as engine:
        return engine.rows(query)


def _results(folder: Path) -> dict[str, bytes]:
    """Every file of a run but its log and its intermediate files."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    named = {str(path.relative_to(folder)): path for path in paths}
    return {name: path.read_bytes() for name, path in named.items() if name != "log.jsonl" and name[:5] != "work/"}


def test_counts_add_up_for_every_file(run: Path) -> None:
    counts = read_json(run / "counts.json")
    assert len(counts["feeds"]) == 20
    assert sum(feed["rows"] for feed in counts["feeds"]) > HOUSEHOLDS * 10
    for feed in counts["feeds"]:
        assert feed["rows"] == feed["rows_accepted"] + feed["rows_repaired"] + feed["rejected"], feed["file"]
        assert feed["rows"] == sum(feed[tier] for tier in TIERS) + feed["rejected"], feed["file"]


def test_every_usable_row_stands_once_among_the_links(run: Path) -> None:
    counts = read_json(run / "counts.json")
    usable = sum(feed["rows"] - feed["rejected"] for feed in counts["feeds"])
    rows, distinct = _rows(
        f"SELECT count(*), count(DISTINCT file || row_id) FROM read_parquet({quote(str(run / 'links.parquet'))})"
    )[0]
    assert rows == distinct == usable


def test_a_link_names_a_person_only_when_it_is_decided(run: Path) -> None:
    wrong = _rows(f"""SELECT count(*) FROM read_parquet({quote(str(run / "links.parquet"))})
        WHERE (tier IN ('review', 'none') AND person_id IS NOT NULL) OR reason IS NULL""")
    assert wrong == [(0,)]


def test_every_household_is_judged_once(run: Path) -> None:
    path = quote(str(run / "households.parquet"))
    assert _rows(f"SELECT count(*), count(DISTINCT household_id) FROM read_parquet({path})") == [
        (HOUSEHOLDS, HOUSEHOLDS)
    ]


def test_a_stopped_run_goes_on_and_ends_with_the_same_bytes_as_a_straight_one(
    small_county: Path, tmp_path: Path
) -> None:
    straight, stopped = tmp_path / "a" / "run", tmp_path / "b" / "run"
    screen_data(Request(data=small_county, out=straight), quiet)
    finding = say("screening.step.findings")
    before = {say(f"screening.step.{step}") for step in ("register", "feeds", "link", "rules")}
    begun: list[str] = []

    def interrupted(text: str) -> None:
        begun.append(text)
        if text == finding:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screen_data(Request(data=small_county, out=stopped), interrupted)
    assert before <= set(begun)
    assert not (stopped / "counts.json").exists()
    resumed: list[str] = []
    screen_data(Request(data=small_county, out=stopped), resumed.append)
    assert not before & set(resumed), "steps done before the stop are not done again"
    assert finding in resumed
    assert _results(straight) == _results(stopped)


def test_a_finished_run_is_not_done_again(county: Path, run: Path) -> None:
    said: list[str] = []
    counts = screen_data(Request(data=county, out=run, documents=True), said.append)
    assert said == []
    assert counts["population"]["households"] == HOUSEHOLDS


def test_findings_are_told_new_still_and_gone_and_a_missing_file_means_unknown(
    small_county: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "runs" / "october", tmp_path / "runs" / "november"
    screen_data(Request(data=small_county, out=first), quiet)
    shutil.rmtree(small_county / "feeds" / "medical_insurance")
    later = screen_data(Request(data=small_county, out=second, date=datetime.date(2025, 11, 10)), quiet)
    assert later["previous_date"] == "2025-10-31", "the newest earlier run beside it is taken"
    uninsured = next(row for row in later["findings"] if row["finding"] == "uninsured")
    assert uninsured["gone"] > 0
    assert uninsured["households"] == 0
    assert uninsured["unknown"] > HOUSEHOLDS * 0.9, "a roll that was not handed in is not known, and not empty"
    for row in later["findings"]:
        assert row["households"] == row["new"] + row["still"], row["finding"]


def test_a_broken_file_is_told_and_does_not_stop_the_run(small_county: Path, tmp_path: Path) -> None:
    (small_county / "feeds" / "housing" / "house_grades-20251030.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    (small_county / "feeds" / "nobody").mkdir()
    (small_county / "feeds" / "nobody" / "list-20251031.csv").write_text("a,b\n1,2\n")
    counts = screen_data(Request(data=small_county, out=tmp_path / "run"), quiet)
    told = "\n".join(counts["problems"])
    assert "house_grades-20251030.xlsx" in told
    assert "list-20251031.csv" in told
    assert counts["population"]["households"] == HOUSEHOLDS


def test_lists_and_report_carry_no_id_and_no_phone_number(county: Path, run: Path) -> None:
    secret = {
        value
        for row in _rows(
            f"SELECT id_no, phone, disability_no FROM read_parquet({quote(str(county / 'persons.parquet'))})"
        )
        for value in row
        if value
    }
    page = (run / "report.html").read_text(encoding="utf-8")
    assert not [value for value in secret if value in page]
    workbooks = [*(run / "excel").rglob("*.xlsx"), *(run / "checks").rglob("*.xlsx")]
    assert len(workbooks) > 3
    for path in workbooks:
        for sheet in load_workbook(path, read_only=True):
            text = "\n".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)
            assert not [value for value in secret if value in text], path.name


def test_township_and_village_lists_hold_every_household_with_a_risk(run: Path) -> None:
    expected = _rows(f"SELECT count(*) FROM read_parquet({quote(str(run / 'households.parquet'))}) WHERE risks > 0")[0][
        0
    ]
    towns = [path for path in (run / "excel").iterdir() if path.suffix == ".xlsx"]
    villages = list((run / "excel").glob("*/*.xlsx"))
    assert sum(load_workbook(path)["有风险户"].max_row - 1 for path in towns) == expected
    assert sum(load_workbook(path)["有风险户"].max_row - 1 for path in villages) == expected


def test_the_explanation_of_a_household_agrees_with_the_population(run: Path) -> None:
    book = open_policy()
    names = result_names(book)
    with open_facts(run, None, quiet) as facts:
        facts.engine.view_parquet("results", run / "work" / "results.parquet")
        computed = facts.engine.records("SELECT * FROM results ORDER BY hash(household_id) LIMIT 40")
        for row in computed:
            record = household_record(facts.engine, row["household_id"])
            explained = book.policy.explain(record, names, date=facts.day)["results"]
            assert explained == {name: row[name] for name in names}, row["household_id"]


def test_the_five_documents_stand_side_by_side(run: Path) -> None:
    documents = read_json(run / "counts.json")["documents"]
    assert len(documents["names"]) == 5
    line = next(row for row in documents["rows"] if row["finding"] == "income_below_line")
    assert line["why"], "where the documents differ the report says why"
    assert all(len(row["cells"]) == 5 for row in documents["rows"])


def test_data_without_a_register_are_refused(county: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(county / "feeds" / "housing", data / "feeds" / "housing")
    with pytest.raises(UserError, match="缺少底册"):
        screen_data(Request(data=data, out=tmp_path / "run"), quiet)


def test_data_without_any_date_ask_for_one(county: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("households.parquet", "persons.parquet"):
        shutil.copy(county / name, data / name)
    with pytest.raises(UserError, match="--date"):
        screen_data(Request(data=data, out=tmp_path / "run"), quiet)
    of_itself = screen_data(Request(data=data, out=tmp_path / "run", date=DAY), quiet)
    by_hand = screen_data(Request(data=data, out=tmp_path / "by_hand", date=DAY, region="62"), quiet)
    assert of_itself["population"]["households"] == HOUSEHOLDS
    assert of_itself["findings"] == by_hand["findings"], "the county's own codes lead to the same policy"


def test_a_run_whose_working_files_are_gone_says_which_tables_it_lacks(run: Path, tmp_path: Path) -> None:
    thinned = tmp_path / "thinned"
    shutil.copytree(run, thinned)
    (thinned / "work" / "entities" / "persons.parquet").unlink()
    with pytest.raises(UserError) as caught, open_facts(thinned, None, quiet):
        pass
    assert caught.value.code == "screening.run_thinned"
    assert caught.value.facts["tables"] == "人员"
    shutil.rmtree(thinned / "work")
    with pytest.raises(UserError) as caught, open_facts(thinned, None, quiet):
        pass
    assert caught.value.code == "screening.run_thinned"


def test_assistance_missed_does_not_lift_a_households_score(run: Path) -> None:
    with open_engine() as engine:
        scored = engine.rows(f"""
            SELECT h.household_id, h.score, coalesce(sum(f.score) FILTER (f.grp <> 'assistance'), 0)
            FROM read_parquet('{run}/households.parquet') h
            LEFT JOIN read_parquet('{run}/findings.parquet') f USING (household_id) GROUP BY ALL""")
        assert all(score == expected for _, score, expected in scored)
        assert engine.value(f"SELECT count(*) FROM read_parquet('{run}/findings.parquet') WHERE grp = 'assistance'")
