"""Results of a whole population, as SQL and run on an engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path
from typing import Any

from sqlglot import exp

from xianjie.engines import Engine
from xianjie.rules.forms import TYPES, name_of
from xianjie.rules.plan import Plan
from xianjie.rules.policy import Policy
from xianjie.rules.sql import Statement, table_of

# Engine types that hold a rule language type as they are; anything else is cast where it is read.
HELD_AS = {
    "int": ("BIGINT",), "fen": ("BIGINT",), "ratio": ("DOUBLE",), "date": ("DATE",), "bool": ("BOOLEAN",),
    "text": ("VARCHAR", "STRING"),
}  # fmt: skip


@dataclass(frozen=True)
class Data:
    """What the SQL must know of the data: `regions` in them (None: any), tables and `table.column`s that they
    lack, and columns to cast, by `table.column`, because they are held in another type."""

    regions: tuple[str | None, ...] | None = None
    absent: frozenset[str] = frozenset()
    casts: dict[str, str] = field(default_factory=dict)


def sql(
    policy: Policy,
    results: list[str],
    *,
    date: Date,
    dialect: str = "duckdb",
    entity: str | None = None,
    regions: Sequence[str | None] | None = None,
    region: str | None = None,
    absent: Iterable[str] = (),
    ordered: bool = False,
    missing: bool = False,
) -> str:
    """One statement that gives the key and `results` (rules or fields) of every row of `entity`'s table.

    `regions` are the region codes in the data (default: every region the policy knows); `region` puts all
    households under one region's policy. `absent` names tables, and columns as `table.column`, that the
    data lack. `missing` adds, beside each result that may be unknown, `<result>__missing`: what would have
    to be known, joined by semicolons (`person.birth_date;parameter:line`); an aggregate in a branch that
    was not taken may be named too.
    """
    here = (region,) if region is not None else (None if regions is None else tuple(regions))
    data = Data(here, frozenset(absent))
    built = statement(
        policy, results, data, date=date, dialect=dialect, entity=entity, ordered=ordered, missing=missing
    )
    return built.sql(dialect, copy=False)


def statement(
    policy: Policy,
    results: list[str],
    data: Data,
    *,
    date: Date,
    dialect: str,
    entity: str | None = None,
    ordered: bool = False,
    missing: bool = False,
) -> exp.Select:
    """As `sql`, as a syntax tree to build on."""
    name = entity or policy.schema.root
    for result in results:
        if result not in policy.schema.entities[name].fields:
            policy.find(result, name)
    classes = {policy.nearest(one) for one in (policy.regions if data.regions is None else data.regions)}
    plan = Plan(policy, name, results, date, sorted(classes), data.absent)
    return Statement(plan, dialect, data.casts).build(ordered, missing)


def inspect(policy: Policy, engine: Engine, region: str | None = None) -> Data:
    """What an engine's tables hold, lack, and hold in another type than the schema says.

    `region`, if given, stands for the regions in the data.
    """
    absent: set[str] = set()
    casts: dict[str, str] = {}
    for entity in policy.schema.entities.values():
        if not engine.has(entity.table):
            absent.add(entity.table)
            continue
        columns = engine.columns(entity.table)
        for name, declared in entity.fields.items():
            if name not in columns:
                absent.add(f"{entity.table}.{name}")
            elif columns[name].upper() not in HELD_AS[declared.type]:
                casts[f"{entity.table}.{name}"] = TYPES[declared.type]
    return Data(_regions(policy, engine, region, absent), frozenset(absent), casts)


def _regions(policy: Policy, engine: Engine, region: str | None, absent: set[str]) -> tuple[str | None, ...]:
    root = policy.schema.entities[policy.schema.root]
    if region is not None:
        return (region,)
    if {root.table, f"{root.table}.{policy.schema.region}"} & absent or policy.schema.region not in root.fields:
        return (None,)
    query = exp.select(name_of(policy.schema.region)).distinct().from_(table_of(root.table))
    return tuple(row[0] for row in engine.rows(query.sql(engine.dialect)))


def compute(
    policy: Policy,
    engine: Engine,
    results: list[str],
    *,
    date: Date,
    out: Path | None = None,
    entity: str | None = None,
    region: str | None = None,
    ordered: bool = True,
    missing: bool = False,
) -> int | list[dict[str, Any]]:
    """Run `results` over the engine's tables (`households`, `persons` … tables or views).

    With `out` the rows go to a Parquet file and their number comes back; without, the rows themselves, for
    small populations. A table or column that is not there makes what reads it unknown.
    """
    built = statement(
        policy, results, inspect(policy, engine, region), date=date, dialect=engine.dialect, entity=entity,
        ordered=ordered, missing=missing,
    )  # fmt: skip
    text = built.sql(engine.dialect, copy=False)
    return engine.write_parquet(text, out) if out is not None else engine.records(text)
