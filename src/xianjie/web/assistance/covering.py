"""Who is missed and who is wrongly in 应保尽保 (mechanism C10), by programme, from a county's newest daily run.

Four answers: qualifies and has it, qualifies and has it not, has it and no longer qualifies, not enough data (which).
No row decides anything: each leads to an application or a review.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine, quote, quote_name
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance.programmes import Programme, parameter_label
from xianjie.web.daily.explaining import field_of
from xianjie.web.dictionary_forms import label_of
from xianjie.web.paging import Page
from xianjie.web.registry.run_results import NewestRun, area_sql, newest_run
from xianjie.web.words import label

VIEW = "assistance.view"
MISSED, RECHECK, COVERED, UNKNOWN, OUT = "missed", "recheck", "covered", "unknown", "out"
STATES = {
    MISSED: (gettext_lazy("应保未保"), "bad"),
    RECHECK: (gettext_lazy("在保待复核"), "warn"),
    COVERED: (gettext_lazy("应保已保"), "good"),
    UNKNOWN: (gettext_lazy("资料不足"), "info"),
}
ASKED = "countable_income_per_head"  # what the run follows to the facts that are missing
SIZE = 50


@dataclass(frozen=True)
class Asked:
    """What the list is asked for."""

    programme: Programme
    state: str = MISSED
    place: str = ""


def run_for(scope: Scope, place: str = "") -> NewestRun | None:
    """The run that the lists rest on; None when there is none, or several counties lie in the user's area."""
    return newest_run(scope, VIEW, place)


def counts(scope: Scope, run: NewestRun, asked: Asked) -> dict[str, int]:
    """State → households in the user's area."""
    with _opened(scope, run, asked) as engine:
        return {state: number for state, number in engine.rows("SELECT state, count(*) FROM states GROUP BY state")}


def page(scope: Scope, run: NewestRun, asked: Asked, *, after: str = "", before: str = "") -> Page:
    """One page of the households in a state, by place."""
    word = after or before
    beyond = ""
    if word:
        place, household = _key(word)
        sign = "<" if before else ">"
        beyond = f"AND (region_code, household_id) {sign} ({quote(place)}, {quote(household)})"
    down = "DESC" if before else ""
    with _opened(scope, run, asked) as engine:
        rows = engine.records(
            f"SELECT * FROM states WHERE state = {quote(asked.state)} {beyond} "
            f"ORDER BY region_code {down}, household_id {down} LIMIT {SIZE + 1}"
        )
    more, rows = len(rows) > SIZE, rows[:SIZE]
    if before:
        rows.reverse()
    if not rows:
        return Page([], "", "")
    leads_on, leads_back = (True, more) if before else (more, bool(after))
    return Page(rows, _word(rows[-1]) if leads_on else "", _word(rows[0]) if leads_back else "")


def rows(scope: Scope, run: NewestRun, asked: Asked) -> Iterator[dict[str, Any]]:
    """Every household in a state, for taking out."""
    with _opened(scope, run, asked) as engine:
        yield from engine.records(
            f"SELECT * FROM states WHERE state = {quote(asked.state)} ORDER BY region_code, household_id"
        )


def _word(row: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([row["region_code"], row["household_id"]]).encode()).decode()


def _key(word: str) -> tuple[str, str]:
    try:
        place, household = json.loads(base64.urlsafe_b64decode(word.encode()))
    except ValueError as error:
        raise UserError("web.bad_page") from error
    return str(place), str(household)


def _opened(scope: Scope, run: NewestRun, asked: Asked) -> Engine:
    """An engine with the view `states` of the user's area: household, place, head, state, income, what is missing."""
    engine = open_engine(memory_limit="500MB", threads=1)
    work = run.folder / "work"
    engine.view_parquet("results", work / "results.parquet")
    engine.view_parquet("listed", run.folder / "households.parquet")
    engine.view_parquet("unknown_facts", run.folder / "unknown.parquet")
    one, columns = asked.programme, engine.columns("results")
    missed = f"r.{quote_name(one.missed)}" if one.missed in columns else "CAST(NULL AS BOOLEAN)"
    recheck = f"r.{quote_name(one.recheck)}" if one.recheck in columns else "false"
    amount = f"r.{quote_name(one.amount)}" if one.amount in columns else "CAST(NULL AS BIGINT)"
    engine.run(
        f"CREATE TEMP VIEW states AS SELECT r.household_id, r.region_code, l.head_name, r.{ASKED} AS income, "
        f"{amount} AS amount, u.missing, CASE WHEN {missed} THEN '{MISSED}' WHEN {recheck} THEN '{RECHECK}' "
        f"WHEN {missed} IS NULL OR {recheck} IS NULL THEN '{UNKNOWN}' "
        f"WHEN {_has(engine, run, one)} THEN '{COVERED}' ELSE '{OUT}' END AS state FROM results r "
        "JOIN listed l USING (household_id) "
        f"LEFT JOIN unknown_facts u ON u.household_id = r.household_id AND u.result = '{ASKED}' "
        f"WHERE {area_sql(scope, VIEW, 'r.region_code', asked.place)}"
    )
    return engine


def _has(engine: Engine, run: NewestRun, one: Programme) -> str:
    """The condition that a household is on the programme's list on the run's day."""
    entities = run.folder / "work" / "entities"
    if not one.category or not (entities / "categories.parquet").exists():
        return "false"
    engine.view_parquet("categories", entities / "categories.parquet")
    engine.view_parquet("people", entities / "persons.parquet")
    day = quote(run.day.isoformat()) if run.day else "CURRENT_DATE"
    return (
        "r.household_id IN (SELECT p.household_id FROM categories c JOIN people p USING (person_id) "
        f"WHERE c.category = {quote(one.category)} AND c.valid_from <= DATE {day} "
        f"AND (c.valid_to IS NULL OR c.valid_to > DATE {day}))"
    )


def missing_words(missing: str | None) -> str:
    """What would have to be known, in words, from the way in which the rules' SQL writes it down."""
    told = []
    for need in (missing or "").split(";"):
        kind, _colon, name = need.rpartition(":")
        if kind == "parameter":
            told.append(parameter_label(name))
        elif kind == "collection":
            entity = dictionary().by_table(name)
            told.append(label(entity) if entity else name)
        elif not kind and name:
            owner, _dot, column = name.rpartition(".")
            entity = dictionary().entities.get(owner)
            field = entity.fields.get(column) if entity else field_of(name, "household")
            told.append(label_of(field) if field else name)
    return "、".join(dict.fromkeys(told))
