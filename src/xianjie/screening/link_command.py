"""`xianjie link`: a file of rows to a file of people, whatever kind of table either is."""

from __future__ import annotations

import tempfile
from pathlib import Path

from xianjie.dictionary import normal_header
from xianjie.engines import Engine, open_engine, quote, quote_name
from xianjie.feeds import Limits
from xianjie.feeds.layout import forms
from xianjie.feeds.model import Unreadable
from xianjie.feeds.reading import read_raw
from xianjie.feeds.workbooks import CARRIED, LARGE
from xianjie.linkage import link, open_file, write_links
from xianjie.messages import UserError
from xianjie.screening.workbook import Sheet, write_workbook

RESULT = {"row_id": 14, "tier": 10, "person_id": 20, "score": 8, "reason": 70}


def link_tables(registry: Path, feed: Path, out: Path, use: str = "everyday") -> dict[str, int]:
    """Match the rows of `feed` to the people of `registry` and write `out`; gives the counts by tier.

    Each file may be Parquet, CSV or Excel, with the contract's column names or their Chinese ones in the first
    row. `use`: what the links are for (linkage/scores.yaml). Raises `UserError` for a file that cannot be read or lacks
    a column, and for an unknown use.
    """
    with tempfile.TemporaryDirectory(prefix="xianjie-") as place, open_engine(temp_folder=Path(place)) as engine:
        for name, path in (("registry", registry), ("feed", feed)):
            _open(engine, name, path, Path(place))
        if out.suffix.lower() != ".xlsx":
            return link(engine, "registry", "feed", out, use=use).as_dict()
        counts = link(engine, "registry", "feed", use=use).as_dict()
        write_links(engine, out.with_suffix(".parquet"))
        rows = (row for batch in engine.stream(f"SELECT {', '.join(RESULT)} FROM links ORDER BY rn") for row in batch)
        write_workbook(out, [Sheet("links", RESULT, rows)])
        out.with_suffix(".parquet").unlink()
        return counts


def _open(engine: Engine, name: str, path: Path, place: Path) -> None:
    if path.suffix.lower() == ".parquet" or not path.is_file():
        open_file(engine, name, path)
        return
    try:
        raw = read_raw(path, place / f"{name}.parquet", Limits())
    except Unreadable as error:
        raise UserError(error.problem.code, **error.problem.facts) from error
    sheet = next((one for one in raw.sheets if any(any(row) for row in one.head)), None)
    if sheet is None:
        raise UserError("linkage.file_unreadable", file=path, detail="")
    first = next(number for number, row in enumerate(sheet.head) if any(row))
    words = {normal_header(word): field for field, names in forms().identity.items() for word in (field, *names)}
    columns: dict[str, str] = {}
    for position, header in enumerate(sheet.head[first], start=1):
        if header and position <= raw.width:
            columns.setdefault(words.get(normal_header(header), header.strip()), f"c{position}")
    marks = quote(LARGE + CARRIED)  # the reader's own marks on cells, which are no part of what people wrote
    chosen = ", ".join(f"translate({cell}, {marks}, '') AS {quote_name(column)}" for column, cell in columns.items())
    rows = f"sheet = {sheet.number} AND row_no > {sheet.first_row + first}"
    engine.run(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {chosen} FROM {raw.relation} "
        f"WHERE {rows} AND coalesce({', '.join(columns.values())}) IS NOT NULL ORDER BY row_no"
    )
