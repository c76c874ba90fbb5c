"""The dictionary in memory: loaded once from this folder's YAML."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import yaml

from xianjie.dictionary.model import CodeList, Department, DictionaryField, Entity

FOLDER = Path(__file__).parent


class Dictionary:
    """All entities, code lists and departments, with the look-ups that every room needs."""

    def __init__(
        self, entities: dict[str, Entity], codes: dict[str, CodeList], departments: dict[str, Department]
    ) -> None:
        self.entities = entities
        self.codes = codes
        self.departments = departments
        self._by_table = {entity.table: entity for entity in entities.values()}

    def by_table(self, table: str) -> Entity | None:
        """The entity whose rows stand in `table`, or None."""
        return self._by_table.get(table)

    def columns(self, entity: str) -> dict[str, str]:
        """Column → SQL type of an entity's table, in the dictionary's order."""
        return {name: field.storage for name, field in self.entities[entity].fields.items()}

    def field_of_header(self, entity: str, header: str) -> DictionaryField | None:
        """The field that a column of a real file holds, by its canonical name, label or alias."""
        return self._headers(entity).get(normal_header(header))

    def words(self, codes: str) -> dict[str, str]:
        """Word → value of a code list, words as `normal_word` leaves them."""
        return {normal_word(word): value for word, value in self.codes[codes].words().items()}

    def label(self, codes: str, value: str | None) -> str:
        """The Chinese label of a code value; the value itself when the list does not know it."""
        known = self.codes[codes].values.get(value or "")
        return known.zh if known else (value or "")

    def department_of(self, word: str) -> str | None:
        """The department's id for its id, name or alias."""
        return _department_words(self).get(word.strip())

    @cache  # noqa: B019 - one dictionary lives as long as the process
    def _headers(self, entity: str) -> dict[str, DictionaryField]:
        headers: dict[str, DictionaryField] = {}
        for field in self.entities[entity].fields.values():
            for header in (field.name, *field.headers):
                headers.setdefault(normal_header(header), field)
        return headers


def _department_words(dictionary: Dictionary) -> dict[str, str]:
    return {
        word: name
        for name, department in dictionary.departments.items()
        for word in (name, department.zh, *department.aliases)
    }


def normal_word(word: str) -> str:
    """A word as code lists compare it: half-width, no blanks, lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", word)).lower()


def normal_header(header: str) -> str:
    """A column name as it is compared: half-width, no blanks, stars, colons, or unit in brackets (元)."""
    text = normal_word(header)
    text = re.sub(r"[*:#]", "", text)
    return re.sub(r"\((元|万元|元/年|元/月|亩|公里|平方米|户|人|个|升|米|分钟|天|月|是/否|单选|必填|选填)\)", "", text)


def header_multiplier(header: str) -> int:
    """How many yuan one unit of a money column is: 10,000 under (万元), else 1."""
    return 10_000 if "万元" in normal_word(header) else 1


def _read(path: Path) -> dict[str, object]:
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(loaded, dict):
        raise ValueError(f"{path.name}: a mapping was expected")
    return loaded


def _entity(path: Path) -> Entity:
    raw = _read(path)
    fields = raw.pop("fields")
    if not isinstance(fields, dict):
        raise ValueError(f"{path.name}: fields is not a mapping")
    named = {name: DictionaryField(name=name, **facts) for name, facts in fields.items()}
    entity = Entity.model_validate({**raw, "fields": named})
    if entity.entity != path.stem:
        raise ValueError(f"{path.name} describes {entity.entity}")
    return entity


@cache
def dictionary() -> Dictionary:
    """The dictionary. Raises `ValueError` (with the file) when a YAML file is not of its shape."""
    entities = {path.stem: _entity(path) for path in sorted((FOLDER / "entities").glob("*.yaml"))}
    codes = {name: CodeList.model_validate(raw) for name, raw in _read(FOLDER / "codes.yaml").items()}
    departments = {name: Department.model_validate(raw) for name, raw in _read(FOLDER / "departments.yaml").items()}
    for entity in entities.values():
        unknown = [field.codes for field in entity.fields.values() if field.codes and field.codes not in codes]
        if unknown or entity.key not in entity.fields or (entity.parent and entity.parent_key not in entity.fields):
            raise ValueError(f"{entity.entity}: unknown code list {unknown}, or its key or owner's key is no field")
    return Dictionary(entities, codes, departments)
