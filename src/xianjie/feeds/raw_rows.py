"""The rows of a raw file below its headers: cells trimmed, what kind of row each is, which ones repeat another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xianjie.engines import Engine, quote, quote_name
from xianjie.feeds.cells import trimmed
from xianjie.feeds.headers import Header, Target, normal
from xianjie.feeds.layout import forms
from xianjie.feeds.model import RawFile
from xianjie.feeds.workbooks import CARRIED, LARGE


@dataclass(frozen=True)
class Table:
    """What is to be checked: a raw file, the headers of its sheets, the targets, and what rows must have.

    `keys` are columns whose value a merged cell carries down; `unique` a column that no two rows share;
    `needed` columns of which a row fills at least one; `fixed` SQL of columns that the file does not give.
    """

    raw: RawFile
    headers: Sequence[Header]
    targets: Sequence[Target]
    needed: Sequence[str]
    strong: Sequence[str]
    keys: frozenset[str]
    words: dict[str, dict[str, str]]
    fixed: dict[str, str]
    unique: Sequence[str] = ()
    ignored: Sequence[str] = ()

    @property
    def present(self) -> list[Target]:
        """Targets that at least one sheet has."""
        return [target for target in self.targets if any(target.name in header.columns for header in self.headers)]

    def header_of(self, target: str) -> str:
        """The column's name in the file, for remarks."""
        return next(header.names[header.columns[target]] for header in self.headers if target in header.columns)


def cells_of(table: Table, targets: Sequence[Target], of_row: Sequence[str] = ("kind",)) -> str:
    """SQL of sheet_no, row_no, the trimmed cells `t_…` of the targets (with `l_…`) and what is said `of_row`:

    `kind`, `beyond` (what stands right of the table), `carried` (a merged cell carried its key down). Only what
    is asked for is in the text: planning a wide SELECT costs more than running it on a small file.
    """
    return " UNION ALL ".join(_sheet_cells(table, header, targets, of_row) for header in table.headers)


def _sheet_cells(table: Table, header: Header, targets: Sequence[Target], of_row: Sequence[str]) -> str:
    columns = []
    for target in targets:
        if target.name not in header.columns:
            columns.append(f"CAST(NULL AS VARCHAR) AS {text_of(target)}, FALSE AS {large_of(target)}")
            continue
        cell = f"c{header.columns[target.name] + 1}"
        text = trimmed(cell)
        if table.raw.carried and target.name not in table.keys:
            text = f"CASE WHEN NOT starts_with({cell}, {quote(CARRIED)}) THEN {text} END"
        columns.append(f"{text} AS {text_of(target)}")
        columns.append(f"coalesce(starts_with({cell}, {quote(LARGE)}), FALSE) AS {large_of(target)}")
    said = {"kind": _kind, "beyond": _beyond, "carried": _carried}
    columns += [f"{said[name](table, header)} AS {name}" for name in of_row]
    return (
        f"SELECT sheet AS sheet_no, row_no, {', '.join(columns)} FROM {table.raw.relation} "
        f"WHERE sheet = {header.sheet.number} AND row_no > {header.last}"
    )


def words_of(table: Table, target: Target) -> str:
    """SQL of the distinct trimmed texts (`word`) of a target's column and how many `rows` have each."""
    cells = " UNION ALL ".join(
        f"SELECT c{header.columns[target.name] + 1} AS cell FROM {table.raw.relation} "
        f"WHERE sheet = {header.sheet.number} AND row_no > {header.last}"
        for header in table.headers
        if target.name in header.columns
    )
    counted = f"SELECT cell, count(*) AS rows FROM ({cells}) GROUP BY cell"
    return f"SELECT {trimmed('cell')} AS word, sum(rows) AS rows FROM ({counted}) GROUP BY word"


def _carried(table: Table, header: Header) -> str:
    if not table.raw.carried:
        return "FALSE"
    cells_of_keys = [f"c{header.columns[name] + 1}" for name in sorted(table.keys) if name in header.columns]
    tests = [f"coalesce(starts_with({cell}, {quote(CARRIED)}), FALSE)" for cell in cells_of_keys]
    return f"({' OR '.join(tests)})" if tests else "FALSE"


def _repeated_header(header: Header) -> str:
    """Whether a row is the header once more: three of its cells are those of a header row."""
    tests = []
    for number in range(header.first, header.last + 1):
        row = header.sheet.head[number - header.sheet.first_row]
        at = [(place, row[place]) for place in dict.fromkeys(header.columns.values()) if row[place]][:3]
        if len(at) > 1:
            same = [f"trim(c{place + 1}) = trim({quote(cell or '')})" for place, cell in at]
            tests.append(f"coalesce({' AND '.join(same)}, FALSE)")
    return f"({' OR '.join(tests)})" if tests else "FALSE"


def text_of(target: Target) -> str:
    """The column of a target's trimmed cell."""
    return quote_name(f"t_{target.name}")


def large_of(target: Target) -> str:
    """The column that says whether the cell was a number too long for a spreadsheet's precision."""
    return quote_name(f"l_{target.name}")


def _kind(table: Table, header: Header) -> str:
    """What a row below the header is: data, header, blank, totals or notes; asked in the order of what is usual."""
    every = [f"c{position}" for position in range(1, table.raw.width + 1)]
    start = f"coalesce({', '.join(trimmed(cell) for cell in every)}, NULL)"
    filled = " + ".join(f"({cell} IS NOT NULL)::INTEGER" for cell in every)
    strong = _any_of(header, table.strong)
    totals, notes = "|".join("\\s*".join(word) for word in forms().totals), "|".join(forms().notes)
    return (
        f"CASE WHEN {_repeated_header(header)} THEN 'header' "
        f"WHEN regexp_matches({start}, '^({totals})([:：数]|\\s|$)') THEN 'totals' WHEN {strong} THEN 'data' "
        f"WHEN {start} IS NULL THEN 'blank' "
        f"WHEN {filled} <= 2 AND regexp_matches({start}, '^[（(]?({notes})') THEN 'notes' ELSE 'data' END"
    )


def _any_of(header: Header, names: Sequence[str]) -> str:
    """Whether one of these columns holds a number, as no totals row and no signature does."""
    there = [f"c{header.columns[name] + 1}" for name in names if name in header.columns]
    tests = [f"coalesce(regexp_matches({cell}, '[0-9]'), FALSE)" for cell in there]
    return f"({' OR '.join(tests)})" if tests else "FALSE"


def _beyond(table: Table, header: Header) -> str:
    """What stands right of the last named column of a text file, where a comma too many shifts the cells."""
    last = max(at for at, name in enumerate(header.names, 1) if name)
    cells_beyond = [f"c{position}" for position in range(last + 1, table.raw.width + 1)]
    return f"coalesce({', '.join(cells_beyond)}, NULL)" if table.raw.shifting and cells_beyond else "NULL"


def find_repeats(engine: Engine, table: Table) -> None:
    """Table `repeats`: rows that say, cell by cell, what an earlier row (`first_row`) says."""
    skipped = {normal(name) for name in (*forms().reserved, *table.ignored)}
    selects = []
    for header in table.headers:
        told_apart = [
            f"c{position}"
            if position > len(header.names) or normal(header.names[position - 1]) not in skipped
            else "NULL"
            for position in range(1, table.raw.width + 1)
        ]
        listed = ", ".join(f"{cell} AS c{position}" for position, cell in enumerate(told_apart, 1))
        selects.append(
            f"SELECT sheet, row_no, hash({', '.join(told_apart)}) AS digest, {listed} FROM {table.raw.relation} "
            f"WHERE sheet = {header.sheet.number} AND row_no > {header.last} "
            f"AND coalesce({', '.join(told_apart)}) IS NOT NULL"
        )
    every = " UNION ALL ".join(selects)
    cells_of_row = ", ".join(f"c{position}" for position in range(1, table.raw.width + 1))
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE repeats AS
        WITH digests AS (SELECT digest FROM ({every}) GROUP BY digest HAVING count(*) > 1)
        SELECT sheet AS sheet_no, row_no, first.row_no AS first_row FROM (
            SELECT sheet, row_no,
                   min(struct_pack(sheet := sheet, row_no := row_no)) OVER (PARTITION BY {cells_of_row}) AS first
            FROM ({every}) WHERE digest IN (SELECT digest FROM digests)
        ) WHERE struct_pack(sheet := sheet, row_no := row_no) <> first
    """)


def find_same_keys(engine: Engine, table: Table) -> None:
    """Table `same_keys`: rows whose key an earlier row has."""
    keys = [one for one in table.present if one.name in table.unique]
    first = next(text_of(one) for one in keys if one.name == table.unique[0])
    rows = f"SELECT * FROM ({cells_of(table, keys)}) WHERE kind = 'data'"
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE same_keys AS
        WITH twice AS (SELECT {first} AS k FROM ({rows}) GROUP BY {first} HAVING count(*) > 1)
        SELECT sheet_no, row_no, TRUE AS same_key FROM ({rows}) WHERE {first} IN (SELECT k FROM twice)
        QUALIFY row_number() OVER (PARTITION BY {", ".join(text_of(one) for one in keys)} ORDER BY sheet_no, row_no) > 1
    """)
