"""What the checks promise as a whole: sourced numbers, counts that add up, nothing passed that was not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine
from xianjie.messages import UserError
from xianjie.policy import builtin
from xianjie.screening.check_report import checks_page, write_check_outputs
from xianjie.screening.check_sql import Compiler
from xianjie.screening.checks import CheckBook, CheckCounts, load_checks, run_checks

FOLDER = builtin() / "checks"
BOOK = load_checks([FOLDER])
DAY = date(2025, 6, 30)
LINE = {"monitoring_line_amount": 860_000}
VILLAGES = ("629901001001", "629901001002", "629901002001")

Tables = dict[str, list[dict[str, Any]]]


def small_county() -> Tables:
    """Six households in three villages of two towns, each with something wrong or nothing."""
    households = [
        {
            "household_id": f"H{n}",
            "region_code": VILLAGES[n % 3],
            "head_name": f"户主{n}",
            "household_type": "relieved" if n % 2 else "general",
            "relieved_year": 2019 if n % 2 else None,
            "registered_size": 2,
            "phone": "13900000001",
        }
        for n in range(6)
    ]
    persons = [
        {
            "person_id": f"P{n}-{k}",
            "household_id": f"H{n}",
            "region_code": VILLAGES[n % 3],
            "name": f"户主{n}" if k == 0 else "配偶",
            "sex": "1" if k == 0 or n == 4 else "2",
            "birth_date": date(1960 + 5 * n, 1, 1),
            "relation": "01" if k == 0 else "10",
            "health": "healthy",
            "labour_skill": ("ordinary", "none", "weak")[n % 3],
            "school_state": "none",
            "id_no": "629901198001010012" if n < 2 else None,
            "phone": "13900000002",
        }
        for n in range(6)
        for k in range(2)
    ]
    monitorings = [
        {
            "monitoring_id": f"M{n}",
            "household_id": f"H{n}",
            "kind": "marginal",
            "identified_on": date(2024, 1, n + 1),
            "risk1": "illness" if n else None,
            "removed": n == 2,
            "removed_on": date(2024, 2, 20) if n == 2 else None,
        }
        for n in range(4)
    ]
    employments = [
        {
            "employment_id": f"E{n}",
            "person_id": f"P{n % 6}-0",
            "started_on": date(2025, 1, 1 + n),
            "place": "outside",
            "channel": "public_post" if n % 2 else "self",
            "monthly_pay": 5_000 * n,
        }
        for n in range(8)
    ]
    regions = [{"region_code": code, "name": f"{code[-3:]}村", "level": "village"} for code in VILLAGES]
    regions += [{"region_code": "629901001000", "name": "青石乡", "level": "township"}]
    return {
        "households": households,
        "persons": persons,
        "monitorings": monitorings,
        "employments": employments,
        "regions": regions,
    }


def put(engine: Engine, tables: Tables) -> dict[str, list[str]]:
    """Make the tables; gives all columns as present."""
    present = {}
    for table, rows in tables.items():
        entity = dictionary().by_table(table)
        assert entity is not None
        columns = {name: field.storage for name, field in entity.fields.items()}
        engine.create_table(table, columns, [tuple(row.get(name) for name in columns) for row in rows])
        present[table] = list(columns)
    return present


def run(engine: Engine, tables: Tables, out: Path, book: CheckBook = BOOK) -> CheckCounts:
    return run_checks(engine, book, put(engine, tables), DAY, out / "findings.parquet", LINE)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine(threads=1) as opened:
        yield opened


def test_there_are_at_least_110_checks_with_an_id_each() -> None:
    assert len(BOOK) >= 110
    assert len({check.id for check in BOOK}) == len(BOOK)


def test_every_number_has_a_unit_and_a_source_that_is_declared() -> None:
    numbers = [*BOOK.numbers.values(), *(number for check in BOOK for number in check.parameters.values())]
    assert numbers
    for number in numbers:
        assert number.unit and number.zh
        assert number.source.partition("/")[0] in BOOK.sources


def test_no_check_or_fact_hides_a_threshold_in_its_sql() -> None:
    """0 and 1 say 'any' and 'more than one'; every other number is a parameter with a source."""
    written = {check.id: check.where + " " + check.sql for check in BOOK}
    written |= {f"fact {name}": f"{fact.source} {fact.where}" for name, fact in BOOK.facts.items()}
    structure = re.compile(
        r"'[^']*'|substr\([^()]*\)|INTERVAL 12 MONTH|risk[1-5]|ROWS BETWEEN UNBOUNDED PRECEDING AND 1"
    )
    for place, sql in written.items():
        assert set(re.findall(r"(?<![\w.{])\d+(?:\.\d+)?", structure.sub("", sql))) <= {"0", "1"}, place


def test_numbers_that_a_check_declares_are_used_by_it() -> None:
    for check in BOOK:
        for name in check.parameters:
            assert f"{{{name}}}" in check.where + check.sql + check.text, f"{check.id}: {name}"


def test_every_fact_has_one_row_a_key_whatever_the_rows_below(engine: Engine) -> None:
    twice = {
        entity.table: [
            {name: field_value(field.type, number) for name, field in entity.fields.items()} for number in (1, 1, 2)
        ]
        for entity in dictionary().entities.values()
    }
    put(engine, twice)
    compiler = Compiler(BOOK, DAY, LINE)
    for name, fact in BOOK.facts.items():
        sql = compiler.fact_sql(name, fact.columns)
        rows, keys = engine.rows(f"SELECT count(*), count(DISTINCT {fact.key}) FROM ({sql})")[0]
        assert rows == keys > 0 or name in NEEDS_KIND, name


# Facts whose rows need a certain code or day, so that the made-up rows above give none.
NEEDS_KIND = {"roll", "enrolment", "bills", "payments", "household_bills", "household_payments", "money",
              "money_per_head", "categories_now", "household_categories", "certificates", "household_certificates",
              "work_now", "household_work"}  # fmt: skip


def field_value(kind: str, number: int) -> Any:
    if kind == "date":
        return date(2025, 1, number)
    return {"int": number, "fen": number, "number": float(number), "bool": number == 1}.get(kind, str(number))


def test_findings_are_sorted_counted_and_add_up_by_village(engine: Engine, tmp_path: Path) -> None:
    counts = run(engine, small_county(), tmp_path)
    summary = write_check_outputs(engine, BOOK, counts, tmp_path)
    table = pq.read_table(tmp_path / "findings.parquet").to_pylist()
    assert table == sorted(
        table, key=lambda row: tuple((value is None, value) for value in (
            row["check_id"], row["region_code"], row["household_id"], row["person_id"], row["value"]))
    )  # fmt: skip
    assert counts.findings == len(table) > 10
    assert sum(count.findings for count in counts.checks) == len(table)
    assert sum(village["findings"] for village in summary["villages"]) == len(table)
    assert sum(summary["by_town"].values()) == sum(summary["severities"].values()) == summary["total"] == len(table)
    assert len(summary["checks"]) + len(summary["not_run"]) == len(BOOK)


def test_score_is_the_share_of_households_without_an_error(engine: Engine, tmp_path: Path) -> None:
    counts = run(engine, small_county(), tmp_path)
    summary = write_check_outputs(engine, BOOK, counts, tmp_path)
    table = pq.read_table(tmp_path / "findings.parquet").to_pylist()
    for village in summary["villages"]:
        bad = {
            row["household_id"] for row in table if row["region_code"] == village["code"] and row["severity"] == "error"
        }
        assert village["faulty_households"] == len(bad)
        assert village["score"] == round(100.0 * (village["households"] - len(bad)) / village["households"], 1)


def test_check_whose_table_is_absent_is_not_run_and_says_which(engine: Engine, tmp_path: Path) -> None:
    tables = small_county()
    del tables["employments"]
    counts = run(engine, tables, tmp_path)
    missing = {one.check_id: one for one in counts.not_run}
    assert missing["work.pay_range"].tables == ("employments",)
    assert "employments" in missing["work.pay_range"].reason
    assert "work.pay_range" not in {count.check_id for count in counts.checks}


def test_empty_table_means_none_and_the_check_runs(engine: Engine, tmp_path: Path) -> None:
    counts = run(engine, {**small_county(), "measures": []}, tmp_path)
    assert {count.check_id: count.findings for count in counts.checks}["measure.none"] == 3


def test_check_whose_column_is_absent_is_not_run(engine: Engine, tmp_path: Path) -> None:
    present = put(engine, small_county())
    present["persons"].remove("health")
    counts = run_checks(engine, BOOK, present, DAY, tmp_path / "findings.parquet", LINE)
    missing = {one.check_id: one for one in counts.not_run}
    assert missing["person.health_missing"].columns == ("persons.health",)
    assert "relation.no_head" not in missing


def test_check_without_the_policys_number_is_not_run(engine: Engine, tmp_path: Path) -> None:
    tables = {**small_county(), "incomes": []}
    counts = run_checks(engine, BOOK, put(engine, tables), DAY, tmp_path / "findings.parquet")
    missing = {one.check_id: one for one in counts.not_run}
    assert missing["identification.income_below_line"].numbers == ("monitoring_line_amount",)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_of_rows(engine: Engine, tmp_path: Path, random: Any) -> None:
    tables = small_county()
    run(engine, tables, tmp_path)
    before = (tmp_path / "findings.parquet").read_bytes()
    for rows in tables.values():
        random.shuffle(rows)
    run(engine, tables, tmp_path)
    assert (tmp_path / "findings.parquet").read_bytes() == before


def test_same_data_gives_the_same_bytes_in_excel(engine: Engine, tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        counts = run(engine, small_county(), tmp_path / name)
        files = write_check_outputs(engine, BOOK, counts, tmp_path / name)["files"]
        written.append({file: (tmp_path / name / file).read_bytes() for file in files})
    assert written[0] == written[1]


def test_each_township_gets_its_list_without_numbers_that_identify(engine: Engine, tmp_path: Path) -> None:
    counts = run(engine, small_county(), tmp_path)
    summary = write_check_outputs(engine, BOOK, counts, tmp_path)
    assert summary["files"] == ["by_village.xlsx", "townships/629901001-青石乡.xlsx", "townships/629901002.xlsx"]
    listed = 0
    for file in summary["files"][1:]:
        workbook = load_workbook(tmp_path / file, read_only=True)
        assert set(workbook.sheetnames) <= {"错误", "警告", "疑点"}
        for sheet in workbook:
            header, *rows = sheet.iter_rows(values_only=True)
            assert header == ("村", "户编号", "户主", "姓名", "问题", "详情", "建议", "依据", "级别")
            listed += len(rows)
            text = str(rows)
            assert "13900000001" not in text and "629901198001010012" not in text
    assert listed == counts.findings


def test_no_evidence_shows_a_secret_field() -> None:
    for check in BOOK:
        shown = set(re.findall(r"\{(\w+)\}", check.text))
        for entity in dictionary().entities.values():
            for name, field in entity.fields.items():
                if name in shown and field.sensitivity == "secret":
                    assert check.base and name not in dictionary().entities[check.base].fields, check.id


def own_folder(tmp_path: Path, content: dict[str, Any]) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "own.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def own_check(**changed: Any) -> dict[str, Any]:
    return {
        "id": "own.arable", "title": "本县检查", "entity": "household", "severity": "suspect", "base": "household",
        "where": "arable_mu > 5", "text": "耕地{arable_mu}亩", "advice": "核对。", "source": "ours",
        "fires": {"households": [{"arable_mu": 9}]}, "passes": {"households": [{"arable_mu": 1}]}, **changed,
    }  # fmt: skip


def test_a_county_adds_and_changes_checks_in_its_own_folder(tmp_path: Path) -> None:
    number = {"zh": "面积上限", "value": 500, "unit": "mu", "source": "ours", "trust": "unverified"}
    folder = own_folder(tmp_path, {
        "subject": {"zh": "本县", "en": "Ours"},
        "checks": [own_check()],
        "changes": {
            "person.married_young": {"off": True},
            "range.pasture": {"severity": "warning", "parameters": {"area_max": number}},
        },
    })  # fmt: skip
    book = {check.id: check for check in load_checks([FOLDER, folder])}
    assert "person.married_young" not in book and book["own.arable"].subject == "own"
    assert book["range.pasture"].severity == "warning" and book["range.pasture"].parameters["area_max"].value == 500


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"checks": [own_check()]}, "own.arable"),
        ({"subject": {"zh": "本", "en": "o"}, "checks": [own_check(severity="bad")]}, "own.arable"),
        ({"subject": {"zh": "本", "en": "o"}, "checks": [own_check(source="nowhere")]}, "nowhere"),
        ({"subject": {"zh": "本", "en": "o"}, "checks": [own_check(), own_check()]}, "own.arable"),
        ({"changes": {"no.such_check": {"off": True}}}, "no.such_check"),
        ({"facts": {"x": {"key": "person_id", "from": "persons", "columns": {"sex": {"sql": "1"}}}}}, "sex"),
    ],
)
def test_a_bad_file_is_refused_with_the_name_of_what_is_wrong(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        load_checks([FOLDER, own_folder(tmp_path, content)])


@pytest.mark.parametrize("changed", [{"where": "arable_mu > 'many' || nothing"}, {"text": "{no_such_column}"}])
def test_wrong_sql_names_its_check(engine: Engine, tmp_path: Path, changed: dict[str, Any]) -> None:
    content = {"subject": {"zh": "本县", "en": "Ours"}, "checks": [own_check(**changed)]}
    book = load_checks([FOLDER, own_folder(tmp_path, content)])
    with pytest.raises(UserError, match=r"own\.arable"):
        run(engine, small_county(), tmp_path, book)


def test_list_in_the_docs_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "checks.md"
    _, _, listed = page.read_text(encoding="utf-8").partition("<!-- list -->\n")
    assert listed.strip() == checks_page(BOOK).strip(), "run: python -m xianjie.screening.check_report docs/checks.md"
