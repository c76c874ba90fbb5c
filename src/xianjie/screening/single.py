"""One delivered file right after it came: read, checked, matched to the register, and what goes back.

The same reading and matching as in a run of the whole county; the register is a snapshot of its tables.
"""

from __future__ import annotations

import dataclasses
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from xianjie import feeds
from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine, quote, quote_name
from xianjie.feeds.discovery import date_of, layout_of
from xianjie.messages import UserError, say
from xianjie.screening.decisions import open_decisions
from xianjie.screening.linking import TIERS, FeedFile, link_feeds
from xianjie.screening.run_folder import write_json
from xianjie.screening.watching import Stop, Stopped, Tell, Watch
from xianjie.screening.workbook import settle_workbook

__all__ = ["Stopped", "read_delivery"]

REGISTER = ("persons", "households", "regions")
MEMORY = "2GB"


def read_delivery(
    path: Path,
    out: Path,
    register: Path,
    layout: str | None = None,
    name: str | None = None,
    day: date | None = None,
    decisions: Path | None = None,
    progress: Tell | None = None,
    stop: Stop | None = None,
) -> dict[str, Any]:
    """Read one file and match its rows; gives counts that add up.

    `register`: a folder with `persons.parquet` and, if there are, `households` and `regions`, in the dictionary's
    columns. `layout` is told from the file's name when it is not given, so is `day`, of which the data are.
    Writes `rows.parquet` (typed rows with their links), `links.parquet`, `candidates.parquet`, `counts.json` and,
    where there is something to give back, `giveback.xlsx` into `out`. A file that cannot be read gives counts with
    its `problem`. Raises `UserError` when the layout or the register is not known, `Stopped` when asked to stop.
    """
    watch = Watch(progress, stop)
    layouts = feeds.read_layouts()
    stem = Path(name or path.name).stem
    chosen = layouts.get(layout) if layout else layout_of(stem, None, layouts)
    if chosen is None:
        code = "screening.delivery.no_such_layout" if layout else "screening.delivery.no_layout"
        raise UserError(code, layout=layout, file=name or path.name)
    day = day or _day(stem)
    watch.begin(say("screening.delivery.read"))
    reading = feeds.read_feed(path, chosen, out / "work", date=day, name=name or path.name)
    watch.finish(50)
    counts = _described(reading, chosen)
    if reading.parquet is not None and not reading.problem:
        with open_engine(memory_limit=MEMORY, temp_folder=out / "work") as engine, watch.over(engine):
            counts |= _link(engine, reading, out, register, day, decisions, watch)
    shutil.rmtree(out / "work", ignore_errors=True)
    write_json(out / "counts.json", counts)
    watch.end(say("screening.delivery.done"))
    return counts


def _day(stem: str) -> date | None:
    try:
        return date_of(stem)
    except ValueError:
        return None


def _described(reading: feeds.FeedReading, layout: feeds.Layout) -> dict[str, Any]:
    return {
        "name": reading.name,
        "layout": layout.layout,
        "title": layout.zh,
        "department": layout.department,
        "entity": layout.entity,
        "date": reading.date.isoformat() if reading.date else None,
        "problem": reading.problem.text if reading.problem else None,
        "notes": [note.text for note in reading.notes],
        "columns": reading.columns,
        "unknown_headers": list(reading.unknown),
        "rows": reading.counts.rows,
        "accepted": reading.counts.accepted,
        "repaired_rows": reading.counts.repaired,
        "rejected": reading.counts.rejected,
        **dict.fromkeys(TIERS, 0),
        "given_back": 0,
    }


def _link(
    engine: Engine,
    reading: feeds.FeedReading,
    out: Path,
    register: Path,
    day: date | None,
    decisions: Path | None,
    watch: Watch,
) -> dict[str, Any]:
    watch.begin(say("screening.delivery.link"))
    _view_register(engine, register)
    if decisions is not None:
        open_decisions(engine, "decisions", decisions)
    assert reading.parquet is not None
    file = FeedFile(reading.name, reading.layout, reading.entity, reading.parquet, day)
    tiers = link_feeds(engine, [file], day, out, decisions is not None)[file.name]
    watch.finish(35)
    watch.begin(say("screening.delivery.write"))
    engine.write_parquet(
        """SELECT f.* EXCLUDE (rn), l.tier, l.person_id, l.household_id, l.score, l.reason, l.fingerprint
           FROM feed_0 f LEFT JOIN feed_links l USING (rn) ORDER BY rn""",
        out / "rows.parquet",
    )
    return {**tiers, "given_back": _give_back(engine, reading, out)}


def _view_register(engine: Engine, folder: Path) -> None:
    """The register's tables as views with all columns of the dictionary; without households, those of the persons."""
    for table in REGISTER:
        path = folder / f"{table}.parquet"
        if not path.is_file():
            continue
        entity = dictionary().by_table(table)
        assert entity is not None
        engine.view_parquet("found", path)
        found = engine.columns("found")
        columns = ", ".join(
            f"CAST({quote_name(column) if column in found else 'NULL'} AS {field.storage}) AS {quote_name(column)}"
            for column, field in entity.fields.items()
        )
        engine.run(f"CREATE OR REPLACE VIEW register_{table} AS SELECT {columns} FROM read_parquet({quote(str(path))})")
    if not engine.has("register_persons"):
        raise UserError("screening.no_register", table="persons", why="")
    if not engine.has("register_households"):
        engine.run("""
            CREATE OR REPLACE VIEW register_households AS
            SELECT household_id, min(region_code) AS region_code, CAST(NULL AS VARCHAR) AS head_name,
                   CAST(NULL AS VARCHAR) AS phone FROM register_persons GROUP BY household_id""")


def _give_back(engine: Engine, reading: feeds.FeedReading, out: Path) -> int:
    """The rows that the department should look at: rejected, repaired, and those of nobody in the register."""
    remarked = out / "work" / "remarked.parquet"
    unmatched = quote(say("screening.delivery.unmatched", reason="{reason}"))
    engine.write_parquet(
        f"""SELECT * EXCLUDE (rn, tier, reason) REPLACE (
                CASE WHEN tier = 'none' THEN 'rejected' ELSE status END AS status,
                CASE WHEN tier = 'none' THEN concat_ws('；', remarks, replace({unmatched}, '{{reason}}', reason))
                    ELSE remarks END AS remarks)
            FROM (SELECT f.*, l.tier, l.reason FROM feed_0 f LEFT JOIN feed_links l USING (rn)) ORDER BY rn""",
        remarked,
    )
    target = out / "giveback.xlsx"
    rows = feeds.write_giveback(dataclasses.replace(reading, parquet=remarked), target)
    if rows:
        settle_workbook(target)
    return rows
