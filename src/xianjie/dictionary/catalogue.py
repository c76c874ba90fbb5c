"""The dictionary in memory: loaded once from this folder's YAML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from xianjie.dictionary.model import CodeList, Department, DictionaryField, Entity, Writing

FOLDER = Path(__file__).parent
# libyaml reads the dictionary in a tenth of the time; an installation without it still works.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Blanks of every kind, and characters without a width that come along when text is pasted.
_BLANKS = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")


class Dictionary:
    """All entities, code lists and departments, with the look-ups that every room needs."""

    def __init__(
        self, entities: dict[str, Entity], codes: dict[str, CodeList], departments: dict[str, Department]
    ) -> None:
        self.entities = entities
        self.codes = codes
        self.own_codes = tuple(codes)
        self.departments = departments
        self._by_table = {entity.table: entity for entity in entities.values()}

    def by_table(self, table: str) -> Entity | None:
        """The entity whose rows stand in `table`, or None."""
        return self._by_table.get(table)

    def add_codes(self, lists: Mapping[str, CodeList]) -> None:
        """Take code lists in that another room declares beside its own data, under names that are not taken here."""
        if taken := lists.keys() & set(self.own_codes):
            raise ValueError(f"code lists {', '.join(sorted(taken))} are the dictionary's own")
        self.codes.update(lists)

    def columns(self, entity: str) -> dict[str, str]:
        """Column → SQL type of an entity's table, in the dictionary's order."""
        return {name: field.storage for name, field in self.entities[entity].fields.items()}

    def field_of_header(self, entity: str, header: str) -> DictionaryField | None:
        """The field that a column of a real file holds, by its canonical name, label or alias."""
        return self._headers(entity).get(normal_header(header))

    def opposite_of_header(self, entity: str, header: str) -> DictionaryField | None:
        """The yes-or-no field of which a column of a real file says the opposite (是否危房户: yes is not safe)."""
        return self._opposites(entity).get(normal_header(header))

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

    @cache  # noqa: B019
    def _opposites(self, entity: str) -> dict[str, DictionaryField]:
        fields = self.entities[entity].fields.values()
        return {normal_header(header): field for field in fields for header in field.opposites}


def _department_words(dictionary: Dictionary) -> dict[str, str]:
    return {
        word: name
        for name, department in dictionary.departments.items()
        for word in (name, department.zh, *department.aliases)
    }


def normal_word(word: str) -> str:
    """A word as code lists compare it: half-width, lower case, no blanks or invisible characters."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", word)).lower()


def normal_header(header: str) -> str:
    """A column name as it is compared: a normal word without stars, colons, and units or remarks in brackets.

    `＊月工资 （元/月）` and `月工资` are the same name.
    """
    text = normal_word(header).translate(_signs())
    while (bare := _bracketed().sub("", text)) != text:
        text = bare
    return text


def header_multiplier(header: str) -> int:
    """How many yuan one unit of a money column is: 10,000 under (万元), else 1."""
    return 10_000 if "万元" in normal_word(header) else 1


@cache
def writing() -> Writing:
    """How people write types, units and headers."""
    return Writing.model_validate(read_yaml(FOLDER / "writing.yaml"))


@cache
def _signs() -> dict[int, None]:
    return dict.fromkeys(map(ord, writing().signs))


@cache
def _bracketed() -> re.Pattern[str]:
    """A bracket that holds nothing but a unit (元, 元/月, 单位元) or a remark (必填)."""
    words = [normal_word(word) for unit in writing().units.values() for word in (unit.zh, *unit.also)]
    units = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    marks = "|".join(re.escape(normal_word(mark)) for mark in writing().marks)
    return re.compile(rf"[(\[【〔](?:(?:单位)?(?:{units})(?:[/·.每](?:{units}))*|{marks})[)\]】〕]")


def read_yaml(path: Path) -> dict[str, object]:
    """A YAML file of this room. Raises `ValueError` when it holds no mapping."""
    loaded = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    if not isinstance(loaded, dict):
        raise ValueError(f"{path.name}: a mapping was expected")
    return loaded


def _entity(path: Path) -> Entity:
    raw = read_yaml(path)
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
    codes = {name: CodeList.model_validate(raw) for name, raw in read_yaml(FOLDER / "codes.yaml").items()}
    departments = {name: Department.model_validate(raw) for name, raw in read_yaml(FOLDER / "departments.yaml").items()}
    known = Dictionary(entities, codes, departments)
    for entity in entities.values():
        if wrong := _wrong(entity, known):
            raise ValueError(f"{entity.entity}.yaml: {'; '.join(wrong)}")
    return known


def _wrong(entity: Entity, known: Dictionary) -> list[str]:
    """What does not fit together in an entity: names that stand for nothing."""
    fields = entity.fields
    needed = [name for name in (entity.key, entity.parent_key, *entity.validity) if name and name not in fields]
    wrong = [f"{name} is no field" for name in needed]
    wrong += [
        f"no code list {field.codes}" for field in fields.values() if field.codes and field.codes not in known.codes
    ]
    units = {unit for field in fields.values() if field.unit for unit in field.unit.split("/")}
    wrong += [f"no unit {unit}" for unit in sorted(units - writing().units.keys())]
    sources = {source for source in (entity.source, *(field.source for field in fields.values())) if source}
    wrong += [f"no department {source}" for source in sorted(sources - known.departments.keys())]
    if entity.parent and entity.parent not in known.entities:
        wrong.append(f"no entity {entity.parent}")
    return wrong
