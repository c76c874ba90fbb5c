"""The task ledger as a table: out to Excel and in again without loss; shown first, then done as a whole or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _

from xianjie.dictionary.model import DictionaryField
from xianjie.messages import UserError, say
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases import papers
from xianjie.web.exporting import Column, Listing, workbook_response
from xianjie.web.sheets import Fault, Sheet, SheetRow, read_table
from xianjie.web.supervision.areas import MANAGE
from xianjie.web.supervision.document_forms import names_in
from xianjie.web.supervision.documents import FOLDER
from xianjie.web.supervision.task_forms import STATES, years_in, years_text
from xianjie.web.supervision.task_models import Task, TaskUnit, YearPlan
from xianjie.web.supervision.tasks import LEVELS, Given, add_task, change_task, names_by_role, tasks, with_units
from xianjie.web.words import code_label

ENDING = ".xlsx"
# name, header, type, width, whether a row needs it; headers are the same in both languages, so a file can come back.
TABLE: Sequence[tuple[str, str, Any, float, bool]] = (
    ("id", "任务编号", "int", 8, False),
    ("part", "所属部分", "text", 20, False),
    ("title", "任务名称", "text", 34, True),
    ("content", "任务内容", "text", 60, False), ("level", "落实层级", "text", 10, False),
    ("year", "年度", "int", 8, True),
    ("due_on", "完成时限", "date", 12, True), ("lead", "牵头单位", "text", 24, False),
    ("joint", "配合单位", "text", 36, False), ("local", "属地单位", "text", 30, False),
    ("goal", "目标", "text", 40, False),
    ("years", "年度计划", "text", 40, False),
)  # fmt: skip


def fields() -> list[DictionaryField]:
    """The columns that an upload is read by."""
    return [
        DictionaryField(name=name, zh=header, type=kind, required=needed, sensitivity="internal")
        for name, header, kind, _width, needed in TABLE
    ]


def ledger_response(request: Any, rows: QuerySet[Task], wanted: dict[str, Any]) -> HttpResponse:
    """The ledger as a download; state and source follow the columns that can come back."""
    kinds = {"int": "int", "date": "date", "text": "text"}
    columns = [Column(header, name, width, kinds[kind]) for name, header, kind, width, _needed in TABLE]  # type: ignore[arg-type]
    columns += [Column(_("状态"), "state"), Column(_("来源文件"), "document", 30), Column(_("条款"), "clause")]
    asked = {name: str(value) for name, value in wanted.items() if value}
    return workbook_response(Listing(_("任务台账"), columns, request.scope), _lines(rows), verb="supervision.export",
                             asked=asked)  # fmt: skip


def _lines(rows: QuerySet[Task]) -> Iterator[dict[str, Any]]:
    found = list(rows.select_related("document"))
    units, years = with_units(found), _years(found)
    for task in found:
        yield {
            **_cells(task, names_by_role(units[task.pk]), years[task.pk]), "id": task.pk,
            "state": str(dict(STATES)[task.state]), "document": task.document.title if task.document else "",
            "clause": task.clause,
        }  # fmt: skip


def _years(found: list[Task]) -> dict[int, dict[int, str]]:
    years: dict[int, dict[int, str]] = {one.pk: {} for one in found}
    for plan in YearPlan.everything.filter(task__in=list(years)):
        years[plan.task_id][plan.year] = plan.content
    return years


def _cells(task: Task, units: dict[str, list[str]], years: dict[int, str]) -> dict[str, Any]:
    joined = {role: "、".join(names) for role, names in units.items()}
    plain = {name: getattr(task, name) for name in ("part", "title", "content", "year", "due_on", "goal")}
    return {**plain, **joined, "level": code_label("region_level", task.level), "years": years_text(years)}


@dataclass
class Plan:
    """What a table would do."""

    new: list[tuple[SheetRow, Given]] = field(default_factory=list)
    changed: list[tuple[Task, Given, list[tuple[str, str, str]]]] = field(default_factory=list)
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)


def keep(file: Any) -> str:
    """Keep an uploaded table until it is confirmed; gives the name under which it lies."""
    if not str(file.name).lower().endswith(ENDING):
        raise UserError("supervision.only_xlsx")
    return papers.keep(file, FOLDER)


def plan(scope: Scope, kept: str) -> Plan:
    """What the kept table would do. Raises `UserError` when it cannot be used as a whole."""
    path = papers.path_of(kept, FOLDER) if kept.endswith(ENDING) else None
    if path is None or not path.exists():
        raise UserError("supervision.upload_again")
    sheet = read_table(path, fields(), ["id"], say("supervision.ledger_file"))
    known = {one.pk: one for one in tasks(scope, MANAGE)}
    units, years = with_units(known.values()), _years(list(known.values()))
    found = Plan(faults=list(sheet.faults))
    for row in sheet.rows:
        try:
            _take(sheet, row, known, units, years, found)
        except UserError as error:
            found.faults.append(Fault(row.sheet, row.row, "", str(error)))
    return found


def _take(
    sheet: Sheet, row: SheetRow, known: dict[int, Task], units: dict[int, list[TaskUnit]],
    years: dict[int, dict[int, str]], found: Plan,
) -> None:  # fmt: skip
    """One row: a new task, a change, or nothing."""
    given = _given(row)
    key = row.values["id"]
    if key is None:
        found.new.append((row, given))
        return
    task = known.get(int(key))
    if task is None:
        raise UserError("supervision.no_such_task", key=key)
    before = _cells(task, names_by_role(units[task.pk]), years[task.pk])
    now = {**{name: getattr(given, name) for name in ("part", "title", "content", "year", "due_on", "goal")},
           **{role: "、".join(getattr(given, role)) for role in ("lead", "joint", "local")},
           "level": code_label("region_level", given.level), "years": years_text(given.years)}  # fmt: skip
    changes = [
        (header, str(before[name]), str(now[name]))
        for name, header, *_rest in TABLE
        if name in now and _same(before[name]) != _same(now[name])
    ]  # fmt: skip
    if changes:
        found.changed.append((task, given, changes))
    else:
        found.unchanged += 1


def _same(value: Any) -> str:
    return " ".join(str(value).split())


def _given(row: SheetRow) -> Given:
    values = {name: value if value is not None else "" for name, value in row.values.items() if name != "id"}
    words = {code_label("region_level", one): one for one in LEVELS}
    level = str(values["level"] or (words and code_label("region_level", "county")))
    if level not in words and level not in LEVELS:
        raise UserError("supervision.no_level", level=level, known="、".join(words))
    try:
        years = years_in(str(values["years"]))
    except forms.ValidationError as error:
        raise UserError("supervision.bad_years", text="；".join(error.messages)) from error
    units = {role: names_in(str(values[role])) for role in ("lead", "joint", "local")}
    if not any(units.values()):
        raise UserError("supervision.nobody", title=values["title"])
    return Given(
        title=str(values["title"])[:200], year=int(values["year"]), due_on=cast(date, values["due_on"]),
        level=words.get(level, level),
        part=str(values["part"])[:300], content=str(values["content"]), goal=str(values["goal"])[:500], years=years,
        **units,
    )  # fmt: skip


@transaction.atomic
def apply(scope: Scope, kept: str) -> dict[str, int]:
    """Do what the kept table says, all of it. Raises `UserError` when a row cannot be used."""
    found = plan(scope, kept)
    if found.faults:
        raise UserError("supervision.faulty", number=len(found.faults))
    for _row, given in found.new:
        add_task(scope, given)
    for task, given, _changes in found.changed:
        change_task(scope, task, given, seen=task.revision, why=say("supervision.by_table"))
    papers.path_of(kept, FOLDER).unlink(missing_ok=True)
    return {"new": len(found.new), "changed": len(found.changed)}
