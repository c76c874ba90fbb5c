"""What rules are about: entities, their fields, and which entity is a collection of which.

The rule language knows nothing of households or poverty. Whoever uses it says what there is: usually
built from the dictionary, in tests by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TYPES = ("text", "int", "fen", "ratio", "date", "bool")


@dataclass(frozen=True)
class Field:
    """One column of an entity. `type` is one of `TYPES`; `unit` such as "fen/year"; `nullable` false means
    that no row lacks it, which spares the SQL a guard."""

    type: str
    unit: str | None = None
    label_zh: str = ""
    nullable: bool = True

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"field type {self.type!r} is none of {TYPES}")


@dataclass(frozen=True)
class Entity:
    """One kind of thing with a table of its own.

    An entity with a `parent` is a collection of it, under the name `collection` (or its table's name);
    its table holds the parent's key in a column of the same name.
    """

    name: str
    table: str
    key: str
    parent: str | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    collection: str = ""
    label_zh: str = ""

    @property
    def collection_names(self) -> tuple[str, ...]:
        """The names under which the parent's rules may ask for this collection, the preferred one first."""
        return (self.collection, self.table) if self.collection and self.collection != self.table else (self.table,)


@dataclass(frozen=True)
class Schema:
    """All entities. `root` is the entity that has a region and whose results are asked for by default."""

    entities: Mapping[str, Entity]
    root: str = "household"
    region: str = "region_code"

    def __post_init__(self) -> None:
        if self.root not in self.entities:
            raise ValueError(f"no entity {self.root!r}")
        for entity in self.entities.values():
            if entity.parent is not None and entity.parent not in self.entities:
                raise ValueError(f"{entity.name}: no parent entity {entity.parent!r}")

    @classmethod
    def of(cls, *entities: Entity, root: str = "household", region: str = "region_code") -> Schema:
        """A schema of these entities."""
        return cls({entity.name: entity for entity in entities}, root, region)

    def children(self, entity: str) -> list[Entity]:
        """The entities that are collections of `entity`."""
        return [child for child in self.entities.values() if child.parent == entity]

    def collection(self, entity: str, name: str) -> Entity | None:
        """The collection that rules of `entity` call `name`, if there is one."""
        return next((child for child in self.children(entity) if name in child.collection_names), None)

    def lineage(self, entity: str) -> list[str]:
        """`entity`, its parent, and so on up."""
        chain = [entity]
        while (parent := self.entities[chain[-1]].parent) is not None:
            chain.append(parent)
        return chain
