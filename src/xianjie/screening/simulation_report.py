"""What a simulation of reforms found, as lines for people and as a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.messages import say
from xianjie.screening.policies import PolicyBook
from xianjie.screening.workbook import Sheet, write_workbook

COUNTS = {
    "households": ("户数", 8),
    "before": ("调整前", 14),
    "after": ("调整后", 14),
    "enter": ("进入", 8),
    "leave": ("退出", 8),
    "gain": ("增加", 8),
    "lose": ("减少", 8),
    "cost": ("变化合计", 16),
    "unknown_before": ("资料不足（前）", 12),
    "unknown_after": ("资料不足（后）", 12),
}
COMPARED = {
    "方案": 30,
    "项目": 22,
    "进入": 8,
    "退出": 8,
    "增加户": 8,
    "减少户": 8,
    "每期变化（元）": 16,
    "一年变化（元）": 16,
}
POVERTY = {"方案": 30, "指标": 16, "线": 26, "调整前": 12, "调整后": 12, "计入人数": 12, "资料不足未计户数": 16}
MOVES = ("enter", "leave", "gain", "lose")
TIMES_A_YEAR = {"month": 12, "year": 1}


def lines_of(summary: dict[str, Any], book: PolicyBook) -> list[str]:
    """Each reform: programmes first, other results after them, then poverty."""
    lines: list[str] = []
    for reform in summary["reforms"]:
        lines.append(say("simulate.title", reform=reform["reform"], date=summary["date"]))
        moved = {row["result"]: row for row in reform["all"]}
        programmes = _programmes(book)
        order = [*(one for one in programmes if one in moved), *(one for one in moved if one not in programmes)]
        told = [name for name in order if any(moved[name].get(kind) for kind in MOVES)]
        lines += [_line(book, moved[name], programmes.get(name)) for name in told]
        if len(told) < len(moved):
            lines.append(say("simulate.only_unknown", number=len(moved) - len(told)))
        lines += _poverty_lines(book, reform["poverty"]) if moved else [say("simulate.nothing")]
    return lines


def write_simulation(summary: dict[str, Any], book: PolicyBook, path: Path) -> None:
    """Sheets: the reforms beside each other, all results that moved, these by group, poverty."""
    counts = dict(COUNTS.values())
    groups = book.document("simulation.yaml")["groups"]
    sheets = [
        Sheet("方案比较", COMPARED, _compared(summary, book)),
        Sheet("全县", {"方案": 30, "结果": 30, **counts}, _rows(summary, book, "all", None)),
    ]
    for group in groups:
        columns = {"方案": 30, group["zh"]: 14, "结果": 30, **counts}
        sheets.append(Sheet(group["sheet"], columns, _rows(summary, book, group["name"], group)))
    write_workbook(path, [*sheets, Sheet("贫困和不平等", POVERTY, _poverty_rows(summary, book))])


def _programmes(book: PolicyBook) -> dict[str, dict[str, Any]]:
    """The programme of each result of the programmes, in their order."""
    told = book.document("simulation.yaml")["programmes"]
    return {programme[key]: programme for programme in told for key in ("due", "amount") if key in programme}


def _line(book: PolicyBook, row: dict[str, Any], programme: dict[str, Any] | None) -> str:
    title = programme["title"] if programme else _label(book, row["result"])
    if "enter" in row:
        return say("simulate.entered", result=title, enter=row["enter"], leave=row["leave"])
    facts = {"result": title, "gain": row["gain"], "lose": row["lose"]}
    if not _is_money(book, row["result"]) or programme is None:
        return say("simulate.amount", **facts, cost=f"{row['cost']:,}")
    cost = row["cost"] / 100
    if programme["per"] == "month":
        return say("simulate.month", **facts, cost=f"{cost:+,.2f}", year=f"{cost * 12:+,.2f}")
    return say(f"simulate.{programme['per']}", **facts, cost=f"{cost:+,.2f}")


def _poverty_lines(book: PolicyBook, told: dict[str, Any]) -> list[str]:
    lines = []
    for line in told["lines"]:
        if line["headcount"]["before"] is not None:
            facts = {f"{one}_{when}": f"{line[one][when]:.2%}" for one in ("headcount", "gap") for when in line[one]}
            lines.append(say("simulate.poverty", line=_label(book, line["line"]), people=line["people"], **facts))
    if told["gini"]["before"] is not None:
        gini = {when: f"{value:.4f}" for when, value in told["gini"].items()}
        lines.append(say("simulate.gini", **gini, people=told["people"], unknown=told["unknown"]))
    return lines


def _compared(summary: dict[str, Any], book: PolicyBook) -> Iterator[list[Any]]:
    for reform in summary["reforms"]:
        moved = {row["result"]: row for row in reform["all"]}
        for programme in book.document("simulation.yaml")["programmes"]:
            due, amount = moved.get(programme.get("due"), {}), moved.get(programme.get("amount"), {})
            cost = amount["cost"] / 100 if amount else None
            times = TIMES_A_YEAR.get(programme.get("per", ""))
            yield [
                reform["reform"],
                programme["title"],
                *(due.get(kind, 0) if "due" in programme else None for kind in ("enter", "leave")),
                *(amount.get(kind, 0) if "amount" in programme else None for kind in ("gain", "lose")),
                cost if "amount" in programme and amount else (0 if "amount" in programme else None),
                cost * times if cost is not None and times else None,
            ]


def _rows(summary: dict[str, Any], book: PolicyBook, key: str, group: dict[str, Any] | None) -> Iterator[list[Any]]:
    for reform in summary["reforms"]:
        for row in reform[key]:
            money = _is_money(book, row["result"])
            values = [row.get(kind) for kind in COUNTS]
            shown = [
                value / 100 if money and value is not None and kind in ("before", "after", "cost") else value
                for kind, value in zip(COUNTS, values, strict=True)
            ]
            by = [_group_value(row, group)] if group else []
            yield [reform["reform"], *by, _label(book, row["result"]), *shown]


def _group_value(row: dict[str, Any], group: dict[str, Any]) -> Any:
    value = row["region" if group.get("digits") else group["column"]]
    if value is None:
        return say("simulate.group_unknown")
    if "codes" in group:
        known = dictionary().codes[group["codes"]].values.get(value)
        return known.zh if known else value
    return value


def _poverty_rows(summary: dict[str, Any], book: PolicyBook) -> Iterator[list[Any]]:
    for reform in summary["reforms"]:
        told = reform["poverty"]
        for line in told["lines"]:
            for measure in ("headcount", "gap", "severity"):
                pair = [line[measure]["before"], line[measure]["after"]]
                names = [say(f"simulate.measure.{measure}"), _label(book, line["line"])]
                yield [reform["reform"], *names, *pair, line["people"], told["unknown"]]
        pair = [told["gini"]["before"], told["gini"]["after"]]
        yield [reform["reform"], say("simulate.measure.gini"), None, *pair, told["people"], told["unknown"]]


def _label(book: PolicyBook, name: str) -> str:
    return book.policy.versions[("household", name)][-1].source.label


def _is_money(book: PolicyBook, name: str) -> bool:
    return book.policy.versions[("household", name)][0].type == "fen"
