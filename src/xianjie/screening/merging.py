"""The register's own rows and the linked rows of departments' files, entity by entity.

How rows of two sources that tell the same fact are told apart from two facts stands in `merging.yaml`.
An entity for which there is neither a table nor a file stays absent: unknown, not empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from xianjie.dictionary import Entity, dictionary
from xianjie.engines import Engine, quote, quote_name
from xianjie.screening.linking import FeedFile


@cache
def merging_rules() -> dict[str, dict[str, Any]]:
    """Entity → how its rows from several sources are brought together."""
    rules: dict[str, dict[str, Any]] = yaml.safe_load(
        (Path(__file__).parent / "merging.yaml").read_text(encoding="utf-8")
    )
    for name, rule in rules.items():
        fields = dictionary().entities[name].fields
        named = [*rule.get("same_when", []), *([rule["newest_by"]] if "newest_by" in rule else [])]
        if unknown := [field for field in named if field not in fields]:
            raise ValueError(f"merging.yaml: {name} has no field {unknown}")
    return rules


def merge_entities(engine: Engine, files: Sequence[FeedFile], register: dict[str, Path], out: Path) -> dict[str, int]:
    """Write one Parquet file per entity into `out`; gives the rows of each. `register`: table → its file.

    Needs the tables `feed_links` and `feed_N` of `link_feeds`.
    """
    counts: dict[str, int] = {}
    for entity in dictionary().entities.values():
        own = [_register_rows(entity, f"register_{entity.table}")] if entity.table in register else []
        handed_in = [
            _feed_rows(engine, entity, file, position)
            for position, file in enumerate(files)
            if file.entity == entity.entity and entity.entity in merging_rules()
        ]
        if own or handed_in:
            rows = (
                _one_fact_once(entity, [*(f"SELECT 0 AS origin, * FROM ({one})" for one in own), *handed_in])
                if handed_in
                else own[0]
            )
            counts[entity.table] = engine.write_parquet(rows, out / f"{entity.table}.parquet")
    return counts


def _register_rows(entity: Entity, table: str) -> str:
    columns = ", ".join(quote_name(name) for name in entity.fields)
    return f"SELECT {columns} FROM {quote_name(table)}"


def _feed_rows(engine: Engine, entity: Entity, file: FeedFile, position: int) -> str:
    present = engine.columns(f"feed_{position}")
    columns = []
    for name, field in entity.fields.items():
        if name == entity.key:
            value = f"{quote(file.name)} || ':' || f.row_id"
        elif name in ("person_id", "household_id"):
            value = f"l.{name}"
        else:
            value = f"f.{quote_name(name)}" if name in present else f"CAST(NULL AS {field.storage})"
        columns.append(f"{value} AS {quote_name(name)}")
    owner = "person_id" if entity.parent == "person" else "household_id"
    return (
        f"SELECT {position + 1} AS origin, {', '.join(columns)} FROM feed_{position} f "
        f"JOIN feed_links l ON l.feed = {position} AND l.row_id = f.row_id WHERE l.{owner} IS NOT NULL"
    )


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
