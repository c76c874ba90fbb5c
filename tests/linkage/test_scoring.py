"""Chances: what speaks for a person raises them, rivals share them, the use sets the bar, clerks set them right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkage_people import FEED, REGISTRY, Row, crowd, person, put

from xianjie.engines import Engine, open_engine
from xianjie.linkage import link
from xianjie.linkage.calibrating import MOST, likeliest_shift
from xianjie.linkage.scoring import scorebook
from xianjie.messages import UserError

PEOPLE = crowd(120)
ONE = person("P1", "H1", "亓官澍", "女", "19870311", 302, 0, household_head="亓官明", phone="13900000001")
COMMON = [person(f"N{n}", f"G{n}", "王伟", "男", f"19{60 + n}0214", 101, 0) for n in range(6)]
REGISTER = [*PEOPLE, ONE, *COMMON]
DECISION = ("layout", "fingerprint", "person_id", "decided_on", "decided_by", "shown_person_id", "shown_score")


def linked(engine: Engine, rows: list[Row], **how: Any) -> dict[str, Row]:
    put(engine, "registry", REGISTRY, REGISTER)
    put(engine, "feed", (*FEED, "layout"), [{"row_id": str(n), "layout": "ill", **row} for n, row in enumerate(rows)])
    link(engine, "registry", "feed", **how)
    return {row["row_id"]: row for row in engine.records("SELECT * FROM links ORDER BY rn")}


def chance_of(engine: Engine, *rows: Row) -> list[float]:
    """The chance of each row's first candidate, decided or listed."""
    found = linked(engine, list(rows))
    listed = dict(engine.rows("SELECT row_id, score FROM link_candidates WHERE rank = 1"))
    return [listed.get(row_id, found[row_id]["score"]) for row_id in found]


def test_what_agrees_besides_raises_the_chance_and_what_disagrees_lowers_it(engine: Engine) -> None:
    name = {"name": ONE["name"], "village_name": ONE["village_name"]}
    alone, sexed, apart = chance_of(engine, name, {**name, "sex": "女"}, {**name, "phone": "13711112222"})
    assert apart < alone < sexed


def test_rivals_share_the_chance(engine: Engine) -> None:
    linked(engine, [{"name": "王伟", "village_name": COMMON[0]["village_name"]}])
    chances = [row[0] for row in engine.rows("SELECT score FROM link_candidates")]
    assert len(chances) >= 4
    assert sum(chances) < 1


def test_a_review_row_tells_field_by_field_what_speaks_for_and_against(engine: Engine) -> None:
    linked(engine, [{"name": ONE["name"], "village_name": ONE["village_name"], "sex": "男", "birth_date": "19870311"}])
    told = engine.rows("SELECT person_id, speaks_for, speaks_against FROM link_candidates")
    assert told == [("P1", "姓名一致（登记库中同名1人）、出生日期一致、村一致", "性别不一致")]


def test_a_use_that_can_take_a_benefit_away_decides_less(engine: Engine) -> None:
    assert scorebook().use("benefit").bar > scorebook().use("everyday").bar
    # The birth date says a month, the village agrees, the surname is another.
    row = {"name": ONE["name"], "village_name": ONE["village_name"], "birth_date": "1987年", "household_head": "亓官明"}
    tiers = {use: linked(engine, [row, {**row, "household_head": None}], use=use) for use in scorebook().uses}
    decided = {use: sum(one["person_id"] is not None for one in rows.values()) for use, rows in tiers.items()}
    assert decided["benefit"] <= decided["everyday"]


def test_an_unknown_use_is_told(engine: Engine) -> None:
    with pytest.raises(UserError) as told:
        linked(engine, [{"name": "王伟"}], use="nothing")
    assert told.value.code == "linkage.unknown_use"


def test_a_decided_row_never_has_a_wholly_different_name(engine: Engine) -> None:
    row = {"id_no": ONE["id_no"], "name": "欧阳锋", "birth_date": "19870311", "sex": "女", "phone": "13900000001"}
    found = linked(engine, [row])["0"]
    assert (found["tier"], found["person_id"]) == ("review", None)


def test_a_register_entry_without_a_number_is_found_by_what_the_row_s_number_tells(engine: Engine) -> None:
    put(engine, "registry", REGISTRY, [*PEOPLE, {**ONE, "id_no": None}])
    put(engine, "feed", FEED, [{"row_id": "0", "id_no": ONE["id_no"], "name": ONE["name"]}])
    link(engine, "registry", "feed")
    assert engine.rows("SELECT tier, person_id FROM links") in ([("probable", "P1")], [("repaired", "P1")])


def test_a_row_about_a_household_finds_it_by_its_head(engine: Engine) -> None:
    head = {**PEOPLE[0], "household_head": PEOPLE[0]["name"], "name": "赵钱孙"}
    put(engine, "registry", REGISTRY, [{**head, "name": PEOPLE[0]["name"]}, *PEOPLE[4:]])
    row = {"row_id": "0", "household_head": PEOPLE[0]["name"], "village_name": PEOPLE[0]["village_name"]}
    put(engine, "feed", FEED, [row])
    link(engine, "registry", "feed")
    assert engine.rows("SELECT person_id, household_id FROM links") == [
        (PEOPLE[0]["person_id"], PEOPLE[0]["household_id"])
    ]


def test_the_number_of_threads_changes_nothing() -> None:
    rows = [{"name": one["name"], "village_name": one["village_name"], "sex": one["sex"]} for one in PEOPLE[:40]]
    rows += [{"name": one["name"][:-1] + "?", "birth_date": one["birth_date"]} for one in PEOPLE[40:60]]
    results = []
    for threads in (1, 2):
        with open_engine(threads=threads) as engine:
            found = linked(engine, rows)
            results.append((found, engine.rows("SELECT * FROM link_candidates ORDER BY rn, rank")))
    assert results[0] == results[1]


shown = st.tuples(st.floats(-6, 6), st.booleans(), st.integers(1, 50))


@given(st.lists(shown, max_size=30))
def test_a_shift_is_bounded_and_follows_what_clerks_found(rows: list[tuple[float, bool, int]]) -> None:
    shift = likeliest_shift(rows)
    assert -MOST <= shift <= MOST
    assert likeliest_shift([(odds, True, count) for odds, _, count in rows]) >= shift - 1e-6
    assert likeliest_shift([(odds, False, count) for odds, _, count in rows]) <= shift + 1e-6


def test_without_decisions_nothing_is_shifted() -> None:
    assert likeliest_shift([]) == 0


def test_clerks_who_confirm_what_is_shown_let_more_rows_be_decided(engine: Engine) -> None:
    doubtful = {"name": ONE["name"], "village_name": ONE["village_name"]}
    plain = linked(engine, [doubtful])["0"]
    assert plain["tier"] == "review"
    for confirmed, tier in ((True, "probable"), (False, "review")):
        decisions = [("ill", f"f{n}", "P" if confirmed else None, "2025-01-01", "王五", "P", "0.5") for n in range(200)]
        engine.create_table("decisions", dict.fromkeys(DECISION, "VARCHAR"), decisions)
        found = linked(engine, [doubtful], decisions="decisions")["0"]
        assert found["tier"] in {tier, "none"} if not confirmed else found["tier"] == tier
        assert (found["score"] > plain["score"]) == confirmed
