"""The register's own rows and the linked rows of departments' files, entity by entity.

How rows of two sources that tell the same fact are told apart from two facts stands in `merging.yaml`.
An entity for which there is neither a table nor a file stays absent: unknown, not empty.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from xianjie.dictionary import Entity, dictionary
from xianjie.engines import Engine, quote, quote_name
from xianjie.screening.conflicts import Conflict, Conflicts, Source
from xianjie.screening.linking import FeedFile, of_file

DOUBTFUL = 1_000_000  # origin of rows in review: any other source of the same fact comes before them


class Roll(BaseModel):
    """When a roll can be asked: SQL of a row of the present period, and the field that says how old it is else."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    current: str
    newest: str


class Rule(BaseModel):
    """How an entity's rows from several sources are brought together: what `merging.yaml` says of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    same_when: tuple[str, ...] = ()
    newest_by: str = ""
    doubtful: tuple[str, ...] = ()
    conflict: Conflict | None = None
    roll: Roll | None = None

    @property
    def joins(self) -> bool:
        """Whether departments' rows join the register's."""
        return bool(self.same_when or self.newest_by)

    @property
    def named(self) -> set[str]:
        """Every field that the rule speaks of."""
        compared = (*self.conflict.fact, *self.conflict.fields) if self.conflict else ()
        newest = self.roll.newest if self.roll else ""
        return {*self.same_when, *self.doubtful, *compared, self.newest_by, newest} - {""}


@cache
def merging_rules() -> dict[str, Rule]:
    """Entity → how its rows from several sources are brought together."""
    text = (Path(__file__).parent / "merging.yaml").read_text(encoding="utf-8")
    rules = {name: Rule.model_validate(rule) for name, rule in yaml.load(text, yaml.CSafeLoader).items()}
    for name, rule in rules.items():
        if unknown := sorted(rule.named - set(dictionary().entities[name].fields)):
            raise ValueError(f"merging.yaml: {name} has no field {unknown}")
    return rules


def merge_entities(
    engine: Engine,
    files: Sequence[FeedFile],
    register: dict[str, Path],
    out: Path,
    conflicts: Conflicts | None = None,
) -> dict[str, int]:
    """Write one Parquet file per entity into `out`; gives the rows of each. `register`: table → its file.

    Needs the views `feed_links`, `feed_candidates` and `feed_N` of `link_feeds`. `conflicts` takes what the sources
    tell differently, and gives the values that clerks have settled on.
    """
    counts: dict[str, int] = {}
    for entity in dictionary().entities.values():
        rule = merging_rules().get(entity.entity, Rule())
        target = out / f"{entity.table}.parquet"
        own = [_register_rows(entity)] if entity.table in register else []
        handed_in = _handed_in(engine, entity, files, rule)
        settled = False
        if conflicts and rule.conflict and len({source.layout for source in own + handed_in}) > 1:
            settled = conflicts.find(entity, rule.conflict, [*own, *handed_in], rule.newest_by)
        if rule.joins and handed_in:
            sources = [source.sql for source in own + handed_in]
            sources += _doubtful(engine, entity, files, rule)
        elif own:
            sources = [own[0].sql]
        else:
            continue
        if settled and conflicts:
            sources = [conflicts.settled(entity, source) for source in sources]
        if len(sources) == 1 and own and not settled:
            # Nothing joins the register's own rows: its canonical file is the entity's file.
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(register[entity.table], target)
            counts[entity.table] = int(engine.value(f"SELECT count(*) FROM {quote_name(f'register_{entity.table}')}"))
        else:
            counts[entity.table] = engine.write_parquet(_one_fact_once(entity, rule, sources), target)
        if conflicts and rule.conflict:
            conflicts.see_what_stands(entity, target, rule.newest_by)
    return counts


def set_old_rolls_aside(engine: Engine, counts: dict[str, int], day: date, out: Path) -> list[dict[str, str]]:
    """Take rolls without a row of the present period out of `out` and `counts`: absent is unknown, empty is nobody.

    Gives for each its `table`, `label` and the `newest` period that it does hold.
    """
    old = []
    for name, rule in merging_rules().items():
        entity = dictionary().entities[name]
        path = out / f"{entity.table}.parquet"
        if rule.roll is None or not counts.get(entity.table):
            continue
        current = rule.roll.current.replace("{today}", f"DATE {quote(day.isoformat())}")
        rows, newest = engine.rows(
            f"SELECT count(*) FILTER ({current}), CAST(max({quote_name(rule.roll.newest)}) AS VARCHAR) "
            f"FROM read_parquet({quote(str(path))})"
        )[0]
        if not rows:
            path.unlink()
            del counts[entity.table]
            old.append({"table": entity.table, "label": entity.zh, "newest": newest or ""})
    return old


def _register_rows(entity: Entity) -> Source:
    columns = ", ".join(quote_name(name) for name in entity.fields)
    return Source(
        0, "register", "", None, f"SELECT 0 AS origin, {columns} FROM {quote_name(f'register_{entity.table}')}"
    )


def _its_files(entity: Entity, files: Sequence[FeedFile], rule: Rule) -> list[tuple[int, int, FeedFile]]:
    """The entity's files with origins and positions: of one layout the newest first, as the first row stays."""
    its = [(position, file) for position, file in enumerate(files) if file.entity == entity.entity]
    if not rule.newest_by:
        first = {file.layout: position for position, file in reversed(its)}
        its.sort(key=lambda one: (first[one[1].layout], -one[1].date.toordinal() if one[1].date else 0, one[0]))
    return [(origin, position, file) for origin, (position, file) in enumerate(its, start=1)]


def _handed_in(engine: Engine, entity: Entity, files: Sequence[FeedFile], rule: Rule) -> list[Source]:
    """The linked rows that departments' files bring to an entity."""
    if not (rule.joins or rule.conflict):
        return []
    owner = "household_id" if "household_id" in (entity.parent_key, entity.key) else "person_id"
    sources = []
    for origin, position, file in _its_files(entity, files, rule):
        linked = f"JOIN feed_links l ON l.rn = f.rn AND {of_file('l', position)} WHERE l.{owner} IS NOT NULL"
        columns = _columns(engine, entity, file, position)
        sql = f"SELECT {origin} AS origin, {columns} FROM feed_{position} f {linked}"
        sources.append(Source(origin, file.name, file.layout, file.date, sql))
    return sources


def _doubtful(engine: Engine, entity: Entity, files: Sequence[FeedFile], rule: Rule) -> list[str]:
    """Rows that may be somebody's, with the fields that decide left unknown.

    A row in review stands once for each candidate; a rejected row for whoever has its identity number: that it could
    not be read must not make a person "not on the roll".
    """
    if not rule.doubtful:
        return []
    sources = []
    for _, position, file in _its_files(entity, files, rule):
        columns = _columns(engine, entity, file, position, frozenset(rule.doubtful))
        alone = f"NOT EXISTS (SELECT 1 FROM feed_links k WHERE {of_file('k', position)} AND k.person_id = l.person_id)"
        sources += [
            f"SELECT {DOUBTFUL} AS origin, {columns} "
            f"FROM feed_{position} f JOIN feed_candidates l ON l.rn = f.rn AND {of_file('l', position)} WHERE {alone}",
            f"SELECT {DOUBTFUL} AS origin, {columns} "
            f"FROM feed_{position} f JOIN register_persons l ON l.id_no = upper(f.i_id_no) "
            f"WHERE f.status = 'rejected' AND {alone}",
        ]
    return sources


def _columns(
    engine: Engine, entity: Entity, file: FeedFile, position: int, unknown: frozenset[str] = frozenset()
) -> str:
    """The entity's columns out of a feed `f` and its link `l`; the key is made of the file's name and the row."""
    present = engine.columns(f"feed_{position}")
    columns = []
    for name, field in entity.fields.items():
        if name in ("person_id", "household_id"):
            value = f"l.{name}"
        elif name == entity.key:
            mark = " || ':' || l.person_id" if unknown else ""
            value = f"{quote(file.name)} || ':' || f.row_id{mark}"
        else:
            given = name in present and name not in unknown
            value = f"f.{quote_name(name)}" if given else f"CAST(NULL AS {field.storage})"
        columns.append(f"{value} AS {quote_name(name)}")
    return ", ".join(columns)


def _one_fact_once(entity: Entity, rule: Rule, sources: Sequence[str]) -> str:
    """Rows of all sources; where several tell one fact, the register's row, then the lowest key, stays."""
    key = quote_name(entity.key)
    columns = ", ".join(quote_name(name) for name in entity.fields)
    if not rule.joins:
        return f"SELECT {columns} FROM ({sources[0]}) ORDER BY {key}"
    if rule.newest_by:
        group = quote_name(entity.parent_key)
        order = f"{quote_name(rule.newest_by)} DESC NULLS LAST, origin DESC, {key}"
    else:
        group = ", ".join(quote_name(name) for name in rule.same_when)
        order = f"origin, {key}"
    kept = f"QUALIFY row_number() OVER (PARTITION BY {group} ORDER BY {order}) = 1"
    return f"SELECT {columns} FROM ({' UNION ALL '.join(sources)}) {kept} ORDER BY {key}"
