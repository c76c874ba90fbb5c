"""Dictionary rows ↔ the register's rows: what is a column, what stands in `data`, what is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any

from pypinyin import Style, lazy_pinyin, pinyin

from xianjie.dictionary import dictionary
from xianjie.dictionary.model import DictionaryField
from xianjie.web.registry.models import Household, Person
from xianjie.web.sealing import index_of, seal, unseal

HOUSEHOLD_COLUMNS = ("household_id", "region_code", "head_name", "household_type", "group_name")
PERSON_COLUMNS = (
    "person_id", "household_id", "region_code", "name", "sex", "birth_date", "relation", "id_no", "phone", "alive",
)  # fmt: skip
SEALED = "secret"  # the sensitivity whose values are sealed inside `data`


@cache
def fields_of(entity: str) -> dict[str, DictionaryField]:
    """The dictionary's fields of an entity by name."""
    return dictionary().entities[entity].fields


def initials_of(name: str) -> str:
    """The pinyin initials of a name in small letters: 王小明 is wxm; letters stay, other signs go.

    Characters with one reading are looked up; a name with another is read as a whole (which takes ten times as long).
    """
    letters = [_only_letter(character) for character in name]
    return read_whole(name) if None in letters else "".join(map(str, letters))[:20]


@lru_cache(maxsize=100_000)
def read_whole(name: str) -> str:
    """The initials of a name, each character read as its neighbours ask for."""
    letters = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER, errors="default")).lower()
    return "".join(letter for letter in letters if letter.isalnum())[:20]


@cache
def _only_letter(character: str) -> str | None:
    """The initial of a character that is always read with the same one; None for others."""
    readings = pinyin(character, style=Style.FIRST_LETTER, heteronym=True, errors="default")
    return read_whole(character) if len({reading for one in readings for reading in one}) == 1 else None


def pack_value(field: DictionaryField, value: Any) -> Any:
    """A value as `data` keeps it: dates as ISO text, secret numbers sealed."""
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()
    return seal(str(value)) if field.sensitivity == SEALED else value


def unpack_value(field: DictionaryField, value: Any) -> Any:
    """The value that `pack_value` kept."""
    if value is None:
        return None
    if field.type == "date":
        return date.fromisoformat(value)
    return unseal(value) if field.sensitivity == SEALED else value


def pack(entity: str, values: Mapping[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The `data` of a row: every field with a value that is no column of its own."""
    return {
        name: pack_value(field, values[name])
        for name, field in fields_of(entity).items()
        if name not in without and values.get(name) is not None
    }


def unpack(entity: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that `pack` kept, as the dictionary types them."""
    fields = fields_of(entity)
    return {name: unpack_value(fields[name], value) for name, value in data.items() if name in fields}


def household_row(values: Mapping[str, Any]) -> Household:
    """A household of the dictionary's fields, not saved yet."""
    return Household(
        **{name: values.get(name) or "" for name in HOUSEHOLD_COLUMNS},
        initials=initials_of(values.get("head_name") or ""),
        data=pack("household", values, HOUSEHOLD_COLUMNS),
    )


def person_row(values: Mapping[str, Any]) -> Person:
    """A person of the dictionary's fields, not saved yet."""
    return Person(
        person_id=values["person_id"],
        household_id=values.get("household_id"),
        region_code=values["region_code"],
        name=values["name"],
        initials=initials_of(values["name"]),
        sex=values.get("sex") or "",
        birth_date=values.get("birth_date"),
        relation=values.get("relation") or "",
        id_no=values.get("id_no"),
        id_index=index_of(values.get("id_no")),
        phone=values.get("phone"),
        phone_index=index_of(values.get("phone")),
        alive=values.get("alive"),
        data=pack("person", values, PERSON_COLUMNS),
    )


def household_values(household: Household) -> dict[str, Any]:
    """Every dictionary field of a household, in the dictionary's order; unknown ones are None."""
    known = {name: getattr(household, name) or None for name in HOUSEHOLD_COLUMNS}
    known.update(unpack("household", household.data))
    return {name: known.get(name) for name in fields_of("household")}


def person_values(person: Person) -> dict[str, Any]:
    """Every dictionary field of a person, in the dictionary's order; unknown ones are None."""
    known = {name: getattr(person, name) for name in PERSON_COLUMNS}
    known.update(unpack("person", person.data))
    return {name: (None if known.get(name) == "" else known.get(name)) for name in fields_of("person")}
