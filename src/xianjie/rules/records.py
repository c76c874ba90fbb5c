"""One household as nested dictionaries → a tree of records whose values have the schema's types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from xianjie.messages import UserError
from xianjie.rules.schema import Entity, Schema


class Record:
    """One row of an entity with its parent and its collections.

    `children(entity)` is None when the record does not say what belongs to it, which is not the same as
    an empty list. `given` holds fields and, where a case fixes them, results of rules.
    """

    __slots__ = ("collections", "entity", "given", "key", "memo", "parent")

    def __init__(self, entity: str, key: str, given: dict[str, Any], parent: Record | None) -> None:
        self.entity, self.key, self.given, self.parent = entity, key, given, parent
        self.collections: dict[str, list[Record]] = {}
        self.memo: dict[str, Any] = {}

    def children(self, entity: str) -> list[Record] | None:
        """The records of a collection, None when not stated."""
        return self.collections.get(entity)


def read_record(
    data: Mapping[str, Any], schema: Schema, rules: Mapping[tuple[str, str], str], strict: bool = False
) -> Record:
    """Build the tree from `data`: fields of the root entity, and collections as lists under their names.

    Money is whole fen, dates are dates or ISO text. `rules` gives the result types of rules, by (entity,
    name): a rule named in the data is taken as given there. `strict` refuses keys that mean nothing.
    Raises `UserError` for a value of the wrong type.
    """
    return _read(data, schema.entities[schema.root], schema, rules, strict, None, 1)


def _read(
    data: Mapping[str, Any],
    entity: Entity,
    schema: Schema,
    rules: Mapping[tuple[str, str], str],
    strict: bool,
    parent: Record | None,
    position: int,
) -> Record:
    if not isinstance(data, Mapping):
        raise UserError("rules.record_no_mapping", entity=entity.name, value=str(data)[:40])
    key = str(data.get(entity.key) or (f"{parent.key}/{entity.name}{position}" if parent else entity.name))
    record = Record(entity.name, key, {}, parent)
    for name, value in data.items():
        child = schema.collection(entity.name, name)
        kind = entity.fields[name].type if name in entity.fields else rules.get((entity.name, name))
        if child is not None:
            if value is not None:
                record.collections[child.name] = [
                    _read(item, child, schema, rules, strict, record, number)
                    for number, item in enumerate(_list(value, name, key), start=1)
                ]
        elif kind is not None:
            record.given[name] = typed(value, kind, name, key)
        elif strict and name != entity.key and name not in (schema.region, *parent_keys(schema, entity)):
            raise UserError("rules.record_unknown_key", entity=entity.name, key=key, name=name)
        else:
            record.given.setdefault(name, value)
    return record


def parent_keys(schema: Schema, entity: Entity) -> list[str]:
    """Key columns of the entities above, which rows may carry."""
    return [schema.entities[name].key for name in schema.lineage(entity.name)[1:]]


def _list(value: Any, name: str, key: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise UserError("rules.record_wrong_type", name=name, key=key, type="list", value=str(value)[:40])
    return list(value)


def typed(value: Any, kind: str, name: str, key: str) -> Any:
    """`value` as the type `kind`. Raises `UserError` when it is not of that type."""
    if value is None:
        return None
    whole = isinstance(value, int) and not isinstance(value, bool)
    if kind in ("int", "fen") and whole:
        return value
    if kind == "ratio" and (whole or isinstance(value, float)):
        return float(value)
    if (kind == "bool" and isinstance(value, bool)) or (kind == "text" and isinstance(value, str)):
        return value
    if kind == "date":
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
    raise UserError("rules.record_wrong_type", name=name, key=key, type=kind, value=str(value)[:40])
