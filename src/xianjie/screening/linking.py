"""Every feed's rows to the register's people, all feeds in one pass.

The same person stands in many files. The distinct identities of all files are matched once; each file's
rows then take the answer of their identity. Rows of the national system's exports carry its own numbers
and are linked by them first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, quote, quote_name
from xianjie.linkage import link
from xianjie.messages import say

TIERS = ("exact", "repaired", "probable", "review", "none")
IDENTITY = (
    "id_no",
    "disability_no",
    "name",
    "sex",
    "birth_date",
    "age",
    "town_name",
    "village_name",
    "region_code",
    "household_head",
    "phone",
)


@dataclass(frozen=True)
class FeedFile:
    """A file that `feeds` has read: its name in the data folder, its layout, its entity, its rows."""

    name: str
    layout: str
    entity: str
    parquet: Path


def register_people(engine: Engine) -> None:
    """Make the view `registry` of the register's people, as `linkage` wants it, from the register's tables."""
    villages = "register_regions" if engine.has("register_regions") else "(SELECT '' AS region_code, '' AS name, '' AS parent_code)"
    engine.run(f"""
        CREATE OR REPLACE TABLE registry AS
        SELECT p.person_id, p.household_id, p.id_no, p.name, p.sex, p.birth_date, p.region_code,
               v.name AS village_name, t.name AS town_name, h.head_name AS household_head,
               coalesce(p.phone, h.phone) AS phone, p.disability_no
        FROM register_persons p
        LEFT JOIN register_households h USING (household_id)
        LEFT JOIN {villages} v ON v.region_code = p.region_code
        LEFT JOIN {villages} t ON t.region_code = v.parent_code
    """)


def link_feeds(engine: Engine, files: Sequence[FeedFile], day: date, out: Path) -> dict[str, dict[str, int]]:
    """Link the rows of `files`; writes `links.parquet` and `candidates.parquet` into `out`.

    Gives, per file, the number of rows of each tier and of `rejected` rows; they add up to its rows.
    """
    register_people(engine)
    for position, file in enumerate(files):
        engine.view_parquet(f"feed_{position}", file.parquet)
    identity = ", ".join(f"coalesce(CAST(i_{name} AS VARCHAR), '')" for name in IDENTITY)
    engine.run(
        "CREATE OR REPLACE TABLE feed_rows AS "
        + " UNION ALL ".join(
            f"SELECT {position} AS feed, row_id, md5(concat_ws('|', {identity})) AS identity_id, "
            f"i_person_id, i_household_id, {_place(file)} AS place FROM feed_{position} WHERE status <> 'rejected'"
            for position, file in enumerate(files)
        )
    )
    engine.run("""
        CREATE OR REPLACE TABLE known_keys AS
        SELECT f.feed, f.row_id,
               p.person_id, coalesce(p.household_id, h.household_id) AS household_id
        FROM feed_rows f
        LEFT JOIN register_persons p ON p.person_id = f.i_person_id
        LEFT JOIN register_households h ON h.household_id = f.i_household_id
        LEFT JOIN (SELECT DISTINCT region_code FROM register_households) r ON r.region_code = f.place
        WHERE p.person_id IS NOT NULL OR (f.i_person_id IS NULL AND h.household_id IS NOT NULL)
           OR r.region_code IS NOT NULL
    """)
    columns = ", ".join(f"any_value(i_{name}) AS {name}" for name in IDENTITY)
    sources = " UNION ALL ".join(
        f"SELECT r.identity_id, {', '.join(f'CAST(f.i_{name} AS VARCHAR) AS i_{name}' for name in IDENTITY)} "
        f"FROM feed_{position} f JOIN feed_rows r ON r.feed = {position} AND r.row_id = f.row_id "
        f"WHERE NOT EXISTS (SELECT 1 FROM known_keys k WHERE k.feed = {position} AND k.row_id = f.row_id)"
        for position in range(len(files))
    )
    engine.run(
        "CREATE OR REPLACE TABLE identities AS "
        f"SELECT identity_id AS row_id, NULL::VARCHAR AS county_code, {columns} FROM ({sources}) "
        "GROUP BY identity_id ORDER BY identity_id"
    )
    link(engine, "registry", "identities", as_of=day)
    _write_links(engine, files, out)
    return _counts(engine, files)


def _place(file: FeedFile) -> str:
    """The place that a row is about, where it is about a place and not about people."""
    return "i_region_code" if dictionary().entities[file.entity].key == "region_code" else "NULL"


def _write_links(engine: Engine, files: Sequence[FeedFile], out: Path) -> None:
    names = " ".join(f"WHEN {position} THEN {quote(file.name)}" for position, file in enumerate(files))
    known = quote(say("screening.known_number"))
    engine.run(f"""
        CREATE OR REPLACE TABLE feed_links AS
        SELECT r.feed, r.row_id,
               CASE WHEN k.row_id IS NOT NULL THEN 'exact' ELSE l.tier END AS tier,
               CASE WHEN k.row_id IS NOT NULL THEN k.person_id ELSE l.person_id END AS person_id,
               coalesce(k.household_id, p.household_id) AS household_id,
               CASE WHEN k.row_id IS NOT NULL THEN 1.0 ELSE l.score END AS score,
               CASE WHEN k.row_id IS NOT NULL THEN {known} ELSE l.reason END AS reason,
               r.identity_id
        FROM feed_rows r
        LEFT JOIN known_keys k ON k.feed = r.feed AND k.row_id = r.row_id
        LEFT JOIN links l ON l.row_id = r.identity_id
        LEFT JOIN register_persons p ON p.person_id = l.person_id
    """)
    ordered = "ORDER BY feed, length(row_id), row_id"
    engine.write_parquet(
        f"SELECT CASE feed {names} END AS file, row_id, tier, person_id, household_id, score, reason "
        f"FROM feed_links {ordered}",
        out / "links.parquet",
    )
    engine.write_parquet(
        f"SELECT CASE feed {names} END AS file, f.row_id, c.rank, c.person_id, c.score, c.reason "
        "FROM feed_links f JOIN link_candidates c ON c.row_id = f.identity_id "
        "WHERE f.tier = 'review' ORDER BY feed, length(f.row_id), f.row_id, c.rank, c.person_id",
        out / "candidates.parquet",
    )


def _counts(engine: Engine, files: Sequence[FeedFile]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for position, file in enumerate(files):
        tiers: dict[str, Any] = dict.fromkeys(TIERS, 0)
        tiers |= dict(engine.rows(f"SELECT tier, count(*) FROM feed_links WHERE feed = {position} GROUP BY tier"))
        tiers["rejected"] = engine.value(
            f"SELECT count(*) FROM {quote_name(f'feed_{position}')} WHERE status = 'rejected'"
        )
        counts[file.name] = tiers
    return counts
