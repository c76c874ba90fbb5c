"""Tasks: of clauses, with units that see and report them; confirmed by others; to Excel and back; letters."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from docx import Document as Word

from tests.web.base_samples import COUNTY, DAY, OTHER_COUNTY, OTHER_TOWN, TOWN, make_places, make_user
from tests.web.test_supervision_documents import add as add_document
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.audit.services import Actor, acting
from xianjie.web.supervision import letters, reporting, task_sheets, tasks
from xianjie.web.supervision.declared import department_of, is_every_township
from xianjie.web.supervision.target_models import Observation, Target
from xianjie.web.supervision.task_models import Task, TaskUnit

pytestmark = pytest.mark.django_db
OFFICE = Scope((Holding("county", COUNTY),))
HOUSING = Scope((Holding("department", COUNTY, "housing"),))
FINANCE = Scope((Holding("department", COUNTY, "finance"),))
TOWNSHIP = Scope((Holding("township", TOWN),))


@pytest.fixture(autouse=True)
def places(db: None) -> None:
    make_places()


def given(**more: Any) -> tasks.Given:
    return tasks.Given(
        **{"title": "改造危房", "year": 2025, "due_on": date(2025, 12, 31), "lead": ["县住建局"], **more}
    )


def told(scope: Scope, task: Task, **more: Any) -> Any:
    unit = reporting.units_to_report(scope, task).first()
    assert unit is not None
    task.refresh_from_db()
    return reporting.tell(scope, unit, reporting.Told("进展", **more), seen=task.revision)


def test_clauses_become_tasks_with_units_deadlines_and_targets() -> None:
    document = add_document()
    made = tasks.make_tasks(OFFICE, document, ["p1.c1", "p1.c3"], 2025)
    housing, civility = made
    assert (housing.title, housing.due_on, housing.department) == ("住房保障", date(2025, 12, 31), "housing")
    units = TaskUnit.everything.filter(task=housing).order_by("order")
    assert list(units.values_list("role", "name", "department")) == [
        ("lead", "县住房城乡建设局", "housing"), ("joint", "县财政局", "finance"),
    ]  # fmt: skip
    targets = Target.everything.filter(task=housing).order_by("pk")
    assert list(targets.values_list("value", "unit")) == [(120.0, "户"), (99.0, "%")]
    local = TaskUnit.everything.filter(task=civility, role="local")
    assert set(local.values_list("region_code", flat=True)) == {TOWN, OTHER_TOWN}
    assert tasks.make_tasks(OFFICE, document, ["p1.c1"], 2025) == [], "a clause is a task once"


@pytest.mark.parametrize(
    ("name", "department"),
    [("县医保局", "medical_insurance"), ("州医疗保障局", "medical_insurance"), ("省水利厅", "water"),
     ("县卫健委", "health"), ("县文旅局", "")],
)  # fmt: skip
def test_a_body_by_any_of_its_names_is_its_department(name: str, department: str) -> None:
    assert department_of(name) == department


def test_all_townships_are_known_by_their_words() -> None:
    assert all(map(is_every_township, ("各乡镇", "乡镇政府", "乡镇党委、政府", "各乡镇人民政府")))
    assert not any(map(is_every_township, ("甲子镇人民政府", "县政府", "县民政局")))


def test_lead_joint_and_local_units_see_a_task_and_others_do_not() -> None:
    task = tasks.add_task(OFFICE, given(joint=["县财政局"], local=["甲子镇政府"]))
    for scope, seen in (
        (HOUSING, True), (FINANCE, True), (TOWNSHIP, True), (OFFICE, True),
        (Scope((Holding("department", COUNTY, "water"),)), False), (Scope((Holding("township", OTHER_TOWN),)), False),
        (Scope((Holding("county", OTHER_COUNTY),)), False), (Scope((Holding("leader", COUNTY),)), True),
    ):  # fmt: skip
        assert tasks.tasks(scope).filter(pk=task.pk).exists() == seen, scope


def test_a_unit_reports_for_itself_alone() -> None:
    task = tasks.add_task(OFFICE, given(joint=["县财政局"]))
    lead = TaskUnit.everything.get(task=task, role="lead")
    with pytest.raises(PermissionDenied):
        reporting.tell(FINANCE, lead, reporting.Told("x"), seen=task.revision)
    told(FINANCE, task, done=True)
    task.refresh_from_db()
    assert task.state == Task.OPEN, "a joint unit's word does not end the task"


def test_a_task_said_to_be_done_is_confirmed_by_somebody_else() -> None:
    task = tasks.add_task(OFFICE, given())
    with acting(Actor("zhujian")):
        told(HOUSING, task, done=True)
    task.refresh_from_db()
    assert task.state == Task.REPORTED
    with acting(Actor("zhujian")), pytest.raises(UserError):
        reporting.confirm(OFFICE, task, confirmed=True, why="x", seen=task.revision)
    with pytest.raises(PermissionDenied):
        reporting.confirm(HOUSING, task, confirmed=True, why="x", seen=task.revision)
    with acting(Actor("xianji")):
        reporting.confirm(OFFICE, task, confirmed=False, why="缺材料", seen=task.revision)
    task.refresh_from_db()
    assert task.state == Task.OPEN
    with acting(Actor("zhujian")):
        told(HOUSING, task, done=True)
    task.refresh_from_db()
    with acting(Actor("xianji")):
        assert reporting.confirm(OFFICE, task, confirmed=True, why="已核", seen=task.revision).state == Task.DONE
    with pytest.raises(UserError):
        told(HOUSING, task)


def test_late_stalled_and_contradicted_tasks_are_found() -> None:
    late = tasks.add_task(OFFICE, given(title="超期", due_on=DAY - timedelta(days=1)))
    stalled = tasks.add_task(OFFICE, given(title="停滞"))
    Task.everything.filter(pk=stalled.pk).update(begins_on=DAY - timedelta(days=61))
    false = tasks.add_task(OFFICE, given(title="虚报"))
    with acting(Actor("zhujian")):
        told(HOUSING, false, done=True)
    Target.everything.create(
        region_code=COUNTY, task=false, title="安全率", operator=">=", value=99, begins_on=DAY, due_on=DAY,
        state=Target.AT_RISK,
    )  # fmt: skip
    found = {
        state: [one.title for one in tasks.with_state(tasks.tasks(OFFICE), state)]
        for state in ("late", "stalled", "contradicted")
    }
    assert found == {"late": ["超期"], "stalled": ["停滞"], "contradicted": ["虚报"]}
    assert late.pk


def test_what_the_system_knows_is_not_asked_and_what_people_tell_joins_the_series(client: Client) -> None:
    task = tasks.add_task(OFFICE, given())
    line = {"region_code": COUNTY, "task": task, "operator": ">=", "begins_on": DAY, "due_on": date(2025, 12, 31)}
    Target.everything.create(title="住房安全率", value=99, unit="%", indicator="house_safe_share", **line)
    asked = Target.everything.create(title="改造户数", value=120, unit="户", **line)
    Observation.everything.create(
        indicator="house_safe_share", region_code=COUNTY, day=DAY, value=97.5, source="system"
    )  # fmt: skip
    client.force_login(make_user("zhujian", "department", COUNTY, "housing"))
    page = client.get(reverse("supervision:task", args=[task.pk])).content.decode()
    assert "97.5" in page and f"figure_{asked.pk}" in page and page.count('name="figure_') == 1
    unit = TaskUnit.everything.get(task=task)
    sent = {"seen": task.revision, "unit": unit.pk, "text": "已开工", f"figure_{asked.pk}": "120"}
    client.post(reverse("supervision:task", args=[task.pk]), sent)
    asked.refresh_from_db()
    assert (asked.latest, asked.state) == (120.0, Target.REACHED)
    page = client.get(reverse("supervision:task", args=[task.pk])).content.decode()
    assert "改造户数：120户" in page and "住房安全率：97.5%" in page


def test_who_did_not_see_the_newest_state_is_told_and_loses_nothing(client: Client) -> None:
    task = tasks.add_task(OFFICE, given())
    client.force_login(make_user("x", "county"))
    form = {
        "seen": task.revision, "title": "另一个名称", "year": 2025, "due_on": "2025-12-31", "level": "county",
        "lead": "县住建局", "joint": "", "local": "", "goal": "", "years": "", "part": "", "content": "",
    }  # fmt: skip
    tasks.change_task(OFFICE, task, given(goal="改"), seen=task.revision)
    page = client.post(reverse("supervision:change_task", args=[task.pk]), form).content.decode()
    assert "另一个名称" in page and "刚被他人修改" in page
    task.refresh_from_db()
    assert task.title == "改造危房"


def exported(scope_user: Any, client: Client) -> bytes:
    client.force_login(scope_user)
    return b"".join(client.get(reverse("supervision:task_export")))  # type: ignore[arg-type]


def test_the_ledger_comes_back_from_excel_as_it_went_out(client: Client) -> None:
    document = add_document()
    tasks.make_tasks(OFFICE, document, ["p1.c1", "p1.c2", "p1.c3"], 2025)
    tasks.add_task(
        OFFICE,
        given(
            title="=1+1 的任务",
            content="内容：（一）甲；\n乙",
            goal="≥98%",
            years={2025: "30所", 2026: "全部"},
            part="三、强化",
        ),
    )
    book = exported(make_user("x", "county"), client)
    kept = task_sheets.keep(ContentFile(book, name="台账.xlsx"))
    plan = task_sheets.plan(OFFICE, kept)
    assert (plan.new, plan.changed, plan.faults, plan.unchanged) == ([], [], [], 4)


def test_a_changed_ledger_is_shown_first_and_then_done_as_a_whole(client: Client) -> None:
    first = tasks.add_task(OFFICE, given(years={2025: "30所"}))
    book = openpyxl.load_workbook(io.BytesIO(exported(make_user("x", "county"), client)))
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, heads["目标"], "改造130户")
    sheet.cell(2, heads["年度计划"], "2025：40所\n2026：50所")
    sheet.append([None] * sheet.max_column)
    row = {
        "任务名称": "新任务",
        "年度": 2026,
        "完成时限": date(2026, 6, 30),
        "牵头单位": "县水务局",
        "属地单位": "各乡镇",
    }
    for head, value in row.items():
        sheet.cell(3, heads[head], value)
    out = io.BytesIO()
    book.save(out)
    url = reverse("supervision:task_upload")
    page = client.post(url, {"file": ContentFile(out.getvalue(), name="台账.xlsx")}).content.decode()
    assert "新任务" in page and "改造130户" in page
    assert Task.everything.count() == 1, "nothing is done before it is confirmed"
    kept = page.split('name="kept" value="')[1].split('"')[0]
    client.post(url, {"kept": kept})
    first.refresh_from_db()
    assert first.goal == "改造130户" and tasks.given_of(first).years == {2025: "40所", 2026: "50所"}
    new = Task.everything.get(title="新任务")
    assert (new.department, new.due_on, new.year) == ("water", date(2026, 6, 30), 2026)
    assert TaskUnit.everything.filter(task=new, role="local").count() == 2


def test_a_ledger_with_a_fault_changes_nothing_and_says_where(client: Client) -> None:
    task = tasks.add_task(OFFICE, given())
    book = openpyxl.load_workbook(io.BytesIO(exported(make_user("x", "county"), client)))
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, heads["任务编号"], 99999)
    out = io.BytesIO()
    book.save(out)
    kept = task_sheets.keep(ContentFile(out.getvalue(), name="台账.xlsx"))
    plan = task_sheets.plan(OFFICE, kept)
    assert [one.row for one in plan.faults] == [2] and "99999" in plan.faults[0].text
    with pytest.raises(UserError):
        task_sheets.apply(OFFICE, kept)
    task.refresh_from_db()
    assert task.revision == 1


def test_a_letter_holds_the_unit_s_tasks_and_is_archived_when_both_heads_have_signed() -> None:
    tasks.add_task(OFFICE, given(joint=["县财政局"]))
    parties = {"upper_unit": "样例县政府", "upper_head": "甲某", "head": "乙某"}
    with pytest.raises(UserError):
        letters.draw_up(OFFICE, year=2025, unit="县水务局", **parties)
    letter = letters.draw_up(OFFICE, year=2025, unit="县财政局", **parties)
    word = Word(io.BytesIO(letters.as_word(letter)))
    cells = [cell.text for row in word.tables[0].rows for cell in row.cells]
    assert any("改造危房" in text for text in cells) and any("样例县政府" in one.text for one in word.paragraphs)
    letters.sign(OFFICE, letter, upper_signed_on=DAY, signed_on=None, file="")
    assert letter.archived_on is None
    letters.sign(OFFICE, letter, upper_signed_on=DAY, signed_on=DAY, file="x.pdf")
    assert letter.archived_on == DAY
    with pytest.raises(UserError):
        letters.sign(OFFICE, letter, upper_signed_on=None, signed_on=None, file="")
    assert letters.letters(FINANCE).count() == 1 and letters.letters(HOUSING).count() == 0


def test_pages_ask_a_fixed_number_of_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    client.force_login(make_user("x", "county"))
    made = [tasks.add_task(OFFICE, given(title=f"任务{number}", local=["各乡镇"])) for number in range(12)]
    with django_assert_max_num_queries(12):
        client.get(reverse("supervision:tasks"))
    with django_assert_max_num_queries(26):
        client.get(reverse("supervision:task", args=[made[0].pk]))
