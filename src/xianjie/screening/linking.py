"""Every feed's rows to the register's people, all feeds in one pass.

Rows of the national system's exports carry its own numbers and are linked by them; all other rows of all
files go through the matcher together, so the register is prepared for matching once. A row is known by one
number, `rn`: its file's position and its place in the file.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, parquet_list, quote, quote_name
from xianjie.linkage import IDENTITY, link
from xianjie.messages import say
from xianjie.screening.places import as_now, current_regions, moved_codes

KNOWN = ("row_id", "person_id", "household_id")
TIERS = ("exact", "repaired", "probable", "review", "none")
FILE_ROWS = 1 << 32  # more rows than a file can have


@dataclass(frozen=True)
class FeedFile:
    """A file that `feeds` has read: its name in the data folder, its layout, its entity, its rows, its day."""

    name: str
    layout: str
    entity: str
    parquet: Path
    date: datetime.date | None = None


def register_people(engine: Engine) -> None:
    """Make the table `registry` of the register's people, as `linkage` wants it, from the register's tables.

    Who is registered under the code of a village that was merged stands under its successor's.
    """
    villages = current_regions(engine, "register_regions")
    place = as_now("region_code", moved_codes(engine, "register_regions"))
    engine.run(f"""
        CREATE OR REPLACE TABLE registry AS
        SELECT p.person_id, p.household_id, p.id_no, p.name, p.sex, p.birth_date, p.region_code,
               v.name AS village_name, t.name AS town_name, h.head_name AS household_head,
               coalesce(p.phone, h.phone) AS phone, p.disability_no
        FROM (SELECT * REPLACE ({place} AS region_code) FROM register_persons) p
        LEFT JOIN register_households h USING (household_id)
        LEFT JOIN {villages} v ON v.region_code = p.region_code
        LEFT JOIN {villages} t ON t.region_code = v.parent_code
    """)


def view_feeds(engine: Engine, files: Sequence[FeedFile]) -> None:
    """A view `feed_N` for each file, with `rn` beside its columns."""
    for position, file in enumerate(files):
        engine.run(
            f"CREATE OR REPLACE VIEW feed_{position} AS "
            f"SELECT {position * FILE_ROWS} + file_row_number AS rn, * EXCLUDE (file_row_number) "
            f"FROM read_parquet({parquet_list(file.parquet)}, file_row_number=true)"
        )


def link_feeds(
    engine: Engine, files: Sequence[FeedFile], day: datetime.date | None, out: Path, decisions: bool = False
) -> dict[str, dict[str, int]]:
    """Link the rows of `files`; writes `links.parquet` and `candidates.parquet` into `out`.

    Makes the view `feed_links` and the table `feed_candidates`, by `rn` as in the views `feed_N` (N: a file's
    position in `files`). `decisions` says that a relation of this name holds clerks' decisions, which go before the
    rules. Gives, per file, the number of rows of each tier and of `rejected` rows; they add up to its rows.
    """
    register_people(engine)
    view_feeds(engine, files)
    engine.create_table("known_rows", {"rn": "BIGINT", **dict.fromkeys(KNOWN, "VARCHAR")}, [])
    moved = bool(engine.value("SELECT count(*) FROM moved_code"))
    identities = [_identities(engine, position, file, moved) for position, file in enumerate(files)]
    nobody = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in ("row_id", "layout", *IDENTITY))
    engine.run(
        f"CREATE OR REPLACE VIEW identities AS "
        f"{' UNION ALL '.join(identities) or f'SELECT CAST(NULL AS BIGINT) AS rn, {nobody} WHERE false'}"
    )
    link(
        engine,
        "registry",
        "identities",
        as_of=day,
        decisions="decisions" if decisions else None,
        candidates="feed_candidates",
    )
    engine.run(f"""
        CREATE OR REPLACE VIEW feed_links AS
        SELECT rn, row_id, 'exact' AS tier, person_id, household_id, 1.0::DOUBLE AS score,
               {quote(say("screening.known_number"))} AS reason, NULL::VARCHAR AS fingerprint
        FROM known_rows UNION ALL SELECT * FROM links""")
    _write_links(engine, files, out)
    return _counts(engine, files)


def _identities(engine: Engine, position: int, file: FeedFile, moved: bool) -> str:
    """SQL of the identities of a file's usable rows; those with a number of the national system are settled here.

    `moved`: some villages have been merged; rows that name an old code are taken to be of its successor.
    """
    identity = {name: f"CAST(f.i_{name} AS VARCHAR)" for name in IDENTITY}
    identity["region_code"] = as_now(identity["region_code"], moved)
    columns = ", ".join(f"{value} AS {name}" for name, value in identity.items())
    of_place = dictionary().entities[file.entity].key == "region_code"
    keyed = engine.value(f"SELECT count(i_person_id) + count(i_household_id) FROM feed_{position}") or of_place
    if keyed:
        place = as_now("i_region_code", moved) if of_place else "NULL"
        engine.run(f"""
            INSERT INTO known_rows
            SELECT f.rn, f.row_id, p.person_id, coalesce(p.household_id, h.household_id)
            FROM (SELECT *, {place} AS place FROM feed_{position}) f
            LEFT JOIN register_persons p ON p.person_id = f.i_person_id
            LEFT JOIN register_households h ON h.household_id = f.i_household_id
            LEFT JOIN (SELECT DISTINCT {as_now("region_code", moved)} AS region_code FROM register_households) r
                ON r.region_code = f.place
            WHERE f.status <> 'rejected' AND (p.person_id IS NOT NULL OR r.region_code IS NOT NULL
                  OR (f.i_person_id IS NULL AND h.household_id IS NOT NULL))""")
    known = f"SELECT rn FROM known_rows k WHERE {of_file('k', position)}"
    others = f" ANTI JOIN ({known}) k ON k.rn = f.rn" if keyed else ""
    return (
        f"SELECT f.rn, f.row_id, {quote(file.layout)} AS layout, {columns} "
        f"FROM feed_{position} f{others} WHERE f.status <> 'rejected'"
    )


def of_file(alias: str, position: int) -> str:
    """SQL: whether the number of a row stands in this file; a range, so that the engine passes over other rows."""
    return f"{alias}.rn >= {position * FILE_ROWS} AND {alias}.rn < {(position + 1) * FILE_ROWS}"


def by_file(files: Sequence[FeedFile], what: str) -> str:
    """SQL of a fact about the file that `rn` stands in: its `name` or `layout`."""
    cases = " ".join(f"WHEN {position} THEN {quote(getattr(file, what))}" for position, file in enumerate(files))
    return f"CASE rn // {FILE_ROWS} {cases} END" if files else "''"


def _write_links(engine: Engine, files: Sequence[FeedFile], out: Path) -> None:
    # Sorted by the number alone; what is the same for a whole file is put in afterwards.
    engine.write_parquet(
        f"SELECT {by_file(files, 'name')} AS file, * EXCLUDE (rn) FROM (SELECT * FROM feed_links ORDER BY rn)",
        out / "links.parquet",
    )
    engine.write_parquet(
        f"SELECT {by_file(files, 'name')} AS file, row_id, rank, person_id, score, reason, speaks_for, speaks_against, "
        f"{by_file(files, 'layout')} AS layout, fingerprint FROM (SELECT * FROM feed_candidates ORDER BY rn, rank)",
        out / "candidates.parquet",
    )


def _counts(engine: Engine, files: Sequence[FeedFile]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {file.name: dict.fromkeys((*TIERS, "rejected"), 0) for file in files}
    for feed, tier, rows in engine.rows(
        f"SELECT rn // {FILE_ROWS} AS feed, tier, count(*) FROM feed_links GROUP BY feed, tier"
    ):
        counts[files[feed].name][tier] = rows
    for position, file in enumerate(files):
        counts[file.name]["rejected"] = engine.value(
            f"SELECT count(*) FROM {quote_name(f'feed_{position}')} WHERE status = 'rejected'"
        )
    return counts
