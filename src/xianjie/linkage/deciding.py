"""From compared candidates to one line per row: the rules in order, uniqueness, reasons, ranked candidates."""

from __future__ import annotations

from xianjie.engines import Engine, quote, quote_name
from xianjie.linkage.fingerprints import fingerprint_sql
from xianjie.linkage.rulebook import RuleBook

EXACT_RULE = "number_and_name"


def decide(engine: Engine, book: RuleBook, links: str, candidates: str) -> None:
    """Make the tables `links` (one line per feed row) and `candidates` (of the rows in review)."""
    _apply_rules(engine, book)
    _settle(engine, book)
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
        SELECT rn, f.row_id, c.rank, p.person_id, c.score, c.reason, {fingerprint_sql("f.")} AS fingerprint
        FROM link_ranked c JOIN link_settled s USING (rn) JOIN link_rest f USING (rn)
        JOIN link_person p ON p.pid = c.pid
        WHERE s.tier = 'review' AND c.rank <= {book.settings.shown_candidates}""")


def _apply_rules(engine: Engine, book: RuleBook) -> None:
    """`link_ranked` (rn, rank, pid, level, tier, score, alone, reason): each candidate that some rule fits."""
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
            SELECT * FROM fitted WHERE place IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY rn, person_id ORDER BY place, agree DESC, against, pid) = 1)
        SELECT rn, row_number() OVER (PARTITION BY rn ORDER BY level, place, agree DESC, against, person_id) AS rank,
            pid, level, tier, score, alone, {_reason(book)} AS reason
        FROM best JOIN rules USING (place)""")


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


def _settle(engine: Engine, book: RuleBook) -> None:
    """`link_settled` (rn, tier, pid, score, reason) for the rows that the join on number and name left."""
    none = " ".join(f"WHEN {quote(key)} THEN {quote(words.none)}" for key, words in book.kinds.items())

    def filled(template: str) -> str:
        return f"replace(replace({quote(template)}, '{{count}}', rivals::VARCHAR), '{{reason}}', t.reason)"

    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_settled AS
        WITH top AS (SELECT * FROM link_ranked WHERE rank = 1),
        rival AS (
            SELECT rn, count(*) AS rivals FROM link_ranked r JOIN top t USING (rn) WHERE r.level = t.level GROUP BY rn),
        judged AS (
            SELECT f.rn, f.kind, t.*EXCLUDE (rn, rank, level), rivals, c.rn IS NOT NULL AND alone AS crowded,
                t.tier <> 'review' AND rivals = 1 AND NOT (c.rn IS NOT NULL AND alone) AS decided
            FROM link_row f LEFT JOIN top t USING (rn) LEFT JOIN rival USING (rn) LEFT JOIN link_crowded c USING (rn))
        SELECT rn, CASE WHEN tier IS NULL THEN 'none' WHEN decided THEN tier ELSE 'review' END AS tier,
            CASE WHEN decided THEN pid END AS pid, coalesce(score, 0) AS score,
            CASE WHEN tier IS NULL THEN CASE kind {none} END WHEN decided THEN t.reason
                WHEN crowded THEN {filled(book.crowded)}
                WHEN rivals > 1 AND tier <> 'review' THEN {filled(book.undecided)}
                ELSE {filled(book.doubtful)} END AS reason
        FROM judged t""")
