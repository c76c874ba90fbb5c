"""What somebody sees who may not see a value in full: the same in Python and in SQL."""

import datetime
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xianjie.dictionary import DictionaryField, dictionary
from xianjie.dictionary.masking import levels, mask_of, mask_sql, mask_value
from xianjie.engines import Engine, open_engine, quote

FIELDS = [field for entity in dictionary().entities.values() for field in entity.fields.values()]
# One field for every pair of sensitivity and type that occurs.
KINDS = list({(field.sensitivity, field.type): field for field in FIELDS}.values())
TEXT = [field for field in KINDS if field.storage == "VARCHAR"]
PERSON = dictionary().entities["person"].fields


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine() as opened:
        yield opened


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("id_no", "629901198503070015", "629901********0015"),
        ("id_no", "62990119850307001542", "********************"),
        ("id_no", "6299011985", "**********"),
        ("disability_no", "62990119850307001542", "629901**************"),
        ("phone", "13900000000", "139****0000"),
        ("name", "欧阳某某", "欧***"),
        ("birth_date", datetime.date(1985, 3, 7), "1985******"),
        ("health", "serious", "***"),
        ("health", None, "***"),
        ("id_no", None, None),
        ("region_code", "629901001001", "629901001001"),
    ],
)
def test_a_value_keeps_what_its_sensitivity_leaves(field: str, value: object, shown: object) -> None:
    assert mask_value(PERSON[field], value) == shown


def test_an_account_keeps_its_last_four() -> None:
    account = dictionary().entities["benefit"].fields["one_card_account"]
    assert mask_value(account, "6299010000000012345") == "*" * 15 + "2345"


def test_a_value_that_is_there_cannot_be_told_from_none_when_it_is_hidden() -> None:
    for field in FIELDS:
        if field.sensitivity == "health":
            assert mask_value(field, "anything") == mask_value(field, None)


def test_nothing_secret_personal_or_of_health_is_shown_in_full() -> None:
    assert set(levels()) == {"public", "internal", "personal", "secret", "health"}
    for field in FIELDS:
        assert (mask_of(field) == "shown") == (field.sensitivity in ("public", "internal")), field.name


@given(st.sampled_from(TEXT), st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_sql_and_python_mask_alike(engine: Engine, field: DictionaryField, value: str | None) -> None:
    literal = "CAST(NULL AS VARCHAR)" if value is None else quote(value)
    assert engine.value(f"SELECT {mask_sql(field, literal)}") == mask_value(field, value)


@given(st.sampled_from([field for field in KINDS if field.type == "date"]), st.none() | st.dates())
def test_sql_and_python_mask_dates_alike(engine: Engine, field: DictionaryField, value: datetime.date | None) -> None:
    literal = "CAST(NULL AS DATE)" if value is None else f"DATE '{value.isoformat()}'"
    shown = engine.value(f"SELECT {mask_sql(field, literal)}")
    assert shown == mask_value(field, value)


@given(st.sampled_from(TEXT), st.text(st.sampled_from("0123456789X"), min_size=1, max_size=40))
def test_a_mask_never_shows_a_whole_number_and_keeps_its_length(field: DictionaryField, value: str) -> None:
    shown = mask_value(field, value)
    if mask_of(field) == "hidden":
        assert shown == "***"
    elif mask_of(field) != "shown":
        assert len(shown) == len(value)
        assert "*" in shown
