"""The rows of a raw file below its headers: cells trimmed, what kind of row each is, which ones repeat another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xianjie.engines import Engine, quote
from xianjie.feeds.cells import BLANKS, trimmed
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


@dataclass(frozen=True)
class Place:
    """A column of the file: where it stands in each sheet (None: not there), and its name in SQL.

    `carries`: a value that a merged cell carries down counts as the row's own.
    """

    number: int
    at: tuple[int | None, ...]
    carries: bool

    @property
    def cell(self) -> str:
        """The column of the cells as they are."""
        return f"cell_{self.number}"

    @property
    def text(self) -> str:
        """The column of the trimmed cells, NULL where nothing is left."""
        return f"text_{self.number}"

    @property
    def large(self) -> str:
        """The column that says whether the cell was a number too long for a spreadsheet's precision."""
        return f"large_{self.number}"


def places_of(table: Table, targets: Sequence[Target]) -> dict[str, Place]:
    """Target → where its cells stand. Targets that take the same column share one place."""
    places: dict[tuple[tuple[int | None, ...], bool], Place] = {}
    found = {}
    for target in targets:
        at = tuple(header.columns.get(target.name) for header in table.headers)
        carries = target.name in table.keys or not table.raw.carried
        found[target.name] = places.setdefault((at, carries), Place(len(places), at, carries))
    return found


def text_at(table: Table, place: Place) -> str:
    """SQL of a place's trimmed cell."""
    text = trimmed(place.cell)
    return text if place.carries else f"CASE WHEN NOT starts_with({place.cell}, {quote(CARRIED)}) THEN {text} END"


def large_at(place: Place) -> str:
    """SQL of whether a place's cell was a number too long for a spreadsheet's precision."""
    return f"starts_with({place.cell}, {quote(LARGE)})"


def data_rows(table: Table, places: Sequence[Place]) -> str:
    """SQL of sheet_no, row_no, the cells of `places`, and what is said of the row, of the rows of data:

    `beyond` (what stands right of the table), `carried` (a merged cell carried its key down), `first_sheet` and
    `first_row` (the earlier row that says the same). Asks the table `marked`.
    """
    rows = " UNION ALL ".join(
        f"SELECT sheet AS sheet_no, row_no, {_beyond(table, header)} AS beyond, {_carried(table, header)} AS carried, "
        + ", ".join(f"{_cell(place.at[number])} AS {place.cell}" for place in places)
        + f" FROM {_below(table, header)}"
        for number, header in enumerate(table.headers)
    )
    return f"SELECT * FROM ({rows}) LEFT JOIN marked USING (sheet_no, row_no) WHERE coalesce(kind, 'data') = 'data'"


def _cell(at: int | None) -> str:
    return "CAST(NULL AS VARCHAR)" if at is None else f"c{at + 1}"


def _below(table: Table, header: Header) -> str:
    """The raw rows of a sheet below its header."""
    return f"{table.raw.relation} WHERE sheet = {header.sheet.number} AND row_no > {header.last}"


def words_of(table: Table, place: Place) -> str:
    """SQL of the distinct cells (`word`) of a place and how many `rows` have each."""
    cells = " UNION ALL ".join(
        f"SELECT c{at + 1} AS word FROM {_below(table, header)}"
        for header, at in zip(table.headers, place.at, strict=True)
        if at is not None
    )
    own = "" if place.carries else f" AND NOT starts_with(word, {quote(CARRIED)})"
    return f"SELECT word, count(*) AS rows FROM ({cells}) WHERE word IS NOT NULL{own} GROUP BY word"


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
            same = [f"contains(c{place + 1}, {quote((cell or '').strip(' '))})" for place, cell in at]
            same += [f"trim(c{place + 1}) = {quote((cell or '').strip(' '))}" for place, cell in at]
            tests.append(f"coalesce({' AND '.join(same)}, FALSE)")
    return f"({' OR '.join(tests)})" if tests else "FALSE"


def _kind(table: Table, header: Header) -> str:
    """What a row below the header is: data, header, blank, totals or notes; asked in the order of what is usual."""
    every = [f"c{position}" for position in range(1, table.raw.width + 1)]
    start = f"coalesce({', '.join(trimmed(cell) for cell in every)}, NULL)"
    filled = " + ".join(f"({cell} IS NOT NULL)::INTEGER" for cell in every)
    strong = _any_of(header, table.strong)
    totals, notes = "|".join("\\s*".join(word) for word in forms().totals), "|".join(forms().notes)
    first_signs = "".join(dict.fromkeys(word[0] for word in forms().totals))
    return (
        f"CASE WHEN {_repeated_header(header)} THEN 'header' "
        f"WHEN {strong} AND regexp_matches(c1, '^[^{BLANKS}{first_signs}]') THEN 'data' "
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


def mark_rows(engine: Engine, table: Table) -> dict[str, int]:
    """Make table `marked`: rows that are no data (`kind`), and rows that say what an earlier one says; counts by kind.

    The earlier row is `first_sheet`, `first_row`. Rows are the same when all cells are, but for those that only
    number the rows.
    """
    told_apart = [_told_apart(table, header) for header in table.headers]
    digests = " UNION ALL ".join(
        f"SELECT sheet AS sheet_no, row_no, {_kind(table, header)} AS kind, "
        f"CASE WHEN coalesce({', '.join(cells)}, NULL) IS NOT NULL THEN hash({', '.join(cells)}) END AS digest "
        f"FROM {_below(table, header)}"
        for header, cells in zip(table.headers, told_apart, strict=True)
    )
    engine.run(f"CREATE OR REPLACE TEMP TABLE digests AS {digests}")
    twice = "SELECT digest FROM digests WHERE digest IS NOT NULL GROUP BY digest HAVING count(*) > 1"
    engine.run(f"CREATE OR REPLACE TEMP TABLE alike AS SELECT sheet_no, row_no FROM digests WHERE digest IN ({twice})")
    compared = " UNION ALL ".join(
        "SELECT sheet AS sheet_no, row_no, "
        + ", ".join(f"{cell} AS c{position}" for position, cell in enumerate(cells, 1))
        + f" FROM {_below(table, header)}"
        for header, cells in zip(table.headers, told_apart, strict=True)
    )
    cells_of_row = ", ".join(f"c{position}" for position in range(1, table.raw.width + 1))
    this = "struct_pack(sheet := sheet_no, row_no := row_no)"
    repeats = (
        f"SELECT sheet_no, row_no, first FROM (SELECT sheet_no, row_no, min({this}) "
        f"OVER (PARTITION BY {cells_of_row}) AS first FROM ({compared}) SEMI JOIN alike USING (sheet_no, row_no)) "
        f"WHERE {this} <> first"
    )
    if not engine.value("SELECT count(*) FROM alike"):
        repeats = f"SELECT sheet_no, row_no, {this} AS first FROM alike"
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE marked AS
        SELECT sheet_no, row_no, kind, first.sheet AS first_sheet, first.row_no AS first_row
        FROM digests LEFT JOIN ({repeats}) USING (sheet_no, row_no) WHERE kind <> 'data' OR first IS NOT NULL
    """)
    return dict(engine.rows("SELECT kind, count(*) FROM digests GROUP BY kind"))


def _told_apart(table: Table, header: Header) -> list[str]:
    """The cells by which rows are told apart, NULL in place of those that only number them."""
    skipped = {normal(name) for name in (*forms().reserved, *table.ignored)}
    return [
        f"c{position}" if position > len(header.names) or normal(header.names[position - 1]) not in skipped else "NULL"
        for position in range(1, table.raw.width + 1)
    ]


def find_same_keys(engine: Engine, table: Table) -> None:
    """Make table `same_keys`: rows whose key an earlier row has. Asks the table `marked`."""
    places = places_of(table, [one for one in table.present if one.name in table.unique])
    texts = ", ".join(f"{text_at(table, place)} AS {place.text}" for place in places.values())
    first = places[table.unique[0]].text
    rows = f"SELECT sheet_no, row_no, {texts} FROM ({data_rows(table, list(places.values()))})"
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE same_keys AS
        WITH twice AS (SELECT {first} AS k FROM ({rows}) GROUP BY {first} HAVING count(*) > 1)
        SELECT sheet_no, row_no, TRUE AS same_key FROM ({rows}) WHERE {first} IN (SELECT k FROM twice)
        QUALIFY row_number() OVER (
            PARTITION BY {", ".join(place.text for place in places.values())} ORDER BY sheet_no, row_no
        ) > 1
    """)
