"""The files of a data folder through `feeds`: the register's tables, the departments' files, what goes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from xianjie import feeds
from xianjie.dictionary import dictionary
from xianjie.engines import Engine
from xianjie.messages import say
from xianjie.screening.inputs import Inputs
from xianjie.screening.linking import TIERS, FeedFile
from xianjie.screening.run_folder import read_json
from xianjie.screening.workbook import settle_workbook

ROWS = ("rows", "accepted", "repaired", "rejected")


@dataclass
class Intake:
    """What the steps of taking in gave: register's tables, departments' files, links."""

    inputs: Inputs
    work: Path
    register: dict[str, Any] = field(default_factory=dict)
    feeds: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)

    @property
    def register_files(self) -> dict[str, Path]:
        """Table → its canonical file."""
        return {table: Path(one["parquet"]) for table, one in self.register["tables"].items()}

    @property
    def region(self) -> str:
        """The six digits of the county where most households live."""
        return str(self.links["region"])

    @property
    def files(self) -> list[FeedFile]:
        """The departments' files that could be read, in a fixed order."""
        return [
            FeedFile(one["name"], one["layout"], one["entity"], self.work / "feeds" / one["parquet"], _day(one["date"]))
            for one in self.feeds["files"]
            if one["parquet"]
        ]

    def present_columns(self, engine: Engine) -> dict[str, list[str]]:
        """Table → columns that some file of the data really had; the merged tables have all."""
        present: dict[str, set[str]] = {}
        merged = self.links["rows"]
        for table, one in self.register["tables"].items():
            if table in merged:
                present[table] = set(one["columns"])
        for one in self.feeds["files"]:
            entity = dictionary().entities[one["entity"]]
            if one["parquet"] and entity.table in merged:
                owned = {entity.key, entity.parent_key} - {""}
                present.setdefault(entity.table, set()).update(owned, set(one["columns"]) & set(entity.fields))
        return {table: sorted(columns) for table, columns in present.items()}

    def summary(self) -> dict[str, Any]:
        """Figures of what was read and matched, for people."""
        files = [self._figures(one) for one in self.feeds["files"] if one["parquet"]]
        problems = [*self.register["problems"], *self.feeds["problems"]]
        day = self.inputs.day.isoformat()
        problems += [say("screening.old_roll", day=day, **one) for one in self.links["old_rolls"]]
        for one in files:
            parts = sum(one[tier] for tier in (*TIERS, "rejected"))
            if parts != one["rows"]:
                problems.append(say("screening.rows_do_not_add_up", file=one["file"], rows=one["rows"], parts=parts))
        return {
            "feeds": files,
            "register": [
                {"table": table, **{name: one[name] for name in ROWS}}
                for table, one in sorted(self.register["tables"].items())
            ],
            "problems": problems,
            "invented": self.register["invented"],
            "data_region": self.region,
            "decisions": self.links["decisions"],
            "conflicts": self.links["conflicts"],
            "old_rolls": self.links["old_rolls"],
        }

    def _figures(self, one: dict[str, Any]) -> dict[str, Any]:
        tiers = self.links["tiers"][one["name"]]
        return {
            "file": one["name"],
            "department": one["department"],
            "title": one["title"],
            "layout": one["layout"],
            "rows": one["rows"],
            "rows_accepted": one["accepted"],
            "rows_repaired": one["repaired"],
            "given_back": one["given_back"],
            **tiers,
        }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def read_register(inputs: Inputs, work: Path, giveback: Path) -> dict[str, Any]:
    """Read the register's own tables; what cannot be used of them is given back like a department's rows."""
    tables: dict[str, Any] = {}
    problems: list[str] = []
    for table, reading in feeds.read_entities(inputs.data, work / "register").items():
        problems += [note.text for note in reading.reading.notes]
        if reading.problem or reading.parquet is None:
            problems.append(reading.problem.text if reading.problem else table)
            continue
        tables[table] = {
            **{name: getattr(reading.counts, name) for name in ROWS},
            "columns": sorted(reading.reading.columns),
            "parquet": str(reading.parquet),
        }
        if reading.counts.rejected:
            problems.append(say("screening.register_rejected", table=reading.path.name, number=reading.counts.rejected))
            _give_back(reading.reading, giveback / f"{table}.xlsx", ("rejected",))
    about = inputs.data / "about.json"
    return {
        "tables": tables,
        "problems": problems,
        "invented": bool(about.exists() and read_json(about).get("invented")),
    }


def _give_back(
    reading: feeds.FeedReading,
    path: Path,
    statuses: tuple[str, ...] = ("rejected", "repaired"),
    engine: Engine | None = None,
) -> int:
    rows = feeds.write_giveback(reading, path, statuses, engine)
    if rows:
        settle_workbook(path)
    return rows


def read_feeds(inputs: Inputs, work: Path, giveback: Path) -> dict[str, Any]:
    """Read every file of the feeds folder to canonical files under `work`/feeds, and write what goes back."""
    files: list[dict[str, Any]] = []
    problems: list[str] = []
    layouts = feeds.read_layouts()
    given_back: dict[str, int] = {}

    def give_back(reading: feeds.FeedReading, engine: Engine) -> None:
        path = giveback / Path(reading.name).with_suffix(".xlsx")
        given_back[reading.name] = _give_back(reading, path, engine=engine)

    for reading in feeds.read_feeds(inputs.feeds, layouts, work / "feeds", then=give_back):
        problems += [note.text for note in reading.notes]
        if reading.problem:
            problems.append(reading.problem.text)
            continue
        layout = layouts[reading.layout]
        files.append(
            {
                "name": reading.name,
                "layout": reading.layout,
                "entity": reading.entity,
                "date": reading.date.isoformat() if reading.date else None,
                "department": dictionary().departments[layout.department].zh,
                "title": layout.zh,
                "parquet": str(reading.parquet.relative_to(work / "feeds")) if reading.parquet else None,
                "columns": sorted({*reading.columns, *layout.constants}),
                "given_back": given_back[reading.name],
                **{name: getattr(reading.counts, name) for name in ROWS},
            }
        )
    return {"files": files, "problems": problems}
