"""What each department knows: the facts of its file before anybody writes them down badly.

Each layout is a query of `pid` (whom the row is about), `n` (which of that person's rows, from 0) and fields of the
layout's entity in stored units. Departments know unregistered neighbours as well as the register's people.
"""

from __future__ import annotations

import datetime as dt

from xianjie.engines import quote
from xianjie.synth.draws import text_list
from xianjie.synth.invention import invention
from xianjie.synth.register import HOUSEHOLD_ID, water_columns


def facts(layout: str, day: dt.date) -> str:
    """SQL of the rows of a department's file as of `day`."""
    today = f"DATE {quote(day.isoformat())}"
    return _QUERIES[layout](today, day)


def _medical_bills(today: str, day: dt.date) -> str:
    """Hospital bills of the last twelve months follow the shocks; chronic and ordinary care is small."""
    diseases = ("illness", "accident", "new_disability")
    return f"""
        WITH care AS (
            SELECT pid, hid, 'inpatient' AS kind, happened + 9 + CAST(i * 35 AS INTEGER) AS settled_on,
                   CAST(greatest(1000, loss * CASE i WHEN 0 THEN 0.6 ELSE 0.4 END) AS BIGINT) AS yuan
            FROM shocks CROSS JOIN range(2) AS t(i)
                WHERE kind IN ('{"', '".join(diseases)}') AND (i = 0 OR loss > 20000)
            UNION ALL SELECT pid, hid, 'chronic',
                {today} - CAST(20 + i * 90 + floor(u(pid * 8 + i, 'care day') * 40) AS INTEGER),
                whole(pid * 8 + i, 'care', 180, 1500)
            FROM traits CROSS JOIN range(4) AS t(i)
                WHERE health IN ('chronic', 'serious') AND u(pid * 8 + i, 'cares') < 0.7
            UNION ALL SELECT pid, hid, CASE WHEN u(pid, 'shop') < 0.3 THEN 'pharmacy' ELSE 'outpatient' END,
                {today} - CAST(floor(u(pid, 'visit day') * 360) AS INTEGER), whole(pid, 'visit', 30, 600)
            FROM traits WHERE u(pid, 'visits doctor') < 0.12
            UNION ALL SELECT pid, hid, 'inpatient', {today} - CAST(floor(u(pid, 'stay day') * 360) AS INTEGER),
                10 * whole(pid, 'stay', 200, 1400)
            FROM traits WHERE u(pid, 'stays') < CASE WHEN age > 60 THEN 0.09 ELSE 0.025 END
        ), known AS (
            SELECT c.*, yuan * 100 AS total, a.category IS NOT NULL AS poor,
                   c.pid IN (SELECT pid FROM uncovered) AS bare
            FROM care c JOIN lives l USING (pid) LEFT JOIN aid a ON a.hid = c.hid
            WHERE settled_on BETWEEN {today} - 364 AND {today} AND (l.died IS NULL OR settled_on <= l.died + 10)
        ), scoped AS (
            SELECT *, CAST(total * CASE WHEN bare THEN 0
                ELSE span(pid, 'scope', 0.82, 0.96) END AS BIGINT) AS in_scope FROM known
        ), basic AS (
            SELECT *, CAST(in_scope * CASE kind WHEN 'inpatient' THEN span(pid, 'basic', 0.58, 0.72)
                WHEN 'chronic' THEN 0.6 WHEN 'outpatient' THEN 0.4 ELSE 0 END AS BIGINT) AS basic_paid FROM scoped
        ), serious AS (
            SELECT *, CAST(greatest(0, in_scope - basic_paid - 1200000) * 0.6 AS BIGINT) AS serious_paid FROM basic
        ), aided AS (
            SELECT *, CASE WHEN poor THEN CAST((in_scope - basic_paid - serious_paid) * 0.6 AS BIGINT)
                ELSE 0 END AS aid_paid FROM serious
        )
        SELECT pid, row_number() OVER (PARTITION BY pid ORDER BY settled_on, kind, total) - 1 AS n, kind, settled_on,
            total, in_scope,
               basic_paid, serious_paid, aid_paid, total - basic_paid - serious_paid - aid_paid AS self_paid FROM aided
    """


def _insurance_roll(today: str, day: dt.date) -> str:
    """Nearly everybody; of the uninsured most are simply not on the roll, some stand there as not paid."""
    told = invention("conditions")
    premium = invention("money")["premium"] * 100
    return f"""
        WITH lists AS (
            SELECT pid, hid, pid IN (SELECT pid FROM uncovered) AS bare, hid IN (SELECT hid FROM aid) AS poor
            FROM lives WHERE (died IS NULL OR died > {today} - 300)
        )
        SELECT pid, 0 AS n, 'medical_resident' AS kind, {day.year} AS year, NOT bare AS enrolled,
               CASE WHEN bare THEN NULL WHEN poor THEN CAST({premium} * {1 - told["premium_helped"]} AS BIGINT)
                   ELSE {premium} END AS premium_paid,
               CASE WHEN poor AND NOT bare THEN CAST({premium} * {told["premium_helped"]} AS BIGINT)
                   ELSE 0 END AS premium_helped
        FROM lists WHERE NOT bare OR u(pid, 'stands unpaid') < 0.3
    """


def _school_roll(today: str, day: dt.date) -> str:
    term = dt.date(day.year if day.month >= 9 else day.year - 1, 9, 1)
    return f"""
        SELECT t.pid, 0 AS n, 'XJ' || lpad((t.pid::BIGINT * 31 + 17)::VARCHAR, 12, '0') AS schooling_id,
            DATE '{term}' AS term_from,
               CASE WHEN school_state = 'preschool' THEN town_name || '中心幼儿园'
                   WHEN school_state = 'primary' THEN village_name || '小学'
                    WHEN school_state LIKE 'grade%' THEN town_name || '初级中学'
                        WHEN school_state LIKE 'senior%' THEN '虚构县第' || CASE
                        WHEN u(t.pid, 'school') < 0.5 THEN '一' ELSE '二' END || '中学'
                    WHEN school_state LIKE 'vocational%' THEN '虚构县职业中专' ELSE '虚构省' || CASE
                        WHEN school_state LIKE 'higher%' THEN '职业技术学院' ELSE '示例大学' END END AS school_name,
               school_state AS stage, true AS enrolled,
               CASE WHEN d.pid IS NOT NULL THEN whole(t.pid, 'absent', 12, 40)
                   WHEN u(t.pid, 'absent') < 0.05 THEN whole(t.pid, 'absent days', 1, 4) ELSE 0 END AS absent_days,
               CASE WHEN d.pid IS NOT NULL THEN CASE WHEN u(t.pid, 'why') < 0.7 THEN 'unwilling'
                   ELSE 'working' END END AS absence_reason,
               CASE WHEN s.loss > 0 THEN s.loss * 100 WHEN school_state IN ('primary') OR school_state LIKE 'grade%'
                   THEN 0
                    ELSE 10000 * whole(t.pid, 'fees', 15, 85) END AS self_pay_year,
               CASE WHEN school_state NOT IN ('primary', 'preschool') AND h.relieved
                   AND school_state NOT LIKE 'grade%' THEN 10000 * whole(t.pid, 'aid', 10, 35) ELSE 0 END AS aid_year
        FROM traits t JOIN people p USING (pid) JOIN places v USING (vid) JOIN homes h ON h.hid = t.hid
            LEFT JOIN dropouts d ON d.pid = t.pid
        LEFT JOIN (SELECT pid, max(loss) AS loss FROM shocks WHERE kind = 'school_cost' AND happened > {today} - 365
            GROUP BY pid) s ON s.pid = t.pid
        WHERE school_state NOT IN ('none', 'preschool_age') AND NOT (d.pid IS NOT NULL AND u(t.pid, 'off roll') < 0.4)
    """


def _employment(today: str, day: dt.date) -> str:
    return f"""
        SELECT pid, 0 AS n, * EXCLUDE (pid, hid) FROM jobs WHERE u(pid, 'job reported') < 0.75 AND started_on <= {today}
    """


def _house_grades(today: str, day: dt.date) -> str:
    """Grades of the last year and all dangerous houses; the row names the head."""
    return f"""
        SELECT p.pid, 0 AS n, coalesce(later_grade, CASE WHEN first_grade IN ('A', 'B') THEN first_grade
            WHEN accepted IS NOT NULL THEN 'B' ELSE first_grade END) AS grade,
               'sole' AS use, CASE WHEN old_style AND u(d.hid, 'earth') < 0.4 THEN 'earth'
                   ELSE 'brick' END AS structure,
               round(span(d.hid, 'area', 45, 160)) AS area_m2, whole(d.hid, 'built', 1985, 2020) AS built_year,
               coalesce(later_graded, {today} - CAST(20 + floor(u(d.hid, 'regraded') * 300) AS INTEGER)) AS assessed_on,
               CASE WHEN accepted IS NOT NULL THEN 'done' WHEN coalesce(later_grade, first_grade) IN ('C', 'D')
                   AND u(d.hid, 'planned') < 0.3 THEN 'planned' END AS renovation_state,
               accepted AS accepted_on
        FROM dwellings d JOIN people p ON p.hid = d.hid AND p.no = 0
        WHERE later_grade IS NOT NULL OR first_grade IN ('C', 'D') OR u(d.hid, 'looked at again') < 0.12
    """


def _disability_certificates(today: str, day: dt.date) -> str:
    return f"""
        SELECT t.pid, 0 AS n, disability_no AS certificate_no, class AS kind, grade,
               coalesce(s.happened + 20,
                   {today} - CAST(300 + floor(u(t.pid, 'issued')
                   * least(4000, t.age * 300)) AS INTEGER)) AS issued_on,
               CASE WHEN l.died IS NOT NULL THEN least(l.died + 20, {today}) END AS cancelled_on
        FROM traits t JOIN lives l USING (pid)
            LEFT JOIN (SELECT pid, max(happened) AS happened FROM shocks
            WHERE kind = 'new_disability' AND happened < {today} - 20 GROUP BY pid) s ON s.pid = t.pid
        WHERE disability_no IS NOT NULL
    """


def _water_supply(today: str, day: dt.date) -> str:
    return f"""
        SELECT p.pid, 0 AS n, {today} - CAST(floor(u(hid, 'checked') * 25) AS INTEGER) AS assessed_on,
            {water_columns(today)},
               cut_since AS outage_since, restored AS restored_on
        FROM (SELECT w.*, pid FROM waters w JOIN people p ON p.hid = w.hid AND p.no = 0) AS p
        WHERE cut_since IS NOT NULL OR fault <> 'none' OR u(hid, 'checked too') < 0.1
    """


def _disasters(today: str, day: dt.date) -> str:
    """The row names the one who was hurt, else the head."""
    return f"""
        SELECT coalesce(s.pid, p.pid) AS pid,
            row_number() OVER (PARTITION BY coalesce(s.pid, p.pid) ORDER BY happened, kind, loss) - 1 AS n,
               CASE WHEN kind = 'accident' AND u(s.pid, 'traffic') < 0.45 THEN 'traffic' ELSE kind END AS hazard,
                   happened AS happened_on,
               loss * 100 AS loss, CASE WHEN u(s.hid, 'claim') < 0.3
                   AND loss > 3000 THEN CAST(round(loss * 0.3) AS BIGINT) * 100 ELSE 0 END AS compensated
        FROM shocks s JOIN people p ON p.hid = s.hid AND p.no = 0
        WHERE kind IN ('accident', 'fire', 'hail', 'flood', 'drought', 'snow', 'landslide', 'animal_disease')
            AND happened > {today} - 365 AND happened + 5 <= {today}
    """


def _vital_events(today: str, day: dt.date) -> str:
    return f"""
        WITH events AS (
            SELECT pid, 'death' AS kind, died AS happened_on FROM lives WHERE died IS NOT NULL
            UNION ALL SELECT pid, 'birth', born FROM people WHERE born > {today} - 365
            UNION ALL SELECT pid, CASE WHEN u(pid, 'in or out') < 0.4 THEN 'move_in' ELSE 'move_out' END,
                {today} - CAST(floor(u(pid, 'moved on') * 360) AS INTEGER)
            FROM lives WHERE u(pid, 'moves') < 0.004 AND died IS NULL AND age > 2
            UNION ALL SELECT pid, CASE WHEN u(pid, 'weds') < 0.0035 THEN 'marriage' ELSE 'divorce' END,
                {today} - CAST(floor(u(pid, 'weds on') * 360) AS INTEGER)
            FROM lives WHERE u(pid, 'weds') < 0.005 AND died IS NULL AND age BETWEEN 22 AND 60
        )
        SELECT pid, row_number() OVER (PARTITION BY pid ORDER BY happened_on, kind) - 1 AS n, kind, happened_on
            FROM events
    """


def _illnesses(today: str, day: dt.date) -> str:
    told = invention("diseases")
    return f"""
        SELECT t.pid, 0 AS n, t.health = 'serious' OR s.pid IS NOT NULL AS serious,
               CASE WHEN t.health = 'serious' OR s.pid IS NOT NULL THEN item({text_list(told["serious"])}, t.pid,
                   'disease') ELSE item({text_list(told["chronic"])}, t.pid, 'disease') END AS disease,
               coalesce(s.happened, {today} - CAST(100 + floor(u(t.pid, 'diagnosed')
                   * least(3000, t.age * 250)) AS INTEGER)) AS diagnosed_on,
               u(t.pid, 'doctor') < 0.85 AS family_doctor
        FROM traits t JOIN lives l USING (pid)
            LEFT JOIN (SELECT pid, max(happened) AS happened FROM shocks WHERE kind = 'illness'
            GROUP BY pid) s ON s.pid = t.pid
        WHERE (t.health IN ('serious', 'chronic') OR s.pid IS NOT NULL) AND l.died IS NULL
    """


def _assistance_list(today: str, day: dt.date) -> str:
    """Civil affairs' lists: 低保 and 特困 by household, orphans and the badly disabled by person."""
    classes = "['一类', '二类', '三类', '四类']"
    return f"""
        SELECT pid, row_number() OVER (PARTITION BY pid ORDER BY category) - 1 AS n, category, valid_from,
               CASE WHEN died IS NOT NULL AND u(pid, 'struck off') < 0.6 THEN least(died + 30, {today}) END AS valid_to,
               CASE WHEN category = 'dibao' THEN ({classes})[whole(hid, 'class', 1, 4)] END AS dibao_class
        FROM (
            SELECT pid, l.hid, died, category, since AS valid_from FROM lives l JOIN aid USING (hid)
            UNION ALL SELECT l.pid, l.hid, died, 'severely_disabled',
                {today} - CAST(200 + floor(u(l.pid, 'listed') * 1500) AS INTEGER)
            FROM lives l JOIN traits t USING (pid) WHERE grade IN ('1', '2') AND disability_no IS NOT NULL
            UNION ALL SELECT l.pid, l.hid, died, 'left_behind_child',
                {today} - CAST(60 + floor(u(l.pid, 'listed') * 900) AS INTEGER)
            FROM lives l ANTI JOIN (SELECT hid FROM lives WHERE age BETWEEN 18 AND 58 AND NOT away) home USING (hid)
            WHERE age BETWEEN 2 AND 15.9
            UNION ALL SELECT l.pid, l.hid, died, 'dibao_margin',
                {today} - CAST(100 + floor(u(l.hid, 'listed') * 700) AS INTEGER)
            FROM lives l JOIN stand s USING (hid) ANTI JOIN aid USING (hid)
                WHERE head_before < 950000 AND u(l.hid, 'margin') < 0.25
        )
    """


def _benefits(today: str, day: dt.date) -> str:
    """Payments of the last twelve months, a quarter in one sum."""
    day_of = f"{today} - CAST(q * 91 + 12 AS INTEGER)"
    return f"""
        WITH paid AS (
            SELECT l.pid, CASE category WHEN 'tekun' THEN 'tekun' ELSE 'dibao' END AS kind, q, month_yuan * 300 * CASE
                WHEN l.no = 0 THEN size ELSE 0 END AS amount
            FROM lives l JOIN aid USING (hid) CROSS JOIN range(4) AS r(q)
            UNION ALL SELECT l.pid, 'disability_care', q, 30000 + 0 FROM lives l JOIN traits t USING (pid)
                CROSS JOIN range(4) AS r(q) WHERE grade IN ('1', '2') AND disability_no IS NOT NULL
            UNION ALL SELECT l.pid, 'old_age', q, 15000 FROM lives l CROSS JOIN range(4) AS r(q) WHERE age >= 80
            UNION ALL SELECT pid, 'yulu', 0, 150000 FROM traits JOIN homes USING (hid)
                WHERE relieved AND (school_state LIKE 'vocational%' OR school_state LIKE 'higher%')
                AND u(pid, 'yulu') < 0.7
            UNION ALL SELECT pid, 'schooling_aid', 0, 100000 FROM traits JOIN homes USING (hid)
                WHERE relieved AND school_state LIKE 'senior%' AND u(pid, 'aided') < 0.8
            UNION ALL SELECT p.pid, 'relief', 0, 100 * 100 * whole(p.pid, 'relief', 5, 60) FROM people p
                JOIN (SELECT DISTINCT hid FROM shocks WHERE loss > 15000 AND happened > {today} - 300) s USING (hid)
                WHERE p.no = 0 AND u(p.pid, 'relieved') < 0.2
        )
        SELECT pid, row_number() OVER (PARTITION BY pid ORDER BY kind, q) - 1 AS n, kind, {day_of} AS paid_on, amount,
               '6299' || lpad((pid::BIGINT * 97 + 5)::VARCHAR, 12, '0') AS one_card_account
        FROM paid JOIN lives USING (pid) WHERE amount > 0 AND (died IS NULL OR died > {day_of})
    """


def _held(kind: str, share: str, descriptions: list[str], low: int, high: int, today: str) -> str:
    return f"""
        SELECT l.pid, 0 AS n, '{kind}' AS kind, item({text_list(descriptions)}, l.pid, '{kind} what') AS description,
               1000000 * whole(l.pid, '{kind} value', {low}, {high}) AS value,
                   {today} - CAST(30 + floor(u(l.pid, '{kind} since') * 2500) AS INTEGER) AS acquired_on
        FROM lives l JOIN stand s USING (hid)
            WHERE age >= 20 AND age < 68 AND died IS NULL AND u(l.pid, '{kind}') < {share} * CASE
            WHEN s.head_before > 2000000 THEN 1.8 WHEN s.head_before < 1000000 THEN 0.25 ELSE 1 END
    """


def _vehicles(today: str, day: dt.date) -> str:
    return _held("vehicle", "0.06", ["小型轿车", "小型面包车", "轻型货车", "小型越野客车"], 2, 14, today)


def _property(today: str, day: dt.date) -> str:
    return _held("bought_house", "0.012", ["虚构县城示例小区", "样本市晨光花园", "云港市星河苑"], 18, 70, today)


def _businesses(today: str, day: dt.date) -> str:
    return _held("business", "0.012", ["示例农家小店", "麦浪种植合作社", "样本运输户", "石榴小吃店"], 1, 50, today)


def _national_households(today: str, day: dt.date) -> str:
    """The register's households with last year's money in one row, as the national system prints it."""
    sums = ", ".join(
        f"sum(yuan) FILTER (kind = '{kind}') * 100 AS stated_{kind}"
        for kind in ("wage", "business", "business_cost", "property", "transfer", "claim")
    )
    return f"""
        WITH money_of AS (SELECT hid, {sums} FROM money WHERE k = 0 GROUP BY hid)
        SELECT p.pid, 0 AS n, r.*, w.kind AS stated_monitored_kind, w.removed AS stated_risk_removed,
               {day.year} AS stated_year, m.* EXCLUDE (hid), s.net AS stated_net_income,
                   s.head_fen AS stated_income_per_head,
               coalesce(d.first_grade IN ('A', 'B') OR d.accepted IS NOT NULL, true) AS stated_house_safe
        FROM register_households r JOIN people p ON r.household_id = {HOUSEHOLD_ID.format("p.hid")} AND p.no = 0
        JOIN stand s ON s.hid = p.hid JOIN dwellings d ON d.hid = p.hid
        LEFT JOIN watched w ON w.hid = p.hid LEFT JOIN money_of m ON m.hid = p.hid
    """


def _national_members(today: str, day: dt.date) -> str:
    return """
        SELECT CAST(substr(person_id, 2) AS INTEGER) AS pid, 0 AS n, r.*,
               u.pid IS NULL AS stated_medical_resident, u.pid IS NULL AS stated_medical_serious,
               age >= 16 AND school_state = 'none' AS stated_pension_resident,
               coalesce(a.category = 'dibao', false) AS stated_dibao,
                   coalesce(a.category = 'tekun', false) AS stated_tekun
        FROM register_persons r JOIN lives l ON l.pid = CAST(substr(person_id, 2) AS INTEGER)
        LEFT JOIN uncovered u ON u.pid = l.pid LEFT JOIN aid a ON a.hid = l.hid
    """


def _national_monitored(today: str, day: dt.date) -> str:
    return f"""
        SELECT p.pid, 0 AS n, r.* FROM register_monitorings r
        JOIN people p ON r.household_id = {HOUSEHOLD_ID.format("p.hid")} AND p.no = 0
    """


def _national_villages(today: str, day: dt.date) -> str:
    return "SELECT NULL::INTEGER AS pid, row_number() OVER (ORDER BY region_code) AS n, r.* FROM register_villages r"


def _national_migrant_work(today: str, day: dt.date) -> str:
    return """
        SELECT pid, 0 AS n, jobs.* EXCLUDE (pid, hid) FROM jobs JOIN homes USING (hid)
        WHERE registered AND relieved AND u(pid, 'job exported') < 0.9
    """


_QUERIES = {
    "medical_bills": _medical_bills,
    "insurance_roll": _insurance_roll,
    "school_roll": _school_roll,
    "employment": _employment,
    "house_grades": _house_grades,
    "disability_certificates": _disability_certificates,
    "water_supply": _water_supply,
    "disasters": _disasters,
    "vital_events": _vital_events,
    "vehicles": _vehicles,
    "illnesses": _illnesses,
    "assistance_list": _assistance_list,
    "benefits": _benefits,
    "property": _property,
    "businesses": _businesses,
    "national_households": _national_households,
    "national_members": _national_members,
    "national_monitored": _national_monitored,
    "national_villages": _national_villages,
    "national_migrant_work": _national_migrant_work,
}
