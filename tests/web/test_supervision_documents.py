"""Policy documents in the application: read in a job, corrected by people, held against the document above."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from tests.web.base_samples import COUNTY, OTHER_COUNTY, TOWN, make_places, make_user
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.jobs.services import run_next
from xianjie.web.supervision import documents
from xianjie.web.supervision.demonstration import demonstrate
from xianjie.web.supervision.document_models import PolicyDocument
from xianjie.web.supervision.marking import marked, spans
from xianjie.web.supervision.models import (
    Alignment,
    Assessment,
    Observation,
    Order,
    Policy,
    Report,
    Target,
    Task,
    TaskUnit,
)
from xianjie.web.supervision.tasks import UNNAMED

pytestmark = pytest.mark.django_db
OFFICE = Scope((Holding("county", COUNTY),))
LOWER = """样例县关于做好样例工作的通知
各乡镇党委、政府：
一、守底线
（一）住房保障。2025年底完成危房改造120户，安全率达到99%。（牵头单位：县住建局；配合单位：县财政局）
（二）产业发展。建设冷库3座。（责任单位：县农业农村局）
（三）文明新风。每村设立红白事服务点1个。（责任单位：县民政局、各乡镇人民政府）
"""
UPPER = """虚构州关于做好样例工作的通知
各县党委、政府：
一、守底线
（一）住房保障。2025年底完成危房改造900户，安全率达到98%。（牵头单位：州住建局）
（二）产业发展。建设冷库12座。（责任单位：州农业农村局）
（三）教育资助。资助政策应享尽享。（责任单位：州教育局）
"""


def add(text: str = LOWER, name: str = "样例.txt", scope: Scope = OFFICE) -> PolicyDocument:
    """A document that was uploaded and read by its job."""
    made = documents.add_document(scope, ContentFile(text.encode(), name=name))
    while run_next("test"):
        pass
    made.refresh_from_db()
    return made


@pytest.fixture(autouse=True)
def places(db: None) -> None:
    make_places()


def correction(**more: Any) -> dict[str, Any]:
    target = {"indicator": "危房改造", "operator": ">=", "value": "130", "unit": "户", "due": "2025-12-31"}
    return {"title": "住房安全", "lead": ["县住建局"], "joint": [], "local": [], "targets": [target], **more}


def test_an_upload_is_read_in_the_background_and_its_page_shows_clauses_targets_and_units(client: Client) -> None:
    client.force_login(make_user("x", "county"))
    file = ContentFile(LOWER.encode(), name="样例.txt")
    answer = client.post(reverse("supervision:add_document"), {"file": file}, follow=True)
    assert "正在后台解析" in answer.content.decode()
    while run_next("test"):
        pass
    found = PolicyDocument.everything.get()
    assert found.title == "样例县关于做好样例工作的通知"
    page = client.get(reverse("supervision:document", args=[found.pk])).content.decode()
    for words in ("住房保障", "县住房城乡建设局", "found-target", "120", "2025-12-31"):
        assert words in page
    text = client.get(reverse("supervision:text", args=[found.pk])).content.decode()
    assert "found-noise" in text


def test_a_file_that_cannot_be_read_says_why_and_stays_listed(client: Client) -> None:
    made = documents.add_document(OFFICE, ContentFile(b"%PDF-1.4 broken", name="坏.pdf"))
    while run_next("test"):
        pass
    made.refresh_from_db()
    assert made.state == PolicyDocument.FAILED and made.problem and made.file not in made.problem
    client.force_login(make_user("x", "county"))
    assert made.problem in client.get(reverse("supervision:document", args=[made.pk])).content.decode()


def test_what_a_person_corrected_counts_and_survives_reading_the_file_anew() -> None:
    document = add()
    documents.correct_clause(OFFICE, document, "p1.c1", correction())
    for _round in range(2):
        read = documents.effective(document)
        assert next(one.title for one in read.clauses if one.id == "p1.c1") == "住房安全"
        assert [(one.canonical, one.role) for one in read.units if one.clause_id == "p1.c1"] == [
            ("县住房城乡建设局", "lead")
        ]
        assert [one.value for one in read.targets if one.clause_id == "p1.c1"] == ["130"]
        assert not read.problems
        document = documents.read_document(document.pk)


def test_a_correction_of_a_text_that_is_gone_is_set_aside_and_told() -> None:
    document = add()
    documents.correct_clause(OFFICE, document, "p1.c1", correction())
    document.parsed["clauses"][1]["text"] = "别的"
    read = documents.effective(document)
    assert next(one.title for one in read.clauses if one.id == "p1.c1") == "住房保障"
    assert [one.code for one in read.problems] == ["stale"]


def test_the_form_of_a_correction_starts_with_what_was_read_and_keeps_what_was_typed(client: Client) -> None:
    document = add()
    client.force_login(make_user("x", "county"))
    url = reverse("supervision:clause", args=[document.pk, "p1.c1"])
    assert 'value="120"' in client.get(url).content.decode()
    sent = {
        "title": "住房安全", "lead": "县住建局、县财政局", "joint": "", "local": "", "targets-TOTAL_FORMS": "1",
        "targets-INITIAL_FORMS": "0", "targets-0-indicator": "危房改造", "targets-0-operator": ">=",
        "targets-0-value": "许多", "targets-0-unit": "户",
    }  # fmt: skip
    page = client.post(url, sent).content.decode()
    assert "许多" in page and "请填写数字" in page
    untouched = {"targets-1-operator": ">=", "targets-1-indicator": "", "targets-1-value": "", "targets-1-unit": ""}
    client.post(url, {**sent, **untouched, "targets-TOTAL_FORMS": "2", "targets-0-value": "130"})
    read = documents.effective(document)
    assert [one.value for one in read.targets if one.clause_id == "p1.c1"] == ["130"]
    leads = [one.canonical for one in read.units if one.clause_id == "p1.c1" and one.role == "lead"]
    assert leads == ["县住房城乡建设局", "县财政局"]


def test_an_alignment_shows_differences_and_what_nothing_implements_and_a_decision_wins(client: Client) -> None:
    lower, upper = add(), add(UPPER, "上.txt")
    pair = documents.hold_against(OFFICE, lower, upper)
    while run_next("test"):
        pass
    pair.refresh_from_db()
    found = {one["lower_id"]: one for one in documents.links(pair)}
    assert [one["id"] for one in found["p1.c1"]["upper"]] == ["p1.c1"]
    assert {(one["from"], one["to"]) for one in found["p1.c1"]["changed"]} >= {("900", "120")}
    assert found["p1.c3"]["relation"] == "new"
    assert documents.not_implemented(pair, list(found.values())) == ["p1.c3"]
    documents.decide_link(OFFICE, pair, "p1.c3", ["p1.c3"], "partial", "县里另有方案")
    documents.compare(pair.pk)
    pair.refresh_from_db()
    decided = {one["lower_id"]: one for one in documents.links(pair)}
    assert decided["p1.c3"]["relation"] == "partial" and decided["p1.c3"]["note"] == "县里另有方案"
    assert documents.not_implemented(pair, list(decided.values())) == []
    client.force_login(make_user("x", "county"))
    page = client.get(reverse("supervision:alignment", args=[pair.pk])).content.decode()
    assert "piece-changed" in page and "县里另有方案" in page
    assert client.get(reverse("supervision:alignment_export", args=[pair.pk])).status_code == 200


def test_taking_a_link_away_leaves_the_upper_clause_without_implementation() -> None:
    lower, upper = add(), add(UPPER, "上.txt")
    pair = documents.hold_against(OFFICE, lower, upper)
    documents.compare(pair.pk)
    pair.refresh_from_db()
    documents.decide_link(OFFICE, pair, "p1.c2", [], "new", "")
    assert "p1.c2" in documents.not_implemented(pair, documents.links(pair))
    with pytest.raises(UserError):
        documents.decide_link(OFFICE, pair, "p1.c2", ["p1.c2"], "new", "")
    with pytest.raises(UserError):
        documents.decide_link(OFFICE, pair, "p1.c2", ["p9"], "same", "")


def test_a_county_s_document_is_read_by_its_townships_and_by_nobody_sideways(client: Client) -> None:
    document = add()
    url = reverse("supervision:document", args=[document.pk])
    for name, role, code, seen in (
        ("t", "township", TOWN, 200), ("d", "department", COUNTY, 200), ("o", "county", OTHER_COUNTY, 404),
    ):  # fmt: skip
        client.force_login(make_user(name, role, code, "medical_insurance" if role == "department" else ""))
        assert client.get(url).status_code == seen, role
    with pytest.raises(PermissionDenied):
        documents.correct_clause(Scope((Holding("township", TOWN),)), document, "p1.c1", correction())


def test_marks_never_change_the_text() -> None:
    document = add("— 1 —\n" + LOWER + "<b>页脚 & 版权</b>\n")
    read = documents.effective(document)
    html = marked(document.source, 0, len(document.source), spans(read))
    plain = html.replace("</mark>", "")
    while "<mark" in plain:
        start = plain.index("<mark")
        plain = plain[:start] + plain[plain.index(">", start) + 1 :]
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        plain = plain.replace(entity, character)
    assert plain == document.source


def test_the_list_asks_the_same_number_of_queries_for_one_document_and_for_many(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(make_user("x", "county"))
    for number in range(4):
        add(name=f"{number}.txt")
    with django_assert_max_num_queries(12):
        client.get(reverse("supervision:documents"))


def test_the_demonstration_fills_every_list_and_does_no_harm_twice() -> None:
    made = demonstrate(COUNTY)
    assert made["documents"] == 2 and made["tasks"] >= 8 and made["targets"] >= 10
    assert demonstrate(COUNTY) == {}
    for model in (Alignment, Assessment, Observation, Order, Policy, Report, Task, Target):
        assert model.everything.exists(), model
    assert not TaskUnit.everything.filter(name=UNNAMED).exists()
