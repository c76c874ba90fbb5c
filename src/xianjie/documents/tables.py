"""Tables of tasks (任务分解表): a row becomes a clause with targets, bodies and deadline, as its head says.

A table is lines whose cells are parted by tabs (out of docx) or bars (Markdown). Its head names at least a task column
and one of bodies or deadlines (`tables.yaml`); any other table stays text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from xianjie.documents.clean import Clean
from xianjie.documents.deadlines import due_date, find_deadlines
from xianjie.documents.model import Clause, Document, Programme, Target, Unit
from xianjie.documents.targets import find_targets
from xianjie.documents.tree import LONGEST_TITLE, Node
from xianjie.documents.units import canonical_name, level_of, named_in_cell
from xianjie.documents.vocabulary import load

RULE = re.compile(r"[\s|:+-]+")
BODIES = ("lead", "joint", "named")


@dataclass(frozen=True)
class Cell:
    """A cell's text with its place in the file."""

    text: str
    start: int


@dataclass(frozen=True)
class Row:
    """A line of a table: its bounds in the file, and its cells."""

    start: int
    end: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TaskTable:
    """A table of tasks: `columns` says by place what each is, `rows` are the lines after the head."""

    start: int
    end: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def find_tables(raw: str) -> list[TaskTable]:
    """The tables of tasks of a text, in order."""
    lines = _lines(raw)
    found: list[TaskTable] = []
    place = 0
    while place < len(lines):
        columns = _columns(lines[place])
        if columns is None:
            place += 1
            continue
        last = place + 1
        while last < len(lines) and len(lines[last].cells) > 1 and _columns(lines[last]) is None:
            last += 1
        rows = [row for row in lines[place + 1 : last] if any(cell.text for cell in row.cells)]
        if rows:
            found.append(TaskTable(lines[place].start, rows[-1].end, columns, tuple(rows)))
        place = last
    return found


def _lines(raw: str) -> list[Row]:
    """Every line with its cells; a line that only draws (|---|) is left out."""
    rows = []
    for line in re.finditer(r"[^\n]+", raw):
        text = line.group().rstrip("\r ")
        mark = "\t" if "\t" in text else "|" if text.count("|") > 1 else ""
        if mark == "|" and RULE.fullmatch(text):
            continue
        rows.append(Row(line.start(), line.start() + len(text), tuple(_cells(text, line.start(), mark))))
    return rows


def _cells(text: str, offset: int, mark: str) -> list[Cell]:
    if not mark:
        return [Cell(text, offset)]
    if mark == "|":
        inside = text.strip()
        offset += text.index(inside) + inside.startswith("|")
        text = inside.removeprefix("|").removesuffix("|")
    cells = []
    for piece in text.split(mark):
        bare = piece.strip()
        cells.append(Cell(bare, offset + (piece.index(bare) if bare else 0)))
        offset += len(piece) + 1
    return cells


@cache
def _names() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(words) for name, words in load("tables")["columns"].items()}


def _columns(row: Row) -> tuple[str, ...] | None:
    """What each column of a head is; None when the line is no head of a table of tasks."""
    if len(row.cells) < 2:
        return None
    kinds = []
    for cell in row.cells:
        word = "".join(cell.text.split())
        kinds.append(next((name for name, pattern in _names().items() if pattern.fullmatch(word)), ""))
    tasks = {"task", "content", "goal"} & set(kinds)
    known = sum(map(bool, kinds)) >= max(2, len(kinds) / 2)
    return tuple(kinds) if tasks and {*BODIES, "due"} & set(kinds) and known else None


def part_at(document: Document, table: TaskTable) -> None:
    """Part the clause that goes on behind a table: what follows becomes a clause of its own, without a number."""
    for place, clause in enumerate(document.clauses):
        if not (clause.start < table.start and table.end < clause.end):
            continue
        raw, ids = document.source, {one.id for one in document.clauses}
        key = next(name for name in (f"{clause.id}-{n}" for n in range(2, len(ids) + 3)) if name not in ids)
        start = table.end + len(raw[table.end : clause.end]) - len(raw[table.end : clause.end].lstrip())
        title = re.split("[，,。；;：:]", raw[start : clause.end])[0].strip()[:LONGEST_TITLE]
        kind = "clause" if clause.kind == "part" else clause.kind
        rest = Clause(key, clause.parent, kind, None, title, raw[start : clause.end], start, clause.end)
        clause.end = clause.start + len(raw[clause.start : table.start].rstrip())
        clause.text = raw[clause.start : clause.end]
        document.clauses.insert(place + 1, rest)
        found: list[Target | Unit | Programme] = [*document.targets, *document.units, *document.programmes]
        for one in found:
            if one.clause_id == clause.id and one.start >= start:
                one.clause_id = key
        return


def read_table(document: Document, table: TaskTable, number: int) -> None:
    """Add a table's rows to a document as clauses `t1.r1` …; a line with words in one cell alone is a part."""
    part: str | None = None
    for order, row in enumerate(table.rows, start=1):
        filled = [cell for cell in row.cells if cell.text]
        if len(filled) == 1:
            part = f"t{number}.p{order}"
            _add(document, Clause(part, None, "part", None, filled[0].text, "", row.start, row.end))
        else:
            _read_row(document, table, row, f"{part or f't{number}'}.r{order}", part)


def _add(document: Document, clause: Clause) -> None:
    clause.text = document.source[clause.start : clause.end]
    document.clauses.append(clause)


def _read_row(document: Document, table: TaskTable, row: Row, key: str, part: str | None) -> None:
    """One task: its title from the task's cell, its targets from what it says, its bodies and deadline from theirs."""
    cells = [(kind, cell) for kind, cell in zip(table.columns, row.cells, strict=False) if cell.text]
    printed = next((cell.text for kind, cell in cells if kind == "number"), None)
    what = [cell for kind, cell in cells if kind in ("task", "content", "goal")]
    title = re.split("[，,。；;：:]", what[0].text)[0][:LONGEST_TITLE] if what else ""
    _add(document, Clause(key, part, "item", printed, title, "", row.start, row.end))
    due = next((cell.text for kind, cell in cells if kind == "due"), "")
    for cell in what:
        document.targets += [_dated(one, due, document.head.year) for one in _targets(cell, key, document.head.year)]
    named = [(kind, cell) for kind, cell in cells if kind in BODIES]
    document.units += _units(named, key)


def _targets(cell: Cell, key: str, base: int | None) -> list[Target]:
    clean = Clean(cell.text)
    found = find_targets(clean, Node(None, "item", key, None, 0, 0, len(clean.text)), base)
    for one in found:
        one.start, one.end = one.start + cell.start, one.end + cell.start
    return found


def _dated(target: Target, due: str, base: int | None) -> Target:
    """The row's deadline for a target that names none; one without a year lies in none."""
    if target.deadline or not due:
        return target
    clean = Clean(due).text
    found = find_deadlines(clean) or find_deadlines(clean + "底前")
    target.deadline = due
    target.due = due_date(found[0]) if found else None
    return target


def _units(named: list[tuple[str, Cell]], key: str) -> list[Unit]:
    """The bodies of a row, those that lead first; a column without a role has its first body lead."""
    leads = any(kind == "lead" for kind, _ in named)
    units: list[Unit] = []
    seen: set[str] = set()
    for kind, cell in sorted(named, key=lambda one: BODIES.index(one[0])):
        clean = Clean(cell.text)
        prefix = ""
        for one in named_in_cell(clean.text, kind, leads=leads):
            level = level_of(one.name)
            prefix = level if re.fullmatch("[省市州县区旗盟]|自治[区州县]", level) else prefix
            canonical = canonical_name(one.name, prefix)
            if canonical in seen:
                continue
            seen.add(canonical)
            start, end = clean.span(one.start, one.end)
            place = (cell.start + start, cell.start + end)
            units.append(Unit(key, len(units) + 1, one.name, canonical, one.role, *place))
    return units
