"""The data folder's own tables (`persons`, `households` …) → canonical Parquet of the dictionary's types."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from xianjie.dictionary import Entity, dictionary
from xianjie.engines import Engine, open_engine, quote, quote_name
from xianjie.feeds.checking import write_checked
from xianjie.feeds.headers import Target, normal
from xianjie.feeds.kinds import ENDINGS
from xianjie.feeds.layout import forms
from xianjie.feeds.model import Counts, FeedReading, Limits, Problem, RawFile, Unreadable
from xianjie.feeds.raw_rows import Table
from xianjie.feeds.reading import FAULTS, described, fault, find_headers, read_raw


@dataclass(frozen=True)
class EntityReading:
    """A table of the data folder, read: `parquet` holds the rows that are used, all columns of the dictionary.

    `reading` holds counts, notes and every row with its status (for `write_giveback`); `as_it_lies` says that
    `parquet` is the file itself, which already was as the dictionary wants it.
    """

    table: str
    entity: str
    path: Path
    parquet: Path | None
    reading: FeedReading
    as_it_lies: bool = False

    @property
    def problem(self) -> Problem | None:
        """Why the table could not be read."""
        return self.reading.problem

    @property
    def counts(self) -> Counts:
        """Rows by what became of them."""
        return self.reading.counts


def read_entities(folder: Path, out_folder: Path, limits: Limits | None = None) -> dict[str, EntityReading]:
    """Read every table of the dictionary that lies in `folder`; a table without file is absent from the result."""
    readings = {}
    for entity in dictionary().entities.values():
        paths = [path for ending in sorted(ENDINGS) for path in [folder / f"{entity.table}{ending}"] if path.exists()]
        if len(paths) > 1:
            files = "、".join(path.name for path in paths)
            problem = Problem("feeds.two_tables", {"table": entity.table, "files": files})
            readings[entity.table] = _unread(entity, paths[0], problem)
        elif paths and not paths[0].resolve().is_relative_to(folder.resolve()):
            readings[entity.table] = _unread(entity, paths[0], Problem("feeds.link_outside", {"file": paths[0].name}))
        elif paths:
            readings[entity.table] = read_entity(paths[0], entity.entity, out_folder / entity.table, limits)
    return readings


def read_entity(path: Path, entity: str, out_folder: Path, limits: Limits | None = None) -> EntityReading:
    """Read one table; writes into `out_folder` unless the file already is as the dictionary wants it.

    Rows without key, with a key that an earlier row has, or without a required field are rejected with
    reasons. Whatever is wrong with the file comes back as the reading's `problem`.
    """
    limits = limits or Limits()
    of = dictionary().entities[entity]
    reading = FeedReading(path, path.name, "", entity)
    try:
        out_folder.mkdir(parents=True, exist_ok=True)
        with open_engine(memory_limit=limits.engine_memory, temp_folder=out_folder) as engine:
            raw = read_raw(path, out_folder / "raw.parquet", limits)
            ready = _ready(engine, of, raw, reading, out_folder / f"{of.table}.parquet")
            return ready or _converted(engine, of, raw, reading, out_folder)
    except Unreadable as error:
        return _unread(of, path, error.problem)
    except FAULTS as error:
        return _unread(of, path, fault(path, error))


def _unread(of: Entity, path: Path, problem: Problem) -> EntityReading:
    return EntityReading(of.table, of.entity, path, None, FeedReading(path, path.name, "", of.entity, problem=problem))


def unique_key(of: Entity) -> list[str]:
    """The columns that no two rows share: the key; where a key stands from a day to a day, with its first day."""
    return [of.key, of.validity[0]] if of.validity and not of.parent else [of.key]


def _ready(engine: Engine, of: Entity, raw: RawFile, reading: FeedReading, out: Path) -> EntityReading | None:
    """A Parquet file of the dictionary's own columns and types, checked in place; None when it is not one."""
    if not raw.own_columns:
        return None
    engine.view_parquet("given", raw.parquet)
    given, wanted = engine.columns("given"), dictionary().columns(of.entity)
    known = {name: kind for name, kind in given.items() if name in wanted}
    required = [name for name, field in of.fields.items() if field.required]
    if any(kind != wanted[name] for name, kind in known.items()) or not set(required) <= set(known):
        return None
    key = ", ".join(quote_name(name) for name in unique_key(of) if name in known)
    filled = " AND ".join(f"count({quote_name(name)}) = count(*)" for name in required)
    distinct = f"(SELECT count(*) FROM (SELECT DISTINCT {key} FROM given))"
    rows, whole, unique = engine.rows(f"SELECT count(*), {filled}, {distinct} = count(*) FROM given")[0]
    if not (whole and unique) or _wrong_codes(engine, of, set(known)):
        return None
    path = raw.parquet
    if set(known) < set(wanted):
        columns = [quote_name(n) if n in known else f"CAST(NULL AS {k}) AS {quote_name(n)}" for n, k in wanted.items()]
        engine.write_parquet(f"SELECT {', '.join(columns)} FROM given", out)
        path = out
    unknown = tuple(name for name in given if name not in wanted)
    facts = dataclasses.replace(
        reading,
        counts=Counts(read=rows + 1, accepted=rows, header=1),
        columns={name: name for name in known},
        unknown=unknown,
    )
    return EntityReading(of.table, of.entity, reading.path, path, facts, as_it_lies=path == raw.parquet)


def _wrong_codes(engine: Engine, of: Entity, known: set[str]) -> bool:
    """Whether a code column holds something that is no value of its code list."""
    for name, field in of.fields.items():
        if field.codes and name in known:
            values = ", ".join(quote(value) for value in dictionary().codes[field.codes].values)
            if engine.rows(f"SELECT 1 FROM given WHERE {quote_name(name)} NOT IN ({values}) LIMIT 1"):
                return True
    return False


def _converted(engine: Engine, of: Entity, raw: RawFile, reading: FeedReading, out_folder: Path) -> EntityReading:
    targets = [
        Target(one.name, one.zh, {normal(header): 1 for header in (one.name, *one.headers)}, one, one.required)
        for one in of.fields.values()
    ]
    headers, notes, unread = find_headers(raw, targets, [of.key], forms().reserved, reading.path.name)
    table = Table(
        raw=raw,
        headers=headers,
        targets=targets,
        needed=[of.key],
        strong=[of.key],
        keys=frozenset({of.key, of.parent_key, "household_id", "region_code"}),
        words={},
        fixed={},
        unique=[name for name in unique_key(of) if name in {one.name for one in targets}],
    )
    columns = dictionary().columns(of.entity)
    checked, path = out_folder / "checked.parquet", out_folder / f"{of.table}.parquet"
    found = write_checked(engine, table, columns, checked)
    listed = ", ".join(quote_name(name) for name in columns)
    engine.write_parquet(f"SELECT {listed} FROM read_parquet({quote(str(checked))}) WHERE status <> 'rejected'", path)
    facts = described(reading, raw, table, found, [*raw.notes, *notes], unread, checked)
    return EntityReading(of.table, of.entity, reading.path, path, facts)
