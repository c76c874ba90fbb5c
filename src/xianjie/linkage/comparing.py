"""How each candidate compares: `link_feature`, one line per pair with the features that rules.yaml speaks of."""

from __future__ import annotations

from xianjie.engines import Engine, quote
from xianjie.linkage import names, numbers
from xianjie.linkage.rulebook import RuleBook


def compare(engine: Engine, book: RuleBook) -> None:
    """Make `link_feature` from `link_pair`, `link_row`, `link_person`, `link_owner`."""
    # Names without a character in common are different, unless one is written in letters.
    engine.run("""
        CREATE OR REPLACE TEMP TABLE link_name_pair AS
        SELECT DISTINCT f.name AS a, p.name AS b
        FROM link_pair JOIN link_row f USING (rn) JOIN link_person p USING (pid)
        WHERE f.name <> p.name
            AND (list_has_any(string_split(f.name, ''), string_split(p.name, ''))
                OR regexp_matches(f.name, '[a-z]'))""")
    names.compare_names(engine, "link_name_pair", "link_name_relation")
    engine.run(f"CREATE OR REPLACE TEMP TABLE link_feature AS {_features(book)}")


def _features(book: RuleBook) -> str:
    number = " ".join(f"WHEN {relation.when} THEN {quote(relation.id)}" for relation in book.numbers)
    group = " ".join(f"WHEN {quote(relation.id)} THEN {quote(relation.group)}" for relation in book.numbers)
    likeness = " ".join(f"WHEN {quote(name)} THEN {relation.likeness}" for name, relation in book.names.items())
    return f"""
        WITH bearer AS (
            SELECT name, count(DISTINCT person_id) AS namesakes FROM link_person
            WHERE name IN (SELECT name FROM link_row)
                OR name IN (SELECT p.name FROM link_pair JOIN link_person p USING (pid)) GROUP BY name),
        owned AS (
            SELECT rn, bool_or(named) AS named, list(o.household_id) AS households,
                max(CASE r.name {likeness} ELSE 0 END) AS owner_likeness
            FROM link_owner o JOIN link_row f USING (rn) JOIN link_person p USING (pid)
            LEFT JOIN link_name_relation r ON r.a = f.name AND r.b = p.name GROUP BY rn),
        paired AS (
            SELECT rn, pid, distance, f.kind = 'valid' AND coalesce({numbers.is_valid("p.id")}, FALSE) AS p_numbered,
                -- A valid number tells when its bearer was born; nobody asks it where the register has another one.
                CASE WHEN f.birth IS NULL AND o.rn IS NULL AND NOT p_numbered AND (f.kind = 'valid' OR (
                    p.id IS NULL AND f.id_birth = p.birth)) THEN f.id_birth ELSE f.birth END AS f_birth,
                CASE WHEN p_numbered OR o.rn IS NOT NULL THEN f.sex ELSE coalesce(f.sex, f.id_sex) END AS f_sex
            FROM link_pair JOIN link_row f USING (rn) JOIN link_person p USING (pid)
            LEFT JOIN (SELECT DISTINCT rn FROM link_owner) o USING (rn)),
        compared AS (
            SELECT rn, pid, p.person_id, f.kind, f.shown_first, f.shown_last, p.id IS NOT NULL AS p_any_number,
                CASE {number} END AS number_kind,
                CASE WHEN f.name = p.name THEN 'equal'
                    WHEN f.name <> p.name THEN coalesce(r.name, 'different') END AS name,
                {_evidence(book)},
                o.rn IS NOT NULL AS owned, o.owner_likeness,
                o.rn IS NOT NULL AND NOT o.named AND list_contains(o.households, p.household_id)
                    AND f.id18 IS DISTINCT FROM p.id AS kin,
                p_numbered, coalesce(b.namesakes, 0) AS namesakes, coalesce(c.namesakes, 1) AS own_namesakes
            FROM paired JOIN link_row f USING (rn) JOIN link_person p USING (pid)
            LEFT JOIN link_name_relation r ON r.a = f.name AND r.b = p.name
            LEFT JOIN owned o USING (rn)
            LEFT JOIN bearer b ON b.name = f.name LEFT JOIN bearer c ON c.name = p.name),
        grouped AS (
            SELECT *, CASE number_kind {group} END AS number, CASE name {likeness} END AS likeness,
                {_count("birth", "village", "phone", "head")} AS agree,
                {_count("NOT birth", "NOT age", "NOT sex")} AS against
            FROM compared)
        SELECT *, kind <> 'valid' OR NOT p_numbered AS free, kind IN ('none', 'junk') OR number <> 'other'  AS silent
        FROM grouped"""


def _count(*conditions: str) -> str:
    """How many conditions are true; an unknown one is not."""
    return " + ".join(f"coalesce(({condition})::INTEGER, 0)" for condition in conditions)


def _evidence(book: RuleBook) -> str:
    """What else agrees. A birth date that is nearly the same says nothing, one of another year speaks against."""
    return f"""
        CASE WHEN f_birth = p.birth THEN TRUE WHEN f_birth IS NULL OR p.birth IS NULL THEN NULL
            WHEN year(f_birth) = year(p.birth) OR levenshtein(f_birth::VARCHAR, p.birth::VARCHAR) <= 1 THEN NULL
            ELSE FALSE END AS birth,
        CASE WHEN f.born_month IS NULL OR abs(f.born - year(p.birth)) > {book.settings.age_tolerance}
            THEN abs(coalesce(f.born, year(f_birth)) - year(p.birth)) <= {book.settings.age_tolerance}
            WHEN f.born_month = year(p.birth) * 100 + month(p.birth) THEN TRUE END AS age,
        CASE WHEN f_birth = p.birth THEN 'day'
            WHEN f.born_month = year(p.birth) * 100 + month(p.birth) THEN 'month'
            WHEN abs(f_birth - p.birth) <= {book.settings.lunar_days}
                OR levenshtein(f_birth::VARCHAR, p.birth::VARCHAR) <= 1 THEN 'near'
            WHEN abs((f.born_month // 100 - year(p.birth)) * 12 + f.born_month % 100 - month(p.birth)) <= 2 THEN 'near'
            WHEN (f_birth IS NOT NULL OR f.born_month IS NOT NULL) AND p.birth IS NOT NULL THEN 'apart'
            WHEN abs(f.born - year(p.birth)) <= {book.settings.age_tolerance} THEN 'year'
            WHEN f.born IS NOT NULL AND p.birth IS NOT NULL THEN 'year_apart' END AS born,
        f_sex = p.sex AS sex,
        CASE WHEN f.region_code = p.region_code THEN TRUE
            WHEN f.village = p.village THEN coalesce(f.town = p.town, TRUE)
            WHEN f.village <> p.village OR (length(f.region_code) = 12 AND length(p.region_code) = 12) THEN FALSE
            END AS village,
        CASE WHEN f.town = p.town OR left(f.region_code, 9) = left(p.region_code, 9) THEN TRUE
            WHEN f.town <> p.town OR left(p.region_code, 6) <> f.county THEN FALSE END AS town,
        f.phone = p.phone AS phone, f.head = p.head AS head"""
