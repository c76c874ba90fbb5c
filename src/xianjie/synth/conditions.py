"""How each household stands on the day: house, water, insurance, schooling, income, risks, and who is watched.

Tables made: `dwellings`, `waters`, `uncovered` (persons without medical insurance), `dropouts`, `stand`
(one row a household: the truth), `risks` (household, risk), `watched` (spells of monitoring).
"""

from __future__ import annotations

import datetime as dt

from xianjie.engines import Engine, quote
from xianjie.synth.draws import steps
from xianjie.synth.invention import invention


def make_conditions(engine: Engine, day: dt.date) -> None:
    """Make the tables named above. Needs the tables of people, events and livelihood."""
    today = f"DATE {quote(day.isoformat())}"
    _dwellings(engine, today)
    _waters(engine, today)
    _people_left_out(engine, today)
    _risks(engine, today)
    _stand(engine)
    _watched(engine, today)


def _dwellings(engine: Engine, today: str) -> None:
    told = invention("conditions")["house"]
    grade = steps("u(hid, 'house')", [("'A'", told["A"]), ("'C'", told["C"]), ("'D'", told["D"])], "'B'")
    engine.run(f"""
        CREATE TABLE dwellings AS
        WITH hit AS (
            SELECT hid, max(happened) AS happened, bool_or(kind = 'fire') AS burnt FROM shocks
            WHERE kind IN ('fire', 'unsafe_house') GROUP BY hid
        )
        SELECT hid, {grade} AS first_grade,
            {today} - CAST(700 + floor(u(hid, 'graded') * 1100) AS INTEGER) AS first_graded,
               CASE WHEN happened IS NULL THEN NULL WHEN burnt OR u(hid, 'D') < 0.25 THEN 'D'
                   ELSE 'C' END AS later_grade,
               CASE WHEN happened IS NOT NULL THEN least(happened + 12, {today}) END AS later_graded,
               CASE WHEN (({grade}) IN ('C', 'D') AND happened IS NULL OR happened < {today} - 240)
                    AND u(hid, 'renovated') < {told["renovated"]}
                    THEN coalesce(happened, {today} - 600) + 150 END AS accepted,
               structure IN ('lone_elder', 'elder_couple') AS old_style
        FROM homes LEFT JOIN hit USING (hid)
    """)


def _waters(engine: Engine, today: str) -> None:
    told = invention("conditions")["water"]
    fault = steps("u(hid, 'water')", [(quote(name), share) for name, share in told.items()], "'none'")
    engine.run(f"""
        CREATE TABLE waters AS
        SELECT hid, {fault} AS fault, o.happened AS cut_since,
               CASE WHEN o.happened + CAST(4 + floor(u(hid, 'cut') * u(hid, 'cut2') * 80) AS INTEGER) <= {today}
                    THEN o.happened + CAST(4 + floor(u(hid, 'cut') * u(hid, 'cut2') * 80) AS INTEGER) END AS restored
        FROM homes LEFT JOIN (SELECT hid, max(happened) AS happened FROM shocks
             WHERE kind = 'water_outage' AND happened > {today} - 365 GROUP BY hid) o USING (hid)
    """)


def _people_left_out(engine: Engine, today: str) -> None:
    share = invention("conditions")["uninsured"]
    engine.run(f"""
        CREATE TABLE uncovered AS SELECT pid, hid FROM lives
        WHERE u(pid, 'uninsured') < {share} AND (died IS NULL OR died > {today} - 300) AND age > 1
    """)
    engine.run(f"""
        CREATE TABLE dropouts AS SELECT pid, hid, happened FROM shocks
            WHERE kind = 'dropout' AND happened > {today} - 365
    """)


def _risks(engine: Engine, today: str) -> None:
    told = invention("conditions")["risks"]
    by_shock = " UNION ALL ".join(
        f"SELECT hid, '{facts['risk']}' AS risk, happened FROM shocks WHERE kind = '{kind}' "
        f"AND loss >= {facts['loss']} AND happened > {today} - {facts['months'] * 30}"
        for kind, facts in told.items()
        if kind not in ("unsafe_house", "water_outage", "death")
    )
    engine.run(f"""
        CREATE TABLE risks AS
        SELECT hid, risk, max(happened) AS since FROM (
            {by_shock}
            UNION ALL SELECT hid, 'housing', coalesce(later_graded, first_graded) FROM dwellings
                WHERE coalesce(later_grade, first_grade) IN ('C', 'D') AND accepted IS NULL
            UNION ALL SELECT hid, 'water', coalesce(cut_since, {today} - 300) FROM waters
                WHERE fault <> 'none' OR (cut_since < {today} - 30 AND restored IS NULL)
            UNION ALL SELECT hid, 'uninsured', NULL
                FROM uncovered SEMI JOIN (SELECT pid FROM lives WHERE died IS NULL) USING (pid)
            UNION ALL SELECT s.hid, 'labour', s.happened FROM shocks s JOIN lives l USING (pid)
                WHERE s.kind = 'death' AND l.works AND s.happened > {today} - 365
        ) GROUP BY hid, risk
    """)


def _stand(engine: Engine) -> None:
    """Income of the last twelve months for each living member, claims left out, in fen."""
    engine.run("""
        CREATE TABLE stand AS
        WITH income AS (
            SELECT hid, k, sum(CASE kind WHEN 'business_cost' THEN -yuan WHEN 'claim' THEN 0 ELSE yuan END) AS yuan
            FROM money GROUP BY hid, k
        ), heads AS (
            SELECT hid, count(*) AS size, count(*) FILTER (died IS NULL) AS living,
                count(*) FILTER (works AND died IS NULL) AS workers
            FROM lives GROUP BY hid
        )
        SELECT h.hid, h.registered, h.relieved, size, living, workers, now.yuan * 100 AS net,
            past.yuan * 100 AS net_before,
               CASE WHEN living > 0 THEN CAST(round(coalesce(now.yuan, 0) * 100.0 / living) AS BIGINT) END AS head_fen,
               CASE WHEN living > 0 THEN CAST(round(coalesce(past.yuan, 0) * 100.0 / size) AS BIGINT) END AS head_before
        FROM homes h JOIN heads USING (hid)
        LEFT JOIN income now ON now.hid = h.hid AND now.k = 0
        LEFT JOIN income past ON past.hid = h.hid AND past.k = 1
    """)


def _watched(engine: Engine, today: str) -> None:
    told = invention("conditions")["monitored"]
    low, high = told["days"]
    after_low, after_high = told["removed_after_days"]
    mapped = " ".join(
        f"WHEN '{kind}' THEN '{facts['risk']}'" for kind, facts in invention("conditions")["risks"].items()
    )
    serious = " OR ".join(
        f"(kind = '{kind}' AND loss >= {facts['loss']})" for kind, facts in invention("conditions")["risks"].items()
    )
    engine.run(f"""
        CREATE TABLE watched AS
        WITH reasons AS (
            SELECT hid, CASE kind {mapped} END AS risk,
                happened + CAST(span(hid, 'noticed', {low}, {high}) AS INTEGER) AS seen
            FROM shocks WHERE ({serious}) AND u(hid, 'watched') < {told["by_shock"]} * CASE kind
                WHEN 'job_loss' THEN 0.3 WHEN 'death' THEN 0.2 ELSE 1 END
            UNION ALL
            SELECT hid, CASE WHEN workers = 0 THEN 'labour' ELSE 'job' END,
                   {today} - CAST(span(hid, 'noticed', 120, 1400) AS INTEGER)
            FROM stand WHERE head_before < {told["income_below"]} * 100 AND u(hid, 'watched low') < {told["by_income"]}
            UNION ALL
            SELECT hid, 'other', {today} - CAST(span(hid, 'noticed', 120, 1400) AS INTEGER)
            FROM homes WHERE u(hid, 'watched wrongly') < {told["wrongly"]}
        ), spells AS (
            SELECT hid, min(seen) AS identified, list(DISTINCT risk ORDER BY risk) AS risks
            FROM reasons WHERE seen < {today} GROUP BY hid
        ), ended AS (
            SELECT *, identified + CAST(span(hid, 'removed after', {after_low}, {after_high}) AS INTEGER) AS ended
                FROM spells
        )
        SELECT w.hid, identified, risks[1:5] AS risks,
               ended < {today} - 10 AND workers > 0 AND head_fen > 900000
                   AND u(w.hid, 'removed') < {told["removed"]} AS removed,
               ended, CASE WHEN head_before > 860000 THEN 'sudden' WHEN relieved THEN 'unstable_relieved'
                   ELSE 'marginal' END AS kind
        FROM ended w JOIN stand USING (hid) WHERE registered AND living > 0
    """)
