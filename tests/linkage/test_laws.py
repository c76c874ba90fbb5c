"""Laws of matching that hold for any rows."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linkage_people import FEED, Row, crowd, match, number, put

from xianjie.engines import Engine
from xianjie.linkage import link

REGISTER = crowd(240)
TIERS = {"exact", "repaired", "probable", "review", "none"}
patient = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
lean = settings(max_examples=3, deadline=None, suppress_health_check=patient)

# Spreadsheets hold no zero bytes, and the engine's SQL takes none.
words = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
people = st.sampled_from(REGISTER)
written = st.one_of(
    st.none(), st.text(words, max_size=22), st.from_regex(r"[0-9Xx*O ]{10,20}", fullmatch=True),
    st.builds(lambda p, cut, end: p["id_no"][:cut] + end, people, st.integers(0, 18), st.sampled_from(["", "**"])),
)  # fmt: skip
named = st.one_of(
    st.none(), st.text(words, max_size=6), people.map(lambda p: p["name"]), people.map(lambda p: p["name"][:-1] + "?")
)
loose_rows = st.fixed_dictionaries(
    {"id_no": written, "name": named},
    optional={
        "sex": st.sampled_from(["男", "女", "1", "9", ""]), "age": st.sampled_from(["30", "-1", "三十", "200"]),
        "birth_date": st.one_of(people.map(lambda p: p["birth_date"]), st.sampled_from(["19900230", "1990", "33239"])),
        "village_name": people.map(lambda p: p["village_name"]), "region_code": people.map(lambda p: p["region_code"]),
        "phone": st.text("0123456789-", max_size=18), "disability_no": written, "household_head": named,
    },
)  # fmt: skip


def numbered(rows: list[Row]) -> list[Row]:
    return [{"row_id": f"r{place:03d}", **row} for place, row in enumerate(rows)]


@lean
@given(st.lists(loose_rows, max_size=40))
def test_every_row_ends_in_exactly_one_tier_and_only_decided_rows_have_a_person(
    engine: Engine, rows: list[Row]
) -> None:
    feed = numbered(rows)
    found, counts = match(engine, REGISTER, feed)
    assert list(found) == [row["row_id"] for row in feed]
    assert counts.rows == len(feed)
    for row in found.values():
        assert row["tier"] in TIERS
        assert (row["person_id"] is not None) == (row["tier"] in {"exact", "repaired", "probable"})
        assert 0 <= row["score"] <= 1
        assert row["reason"]


@lean
@given(st.lists(loose_rows, min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_order_of_rows_and_persons_changes_no_decision(engine: Engine, rows: list[Row], draw) -> None:
    feed, register = numbered(rows), list(REGISTER)
    before, _ = match(engine, register, feed)
    candidates = engine.rows("SELECT * EXCLUDE (rn) FROM link_candidates ORDER BY ALL")
    draw.shuffle(feed)
    draw.shuffle(register)
    after, _ = match(engine, register, feed)
    assert before == after
    assert candidates == engine.rows("SELECT * EXCLUDE (rn) FROM link_candidates ORDER BY ALL")


@lean
@given(st.lists(loose_rows, min_size=1, max_size=20), st.lists(loose_rows, max_size=20))
def test_a_row_is_decided_without_regard_to_other_rows(engine: Engine, rows: list[Row], others: list[Row]) -> None:
    rows, others = ([{k: v for k, v in row.items() if k != "age"} for row in some] for some in (rows, others))
    alone, _ = match(engine, REGISTER, numbered(rows))
    together, _ = match(engine, REGISTER, numbered(rows + others))
    assert {row_id: together[row_id] for row_id in alone} == alone


@lean
@given(st.data())
def test_one_wrong_digit_with_right_name_and_village_never_finds_somebody_else(engine: Engine, data) -> None:
    """Also among neighbours made to be mistaken for: same name, same village, numbers one or two digits apart."""
    register = list(REGISTER[:80])
    for place in range(0, 40, 2):
        one = register[place]
        born, order = one["id_no"][6:14], int(one["id_no"][14:17]) + data.draw(st.sampled_from([1, 2, 10]))
        same = data.draw(st.booleans())
        register.append({
            **one, "person_id": f"N{place}", "id_no": number(born, order % 1000),
            "name": one["name"] if same else one["name"][:-1] + "双", "household_id": one["household_id"],
        })  # fmt: skip
    feed, right = [], {}
    for place, one in enumerate(register):
        at = data.draw(st.integers(0, 17))
        digit = data.draw(st.sampled_from([d for d in "0123456789" if d != one["id_no"][at]]))
        row_id = f"r{place}"
        right[row_id] = one["person_id"]
        damaged = one["id_no"][:at] + digit + one["id_no"][at + 1 :]
        feed.append({"row_id": row_id, "id_no": damaged, "name": one["name"], "village_name": one["village_name"]})
    found, counts = match(engine, register, feed)
    for row_id, row in found.items():
        assert row["tier"] in {"repaired", "review"}
        assert row["person_id"] in {right[row_id], None}
    assert counts.repaired >= 80


@lean
@given(st.lists(st.tuples(people, st.integers(1, 28), st.integers(0, 999)), min_size=1, max_size=60))
def test_strangers_with_numbers_of_their_own_are_never_linked(
    engine: Engine, drawn: list[tuple[Row, int, int]]
) -> None:
    owned = {one["id_no"] for one in REGISTER}
    feed = [
        {
            "id_no": number(f"1931{place % 12 + 1:02d}{day:02d}", order),
            "name": one["name"],
            "village_name": one["village_name"],
        }
        for place, (one, day, order) in enumerate(drawn)
    ]
    feed = numbered([row for row in feed if row["id_no"] not in owned and not row["id_no"].endswith("000")])
    found, _ = match(engine, REGISTER, feed)
    assert all(row["person_id"] is None for row in found.values())


def test_everybody_of_one_name_and_birthday_ends_well(engine: Engine) -> None:
    register = [
        {**one, "name": "王伟", "birth_date": "1980-01-01", "region_code": "629901100200"} for one in crowd(1200)
    ]
    feed = [
        {"row_id": str(n), "name": "王伟", "birth_date": "19800101", "region_code": "629901100200"} for n in range(500)
    ]
    found, counts = match(engine, register, feed)
    assert len(found) == counts.rows == 500
    assert counts.exact == counts.repaired == 0


def test_empty_sides(engine: Engine) -> None:
    put(engine, "nobody", ("person_id", "id_no", "name"), [])
    put(engine, "feed", FEED, [{"row_id": "1", "name": "王伟", "id_no": REGISTER[0]["id_no"]}])
    assert link(engine, "nobody", "feed").none == 1
    put(engine, "feed", FEED, [])
    assert link(engine, "nobody", "feed").rows == 0
