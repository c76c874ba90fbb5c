"""The lists that townships and villages work from, as Excel files without ID or phone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from xianjie.engines import Engine
from xianjie.screening.findings import GROUPS
from xianjie.screening.places import current_regions
from xianjie.screening.workbook import Sheet, write_workbook

HOUSEHOLD_COLUMNS = {
    "村": 14,
    "户编号": 20,
    "户主": 12,
    "人口": 6,
    "得分": 6,
    "应属类别": 16,
    "是否已监测": 10,
    "风险项数": 8,
    "原因": 80,
}
FINDING_COLUMNS = {
    "村": 14,
    "户编号": 20,
    "户主": 12,
    "类别": 14,
    "风险": 18,
    "说明": 60,
    "得分": 6,
    "变化": 8,
    "责任部门": 20,
    "依据": 40,
}
CHANGES = {"new": "新出现", "still": "仍然存在", "gone": "已消失"}


def prepare_lists(engine: Engine, kinds: dict[str, str], departments: dict[str, str], titles: dict[str, str]) -> None:
    """Make the tables `place`, `listed_household` and `listed_finding` from the run's views.

    `kinds`, `departments`, `titles`: labels of kinds of monitored household, departments, findings.
    Needs the views `regions`, `households`, `persons`, `household_results`, `findings`, `changes`.
    """
    engine.create_table("kind_label", {"code": "VARCHAR", "label": "VARCHAR"}, sorted(kinds.items()))
    engine.create_table("department_label", {"code": "VARCHAR", "label": "VARCHAR"}, sorted(departments.items()))
    engine.create_table("finding_label", {"code": "VARCHAR", "label": "VARCHAR"}, sorted(titles.items()))
    engine.create_table("group_label", {"code": "VARCHAR", "label": "VARCHAR"}, sorted(GROUPS.items()))
    engine.create_table("change_label", {"code": "VARCHAR", "label": "VARCHAR"}, sorted(CHANGES.items()))
    prepare_places(engine)
    engine.run("""
        CREATE OR REPLACE TABLE listed_household AS
        SELECT p.town_code, p.town, h.region_code, p.village, h.household_id, h.head_name,
               coalesce(s.size, 0) AS size, h.score, coalesce(k.label, '') AS kind,
               CASE WHEN h.monitored IS NULL THEN '未知' WHEN h.monitored THEN '是' ELSE '否' END AS monitored,
               h.risks, h.reasons
        FROM household_results h JOIN place p USING (region_code)
        LEFT JOIN kind_label k ON k.code = h.kind_due
        LEFT JOIN (SELECT household_id, count(*) AS size FROM persons GROUP BY household_id) s USING (household_id)
        WHERE h.risks > 0
        ORDER BY p.town_code, h.region_code, h.score DESC, h.household_id
    """)
    engine.run("""
        CREATE OR REPLACE TABLE listed_finding AS
        SELECT p.town_code, f.region_code, p.village, f.household_id, h.head_name, g.label AS grp, t.label AS finding,
               f.text, f.score, c.label AS change, d.names AS departments, f.cite
        FROM findings f JOIN place p USING (region_code)
        JOIN (SELECT household_id, head_name FROM household_results WHERE risks > 0) h USING (household_id)
        LEFT JOIN group_label g ON g.code = f.grp
        LEFT JOIN finding_label t ON t.code = f.finding
        LEFT JOIN changes e ON e.household_id = f.household_id AND e.finding = f.finding
        LEFT JOIN change_label c ON c.code = e.change
        LEFT JOIN (
            SELECT f2.departments, string_agg(l.label, '、' ORDER BY l.label) AS names
            FROM (SELECT DISTINCT departments, unnest(string_split(departments, ';')) AS code FROM findings) f2
            JOIN department_label l USING (code) GROUP BY f2.departments) d ON d.departments = f.departments
        ORDER BY p.town_code, f.region_code, f.household_id, f.score DESC, f.finding
    """)


def prepare_places(engine: Engine) -> None:
    """Make the table `place`: every village that a household lives in, with its name and township."""
    named = current_regions(engine, "regions")
    engine.run(f"""
        CREATE OR REPLACE TABLE place AS
        SELECT c.region_code, coalesce(v.name, c.region_code) AS village,
               coalesce(v.parent_code, substr(c.region_code, 1, 9) || '000') AS town_code,
               coalesce(t.name, substr(c.region_code, 1, 9)) AS town
        FROM (SELECT DISTINCT region_code FROM households) c
        LEFT JOIN {named} v ON v.region_code = c.region_code
        LEFT JOIN {named} t ON t.region_code = v.parent_code
    """)


def write_lists(engine: Engine, out: Path) -> int:
    """Write one workbook per township and one per village into `out`; gives the number of files.

    Rows stream in the order of townships and villages, so no more than a township's are held.
    """
    households = _by_town(engine, "listed_household")
    findings = _by_town(engine, "listed_finding")
    files = 0
    found = next(findings, None)
    for town_code, rows in households:
        details: list[dict[str, Any]] = []
        if found and found[0] == town_code:
            details = found[1]
            found = next(findings, None)
        files += _write_town(out, rows, details)
    return files


def _by_town(engine: Engine, table: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    names = engine.result_columns(f"SELECT * FROM {table}")
    rows = (dict(zip(names, row, strict=True)) for batch in engine.stream(f"SELECT * FROM {table}") for row in batch)
    for town_code, group in groupby(rows, key=itemgetter("town_code")):
        yield town_code, list(group)


def _write_town(out: Path, rows: list[dict[str, Any]], details: list[dict[str, Any]]) -> int:
    """The township's households in one workbook; each village's households and findings in one of its own."""
    town = file_name(f"{rows[0]['town']}-{rows[0]['town_code'][:9]}")
    write_workbook(out / f"{town}.xlsx", [Sheet("有风险户", HOUSEHOLD_COLUMNS, map(_household_row, rows))])
    of_village = {code: list(group) for code, group in groupby(details, key=itemgetter("region_code"))}
    files = 1
    for code, group in groupby(rows, key=itemgetter("region_code")):
        village = list(group)
        write_workbook(
            out / town / f"{file_name(village[0]['village'])}-{code}.xlsx",
            [
                Sheet("有风险户", HOUSEHOLD_COLUMNS, map(_household_row, village)),
                Sheet("风险明细", FINDING_COLUMNS, map(_finding_row, of_village.get(code, []))),
            ],
        )
        files += 1
    return files


def _household_row(row: dict[str, Any]) -> list[Any]:
    names = ("village", "household_id", "head_name", "size", "score", "kind", "monitored", "risks", "reasons")
    return [row[name] for name in names]


def _finding_row(row: dict[str, Any]) -> list[Any]:
    names = ("village", "household_id", "head_name", "grp", "finding", "text", "score", "change", "departments", "cite")
    return [row[name] for name in names]


def file_name(text: str) -> str:
    """`text` as a part of a file's name on any system."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", text).strip(". ") or "_"
