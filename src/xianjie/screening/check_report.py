"""What people get from the checks: a summary by village, an Excel list for each township, and the docs' list."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from xianjie.engines import Engine, quote
from xianjie.messages import say
from xianjie.policy import builtin
from xianjie.screening.check_shapes import SEVERITIES, TRUSTS, Check, CheckBook, Number, load_checks
from xianjie.screening.check_sql import number_text
from xianjie.screening.checks import CheckCounts
from xianjie.screening.workbook import Sheet, write_workbook

# A sheet holds 1,048,576 rows, the header among them.
SHEET_ROWS = 1_000_000
TOWN_DIGITS = 9
PAGE_MARK = "<!-- list -->\n"

LIST_COLUMNS = {
    "村": 14,
    "户编号": 20,
    "户主": 10,
    "姓名": 10,
    "问题": 30,
    "详情": 50,
    "建议": 44,
    "依据": 36,
    "级别": 6,
}
VILLAGE_COLUMNS = {
    "乡镇": 14, "村": 14, "村代码": 15, "户数": 8, "错误": 8, "警告": 8, "疑点": 8, "合计": 8,
    "有错误的户": 11, "数据质量得分": 13,
}  # fmt: skip
CHECK_COLUMNS = {"编号": 36, "检查": 36, "主题": 20, "级别": 6, "条数": 8, "未运行的原因": 40, "依据": 44, "建议": 50}


def write_check_outputs(engine: Engine, book: CheckBook, counts: CheckCounts, out: Path) -> dict[str, Any]:
    """Write the lists of the findings that `run_checks` left in the view `check_findings`; gives the summary.

    Into `out`: `by_village.xlsx` (villages, checks) and `townships/<code>-<name>.xlsx`, a sheet for each severity.
    Lists carry no ID or phone numbers. The summary: `total`, `severities`, `checks` (id, title, severity, count,
    advice, …), `not_run`, `villages`, `by_town` (nine-digit code → findings), `score`, `files`.
    """
    _prepare_places(engine)
    villages = village_summary(engine, book)
    of_check = {check.id: check for check in book}
    count_of = {count.check_id: count.findings for count in counts.checks}
    reason_of = {missing.check_id: missing.reason for missing in counts.not_run}
    write_workbook(
        out / "by_village.xlsx",
        [
            Sheet("各村", VILLAGE_COLUMNS, (_village_row(village) for village in villages)),
            Sheet("各项检查", CHECK_COLUMNS, (_check_row(book, check, count_of, reason_of) for check in book)),
        ],
    )
    files = ["by_village.xlsx", *_write_townships(engine, book, of_check, out)]
    by_town: dict[str, int] = {}
    for village in villages:
        by_town[village["town_code"]] = by_town.get(village["town_code"], 0) + village["findings"]
    return {
        "total": counts.findings,
        "severities": {name: sum(village[name] for village in villages) for name in SEVERITIES},
        "checks": [
            {**_about(book, of_check[count.check_id]), "count": count.findings, "pass": count.passed_in}
            for count in counts.checks
        ],
        "not_run": [
            {
                **_about(book, of_check[missing.check_id]),
                "tables": list(missing.tables),
                "columns": list(missing.columns),
                "numbers": list(missing.numbers),
                "reason": missing.reason,
            }
            for missing in counts.not_run
        ],
        "villages": villages,
        "by_town": by_town,
        "score": {"definition": book.score.zh, **_score(villages)},
        "files": files,
    }


def village_summary(engine: Engine, book: CheckBook) -> list[dict[str, Any]]:
    """Each village's findings by severity and its data-quality score, percent; findings without a village last.

    The score is the share of registered households without a finding of the severities that the book names.
    """
    counted = ", ".join(quote(severity) for severity in book.score.severities)
    by_severity = ", ".join(f"count(*) FILTER (severity = {quote(severity)}) AS {severity}" for severity in SEVERITIES)
    zeros = ", ".join(f"coalesce(f.{severity}, 0) AS {severity}" for severity in SEVERITIES)
    return engine.records(f"""
        WITH found AS (
            SELECT coalesce(region_code, '') AS code, count(*) AS findings, {by_severity},
                count(DISTINCT household_id) FILTER (severity IN ({counted})) AS faulty
            FROM check_findings GROUP BY code),
        homes AS (
            SELECT coalesce(region_code, '') AS code, count(DISTINCT household_id) AS households
            FROM households GROUP BY code)
        SELECT code, substr(code, 1, {TOWN_DIGITS}) AS town_code, coalesce(t.name, '') AS town,
            coalesce(v.name, code) AS village, coalesce(h.households, 0) AS households,
            coalesce(f.findings, 0) AS findings, {zeros}, coalesce(f.faulty, 0) AS faulty_households,
            CASE WHEN h.households > 0 THEN
                round(100.0 * greatest(h.households - coalesce(f.faulty, 0), 0) / h.households, 1) END AS score
        FROM homes h FULL JOIN found f USING (code)
        LEFT JOIN check_places v ON v.place = code
        LEFT JOIN check_places t ON t.place = substr(code, 1, {TOWN_DIGITS})
        ORDER BY code = '', code
    """)


def _prepare_places(engine: Engine) -> None:
    """`check_places`: village by its twelve digits, township by its nine; the newest name of a code."""
    if not engine.has("regions"):
        engine.create_table("check_places", {"place": "VARCHAR", "name": "VARCHAR"}, [])
        return
    engine.run(f"""
        CREATE OR REPLACE VIEW check_places AS
        SELECT place, max_by(name, (coalesce(valid_from, DATE '0001-01-01'), name)) AS name FROM (
            SELECT CASE WHEN level = 'township' THEN substr(region_code, 1, {TOWN_DIGITS}) ELSE region_code END
                AS place, name, valid_from FROM regions WHERE level IN ('township', 'village'))
        GROUP BY place
    """)


def _village_row(village: dict[str, Any]) -> tuple[Any, ...]:
    named = [village["town"], village["village"] or "（未知村）", village["code"], village["households"]]
    found = [village[severity] for severity in SEVERITIES]
    return (*named, *found, village["findings"], village["faulty_households"], village["score"])


def _check_row(book: CheckBook, check: Check, counts: dict[str, int], reasons: dict[str, str]) -> tuple[Any, ...]:
    about = _about(book, check)
    return (
        check.id, check.title, about["subject"], SEVERITIES[check.severity], counts.get(check.id),
        reasons.get(check.id, ""), about["source"], check.advice,
    )  # fmt: skip


def _about(book: CheckBook, check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "title": check.title,
        "subject": book.subjects[check.subject]["zh"],
        "entity": check.entity,
        "severity": check.severity,
        "advice": check.advice,
        "source": book.cited(check.source),
    }


def _score(villages: list[dict[str, Any]]) -> dict[str, Any]:
    households = sum(village["households"] for village in villages)
    faulty = sum(min(village["faulty_households"], village["households"]) for village in villages)
    percent = round(100.0 * (households - faulty) / households, 1) if households else None
    return {"households": households, "faulty_households": faulty, "percent": percent}


def _write_townships(engine: Engine, book: CheckBook, of_check: dict[str, Check], out: Path) -> list[str]:
    """One workbook a township, its findings taken as they come; gives the files' names."""
    folder = out / "townships"
    for old in folder.glob("*.xlsx"):
        old.unlink()
    order = " ".join(f"WHEN {quote(name)} THEN {place}" for place, name in enumerate(SEVERITIES))
    rows = itertools.chain.from_iterable(
        engine.stream(f"""
            SELECT coalesce(substr(f.region_code, 1, {TOWN_DIGITS}), '') AS town_code, t.name, f.severity,
                coalesce(v.name, f.region_code), f.household_id, h.head_name, p.name, f.check_id, f.value
            FROM check_findings f LEFT JOIN check_places v ON v.place = f.region_code
            LEFT JOIN check_places t ON t.place = substr(f.region_code, 1, {TOWN_DIGITS})
            LEFT JOIN (SELECT household_id, min(head_name) AS head_name FROM households GROUP BY household_id) h
                ON h.household_id = f.household_id
            LEFT JOIN (SELECT person_id, min(name) AS name FROM persons GROUP BY person_id) p
                ON p.person_id = f.person_id
            ORDER BY town_code, CASE f.severity {order} END, f.region_code, f.household_id, f.person_id, f.check_id,
                f.value
        """)
    )
    files = []
    for (code, name), of_town in itertools.groupby(rows, key=lambda row: (row[0], row[1])):
        path = folder / f"{_file_name(code, name)}.xlsx"
        write_workbook(path, list(_sheets(of_town, book, of_check)))
        files.append(f"townships/{path.name}")
    return files


def _file_name(code: str, name: str | None) -> str:
    return re.sub(r'[\\/:*?"<>|\s]', "_", "-".join(part for part in (code, name) if part)) or "unknown"


def _sheets(rows: Iterable[tuple[Any, ...]], book: CheckBook, of_check: dict[str, Check]) -> Iterator[Sheet]:
    """A sheet for each severity, cut where Excel's limit comes."""
    for severity, found in itertools.groupby(rows, key=lambda row: row[2]):
        listed = (_list_row(row, book, of_check) for row in found)
        while part := list(itertools.islice(listed, SHEET_ROWS)):
            yield Sheet(SEVERITIES[severity], LIST_COLUMNS, part)


def _list_row(row: tuple[Any, ...], book: CheckBook, of_check: dict[str, Check]) -> tuple[Any, ...]:
    _, _, severity, village, household, head, person, check_id, value = row
    check = of_check[check_id]
    source = book.cited(check.source)
    return village, household, head, person, check.title, value, check.advice, source, SEVERITIES[severity]


def checks_page(book: CheckBook) -> str:
    """The list of all checks as Markdown, for the docs."""
    lines = [say("checks.page_head", checks=len(book), subjects=len({check.subject for check in book}))]
    by_subject: dict[str, list[Check]] = {}
    for check in book:
        by_subject.setdefault(check.subject, []).append(check)
    for subject in sorted(by_subject):
        lines += ["", f"### {book.subjects[subject]['zh']} · {book.subjects[subject]['en']}", ""]
        lines += ["| 编号 | 检查 | 对象 | 级别 | 数字 | 依据 |", "|---|---|---|---|---|---|"]
        lines += [_page_row(book, check) for check in by_subject[subject]]
    return "\n".join(lines) + "\n"


def _page_row(book: CheckBook, check: Check) -> str:
    numbers = "；".join(_number_said(name, number) for name, number in sorted(_numbers_used(book, check).items()))
    entity = "户" if check.entity == "household" else "人"
    cells = (f"`{check.id}`", check.title, entity, SEVERITIES[check.severity], numbers, book.cited(check.source))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _numbers_used(book: CheckBook, check: Check) -> dict[str, Number]:
    written = " ".join((check.where, check.sql, check.text))
    return {name: number for name, number in book.numbers_of(check).items() if f"{{{name}}}" in written}


def _number_said(name: str, number: Number) -> str:
    value = "由政策参数给出" if number.policy else number_text(number)
    return f"{number.zh or name} {value}（{TRUSTS[number.trust]}）"


def write_checks_page(path: Path) -> None:
    """Write the current list of the built-in checks below the mark in the docs' page."""
    head, mark, _ = path.read_text(encoding="utf-8").partition(PAGE_MARK)
    path.write_text(head + mark + checks_page(load_checks([builtin() / "checks"])), encoding="utf-8")


if __name__ == "__main__":
    write_checks_page(Path(sys.argv[1]))
