"""Departments' files: facts, identities and dirt put together row by row, and written down.

A file's rows are made as one Parquet table in the work folder: `f1…fn` the cells as text in the file's order,
beside them what is true of the row. The file and its lines of truth are both read from it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xianjie.dictionary import DictionaryField, dictionary
from xianjie.engines import Engine, quote, quote_name
from xianjie.synth.departments import facts
from xianjie.synth.files import Columns, write_sheets
from xianjie.synth.invention import invention
from xianjie.synth.register import HOUSEHOLD_ID, PERSON_ID
from xianjie.synth.writing import DATES, can_name, chosen, dirty_id, dirty_name, dirty_value, firsts, kinds, value

# Header rows above the data, by form.
HEADERS = {"csv_gb18030": 1, "csv_utf8": 1, "xlsx": 1, "xlsx_title": 3, "xlsx_sheets": 1, "parquet": 1}

# What the view `faces` tells of a person.
FACE = (
    "registered", "name", "id_no", "sex", "born", "age", "town_name", "village_name", "old_name", "wrong_name",
    "region_code", "written_code", "household_head", "phone", "disability_no", "kin_id", "household_id", "person_id",
    "vid",
)  # fmt: skip


@dataclass(frozen=True)
class Feed:
    """What `feeds.yaml` says of one layout: where it goes, its form, its columns (name → header)."""

    layout: str
    department: str
    entity: str
    form: str
    dates: str
    identity: dict[str, str]
    fields: dict[str, str]
    national: bool = False

    @property
    def headers(self) -> list[str]:
        """Column names in the file's order."""
        return [*self.identity.values(), *self.fields.values()]

    @property
    def told(self) -> list[DictionaryField]:
        """The fields' entries in the dictionary, in the file's order."""
        return [dictionary().entities[self.entity].fields[name] for name in self.fields]

    def numbers(self, *types: str) -> list[int]:
        """Places (from 1) of the columns whose fields are of these types."""
        return [i for i, field in enumerate(self.told, len(self.identity) + 1) if field.type in types]


def feeds() -> list[Feed]:
    """All files that departments hand in."""
    return [Feed(layout=layout, **told) for layout, told in invention("feeds")["layouts"].items()]


def make_faces(engine: Engine, work: Path) -> None:
    """The view `faces`: what identifies each person in a file, clean. `kin_id` is the ID of the head, of another
    member for the head; `written_code` the village's code in departments that missed its change."""
    engine.write_parquet(
        f"""
        WITH heads AS (
            SELECT hid, name AS head_name, id_no AS head_id, phone AS head_phone FROM people WHERE no = 0
        ), others AS (SELECT hid, min_by(id_no, no) AS other_id FROM people WHERE no > 0 GROUP BY hid)
        SELECT p.pid, p.hid, p.listed AS registered, p.name, p.id_no, CASE WHEN p.male THEN '男' ELSE '女' END AS sex,
               p.born, floor(p.age)::INTEGER AS age, v.town_name, v.village_name, v.old_name,
               w.village_name AS wrong_name,
               v.region_code, v.written_code, head_name AS household_head,
               coalesce(p.phone, head_phone) AS phone, t.disability_no,
               CASE WHEN p.no = 0 THEN other_id ELSE head_id END AS kin_id,
               {HOUSEHOLD_ID.format("p.hid")} AS household_id,
               {PERSON_ID.format("p.pid")} AS person_id, v.vid
        FROM people p JOIN traits t USING (pid) JOIN heads h ON h.hid = p.hid LEFT JOIN others o ON o.hid = p.hid
        JOIN places v ON v.vid = p.vid LEFT JOIN places w ON w.vid = (v.vid + 1) % (SELECT count(*) FROM places)
        ORDER BY p.pid
        """,
        work / "faces.parquet",
    )
    engine.view_parquet("faces", work / "faces.parquet")


def write_feed(engine: Engine, feed: Feed, out: Path, work: Path, day: dt.date) -> dict[str, Any]:
    """Write one department's file and its truth (`links` in the work folder); gives its counts."""
    table = work / f"{feed.layout}.parquet"
    engine.write_parquet(_rows(feed, day), table)
    engine.view_parquet("sheet", table)
    counts = engine.records("""
        SELECT count(*) FILTER (NOT blank) AS rows, count(*) FILTER (blank) AS blank,
               count(*) FILTER (NOT blank AND dirt <> '') AS dirty,
               count(*) FILTER (NOT blank AND NOT registered) AS unregistered FROM sheet
    """)[0]
    form = feed.form
    if form.startswith("xlsx") and counts["rows"] > invention("feeds")["workbook_rows"]:
        form = "csv_gb18030"
    ending = "xlsx" if form.startswith("xlsx") else "csv" if form.startswith("csv") else "parquet"
    name = f"feeds/{feed.department}/{feed.layout}-{day:%Y%m%d}.{ending}"
    engine.run(f"CREATE OR REPLACE VIEW numbered AS {_numbered(engine, form)}")
    title = invention("feeds")["titles"].get(feed.layout, "") if form == "xlsx_title" else ""
    days = feed.numbers("date") if feed.dates == "cell" else []
    ids = [i for i, column in enumerate(feed.identity, 1) if column == "id_no"]
    columns = Columns(feed.headers, feed.numbers("fen", "number", "int"), days, feed.numbers("fen"), ids, day)
    write_sheets(engine, out / name, form, columns, title)
    engine.write_parquet(_links(feed, name), work / "links" / f"{feed.layout}.parquet")
    table.unlink()
    return {**counts, "file": name}


def _numbered(engine: Engine, form: str) -> str:
    """SQL of the rows with their sheet and the row number that Excel shows."""
    above = HEADERS[form]
    if form != "xlsx_sheets":
        name = quote("Sheet1") if form.startswith("xlsx") else "NULL::VARCHAR"
        return f"SELECT *, 1 AS sheet_no, {name} AS sheet_name, CAST(rn + {above} AS BIGINT) AS row_no FROM sheet"
    half = f"vid <= {int(engine.value('SELECT coalesce(max(vid), 0) // 2 FROM sheet'))}"
    return f"""
        SELECT *, CASE WHEN {half} THEN 1 ELSE 2 END AS sheet_no,
               CASE WHEN {half} THEN '第一片区' ELSE '第二片区' END AS sheet_name,
               row_number() OVER (PARTITION BY {half} ORDER BY rn) + {above} AS row_no FROM sheet
    """


def _links(feed: Feed, name: str) -> str:
    """SQL of a file's lines of truth: which row is about whom, and what was done to it."""
    return f"""
        SELECT {quote(name)} AS file, {quote(feed.layout)} AS layout, sheet_name AS sheet, sheet_no, row_no,
               sheet_no || ':' || row_no AS row_id, CASE WHEN registered THEN person_id END AS person_id,
               CASE WHEN registered THEN household_id END AS household_id, registered, dirt
        FROM numbered WHERE NOT blank ORDER BY sheet_no, row_no
    """


def _rows(feed: Feed, day: dt.date) -> str:
    """SQL of a file's rows: clean facts and faces, then each row's kinds of dirt, then the cells."""
    cells = [_identity(feed, name) for name in feed.identity]
    first = firsts(feed.told)
    cells += [
        dirty_value(field, header, feed.dates, first)
        for field, header in zip(feed.told, feed.fields.values(), strict=True)
    ]
    groups = _groups(feed)
    choose = ", ".join(f"{groups.get(group, 'NULL')} AS {group}_kind" for group in GROUPS)
    id_cell = dirty_id() if "id" in groups else "NULL"
    name_cell = dirty_name() if "name" in groups else "NULL"
    rates = kinds("row", feed.national)
    numbers = range(1, len(cells) + 1)
    return f"""
        WITH facts AS ({facts(feed.layout, day)}),
        known AS (
            SELECT coalesce(f.pid, 0)::BIGINT * 64 + f.n AS rk,
                   {", ".join(f"faces.{name}" for name in FACE if name not in feed.fields)},
                   {", ".join(f"f.{quote_name(name)}" for name in feed.fields)}
            FROM facts f LEFT JOIN faces USING (pid)
        ), drawn AS (SELECT *, {choose} FROM known),
        smudged AS (SELECT *, {id_cell} AS id_cell, {name_cell} AS name_cell FROM drawn),
        written AS (
            SELECT rk, coalesce(registered, true) AS registered, person_id, household_id, coalesce(vid, 0) AS vid,
                   {", ".join(f"{cell} AS f{i}" for i, cell in zip(numbers, cells, strict=True))},
                   {_truth(feed, list(groups))} AS kinds,
                   CASE WHEN u(rk, '{feed.layout} duplicate') < {rates["duplicate"]} THEN [0, 1]
                        WHEN u(rk, '{feed.layout} blank') < {rates["blank"]} THEN [0, 2] ELSE [0] END AS copies
            FROM smudged
        ), copied AS (SELECT * EXCLUDE (copies), unnest(copies) AS copy FROM written)
        SELECT row_number() OVER () AS rn, copy = 2 AS blank, registered, person_id, household_id, vid,
               concat_ws(',', nullif(kinds, ''), CASE WHEN copy = 1 THEN 'duplicate' END) AS dirt,
               {", ".join(f"CASE WHEN copy < 2 THEN f{i} END AS f{i}" for i in numbers)}
        FROM (SELECT * FROM copied ORDER BY vid, rk, copy)
    """


GROUPS = ("id", "name", "place", "date", "money", "code")


def _groups(feed: Feed) -> dict[str, str]:
    """SQL that draws a row's kind of dirt, for each group that can happen to this file."""
    first = {kind: quote_name(name) if name else "" for kind, name in firsts(feed.told).items()}
    # An ID card's number stands where the disability certificate's own is asked for, in the lists that have both.
    certificates = "disability_no IS NOT NULL" if feed.entity in ("disability", "category") else "false"
    can: dict[str, dict[str, str]] = {}
    if "id_no" in feed.identity:
        can["id"] = {
            "lower_x": "right(id_no, 1) = 'X'",
            "fifteen_digits": "year(born) < 2000 AND right(id_no, 1) <> 'X'",
            "relative": "kin_id IS NOT NULL",
            "certificate": certificates,
            "in_phone": "true" if "phone" in feed.identity else "false",
        }
    if "name" in feed.identity:
        can["name"] = can_name()
    if "village_name" in feed.identity and not feed.national:
        can["place"] = {"wrong_village": "wrong_name <> village_name"}
    if first["date"]:
        can["date"] = {kind: f"{first['date']} IS NOT NULL" for kind in kinds("date", feed.national)}
    if first["fen"]:
        can["money"] = {kind: f"{first['fen']} IS NOT NULL" for kind in kinds("money", feed.national)}
        can["money"]["thousands"] = f"{first['fen']} >= 100000"
    if first["code"] and not feed.national:
        can["code"] = {kind: f"{first['code']} IS NOT NULL" for kind in kinds("code", feed.national)}
    return {group: chosen(group, feed.layout, feed.national, where) for group, where in can.items()}


def _identity(feed: Feed, name: str) -> str:
    """SQL of an identity column's cell."""
    if name == "id_no":
        return "id_cell"
    if name == "name":
        return "name_cell"
    if name == "phone" and "id_no" in feed.identity:
        return "CASE id_kind WHEN 'in_phone' THEN id_no ELSE phone END"
    if name == "village_name":
        return (
            "CASE place_kind WHEN 'wrong_village' THEN wrong_name WHEN 'old_village' THEN old_name "
            "WHEN 'no_village' THEN NULL ELSE village_name END"
        )
    if name == "birth_date":
        return DATES[feed.dates].format("born")
    return "CAST(age AS VARCHAR)" if name == "age" else name


def _truth(feed: Feed, groups: list[str]) -> str:
    """SQL of the kinds of dirt in a row, joined by commas; a kind that changed nothing is not named."""
    changed = dict.fromkeys(groups, "true")
    changed["id"] = "id_cell IS DISTINCT FROM id_no"
    changed["name"] = "name_cell IS DISTINCT FROM name"
    first = firsts(feed.told)
    for field, header in zip(feed.told, feed.fields.values(), strict=True):
        if field.name == first["code"]:
            dirty, clean = dirty_value(field, header, feed.dates, first), value(field, header, feed.dates)
            changed["code"] = f"({dirty}) IS DISTINCT FROM ({clean})"
    parts = [f"CASE WHEN {changed[group]} THEN {group}_kind END" for group in groups]
    return f"concat_ws(',', {', '.join(parts)})" if parts else "''"
