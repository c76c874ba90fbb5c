"""One household of a finished run, with everything a page about it shows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from xianjie.dictionary import Entity, dictionary
from xianjie.engines import Engine, open_engine, quote, quote_name
from xianjie.messages import UserError
from xianjie.screening.explaining import nested, readable_steps
from xianjie.screening.facts import view_folder
from xianjie.screening.findings import GROUPS
from xianjie.screening.lists import prepare_places
from xianjie.screening.policies import PolicyBook, open_policy
from xianjie.screening.population import result_names
from xianjie.screening.run_folder import read_json

MEMORY = "1GB"


@contextmanager
def open_run(run: Path, overlays: Sequence[Path] = ()) -> Iterator[RunReader]:
    """A reader of a finished run; keep it open while pages are asked for, opening loads the policy.

    Raises `UserError` when the folder is no finished run.
    """
    if not (run / "counts.json").exists():
        raise UserError("screening.no_run", run=run)
    with open_engine(memory_limit=MEMORY, threads=1) as engine:
        yield RunReader(engine, run, open_policy(tuple(overlays)))


def pages_of(run: Path) -> Path:
    """A run's rows in the order of their households, made when they are first asked for: a database file in `work`."""
    path = run / "work" / "pages.duckdb"
    if path.exists():
        return path
    part = path.with_name(f"{path.name}.{uuid4().hex}")
    with open_engine(memory_limit=MEMORY, temp_folder=run / "work" / "spill") as engine:
        view_folder(engine, run / "work" / "entities")
        prepare_places(engine)
        engine.run(f"ATTACH {quote(str(part))} AS pages")
        for entity in dictionary().entities.values():
            if entity.entity in ("household", "person") or entity.parent in ("household", "person"):
                _sort(engine, entity.table, quote_name(entity.table), "household_id" in entity.fields)
        results = quote(str(run / "households.parquet"))
        _sort(
            engine,
            "run_households",
            f"(SELECT h.*, village, town FROM {results} h LEFT JOIN place USING (region_code))",
        )
        for name in ("findings", "changes", "conflicts"):
            _sort(engine, f"run_{name}", quote(str(run / f"{name}.parquet")))
        _sort(engine, "run_checks", quote(str(run / "checks" / "findings.parquet")))
        engine.run("DETACH pages")
    part.replace(path)
    return path


def _sort(engine: Engine, table: str, source: str, of_household: bool = True) -> None:
    """A table of the pages, its rows by household so that one household's lie in one place."""
    if source.startswith('"') and not engine.has(table):
        return
    # The engine passes over blocks by the range of a number, not of a text, so a number stands for the household.
    if of_household:
        rows = f"SELECT hash(household_id) AS page, * FROM {source}"
    else:
        rows = (
            f"SELECT hash(p.household_id) AS page, p.household_id, t.* FROM {source} t JOIN persons p USING (person_id)"
        )
    engine.run(f"CREATE TABLE pages.{quote_name(table)} AS {rows} ORDER BY page")


class RunReader:
    """Answers about single households of a run. Several threads may ask; they wait for each other."""

    def __init__(self, engine: Engine, run: Path, book: PolicyBook) -> None:
        self.engine, self.run, self.book = engine, run, book
        self._lock = threading.Lock()
        known = read_json(run / "facts.json")
        self.day = date.fromisoformat(known["date"])
        self.region = read_json(run / "manifest.json")["region"]
        files = read_json(run / "work" / "steps" / "feeds.json")["result"]["files"]
        self._layouts = {one["name"]: one["layout"] for one in files}
        self._names = result_names(book)
        engine.run(f"ATTACH {quote(str(pages_of(run)))} AS pages (READ_ONLY)")
        self._columns = {
            table: engine.result_columns(f"SELECT * EXCLUDE (page) FROM pages.{quote_name(table)}")
            for (table,) in engine.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'pages'")
        }

    def household(self, household_id: str) -> dict[str, Any]:
        """The household's page as docs/screening.md describes it. Raises `UserError` when there is none of the id."""
        with self._lock:
            record = nested(lambda entity: self._told(entity, household_id), household_id)
            parts = {
                "household": next(iter(self._rows("run_households", household_id, "household_id")), {}),
                "findings": self._findings(household_id),
                "checks": self._rows("run_checks", household_id, "check_id, person_id, value"),
                "conflicts": self._rows("run_conflicts", household_id, "entity, key, field"),
            }
        explained = self.book.policy.explain(record, self._names, date=self.day, region=self.region)
        return {
            **explained,
            "readable": readable_steps(self.book, record, explained),
            **parts,
            "members": [_own_fields(dictionary().entities["person"], one) for one in record.get("members") or []],
            "facts": self._facts(record),
        }

    def _told(self, entity: Entity, household_id: str) -> list[dict[str, Any]] | None:
        if entity.table not in self._columns:
            return None
        rows = self._rows(entity.table, household_id, quote_name(entity.key))
        for row in rows:
            if "household_id" not in entity.fields:
                del row["household_id"]
        return rows

    def _findings(self, household_id: str) -> list[dict[str, Any]]:
        rows = self._rows("run_findings", household_id, "score DESC, finding")
        changes = {one["finding"]: one["change"] for one in self._rows("run_changes", household_id, "finding")}
        for row in rows:
            row["group"] = row.pop("grp")
            row["group_zh"] = GROUPS[row["group"]]
            row["zh"] = self.book.findings[row["finding"]].zh if row["finding"] in self.book.findings else ""
            row["evidence"] = json.loads(row["evidence"])
            row["causes"] = [code for code in row["causes"].split(";") if code]
            row["departments"] = [code for code in row["departments"].split(";") if code]
            row["change"] = changes.get(row["finding"])
        return rows

    def _rows(self, table: str, household_id: str, order: str) -> list[dict[str, Any]]:
        if table not in self._columns:
            return []
        names = self._columns[table]
        rows = self.engine.rows(
            f"SELECT * EXCLUDE (page) FROM pages.{quote_name(table)} "
            f"WHERE page = hash({quote(household_id)}) AND household_id = {quote(household_id)} ORDER BY {order}"
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _facts(self, record: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Every table's rows about the household and its members, each with the file and row it came from."""
        facts: dict[str, list[dict[str, Any]]] = {}
        for entity in dictionary().entities.values():
            if entity.parent == "household" and entity.entity != "person" and entity.members in record:
                rows = record[entity.members]
            elif entity.parent == "person" and any(entity.members in one for one in record.get("members") or []):
                rows = [row for one in record["members"] for row in one[entity.members]]
            else:
                continue
            facts[entity.table] = [{**row, "source": self._source(row[entity.key])} for row in rows]
        return facts

    def _source(self, key: str | None) -> dict[str, str] | None:
        """The file and row that a merged row came from: its key says so. None: the register."""
        file, _, row = (key or "").partition(":")
        if file not in self._layouts:
            return None
        return {"file": file, "layout": self._layouts[file], "row_id": ":".join(row.split(":")[:2])}


def _own_fields(entity: Entity, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in entity.fields}
