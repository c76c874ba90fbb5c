"""The shapes of the dictionary's YAML: what a field, an entity, a code list and a department are."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

FieldType = Literal[
    "text",
    "name",
    "id_no",
    "disability_no",
    "phone",
    "account",
    "region",
    "code",
    "int",
    "fen",
    "number",
    "date",
    "bool",
]
Sensitivity = Literal["public", "internal", "personal", "secret", "health"]
Trust = Literal["stated", "regulation", "local", "unverified"]

# What a value is stored as, in Parquet and in every engine. Money is integer fen; IDs and codes are text.
STORAGE: dict[str, str] = {
    "text": "VARCHAR",
    "name": "VARCHAR",
    "id_no": "VARCHAR",
    "disability_no": "VARCHAR",
    "phone": "VARCHAR",
    "account": "VARCHAR",
    "region": "VARCHAR",
    "code": "VARCHAR",
    "int": "BIGINT",
    "fen": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "bool": "BOOLEAN",
}


class Strict(BaseModel):
    """A YAML shape that refuses keys it does not know, so that a typing slip is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class CodeValue(Strict):
    """One value of a code list: labels, and other words that real files use for it."""

    zh: str
    en: str
    also: tuple[str, ...] = ()


class CodeList(Strict):
    """A code list 代码表: value → labels, with the standard it comes from.

    `trust` is said where it is not plain: `unverified` until somebody has compared the list with its source.
    """

    zh: str = ""
    en: str = ""
    source: str
    trust: Trust | None = None
    values: dict[str, CodeValue]

    def words(self) -> dict[str, str]:
        """Every word that stands for a value (value, labels, other words) → the value."""
        return {
            word: value
            for value, labels in reversed(self.values.items())
            for word in (*labels.also, labels.en, labels.zh, value)
        }


class TypeWords(Strict):
    """What people call a type of field, with an invented example, a hint for whoever fills it in, and lengths."""

    zh: str
    en: str
    example: str = ""
    lengths: tuple[int, int] | None = None
    hint_zh: str = ""
    hint_en: str = ""


class UnitWords(Strict):
    """What people call a unit, and further words for it in headers."""

    zh: str
    en: str
    also: tuple[str, ...] = ()


class Writing(Strict):
    """How people write types, units and headers (`writing.yaml`)."""

    types: dict[FieldType, TypeWords]
    units: dict[str, UnitWords]
    signs: str
    marks: tuple[str, ...]

    def unit_zh(self, unit: str) -> str:
        """The unit for a Chinese reader: "fen/person/year" as 元/人/年; empty for no unit."""
        return "/".join(self.units[part].zh for part in unit.split("/")) if unit else ""

    def unit_en(self, unit: str) -> str:
        """The unit for an English reader: "fen/month" as yuan/month; empty for no unit."""
        return "/".join(self.units[part].en for part in unit.split("/")) if unit else ""


class Department(Strict):
    """A department 行业部门 that hands in data."""

    zh: str
    en: str
    aliases: tuple[str, ...] = ()


class DictionaryField(Strict):
    """A field 字段: labels, type, unit, codes, plausible range, sensitivity, names in real files.

    `min` and `max` are in stored units (fen for money) and bound what is plausible; a value outside is
    told, not dropped. Money is in `fen` unless its unit says a period. `opposites` are column names that ask
    the same question the other way round: their yes is this field's no.
    """

    name: str
    zh: str
    en: str = ""
    type: FieldType
    unit: str = ""
    codes: str = ""
    required: bool = False
    sensitivity: Sensitivity
    source: str = ""
    min: float | None = None
    max: float | None = None
    aliases: tuple[str, ...] = ()
    opposites: tuple[str, ...] = ()
    about: str = ""

    @model_validator(mode="before")
    @classmethod
    def _money_is_fen(cls, raw: Any) -> Any:
        return {**raw, "unit": raw.get("unit") or "fen"} if isinstance(raw, dict) and raw.get("type") == "fen" else raw

    @model_validator(mode="after")
    def _codes_go_with_code(self) -> DictionaryField:
        if (self.type == "code") != bool(self.codes):
            raise ValueError(f"{self.name}: a field of type code names its code list, and no other does")
        if self.opposites and self.type != "bool":
            raise ValueError(f"{self.name}: only a yes-or-no field has opposites")
        return self

    @property
    def storage(self) -> str:
        """The stored type, as an SQL type name."""
        return STORAGE[self.type]

    @property
    def headers(self) -> tuple[str, ...]:
        """Column names by which real files call this field, the label first."""
        return (self.zh, *self.aliases)


class Entity(Strict):
    """An entity 实体: a table of the data folder, its key, its owner and its fields."""

    entity: str
    table: str
    zh: str
    en: str
    about: str
    key: str
    parent: str = ""
    collection: str = ""
    source: str = ""
    validity: tuple[str, ...] = ()
    fields: dict[str, DictionaryField] = Field(default_factory=dict)

    @property
    def parent_key(self) -> str:
        """The column that holds the owner's key, empty for an entity without owner."""
        return f"{self.parent}_id" if self.parent else ""

    @property
    def members(self) -> str:
        """The name by which the owner's rules call the rows of this entity."""
        return self.collection or self.table
