"""The register's own rows and the linked rows of departments' files, entity by entity.

How rows of two sources that tell the same fact are told apart from two facts stands in `merging.yaml`.
An entity for which there is neither a table nor a file stays absent: unknown, not empty.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from xianjie.dictionary import Entity, dictionary
from xianjie.engines import Engine, quote, quote_name
from xianjie.screening.linking import FeedFile, of_file

DOUBTFUL = 1_000_000  # origin of rows in review: any other source of the same fact comes before them


@cache
def merging_rules() -> dict[str, dict[str, Any]]:
    """Entity → how its rows from several sources are brought together."""
    rules: dict[str, dict[str, Any]] = yaml.load(
        (Path(__file__).parent / "merging.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
    )
    for name, rule in rules.items():
        fields = dictionary().entities[name].fields
        named = [
            *rule.get("same_when", []),
            *([rule["newest_by"]] if "newest_by" in rule else []),
            *rule.get("doubtful", []),
        ]
        if unknown := [field for field in named if field not in fields]:
            raise ValueError(f"merging.yaml: {name} has no field {unknown}")
    return rules


def merge_entities(engine: Engine, files: Sequence[FeedFile], register: dict[str, Path], out: Path) -> dict[str, int]:
    """Write one Parquet file per entity into `out`; gives the rows of each. `register`: table → its file.

    Needs the tables `feed_links` and `feed_N` of `link_feeds`.
    """
    counts: dict[str, int] = {}
    for entity in dictionary().entities.values():
        table = f"register_{entity.table}"
        target = out / f"{entity.table}.parquet"
        own = [_register_rows(entity, table)] if entity.table in register else []
        handed_in = _handed_in(engine, entity, files)
        if handed_in:
            counts[entity.table] = engine.write_parquet(_one_fact_once(entity, own + handed_in), target)
        elif own:
            # Nothing joins the register's own rows: its canonical file is the entity's file.
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(register[entity.table], target)
            counts[entity.table] = int(engine.value(f"SELECT count(*) FROM {quote_name(table)}"))
    return counts


def _handed_in(engine: Engine, entity: Entity, files: Sequence[FeedFile]) -> list[str]:
    """SQL of the rows that departments' files bring to an entity: linked ones, then doubtful ones."""
    rule = merging_rules().get(entity.entity)
    if rule is None:
        return []
    its_files = [(position, file) for position, file in enumerate(files) if file.entity == entity.entity]
    rows = [_feed_rows(engine, entity, file, position) for position, file in its_files]
    if unknown := rule.get("doubtful", []):
        rows += [_doubtful_rows(engine, entity, file, position, unknown) for position, file in its_files]
    return rows


def _register_rows(entity: Entity, table: str) -> str:
    columns = ", ".join(quote_name(name) for name in entity.fields)
    return f"SELECT 0 AS origin, {columns} FROM {quote_name(table)}"


def _feed_rows(engine: Engine, entity: Entity, file: FeedFile, position: int) -> str:
    owner = "person_id" if entity.parent == "person" else "household_id"
    linked = f"JOIN feed_links l ON l.rn = f.rn AND {of_file('l', position)} WHERE l.{owner} IS NOT NULL"
    return (
        f"SELECT {position + 1} AS origin, {_columns(engine, entity, file, position)} FROM feed_{position} f {linked}"
    )


def _doubtful_rows(engine: Engine, entity: Entity, file: FeedFile, position: int, unknown: Sequence[str]) -> str:
    """Rows in review, once for each candidate, with the fields that decide left unknown."""
    columns = _columns(engine, entity, file, position, frozenset(unknown))
    return (
        f"SELECT {DOUBTFUL} AS origin, {columns} FROM feed_{position} f "
        f"JOIN feed_candidates l ON l.rn = f.rn AND {of_file('l', position)} "
        f"WHERE NOT EXISTS (SELECT 1 FROM feed_links k WHERE {of_file('k', position)} AND k.person_id = l.person_id)"
    )


def _columns(
    engine: Engine, entity: Entity, file: FeedFile, position: int, unknown: frozenset[str] = frozenset()
) -> str:
    """The entity's columns out of a feed `f` and its link `l`; the key is made of the file's name and the row."""
    present = engine.columns(f"feed_{position}")
    columns = []
    for name, field in entity.fields.items():
        if name == entity.key:
            mark = " || ':' || l.person_id" if unknown else ""
            value = f"{quote(file.name)} || ':' || f.row_id{mark}"
        elif name in ("person_id", "household_id"):
            value = f"l.{name}"
        else:
            given = name in present and name not in unknown
            value = f"f.{quote_name(name)}" if given else f"CAST(NULL AS {field.storage})"
        columns.append(f"{value} AS {quote_name(name)}")
    return ", ".join(columns)


def _one_fact_once(entity: Entity, sources: Sequence[str]) -> str:
    """Rows of all sources; where several tell one fact, the register's row, then the lowest key, stays."""
    rule = merging_rules()[entity.entity]
    key = quote_name(entity.key)
    if "newest_by" in rule:
        group = quote_name(entity.parent_key)
        order = f"{quote_name(rule['newest_by'])} DESC NULLS LAST, origin DESC, {key}"
    else:
        group = ", ".join(quote_name(name) for name in rule["same_when"])
        order = f"origin, {key}"
    kept = f"QUALIFY row_number() OVER (PARTITION BY {group} ORDER BY {order}) = 1"
    columns = ", ".join(quote_name(name) for name in entity.fields)
    return f"SELECT {columns} FROM ({' UNION ALL '.join(sources)}) {kept} ORDER BY {key}"
