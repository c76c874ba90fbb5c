"""The two sides in one shape: `link_feed` (every row), `link_row` (rows that no join settles), `link_person`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from xianjie.engines import Engine, quote, quote_name
from xianjie.linkage import names, numbers
from xianjie.linkage.fingerprints import fingerprint_sql
from xianjie.linkage.rulebook import RuleBook
from xianjie.messages import UserError, say

FEED_COLUMNS = (
    "id_no", "disability_no", "name", "sex", "birth_date", "age", "county_code", "town_name", "village_name",
    "region_code", "household_head", "phone",
)  # fmt: skip
PLACES = ("village_name", "town_name")
IDENTIFYING = ("id_no", "disability_no", "name", "household_head")
AGE = "TRY_CAST(TRY_CAST(regexp_extract(age, '[0-9.]+') AS DOUBLE) AS INTEGER)"
LEAST_AGED = 10  # rows with an age and a name nobody shares, before they are asked what year it is
REGISTRY_REQUIRED = ("person_id", "id_no", "name")


def require(engine: Engine, relation: str, needed: Iterable[str], side: str) -> None:
    """Raise `UserError` when a relation lacks a column; `side` is the message code of what the relation is."""
    columns = list(engine.columns(relation))
    for column in needed:
        if column not in columns:
            raise UserError("linkage.missing_column", side=say(side), column=column, columns="、".join(columns))


def number_feed(engine: Engine, feed: str) -> None:
    """`link_feed`: the feed's rows as text with `rn`, their place in the feed."""
    require(engine, feed, ["row_id"], "linkage.feed")
    columns = engine.columns(feed)
    if not any(column in columns for column in IDENTIFYING):
        raise UserError("linkage.no_identity", columns="、".join(columns))
    chosen = ", ".join(_text(columns, column) + f" AS {column}" for column in (*FEED_COLUMNS, "layout"))
    if columns.get("rn") == "BIGINT":
        engine.run(f"CREATE OR REPLACE TEMP VIEW link_feed AS SELECT rn, row_id, {chosen} FROM {quote_name(feed)}")
        return
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_numbered AS
        SELECT row_number() OVER () AS rn, row_id, {chosen} FROM {quote_name(feed)};
        CREATE OR REPLACE TEMP VIEW link_feed AS SELECT * FROM link_numbered""")


def settle_decided(engine: Engine, registry: str, decisions: str | None, book: RuleBook) -> None:
    """`link_decided`: rows on whose identity a clerk has decided, while the person decided for is registered.

    Of several decisions on one identity the newest holds.
    """
    if decisions is None:
        nothing = ", ".join(f"NULL::VARCHAR AS {name}" for name in ("tier", "person_id", "household_id"))
        engine.run(f"""
            CREATE OR REPLACE TEMP TABLE link_decided AS
            SELECT rn, row_id, {nothing}, NULL::DOUBLE AS score, NULL::VARCHAR AS reason,
                NULL::VARCHAR AS fingerprint FROM link_feed WHERE false""")
        return

    def filled(template: str) -> str:
        words = f"replace({quote(template)}, '{{by}}', coalesce(d.decided_by, '？'))"
        return f"replace({words}, '{{on}}', coalesce(d.decided_on, '？'))"

    household = _household(engine.columns(registry), "r")
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_decided AS
        WITH newest AS (
            SELECT * FROM {quote_name(decisions)} QUALIFY row_number() OVER (
                PARTITION BY layout, fingerprint
                ORDER BY decided_on DESC NULLS LAST, decided_by DESC NULLS LAST, person_id DESC NULLS LAST) = 1),
        known AS (
            SELECT d.*, p.household_id FROM newest d
            LEFT JOIN (SELECT r.person_id, min({household}) AS household_id FROM {quote_name(registry)} r
                       GROUP BY r.person_id) p ON p.person_id = d.person_id
            WHERE d.person_id IS NULL OR p.person_id IS NOT NULL)
        SELECT f.rn, f.row_id, CASE WHEN d.person_id IS NULL THEN 'none' ELSE 'exact' END AS tier, d.person_id,
            d.household_id, CASE WHEN d.person_id IS NULL THEN 0.0 ELSE 1.0 END::DOUBLE AS score,
            CASE WHEN d.person_id IS NULL THEN {filled(book.decided_nobody)} ELSE {filled(book.decided_person)} END
                AS reason, d.fingerprint
        FROM (SELECT rn, row_id, layout, {fingerprint_sql()} AS fingerprint FROM link_feed
              WHERE layout IN (SELECT layout FROM newest)) f
        JOIN known d USING (layout, fingerprint)""")


def settle_exact(engine: Engine, registry: str) -> None:
    """`link_exact` (rn, row_id, person_id, household_id): rows whose number and name stand in the register as
    written, for one person."""
    require(engine, registry, REGISTRY_REQUIRED, "linkage.registry")
    columns = engine.columns(registry)
    id_no, name, household = _text(columns, "id_no", "r"), _text(columns, "name", "r"), _household(columns, "r")
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_exact AS
        SELECT rn, row_id, person_id, household_id
        FROM link_feed f JOIN (
            SELECT {id_no} AS id_no, {name} AS name, min(r.person_id) AS person_id, min({household}) AS household_id
            FROM {quote_name(registry)} r WHERE length({id_no}) = 18
            GROUP BY ALL HAVING min(r.person_id) = max(r.person_id)) USING (id_no, name)
        ANTI JOIN link_decided USING (rn)""")


def set_rest_apart(engine: Engine) -> None:
    """`link_rest`: the rows that are not settled yet, with all their columns."""
    engine.run("""
        CREATE OR REPLACE TEMP TABLE link_rest AS
        SELECT * FROM link_feed ANTI JOIN link_exact USING (rn) ANTI JOIN link_decided USING (rn)""")


def reference_year(engine: Engine, registry: str, as_of: date | None) -> int | None:
    """The year that ages are counted from: `as_of`, or what the rows' ages and numbers say, or those of persons whose
    name nobody else has; NULL when none does."""
    if as_of is not None:
        return as_of.year
    aged = f"SELECT *, {AGE} AS years FROM link_feed WHERE {AGE} BETWEEN 0 AND 130"
    year = engine.value(f"""
        SELECT round(median(years + TRY_CAST(substr(id_no, 7, 4) AS INTEGER)))
        FROM ({aged}) WHERE regexp_full_match(id_no, '{numbers.IDENTITY}') AND {numbers.is_valid("id_no")}""")
    if year is None:
        # Most of them are who they seem; a few chance namesakes do not move the commonest year.
        born = _text(engine.columns(registry), "birth_date", "r")
        year = engine.value(f"""
            SELECT CASE WHEN count(*) >= {LEAST_AGED} THEN mode(years + year(born)) END FROM ({aged}) JOIN (
                SELECT r.name, min(coalesce({_birth(born)}, {_born_of("r.id_no")})) AS born
                FROM {quote_name(registry)} r GROUP BY r.name HAVING count(*) = 1) USING (name)""")
    return None if year is None else int(year)


def prepare_rows(engine: Engine, registry: str, year: int | None) -> None:
    """`link_row` and `link_person`: numbers, names, dates, places and phones in the forms that rules.yaml speaks of."""
    _compile_forms(engine, {"link_rest": engine.columns("link_rest"), registry: engine.columns(registry)})
    engine.run(f"CREATE OR REPLACE TEMP TABLE link_row AS {_rows('link_rest', year)}")
    engine.run(f"CREATE OR REPLACE TEMP TABLE link_person AS {_persons(registry, engine.columns(registry))}")


def prepare_persons(engine: Engine, registry: str) -> None:
    """`link_person` alone, for questions about the register itself. Raises `UserError` when it lacks a column."""
    require(engine, registry, REGISTRY_REQUIRED, "linkage.registry")
    columns = engine.columns(registry)
    _compile_forms(engine, {registry: columns})
    engine.run(f"CREATE OR REPLACE TEMP TABLE link_person AS {_persons(registry, columns)}")


def _compile_forms(engine: Engine, relations: dict[str, dict[str, str]]) -> None:
    """`link_tidy` and `link_place`: the forms of all names, and of all villages and towns, in `relations`."""

    def written(wanted: Iterable[str]) -> list[str]:
        return [
            f"SELECT {_text(columns, column)} AS raw FROM {quote_name(relation)}"
            for relation, columns in relations.items()
            for column in wanted
            if column in columns
        ]

    names.compile_tidy_names(engine, "link_tidy", written(("name", "household_head")))
    places = " UNION ".join(written(PLACES)) or "SELECT NULL::VARCHAR AS raw WHERE false"
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_place AS
        SELECT raw, {_village("raw")} AS village, {_town("raw")} AS town FROM ({places})""")


def _rows(rest: str, year: int | None) -> str:
    by_age = f"CASE WHEN {AGE} BETWEEN 0 AND 130 THEN {year} - {AGE} END" if year is not None else "NULL::INTEGER"
    return f"""
        WITH read AS (
            SELECT *, {numbers.stripped("id_no")} AS own, {numbers.stripped("disability_no")} AS certificate,
                CASE WHEN length(phone) >= 15 THEN {numbers.stripped("phone")} END AS in_phone,
                upper(regexp_extract(name, '[0-9]{{17}}[0-9Xx]|[0-9]{{15}}')) AS in_name,
                {_birth("birth_date")} AS birth
            FROM {rest}),
        checked AS (SELECT *, {numbers.is_valid("own")} AS valid FROM read),
        chosen AS (
            SELECT *, CASE WHEN valid THEN own
                WHEN length(certificate) >= 20 AND {numbers.is_valid("left(certificate, 18)")} THEN certificate
                WHEN own = '' AND regexp_full_match(in_phone, '{numbers.IDENTITY}|[0-9]{{15}}') THEN in_phone
                WHEN own = '' AND in_name <> '' THEN in_name
                WHEN own = '' THEN certificate ELSE own END AS number
            FROM checked),
        lettered AS (SELECT *, {numbers.without_letters("number")} AS id FROM chosen),
        kinds AS (SELECT *, {numbers.kind("id", f"(valid OR {numbers.is_valid('id')})")} AS kind FROM lettered)
        SELECT rn, kind, id, {numbers.whole_number("id", "kind")} AS id18,
            kind IN ('valid', 'bad', 'tail', 'length') AS whole, kind IN ('bad', 'tail', 'length') AS broken,
            CASE WHEN id <> number THEN 'letters' WHEN id = coalesce(id_no, '') THEN 'clean' ELSE 'cluttered' END
                AS written,
            {numbers.shown_first("id", "kind")} AS shown_first, {numbers.shown_last("id", "kind")} AS shown_last,
            -- A row about a household names its head only.
            coalesce({_tidy("k.name", "n")}, CASE WHEN kind = 'none' THEN {_tidy("k.household_head", "h")} END) AS name,
            birth,
            coalesce(year(birth), {_year("birth_date")}, {by_age})::INTEGER AS born,
            {_sex("sex")} AS sex, nullif(region_code, '') AS region_code,
            nullif(coalesce(county_code, left(region_code, 6)), '') AS county,
            v.village, t.town,
            coalesce({_phone("phone")}, CASE WHEN kind = 'junk' THEN {_phone("id_no")} END) AS phone,
            {_tidy("k.household_head", "h")} AS head,
            {_month("birth_date")} AS born_month, {numbers.told_birth("id", "id18", "kind")} AS id_birth,
            CASE WHEN kind = 'valid' THEN {_sex_of("id")} END AS id_sex
        FROM kinds k LEFT JOIN link_tidy n ON n.raw = k.name LEFT JOIN link_tidy h ON h.raw = k.household_head
        LEFT JOIN link_place v ON v.raw = k.village_name LEFT JOIN link_place t ON t.raw = k.town_name"""


def _persons(registry: str, columns: dict[str, str]) -> str:
    def text(column: str) -> str:
        return _text(columns, column, "r")

    stripped = numbers.stripped(text("id_no"))
    number = f"""CASE WHEN regexp_full_match({text("id_no")}, '{numbers.IDENTITY}') THEN {text("id_no")}
        WHEN regexp_full_match({stripped}, '[0-9]{{15}}') THEN {numbers.eighteen(stripped)}
        WHEN {stripped} <> '' THEN {stripped} ELSE left({text("disability_no")}, 18) END"""
    birth = text("birth_date")
    if columns.get("birth_date") == "DATE":
        parsed = "r.birth_date"
    else:
        parsed = _birth(birth)
    household = _household(columns, "r")
    return f"""
        SELECT *, coalesce(given_birth, {_born_of("id")}) AS birth
        FROM (
            SELECT row_number() OVER () AS pid, r.person_id, {household} AS household_id, {number} AS id,
                {_tidy(text("name"), "n")} AS name, {parsed} AS given_birth, {_sex(text("sex"))} AS sex,
                {text("region_code")} AS region_code, v.village, t.town, {_phone(text("phone"))} AS phone,
                {_tidy(text("household_head"), "h")} AS head
            FROM {quote_name(registry)} r
            LEFT JOIN link_tidy n ON n.raw = {text("name")}
            LEFT JOIN link_tidy h ON h.raw = {text("household_head")}
            LEFT JOIN link_place v ON v.raw = {text("village_name")}
            LEFT JOIN link_place t ON t.raw = {text("town_name")})"""


def _household(columns: dict[str, str], alias: str) -> str:
    return _text(columns, "household_id", alias)


def _text(columns: dict[str, str], column: str, alias: str = "") -> str:
    """A column as text, NULL when the relation does not have it."""
    if column not in columns:
        return "NULL::VARCHAR"
    name = f"{alias}.{column}" if alias else column
    return name if columns[column] == "VARCHAR" else f"CAST({name} AS VARCHAR)"


def _tidy(name: str, tidied: str) -> str:
    return f"CASE WHEN {tidied}.raw IS NULL THEN {name} ELSE {tidied}.name END"


def _birth(text: str) -> str:
    """A date however people write it: ISO, 8 digits, 1990年1月2日, 1990/1/2, a spreadsheet's day number."""
    dashed = f"regexp_replace(trim({text}), '[年月/.]', '-', 'g')"
    return f"""CASE
        WHEN {text} IS NULL THEN NULL
        WHEN regexp_full_match({text}, '[0-9]{{8}}') THEN TRY_STRPTIME({text}, '%Y%m%d')::DATE
        WHEN regexp_full_match({text}, '[1-4][0-9]{{4}}([.]0)?')
            THEN DATE '1899-12-30' + TRY_CAST(left({text}, 5) AS INTEGER)
        ELSE TRY_CAST(regexp_extract({dashed}, '^[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}') AS DATE) END"""


def _born_of(number: str) -> str:
    return f"TRY_STRPTIME(substr({number}, 7, 8), '%Y%m%d')::DATE"


def _month(text: str) -> str:
    """Year and month (as year * 100 + month) of a date that tells no day: 1990年5月, 1990-05, 199005."""
    written = (
        f"regexp_extract_all(regexp_extract(trim({text}), '^(?:1[89]|20)[0-9]{{2}}[-年/.]?[0-9]{{1,2}}月?$'), '[0-9]')"
    )
    digits = f"array_to_string({written}, '')"
    return f"TRY_CAST(left({digits}, 4) AS INTEGER) * 100 + TRY_CAST(substr({digits}, 5) AS INTEGER)"


def _sex_of(number: str) -> str:
    return f"CASE WHEN substr({number}, 17, 1) IN ('1', '3', '5', '7', '9') THEN 1 ELSE 2 END"


def _year(text: str) -> str:
    return f"TRY_CAST(regexp_extract({text}, '^(1[89][0-9][0-9]|20[0-9][0-9])') AS INTEGER)"


def _sex(text: str) -> str:
    men, women = "'男', '男性', '1', '01', 'M'", "'女', '女性', '2', '02', 'F'"
    return f"CASE WHEN trim({text}) IN ({men}) THEN 1 WHEN trim({text}) IN ({women}) THEN 2 END"


def _village(text: str) -> str:
    """A village's name without its town before it and without 村, 村委会, 社区 after it."""
    own = f"regexp_replace(trim({text}), '^.{{2,}}(?:镇|乡|街道|办事处)(.{{2,}})$', '\\1')"
    own = f"regexp_replace({own}, '(.{{2,}}?)第?[一二三四五六七八九十0-9]+(村民)?(小组|组|社|队|号)$', '\\1')"
    short = f"regexp_replace({own}, '(村民委员会|村委会|居民委员会|居委会)$', '')"
    return f"nullif(regexp_replace({short}, '(.)(行政村|自然村|社区|村|嘎查)$', '\\1'), '')"


def _town(text: str) -> str:
    own = f"regexp_replace(trim({text}), '^.{{2,}}[县区市旗](.{{2,}})$', '\\1')"
    return f"nullif(regexp_replace({own}, '(.)(镇|乡|街道办事处|街道|办事处)(人民政府)?$', '\\1'), '')"


def _phone(text: str) -> str:
    """A mobile number standing by itself among whatever else is written."""
    joined = f"regexp_replace({text}, '[-\\s]', '', 'g')"
    return f"nullif(regexp_extract({joined}, '(?:^|[^0-9])(1[3-9][0-9]{{9}})(?:$|[^0-9])', 1), '')"
