"""What must be keyed into the national system since the last time: found, written as Excel, confirmed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.dictionary import DictionaryField
from xianjie.engines import Engine, open_engine, quote, quote_name
from xianjie.messages import say
from xianjie.screening.workbook import Sheet, write_workbook
from xianjie.web.accounts.models import User
from xianjie.web.accounts.scope import Scope, scope_of
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.daily.bulk import insert_rows
from xianjie.web.daily.models import NationalExchange, NationalRow
from xianjie.web.daily.national import ROW, base_path, differences, entity_of, needed, rules, title, typed, view_ours
from xianjie.web.daily.national_in import decide, decided, tell
from xianjie.web.daily.snapshot import write_register
from xianjie.web.dictionary_forms import shown_value
from xianjie.web.jobs.services import Work, enqueue, job
from xianjie.web.sealing import seal

AT_ONCE = 500


# What must be keyed in there ----------------------------------------------------------------------------------------


def start_from_register(county: str, owner: User | None) -> NationalExchange:
    """Queue an export. A layout that was never taken in cannot be compared and is left out, with a word about it."""
    with transaction.atomic():
        exchange = NationalExchange.everything.create(
            region_code=county,
            direction=NationalExchange.OUT,
            day=today(),
            made_by=current_actor().name or current_actor().username,
        )
        exchange.job = enqueue(
            "daily.national_out", title=say("daily.national_out"), region_code=county, owner=owner, exchange=exchange.pk
        )
        exchange.save(update_fields=["job"])
        record("daily.national_out", subject=("national", str(exchange.pk)), region_code=county)
    return exchange


@job("daily.national_out")
def write_out(work: Work) -> dict[str, Any]:
    """Find what must be keyed in there, keep it as rows that wait, and write the Excel. Doing it again does no harm."""
    exchange = NationalExchange.everything.get(pk=work.arguments["exchange"])
    exchange.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = exchange.folder / f"work-{exchange.pk}"
    try:
        known = newest_headers(exchange.region_code)
        write_register(exchange.region_code, place / "register", work.part(0, 60), needed(known))
        with open_engine(memory_limit="1GB", temp_folder=place) as engine, transaction.atomic():
            mine = NationalRow.everything.filter(
                exchange__region_code=exchange.region_code, exchange__direction=NationalExchange.OUT
            )
            mine.filter(exchange=exchange).delete()
            mine.filter(state=NationalRow.OPEN).update(state=NationalRow.SUPERSEDED)
            counts = {
                layout: insert_rows(NationalRow, ROW, _outgoing(engine, exchange, layout, list(headers), place))
                for layout, headers in known.items()
            }
            NationalExchange.everything.filter(pk=exchange.pk).update(done=True, counts=counts, headers=known)
        exchange.refresh_from_db()
        write_sheet(exchange)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return {"rows": sum(counts.values()), "url": f"/daily/national/{exchange.pk}/"}


def newest_headers(county: str) -> dict[str, dict[str, str]]:
    """Layout → field → column name of theirs, for the layouts that are keyed in there and have been taken in."""
    taken = NationalExchange.everything.filter(region_code=county, direction=NationalExchange.IN, done=True)
    known = {one.layout: one.headers for one in taken.order_by("pk")}
    return {
        name: known[name]
        for name, one in rules().layouts.items()
        if one.back and name in known and base_path(county, name).exists()
    }


def _outgoing(
    engine: Engine, exchange: NationalExchange, layout: str, fields: list[str], place: Path
) -> Iterator[tuple[Any, ...]]:
    """What of a layout must be keyed in there: all in which ours departs from the base but what an import left open."""
    view_ours(engine, layout, place / "register")
    engine.view_parquet("theirs", base_path(exchange.region_code, layout))
    undecided = NationalRow.everything.filter(
        exchange__region_code=exchange.region_code,
        exchange__direction=NationalExchange.IN,
        layout=layout,
        state=NationalRow.OPEN,
    )
    waiting = set(undecided.values_list("key", "field").iterator())
    for one in differences(engine, layout, fields, "theirs", "ours", rules().layouts[layout].whole):
        if (one.key, one.field) in waiting or (one.kind == NationalRow.CHANGED and one.right is None):
            continue
        yield (
            exchange.pk,
            one.region_code or exchange.region_code,
            layout,
            one.kind,
            one.key,
            one.household_id,
            one.person_id,
            one.name,
            one.field,
            seal(one.left),
            seal(one.right),
            NationalRow.OPEN,
        )


def write_sheet(exchange: NationalExchange) -> None:
    """The file for keying in: a sheet for each layout and kind of change, under the national column names."""
    sheets = []
    for layout, headers in exchange.headers.items():
        for kind, words in rules().kinds.items():
            rows = NationalRow.everything.filter(exchange=exchange, layout=layout, kind=kind).order_by(
                "region_code", "key", "id"
            )
            if rows.exists():
                sheets.append(
                    _sheet(
                        layout,
                        kind,
                        f"{title(layout).removeprefix('国家系统').removesuffix('导出')}{words['zh']}",
                        headers,
                        rows,
                    )
                )
    if not sheets:
        sheets = [Sheet("没有需要补录的", {"说明": 60}, [["与国家系统一致，没有需要补录的内容。"]])]
    write_workbook(exchange.sheet, sheets)
    exchange.sheet.chmod(0o600)


def _sheet(layout: str, kind: str, name: str, headers: dict[str, str], rows: Any) -> Sheet:
    fields = entity_of(layout).fields
    owner = {"户编号": 16.0, "人员编号": 16.0, "姓名": 12.0}
    if kind == NationalRow.CHANGED:
        columns = {**owner, "字段": 22, "国家系统现值（补录前）": 30, "应补录为（补录后）": 30}
        return Sheet(name, columns, (_changed(row, fields, headers) for row in rows.iterator(chunk_size=2000)))
    columns = {**owner, **{header: 16.0 for field, header in headers.items() if header not in owner}}
    return Sheet(name, columns, (_whole(row, fields, headers, list(columns)) for row in rows.iterator(chunk_size=2000)))


def _changed(row: NationalRow, fields: dict[str, DictionaryField], headers: dict[str, str]) -> list[Any]:
    field = fields[row.field]
    before, after = (shown_value(field, typed(field, value)) for value in (row.before, row.after))
    return [row.household_id, row.person_id, row.name, headers.get(row.field, field.zh), before, after]


def _whole(
    row: NationalRow, fields: dict[str, DictionaryField], headers: dict[str, str], columns: list[str]
) -> list[Any]:
    values = json.loads(row.after or row.before or "{}")
    told = {
        header: shown_value(fields[name], typed(fields[name], values.get(name))) for name, header in headers.items()
    }
    told |= {"户编号": row.household_id, "人员编号": row.person_id}
    told["姓名"] = told.get("姓名") or row.name
    return [told.get(column) or None for column in columns]


def confirm(scope: Scope, rows: list[NationalRow]) -> int:
    """Rows of an export were keyed in there: the base holds them from now on. Gives how many.

    Raises `PermissionDenied` for rows that are not the user's.
    """
    for row in rows:
        if not scope.allows("registry.national", row.region_code):
            raise PermissionDenied
    open_ones = [
        row for row in rows if row.state == NationalRow.OPEN and row.exchange.direction == NationalExchange.OUT
    ]
    by_layout: dict[tuple[str, str], list[NationalRow]] = {}
    for row in open_ones:
        by_layout.setdefault((row.exchange.region_code, row.layout), []).append(row)
    with transaction.atomic():
        for (county, layout), some in by_layout.items():
            list(
                NationalExchange.everything.select_for_update().filter(region_code=county)
            )  # one writer of a base at a time
            _rewrite_base(base_path(county, layout), layout, some)
        decided(open_ones, NationalRow.CONFIRMED)
        tell("daily.national_confirm", open_ones)
    return len(open_ones)


def _rewrite_base(path: Path, layout: str, rows: list[NationalRow]) -> None:
    """The base with what was keyed in: changed values, new rows, rows that are gone."""
    fields = entity_of(layout).fields
    work = path.parent / f"base-{rows[0].exchange_id}"
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with open_engine(memory_limit="512MB", temp_folder=work) as engine:
            engine.view_parquet("base", path)
            names = [name for name in engine.columns("base") if name not in ("key", "household_")]
            told = [
                (row.key, name, value)
                for row in rows
                if row.kind != NationalRow.GONE
                for name, value in _told(row, names)
            ]
            engine.create_table("told", {"key": "VARCHAR", "field": "VARCHAR", "value": "VARCHAR"}, told)
            engine.create_table(
                "gone", {"key": "VARCHAR"}, [(row.key,) for row in rows if row.kind == NationalRow.GONE]
            )
            columns = ", ".join(
                f"CASE WHEN list_contains(m.fields, {quote(name)}) THEN "
                f"TRY_CAST(m.vals[list_position(m.fields, {quote(name)})] AS {fields[name].storage}) "
                f"ELSE b.{quote_name(name)} END AS {quote_name(name)}"
                for name in names
            )
            engine.write_parquet(
                f"""SELECT key, b.household_, {columns} FROM base b FULL JOIN
                    (SELECT key, list(field ORDER BY field) AS fields, list(value ORDER BY field) AS vals
                     FROM told GROUP BY key) m USING (key)
                    WHERE key NOT IN (SELECT key FROM gone) ORDER BY key""",
                work / "base.parquet",
            )
        (work / "base.parquet").replace(path)
        path.chmod(0o600)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _told(row: NationalRow, names: list[str]) -> Iterator[tuple[str, str | None]]:
    if row.kind == NationalRow.CHANGED:
        yield row.field, row.after
        return
    values = json.loads(row.after or "{}")
    for name in names:
        value = values.get(name)
        yield name, None if value is None else (str(value).lower() if isinstance(value, bool) else str(value))


@job("daily.national_decide")
def decide_all(work: Work) -> dict[str, Any]:
    """Accept or confirm everything of an exchange that is still open, in the name of the job's owner."""
    scope = scope_of(work.job.owner)
    exchange = NationalExchange.everything.get(pk=work.arguments["exchange"])
    waiting = NationalRow.everything.filter(exchange=exchange, state=NationalRow.OPEN, note="").select_related(
        "exchange"
    )
    total, done, failed = waiting.count(), 0, 0
    while rows := list(waiting.order_by("key", "id")[:AT_ONCE]):
        if work.arguments["what"] == "confirm":
            done += confirm(scope, rows)
        else:
            accepted, problems = decide(scope, rows, accept=work.arguments["what"] == "accept")
            done, failed = done + accepted, failed + len(problems)
        work.progress(min(total, done), total, say("daily.national_deciding"))
    return {"done": done, "failed": failed, "url": f"/daily/national/{exchange.pk}/"}
