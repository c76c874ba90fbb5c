"""What goes into a run: the data folder's files with their fingerprints, the day, the run to compare with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from xianjie.dictionary import dictionary
from xianjie.feeds import FeedFile, discover
from xianjie.messages import UserError
from xianjie.screening.decisions import find_decisions
from xianjie.screening.run_folder import file_fingerprint, read_json

SUFFIXES = (".parquet", ".csv", ".xlsx", ".xls")


@dataclass(frozen=True)
class Inputs:
    """The files of a data folder, the as-of day, the earlier run to compare with, what clerks have decided."""

    data: Path
    day: date
    tables: dict[str, Path]
    feeds: tuple[FeedFile, ...]
    previous: Path | None = None
    decisions: dict[str, Path] = field(default_factory=dict)

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """Path within the data folder → SHA-256."""
        about = [self.data / "about.json"] if (self.data / "about.json").exists() else []
        tables = [*self.tables.values(), *self.decisions.values()]
        files = sorted([*tables, *(feed.path for feed in self.feeds if feed.layout), *about])
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(file_fingerprint, files))
        return {str(path.relative_to(self.data)): digest for path, digest in zip(files, found, strict=True)}

    @property
    def previous_findings(self) -> Path | None:
        """The findings of the earlier run."""
        return self.previous / "findings.parquet" if self.previous else None

    @cached_property
    def previous_fingerprint(self) -> str | None:
        """SHA-256 of the earlier run's findings."""
        return file_fingerprint(self.previous_findings) if self.previous_findings else None

    @cached_property
    def previous_date(self) -> str | None:
        """The as-of day of the earlier run."""
        return str(read_json(self.previous / "manifest.json")["date"]) if self.previous else None


def survey(data: Path, out: Path | None, day: date | None, previous: Path | None = None) -> Inputs:
    """Look a data folder over. Raises `UserError` when it is none, a table stands there twice, or no day is known."""
    if not data.is_dir():
        raise UserError("screening.no_data_folder", data=data)
    tables: dict[str, Path] = {}
    for path in sorted(data.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.is_file() and dictionary().by_table(path.stem):
            if path.stem in tables:
                raise UserError("screening.table_twice", table=path.stem, one=tables[path.stem].name, other=path.name)
            tables[path.stem] = path
    feeds = tuple(discover(data / "feeds")) if (data / "feeds").is_dir() else ()
    known = day or max((feed.date for feed in feeds if feed.date), default=None)
    if known is None:
        raise UserError("screening.no_date", data=data)
    return Inputs(data, known, tables, feeds, _previous(out, known, previous), find_decisions(data))


def _previous(out: Path | None, day: date, given: Path | None) -> Path | None:
    """The run given, or the newest complete one of an earlier day beside `out`."""
    if given is not None:
        if not (given / "findings.parquet").exists():
            raise UserError("screening.no_run", run=given)
        return given
    if out is None or not out.parent.is_dir():
        return None
    earlier = []
    for run in sorted(out.parent.iterdir()):
        if run != out and (run / "counts.json").exists() and (run / "findings.parquet").exists():
            its_day = str(read_json(run / "manifest.json").get("date", ""))
            if its_day < day.isoformat():
                earlier.append((its_day, run.name, run))
    return max(earlier)[2] if earlier else None
