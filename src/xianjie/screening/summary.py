"""A run in numbers: what `counts.json` holds, and the tables that a person reads in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.engines import Engine
from xianjie.messages import say
from xianjie.screening.findings import GROUPS
from xianjie.screening.policies import PolicyBook


@dataclass(frozen=True)
class ShownTable:
    """A table for people: the first `labels` columns are words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    labels: int = 1


def summarise(engine: Engine, book: PolicyBook, parts: dict[str, Any]) -> dict[str, Any]:
    """Put the steps' results together with the figures by kind, finding and township."""
    manifest, found = parts["manifest"], parts["found"]
    changes = found["changes"]
    by_finding = dict(engine.rows("SELECT finding, count(*) FROM findings GROUP BY finding"))
    findings = [
        {
            "finding": finding.name,
            "zh": finding.zh,
            "group": finding.group,
            "households": by_finding.get(finding.name, 0),
            "unknown": found["unknown"].get(finding.name, 0),
            **{change: changes.get(finding.name, {}).get(change, 0) for change in ("new", "still", "gone")},
            "cite": book.clauses(finding.cite, manifest["region"] or parts["intake"]["data_region"]),
        }
        for finding in book.findings.values()
    ]
    return {
        "date": manifest["date"],
        "region": manifest["region"],
        "policy": manifest["policy"],
        "version": manifest["xianjie"],
        "previous_date": parts["previous_date"],
        **parts["intake"],
        "checks": parts["checks"],
        "population": _population(engine),
        "kinds": _kinds(engine),
        "findings": sorted(findings, key=lambda row: (-row["households"], row["finding"])),
        "towns": _towns(engine),
        "missing_facts": parts["judged"]["missing_facts"],
        "missing_numbers": parts["judged"]["missing_numbers"],
        "documents": parts["documents"],
        "files": {
            "lists": parts["lists"]["files"],
            "giveback": sum(feed["given_back"] > 0 for feed in parts["intake"]["feeds"]),
        },
    }


def _population(engine: Engine) -> dict[str, int]:
    row = engine.records("""
        SELECT count(*) AS households, count(*) FILTER (risks > 0) AS with_risk,
               count(*) FILTER (risks > 0 AND NOT coalesce(monitored, false)) AS with_risk_not_monitored,
               count(*) FILTER (monitored) AS monitored
        FROM household_results""")[0]
    return {
        **{name: int(value) for name, value in row.items()},
        "persons": engine.value("SELECT count(*) FROM persons"),
    }


def _kinds(engine: Engine) -> list[dict[str, Any]]:
    labels = dictionary().codes["monitored_kind"].values
    rows = engine.rows("""
        SELECT kind_due, count(*), count(*) FILTER (NOT coalesce(monitored, false)) FROM household_results
        GROUP BY kind_due ORDER BY kind_due NULLS LAST""")
    return [
        {
            "kind": kind,
            "zh": labels[kind].zh
            if kind in labels
            else say("summary.kind_unknown" if kind is None else "summary.kind_none"),
            "households": households,
            "not_monitored": not_monitored,
        }
        for kind, households, not_monitored in rows
    ]


def _towns(engine: Engine) -> list[dict[str, Any]]:
    return engine.records("""
        SELECT p.town_code AS code, any_value(p.town) AS name, count(*) AS households,
               count(*) FILTER (h.risks > 0) AS with_risk,
               count(*) FILTER (h.risks > 0 AND NOT coalesce(h.monitored, false)) AS not_monitored
        FROM household_results h JOIN place p USING (region_code) GROUP BY p.town_code ORDER BY p.town_code""")


def run_tables(counts: dict[str, Any]) -> list[ShownTable]:
    """The tables that the command line shows after a run."""
    return [_feed_table(counts), _kind_table(counts), _finding_table(counts), _town_table(counts)]


def _feed_table(counts: dict[str, Any]) -> ShownTable:
    rows = []
    for feed in counts["feeds"]:
        numbers = (
            feed["rows"],
            feed["exact"],
            feed["repaired"],
            feed["probable"] + feed["review"],
            feed["none"],
            feed["rejected"],
        )
        rows.append((feed["department"], feed["title"], *(f"{number:,}" for number in numbers)))
    return ShownTable(
        say("summary.feeds"),
        tuple(
            say(f"summary.{name}")
            for name in ("department", "file", "rows", "exact", "repaired", "review", "none", "rejected")
        ),
        rows,
        labels=2,
    )


def _kind_table(counts: dict[str, Any]) -> ShownTable:
    rows = [(kind["zh"], f"{kind['households']:,}", f"{kind['not_monitored']:,}") for kind in counts["kinds"]]
    return ShownTable(
        say("summary.kinds", **counts["population"]),
        (say("summary.kind"), say("summary.households"), say("summary.not_monitored")),
        rows,
    )


def _finding_table(counts: dict[str, Any]) -> ShownTable:
    shown = [row for row in counts["findings"] if row["households"] or row["unknown"]]
    return ShownTable(
        say("summary.findings"),
        tuple(say(f"summary.{name}") for name in ("finding", "group", "households", "new", "gone", "unknown")),
        [
            (row["zh"], GROUPS[row["group"]], *(f"{row[name]:,}" for name in ("households", "new", "gone", "unknown")))
            for row in shown
        ],
        labels=2,
    )


def _town_table(counts: dict[str, Any]) -> ShownTable:
    return ShownTable(
        say("summary.towns"),
        tuple(say(f"summary.{name}") for name in ("town", "households", "with_risk", "not_monitored")),
        [
            (town["name"], *(f"{town[name]:,}" for name in ("households", "with_risk", "not_monitored")))
            for town in counts["towns"]
        ],
    )
