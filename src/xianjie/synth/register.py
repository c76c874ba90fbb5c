"""The county's own register as it stands in the data folder: the dictionary's tables in stored units."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, quote, quote_name
from xianjie.synth.draws import share
from xianjie.synth.invention import invention

PERSON_ID = "'P' || lpad({}::VARCHAR, 10, '0')"
HOUSEHOLD_ID = "'H' || lpad({}::VARCHAR, 9, '0')"


def write_entity(engine: Engine, out: Path, entity: str, sql: str, order: str) -> int:
    """Write a query's columns as the dictionary's table `entity`; fields that the query lacks are empty."""
    told = dictionary().entities[entity]
    have = set(engine.result_columns(sql))
    columns = ", ".join(
        f"CAST({quote_name(name) if name in have else 'NULL'} AS {field.storage}) AS {quote_name(name)}"
        for name, field in told.fields.items()
    )
    return engine.write_parquet(f"SELECT {columns} FROM ({sql}) ORDER BY {order}", out / f"{told.table}.parquet")


def write_register(engine: Engine, out: Path, day: dt.date) -> dict[str, int]:
    """Write every table of the register but `regions`; gives rows by table."""
    today = f"DATE {quote(day.isoformat())}"
    parts = {
        "household": (_households(), "household_id"),
        "person": (_persons(today), "person_id"),
        "income": (_incomes(), "income_id"),
        "expense": (_expenses(), "expense_id"),
        "house": (_houses(), "house_id"),
        "water": (_waters(today), "water_id"),
        "monitoring": (_monitorings(), "monitoring_id"),
        "measure": (_measures(today), "measure_id"),
        "visit": (_visits(today), "visit_id"),
        "category": (_categories(), "category_id"),
        "employment": (_employments(today), "employment_id"),
        "application": (_applications(), "application_id"),
        "insurance_claim": (_claims(today), "claim_id"),
        "village": (_villages(), "region_code"),
        "unit": (_units(), "unit_id"),
    }
    return {entity: write_entity(engine, out, entity, sql, order) for entity, (sql, order) in parts.items()}


def _households() -> str:
    groups = "[" + ", ".join(quote(name) for name in invention("places")["groups"]) + "]"
    resettled = invention("population")["resettled_share_of_relieved"]
    return f"""
        SELECT {HOUSEHOLD_ID.format("h.hid")} AS household_id, p.region_code, ({groups})[group_no] AS group_name,
               w.name AS head_name, p.town_name || p.village_name || ({groups})[group_no] AS address, w.phone,
               CASE WHEN h.relieved THEN 'relieved' ELSE 'general' END AS household_type,
               CASE WHEN h.relieved THEN whole(h.hid, 'relieved year', 2014, 2020) END AS relieved_year,
               s.size AS registered_size, h.relieved AND u(h.hid, 'resettled') < {resettled} AS resettled,
               h.relieved AND u(h.hid, 'resettled') < {resettled} * 0.8 AS central_resettlement,
               s.workers = 0 AND structure IN ('lone_elder', 'elder_couple', 'grandparents')
                   AND h.relieved AS no_labour_floor,
               CASE WHEN h.relieved OR m.hid IS NOT NULL THEN '帮扶干部'
                   || (p.vid * 7 + group_no)::VARCHAR END AS contact_name,
               CASE WHEN h.relieved OR m.hid IS NOT NULL THEN '1991' || lpad((p.vid * 13 + group_no)::VARCHAR, 7,
                   '0') END AS contact_phone,
               l.mu AS arable_mu, CASE WHEN l.herd > 0 AND h.ethnicity = '04' THEN round(least(90, l.herd / 300), 1)
                   ELSE 0 END AS pasture_mu,
               0.0 AS water_surface_mu, round(span(h.hid, 'forest', 0, 9), 1) AS forest_mu,
                   round(span(h.hid, 'returned', 0, 4), 1) AS returned_mu,
               CASE WHEN u(h.hid, 'orchard') < 0.25 THEN round(span(h.hid, 'orchard mu', 0.5, 6), 1)
                   ELSE 0 END AS orchard_mu,
               {share("road", "h.hid")} AS road_type,
               round(u(h.hid, 'road km') * u(h.hid, 'road km2') * 3, 1) AS road_km,
               u(h.hid, 'cooperative') < 0.3 AS cooperative, true AS electricity, true AS broadcast
        FROM homes h JOIN places p USING (vid) JOIN people w ON w.hid = h.hid AND w.no = 0 JOIN stand s ON s.hid = h.hid
        JOIN lands l ON l.hid = h.hid LEFT JOIN watched m ON m.hid = h.hid WHERE h.registered
    """


def _persons(today: str) -> str:
    unknown = invention("conditions")["register"]
    return f"""
        WITH marriages AS (SELECT hid, bool_or(no = 1) AS spouse, bool_or(no = 9) AS in_law,
            bool_or(no = 6) AND bool_or(no = 7) AS old_couple FROM people GROUP BY hid)
        SELECT {PERSON_ID.format("p.pid")} AS person_id, {HOUSEHOLD_ID.format("p.hid")} AS household_id, v.region_code,
               p.name, p.id_no, CASE WHEN p.male THEN '1' ELSE '2' END AS sex, p.born AS birth_date, p.ethnicity,
                   p.relation,
               CASE WHEN p.no IN (0, 1) AND spouse THEN '20' WHEN p.age < 20 THEN '10'
                   WHEN p.no IN (8, 9) AND in_law THEN '20'
                    WHEN p.no IN (6, 7) THEN CASE WHEN old_couple THEN '20' ELSE '30' END
                    WHEN p.no = 0 AND p.age > 55 AND u(p.pid, 'widowed') < 0.85 THEN '30'
                    WHEN p.no = 0 AND p.age > 30 AND u(p.pid, 'divorced') < 0.4 THEN '40'
                    WHEN p.age > 32 AND u(p.pid, 'divorced') < 0.15 THEN '40' ELSE '10' END AS marriage,
               CASE WHEN t.school_state LIKE 'senior%' OR t.school_state LIKE 'vocational%' THEN 'junior'
                    WHEN t.school_state LIKE 'higher%' OR t.school_state = 'bachelor' THEN 'senior'
                        WHEN t.school_state = 'master' THEN 'bachelor'
                    WHEN t.school_state IN ('preschool_age', 'preschool') THEN NULL
                        WHEN t.school_age < 15 THEN 'primary'
                    WHEN p.age > 65 THEN {share("education_old", "p.pid")}
                    WHEN p.age > 40 THEN {share("education_middle", "p.pid")}
                    ELSE {share("education_young", "p.pid")} END AS education,
               CASE WHEN p.pid IN (SELECT pid FROM dropouts) AND u(p.pid, 'dropout seen') < 0.5 THEN 'none'
                   ELSE t.school_state END AS school_state,
               CASE WHEN p.pid IN (SELECT pid FROM dropouts) AND u(p.pid, 'dropout seen') < 0.5
                   THEN 'unwilling' END AS dropout_reason,
               t.health, t.labour_skill, p.phone, t.disability_no,
               NOT (l.died IS NOT NULL AND u(p.pid, 'death unknown') >= {unknown["death_unknown"]}) AS alive,
               CASE WHEN t.away THEN least(12, t.months) WHEN t.school_state IN ('bachelor', 'master') THEN 10
                   ELSE 0 END AS lives_away_months
        FROM people p JOIN traits t USING (pid) JOIN lives l USING (pid) JOIN places v USING (vid)
            JOIN marriages m ON m.hid = p.hid
        WHERE p.listed
    """


def _incomes() -> str:
    told = invention("conditions")["register"]
    low, high = told["overstated_by"]
    return f"""
        SELECT 'SR' || lpad(m.hid::VARCHAR, 9, '0') || k || '-' || row_number() OVER (PARTITION BY m.hid,
            k ORDER BY kind, detail, pid) AS income_id,
               {HOUSEHOLD_ID.format("m.hid")} AS household_id, {PERSON_ID.format("pid")} AS person_id, kind, detail,
               CAST(round(yuan * 100 * CASE WHEN k = 0 AND kind <> 'business_cost'
                   AND u(m.hid, 'overstated') < {told["income_overstated"]}
                    THEN span(m.hid, 'overstated by', {low}, {high}) ELSE 1 END) AS BIGINT) AS amount,
               p_from AS period_from, p_to AS period_to,
               CASE WHEN u(m.hid, 'own word') < {told["own_word"]} THEN 'household' ELSE 'cadre' END AS said_by
        FROM money m JOIN periods USING (k) JOIN homes USING (hid)
        WHERE registered AND NOT (k = 0 AND u(m.hid, 'income missing') < {told["income_missing"]})
    """


def _expenses() -> str:
    """What cadres wrote down of rigid spending: part of the shocks' cost, schooling, care."""
    return f"""
        SELECT 'ZC' || lpad(hid::VARCHAR, 9, '0') || '-' || row_number() OVER (ORDER BY hid, kind, pid,
            amount) AS expense_id,
               {HOUSEHOLD_ID.format("hid")} AS household_id, {PERSON_ID.format("pid")} AS person_id, kind,
                   amount * 100 AS amount,
               p_from AS period_from, p_to AS period_to, 'cadre' AS said_by
        FROM (
            SELECT hid, pid, 'education' AS kind, loss AS amount FROM shocks, periods
                WHERE kind = 'school_cost' AND k = 0 AND happened BETWEEN p_from AND p_to AND u(pid, 'cost told') < 0.5
            UNION ALL SELECT hid, NULL, 'disaster_repair', CAST(round(loss * 0.6) AS BIGINT) FROM shocks, periods
                WHERE kind IN ('fire', 'flood', 'landslide', 'hail') AND k = 0 AND happened BETWEEN p_from AND p_to
                    AND u(hid, 'cost told') < 0.6
            UNION ALL SELECT hid, pid, 'rehabilitation', 10 * whole(pid, 'rehabilitation', 60, 700) FROM traits
                WHERE grade IN ('1', '2') AND age > 1 AND u(pid, 'rehabilitation told') < 0.5
            UNION ALL SELECT hid, pid, 'care', 10 * whole(pid, 'care', 100, 900) FROM traits
                WHERE age > 80 AND u(pid, 'care told') < 0.15
        ) CROSS JOIN periods JOIN homes USING (hid) WHERE k = 0 AND registered
    """


def _houses() -> str:
    return f"""
        SELECT 'FW' || lpad(hid::VARCHAR, 9, '0') AS house_id, {HOUSEHOLD_ID.format("hid")} AS household_id,
            first_grade AS grade, 'sole' AS use,
               CASE WHEN u(hid, 'earth') < CASE WHEN old_style THEN 0.4 ELSE 0.1 END THEN 'earth'
                   WHEN u(hid, 'frame') < 0.15 THEN 'frame' ELSE 'brick' END AS structure,
               round(span(hid, 'area', 45, 160)) AS area_m2, whole(hid, 'built', 1985, 2020) AS built_year,
                   first_graded AS assessed_on,
               CASE WHEN later_grade IS NULL AND accepted IS NOT NULL THEN 'done' END AS renovation_state,
               CASE WHEN later_grade IS NULL THEN accepted END AS accepted_on
        FROM dwellings JOIN homes USING (hid) WHERE registered
    """


def water_columns(today: str) -> str:
    """The four indicators, outages, from the table `waters`."""
    return f"""
        CASE fault WHEN 'little' THEN round(span(hid, 'litres', 8, 18))
            ELSE round(span(hid, 'litres', 42, 95)) END AS litres_person_day,
        CASE fault WHEN 'bad' THEN 'bad' ELSE CASE WHEN u(hid, 'looked') < 0.2 THEN 'looked_ok'
            ELSE 'tested_ok' END END AS quality,
        CASE fault WHEN 'far' THEN round(span(hid, 'minutes', 25, 70))
            ELSE round(u(hid, 'minutes') * 8) END AS fetch_minutes,
        CASE fault WHEN 'far' THEN round(span(hid, 'metres', 850, 2500))
            ELSE round(u(hid, 'metres') * 150) END AS horizontal_m,
        CASE fault WHEN 'far' THEN round(span(hid, 'height', 20, 150))
            ELSE round(u(hid, 'height') * 15) END AS vertical_m,
        CASE fault WHEN 'unreliable' THEN whole(hid, 'days', 40, 110)
             ELSE whole(hid, 'days', 0, 6) + coalesce(date_diff('day', cut_since, coalesce(restored, {today})),
                 0) END AS outage_days_year"""


def _waters(today: str) -> str:
    """The register's own assessment is of last year: chronic faults stand in it, this year's outages do not."""
    return f"""
        SELECT 'YS' || lpad(hid::VARCHAR, 9, '0') AS water_id, {HOUSEHOLD_ID.format("hid")} AS household_id,
               {today} - CAST(380 + floor(u(hid, 'water assessed') * 200) AS INTEGER) AS assessed_on,
               {water_columns(today)} FROM (SELECT hid, registered, fault, NULL::DATE AS cut_since,
                   NULL::DATE AS restored FROM waters JOIN homes USING (hid))
        WHERE registered
    """


def _monitorings() -> str:
    return f"""
        SELECT 'JC' || lpad(w.hid::VARCHAR, 9, '0') AS monitoring_id, {HOUSEHOLD_ID.format("w.hid")} AS household_id,
            kind, identified AS identified_on,
               risks[1] AS risk1, risks[2] AS risk2, risks[3] AS risk3, risks[4] AS risk4, risks[5] AS risk5,
               CASE WHEN list_contains(risks, 'other') THEN '家庭支出较大' END AS risk_note, removed, CASE
                   WHEN removed THEN ended END AS removed_on,
               CASE WHEN removed THEN CASE WHEN u(w.hid, 'natural') < 0.12 THEN 'natural'
                   ELSE 'helped' END END AS removal_way,
               CAST(coalesce(head_before, 700000) * CASE WHEN kind = 'sudden' THEN 0.95
                   ELSE 0.8 END AS BIGINT) AS income_at_identification,
               CASE WHEN removed THEN head_fen END AS income_at_removal,
               NOT list_contains(risks, 'housing') AS house_safe_at_identification,
                   NOT list_contains(risks, 'water') AS water_safe_at_identification,
               CASE WHEN removed THEN true END AS house_safe_at_removal, CASE
                   WHEN removed THEN true END AS water_safe_at_removal,
               CASE WHEN removed THEN false END AS dropout_at_removal, CASE
                   WHEN removed THEN false END AS uninsured_at_removal,
               CASE WHEN workers > 0 AND u(w.hid, 'developed') < 0.8 THEN '产业帮扶' END AS development_help
        FROM watched w JOIN stand USING (hid)
    """


def _measures(today: str) -> str:
    """Measures by risk, the first within about a month; for a few nothing was done."""
    groups = invention("measures")["groups"]
    fits = " ".join(f"WHEN '{risk}' THEN {quote(group)}" for risk, (group, _) in groups.items())
    names = " ".join(f"WHEN '{risk}' THEN {quote(name)}" for risk, (_, name) in groups.items())
    return f"""
        SELECT 'CS' || lpad(hid::VARCHAR, 9, '0') || risk AS measure_id, {HOUSEHOLD_ID.format("hid")} AS household_id,
               CASE risk {fits} ELSE 'society' END AS "group", CASE risk {names} ELSE '社会帮扶' END AS name, risk,
               identified + CAST(floor(span(hid, 'measure', 5, 45)) AS INTEGER) AS started_on,
               CASE WHEN removed THEN ended END AS ended_on, 10000 * whole(hid, 'measure cost', 5, 80) AS amount
        FROM (SELECT *, unnest(risks) AS risk FROM watched)
        WHERE u(hid, 'helped') < 0.93 AND identified + 46 < {today}
    """


def _visits(today: str) -> str:
    swept = invention("conditions")["register"]["swept"]
    return f"""
        SELECT 'ZF' || lpad(hid::VARCHAR, 9, '0') || '-' || n AS visit_id,
            {HOUSEHOLD_ID.format("hid")} AS household_id, kind, visited_on,
               '走访干部' || (vid * 3 + hid % 3)::VARCHAR AS visitor, u(hid * 16 + n, 'food') >= 0.002 AS food_enough,
               CASE WHEN kind = 'follow_up' THEN '继续落实帮扶措施' END AS finding
        FROM (
            SELECT hid, 0 AS n, 'sweep' AS kind,
                {today} - CAST(40 + floor(u(hid, 'swept on') * 120) AS INTEGER) AS visited_on
                FROM homes WHERE u(hid, 'swept') < {swept}
            UNION ALL SELECT hid, n::INTEGER, 'follow_up',
                {today} - CAST(n * 75 - floor(u(hid * 16 + n, 'followed') * 60) AS INTEGER)
                FROM watched CROSS JOIN range(1, 4) AS t(n) WHERE NOT removed AND u(hid * 16 + n, 'follows') < 0.85
        ) JOIN homes USING (hid) WHERE registered
    """


def _categories() -> str:
    """The register's own list of categories: from civil affairs as of some time ago, and 易地搬迁."""
    resettled = invention("population")["resettled_share_of_relieved"]
    return f"""
        SELECT 'LB' || lpad(pid::VARCHAR, 10, '0') || category AS category_id, {PERSON_ID.format("pid")} AS person_id,
            category, valid_from,
               CASE WHEN category = 'dibao' THEN ['一类', '二类', '三类',
                   '四类'][whole(hid, 'class', 1, 4)] END AS dibao_class,
               CASE WHEN category = 'tekun'
                   THEN {share("self_care", "pid")} END AS self_care, source
        FROM (
            SELECT pid, hid, category, since AS valid_from, '民政名单' AS source FROM people JOIN aid USING (hid)
                WHERE listed AND u(hid, 'aid known') < 0.9
            UNION ALL SELECT pid, hid, 'resettled', DATE '2018-06-30', '搬迁台账' FROM people JOIN homes USING (hid)
                WHERE listed AND relieved AND u(hid, 'resettled') < {resettled}
        )
    """


def _employments(today: str) -> str:
    return f"""
        SELECT 'WG' || lpad(pid::VARCHAR, 10, '0') AS employment_id, {PERSON_ID.format("pid")} AS person_id,
            e.* EXCLUDE (pid, hid)
        FROM jobs e JOIN homes USING (hid) WHERE registered AND u(pid, 'job known') < 0.6 AND started_on < {today} - 60
    """


def _applications() -> str:
    return f"""
        SELECT 'SQ' || lpad(hid::VARCHAR, 9, '0') AS application_id, {HOUSEHOLD_ID.format("hid")} AS household_id,
            min(happened) + 20 AS applied_on,
               CASE WHEN u(hid, 'by card') < 0.5 THEN '一码通' ELSE '村委会代办' END AS channel, min(kind) AS reason,
                   u(hid, 'authorised') < 0.97 AS authorised
        FROM (SELECT hid, happened, CASE kind WHEN 'illness' THEN '家中有人患大病'
            WHEN 'accident' THEN '家中有人发生意外' WHEN 'job_loss' THEN '务工返乡收入减少'
            ELSE '受灾受损' END AS kind
              FROM shocks WHERE kind IN ('illness', 'accident', 'fire', 'flood', 'job_loss', 'industry_failure'))
        JOIN homes USING (hid) WHERE registered AND u(hid, 'applies') < 0.18 GROUP BY hid
    """


def _claims(today: str) -> str:
    mapped = " ".join(
        f"WHEN '{kind}' THEN '{facts['risk']}'" for kind, facts in invention("conditions")["risks"].items()
    )
    return f"""
        SELECT 'LP' || lpad(hid::VARCHAR, 9, '0') || '-' || row_number() OVER (PARTITION BY hid ORDER BY happened,
            kind, pid) AS claim_id,
               {HOUSEHOLD_ID.format("hid")} AS household_id, CASE kind {mapped} END AS reason,
                   happened AS happened_on, happened + 60 AS paid_on,
               CAST(round(loss * 0.3) AS BIGINT) * 100 AS amount
        FROM shocks JOIN homes USING (hid) WHERE registered AND loss > 3000 AND u(hid, 'claim') < 0.3
            AND happened + 60 <= {today}
    """


def _villages() -> str:
    return """
        WITH counted AS (
            SELECT vid, count(DISTINCT h.hid) AS households, count(*) AS persons,
                count(*) FILTER (age >= 60) AS pension_members,
                   count(*) FILTER (a.category = 'dibao') AS dibao, count(*) FILTER (a.category = 'tekun') AS tekun,
                   count(*) FILTER (t.class IS NOT NULL) AS disabled,
                       count(DISTINCT CASE WHEN r.risk = 'housing' THEN h.hid END) AS unsafe_houses,
                   count(DISTINCT CASE WHEN w.risk = 'water' THEN h.hid END) AS unsafe_water
            FROM homes h JOIN traits t USING (hid) LEFT JOIN aid a ON a.hid = h.hid
            LEFT JOIN risks r ON r.hid = h.hid AND r.risk = 'housing'
                LEFT JOIN risks w ON w.hid = h.hid AND w.risk = 'water'
            WHERE h.registered GROUP BY vid
        )
        SELECT region_code, village_name AS name, u(vid, 'poor village') < 0.4 AS relieved, households, persons,
               1000000 * whole(vid, 'collective', 3, 60) AS collective_income, pension_members,
                   u(vid, 'bus') < 0.93 AS bus, u(vid, 'clinic') < 0.98 AS clinic,
               whole(vid, 'doctors', 0, 3) AS doctors, u(vid, 'waste') < 0.95 AS waste_point,
                   u(vid, 'library') < 0.9 AS library, u(vid, 'hard road') < 0.99 AS hard_road,
               dibao AS dibao_persons, tekun AS tekun_persons, disabled AS disabled_persons, unsafe_houses, unsafe_water
        FROM counted JOIN places USING (vid)
    """


def _units() -> str:
    rows = ", ".join(f"({quote(name)}, {quote(told.zh)})" for name, told in dictionary().departments.items())
    return f"""
        SELECT 'DW-' || id AS unit_id, '虚构县' || zh AS name, id AS department,
               (SELECT left(min(region_code), 6) || '000000' FROM places) AS region_code
                   FROM (VALUES {rows}) AS t(id, zh)
        UNION ALL SELECT DISTINCT 'DW-' || left(town_code, 9), town_name || '人民政府', NULL, town_code FROM places
    """
