"""`xianjie simulate`: changes of numbers or rules over a population, before they are in force.

The results under the policy in force are computed once, those under each reform only where a number or rule that
the reform changes stands behind them; all counts are then made from these two tables.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from xianjie.engines import quote, quote_name
from xianjie.rules import Policy
from xianjie.rules.reform import Reform, compare_tables, read_reform
from xianjie.screening.facts import Facts, open_facts
from xianjie.screening.policies import PolicyBook, open_policy
from xianjie.screening.population import behind, result_names
from xianjie.screening.poverty import poverty
from xianjie.screening.run_folder import Progress, write_json
from xianjie.screening.simulation_report import lines_of, write_simulation

BEFORE, AFTER = "results_before", "results_after"


@dataclass(frozen=True)
class Change:
    """A reform, the policy in force, and the policy as it would be."""

    reform: Reform
    base: Policy
    policy: Policy


@dataclass(frozen=True)
class Plan:
    """What is compared: `names` of results, `groups` (columns of the policy in force), and how poverty is measured."""

    names: list[str]
    groups: list[dict[str, Any]]
    poverty: dict[str, Any]


def simulate_reforms(
    data: Path,
    reforms: Sequence[Path],
    out: Path,
    region: str | None,
    day: date | None,
    overlays: tuple[Path, ...],
    progress: Progress,
) -> dict[str, Any]:
    """Compare the policy with and without each reform for every household of a data folder or a run.

    Writes into `out`: `summary.json`, `simulation.xlsx` (programmes, poverty, groups) and for each reform
    `changed.parquet` (household_id, result, before, after), numbered from the second on. The first reform's
    comparison also stands at the top of the summary. Raises `UserError` for a reform that is not of its shape.
    """
    book = open_policy(overlays)
    changes = [_change(read_reform(path, book.policy), book.policy) for path in reforms]
    plan = _plan(book)
    with open_facts(data, day, progress) as facts, tempfile.TemporaryDirectory(prefix="xianjie-") as place:
        names = [touched(change, plan.names) for change in changes]
        wanted = dict.fromkeys([*(name for some in names for name in some), *_columns(plan)])
        _compute(facts, book.policy, list(wanted), BEFORE, Path(place), region)
        compared = []
        for number, (change, some) in enumerate(zip(changes, names, strict=True), start=1):
            result = _one(facts, book, plan, change, some, region, Path(place))
            target = out / ("changed.parquet" if number == 1 else f"changed-{number}.parquet")
            result["changed"] = _write_changed(facts, [row["result"] for row in result["all"]], target)
            compared.append(result)
    summary = {"date": facts.day.isoformat(), "region": region, **compared[0], "reforms": compared}
    write_json(out / "summary.json", summary)
    write_simulation(summary, book, out / "simulation.xlsx")
    return {**summary, "lines": lines_of(summary, book)}


def _change(reform: Reform, base: Policy) -> Change:
    return Change(reform, base, base.with_reform(reform))


def _plan(book: PolicyBook) -> Plan:
    """The programmes' results and every other yes or no of the daily job."""
    told = book.document("simulation.yaml")
    kinds = {info.name: info.type for info in book.policy.rules("household")}
    names = [programme[key] for programme in told["programmes"] for key in ("due", "amount") if key in programme]
    names += [name for name in result_names(book) if kinds.get(name) == "bool"]
    return Plan(list(dict.fromkeys(names)), told["groups"], told["poverty"])


def _columns(plan: Plan) -> list[str]:
    measured = [*(plan.poverty[key] for key in ("income", "aid_month", "size")), *plan.poverty["lines"]]
    return [*(group["column"] for group in plan.groups), *measured]


def _compute(facts: Facts, policy: Policy, names: list[str], table: str, place: Path, region: str | None) -> None:
    path = place / f"{table}.parquet"
    policy.compute(facts.engine, names, date=facts.day, out=path, region=region)
    facts.engine.view_parquet(table, path)


def touched(change: Change, names: Sequence[str]) -> list[str]:
    """The results behind which a number or rule stands that the reform changes; no other can differ."""
    rules = {(source.entity, source.name) for source in change.reform.rules}

    def differs(name: str) -> bool:
        for policy in (change.base, change.policy):
            for key in behind(policy, ("household", name)):
                reads = {argument for version in policy.versions[key] for argument in version.arguments}
                if key in rules or reads & set(change.reform.parameters):
                    return True
        return False

    return [name for name in names if differs(name)]


def _one(
    facts: Facts, book: PolicyBook, plan: Plan, change: Change, names: list[str], region: str | None, place: Path
) -> dict[str, Any]:
    """One reform compared in the results that it touches; `all` and the groups have a line for each that moved."""
    engine, aid = facts.engine, plan.poverty["aid_month"]
    moves_aid = touched(change, [aid])
    _compute(facts, change.policy, [*names, *moves_aid] or ["household_type"], AFTER, place, region)
    rows = compare_tables(engine, book.policy, names, BEFORE, AFTER) if names else []
    moved = [row for row in rows if _moved(row)]
    some = [row["result"] for row in moved]
    result: dict[str, Any] = {"reform": change.reform.label, "all": moved}
    for group in plan.groups:
        digits = group.get("digits", 0)
        by = () if digits else (group["column"],)
        result[group["name"]] = compare_tables(engine, book.policy, some, BEFORE, AFTER, digits, by) if some else []
    result["poverty"] = poverty(engine, BEFORE, AFTER if moves_aid else BEFORE, **plan.poverty)
    return result


def _moved(row: dict[str, Any]) -> bool:
    counts = ("enter", "leave", "gain", "lose")
    return any(row.get(kind) for kind in counts) or bool(row["unknown_before"] != row["unknown_after"])


def _write_changed(facts: Facts, names: list[str], out: Path) -> int:
    """Every household's result that changed, from what to what; gives the number of lines."""
    nothing = "CAST(NULL AS VARCHAR)"
    parts = [
        f"SELECT household_id, {nothing} AS result, {nothing} AS before, {nothing} AS after FROM {BEFORE} WHERE false"
    ]
    parts += [
        f"SELECT household_id, {quote(name)} AS result, CAST(b.{quote_name(name)} AS VARCHAR) AS before, "
        f"CAST(r.{quote_name(name)} AS VARCHAR) AS after FROM {BEFORE} b JOIN {AFTER} r USING (household_id) "
        f"WHERE b.{quote_name(name)} IS DISTINCT FROM r.{quote_name(name)}"
        for name in names
    ]
    return facts.engine.write_parquet(f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY household_id, result", out)
