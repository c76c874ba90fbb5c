"""Every feed's rows to the register's people, all feeds in one pass.

Rows of the national system's exports carry its own numbers and are linked by them; all other rows of all
files go through the matcher together, so the register is prepared for matching once.
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
from xianjie.screening.places import current_regions

KNOWN = ("row_id", "person_id", "household_id")
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
    villages = current_regions(engine, "register_regions")
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

    Makes the tables `feed_links` and `feed_candidates` (feed: a file's position in `files`). Gives, per file,
    the number of rows of each tier and of `rejected` rows; they add up to its rows.
    """
    register_people(engine)
    for position, file in enumerate(files):
        engine.view_parquet(f"feed_{position}", file.parquet)
    engine.create_table("known_rows", {"feed": "BIGINT", **dict.fromkeys(KNOWN, "VARCHAR")}, [])
    identities = [_identities(engine, position, file) for position, file in enumerate(files)]
    nobody = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in ("row_id", "county_code", *IDENTITY))
    engine.run(
        f"CREATE OR REPLACE VIEW identities AS {' UNION ALL '.join(identities) or f'SELECT {nobody} WHERE false'}"
    )
    link(engine, "registry", "identities", as_of=day)
    _settle_links(engine)
    _write_links(engine, files, out)
    return _counts(engine, files)


def _identities(engine: Engine, position: int, file: FeedFile) -> str:
    """SQL of the identities of a file's usable rows; those with a number of the national system are settled here."""
    columns = ", ".join(f"CAST(f.i_{name} AS VARCHAR) AS {name}" for name in IDENTITY)
    of_place = dictionary().entities[file.entity].key == "region_code"
    keyed = engine.value(f"SELECT count(i_person_id) + count(i_household_id) FROM feed_{position}") or of_place
    if keyed:
        place = "f.i_region_code" if of_place else "NULL"
        engine.run(f"""
            INSERT INTO known_rows
            SELECT {position}, f.row_id, p.person_id, coalesce(p.household_id, h.household_id)
            FROM feed_{position} f
            LEFT JOIN register_persons p ON p.person_id = f.i_person_id
            LEFT JOIN register_households h ON h.household_id = f.i_household_id
            LEFT JOIN (SELECT DISTINCT region_code FROM register_households) r ON r.region_code = {place}
            WHERE f.status <> 'rejected' AND (p.person_id IS NOT NULL OR r.region_code IS NOT NULL
                  OR (f.i_person_id IS NULL AND h.household_id IS NOT NULL))""")
    others = (
        f" ANTI JOIN (SELECT row_id FROM known_rows WHERE feed = {position}) k ON k.row_id = f.row_id" if keyed else ""
    )
    return (
        f"SELECT '{position}|' || f.row_id AS row_id, CAST(NULL AS VARCHAR) AS county_code, {columns} "
        f"FROM feed_{position} f{others} WHERE f.status <> 'rejected'"
    )


def _settle_links(engine: Engine) -> None:
    """Bring the matcher's answers and the known numbers back to the files' rows."""
    row = "CAST(split_part(l.row_id, '|', 1) AS BIGINT) AS feed, substr(l.row_id, instr(l.row_id, '|') + 1) AS row_id"
    engine.run(f"""
        CREATE OR REPLACE TABLE feed_links AS
        SELECT feed, row_id, 'exact' AS tier, person_id, household_id, 1.0 AS score,
               {quote(say("screening.known_number"))} AS reason
        FROM known_rows
        UNION ALL
        SELECT {row}, l.tier, l.person_id, p.household_id, l.score, l.reason
        FROM links l LEFT JOIN register_persons p ON p.person_id = l.person_id""")
    engine.run(f"""
        CREATE OR REPLACE TABLE feed_candidates AS
        SELECT {row}, l.rank, l.person_id, l.score, l.reason FROM link_candidates l""")


def _write_links(engine: Engine, files: Sequence[FeedFile], out: Path) -> None:
    names = " ".join(f"WHEN {position} THEN {quote(file.name)}" for position, file in enumerate(files))
    file_name = f"CASE feed {names} END" if files else "''"
    engine.write_parquet(
        f"SELECT {file_name} AS file, row_id, tier, person_id, household_id, score, reason FROM feed_links "
        "ORDER BY feed, length(row_id), row_id",
        out / "links.parquet",
    )
    engine.write_parquet(
        f"SELECT {file_name} AS file, row_id, rank, person_id, score, reason FROM feed_candidates "
        "ORDER BY feed, length(row_id), row_id, rank, person_id",
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
