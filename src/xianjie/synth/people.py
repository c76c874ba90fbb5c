"""Households and people: who lives where with whom, their names, numbers, schooling, health and labour.

Tables made: `homes` (one row a household), `people` (one row a person). Households from `households` on are not on
the register: they are the neighbours whom departments know and the register does not.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from xianjie.engines import Engine, quote
from xianjie.synth.draws import share, steps, text_list
from xianjie.synth.invention import invention


def make_people(engine: Engine, county: str, households: int, unregistered: float, day: dt.date) -> None:
    """Make `homes` and `people` as they stand on `day`; `unregistered` is the share of households besides."""
    _homes(engine, households, unregistered)
    _members(engine, day)
    _names(engine)
    _numbers(engine, county)
    _traits(engine, day)


def _homes(engine: Engine, households: int, unregistered: float) -> None:
    told = invention("population")
    kinds = told["structures"]
    whole = sum(kind["weight"] for kind in kinds.values())
    engine.create_table(
        "structures",
        {"structure": "VARCHAR", "low": "DOUBLE", "high": "DOUBLE", "male": "DOUBLE"},
        ((name, kind["age"][0], kind["age"][1] + 1, kind["male"]) for name, kind in kinds.items()),
    )
    structure = steps("u(hid, 'structure')", [(quote(n), k["weight"] / whole) for n, k in kinds.items()], "'nuclear'")
    clans = invention("places")["clans"]
    clan = steps("u(hid, 'clan')", [(f"clans[{i + 1}]", share) for i, share in enumerate(clans)], "NULL")
    surnames = text_list(invention("names")["surnames"].split())
    relieved = told["relieved_share"]
    engine.run(f"""
        CREATE TABLE homes AS
        WITH numbered AS (
            SELECT vid, unnest(range(first_hid, first_hid + size))::INTEGER AS hid FROM places
            UNION ALL
            SELECT whole(i, 'village', 0, (SELECT count(*) - 1 FROM places))::INTEGER, i::INTEGER
            FROM range({households}, {households + round(households * unregistered)}) AS t(i)
        ), drawn AS (
            SELECT hid, vid, hid < {households} AS registered, {structure} AS structure,
                   CASE WHEN u(hid, 'people') < share
                        THEN CASE WHEN ethnicity = '' THEN '03' ELSE ethnicity END ELSE '01' END AS ethnicity,
                   coalesce({clan}, common_item({surnames}, hid, 'surname')) AS clan,
                   whole(hid, 'group', 1, least(10, greatest(2, size // 30))) AS group_no,
                   u(hid, 'relieved') < {relieved} AS relieved
            FROM numbered JOIN places USING (vid)
        )
        SELECT d.*, u(hid, 'head male') < s.male AS head_male, span(hid, 'head age', s.low, s.high) AS head_age,
               bell(hid, 'luck') AS luck
        FROM drawn d JOIN structures s USING (structure) ORDER BY hid
    """)


def _members(engine: Engine, day: dt.date) -> None:
    told = invention("population")
    columns = {
        "structure": "VARCHAR", "no": "INTEGER", "sex": "VARCHAR", "as_man": "VARCHAR", "as_woman": "VARCHAR",
        "surname": "VARCHAR", "chance": "DOUBLE", "leaves": "BOOLEAN",
        "g0": "INTEGER", "low0": "DOUBLE", "high0": "DOUBLE", "g1": "INTEGER", "low1": "DOUBLE", "high1": "DOUBLE",
        "g2": "INTEGER", "low2": "DOUBLE", "high2": "DOUBLE",
    }  # fmt: skip
    engine.create_table("slots", columns, _slot_rows(told))
    gaps = " - ".join(
        f"CASE WHEN g{i} IS NULL THEN 0 ELSE span(hid * 64 + g{i}, 'gap', low{i}, high{i}) END" for i in range(3)
    )
    stays = told["stays"]
    births_unknown = invention("conditions")["register"]["birth_unknown"]
    engine.run(f"""
        CREATE TABLE placed AS
        WITH drawn AS (
            SELECT h.hid, h.vid, h.registered, h.ethnicity, h.clan, h.head_male, s.no, s.surname, s.leaves,
                   head_age - {gaps} AS age,
                   CASE s.sex WHEN 'male' THEN true WHEN 'female' THEN false WHEN 'head' THEN head_male
                        WHEN 'opposite' THEN NOT head_male
                        ELSE u(hid * 64 + no, 'sex') < {told["men_per_100_births"] / 100} END AS male,
                   s.as_man, s.as_woman
            FROM homes h JOIN slots s USING (structure)
            WHERE u(hid * 64 + no, 'in') < s.chance
        )
        SELECT (row_number() OVER (ORDER BY hid, no) - 1)::INTEGER AS pid, hid, vid, registered, ethnicity, clan,
            head_male,
               no, surname, male, CASE WHEN male THEN as_man ELSE as_woman END AS relation,
               DATE {quote(day.isoformat())} - CAST(floor(age * 365.25) AS INTEGER) AS born, age::FLOAT AS age,
               registered AND NOT (age < 1 AND u(hid * 64 + no, 'birth unknown') < {births_unknown}) AS listed
        FROM drawn
        WHERE age BETWEEN 0 AND {told["oldest"]}
          AND (NOT leaves OR age < {stays["from_age"]}
               OR u(hid * 64 + no, 'stays') < CASE WHEN male THEN {stays["man"]} ELSE {stays["woman"]} END)
        ORDER BY hid, no
    """)


def _slot_rows(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    rows = []
    for structure, kind in told["structures"].items():
        for name, chance in {"head": 1, **kind["members"]}.items():
            slot = told["slots"][name]
            gaps = [part for gap in slot["gaps"] for part in gap]
            rows.append(
                (structure, slot["place"], slot["sex"], *slot["relation"], slot["surname"], chance,
                 name in ("child1", "twin", "child2", "child3"), *gaps, *[None] * (9 - len(gaps)))
            )  # fmt: skip
    return rows


def _given(letter: str) -> str:
    """SQL of one character of a given name, by sex and by when one was born."""
    cases = []
    for told in invention("names")["given"]:
        drawn = _by_sex("letter", quote(told["male"]), quote(told["female"]), letter)
        cases.append(f"WHEN born < DATE '{told['before']}-01-01' THEN {drawn}")
    return f"CASE {' '.join(cases)} END"


def _by_sex(draw: str, male: str, female: str, salt: str) -> str:
    return f"CASE WHEN male THEN {draw}({male}, pid, '{salt}') ELSE {draw}({female}, pid, '{salt}') END"


def _minority_surname() -> str:
    """SQL of a surname from a people's own list, null for others; one surname for those of the clan."""
    cases = " ".join(
        f"WHEN ethnicity = '{code}' THEN item({text_list(people['surnames'])}, {CLAN_ELSE_SELF}, 'own')"
        for code, people in invention("names")["minorities"].items()
        if people["style"] == "surname"
    )
    return f"CASE {cases} END"


def _minority_name() -> str:
    """SQL of `CASE` branches for names without a surname: two parts joined, or one's own and the father's name."""
    cases = []
    for code, people in invention("names")["minorities"].items():
        men, women = (text_list(people.get(sex, [])) for sex in ("male", "female"))
        part = _by_sex("item", men, women, "first part")
        if people["style"] == "joined":
            dot = f"CASE WHEN u(pid, 'dot') < {people['interpunct']} THEN '·' ELSE '' END"
            cases.append(
                f"WHEN ethnicity = '{code}' THEN {part} || {dot} || {_by_sex('item', men, women, 'second part')}"
            )
        if people["style"] == "father":
            own = f"CASE WHEN no = 0 AND male THEN item({men}, -hid, 'father') ELSE {part} END"
            father = f"item({men}, CASE WHEN no > 1 THEN {CLAN_ELSE_SELF} ELSE pid END, 'father')"
            cases.append(f"WHEN ethnicity = '{code}' THEN {own} || '·' || {father}")
    return " ".join(cases)


# A number that all of a household's clan share, and nobody else.
CLAN_ELSE_SELF = "CASE WHEN surname = 'clan' THEN -hid ELSE pid END"


def _names(engine: Engine) -> None:
    told = invention("names")
    engine.run(f"""
        CREATE TABLE named AS
        SELECT * EXCLUDE (clan, surname, head_male, first, second),
               CASE {_minority_name()} ELSE first || second END AS name
        FROM (
            SELECT *,
                   coalesce({_minority_surname()},
                       CASE WHEN surname = 'own' OR (no = 0 AND NOT male)
                            THEN common_item({text_list(told["surnames"].split())}, pid, 'surname')
                            ELSE clan END) AS first,
                   CASE WHEN u(pid, 'rare name') < {told["rare_share"]} THEN letter({quote(told["rare"])}, pid, 'rare')
                        ELSE {_given("g1")} END
                   || CASE WHEN u(pid, 'short name') < {told["short_share"]} THEN '' ELSE {_given("g2")} END AS second
            FROM placed
        ) ORDER BY pid
    """)
    engine.run("DROP TABLE placed")


def _numbers(engine: Engine, county: str) -> None:
    """ID numbers: of the county's own code, or of a neighbour's that does not exist either; people born on one
    day have numbers that follow each other, as at a police station's counter (so twins differ in a digit or two)."""
    # Codes below the county's own when it ends in 99, above it otherwise: none of them exists.
    step = -1 if county.endswith("99") else 1
    engine.run(f"""
        CREATE TABLE people AS
        WITH counted AS (
            SELECT *, CASE WHEN u(pid, 'born elsewhere') < 0.07 THEN 5 + whole(pid, 'elsewhere', 0, 2)
                ELSE 0 END AS area,
                   row_number() OVER (PARTITION BY born, male, area ORDER BY pid) - 1 AS turn
            FROM named
        ), numbered AS (
            SELECT * EXCLUDE (area, turn),
                   ({int(county)} + {step} * (area + 8 * (turn // 499))) * 100000000000
                   + year(born) * 10000000 + month(born) * 100000 + day(born) * 1000
                   + (turn + (hash(born) % 499)::BIGINT) % 499 * 2 + CASE WHEN male THEN 1 ELSE 2 END AS id17
            FROM counted
        )
        SELECT * EXCLUDE (id17), id17::VARCHAR || id_check(id17) AS id_no,
               CASE WHEN age >= 15 AND u(pid, 'has phone') < CASE WHEN age > 70 THEN 0.5 ELSE 0.92 END
                    THEN '1990' || lpad(((pid::BIGINT * 7919 + 1234567) % 10000000)::VARCHAR, 7, '0') END AS phone
        FROM numbered ORDER BY pid
    """)
    engine.run("DROP TABLE named")


def _school_state() -> str:
    """SQL of a person's stage at school by `school_age`, the age when the school year began."""
    told = invention("population")["schooling"]
    later = steps("u(pid, 'school')", [("'senior'", told["senior"]), ("'vocational'", told["vocational"])], "'none'")
    colleges = [("'bachelor'", told["bachelor"]), ("'higher_vocational'", told["higher_vocational"])]
    high = steps("u(pid, 'college')", colleges, "'none'")
    return f"""CASE
        WHEN school_age < 3 OR (school_age < 6 AND u(pid, 'school') >= {told["preschool"]}) THEN 'preschool_age'
        WHEN school_age < 6 THEN 'preschool' WHEN school_age < 12 THEN 'primary'
        WHEN school_age < 15 THEN 'grade' || (school_age - 5)
        WHEN school_age < 18 THEN ({later}) || CASE WHEN ({later}) = 'none' THEN '' ELSE (school_age - 14)::VARCHAR END
        WHEN school_age < 21 AND ({high}) = 'higher_vocational' THEN 'higher_vocational' || (school_age - 17)
        WHEN school_age < 22 AND ({high}) = 'bachelor' THEN 'bachelor'
        WHEN school_age BETWEEN 22 AND 24 AND u(pid, 'college') < {told["master"]} THEN 'master'
        ELSE 'none' END"""


def _by_age(rates: dict[str, float]) -> str:
    young, middle, old = (rates[name] for name in ("before_40", "from_40", "from_60"))
    return f"CASE WHEN age < 40 THEN {young} WHEN age < 60 THEN {middle} ELSE {old} END"


def _traits(engine: Engine, day: dt.date) -> None:
    """Schooling, health, disability, labour: the table `traits`, one row a person."""
    told = invention("population")
    work = told["work"]
    term = dt.date(day.year if day.month >= 9 else day.year - 1, 9, 1)
    engine.run(f"""
        CREATE TABLE traits AS
        WITH aged AS (
            SELECT pid, hid, no, male, age, born, id_no, CAST(date_diff('year', born, DATE '{term}')
                   - (strftime(born, '%m%d') > '0831')::INTEGER AS INTEGER) AS school_age
            FROM people
        ), schooled AS (
            SELECT *, {_school_state()} AS school_state,
                CASE WHEN u(pid, 'disabled') < {_by_age(told["disabled"])} THEN 'disabled'
                     WHEN u(pid, 'ill') < {_by_age(told["serious_illness"])} THEN 'serious'
                     WHEN u(pid, 'long ill') < {_by_age(told["long_illness"])} THEN 'chronic'
                     ELSE 'healthy' END AS health
            FROM aged
        ), abled AS (
            SELECT *,
                CASE WHEN health = 'disabled' THEN
                    {share("disability_class", "pid")} END AS class,
                CASE WHEN health = 'disabled'
                    THEN {share("disability_grade", "pid")} END AS grade
            FROM schooled
        ), skilled AS (
            SELECT *, CASE
                WHEN age < 16 THEN 'none' WHEN school_state NOT IN ('none', 'preschool_age') THEN 'none'
                WHEN grade IN ('1', '2') THEN 'lost' WHEN health = 'serious' THEN 'lost'
                WHEN age >= 72 THEN 'none'
                WHEN age >= 62 OR grade = '3' OR (health = 'chronic' AND u(pid, 'weak') < 0.5) THEN 'weak'
                WHEN u(pid, 'skilled') < {told["skilled"]} AND age < 55 THEN 'skilled'
                    ELSE 'ordinary' END AS labour_skill
            FROM abled
        ), working AS (
            SELECT *, labour_skill IN ('ordinary', 'skilled') AND u(pid, 'works') < {work["chance"]}
                      OR labour_skill = 'weak' AND u(pid, 'works') < {work["weak_chance"]} AS works
            FROM skilled
        )
        SELECT pid, hid, no, male, age, school_age, school_state, health, class, grade, labour_skill, works,
               works AND labour_skill <> 'weak' AND age < 58 AND u(pid, 'away') < {work["away"]} AS away,
               CASE WHEN NOT works THEN 0
                   ELSE whole(pid, 'months', {work["months"][0]}, {work["months"][1]}) END AS months,
               CASE WHEN class IS NOT NULL AND u(pid, 'certified') < 0.96 THEN id_no || class
                   || grade END AS disability_no
        FROM working ORDER BY pid
    """)
