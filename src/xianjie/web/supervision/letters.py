"""Responsibility letters 责任书: drawn up from a unit's tasks, printed as Word, signed by both heads, archived."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from docx import Document as Word
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from xianjie.messages import UserError, say
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.supervision.areas import MANAGE, VIEW, home_of
from xianjie.web.supervision.task_models import Letter, Task, TaskUnit
from xianjie.web.supervision.tasks import placed, tasks

HEADLINE, BODY = "方正小标宋简体", "仿宋"  # the fonts that official papers use; Word takes its own where they lack
WIDTHS = (1.2, 7.0, 4.6, 2.8)  # cm


def letters(scope: Scope, permission: str = VIEW) -> QuerySet[Letter]:
    """The letters that a user sees: of their areas, a department its own."""
    rows: QuerySet[Letter] = Letter.objects.within(scope, permission)
    return rows


@transaction.atomic
def draw_up(scope: Scope, *, year: int, upper_unit: str, upper_head: str, unit: str, head: str) -> Letter:
    """A letter of a unit's tasks of a year. Raises `UserError` when the ledger has none for it."""
    place = home_of(scope, MANAGE)
    if not place:
        raise PermissionDenied
    own = TaskUnit.everything.filter(name=unit, task__year=year, task__in=tasks(scope, MANAGE)).exclude(
        task__state=Task.DROPPED
    )  # fmt: skip
    chosen = [
        {"title": one.task.title, "role": one.role_word, "goal": one.task.goal, "due": one.task.due_on.isoformat()}
        for one in own.select_related("task").order_by("task__due_on", "task_id")
    ]
    if not chosen:
        raise UserError("supervision.no_tasks_for", unit=unit, year=year)
    _role, _name, code, department = placed(place, [("lead", unit)])[0]
    made = Letter.everything.create(
        region_code=code, department=department, year=year, upper_unit=upper_unit, upper_head=upper_head, unit=unit,
        head=head, tasks=chosen, made_on=today(),
    )  # fmt: skip
    record("supervision.letter", subject=("letter", str(made.pk)), region_code=code,
           after={"unit": unit, "year": year, "tasks": len(chosen)})  # fmt: skip
    return made


@transaction.atomic
def sign(
    scope: Scope, letter: Letter, *, upper_signed_on: date | None, signed_on: date | None, file: str
) -> Letter:  # fmt: skip
    """Record the signatures. With both and the signed sheet the letter is archived, and changes no more.

    Raises `UserError` for an archived letter and for a day before it was drawn up or in the future.
    """
    if not scope.allows(MANAGE, letter.region_code):
        raise PermissionDenied
    if letter.archived_on:
        raise UserError("supervision.letter_archived")
    for one in (upper_signed_on, signed_on):
        if one and not letter.made_on <= one <= today():
            raise UserError("supervision.signing_day", made=letter.made_on)
    letter.upper_signed_on, letter.signed_on = upper_signed_on, signed_on
    letter.file = file or letter.file
    if letter.upper_signed_on and letter.signed_on and letter.file:
        letter.archived_on = today()
    letter.save()
    record("supervision.letter_signed", subject=("letter", str(letter.pk)), region_code=letter.region_code,
           after={"upper": str(upper_signed_on or ""), "lower": str(signed_on or ""),
                  "archived": bool(letter.archived_on)})  # fmt: skip
    return letter


def as_word(letter: Letter) -> bytes:
    """The letter as a Word file."""
    word: Any = Word()
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.7)
    _font(word.styles["Normal"], BODY, 14)
    _line(word, say("supervision.letter_title", year=letter.year), size=20, font=HEADLINE, middle=True)
    _line(word, say("supervision.letter_parties", upper=letter.upper_unit, unit=letter.unit))
    _line(
        word,
        say("supervision.letter_opening", year=letter.year, upper=letter.upper_unit, unit=letter.unit),
        indent=True,
    )
    _table(word, letter.tasks)
    _line(word, say("supervision.letter_closing"), indent=True)
    signs = word.add_table(rows=1, cols=2)
    for cell, unit, head in zip(
        signs.rows[0].cells, (letter.upper_unit, letter.unit), (letter.upper_head, letter.head), strict=True
    ):
        cell.text = say("supervision.letter_signature", unit=unit, head=head)
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


def _table(word: Any, rows: list[dict[str, str]]) -> None:
    table = word.add_table(rows=1, cols=len(WIDTHS))
    table.style = "Table Grid"
    heads = [say(f"supervision.letter_{name}") for name in ("order", "task", "goal", "due")]
    lines = [heads] + [
        [str(order), f"{row['title']}（{row['role']}）", row["goal"], row["due"]]
        for order, row in enumerate(rows, start=1)
    ]
    for number, line in enumerate(lines):
        cells = table.rows[0].cells if number == 0 else table.add_row().cells
        for cell, text, width in zip(cells, line, WIDTHS, strict=True):
            cell.width = Cm(width)
            run = cell.paragraphs[0].add_run(text)
            run.font.size, run.bold = Pt(12), number == 0


def _line(word: Any, text: str, size: int = 14, font: str = "", middle: bool = False, indent: bool = False) -> None:
    paragraph = word.add_paragraph()
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    if font:
        _font(run, font, size)
    if middle:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(2 * size)


def _font(styled: Any, name: str, size: int) -> None:
    """A font for Western and Chinese letters alike; Word keeps them apart."""
    styled.font.name, styled.font.size = name, Pt(size)
    styled.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)
