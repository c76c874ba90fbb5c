"""The run's report: one HTML page that opens in any browser, prints, and needs no network."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from xianjie.engines import Engine, quote
from xianjie.messages import say
from xianjie.screening.charts import TIER_COLOURS, Area, Bar, area_map, bars, stacked
from xianjie.screening.explaining import household_record, readable_steps
from xianjie.screening.findings import GROUPS, RISK_GROUPS
from xianjie.screening.places import current_regions
from xianjie.screening.policies import PolicyBook

FOLDER = Path(__file__).parent
LISTED = 200
EXPLAINED = 2
SECTIONS = ("total", "feeds", "findings", "map", "households", "explained", "documents", "checks")


def write_report(
    engine: Engine, book: PolicyBook, day: date, region: str | None, counts: dict[str, Any], path: Path
) -> None:
    """Write the page from the run's counts, lists and views."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    page = environment.get_template("report.html").render(
        about=_about(engine, book, region, counts),
        sections=[(name, say(f"report.{name}")) for name in SECTIONS if name != "documents" or counts["documents"]],
        tiles=_tiles(counts),
        comparison=_comparison(counts),
        bars=bars,
        stacked=stacked,
        tier_colours=list(zip((say(f"summary.{name}") for name in _PARTS), TIER_COLOURS, strict=True)),
        feeds=[_feed(feed) for feed in counts["feeds"]],
        feed_totals=_feed_totals(counts),
        problems=counts["problems"],
        finding_bars=[
            Bar(row["zh"], row["households"])
            for row in counts["findings"]
            if row["households"] and row["group"] in RISK_GROUPS
        ][:15],
        findings=[_finding(row) for row in counts["findings"] if row["households"] or row["unknown"]],
        missing_numbers=[number["text"] for number in counts["missing_numbers"]],
        missing_facts=[(fact["label"], fact["households"]) for fact in counts["missing_facts"]][:20],
        map=_map(engine),
        towns=[_town(town, counts) for town in counts["towns"]],
        households=_households(engine),
        explained=[_explained(engine, book, day, region, one) for one in _worth_explaining(engine)],
        documents=_documents(counts["documents"]),
        checks=_checks(counts["checks"]),
    )
    path.write_text(page, encoding="utf-8")


_PARTS = ("exact", "repaired", "review", "none", "rejected")


def _about(engine: Engine, book: PolicyBook, region: str | None, counts: dict[str, Any]) -> dict[str, Any]:
    county = None
    if engine.has("regions"):
        names = engine.rows("SELECT name FROM regions WHERE level = 'county' ORDER BY region_code LIMIT 1")
        county = names[0][0] if names else None
    return {
        "county": county or say("report.county"),
        "date": counts["date"],
        "jurisdiction": book.place(region or counts["data_region"]),
        "policy": counts["policy"],
        "version": counts["version"],
        "invented": counts["invented"],
    }


def _tiles(counts: dict[str, Any]) -> list[dict[str, str]]:
    people, feeds = counts["population"], counts["feeds"]
    linked = sum(feed["exact"] + feed["repaired"] + feed["probable"] for feed in feeds)
    tiles = [
        ("households", people["households"], ""),
        ("persons", people["persons"], ""),
        ("rows", sum(feed["rows"] for feed in feeds), ""),
        ("linked", linked, ""),
        ("with_risk", people["with_risk"], "risk"),
        ("not_monitored", people["with_risk_not_monitored"], "risk"),
        ("monitored", people["monitored"], ""),
        ("checks", counts["checks"]["total"], ""),
    ]
    return [
        {"label": say(f"report.tile.{name}"), "value": f"{value:,}", "class": style} for name, value, style in tiles
    ]


def _comparison(counts: dict[str, Any]) -> dict[str, Any] | None:
    if not counts["previous_date"]:
        return None
    return {
        "date": counts["previous_date"],
        **{name: sum(row[name] for row in counts["findings"]) for name in ("new", "still", "gone")},
    }


def _parts(feed: dict[str, Any]) -> list[int]:
    # The probable tier is shown with review until it has a model of its own.
    return [feed["exact"], feed["repaired"], feed["probable"] + feed["review"], feed["none"], feed["rejected"]]


def _feed(feed: dict[str, Any]) -> dict[str, Any]:
    return {**feed, "repaired_rows": feed["rows_repaired"], "parts": _parts(feed)}


def _feed_totals(counts: dict[str, Any]) -> list[int]:
    rows = [[feed["rows"], feed["rows_repaired"], *_parts(feed)] for feed in counts["feeds"]]
    return [sum(column) for column in zip(*rows, strict=True)] if rows else [0] * 7


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "group": GROUPS[row["group"]]}


def _town(town: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": town["name"],
        "households": town["households"],
        "flagged": town["with_risk"],
        "share": f"{town['with_risk'] / town['households']:.1%}",
        "not_monitored": town["not_monitored"],
        "checks": counts["checks"]["by_town"].get(town["code"][:9], 0),
    }


def _map(engine: Engine) -> dict[str, Any] | None:
    if not engine.has("regions"):
        return None
    regions = current_regions(engine, "regions")
    rows = engine.rows(f"""
        SELECT r.outline, r.name, count(h.household_id), count(*) FILTER (h.risks > 0)
        FROM {regions} r LEFT JOIN household_results h ON h.region_code = r.region_code
        WHERE r.level = 'village' AND r.outline IS NOT NULL
        GROUP BY r.region_code, r.outline, r.name ORDER BY r.region_code""")
    towns = engine.rows(f"SELECT outline, name FROM {regions} WHERE level = 'township' ORDER BY region_code")
    areas = [
        Area(
            outline,
            flagged / households if households else None,
            say("report.area", name=name, households=households, flagged=flagged),
        )
        for outline, name, households, flagged in rows
    ]
    return area_map(areas, [(outline or "", name) for outline, name in towns])


def _households(engine: Engine) -> list[dict[str, Any]]:
    return engine.records(f"""
        SELECT town, village, household_id, head_name AS head, size, score, kind, monitored, reasons
        FROM listed_household ORDER BY score DESC, household_id LIMIT {LISTED}""")


def _worth_explaining(engine: Engine) -> list[str]:
    """The households with the highest score that nobody monitors yet: where an explanation helps most."""
    rows = engine.rows(f"""
        SELECT household_id FROM household_results WHERE risks > 0
        ORDER BY coalesce(monitored, false), score DESC, household_id LIMIT {EXPLAINED}""")
    return [row[0] for row in rows]


def _explained(engine: Engine, book: PolicyBook, day: date, region: str | None, household_id: str) -> dict[str, Any]:
    record = household_record(engine, household_id)
    held = engine.rows(
        f"SELECT finding, text FROM findings WHERE household_id = {quote(household_id)} ORDER BY score DESC, finding"
    )
    asked = dict.fromkeys(["monitored_kind_due", *(book.findings[name].rule for name, _ in held)])
    explained = book.policy.explain(record, list(asked), date=day, region=region)
    missing = {need["text"] for needs in explained["missing"].values() for need in needs}
    return {
        "title": say("report.household", household=household_id, head=record["head_name"]),
        "summary": "；".join(text for _, text in held),
        "steps": readable_steps(book, record, explained),
        "missing": "；".join(sorted(missing)),
    }


def _documents(documents: dict[str, Any]) -> dict[str, Any] | None:
    """The comparison with the rows on which the documents part, then those on which they agree."""
    if not documents:
        return None
    parting = [row for row in documents["rows"] if row["why"]]
    agreed = [row for row in documents["rows"] if not row["why"]]
    return {"names": documents["names"], "parting": parting, "agreed": agreed}


def _checks(checks: dict[str, Any]) -> dict[str, Any]:
    rows = sorted(checks["checks"], key=lambda row: (-row["count"], row["id"]))
    found = [row for row in rows if row["count"]]
    return {
        "total": checks["total"],
        "ran": len(rows),
        "not_run": len(checks["not_run"]),
        "bars": [Bar(row["title"][:16], row["count"]) for row in found[:10]],
        "rows": [{**row, "severity": say(f"report.severity.{row['severity']}")} for row in found[:40]],
    }
