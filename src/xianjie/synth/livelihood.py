"""What households live on: work, land, transfers, and what shocks leave of them.

Tables made: `periods` (twelve months each, 0 the last), `lives` (one row a person: work, pay, day of death),
`aid` (households on 低保 or 特困), `money` (household, person, period, kind, detail, yuan).
"""

from __future__ import annotations

import calendar
import datetime as dt

from xianjie.engines import Engine, quote
from xianjie.synth.draws import text_list
from xianjie.synth.invention import invention


def periods(day: dt.date, years: int) -> list[tuple[int, dt.date, dt.date]]:
    """The accounting years before `day`: twelve months up to the last month's end that is over, and so on back."""
    last = calendar.monthrange(day.year, day.month)[1]
    year, month = (day.year, day.month) if day.day == last else divmod(day.year * 12 + day.month - 2, 12)
    if day.day != last:
        month += 1
    rows = []
    for back in range(years):
        end = dt.date(year - back, month, calendar.monthrange(year - back, month)[1])
        start = dt.date(end.year - 1, end.month, calendar.monthrange(end.year - 1, end.month)[1]) + dt.timedelta(days=1)
        rows.append((back, start, end))
    return rows


def make_livelihood(engine: Engine, years: int, day: dt.date) -> None:
    """Make the tables named above. Needs `people`, `traits`, `homes`, `shocks`."""
    engine.create_table("periods", {"k": "INTEGER", "p_from": "DATE", "p_to": "DATE"}, periods(day, max(years, 2)))
    _lives(engine)
    _jobs(engine, day)
    _earnings(engine)
    _aid(engine, day)
    _money(engine)


# The part of period [p_from, p_to] in which a shock of day `happened` that lasts `lasting` months is felt.
FELT = (
    "greatest(0, date_diff('day', greatest(p_from, happened), "
    "least(p_to + 1, coalesce(happened + lasting * 30, DATE '9999-01-01')))) / 365.0"
)


def _lives(engine: Engine) -> None:
    work = invention("population")["work"]
    away, home = work["pay_away"], work["pay_home"]
    engine.run(f"""
        CREATE TABLE lives AS
        SELECT t.pid, t.hid, t.no, t.age, t.works, t.away, t.months, t.labour_skill, d.happened AS died,
               CASE WHEN NOT works THEN 0 ELSE 10 * CAST(round(exp(0.17 * h.luck)
                   * least({work["most_effort"]}, 1 - {work["effort"]} + {work["effort"]} * mouths / hands)
                   * CASE WHEN labour_skill = 'skilled' THEN 1.25 WHEN labour_skill = 'weak' THEN 0.55 ELSE 1 END
                   * CASE WHEN away THEN span(t.pid, 'pay', {away[0]}, {away[1]})
                          ELSE span(t.pid, 'pay', {home[0]}, {home[1]}) END / 10) AS BIGINT) END AS pay
        FROM traits t JOIN homes h USING (hid)
        JOIN (SELECT hid, count(*) AS mouths, greatest(1, count(*) FILTER (works)) AS hands FROM traits
            GROUP BY hid) m USING (hid)
        LEFT JOIN (SELECT pid, happened FROM shocks WHERE kind = 'death') d ON d.pid = t.pid
        ORDER BY t.pid
    """)


def _jobs(engine: Engine, day: dt.date) -> None:
    """The table `jobs`: this year's spell of work of each worker, ended by what happened to the worker."""
    told = invention("jobs")
    today = f"DATE {quote(day.isoformat())}"
    engine.run(f"""
        CREATE TABLE jobs AS
        WITH ends AS (SELECT pid, max(happened) AS ended FROM shocks WHERE wage < 0.5 AND happened > {today} - 300
            GROUP BY pid),
        started AS (
            SELECT l.*, ended, DATE '{day.year}-01-01' + CAST(floor(u(pid, 'start') * u(pid, 'start2')
                * 120) AS INTEGER)
                   - CASE WHEN day_early THEN 365 ELSE 0 END AS started_on, u(pid, 'channel') AS way
            FROM lives l LEFT JOIN ends USING (pid), (SELECT {day.month} < 5 AS day_early) WHERE works
        )
        SELECT pid, hid, least(started_on, coalesce(ended - 30, started_on)) AS started_on, ended AS ended_on,
               CASE WHEN NOT away THEN CASE WHEN u(pid, 'near') < 0.7 THEN 'township' ELSE 'county' END
                    WHEN u(pid, 'near') < 0.55 THEN 'province' ELSE 'outside' END AS place,
               CASE WHEN away THEN item({text_list(told["away_places"])}, pid, 'work place')
                   ELSE '虚构县' END AS place_county,
               CASE WHEN away THEN CASE WHEN way < {told["organised_share"]} THEN 'organised' ELSE 'self' END
                    WHEN way < {told["public_post_share"]} AND age < 66 THEN 'public_post'
                    WHEN way < {told["public_post_share"] + told["workshop_share"]} THEN 'workshop'
                    WHEN way < 0.5 THEN 'enterprise' ELSE 'flexible' END AS channel,
               item({text_list(told["employers"])}, pid, 'employer') AS employer,
               CASE WHEN away THEN item({text_list(told["away_industries"])}, pid, 'industry')
                    ELSE item({text_list(told["home_industries"])}, pid, 'industry') END AS industry,
               pay * 100 AS monthly_pay,
               CASE WHEN away AND u(pid, 'travel') < {told["travel_subsidy_share"]} THEN 100 * 10
                   * whole(pid, 'travel size', 20, 60) END AS travel_subsidy
        FROM started
    """)


def _earnings(engine: Engine) -> None:
    told = invention("money")
    land, herd = told["land"], told["herd"]
    engine.run(f"""
        CREATE TABLE hurt AS
        SELECT s.hid, s.pid, k, min(1 - (1 - wage) * least(1, {FELT})) AS wage,
               min(1 - (1 - business) * least(1, {FELT})) AS business
        FROM shocks s CROSS JOIN periods WHERE wage < 1 OR business < 1 GROUP BY s.hid, s.pid, k
    """)
    engine.run(f"""
        CREATE TABLE wages AS
        SELECT l.hid, l.pid, k, 10
            * CAST(round(l.months * l.pay * (1 - {told["growth"]} * k) * coalesce(h.wage, 1) / 10) AS BIGINT) AS yuan
        FROM lives l CROSS JOIN periods LEFT JOIN hurt h USING (pid, k) WHERE l.works
    """)
    engine.run(f"""
        CREATE TABLE lands AS
        SELECT hid, round(span(hid, 'mu', {land["mu"][0]}, {land["mu"][1]}), 1) AS mu,
               CASE WHEN u(hid, 'herd') < {herd["share"]} THEN span(hid, 'herd size', {herd["income"][0]},
                   {herd["income"][1]}) ELSE 0 END AS herd,
               span(hid, 'yield', {land["per_mu"][0]}, {land["per_mu"][1]}) AS per_mu,
               span(hid, 'cost', {told["business_cost_share"][0]}, {told["business_cost_share"][1]}) AS cost_share
        FROM homes
    """)
    engine.run(f"""
        CREATE TABLE business AS
        WITH hands AS (
            SELECT hid, least(1.0, count(*) FILTER (age BETWEEN 18 AND 74 AND labour_skill <> 'lost') * 0.5) AS hands
                FROM lives GROUP BY hid
        ), grown AS (
            SELECT hid, k, 10 * CAST(round((mu * per_mu + herd) * exp(0.15 * luck) * hands * (1 - {told["growth"]} * k)
                   * coalesce(h.business, 1) / 10) AS BIGINT) AS yuan,
                   10 * CAST(round((mu * per_mu + herd) * hands * cost_share
                       * (0.5 + 0.5 * coalesce(h.business, 1)) / 10) AS BIGINT) AS cost
            FROM lands JOIN homes USING (hid) JOIN hands USING (hid) CROSS JOIN periods
            LEFT JOIN (SELECT * FROM hurt WHERE pid IS NULL) h USING (hid, k)
        )
        SELECT * FROM grown WHERE yuan > 0
    """)


def _aid(engine: Engine, day: dt.date) -> None:
    """低保 and 特困 go by the year before: who fell into need since then is not on the lists yet."""
    told = invention("money")
    dibao, transfers = told["dibao"], told["transfers"]
    pension = f"12 * span(pid, 'pension', {transfers['pension_month'][0]}, {transfers['pension_month'][1]})"
    engine.run(f"""
        CREATE TABLE old_people AS
        SELECT pid, hid, age, died, CAST(round({pension}) AS BIGINT) AS pension,
               10 * CAST(round(CASE WHEN h.structure IN ('lone_elder', 'elder_couple', 'grandparents')
                   AND u(hid, 'children far') < 0.9
                   THEN span(pid, 'support', {transfers["support_by_children"][0]},
                       {transfers["support_by_children"][1]}) ELSE 0 END / 10) AS BIGINT) AS support
        FROM lives JOIN homes h USING (hid) WHERE age >= 60
    """)
    engine.run(f"""
        CREATE TABLE aid AS
        WITH heads AS (
            SELECT hid, count(*) AS size, count(*) FILTER (works) AS workers FROM lives GROUP BY hid
        ), earned AS (
            SELECT hid, (coalesce((SELECT sum(yuan) FROM wages w WHERE w.hid = h.hid AND k = 1), 0)
                   + coalesce((SELECT sum(yuan - cost) FROM business b WHERE b.hid = h.hid AND k = 1), 0)
                   + coalesce((SELECT sum(pension + support) FROM old_people o WHERE o.hid = h.hid),
                       0)) / size AS head_year, size, workers
            FROM heads h
        ), chosen AS (
            SELECT *, homes.structure IN ('lone_elder', 'lone_adult') AND workers = 0
                AND u(hid, 'tekun') < 0.2 AS tekun,
                   head_year < {dibao["line"]} AND u(hid, 'dibao') < {dibao["drawn_by"]} AS dibao
            FROM earned JOIN homes USING (hid)
        )
        SELECT hid, size, CASE WHEN tekun THEN 'tekun' ELSE 'dibao' END AS category,
               DATE {quote(day.isoformat())} - CAST(400 + floor(u(hid, 'aid since') * 2400) AS INTEGER) AS since,
               CASE WHEN tekun THEN {told["tekun_month"]} ELSE CAST(greatest({dibao["floor_month"]},
                   round(({dibao["line"]} * {dibao["cover"]} - head_year) / 12
                       * span(hid, 'top up', {dibao["top_up"][0]},
                       {dibao["top_up"][1]}))) AS BIGINT) END AS month_yuan,
               head_year
        FROM chosen WHERE tekun OR dibao
    """)


def _money(engine: Engine) -> None:
    told = invention("money")
    subsidy = told["transfers"]["land_subsidy_per_mu"]
    alive = (
        "CASE WHEN died IS NULL OR died > p_to THEN 1.0 WHEN died < p_from THEN 0.0 "
        "ELSE date_diff('day', p_from, died) / 365.0 END"
    )
    extra = " UNION ALL ".join(
        f"SELECT hid, NULL, k, '{kind}', '{facts['detail']}', "
        f"10 * whole(hid, '{kind} size', {facts['income'][0] // 10}, {facts['income'][1] // 10}) "
        f"FROM homes CROSS JOIN periods WHERE u(hid, '{kind}') < {facts['share']}"
        for kind, facts in (("property", told["property"]), ("other", told["other"]))
    )
    engine.run(f"""
        CREATE TABLE money AS SELECT * FROM (
            SELECT hid, pid, k, 'wage' AS kind, '务工收入' AS detail, yuan FROM wages
            UNION ALL SELECT hid, NULL, k, 'business', '种养收入', yuan FROM business
            UNION ALL SELECT hid, NULL, k, 'business_cost', '种养支出', cost FROM business
            UNION ALL SELECT hid, pid, k, 'transfer', '养老金', CAST(round(pension * {alive}) AS BIGINT)
                FROM old_people CROSS JOIN periods
            UNION ALL SELECT hid, pid, k, 'transfer', '赡养费', CAST(round(support * {alive}) AS BIGINT)
                FROM old_people CROSS JOIN periods
            UNION ALL SELECT hid, NULL, k, 'transfer', '耕地地力补贴', CAST(round(mu * {subsidy}) AS BIGINT)
                FROM lands CROSS JOIN periods
            UNION ALL SELECT hid, NULL, k, 'transfer', CASE category WHEN 'tekun' THEN '特困供养金' ELSE '低保金' END,
                      month_yuan * size * least(12, greatest(0, date_diff('month', since, p_to))) FROM aid
                          CROSS JOIN periods
            UNION ALL SELECT hid, NULL, k, 'claim', '防贫保理赔', CAST(round(loss * 0.3) AS BIGINT)
                      FROM shocks JOIN periods ON happened + 60 BETWEEN p_from AND p_to
                          WHERE loss > 3000 AND u(hid, 'claim') < 0.3
            UNION ALL {extra}
        ) WHERE yuan > 0
    """)
