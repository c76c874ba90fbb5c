"""From clauses to tasks (任务台账): what is to be done, who leads and joins, by when, to which figure; as Excel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import FastExcel, Format

from xianjie.documents.clean import Clean
from xianjie.documents.model import Clause, Document, Target
from xianjie.messages import say

GENERAL = re.compile("指导思想|基本原则|主要原则|总体思路|基本思路|重大意义|重要意义|总体要求|适用范围")
LONGEST = 32_000
TASK_COLUMNS = {"order": 6, "clause": 12, "part": 24, "task": 30, "kind": 10, "lead": 20, "joint": 36, "local": 18}
TASK_COLUMNS |= {"targets": 40, "due": 14, "content": 80}
TARGET_COLUMNS = {
    "clause": 12,
    "tier": 10,
    "indicator": 40,
    "operator": 8,
    "value": 10,
    "unit": 10,
    "deadline": 18,
    "due": 12,
}
TARGET_COLUMNS |= {"text": 50}


@dataclass
class Task:
    """One clause as a task; units by canonical name, the lead (or first named) apart from the others."""

    order: int
    clause_id: str
    part: str
    title: str
    general: bool
    content: str
    lead: list[str]
    joint: list[str]
    local: list[str]
    targets: list[Target] = field(default_factory=list)

    @property
    def due(self) -> str | None:
        """The last date that its targets name (ISO)."""
        return max((t.due for t in self.targets if t.due), default=None)


def tasks(document: Document) -> list[Task]:
    """The document's tasks in order: every clause with words of its own; `general` marks aims and principles."""
    titles = {c.id: c.title for c in document.clauses}
    out: list[Task] = []
    for clause in document.clauses:
        content = Clean(clause.text).text
        heading = clause.kind in ("part", "group") and len(content) <= len(Clean(clause.title).text) + 8
        if heading:
            continue
        named = [u for u in document.units if u.clause_id == clause.id]
        roles = {role: [u.canonical for u in named if u.role in kinds] for role, kinds in _ROLES.items()}
        targets = [t for t in document.targets if t.clause_id == clause.id]
        general = bool(GENERAL.search(clause.title))
        out.append(
            Task(
                len(out) + 1, clause.id, _part(clause, titles, document), clause.title, general, clause.text,
                roles["lead"], roles["joint"], roles["local"], targets,
            )
        )  # fmt: skip
    return out


_ROLES = {"lead": ("lead", "lead_implied"), "joint": ("joint",), "local": ("local",)}


def _part(clause: Clause, titles: Mapping[str, str], document: Document) -> str:
    parents = {c.id: c.parent for c in document.clauses}
    path, parent = [], clause.parent
    while parent:
        path.append(titles[parent])
        parent = parents[parent]
    return " / ".join(reversed(path))


def write_ledger(document: Document, out: Path) -> int:
    """Write the ledger: sheets of tasks, targets and remarks. Gives the number of tasks."""
    listed = tasks(document)
    rows = [_task_row(t) for t in listed]
    targets = [
        [
            t.clause_id,
            say(f"documents.tier_{t.tier}"),
            t.indicator,
            t.operator,
            t.value,
            t.unit,
            t.deadline,
            t.due,
            t.text,
        ]
        for t in document.targets
    ]
    remarks = [[p.clause_id, p.text] for p in document.problems]
    out.parent.mkdir(parents=True, exist_ok=True)
    book = FastExcel(str(out), output_format="xlsx")
    for name, columns, lines in (
        ("tasks", TASK_COLUMNS, rows),
        ("targets", TARGET_COLUMNS, targets),
        ("remarks", {"clause": 12, "remark": 90}, remarks),
    ):
        _sheet(book, name, columns, lines)
    book.freeze(row=1)
    book.save()
    return len(listed)


def _sheet(book: FastExcel, name: str, columns: Mapping[str, float], rows: Sequence[Sequence[Any]]) -> None:
    headers = [say(f"documents.column_{column}") for column in columns]
    records: Iterable[dict[str, Any]] = (
        dict(zip(headers, [_printable(cell) for cell in row], strict=True)) for row in (rows or [[None] * len(headers)])
    )
    header = Format().set_bold().set_background_color("#DCE6F1").set_border("thin").set_text_wrap()
    widths = dict(zip(headers, columns.values(), strict=True))
    book.sheet(say(f"documents.sheet_{name}"), records, column_widths=widths, header_format=header, autofilter=True)


def _task_row(task: Task) -> list[Any]:
    kind = say("documents.task_general" if task.general else "documents.task_task")
    figures = "；".join(re.sub(r"\s+", "", t.text) for t in task.targets)
    units = ["、".join(names) for names in (task.lead, task.joint, task.local)]
    return [task.order, task.clause_id, task.part, task.title, kind, *units, figures, task.due, task.content]


def _printable(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    return "".join(c for c in cell if c >= " " or c in "\t\n")[:LONGEST]
