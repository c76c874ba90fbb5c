"""Forms that follow from the dictionary, and lists as Excel: exact, safe, masked."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web import registry_samples as sample
from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web import exporting
from xianjie.web.dictionary_forms import form_for, initial_of, shown_value
from xianjie.web.exporting import Column, Listing, write_list
from xianjie.web.registry.identity import identity_facts

PERSON = {
    "name": "张三",
    "id_no": "629901198503070015",
    "sex": "1",
    "birth_date": "1985-03-07",
    "lives_away_months": "3",
}
PERSON_FIELDS = ["name", "id_no", "sex", "birth_date", "lives_away_months", "alive", "phone"]


@given(fen=st.integers(-(10**11), 10**11))
def test_money_is_typed_in_yuan_and_kept_in_fen_exactly(fen: int) -> None:
    form_class = form_for("household", ["stated_net_income"])
    typed = initial_of("household", {"stated_net_income": fen})
    form = form_class(typed)
    assert form.is_valid() and form.cleaned_data == {"stated_net_income": fen}
    known = dictionary().entities["household"].fields["stated_net_income"]
    assert Decimal(shown_value(known, fen).replace(",", "")) * 100 == fen


@pytest.mark.parametrize(
    "typed, fen", [("１２,345.6", 1234560), ("0.01", 1), ("20000元", 2000000), (" 5 ", 500), ("", None)]
)
def test_money_as_people_write_it(typed: str, fen: int | None) -> None:
    form = form_for("household", ["stated_net_income"])({"stated_net_income": typed})
    assert form.is_valid() and form.cleaned_data["stated_net_income"] == fen


@pytest.mark.parametrize(
    "name, typed",
    [("stated_net_income", "1.005"), ("stated_net_income", "一万"), ("stated_net_income", "nan"), ("arable_mu", "1e9"),
     ("relieved_year", "2015.5"), ("household_type", "palace"), ("arable_mu", "-1")],
)  # fmt: skip
def test_what_cannot_be_is_an_error_with_the_typed_text_kept(name: str, typed: str) -> None:
    form = form_for("household", [name])({name: typed})
    assert not form.is_valid() and name in form.errors and "confirm" not in form.fields
    assert form[name].value() == typed


@pytest.mark.parametrize(
    "typed", ["1985-3-7", "1985/03/07", "1985年3月7日", "19850307", "１９８５．3．7"],
)  # fmt: skip
def test_a_day_as_people_write_it(typed: str) -> None:
    form = form_for("person", ["birth_date"])({"birth_date": typed})
    assert form.is_valid() and form.cleaned_data["birth_date"] == date(1985, 3, 7)


@pytest.mark.parametrize("typed", ["1899-12-31", "2100-01-01", "2025-02-29", "45000", "2999-1-1", "2025-11-01"])
def test_a_day_that_cannot_be_is_an_error(typed: str) -> None:
    assert not form_for("person", ["birth_date"])({"birth_date": typed}).is_valid()


def test_numbers_of_papers_are_checked() -> None:
    form_class = form_for("person", ["id_no", "disability_no", "phone"])
    right = form_class(
        {"id_no": "62990119850307001５", "disability_no": "62990119850307001542B1", "phone": "139 0000 0000"}
    )
    assert right.is_valid(), right.errors
    wrong = form_class({"id_no": "629901198503070016", "disability_no": "62990119850307001582", "phone": "12345"})
    assert set(wrong.errors) == {"id_no", "disability_no", "phone"}


@given(born=st.dates(date(1900, 1, 1), date(2025, 1, 1)), order=st.integers(0, 999))
def test_an_identity_number_tells_birth_date_and_sex_and_one_changed_digit_is_seen(born: date, order: int) -> None:
    number = sample.id_number(born, order)
    facts = identity_facts(number)
    assert facts is not None and facts.birth_date == born and facts.sex == ("1" if order % 2 else "2")
    changed = number[:16] + str((int(number[16]) + 1) % 10) + number[17]
    assert identity_facts(changed) is None


def test_what_is_unlikely_is_asked_about_once_for_exactly_these_values() -> None:
    form_class = form_for("person", PERSON_FIELDS)
    assert form_class(PERSON).is_valid()
    odd = PERSON | {"lives_away_months": "13", "sex": "2"}
    asked = form_class(odd)
    assert not asked.is_valid() and set(asked.errors) == {"lives_away_months", "sex"}
    token = re.search(r'value="(\w+)"', str(asked["confirm"]))
    assert token
    confirmed = form_class(odd | {"confirm": token[1]})
    assert confirmed.is_valid() and confirmed.cleaned_data["lives_away_months"] == 13
    assert "confirm" not in confirmed.cleaned_data
    other = form_class(odd | {"confirm": token[1], "lives_away_months": "14"})
    assert not other.is_valid()
    assert not form_class(odd | {"confirm": "on"}).is_valid()


def read(path: Path) -> tuple[list[tuple[Any, ...]], dict[str, Any]]:
    book = openpyxl.load_workbook(path)
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    return list(book.worksheets[0].iter_rows(values_only=True)), dict(book.worksheets[1].iter_rows(values_only=True))


@pytest.mark.django_db
def test_a_list_has_typed_cells_and_says_who_took_it_out(tmp_path: Path) -> None:
    listing = Listing(
        "名单",
        [Column("名", "a"), Column("钱", "b", kind="fen"), Column("日", "c", kind="date"),
         Column("数", "d", kind="int"), Column("否", "e", kind="bool"), Column.of("person", "sex")],
        notes=[("范围", "上湾村")],
    )  # fmt: skip
    rows = [{"a": "王", "b": 123, "c": date(2024, 2, 29), "d": 5, "e": False, "sex": "2"},
            {"a": None, "b": None, "c": date(1899, 1, 1), "d": None, "e": None, "sex": None}]  # fmt: skip
    rows = [{**row, "region_code": sample.VILLAGE} for row in rows]
    assert write_list(tmp_path / "a.xlsx", listing, iter(rows)) == 2
    shown, about = read(tmp_path / "a.xlsx")
    assert shown[1][:2] == ("王", 1.23) and shown[1][2].date() == date(2024, 2, 29) and shown[1][3:] == (5, "否", "女")
    assert shown[2] == (None, None, "1899-01-01", None, None, None)
    assert about["行数"] == "2" and about["范围"] == "上湾村" and "系统" in about["导出人"]
    assert write_list(tmp_path / "b.xlsx", listing, []) == 0
    assert read(tmp_path / "b.xlsx")[0][0] == ("名", "钱", "日", "数", "否", "性别")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "<b>x</b>", "000123",
     "629901198503070015"],
)  # fmt: skip
def test_a_cell_that_begins_like_a_formula_is_text(tmp_path: Path, text: str) -> None:
    write_list(tmp_path / "a.xlsx", Listing("名单", [Column("名", "a"), Column("钱", "a", kind="fen")]), [{"a": text}])
    row = read(tmp_path / "a.xlsx")[0][1]
    assert str(row[0]).strip() == text.strip() and isinstance(row[0], str) and isinstance(row[1], str)


def test_signs_that_no_sheet_can_hold_are_left_out(tmp_path: Path) -> None:
    write_list(
        tmp_path / "a.xlsx", Listing("a/b:c?", [Column("名", "a")]), [{"a": "王\x00\x0b明"}, {"a": "长" * 40_000}]
    )
    rows = read(tmp_path / "a.xlsx")[0]
    assert rows[1] == ("王明",) and len(rows[2][0]) == 32_000


@pytest.mark.django_db
def test_a_value_is_masked_by_what_the_user_sees_in_that_place(tmp_path: Path) -> None:
    sample.regions()
    scope = sample.scope("township", sample.TOWN)
    listing = Listing(
        "名单", [Column.of("person", "name"), Column.of("person", "id_no"), Column.of("person", "health")], scope
    )
    row = {"name": "王小明", "id_no": "629901198503070015", "health": "chronic"}
    rows = [{**row, "region_code": sample.VILLAGE}, {**row, "region_code": sample.FAR}]
    write_list(tmp_path / "a.xlsx", listing, rows)
    shown = read(tmp_path / "a.xlsx")[0][1:]
    assert shown == [("王小明", "629901********0015", "***"), ("王**", "629901********0015", "***")]


def test_a_list_that_no_sheet_can_hold_is_refused_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(exporting, "MOST_ROWS", 10)
    with pytest.raises(UserError):
        write_list(tmp_path / "a.xlsx", Listing("名单", [Column("名", "a")]), ({"a": 1} for _ in range(11)))
    assert list(tmp_path.iterdir()) == []
