"""The dictionary as the rule language's schema."""

from __future__ import annotations

from functools import cache

from xianjie.dictionary import Entity, dictionary
from xianjie.rules import schema as rules_schema

# How the dictionary's types look to rules: codes, names and numbers of papers are all text.
_TYPES = {"int": "int", "fen": "fen", "number": "ratio", "date": "date", "bool": "bool"}


@cache
def rule_schema() -> rules_schema.Schema:
    """Every entity that belongs to a household or a person, and these two themselves."""
    entities = [_entity(entity) for entity in dictionary().entities.values() if _is_of_a_household(entity)]
    return rules_schema.Schema.of(*entities, root="household", region="region_code")


def _is_of_a_household(entity: Entity) -> bool:
    return entity.entity == "household" or entity.parent in ("household", "person")


def _entity(entity: Entity) -> rules_schema.Entity:
    fields = {
        name: rules_schema.Field(
            type=_TYPES.get(field.type, "text"),
            unit=field.unit or None,
            label_zh=field.zh,
            # A row in review leaves required fields unknown, so only keys are sure to be there.
            nullable=name not in (entity.key, entity.parent_key),
        )
        for name, field in entity.fields.items()
    }
    return rules_schema.Entity(
        name=entity.entity,
        table=entity.table,
        key=entity.key,
        parent=entity.parent or None,
        fields=fields,
        collection=entity.collection,
        label_zh=entity.zh,
    )
