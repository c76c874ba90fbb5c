"""`xianjie coverage`: 应保尽保 who qualifies and has it, who is missed, who has it and may no longer qualify.

For each programme of the policy's `coverage.yaml` every household (or person) is in one of five states, so that the
counts add up to the population; nothing follows from a state but a look by a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xianjie.engines import Engine, quote, quote_name
from xianjie.messages import say
from xianjie.rules import Policy
from xianjie.screening.facts import Facts, open_facts
from xianjie.screening.policies import PolicyBook, open_policy
from xianjie.screening.population import fact_label
from xianjie.screening.run_folder import Progress, write_json
from xianjie.screening.workbook import Sheet, write_workbook

TOWN_DIGITS = 9
STATES = ("held", "missed", "recheck", "outside", "unknown")
LISTED = ("missed", "recheck")
ENTITIES = {"household": "household_id", "person": "person_id"}


def cover(
    data: Path, out: Path, region: str | None, day: date | None, overlays: tuple[Path, ...], progress: Progress
) -> dict[str, Any]:
    """Count the states of every programme, and write them with the lists and the data that are missing.

    `data` is a data folder or a run. Writes `coverage.json`, `coverage.xlsx` (county, townships, lists, missing
    data) and `states.parquet` (programme, entity, id, household_id, region_code, state) into `out`.
    """
    book = open_policy(overlays)
    programmes = book.document("coverage.yaml")["programmes"]
    with open_facts(data, day, progress) as facts, TemporaryDirectory(prefix="xianjie-") as place:
        parts = []
        for entity in ENTITIES:
            here = [one for one in programmes if one["entity"] == entity]
            _compute(facts, book.policy, entity, here, region, Path(place))
            parts += [_states(book.policy, one) for one in here]
        facts.engine.write_parquet(" UNION ALL ".join(parts) + " ORDER BY programme, id", out / "states.parquet")
        facts.engine.view_parquet("states", out / "states.parquet")
        summary = {
            "date": facts.day.isoformat(),
            "region": region,
            "programmes": _counted(facts.engine, programmes),
            "missing": _missing(facts.engine, book, programmes),
        }
        write_json(out / "coverage.json", summary)
        _write(facts.engine, summary, out / "coverage.xlsx")
    return summary


def _compute(
    facts: Facts, policy: Policy, entity: str, programmes: list[dict[str, Any]], region: str | None, place: Path
) -> None:
    """The table `of_<entity>`: what stands behind the states, and what is missing where it is unknown."""
    names = [one[key] for one in programmes for key in ("due", "has")]
    own = ["region_code"] if entity == "household" else ["household_id", "region_code", "living"]
    path = place / f"{entity}.parquet"
    wanted = list(dict.fromkeys([*own, *names]))
    policy.compute(facts.engine, wanted, date=facts.day, out=path, entity=entity, region=region, missing=True)
    facts.engine.view_parquet(f"of_{entity}", path)


def _states(policy: Policy, programme: dict[str, Any]) -> str:
    """One programme's rows: id, state, and the data that are missing where the state is unknown."""
    entity = programme["entity"]
    due, has = (_holds(policy, entity, programme[key]) for key in ("due", "has"))
    gone = "" if entity == "household" else " WHERE living IS DISTINCT FROM false"
    missing = ", ".join(_missing_column(policy, entity, programme[key]) for key in ("due", "has"))
    return f"""
        SELECT {quote(programme["title"])} AS programme, {quote(entity)} AS entity, {ENTITIES[entity]} AS id,
            household_id, region_code,
            CASE WHEN {due} AND {has} THEN 'held' WHEN {due} AND NOT {has} THEN 'missed'
                WHEN NOT {due} AND {has} THEN 'recheck' WHEN NOT {due} AND NOT {has} THEN 'outside'
                ELSE 'unknown' END AS state,
            CASE WHEN ({due}) IS NULL OR ({has}) IS NULL THEN concat_ws(';', {missing}) END AS missing
        FROM of_{entity}{gone}"""


def _holds(policy: Policy, entity: str, name: str) -> str:
    kind = policy.versions[(entity, name)][0].type
    return quote_name(name) if kind == "bool" else f"({quote_name(name)} > 0)"


def _missing_column(policy: Policy, entity: str, name: str) -> str:
    return f"CASE WHEN {quote_name(name)} IS NULL THEN {quote_name(name + '__missing')} END"


def _counted(engine: Engine, programmes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each programme the number in each state, in all and by township."""
    sums = ", ".join(f"count(*) FILTER (state = {quote(one)}) AS {one}" for one in STATES)
    all_rows = {row["programme"]: row for row in engine.records(f"SELECT programme, {sums} FROM states GROUP BY ALL")}
    towns = engine.records(f"""
        SELECT programme, substr(region_code, 1, {TOWN_DIGITS}) AS town, {sums} FROM states
        GROUP BY ALL ORDER BY programme, town NULLS FIRST""")
    nothing = dict.fromkeys(STATES, 0)
    return [
        {
            **{key: one[key] for key in ("title", "entity")},
            **{state: all_rows.get(one["title"], nothing)[state] for state in STATES},
            "towns": [
                {key: row[key] for key in ("town", *STATES)} for row in towns if row["programme"] == one["title"]
            ],
        }
        for one in programmes
    ]


def _missing(engine: Engine, book: PolicyBook, programmes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Which data are missing where the state is unknown: of each programme the fact and of how many, most first."""
    order = {one["title"]: number for number, one in enumerate(programmes)}
    rows = engine.records("""
        SELECT programme, fact, count(DISTINCT id) AS number
        FROM (SELECT programme, id, unnest(string_split(missing, ';')) AS fact FROM states WHERE state = 'unknown')
        WHERE fact <> '' GROUP BY ALL""")
    rows.sort(key=lambda row: (order[row["programme"]], -row["number"], row["fact"]))
    return [{**row, "label": _fact(book, row["fact"])} for row in rows]


def _fact(book: PolicyBook, fact: str) -> str:
    name = fact.removeprefix("parameter:")
    if name != fact and name in book.policy.parameters:
        return say("coverage.number", label=book.policy.parameters[name].label)
    return fact_label(book, fact.removeprefix("collection:"))


def _write(engine: Engine, summary: dict[str, Any], path: Path) -> None:
    words = {state: say(f"coverage.{state}") for state in STATES}
    counts = dict.fromkeys(words.values(), 14)
    unit = {"household": say("coverage.households"), "person": say("coverage.persons")}
    shown = [(one, [one["title"], unit[one["entity"]]]) for one in summary["programmes"]]
    heads = {"项目": 30, "单位": 6}
    write_workbook(
        path,
        [
            Sheet("全县", {**heads, **counts}, [[*head, *(one[state] for state in STATES)] for one, head in shown]),
            Sheet(
                "各乡镇",
                {**heads, "乡镇代码": 12, **counts},
                [
                    [*head, town["town"], *(town[state] for state in STATES)]
                    for one, head in shown
                    for town in one["towns"]
                ],
            ),
            Sheet("名单", {"项目": 30, "情况": 14, "户编号": 16, "人员编号": 16, "村代码": 14}, _listed(engine, words)),
            Sheet(
                "缺什么资料",
                {"项目": 30, "资料": 40, "涉及数": 10},
                [[row["programme"], row["label"], row["number"]] for row in summary["missing"]],
            ),
        ],
    )


def _listed(engine: Engine, words: dict[str, str]) -> Iterable[list[Any]]:
    states = ", ".join(map(quote, LISTED))
    rows = engine.stream(f"""
        SELECT programme, state, household_id, CASE WHEN entity = 'person' THEN id END, region_code FROM states
        WHERE state IN ({states}) ORDER BY programme, state, region_code NULLS FIRST, household_id, id""")
    for batch in rows:
        for programme, state, *rest in batch:
            yield [programme, words[state], *rest]


def lines_of(summary: dict[str, Any]) -> list[str]:
    """The matrix for people: one line a programme."""
    lines = [say("coverage.title", date=summary["date"])]
    for one in summary["programmes"]:
        unit = say("coverage.households" if one["entity"] == "household" else "coverage.persons")
        counts = {state: one[state] for state in STATES}
        lines.append(say("coverage.line", title=one["title"], unit=unit, **counts))
    return lines
