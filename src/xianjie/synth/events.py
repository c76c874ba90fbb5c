"""What happens over the years: the table `shocks`, one row for each thing that happened to a household or a member."""

from __future__ import annotations

import datetime as dt
from typing import Any

from xianjie.engines import Engine, quote
from xianjie.synth.invention import invention


def make_shocks(engine: Engine, years: int, day: dt.date) -> None:
    """Make `shocks`: hid, pid (null when it hit the whole household), kind, happened, loss (yuan), wage, business
    (shares left) and lasting (months, null for good), over the `years` before `day`."""
    told = invention("shocks")
    parts = [_person(kind, facts, years, day) for kind, facts in told["persons"].items()]
    parts += [_household(kind, facts, years, day) for kind, facts in told["households"].items()]
    parts += [_village(kind, facts, years, day) for kind, facts in told["villages"].items()]
    engine.run(f"CREATE TABLE shocks AS SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY hid, kind, pid, happened")


def _loss(facts: dict[str, Any], who: str, kind: str) -> str:
    low, high = facts["loss"]
    drawn = f"u({who}, '{kind} loss') * u({who}, '{kind} loss2')"
    return f"10 * CAST(round(({low} + {drawn} * {high - low}) / 10) AS BIGINT)"


def _past(who: str, kind: str, years: int, day: dt.date) -> str:
    return f"DATE {quote(day.isoformat())} - CAST(floor(u({who}, '{kind} day') * {years * 365}) AS INTEGER)"


def _months(facts: dict[str, Any]) -> str:
    return f"{facts['lasting']}" if "lasting" in facts else "NULL::INTEGER"


def _person(kind: str, facts: dict[str, Any], years: int, day: dt.date) -> str:
    rate = f"CASE WHEN age >= 60 THEN {facts.get('old_rate', facts['rate'])} ELSE {facts['rate']} END"
    return f"""
        SELECT hid, pid, '{kind}' AS kind, {_past("pid", kind, years, day)} AS happened,
            {_loss(facts, "pid", kind)} AS loss,
               {facts["wage"]}::DOUBLE AS wage, 1.0::DOUBLE AS business, {_months(facts)} AS lasting
        FROM (SELECT *, no AS no_ FROM traits) WHERE ({facts["who"]}) AND u(pid, '{kind}') < {years} * {rate}
          AND {_past("pid", kind, years, day)} > DATE {quote(day.isoformat())} - CAST(age * 365 AS INTEGER)
    """


def _household(kind: str, facts: dict[str, Any], years: int, day: dt.date) -> str:
    return f"""
        SELECT hid, NULL::INTEGER AS pid, '{kind}' AS kind, {_past("hid", kind, years, day)} AS happened,
               {_loss(facts, "hid", kind)} AS loss, 1.0::DOUBLE AS wage, {facts["business"]}::DOUBLE AS business,
               {_months(facts)} AS lasting
        FROM homes WHERE u(hid, '{kind}') < {years} * {facts["rate"]}
    """


def _village(kind: str, facts: dict[str, Any], years: int, day: dt.date) -> str:
    """An event on one day in its season; only those before `day` have happened."""
    first, last = facts["months"]
    event = "vid * 100 + back"
    return f"""
        SELECT hid, NULL::INTEGER AS pid, '{kind}' AS kind, happened, {_loss(facts, "hid", kind)} AS loss,
               1.0::DOUBLE AS wage, {facts["business"]}::DOUBLE AS business, {_months(facts)} AS lasting
        FROM (
            SELECT vid, back, make_date({day.year} - back, {first}, 1)
                   + CAST(floor(u({event}, '{kind} day') * {(last - first + 1) * 30}) AS INTEGER) AS happened
            FROM places CROSS JOIN range({years + 1}) AS t(back) WHERE u({event}, '{kind}') < {facts["rate"]}
        ) JOIN homes USING (vid)
        WHERE u(hid * 100 + back, '{kind} hit') < {facts["hit"]} AND happened <= DATE {quote(day.isoformat())}
          AND happened > DATE {quote(day.isoformat())} - {years * 365}
    """
