"""The register's tables as the data folder holds them ↔ the database's rows: what goes where, for reading and writing.

DuckDB turns a row's many fields into one JSON text and back, so that Python handles a few columns a row. Values of
secret fields come apart from that text, for they are sealed and unsealed one by one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from django.db.models import Model

from xianjie.dictionary import Entity, dictionary
from xianjie.engines import quote_name
from xianjie.web.daily.models import PlaceRow
from xianjie.web.registry.models import Fact, Household, Person
from xianjie.web.registry.records import HOUSEHOLD_COLUMNS, PERSON_COLUMNS, SEALED
from xianjie.web.sealing import seal

REGION = "region"


@dataclass(frozen=True)
class Table:
    """One entity of the register and the model that keeps its rows.

    `columns` are those fields that have a database column of their own (in the order of `select_sql`); everything
    else stands in `data`, without what is `secret`, which follows it.
    """

    entity: Entity
    model: type[Model]
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The table's name in the data folder."""
        return self.entity.table

    @cached_property
    def secret(self) -> tuple[str, ...]:
        """Fields inside `data` that are sealed."""
        return tuple(
            name
            for name, field in self.entity.fields.items()
            if field.sensitivity == SEALED and name not in self.columns
        )

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """Fields inside `data` that are kept as they are."""
        apart = {*self.columns, *self.secret}
        return tuple(name for name in self.entity.fields if name not in apart)

    @property
    def data_sql(self) -> str:
        """The JSON text of `data` without the secret fields and without those that have no value."""
        fields = ", ".join(f"{quote_name(name)}: t.{quote_name(name)}" for name in self.plain)
        return f"CAST(json_merge_patch('{{}}', to_json({{{fields}}})) AS VARCHAR)"

    @property
    def secret_sql(self) -> str:
        """The secret fields as further columns, each led by a comma."""
        return "".join(f", t.{quote_name(name)}" for name in self.secret)


@cache
def tables() -> tuple[Table, ...]:
    """Every table of the register in the order of loading: households, people, what is known of them, of places."""
    known = dictionary().entities
    found = [
        Table(known["household"], Household, HOUSEHOLD_COLUMNS),
        Table(known["person"], Person, PERSON_COLUMNS),
    ]
    for entity in known.values():
        if entity.entity in ("household", "person", REGION):
            continue
        if entity.parent in ("household", "person"):
            owners = tuple(name for name in ("household_id", "person_id") if name in entity.fields)
            found.append(Table(entity, Fact, (entity.key, *owners)))
        else:
            found.append(Table(entity, PlaceRow, ()))
    return tuple(found)


def sealed_data(data: str, names: Sequence[str], values: Sequence[str | None]) -> str:
    """The JSON text `data` with the sealed values of the secret fields that have one."""
    extra = [
        f"{json.dumps(name)}:{json.dumps(seal(value))}" for name, value in zip(names, values, strict=True) if value
    ]
    if not extra:
        return data
    return "{" + ",".join([*([data[1:-1]] if data != "{}" else []), *extra]) + "}"
