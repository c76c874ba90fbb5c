"""ID numbers in SQL: checksum, upgrade and kinds, against the standard written out in Python."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_people import number

from xianjie.engines import Engine, quote
from xianjie.linkage import numbers


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.dates(), st.integers(0, 999), st.sampled_from(["629901", "999901", "110000"])), min_size=1)
)
def test_checksum_and_upgrade_agree_with_the_standard(engine: Engine, drawn: list) -> None:
    drawn = [(day.replace(year=1900 + day.year % 100), order, region) for day, order, region in drawn]
    made = [number(f"{day:%Y%m%d}", order, region) for day, order, region in drawn if (day.month, day.day) != (2, 29)]
    for whole in made:
        fifteen = quote(whole[:6] + whole[8:17])
        wrong = quote(whole[:17] + ("1" if whole[17] != "1" else "2"))
        sql = f"SELECT {numbers.is_valid(quote(whole))}, {numbers.eighteen(fifteen)}, {numbers.is_valid(wrong)}"
        assert engine.rows(sql) == [(True, whole, False)]


WHOLE = number("19680415", 101)


@pytest.mark.parametrize(
    ("text", "stripped", "kind"),
    [
        (WHOLE, WHOLE, "valid"),
        (WHOLE[:15] + "000", WHOLE[:15] + "000", "tail"),
        ("629901 1968\u00a00415\u200b" + WHOLE[14:], WHOLE, "valid"),
        ("身份证：" + WHOLE, WHOLE, "valid"),
        (WHOLE + ".0", WHOLE, "valid"),
        (WHOLE[:6] + "********" + WHOLE[-4:], WHOLE[:6] + "*" + WHOLE[-4:], "mask"),
        (WHOLE[:6] + "××××" + WHOLE[-4:], WHOLE[:6] + "*" + WHOLE[-4:], "mask"),
        (WHOLE[:6] + "XXXXXXXX" + WHOLE[-4:], WHOLE[:6] + "*" + WHOLE[-4:], "mask"),
        ("6.29901E+17", "6.29901E+17", "scientific"),
        ("6.29901e17", "6.29901E17", "scientific"),
        (WHOLE + "43B1", WHOLE + "43B1", "certificate"),
        (WHOLE[:-1], WHOLE[:-1], "length"),
        ("629901681301001", "629901681301001", "fifteen"),
        ("62990119681341" + WHOLE[14:], "62990119681341" + WHOLE[14:], "bad"),
        ("无", "", "none"),
        ("12345", "12345", "junk"),
    ],
)
def test_kind_of_a_written_number(engine: Engine, text: str, stripped: str, kind: str) -> None:
    cleaned = numbers.stripped(quote(text))
    assert engine.value(f"SELECT {cleaned}") == stripped
    assert engine.value(f"SELECT {numbers.kind(quote(stripped), numbers.is_valid(quote(stripped)))}") == kind
