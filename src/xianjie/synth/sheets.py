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
from xianjie.synth.files import write_sheets
from xianjie.synth.invention import invention
from xianjie.synth.writing import DATES, can_name, chosen, dirty_id, dirty_name, dirty_value, firsts, kinds

# Header rows above the data, by form.
HEADERS = {"csv_gb18030": 1, "csv_utf8": 1, "xlsx": 1, "xlsx_title": 3, "xlsx_sheets": 1, "parquet": 1}


@dataclass(frozen=True)
class Feed:
    """What `feeds.yaml` says of one layout."""

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

    def field(self, name: str) -> DictionaryField:
        """A field of the dictionary."""
        return dictionary().entities[self.entity].fields[name]


def feeds() -> list[Feed]:
    """All files that departments hand in."""
    return [Feed(layout=layout, **told) for layout, told in invention("feeds")["layouts"].items()]


def make_faces(engine: Engine, work: Path) -> None:
    """The view `faces`: what identifies each person in a file, clean; `kin_id` is the head's ID, for the head another's."""
    engine.write_parquet(
        f"""
        WITH heads AS (SELECT hid, name AS head_name, id_no AS head_id, phone AS head_phone FROM people WHERE no = 0),
        others AS (SELECT hid, min_by(id_no, no) AS other_id FROM people WHERE no > 0 GROUP BY hid)
        SELECT p.pid, p.hid, p.listed AS registered, p.name, p.id_no, CASE WHEN p.male THEN '男' ELSE '女' END AS sex, p.born, floor(p.age)::INTEGER AS age,
               v.town_name, v.village_name, v.old_name, w.village_name AS wrong_name, v.region_code, head_name AS household_head,
               coalesce(p.phone, head_phone) AS phone, t.disability_no, CASE WHEN p.no = 0 THEN other_id ELSE head_id END AS kin_id,
               'H' || lpad(p.hid::VARCHAR, 9, '0') AS household_id, 'P' || lpad(p.pid::VARCHAR, 10, '0') AS person_id, v.vid
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
    count = int(engine.value("SELECT count(*) FROM sheet"))
    form = feed.form
    if form.startswith("xlsx") and count > invention("feeds")["workbook_rows"]:
        form = "csv_gb18030"
    ending = "xlsx" if form.startswith("xlsx") else "csv" if form.startswith("csv") else "parquet"
    name = f"feeds/{feed.department}/{feed.layout}-{day:%Y%m%d}.{ending}"
    half = int(engine.value("SELECT max(vid) // 2 FROM sheet")) if form == "xlsx_sheets" else None
    engine.run(f"CREATE OR REPLACE VIEW numbered AS {_numbered(half, HEADERS[form], ending == 'xlsx')}")
    title = invention("feeds")["titles"].get(feed.layout, "") if form == "xlsx_title" else ""
    numbers = [i for i, n in enumerate(feed.fields, len(feed.identity) + 1) if feed.field(n).type in ("fen", "number", "int")]
    days = [i for i, n in enumerate(feed.fields, len(feed.identity) + 1) if feed.field(n).type == "date"] if feed.dates == "cell" else []
    sums = [i for i, n in enumerate(feed.fields, len(feed.identity) + 1) if feed.field(n).type == "fen"]
    write_sheets(engine, out / name, form, feed.headers, title, numbers, days, sums)
    engine.write_parquet(
        f"""SELECT {quote(name)} AS file, {quote(feed.layout)} AS layout, sheet_name AS sheet, sheet_no, row_no, sheet_no || ':' || row_no AS row_id,
                   CASE WHEN registered THEN person_id END AS person_id, CASE WHEN registered THEN household_id END AS household_id,
                   registered, dirt FROM numbered WHERE NOT blank ORDER BY sheet_no, row_no""",
        work / "links" / f"{feed.layout}.parquet",
    )
    facts_of = engine.rows("SELECT count(*) FILTER (NOT blank), count(*) FILTER (blank), count(*) FILTER (NOT blank AND dirt <> ''), count(*) FILTER (NOT blank AND NOT registered) FROM sheet")[0]
    table.unlink()
    return dict(zip(("rows", "blank", "dirty", "unregistered"), facts_of, strict=True), file=name)


def _numbered(half: int | None, above: int, workbook: bool) -> str:
    """The rows with their sheet and the row number that Excel shows."""
    if half is None:
        return f"SELECT *, 1 AS sheet_no, {quote('Sheet1') if workbook else 'NULL::VARCHAR'} AS sheet_name, CAST(rn + {above} AS BIGINT) AS row_no FROM sheet"
    return f"""
        SELECT *, CASE WHEN vid <= {half} THEN 1 ELSE 2 END AS sheet_no, CASE WHEN vid <= {half} THEN '第一片区' ELSE '第二片区' END AS sheet_name,
               row_number() OVER (PARTITION BY vid <= {half} ORDER BY rn) + {above} AS row_no FROM sheet
    """


def _rows(feed: Feed, day: dt.date) -> str:
    """SQL of a file's rows: clean facts and faces, then each row's kinds of dirt, then the cells."""
    fields = [feed.field(name) for name in feed.fields]
    first = firsts(fields)
    salt = feed.layout
    cells = [_identity(feed, name) for name in feed.identity]
    cells += [dirty_value(field, header, feed.dates, first) for field, header in zip(fields, feed.fields.values(), strict=True)]
    columns = ", ".join(f"{cell} AS f{i}" for i, cell in enumerate(cells, 1))
    national = feed.national
    present = _present(feed)
    choose = ", ".join(
        f"{present[group] and chosen(group, salt, national, can) or 'NULL'} AS {group}_kind"
        for group, can in _possible(feed).items()
    )
    smudge = ", ".join(
        f"{sql if present[group] else 'NULL'} AS {cell}"
        for group, cell, sql in (("id", "id_cell", dirty_id()), ("name", "name_cell", dirty_name()))
    )
    repeat, blank = kinds("row", national)["duplicate"], kinds("row", national)["blank"]
    face = "LEFT JOIN" if feed.layout == "national_villages" else "JOIN"
    taken = set(feed.fields) | {"pid", "n"}
    shown = ", ".join(f"faces.{c}" for c in FACE_COLUMNS if c not in taken)
    own = ", ".join(f"f.{quote_name(name)}" for name in feed.fields)
    return f"""
        WITH facts AS ({facts(feed.layout, day)}),
        known AS (
            SELECT coalesce(f.pid, 0)::BIGINT * 64 + f.n AS rk, {shown}, {own}
            FROM facts f {face} faces USING (pid)
        ), drawn AS (SELECT *, {choose} FROM known),
        smudged AS (SELECT *, {smudge} FROM drawn),
        written AS (
            SELECT rk, coalesce(registered, true) AS registered, {"person_id, household_id" if feed.layout != "national_villages" else "NULL AS person_id, NULL AS household_id"}, coalesce(vid, 0) AS vid,
                   {columns}, {_truth(feed)} AS dirt_kinds,
                   CASE WHEN u(rk, '{salt} duplicate') < {repeat} THEN [0, 1] WHEN u(rk, '{salt} blank') < {blank} THEN [0, 2] ELSE [0] END AS copies
            FROM smudged
        ), copied AS (SELECT * EXCLUDE (copies), unnest(copies) AS copy FROM written)
        SELECT row_number() OVER () AS rn, copy = 2 AS blank, registered, person_id, household_id, vid,
               dirt_kinds || CASE WHEN copy = 1 THEN CASE WHEN dirt_kinds = '' THEN 'duplicate' ELSE ',duplicate' END ELSE '' END AS dirt,
               {", ".join(f"CASE WHEN copy < 2 THEN f{i} END AS f{i}" for i in range(1, len(cells) + 1))}
        FROM (SELECT * FROM copied ORDER BY vid, rk, copy)
    """


FACE_COLUMNS = (
    "registered", "name", "id_no", "sex", "born", "age", "town_name", "village_name", "old_name", "wrong_name",
    "region_code", "household_head", "phone", "disability_no", "kin_id", "household_id", "person_id", "vid",
)  # fmt: skip


def _present(feed: Feed) -> dict[str, bool]:
    """Which groups of dirt can happen to a file: it has the columns for them."""
    first = firsts([feed.field(name) for name in feed.fields])
    return {
        "id": "id_no" in feed.identity,
        "name": "name" in feed.identity,
        "place": "village_name" in feed.identity and not feed.national,
        "date": bool(first["date"]),
        "money": bool(first["fen"]),
        "code": bool(first["code"]) and not feed.national,
    }


def _possible(feed: Feed) -> dict[str, dict[str, str]]:
    """By group, the kinds that need something of the row, and what, in SQL."""
    needs_phone = "true" if "phone" in feed.identity else "false"
    return {
        "id": {
            "lower_x": "right(id_no, 1) = 'X'",
            "fifteen_digits": "year(born) < 2000 AND right(id_no, 1) <> 'X'",
            "relative": "kin_id IS NOT NULL",
            "certificate": "disability_no IS NOT NULL" if feed.layout in ("disability_certificates", "assistance_list") else "false",
            "in_phone": needs_phone,
        },
        "name": can_name(),
        "place": {},
        "date": {},
        "money": {},
        "code": {},
    }


def _identity(feed: Feed, name: str) -> str:
    if name == "id_no":
        return "id_cell"
    if name == "name":
        return "name_cell"
    if name == "phone" and "id_no" in feed.identity:
        return "CASE id_kind WHEN 'in_phone' THEN id_no ELSE phone END"
    if name == "village_name" and not feed.national:
        return "CASE place_kind WHEN 'wrong_village' THEN wrong_name WHEN 'old_village' THEN old_name WHEN 'no_village' THEN NULL ELSE village_name END"
    if name == "birth_date":
        return DATES[feed.dates].format("born")
    if name == "age":
        return "CAST(age AS VARCHAR)"
    return name


def _truth(feed: Feed) -> str:
    """SQL of the kinds of dirt in a row, joined by commas; a kind that changed nothing is not named."""
    first = firsts([feed.field(name) for name in feed.fields])
    present = _present(feed)
    changed = {
        "id": "id_cell IS DISTINCT FROM id_no",
        "name": "name_cell IS DISTINCT FROM name",
        "place": "true",
        "date": f"{quote_name(first['date'])} IS NOT NULL",
        "money": f"{quote_name(first['fen'])} IS NOT NULL",
        "code": f"{quote_name(first['code'])} IS NOT NULL",
    }
    parts = [f"CASE WHEN {group}_kind IS NOT NULL AND {changed[group]} THEN {group}_kind END" for group, there in present.items() if there]
    return f"concat_ws(',', {', '.join(parts)})" if parts else "''"
