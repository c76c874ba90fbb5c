"""A clerk's decision on a row goes before the rules, and is found again by the row's identity alone."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.linkage.linkage_people import FEED, REGISTRY, crowd, put
from xianjie.engines import Engine
from xianjie.linkage import IDENTITY, fingerprint_of, fingerprint_sql, link

DECISION = ("layout", "fingerprint", "person_id", "decided_on", "decided_by")
PEOPLE = crowd(40)
DOUBTFUL = {"name": PEOPLE[0]["name"], "village_name": PEOPLE[0]["village_name"], "row_id": "1"}


def _linked(engine: Engine, row: dict[str, Any], decisions: list[tuple[Any, ...]]) -> dict[str, Any]:
    put(engine, "registry", REGISTRY, PEOPLE)
    put(engine, "feed", (*FEED, "layout"), [{**row, "layout": "illnesses"}])
    engine.create_table("decisions", dict.fromkeys(DECISION, "VARCHAR"), decisions)
    link(engine, "registry", "feed", decisions="decisions")
    return engine.records("SELECT * FROM links")[0]


def _decision(person: str | None, day: str = "2025-11-03", layout: str = "illnesses") -> tuple[Any, ...]:
    return (layout, fingerprint_of(DOUBTFUL), person, day, "王五")


def test_without_a_decision_the_row_waits_under_its_fingerprint(engine: Engine) -> None:
    found = _linked(engine, DOUBTFUL, [])
    assert found["tier"] == "review"
    assert found["fingerprint"] == fingerprint_of(DOUBTFUL)
    listed = engine.rows("SELECT DISTINCT fingerprint FROM link_candidates")
    assert listed == [(found["fingerprint"],)]


def test_a_decision_settles_the_row_and_says_so(engine: Engine) -> None:
    found = _linked(engine, DOUBTFUL, [_decision("C0000")])
    assert (found["tier"], found["person_id"], found["household_id"]) == ("exact", "C0000", "K0000")
    assert "王五" in found["reason"]
    assert "2025-11-03" in found["reason"]


def test_a_row_may_be_decided_to_be_nobody_s(engine: Engine) -> None:
    found = _linked(engine, DOUBTFUL, [_decision(None)])
    assert (found["tier"], found["person_id"]) == ("none", None)
    assert "人工核定" in found["reason"]


def test_the_newest_decision_holds_and_another_layout_s_does_not(engine: Engine) -> None:
    decisions = [_decision("C0005"), _decision("C0001", "2025-12-01"), _decision("C0009", "2026-01-01", "benefits")]
    assert _linked(engine, DOUBTFUL, decisions)["person_id"] == "C0001"


def test_a_decision_for_somebody_no_longer_registered_does_not_hold(engine: Engine) -> None:
    assert _linked(engine, DOUBTFUL, [_decision("gone")])["tier"] == "review"


cells = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8))


@settings(max_examples=60, deadline=None)
@given(row=st.fixed_dictionaries({name: cells for name in IDENTITY}))
def test_python_and_sql_give_the_same_fingerprint(engine: Engine, row: dict[str, str | None]) -> None:
    engine.create_table("one_row", dict.fromkeys(IDENTITY, "VARCHAR"), [[row[name] for name in IDENTITY]])
    assert engine.value(f"SELECT {fingerprint_sql()} FROM one_row") == fingerprint_of(row)
