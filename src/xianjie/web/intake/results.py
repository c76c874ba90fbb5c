"""The rows of a delivery as reading left them: outcomes, what was said how often, pages of rows. Only DuckDB reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from xianjie.dictionary import dictionary
from xianjie.dictionary.model import DictionaryField
from xianjie.engines import Engine, open_engine, parquet_list, quote
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.intake.knobs import knobs
from xianjie.web.intake.layouts import layouts
from xianjie.web.intake.models import OUTCOMES, Delivery

# Every row has the first outcome that fits.
OUTCOME = """CASE WHEN status = 'rejected' THEN 'rejected' WHEN tier = 'review' THEN 'review'
    WHEN coalesce(tier, 'none') = 'none' THEN 'unmatched'
    WHEN status = 'repaired' OR tier = 'repaired' THEN 'repaired' ELSE 'accepted' END"""
SAID = """concat_ws('；', remarks, CASE WHEN status <> 'rejected' AND tier IN ('repaired', 'probable', 'review', 'none')
    THEN reason END)"""
# Values inside remarks, as `feeds` writes them: “column”: “value”, “column”的内容“value”, “column”“value” …
VALUES = (
    (r"“([^”]*)”(的内容|的数值|：)?“([^”]*)”", r"“\1”\2“…”"),
    (r"“([^”]*)”(里有乱码（)([^）]*)(）)", r"“\1”\2…\4"),
    (r"“([^”]*)”([^”“；（）]*)(已在前面)", r"“\1”…\3"),
    (r"(多出：)([^）]*)", r"\1…"),
    (r"第[0-9]+行", "第…行"),
)
IDENTITY_FIELDS = {"name": "name", "id_no": "id_no", "phone": "phone", "birth_date": "birth_date", "sex": "sex",
                   "disability_no": "disability_no", "household_head": "name"}  # fmt: skip
SHOWN_FIELDS = 5


def kinds_sql(text: str) -> str:
    """SQL of a list: what a remark says, sentence by sentence, without the values in it."""
    for pattern, plain in VALUES:
        text = f"regexp_replace({text}, {quote(pattern)}, {quote(plain)}, 'g')"
    return f"list_distinct(string_split({text}, '；'))"


def kinds_of(text: str) -> str:
    """The same in Python, in one text."""
    for pattern, plain in VALUES:
        text = re.sub(pattern, plain, text)
    return text


@contextmanager
def _rows_of(delivery: Delivery) -> Iterator[Engine]:
    """An engine with the view `read_rows`: the rows with `outcome`, `said` and `position` in the file."""
    path = delivery.read_folder / "rows.parquet"
    if not path.is_file():
        raise UserError("intake.no_rows")
    folder = Path(settings.HOME) / "incoming"
    with open_engine(temp_folder=folder, memory_limit="512MB", threads=1) as engine:
        engine.run(f"""
            CREATE VIEW read_rows AS
            SELECT *, {OUTCOME} AS outcome, nullif({SAID}, '') AS said, file_row_number AS position
            FROM read_parquet({parquet_list(path)}, file_row_number=true)""")
        yield engine


def outcome_counts(delivery: Delivery) -> dict[str, int]:
    """Outcome → rows; a file with a header and no row has none."""
    if not (delivery.read_folder / "rows.parquet").is_file():
        return {}
    with _rows_of(delivery) as engine:
        return dict(engine.rows("SELECT outcome, count(*) FROM read_rows GROUP BY outcome"))


def reason_counts(delivery: Delivery) -> list[dict[str, Any]]:
    """What was said about rows, without values: [{outcome, kind, rows}], the most frequent first."""
    if not (delivery.read_folder / "rows.parquet").is_file():
        return []
    with _rows_of(delivery) as engine:
        return engine.records(f"""
            SELECT outcome, kind, count(*) AS rows
            FROM (SELECT outcome, unnest({kinds_sql("said")}) AS kind FROM read_rows WHERE said IS NOT NULL)
            GROUP BY outcome, kind ORDER BY rows DESC, outcome, kind LIMIT {knobs().reasons_kept}""")


@dataclass(frozen=True)
class Asked:
    """Which rows: of an outcome, of a kind of remark, after or before a position."""

    outcome: str = ""
    kind: str = ""
    after: str = ""
    before: str = ""

    def position(self) -> tuple[int, bool] | None:
        """Where the page begins, and whether it is read backwards. Raises `UserError` for no number."""
        word = self.before or self.after
        if not word:
            return None
        if not word.isdigit() or len(word) > 12:
            raise UserError("web.bad_page")
        return int(word), bool(self.before)


@dataclass(frozen=True)
class RowPage:
    """Rows of a page as dictionaries, and the words that lead on and back."""

    rows: list[dict[str, Any]]
    after: str
    before: str


def page(delivery: Delivery, asked: Asked) -> RowPage:
    """A page of rows in the file's order, whatever the file's length."""
    size, place = knobs().page_rows, asked.position()
    conditions = ["true"]
    if asked.outcome in OUTCOMES:
        conditions.append(f"outcome = {quote(asked.outcome)}")
    if asked.kind:
        conditions.append(f"list_contains({kinds_sql('said')}, {quote(asked.kind)})")
    backwards = place is not None and place[1]
    if place is not None:
        conditions.append(f"position {'<' if backwards else '>'} {place[0]}")
    order = "DESC" if backwards else "ASC"
    with _rows_of(delivery) as engine:
        found = engine.records(f"""
            SELECT * FROM read_rows WHERE {" AND ".join(conditions)} ORDER BY position {order} LIMIT {size + 1}""")
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return RowPage([], "", "")
    leads_on = more if not backwards else True
    leads_back = place is not None if not backwards else more
    return RowPage(
        found, str(found[-1]["position"]) if leads_on else "", str(found[0]["position"]) if leads_back else ""
    )


def identity_field(name: str) -> DictionaryField | None:
    """The field of the dictionary whose sensitivity an identity column has; None for places, which are public."""
    like = IDENTITY_FIELDS.get(name)
    return dictionary().entities["person"].fields[like] if like else None


def shown_fields(delivery: Delivery) -> list[DictionaryField]:
    """The columns of the file beside identity that a page shows: those that must be there first."""
    layout = layouts()[delivery.layout]
    present = [name for name in delivery.columns if name in layout.of.fields]
    required = [name for name, column in layout.columns.items() if column.required and name in present]
    return [layout.of.fields[name] for name in dict.fromkeys([*required, *present])][:SHOWN_FIELDS]


def masked_remark(delivery: Delivery, scope: Scope, text: str) -> str:
    """A remark as this user may read it: the values in it shown as their columns are."""
    header_of = {header: name for name, header in delivery.columns.items()}
    layout = layouts()[delivery.layout]

    def shown(header: str, value: str) -> str:
        name = header_of.get(header, "")
        field = identity_field(name[2:]) if name.startswith("i_") else layout.of.fields.get(name)
        if field is None and name.startswith("i_"):
            return value
        if field is None:  # a column that we do not know may hold anything
            return value if scope.sees("secret", delivery.region_code) else "…"
        return str(scope.show(field, value, delivery.region_code))

    text = re.sub(VALUES[0][0], lambda found: f"“{found[1]}”{found[2] or ''}“{shown(found[1], found[3])}”", text)
    text = re.sub(VALUES[1][0], lambda found: f"“{found[1]}”{found[2]}{shown(found[1], found[3])}{found[4]}", text)
    text = re.sub(VALUES[2][0], lambda found: f"“{found[1]}”{shown(found[1], found[2])}{found[3]}", text)
    return re.sub(VALUES[3][0], lambda found: f"{found[1]}{shown('', found[2])}", text)
