"""The plan as a Word document: filled from the plan, from our template or the county's own."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from docx import Document

from tests.web.base_samples import COUNTY, A, make_places, make_user
from tests.web.test_cases_planning import at_plan, finding, row, save
from xianjie.web.accounts.models import User
from xianjie.web.audit.models import Event
from xianjie.web.cases import plan_document
from xianjie.web.cases.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def own_files(settings: Any, tmp_path: Any) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def planning_case() -> Case:
    make_places()
    case = at_plan()
    finding(case.household, "cause_illness", "cause", "illness")
    return case


def client(role: str, region: str) -> Client:
    made = Client()
    name = f"{role}-{region}"
    made.force_login(User.objects.filter(username=name).first() or make_user(name, role, region))
    return made


def text_of(content: bytes) -> str:
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(part.text for part in document.paragraphs), *cells])


def made(case: Case, **changed: Any) -> Any:
    return save(case, row(title="医疗救助<补>", amount=123456, **changed))


def word(case: Case) -> bytes:
    return client("village", A).get(reverse("cases:plan_word", args=[case.pk])).content


def test_the_document_tells_what_the_plan_says(planning_case: Case, own_files: None) -> None:
    made(planning_case)
    told = text_of(word(planning_case))
    named = (
        planning_case.household.head_name,
        "医疗救助<补>",
        "医保局",
        "1,234.56",
        "帮某",
        "13800000000",
        "因病",
    )
    assert all(part in told for part in named)
    assert "{{" not in told and "{%" not in told


def test_a_county_puts_its_own_template_in_use_and_goes_back(planning_case: Case, own_files: None) -> None:
    made(planning_case)
    document = Document()
    document.add_paragraph("本县格式：{{ head }}，{% for one in measures %}{{ one.title }}{% endfor %}")
    kept = io.BytesIO()
    document.save(kept)
    county = client("county", COUNTY)
    address = reverse("cases:plan_template")
    assert county.post(address, {"file": SimpleUploadedFile("a.docx", kept.getvalue())}).status_code == 302
    assert f"本县格式：{planning_case.household.head_name}，医疗救助<补>" in text_of(word(planning_case))
    assert Event.objects.filter(verb="cases.template").exists()
    assert b"".join(county.get(reverse("cases:plan_template_file")).streaming_content) == kept.getvalue()
    county.post(address, {"ours": "1"})
    assert "本县格式" not in text_of(word(planning_case))


@pytest.mark.parametrize("wrong", ["{{ no_such_name }}", "{{ head.__class__.__mro__ }}", "{% for %}", ""])
def test_a_template_that_cannot_be_filled_in_is_told_and_the_one_in_use_stays(wrong: str, own_files: None) -> None:
    make_places()
    document = Document()
    document.add_paragraph(wrong)
    kept = io.BytesIO()
    document.save(kept)
    content = kept.getvalue() if wrong else b"no document"
    page = client("county", COUNTY).post(
        reverse("cases:plan_template"), {"file": SimpleUploadedFile("a.docx", content)}
    )
    assert "模板不能使用" in page.content.decode() and plan_document.template_for(COUNTY) == plan_document.OURS


def test_only_the_county_replaces_the_template() -> None:
    make_places()
    for role, region in (("village", A), ("leader", COUNTY)):
        assert client(role, region).get(reverse("cases:plan_template")).status_code == 403


def test_our_template_is_a_document_of_one_page_size_with_every_name() -> None:
    inside = zipfile.ZipFile(plan_document.OURS).read("word/document.xml").decode()
    assert all(name in inside for name in plan_document.SAMPLE) and 'w:w="11906"' in inside


def test_a_plan_whose_first_measure_begins_too_late_is_kept_and_said_to_lack_it(planning_case: Case) -> None:
    due = date(2025, 10, 31) + timedelta(30)
    _plan, lacking = made(planning_case, starts_on=due + timedelta(1))
    assert [gap.what for gap in lacking] == ["first"]
