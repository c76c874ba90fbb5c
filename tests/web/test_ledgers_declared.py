"""Every declared ledger holds together, and every check says what its source says: it fires and does not fire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from xianjie.web.flows.definition import read_yaml
from xianjie.web.ledgers import checking
from xianjie.web.ledgers.checking import Tables
from xianjie.web.ledgers.declaration import FOLDER, Ledger, LedgerError, _problems, ledgers, numbers, sheets
from xianjie.web.ledgers.kinds.matching import POINTS

CHECKS = [(sheet, name) for sheet in sheets().values() for name in sheet.checks]


@pytest.fixture(scope="module")
def tables() -> Iterator[dict[date, Tables]]:
    """Tables of the days on which examples live, opened once."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        days = {check.day for sheet, name in CHECKS for check in [sheet.checks[name]]}
        yield {day: stack.enter_context(checking.opened(day)) for day in days}


@pytest.mark.parametrize(("sheet", "name"), CHECKS, ids=[f"{s.name}.{n}[{s.checks[n].source}]" for s, n in CHECKS])
def test_a_check_fires_where_its_source_says_so_and_only_there(tables, sheet, name):
    check = sheet.checks[name]
    for wanted, example in ((True, check.fires), (False, check.passes)):
        here = tables[check.day]
        for table, rows in checking.example_rows(sheet, example).items():
            here.fill(table, rows)
        found = {hit.pk: hit.text for hit in here.hits(sheet) if hit.check == name}
        if wanted:
            assert f"{sheet.name} 0" in found and "{" not in found[f"{sheet.name} 0"]
        else:
            assert not found


def test_all_sixteen_mechanisms_have_a_ledger():
    assert [ledger.mechanism for ledger in ledgers().values()] == [f"D{number}" for number in range(1, 17)]


def test_every_number_is_used_and_has_a_source():
    texts = "".join((FOLDER / f"{name}.yaml").read_text(encoding="utf-8") for name in ledgers())
    by_modules = set(POINTS.values())
    assert not [name for name in numbers() if f"'{name}'" not in texts and name not in by_modules]
    assert all(value.source or not value.known for one in numbers().values() for value in one.values.values())


@pytest.mark.parametrize("ledger", ledgers())
def test_no_word_of_a_ledger_s_code_lists_means_two_values(ledger):
    lists = ledgers()[ledger].codes
    assert len({one.zh for one in lists.values()}) == len(lists)
    for one in lists.values():
        words = [word for labels in one.values.values() for word in {labels.zh, *labels.also}]
        assert len(words) == len(set(words)), one.zh


def test_a_declaration_that_does_not_hold_is_refused_with_the_reason():
    raw = read_yaml(FOLDER / "assets.yaml")
    raw["sheets"]["asset"]["moves"]["confirm"]["to"] = "nowhere"
    raw["sheets"]["asset"]["columns"] = ["no_such"]
    told = list(_problems({**ledgers(), "assets": Ledger.model_validate(raw)}))
    assert any("no state nowhere" in one for one in told)
    assert any("no_such is no field" in one for one in told)


def test_a_ledger_of_a_new_kind_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xianjie.web.ledgers import declaration

    (tmp_path / "bees.yaml").write_text(
        """
ledger: bees
zh: 养蜂台账
en: Bees
mechanism: D17
about: 试验
source: 试验
trust: unverified
sheets:
  hive:
    zh: 蜂箱
    en: Hive
    key: hive_no
    title: hive_no
    fields:
      hive_no: {zh: 蜂箱编号, en: Number, type: text, required: true}
    columns: [hive_no]
""",
        encoding="utf-8",
    )
    (tmp_path / "numbers.yaml").write_text("parameters: {}\n", encoding="utf-8")
    monkeypatch.setattr(declaration, "FOLDER", tmp_path)
    assert declaration.ledgers.__wrapped__()["bees"].sheets["hive"].zh == "蜂箱"
    (tmp_path / "bees.yaml").write_text("ledger: other\n", encoding="utf-8")
    with pytest.raises(LedgerError, match=r"bees\.yaml"):
        declaration.ledgers.__wrapped__()


def test_the_number_that_holds_is_the_nearest_region_s_and_the_newest(tables):
    """山西（四十三）15%；2023年起30%"""
    here = tables[date(2025, 6, 30)].engine

    def number(name: str, place: str, day: str) -> float | None:
        return here.value(f"SELECT number('{name}', '{place}', DATE '{day}')")

    assert number("work_relief_share", "629901100201", "2022-06-01") == 0.15
    assert number("work_relief_share", "629901100201", "2023-06-01") == 0.30
    assert number("canteen_share", "620701000000", "2024-01-01") == 0.15
    assert number("canteen_share", "629901000000", "2024-01-01") == 0.10
    assert number("pv_labour_share", "629901100201", "2021-01-01") is None
    assert number("post_age_max", "529901100201", "2024-01-01") == 65
