"""Ledgers in files: what goes out comes back without loss, rows that cannot be taken come back with reasons."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.base_samples import COUNTY, A, B, make_household, make_places, make_user
from tests.web.ledger_samples import OFFICE, VILLAGE, asset, made
from xianjie.dictionary import dictionary
from xianjie.web.exporting import write_list
from xianjie.web.jobs.services import enqueue, run_next
from xianjie.web.ledgers import importing, tables
from xianjie.web.ledgers.declaration import Sheet, sheets
from xianjie.web.ledgers.models import Entry
from xianjie.web.ledgers.selectors import entries
from xianjie.web.ledgers.values import pack
from xianjie.web.sheets import read_table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places() -> None:
    make_places()
    make_household(1, A)
    make_household(2, B)


def sheet_file(sheet: str, folder: Path, rows: list[dict[str, Any]]) -> Path:
    """A file such as an export writes, of given rows."""
    declared = sheets()[sheet]
    empty = dict.fromkeys(["region_code", "place_name", "entry_state", *declared.fields])
    path = folder / f"{sheet}.xlsx"
    write_list(path, tables.listing(OFFICE, declared), ({**empty, **row} for row in rows))
    return path


def told(path: Path) -> str:
    import zipfile

    with zipfile.ZipFile(path) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def test_good_rows_are_taken_and_bad_ones_come_back_with_their_reasons(tmp_path):
    good = {"asset_no": "Z1", "name": "水渠", "kind": "public", "original_value": 100_00, "region_code": A}
    rows = [
        good,
        {**good, "asset_no": "Z2", "region_code": "", "place_name": "甲子镇二号村"},
        {**good, "asset_no": "Z3", "net_value": 200_00},
        {**good, "asset_no": "Z4", "name": None},
        {**good, "asset_no": "Z5", "region_code": "629902100201"},
        {**good, "asset_no": "Z6", "project_no": "P9"},
    ]
    back = tmp_path / "back.xlsx"
    made = importing.import_file(OFFICE, sheets()["asset"], sheet_file("asset", tmp_path, rows), "x.xlsx", back)
    assert (made.rows, made.added, made.refused) == (6, 2, 4)
    assert {one.key: one.region_code for one in Entry.everything.all()} == {"Z1": A, "Z2": B}
    text = told(back)
    for reason in ("高于原值", "未填“资产名称”", "不由您登记", "没有编号“P9”"):
        assert reason in text


def test_known_keys_are_changed_and_columns_that_a_file_has_not_stay(tmp_path):
    asset(custodian="王某")
    path = tmp_path / "part.csv"
    path.write_text("资产编号,资产名称\nZ1,新名称\n", encoding="utf-8")
    made = importing.import_file(OFFICE, sheets()["asset"], path, "part.csv", tmp_path / "back.xlsx")
    assert (made.added, made.changed) == (0, 1)
    one = Entry.everything.get()
    assert (one.title, one.data["custodian"], one.revision) == ("新名称", "王某", 2)


def test_a_file_cannot_move_an_entry_and_a_village_cannot_bring_one_in_that_is_approved(tmp_path):
    asset()
    row = {"asset_no": "Z1", "name": "x", "kind": "public", "original_value": 1_00, "region_code": A}
    path = sheet_file("asset", tmp_path, [{**row, "entry_state": "已处置"}])
    assert importing.import_file(OFFICE, sheets()["asset"], path, "x", tmp_path / "b.xlsx").refused == 1
    path = sheet_file("asset", tmp_path, [{**row, "asset_no": "Z7", "entry_state": "已确权管护", "holder": "村"}])
    assert importing.import_file(VILLAGE, sheets()["asset"], path, "x", tmp_path / "b.xlsx").refused == 1
    assert importing.import_file(OFFICE, sheets()["asset"], path, "x", tmp_path / "b.xlsx").added == 1


def test_payments_of_a_file_are_taken_up_to_the_allocation_and_no_further(tmp_path):
    made(
        "grant",
        COUNTY,
        grant_no="G1",
        name="x",
        level="central",
        year=2025,
        received_on=date(2025, 1, 1),
        amount=100_00,
    )
    made("project", A, state="pooled", project_no="P1", name="x", use="industry", year=2025, planned_amount=100_00)
    made(
        "allocation",
        A,
        allocation_no="A1",
        grant_no="G1",
        project_no="P1",
        allocated_on=date(2025, 2, 1),
        amount=100_00,
    )
    rows = [
        {"payment_no": f"Y{n}", "allocation_no": "A1", "paid_on": date(2025, 3, n), "amount": 40_00, "payee": "某公司"}
        for n in (1, 2, 3)
    ]
    back = tmp_path / "b.xlsx"
    done = importing.import_file(OFFICE, sheets()["payment"], sheet_file("payment", tmp_path, rows), "x", back)
    assert (done.added, done.refused) == (2, 1) and "余额20.00元" in told(back)


def test_the_job_takes_a_file_in_and_started_again_changes_nothing(tmp_path, settings):
    settings.HOME = tmp_path
    user = make_user("xian", "county")
    row = {"asset_no": "Z1", "name": "x", "kind": "public", "original_value": 1_00, "region_code": A, "custodian": "王"}
    importing.kept("a.xlsx").parent.mkdir(parents=True)
    sheet_file("asset", tmp_path, [row]).replace(importing.kept("a.xlsx"))
    for added, same in ((1, 0), (0, 1)):
        enqueue(
            "ledgers.import", title="x", region_code=COUNTY, owner=user, sheet="asset", file="a.xlsx", name="a.xlsx"
        )
        job = run_next("test")
        assert job is not None and job.state == "done", job
        assert (job.result["added"], job.result["same"]) == (added, same)


def values_of(sheet: Sheet) -> st.SearchStrategy[dict[str, Any]]:
    """Values that fields of a sheet may hold."""
    days = st.dates(date(1950, 1, 1), date(2090, 1, 1))
    by_type: dict[str, Any] = {
        "int": st.integers(0, 10**6), "fen": st.integers(0, 10**13), "date": days, "bool": st.booleans(),
        "number": st.integers(0, 10**9).map(lambda number: number / 100),
        "text": st.text("水渠abc=+-@（）01 。", max_size=20).map(str.strip),
        "name": st.sampled_from(["王某", "李·买买提"]),
    }  # fmt: skip
    made = {
        name: st.sampled_from(sorted(dictionary().codes[field.codes].values)) if field.codes else by_type[field.type]
        for name, field in sheet.fields.items()
    }
    return st.fixed_dictionaries({}, optional=made)


@pytest.mark.parametrize("name", sheets())
def test_what_a_sheet_s_export_writes_its_import_reads_without_loss(name, tmp_path):
    """A file of each sheet: every field with values of every shape, read back value for value."""
    sheet = sheets()[name]

    @settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(values_of(sheet), min_size=20, max_size=20))
    def round_trip(rows: list[dict[str, Any]]) -> None:
        given_rows = [{**row, sheet.key: f"K{number}"} for number, row in enumerate(rows)]
        path = sheet_file(name, tmp_path, [{**row, "region_code": A} for row in given_rows])
        table = read_table(path, importing.file_fields(sheet), (sheet.key,), "x")
        assert not table.faults
        assert [pack(sheet, row.values) for row in table.rows] == [pack(sheet, row) for row in given_rows]

    round_trip()


def test_entries_go_out_and_come_back_as_they_are(tmp_path):
    one = asset(condition="good", contract_to=date(2026, 1, 1), rent_year=12_34)
    sheet = sheets()["asset"]
    path = tmp_path / "out.xlsx"
    write_list(path, tables.listing(OFFICE, sheet), tables.file_rows(sheet, entries(OFFICE, sheet, {}).order_by("pk")))
    again = importing.import_file(OFFICE, sheet, path, "x", tmp_path / "b.xlsx")
    assert (again.same, again.refused) == (1, 0)
    Entry.everything.all().delete()
    assert importing.import_file(OFFICE, sheet, path, "x", tmp_path / "b.xlsx").added == 1
    assert Entry.everything.get().data == one.data
