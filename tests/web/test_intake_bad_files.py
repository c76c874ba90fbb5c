"""Bad files through the web: a clear Chinese sentence at once, or rows that come back; nothing lost, counts add up."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.test import Client
from django.test.client import FakePayload

from tests.web import intake_county as county
from xianjie.messages import UserError
from xianjie.web.accounts.models import User
from xianjie.web.intake.models import Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def clerk() -> User:
    county.make_county()
    return county.make_user("yibao", "department", "medical_insurance")


def archive(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def with_macro() -> bytes:
    buffer = io.BytesIO(county.bills([county.bill(county.people()[0], 5)]))
    with zipfile.ZipFile(buffer, "a") as book:
        book.writestr("xl/vbaProject.bin", b"macro")
    return buffer.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HTML = b"<html><body><table><tr><td>1</td></tr></table></body></html>"
BAD: dict[str, tuple[str, bytes, str]] = {
    "macro by name": ("a.xlsm", b"PK\x03\x04", "带宏"),
    "binary by name": ("a.xlsb", b"PK\x03\x04", "带宏"),
    "macro inside": ("a.xlsx", with_macro(), "带宏"),
    "web page": ("a.xls", HTML, "网页"),
    "password": ("a.xlsx", OLE + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le"), "密码"),
    "other Office": ("a.xls", OLE + b"\x00" * 600, "没有表格"),
    "pdf": ("a.xlsx", b"%PDF-1.4 ...", "PDF"),
    "picture": ("a.png", b"\x89PNG", "不能报送"),
    "no ending": ("医疗", b"x", "不能报送"),
    "empty": ("a.xlsx", b"", "空的"),
    "broken": ("a.xlsx", b"PK\x03\x04 and no more", "损坏"),
    "no workbook": ("a.xlsx", archive(word__document=b"x"), "没有表格"),
    "bomb": ("a.xlsx", archive(xl__workbook=b"\x00" * 200_000_000), "庞大"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_can_never_be_read_is_refused_with_a_sentence(client: Client, clerk: User, case: str) -> None:
    name, content, said = BAD[case]
    client.force_login(clerk)
    response = client.post("/intake/deliver/", county.form(content, name=name))
    text = response.content.decode()
    assert response.status_code == 200 and said in text and 'class="error"' in text
    assert not Delivery.everything.exists()
    assert not list((settings.HOME / "files").rglob("*given*"))


def test_a_file_of_two_gigabytes_is_refused_before_it_is_read(client: Client, clerk: User) -> None:
    client.force_login(clerk)
    two = 2 * 1024**3
    response = client.generic(
        "POST", "/intake/deliver/", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(two),
        **{"wsgi.input": Untouchable()},
    )  # fmt: skip
    assert response.status_code == 413
    assert "2,048 MB" in response.content.decode() and "超过上限 512 MB" in response.content.decode()


class Untouchable(FakePayload):
    """A body that nobody may read."""

    def read(self, *arguments: Any, **options: Any) -> bytes:
        raise AssertionError("the body was read")


def test_a_file_that_grows_beyond_the_limit_is_given_up(clerk: User, tmp_path: Path, settings: Any) -> None:
    settings.UPLOAD_LIMIT_BYTES = 5_000_000
    sparse = tmp_path / "two.csv"
    with sparse.open("wb") as stream:
        stream.truncate(2 * 1024**3)
    seen = 0

    def pieces() -> Iterator[bytes]:
        nonlocal seen
        with sparse.open("rb") as stream:
            while piece := stream.read(1 << 20):
                seen += len(piece)
                yield piece

    from xianjie.web.intake.services import Offer, receive

    with pytest.raises(UserError, match="超过上限"):
        receive(Offer(county.COUNTY, "medical_bills", county.DAY, "two.csv"), pieces(), county.scope(clerk), clerk)
    assert seen < 8_000_000 and not Delivery.everything.exists()


def test_a_post_without_its_token_is_refused(clerk: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(clerk)
    assert strict.post("/intake/deliver/", county.form(b"x")).status_code == 403


def test_the_wrong_table_is_told_with_what_was_looked_for(client: Client, clerk: User) -> None:
    receipt = county.deliver(clerk, county.workbook([["品名", "单价"], ["苹果", 3]], sheet="采购"))
    delivery = county.read(receipt)
    assert delivery.state == Delivery.FAILED and "没有找到表头" in delivery.problem and "采购" in delivery.problem
    client.force_login(clerk)
    page = client.get(f"/intake/{delivery.pk}/").content.decode()
    assert "没有读出来" in page and "没有找到表头" in page


def test_a_header_without_rows_is_told(clerk: User) -> None:
    delivery = county.read(county.deliver(clerk, county.bills([])))
    assert (delivery.state, delivery.rows) == (Delivery.READY, 0)
    assert any("没有数据行" in note for note in delivery.notes)


def odd_workbook() -> bytes:
    """Merged title and header, a hidden column, a hidden sheet, formulas, HTML, far dates, a repeated row."""
    people = county.people()
    book = openpyxl.Workbook()
    page = book.active
    page.append(["九月医疗费用"])
    page.merge_cells("A1:F1")
    page.append(["人员", None, "住址", "费用", None, "备注"])
    page.merge_cells("A2:B2")
    page.merge_cells("D2:E2")
    page.append(["患者姓名", "身份证号", "行政村", "结算日期", "个人自付（元）", "备注"])
    page.append([*county.bill(people[0], 10), "<script>alert(1)</script>"])
    page.append([*county.bill(people[1], 20), '=HYPERLINK("http://x","点我")'])
    page.append([*county.bill(people[2], 30, "1900-01-01"), None])
    page.append([*county.bill(people[3], 40, "2099-12-31"), None])
    page.append([*county.bill(people[4], 50), None])
    page.append([*county.bill(people[4], 50), None])
    page.append(["<b>坏</b>人", "=1+1", "桃花村", "2025-09-01", "=cmd|' /C calc'!A0"])
    page.append(["合计", None, None, None, 150])
    page.column_dimensions["C"].hidden = True
    book.create_sheet("底稿").sheet_state = "hidden"
    book["底稿"].append(["x"])
    return county.saved(book)


def test_an_odd_workbook_loses_nothing_and_does_nothing(client: Client, clerk: User) -> None:
    delivery = county.read(county.deliver(clerk, odd_workbook(), name="<img src=x onerror=alert(1)>.xlsx"))
    assert delivery.state == Delivery.READY and delivery.rows == 7 and delivery.adds_up
    assert delivery.columns["i_village_name"] == "住址/行政村" or "行政村" in delivery.columns["i_village_name"]
    assert any("底稿" in note for note in delivery.notes)
    client.force_login(clerk)
    page = client.get(f"/intake/{delivery.pk}/").content.decode()
    assert "完全相同，未重复采用" in page and "公式没有计算结果" in page
    for live in ("<script>alert", "<img src=x", "<b>坏"):
        assert live not in page and live not in client.get("/intake/").content.decode()
    assert "&lt;b&gt;坏" in page
    given_back = client.get(f"/intake/{delivery.pk}/giveback.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(given_back.streaming_content)))
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "n"}
    assert not any(cell.data_type == "f" for row in book.active.iter_rows() for cell in row)


def test_text_that_looks_like_a_formula_stays_text_on_its_way_back(client: Client, clerk: User) -> None:
    text = "患者姓名,身份证号,行政村,结算日期,个人自付（元）\n=cmd|calc,+1,@x,-2,=1+1\n"
    delivery = county.read(county.deliver(clerk, text.encode(), name="医疗.csv"))
    assert delivery.rejected == delivery.rows == 1
    client.force_login(clerk)
    response = client.get(f"/intake/{delivery.pk}/giveback.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row if cell.value]
    assert "=cmd|calc" in {cell.value for cell in cells} and {cell.data_type for cell in cells} == {"s"}
