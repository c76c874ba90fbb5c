"""What every room relies on when it reads the dictionary: nothing is declared twice, nothing means two things."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from xianjie.dictionary import dictionary, normal_header, normal_word
from xianjie.dictionary.catalogue import FOLDER

ENTITIES = list(dictionary().entities.values())
CODES = dictionary().own_codes
IDS = [entity.entity for entity in ENTITIES]


class NoDuplicates(yaml.SafeLoader):
    """Refuses a key that stands twice; YAML itself silently keeps the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{twice} at {node.start_mark}"
        return super().construct_mapping(node, deep)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: path.stem)
def test_no_key_stands_twice_in_a_file(path: Path) -> None:
    yaml.load(path.read_text(encoding="utf-8"), NoDuplicates)


@pytest.mark.parametrize("entity", ENTITIES, ids=IDS)
def test_no_column_name_of_an_entity_means_two_fields(entity: Any) -> None:
    meant: dict[str, set[str]] = {}
    for field in entity.fields.values():
        for header in (field.name, *field.headers, *field.opposites):
            meant.setdefault(normal_header(header), set()).add(field.name)
    assert {header: names for header, names in meant.items() if len(names) > 1} == {}


@pytest.mark.parametrize("entity", ENTITIES, ids=IDS)
def test_every_field_has_both_labels_and_every_name_finds_it(entity: Any) -> None:
    for field in entity.fields.values():
        assert field.zh and field.en, field.name
        for header in (field.name, *field.headers):
            assert dictionary().field_of_header(entity.entity, header) is field, header
        for header in field.opposites:
            assert dictionary().opposite_of_header(entity.entity, header) is field
            assert dictionary().field_of_header(entity.entity, header) is None


@pytest.mark.parametrize("entity", ENTITIES, ids=IDS)
def test_keys_are_required_and_validity_is_two_dates(entity: Any) -> None:
    assert entity.fields[entity.key].required
    if entity.parent:
        assert entity.fields[entity.parent_key].required
    assert len(entity.validity) in (0, 2)
    assert all(entity.fields[name].type == "date" for name in entity.validity)
    for field in entity.fields.values():
        assert field.min is None or field.max is None or field.min < field.max
        assert field.min is None or field.type in ("int", "fen", "number")


def test_tables_and_labels_of_entities_differ() -> None:
    for part in ("table", "zh", "members"):
        named = [getattr(entity, part) for entity in ENTITIES]
        assert len(set(named)) == len(named), part


@pytest.mark.parametrize("codes", CODES)
def test_no_word_of_a_code_list_means_two_values(codes: str) -> None:
    meant: dict[str, set[str]] = {}
    for value, labels in dictionary().codes[codes].values.items():
        for word in (value, labels.zh, labels.en, *labels.also):
            meant.setdefault(normal_word(word), set()).add(value)
    assert {word: values for word, values in meant.items() if len(values) > 1} == {}
    assert set(dictionary().words(codes)) == set(meant)


@pytest.mark.parametrize("codes", CODES)
def test_every_code_list_has_labels_and_is_used(codes: str) -> None:
    assert dictionary().codes[codes].zh and dictionary().codes[codes].en
    assert any(field.codes == codes for entity in ENTITIES for field in entity.fields.values())


def test_code_lists_have_labels_of_their_own() -> None:
    labels = [dictionary().codes[codes].zh for codes in CODES]
    assert len(set(labels)) == len(labels)


def test_a_department_is_found_by_its_id_name_and_further_names() -> None:
    words = [(word, name) for name, one in dictionary().departments.items() for word in (name, one.zh, *one.aliases)]
    assert len({word for word, _ in words}) == len(words)
    assert all(dictionary().department_of(word) == name for word, name in words)


def test_the_national_standards_lists_are_complete() -> None:
    ethnicity = dictionary().codes["ethnicity"].values
    assert [f"{number:02d}" for number in range(1, 57)] == [value for value in ethnicity if value <= "56"]
    assert (ethnicity["04"].zh, ethnicity["30"].zh, ethnicity["47"].zh, ethnicity["56"].zh) == (
        "藏族", "土族", "保安族", "基诺族",
    )  # fmt: skip
    # Every two-digit number of GB/T 4761-2008, whether stored or kept under a wider one.
    relation = dictionary().words("relation")
    numbers = [1, 2, 10, 11, 12, *range(20, 100)]
    assert [number for number in numbers if f"{number:02d}" not in relation and number != 98] == []
    assert (relation["02"], relation["22"], relation["73"]) == ("01", "20", "71")
    assert (relation["岳父"], relation["公公"]) == ("55", "53")
    assert {"0", "1", "2", "9"} <= set(dictionary().words("sex"))
    assert dictionary().words("marriage")["21"] == "20"


def test_lists_that_nobody_compared_with_their_source_say_so() -> None:
    assert dictionary().codes["dropout_reason"].trust == "unverified"
    assert dictionary().codes["ethnicity"].trust is None
