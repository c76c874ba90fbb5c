"""`xianjie simulate`: a change of numbers or rules over a population, before it is in force."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from xianjie.engines import quote, quote_name
from xianjie.messages import say
from xianjie.rules.reform import compare, read_reform
from xianjie.screening.facts import Facts, open_facts
from xianjie.screening.policies import PolicyBook, open_policy
from xianjie.screening.population import result_names
from xianjie.screening.run_folder import Progress, write_json
from xianjie.screening.workbook import Sheet, write_workbook

TOWN_DIGITS = 9
SUMMARY = {
    "结果": 30,
    "户数": 8,
    "调整前": 14,
    "调整后": 14,
    "进入": 8,
    "退出": 8,
    "增加": 8,
    "减少": 8,
    "变化合计": 16,
    "资料不足（前）": 12,
    "资料不足（后）": 12,
}
COUNTS = ("before", "after", "enter", "leave", "gain", "lose", "cost", "unknown_before", "unknown_after")


def simulate_reform(
    data: Path,
    reform: Path,
    out: Path,
    region: str | None,
    day: date | None,
    overlays: tuple[Path, ...],
    progress: Progress,
) -> dict[str, Any]:
    """Compare the policy with and without the reform for every household of a data folder or a run.

    Writes into `out`: `summary.json`, `simulation.xlsx` (county, townships, kinds of household) and
    `changed.parquet` (household_id, result, before, after). Raises `UserError` for a reform that is not of its
    shape.
    """
    book = open_policy(overlays)
    change = read_reform(reform, book.policy)
    with open_facts(data, day, progress) as facts:
        result = _compared(facts, book, change, region)
        changed = _changed(
            facts, book, change, region, [row["result"] for row in result["all"]], out / "changed.parquet"
        )
    summary = {"reform": change.label, "date": facts.day.isoformat(), "region": region, "changed": changed, **result}
    _write(summary, book, out)
    return {**summary, "lines": _lines(summary, book)}


def _names(book: PolicyBook) -> list[str]:
    kinds = {info.name: info.type for info in book.policy.rules("household")}
    return [name for name in result_names(book) if kinds.get(name) in ("bool", "int", "fen")]


def _compared(facts: Facts, book: PolicyBook, change: Any, region: str | None) -> dict[str, Any]:
    base, reformed, names = book.policy, book.policy.with_reform(change), _names(book)
    where: dict[str, Any] = {"date": facts.day, "region": region}
    rows = compare(facts.engine, base, reformed, names, **where)
    moved = [row for row in rows if any(row.get(kind) for kind in ("enter", "leave", "gain", "lose")) or _opened(row)]
    some = [row["result"] for row in moved]
    if not some:
        return {"all": [], "by_town": [], "by_kind": []}
    return {
        "all": moved,
        "by_town": compare(facts.engine, base, reformed, some, region_digits=TOWN_DIGITS, **where),
        "by_kind": compare(facts.engine, base, reformed, some, groups=("household_type",), **where),
    }


def _opened(row: dict[str, Any]) -> bool:
    return bool(row["unknown_before"] != row["unknown_after"])


def _changed(facts: Facts, book: PolicyBook, change: Any, region: str | None, names: list[str], out: Path) -> int:
    engine = facts.engine
    if not names:
        nothing = "CAST(NULL AS VARCHAR)"
        columns = ", ".join(f"{nothing} AS {name}" for name in ("household_id", "result", "before", "after"))
        return engine.write_parquet(f"SELECT {columns} WHERE false", out)
    for name, policy in (("base", book.policy), ("reformed", book.policy.with_reform(change))):
        path = out.with_name(f".{name}.parquet")
        policy.compute(engine, names, date=facts.day, out=path, region=region)
        engine.view_parquet(f"results_{name}", path)
    parts = " UNION ALL ".join(
        f"SELECT household_id, {quote(name)} AS result, CAST(b.{quote_name(name)} AS VARCHAR) AS before, "
        f"CAST(r.{quote_name(name)} AS VARCHAR) AS after "
        "FROM results_base b JOIN results_reformed r USING (household_id) "
        f"WHERE b.{quote_name(name)} IS DISTINCT FROM r.{quote_name(name)}"
        for name in names
    )
    written = engine.write_parquet(f"SELECT * FROM ({parts}) ORDER BY household_id, result", out)
    for name in ("base", "reformed"):
        out.with_name(f".{name}.parquet").unlink()
    return written


def _write(summary: dict[str, Any], book: PolicyBook, out: Path) -> None:
    def rows(lines: list[dict[str, Any]], by: str = "") -> list[list[Any]]:
        return [
            [*([line[by]] if by else []), _label(book, line["result"]), line["households"], *_shown(book, line)]
            for line in lines
        ]

    write_json(out / "summary.json", summary)
    write_workbook(
        out / "simulation.xlsx",
        [
            Sheet("全县", SUMMARY, rows(summary["all"])),
            Sheet("各乡镇", {"乡镇代码": 12, **SUMMARY}, rows(summary["by_town"], "region")),
            Sheet("按户类型", {"户类型": 12, **SUMMARY}, rows(summary["by_kind"], "household_type")),
        ],
    )


def _label(book: PolicyBook, name: str) -> str:
    return next(info.label for info in book.policy.rules("household") if info.name == name)


def _is_money(book: PolicyBook, name: str) -> bool:
    return next(info.type for info in book.policy.rules("household") if info.name == name) == "fen"


def _shown(book: PolicyBook, line: dict[str, Any]) -> list[Any]:
    money = _is_money(book, line["result"])
    values = [line.get(kind) for kind in COUNTS]
    return [
        value / 100 if money and value is not None and kind in ("before", "after", "cost") else value
        for kind, value in zip(COUNTS, values, strict=True)
    ]


def _lines(summary: dict[str, Any], book: PolicyBook) -> list[str]:
    lines = [say("simulate.title", reform=summary["reform"], date=summary["date"])]
    for row in summary["all"]:
        label = _label(book, row["result"])
        if "enter" in row:
            lines.append(say("simulate.entered", result=label, **{kind: row[kind] for kind in ("enter", "leave")}))
        else:
            cost = f"{row['cost'] / 100:,.2f}" if _is_money(book, row["result"]) else f"{row['cost']:,}"
            lines.append(say("simulate.amount", result=label, gain=row["gain"], lose=row["lose"], cost=cost))
    if len(lines) == 1:
        lines.append(say("simulate.nothing"))
    return lines
