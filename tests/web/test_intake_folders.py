"""Watched folders, and templates that come back as they went out."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client

from tests.web import intake_county as county
from xianjie.dictionary.templates import template_header
from xianjie.feeds import Limits
from xianjie.feeds.reading import read_feed
from xianjie.web.intake.layouts import columns_of, layouts, write_layout_template
from xianjie.web.intake.models import Delivery
from xianjie.web.jobs.services import queue_scheduled, run_next


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def lay(home: Path, path: str, content: bytes, age: float = 3600) -> Path:
    target = home / "watched" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    os.utime(target, (time.time() - age, time.time() - age))
    return target


@pytest.mark.django_db
def test_files_that_lie_still_are_taken_and_others_are_left_or_set_aside(client: Client, tmp_path: Path) -> None:
    county.make_county()
    client.force_login(county.make_user("xian", "county"))
    good = county.bills([county.bill(county.people()[0], 5)])
    taken = lay(tmp_path, "medical_insurance/医疗费用20250930.xlsx", good)
    still_growing = lay(tmp_path, "medical_insurance/medical_bills-20250831.xlsx", good + b"x", age=1)
    twice = lay(tmp_path, "medical_insurance/医疗费用20251001.xlsx", good)
    wrong = lay(tmp_path, "medical_insurance/采购表.xlsx", good)
    macro = lay(tmp_path, "medical_insurance/medical_bills-20250630.xlsm", good)
    assert client.post("/intake/watched/", {"county": county.COUNTY}).status_code == 302
    job = run_next("test")
    assert job is not None and job.result["taken"] == 1 and job.result["repeated"] == 1
    delivery = Delivery.everything.get()
    assert (delivery.layout, delivery.day, delivery.via) == ("medical_bills", county.DAY, Delivery.FOLDER)
    assert not taken.exists() and not twice.exists() and still_growing.exists()
    refused = tmp_path / "watched-refused" / "medical_insurance"
    assert (refused / wrong.name).read_bytes() == good and (refused / macro.name).exists()
    assert "看不出是哪种来表" in (refused / f"{wrong.name}.未接收原因.txt").read_text(encoding="utf-8")
    assert "带宏" in (refused / f"{macro.name}.未接收原因.txt").read_text(encoding="utf-8")


@pytest.mark.django_db
def test_the_county_says_when_folders_are_looked_into(client: Client) -> None:
    county.make_county()
    client.force_login(county.make_user("xian", "county"))
    sent = {"county": county.COUNTY, "do": "schedule", "at": "00:00", "enabled": "on"}
    assert client.post("/intake/watched/", sent).status_code == 302
    assert "00:00" in client.get("/intake/watched/").content.decode()
    assert [job.kind for job in queue_scheduled()] == ["intake.watch"] and queue_scheduled() == []


@pytest.mark.django_db
def test_only_the_county_looks_into_watched_folders(client: Client) -> None:
    county.make_county()
    client.force_login(county.make_user("yibao", "department", "medical_insurance"))
    assert client.get("/intake/watched/").status_code == 403
    assert client.post("/intake/watched/", {"county": county.COUNTY}).status_code == 403


@pytest.mark.parametrize("layout", sorted(layouts()))
def test_a_template_is_read_back_by_its_layout(layout: str, tmp_path: Path) -> None:
    path = tmp_path / f"{layout}.xlsx"
    write_layout_template(layout, path)
    book = openpyxl.load_workbook(path)
    sheet = book[book.sheetnames[1]]
    headers = [cell.value for cell in sheet[1]]
    assert headers == [template_header(field) for field in columns_of(layout)]
    for at, field in enumerate(columns_of(layout), 1):
        sheet.cell(row=2, column=at, value=_example(field))
    book.save(path)
    reading = read_feed(path, layouts()[layout], tmp_path / "out", Limits(), county.DAY, path.name)
    assert reading.problem is None
    assert (reading.counts.rows, reading.counts.rejected) == (1, 0), reading.notes
    known = {name for name in reading.columns if not name.startswith("i_")}
    assert known >= {field.name for field in columns_of(layout) if field.required}


def _example(field: Any) -> str:
    from xianjie.dictionary import dictionary

    if field.codes:
        return dictionary().label(field.codes, next(iter(dictionary().codes[field.codes].values)))
    kinds = {"date": "2025-09-12", "bool": "是", "id_no": "629901197001100019", "phone": "19900000000",
             "region": "629901001001", "name": "赵大山", "disability_no": "62990119700110001943"}  # fmt: skip
    return kinds.get(field.type, "2025" if field.type in ("int", "fen", "number") else "样例")
