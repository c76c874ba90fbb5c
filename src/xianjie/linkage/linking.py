"""`link`: a department's rows to the register's persons, inside an engine; `link_files`: the same from file to file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from xianjie.engines import Engine, EngineError, open_engine, parquet_list, quote_name
from xianjie.linkage.candidates import bring_up
from xianjie.linkage.comparing import compare
from xianjie.linkage.deciding import decide
from xianjie.linkage.preparing import (
    number_feed,
    prepare_rows,
    reference_year,
    set_rest_apart,
    settle_decided,
    settle_exact,
)
from xianjie.linkage.rulebook import TIERS, rulebook
from xianjie.messages import UserError

FILE_KINDS = (".parquet", ".csv")
WORKING_TABLES = (
    "numbered", "decided", "exact", "rest",
    "tidy", "place", "row", "person", "found", "owner", "open", "wanted", "keyed", "shared",
    "crowding", "pair", "crowded", "name_pair", "spelled", "name_relation",
    "feature", "score", "ranked", "settled",
)  # fmt: skip


@dataclass(frozen=True)
class LinkCounts:
    """How many feed rows ended in which tier (they add up to `rows`), and how many candidates were listed."""

    rows: int
    exact: int
    repaired: int
    probable: int
    review: int
    none: int
    candidates: int

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def link(
    engine: Engine,
    registry: str,
    feed: str,
    out: Path | None = None,
    *,
    as_of: date | None = None,
    decisions: str | None = None,
    use: str = "everyday",
    links: str = "links",
    candidates: str = "link_candidates",
) -> LinkCounts:
    """Match every row of the relation `feed` to a person of the relation `registry`; columns as in docs/linkage.md.

    Makes the tables `links` (rn, row_id, tier, person_id, household_id, score, reason, fingerprint; one line per feed
    row, rn its place in the feed) and `candidates` (rn, row_id, rank, person_id, score, reason, speaks_for,
    speaks_against, fingerprint; of the rows in review), and writes both in the feed's order when `out` is given (see
    `write_links`). A feed may bring its own `rn` (BIGINT, ascending). Ages are counted from `as_of`, or from what the
    feed's rows say. `decisions` names a relation of clerks' decisions (docs/linkage.md); then the feed needs a column
    `layout`. Decisions that say what had been shown set the chances of their layout right (calibrating.py). `use` is
    what the links are for (scores.yaml): it sets from which chance a row is decided without a rule.
    Raises `UserError` when a relation lacks a column that matching cannot do without.
    """
    book = rulebook()
    try:
        number_feed(engine, feed)
        settle_decided(engine, registry, decisions, book)
        settle_exact(engine, registry)
        set_rest_apart(engine)
        prepare_rows(engine, registry, reference_year(engine, registry, as_of))
        bring_up(engine, book)
        compare(engine, book)
        decide(engine, book, use, decisions, links, candidates)
    finally:
        engine.run("DROP VIEW IF EXISTS temp.link_feed")
        for table in WORKING_TABLES:
            engine.run(f"DROP TABLE IF EXISTS temp.link_{table}")
    if out is not None:
        write_links(engine, out, links, candidates)
    return _count(engine, links, candidates)


def write_links(engine: Engine, out: Path, links: str = "links", candidates: str = "link_candidates") -> None:
    """Write `out` (.parquet or .csv) and beside it `<stem>.candidates.parquet`."""
    _check_kind(out)
    ordered = f"SELECT * EXCLUDE (rn, household_id, fingerprint) FROM {quote_name(links)} ORDER BY rn"
    if out.suffix.lower() == ".csv":
        engine.write_csv(ordered, out)
    else:
        engine.write_parquet(ordered, out)
    listed = f"SELECT * EXCLUDE (rn, fingerprint) FROM {quote_name(candidates)} ORDER BY rn, rank"
    engine.write_parquet(listed, out.with_name(out.stem + ".candidates.parquet"))


def link_files(
    registry: Path, feed: Path, out: Path, *, as_of: date | None = None, memory_limit: str | None = None
) -> LinkCounts:
    """Match the rows of one file to the persons of another (.parquet or .csv, UTF-8) and write `out`.

    Raises `UserError` for a file that is missing, of another kind, unreadable, or lacks a column.
    """
    _check_kind(out)
    with open_engine(memory_limit=memory_limit) as engine:
        for name, path in (("registry", registry), ("feed", feed)):
            open_file(engine, name, path)
        return link(engine, "registry", "feed", out, as_of=as_of)


def open_file(engine: Engine, name: str, path: Path) -> None:
    """Let `name` stand for a .parquet or .csv file, all columns of the latter as text. Raises `UserError`."""
    _check_kind(path)
    if not path.is_file():
        raise UserError("linkage.file_not_found", file=path)
    try:
        if path.suffix.lower() == ".parquet":
            engine.view_parquet(name, path)
        else:
            engine.run(
                f"CREATE OR REPLACE TABLE {quote_name(name)} AS "
                f"SELECT * FROM read_csv({parquet_list(path)}, all_varchar = true, header = true)"
            )
    except EngineError as error:
        raise UserError("linkage.file_unreadable", file=path, detail=str(error).splitlines()[0]) from error


def _check_kind(path: Path) -> None:
    if path.suffix.lower() not in FILE_KINDS:
        raise UserError("linkage.file_kind", file=path, kinds="、".join(FILE_KINDS))


def _count(engine: Engine, links: str, candidates: str) -> LinkCounts:
    counted = dict(engine.rows(f"SELECT tier, count(*) FROM {quote_name(links)} GROUP BY tier"))
    tiers = {tier: int(counted.get(tier, 0)) for tier in TIERS}
    listed = int(engine.value(f"SELECT count(*) FROM {quote_name(candidates)}"))
    return LinkCounts(rows=sum(tiers.values()), candidates=listed, **tiers)
