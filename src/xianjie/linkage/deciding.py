"""From compared candidates to one line per row: the rules in order, uniqueness, reasons, ranked candidates."""

from __future__ import annotations

from xianjie.engines import Engine, quote, quote_name
from xianjie.linkage.calibrating import shift_chances
from xianjie.linkage.fingerprints import fingerprint_sql
from xianjie.linkage.rulebook import RuleBook
from xianjie.linkage.scoring import ScoreBook, score, scorebook, told

EXACT_RULE = "number_and_name"


def decide(engine: Engine, book: RuleBook, use: str, decisions: str | None, links: str, candidates: str) -> None:
    """Make the tables `links` (one line per feed row) and `candidates` (of the rows in review)."""
    score(engine)
    shift_chances(engine, decisions)
    _apply_rules(engine, book)
    _settle(engine, book, scorebook(), scorebook().use(use).bar)
    exact = next(rule for rule in book.rules if rule.id == EXACT_RULE)
    reason = exact.zh.replace("{number}", book.numbers[0].zh)
    engine.run(f"""
        CREATE OR REPLACE TABLE {quote_name(links)} AS
        SELECT rn, row_id, 'exact' AS tier, person_id, household_id, {exact.score}::DOUBLE AS score,
            {quote(reason)} AS reason, NULL::VARCHAR AS fingerprint
        FROM link_exact
        UNION ALL SELECT * FROM link_decided
        UNION ALL
        SELECT rn, f.row_id, s.tier, p.person_id, p.household_id, s.score, s.reason,
            CASE WHEN s.tier IN ('review', 'none') THEN {fingerprint_sql("f.")} END AS fingerprint
        FROM link_settled s JOIN link_rest f USING (rn) LEFT JOIN link_person p USING (pid);
        CREATE OR REPLACE TABLE {quote_name(candidates)} AS
        SELECT rn, f.row_id, c.rank, p.person_id, round(c.chance, 4) AS score, c.reason,
            c.speaks_for, c.speaks_against, {fingerprint_sql("f.")} AS fingerprint
        FROM link_ranked c JOIN link_settled s USING (rn) JOIN link_rest f USING (rn)
        JOIN link_person p ON p.pid = c.pid
        WHERE s.tier = 'review' AND c.rank <= {book.settings.shown_candidates}""")


def _apply_rules(engine: Engine, book: RuleBook) -> None:
    """`link_ranked` (rn, rank by chance, pid, and what the rule that fits says): candidates that a rule or a chance
    speaks for."""
    chain = " ".join(f"WHEN {rule.when} THEN {place}" for place, rule in enumerate(book.rules))
    rules = ", ".join(
        f"({place}, {rule.level}, {quote(rule.tier)}, {rule.score}::DOUBLE, {rule.alone}, {quote(rule.zh)})"
        for place, rule in enumerate(book.rules)
    )
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_ranked AS
        WITH rules(place, level, tier, score, alone, zh) AS (VALUES {rules}),
        fitted AS (SELECT *, CASE {chain} END AS place FROM link_feature),
        best AS (
            SELECT fitted.*, s.chance, s.barred
            FROM fitted JOIN link_score s USING (rn, person_id)
            WHERE place IS NOT NULL OR chance >= {scorebook().listed}
            QUALIFY row_number() OVER (PARTITION BY rn, person_id ORDER BY place, agree DESC, against, pid) = 1)
        SELECT rn, row_number() OVER (PARTITION BY rn ORDER BY chance DESC, level, person_id) AS rank, pid, person_id,
            level, tier, score, alone, chance, barred,
            {told(book, scorebook(), True)} AS speaks_for, {told(book, scorebook(), False)} AS speaks_against,
            coalesce({_reason(book)}, concat_ws('；', speaks_for, nullif(speaks_against, ''))) AS reason
        FROM best LEFT JOIN rules USING (place)""")


def _reason(book: RuleBook) -> str:
    """A rule's sentence with its places filled from the pair's features."""
    number = " ".join(f"WHEN {quote(relation.id)} THEN {quote(relation.zh)}" for relation in book.numbers)
    name = " ".join(f"WHEN {quote(key)} THEN {quote(relation.zh)}" for key, relation in book.names.items())
    broken = " ".join(f"WHEN {quote(key)} THEN {quote(words.broken)}" for key, words in book.kinds.items())
    shown = {key: f"{key} AND birth IS NOT TRUE" if key == "age" else key for key in book.evidence}
    agree = ", ".join(f"CASE WHEN {shown[key]} THEN {quote(zh)} END" for key, zh in book.evidence.items())
    against = ", ".join(f"CASE WHEN NOT {key} THEN {quote(zh)} END" for key, zh in book.evidence.items())
    filled = "zh"
    for place, text in (
        ("number", f"CASE number_kind {number} ELSE '' END"),
        ("name", f"CASE name {name} ELSE '来表没有姓名' END"),
        ("broken", f"CASE kind {broken} ELSE '' END"),
        ("agree", f"coalesce('，' || nullif(concat_ws('、', {agree}), '') || '一致', '')"),
        ("against", f"coalesce('，' || nullif(concat_ws('、', {against}), '') || '不一致', '')"),
    ):
        filled = f"replace({filled}, '{{{place}}}', {text})"
    return filled


def _settle(engine: Engine, book: RuleBook, scores: ScoreBook, bar: float) -> None:
    """`link_settled` (rn, tier, pid, score, reason) for the rows that the join on number and name left.

    A rule decides where it singles one person out; else the chance does where it reaches `bar`.
    """
    none = " ".join(f"WHEN {quote(key)} THEN {quote(words.none)}" for key, words in book.kinds.items())

    def filled(template: str) -> str:
        return f"replace(replace({quote(template)}, '{{count}}', rivals::VARCHAR), '{{reason}}', t.reason)"

    veto = scores.vetoed
    but = f"replace({quote(scores.but)}, '{{against}}', t.speaks_against)"
    weighed = f"replace({quote(scores.decided)}, '{{for}}', t.speaks_for)"
    weighed = f"replace({weighed}, '{{but}}', CASE WHEN t.speaks_against = '' THEN '' ELSE {but} END)"
    weighed = f"replace({weighed}, '{{chance}}', printf('%.1f%%', t.chance * 100))"
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_settled AS
        WITH ruled AS (
            SELECT rn, min(level) AS best FROM link_ranked WHERE tier <> 'review' GROUP BY rn),
        rival AS (
            SELECT rn, count(*) AS rivals, first(r ORDER BY chance DESC, person_id) AS top
            FROM link_ranked r JOIN ruled USING (rn) WHERE r.level = best GROUP BY rn),
        judged AS (
            SELECT f.rn, f.kind, coalesce(rivals, 0) AS rivals, c.rn IS NOT NULL AS crowded,
                rivals = 1 AND NOT coalesce(top.alone AND (c.rn IS NOT NULL OR top.chance < {veto.alone}), FALSE)
                    AND NOT (top.level >= {veto.level} AND top.chance < {veto.chance}) AS by_rule,
                t.chance >= {bar} AND NOT t.barred AND c.rn IS NULL AS by_chance,
                CASE WHEN by_rule THEN top ELSE t END AS t
            FROM link_row f LEFT JOIN rival USING (rn) LEFT JOIN link_crowded c USING (rn)
            LEFT JOIN link_ranked t ON t.rn = f.rn AND t.rank = 1)
        SELECT rn, CASE WHEN t.rn IS NULL THEN 'none' WHEN by_rule THEN t.tier WHEN by_chance THEN 'probable'
                ELSE 'review' END AS tier,
            CASE WHEN by_rule OR by_chance THEN t.pid END AS pid,
            CASE WHEN by_rule THEN t.score ELSE coalesce(round(t.chance, 4), 0) END AS score,
            CASE WHEN t.rn IS NULL THEN CASE kind {none} END WHEN by_rule THEN t.reason
                WHEN by_chance THEN {weighed}
                WHEN crowded AND t.alone THEN {filled(book.crowded)}
                WHEN rivals > 1 THEN {filled(book.undecided)}
                ELSE {filled(book.doubtful)} END AS reason
        FROM judged""")
