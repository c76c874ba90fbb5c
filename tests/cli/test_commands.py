"""The commands as people type them: what they print, how they end, and that no error is a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.conftest import HOUSEHOLDS
from xianjie import cli
from xianjie.engines import open_engine, quote

DONE, FELL_SHORT, WRONG = 0, 1, 2


class Typed:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def xianjie(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def typed(*arguments: object) -> Typed:
        monkeypatch.setattr("sys.argv", ["xianjie", *(str(one) for one in arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Typed(int(ended.value.code or 0), said.out, said.err)

    return typed


def test_a_run_of_dirty_files_ends_with_one_and_says_what_fell_short(xianjie, county: Path, run: Path) -> None:  # type: ignore[no-untyped-def]
    ended = xianjie("screen", county, "--out", run, "--documents")
    assert ended.code == FELL_SHORT
    assert "退回" in ended.err
    assert "report.html" in ended.out


def test_json_prints_one_document_and_nothing_else(xianjie, county: Path, run: Path) -> None:  # type: ignore[no-untyped-def]
    counts = json.loads(xianjie("screen", county, "--out", run, "--documents", "--json").out)
    assert counts["population"]["households"] == HOUSEHOLDS


def test_one_household_is_explained_with_sources(xianjie, run: Path) -> None:  # type: ignore[no-untyped-def]
    with open_engine() as engine:
        path = quote(str(run / "households.parquet"))
        household = engine.value(
            f"SELECT household_id FROM read_parquet({path}) ORDER BY score DESC, household_id LIMIT 1"
        )
    explained = json.loads(xianjie("rules", "explain", "--data", run, "--household", household, "--json").out)
    assert explained["household_id"] == household
    assert explained["date"] == "2025-10-31"
    line = next(step for step in explained["steps"] if step["rule"] == "monitoring_line")
    assert line["value"] == 860_000
    assert line["parameters"][0]["source"]
    assert set(line["parameters"][0]) >= {"name", "value", "unit", "region", "since", "source", "trust"}
    assert set(line) >= {"rule", "label", "value", "inputs", "parameters", "text"}
    assert "8,600" in xianjie("rules", "explain", "--data", run, "--household", household).out


def test_an_unknown_household_is_a_sentence_and_not_a_traceback(xianjie, run: Path) -> None:  # type: ignore[no-untyped-def]
    ended = xianjie("rules", "explain", "--data", run, "--household", "H-no-such")
    assert ended.code == WRONG
    assert "H-no-such" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("screen", "/no/such/folder", "--out", "/tmp/never"),
        ("screen", ".", "--out", "/tmp/never", "--date", "昨天"),
        ("screen", ".", "--out", "/tmp/never", "--engine", "oracle"),
        ("check", "/no/such/folder", "--out", "/tmp/never"),
        ("link", "--registry", "/no/a.parquet", "--feed", "/no/b.csv", "--out", "/tmp/never.parquet"),
        ("rules", "show", "no_such_rule"),
        ("rules", "explain", "--data", "/no/such", "--household", "x"),
        ("simulate", "/no/such", "--reform", "/no/such.yaml", "--out", "/tmp/never"),
        ("template", "dragon", "--out", "/tmp/never.xlsx"),
        ("synth", "/tmp/never", "--households", "3", "--seed", "1"),
        ("no-such-command",),
        (),
    ],
)
def test_wrong_use_ends_with_two_and_a_sentence(xianjie, arguments: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    ended = xianjie(*arguments)
    assert ended.code == WRONG
    assert ended.err.strip()
    assert not Path("/tmp/never").exists()


def test_rules_can_be_listed_shown_and_tested(xianjie) -> None:  # type: ignore[no-untyped-def]
    listed = json.loads(xianjie("rules", "list", "--json").out)
    assert {"income_per_head", "monitored_kind_due"} <= {row["name"] for row in listed}
    page = json.loads(xianjie("rules", "show", "monitoring_line", "--json").out)
    values = next(number for number in page["parameters"] if number["name"] == "monitoring_line_amount")["values"]
    assert any(value["region"] == "62" and value["value"] == 860_000 for value in values)
    tested = xianjie("rules", "test")
    assert tested.code == DONE
    assert "未通过 0" in tested.out


def test_a_wrong_case_is_told(xianjie, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "case.yaml").write_text(
        "- {name: 错的算例, date: 2025-10-31, region: '62', input: {}, output: {monitoring_line: 1}, source: 测试}\n",
        encoding="utf-8",
    )
    ended = xianjie("rules", "test", tmp_path)
    assert ended.code == FELL_SHORT
    assert "错的算例" in ended.out


def test_a_reform_tells_who_enters_before_it_is_in_force(xianjie, run: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    reform = tmp_path / "reform.yaml"
    reform.write_text(
        "label: 监测线提高到12000元\n"
        "parameters: {monitoring_line_amount: {values: {'62': {2025-01-01: {yuan: 12000}}}}}\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    result = json.loads(xianjie("simulate", run, "--reform", reform, "--out", out, "--json").out)
    below = next(row for row in result["all"] if row["result"] == "income_below_line")
    assert below["enter"] > 0
    assert below["leave"] == 0
    assert below["after"] == below["before"] + below["enter"]
    towns = [row for row in result["by_town"] if row["result"] == "income_below_line"]
    assert sum(row["enter"] for row in towns) == below["enter"]
    assert {"方案比较", "全县", "各乡镇", "按户类型"} <= set(load_workbook(out / "simulation.xlsx").sheetnames)


def test_rows_are_linked_from_files_of_any_kind(xianjie, county: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    feed = tmp_path / "名单.csv"
    with open_engine() as engine:
        rows = engine.rows(
            f"SELECT id_no, name FROM read_parquet({quote(str(county / 'persons.parquet'))}) "
            "WHERE id_no IS NOT NULL ORDER BY person_id LIMIT 30"
        )
    lines = ["row_id,姓名,身份证号码", *(f"r{number},{name},{id_no}" for number, (id_no, name) in enumerate(rows))]
    feed.write_bytes("\n".join(lines).encode("gb18030"))
    for out in (tmp_path / "links.parquet", tmp_path / "links.xlsx"):
        counts = json.loads(
            xianjie("link", "--registry", county / "persons.parquet", "--feed", feed, "--out", out, "--json").out
        )
        assert counts["rows"] == 30
        assert counts["exact"] == 30
        assert (tmp_path / "links.candidates.parquet").exists()
    assert load_workbook(tmp_path / "links.xlsx")["links"].max_row == 31


def test_the_checks_alone_give_lists_for_each_township(xianjie, run: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    ended = xianjie("check", run, "--out", tmp_path / "checks", "--json")
    summary = json.loads(ended.out)
    assert ended.code == FELL_SHORT
    assert summary["total"] > 0
    assert list((tmp_path / "checks").rglob("*.xlsx"))


def test_a_template_opens_with_drop_downs(xianjie, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert xianjie("template", "household", "person", "--out", tmp_path / "模板.xlsx").code == DONE
    workbook = load_workbook(tmp_path / "模板.xlsx")
    assert any(sheet.data_validations.dataValidation for sheet in workbook)
