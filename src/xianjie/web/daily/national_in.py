"""Taking the national system's exports in, and deciding on what they say otherwise than our register."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from xianjie.dictionary import DictionaryField, Entity
from xianjie.engines import open_engine, quote_name
from xianjie.linkage.numbers import is_valid
from xianjie.messages import UserError, say
from xianjie.screening.single import Stopped, read_delivery
from xianjie.web.accounts.models import User
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.daily.bulk import insert_rows
from xianjie.web.daily.models import NationalExchange, NationalRow, PlaceRow
from xianjie.web.daily.national import (
    OWNERS,
    ROW,
    Difference,
    base_path,
    differences,
    entity_of,
    needed,
    rules,
    title,
    typed,
    view_ours,
)
from xianjie.web.daily.snapshot import write_register
from xianjie.web.jobs.services import Cancelled, Work, enqueue, job
from xianjie.web.registry import actions
from xianjie.web.registry.models import Fact
from xianjie.web.registry.records import unpack
from xianjie.web.sealing import seal

# Taking an export in -----------------------------------------------------------------------------------------------


def take_in(
    county: str, layout: str, name: str, content: Iterable[bytes], owner: User | None, day: date | None = None
) -> NationalExchange:
    """Keep an export of the national system and queue its reading. Raises `UserError` for another layout."""
    if layout not in rules().layouts:
        raise UserError("daily.not_exchanged", layout=layout)
    with transaction.atomic():
        exchange = NationalExchange.everything.create(
            region_code=county,
            direction=NationalExchange.IN,
            layout=layout,
            file_name=name[:200],
            day=day or today(),
            made_by=current_actor().name or current_actor().username,
        )
        exchange.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with exchange.given.open("wb") as target:
            target.writelines(content)
        text = say("daily.national_in", title=title(layout))
        exchange.job = enqueue("daily.national_in", title=text, region_code=county, owner=owner, exchange=exchange.pk)
        exchange.save(update_fields=["job"])
        record(
            "daily.national_in",
            subject=("national", str(exchange.pk)),
            region_code=county,
            after={"layout": layout, "file": name},
        )
    return exchange


@job("daily.national_in")
def read_in(work: Work) -> dict[str, Any]:
    """Read an export of the national system and find what differs from our register. Doing it again does no harm."""
    exchange = NationalExchange.everything.get(pk=work.arguments["exchange"])
    place = exchange.folder / f"work-{exchange.pk}"
    try:
        write_register(exchange.region_code, place / "register", work.part(0, 40), needed([exchange.layout]))
        counts = read_delivery(
            exchange.given,
            place / "out",
            place / "register",
            layout=exchange.layout,
            name=exchange.file_name,
            day=exchange.day,
            progress=work.part(40, 40),
            stop=work.stopped,
        )
        if counts["problem"]:
            NationalExchange.everything.filter(pk=exchange.pk).update(problem=counts["problem"])
            raise UserError("daily.national_unreadable", problem=counts["problem"])
        fields = [
            name for name in counts["columns"] if name in entity_of(exchange.layout).fields and name not in OWNERS
        ]
        found = _take(exchange, place, fields, counts)
        return {**found, "url": f"/daily/national/{exchange.pk}/"}
    except Stopped as stopped:
        raise Cancelled from stopped
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _take(exchange: NationalExchange, place: Path, fields: list[str], counts: dict[str, Any]) -> dict[str, Any]:
    layout, one = exchange.layout, rules().layouts[exchange.layout]
    with open_engine(memory_limit="1GB", temp_folder=place) as engine:
        view_ours(engine, layout, place / "register")
        fresh = place / "base.parquet"
        engine.view_parquet("handed", place / "out" / "rows.parquet")
        engine.run(
            f"CREATE VIEW keyed AS SELECT {one.key(one.theirs)} AS key, "
            "coalesce(household_id, i_household_id) AS household_, * FROM handed WHERE status <> 'rejected'"
        )
        columns = ", ".join(_told_by_them(entity_of(layout).fields[name]) for name in fields)
        engine.write_parquet(
            f"SELECT key, k.household_, {columns} FROM keyed k LEFT JOIN ours o USING (key) WHERE key IS NOT NULL "
            "QUALIFY row_number() OVER (PARTITION BY key ORDER BY k.row_id) = 1 ORDER BY key",
            fresh,
        )
        engine.view_parquet("theirs", fresh)
        with transaction.atomic():
            old = NationalRow.everything.filter(exchange__region_code=exchange.region_code, layout=layout)
            old.filter(exchange=exchange).delete()
            old.filter(state=NationalRow.OPEN).update(state=NationalRow.SUPERSEDED)
            rows = differences(engine, layout, fields, "ours", "theirs", one.whole)
            number = insert_rows(NationalRow, ROW, _row_values(exchange, rows, _said_already(exchange)))
            known = {name: counts["columns"][name] for name in fields}
            kept = {name: counts[name] for name in ("rows", "accepted", "repaired_rows", "rejected", "review", "none")}
            NationalExchange.everything.filter(pk=exchange.pk).update(
                done=True, headers=known, counts={**kept, "differences": number}
            )
        target = base_path(exchange.region_code, layout)
        fresh.replace(target)
        target.chmod(0o600)
    return {"differences": number}


def _told_by_them(field: DictionaryField) -> str:
    """A column as they mean it. A spreadsheet rounds identity numbers, and a disability certificate's number stands for
    the one inside it: what is no whole number, or the same one, says nothing against ours."""
    name = quote_name(field.name)
    if field.type != "id_no":
        return f"k.{name}"
    inside = f"left(k.{name}, 18)"
    whole = f"coalesce({is_valid(inside)} AND right({inside}, 3) <> '000', false)"
    return (
        f"CASE WHEN k.{name} IS NULL OR ({whole} AND {inside} IS DISTINCT FROM o.{name}) "
        f"THEN k.{name} ELSE o.{name} END AS {name}"
    )


def _said_already(exchange: NationalExchange) -> set[tuple[str, str, str | None]]:
    """Differences that somebody has already decided to keep: the same value of theirs is not asked about again."""
    kept = NationalRow.everything.filter(
        exchange__region_code=exchange.region_code, layout=exchange.layout, state=NationalRow.KEPT
    )
    return {(row.key, row.field, row.after) for row in kept.iterator()}


def _row_values(
    exchange: NationalExchange, found: Iterable[Difference], kept: set[tuple[str, str, str | None]]
) -> Iterator[tuple[Any, ...]]:
    """An import's differences as rows. Where theirs is empty there is nothing to accept: ours is to be keyed in."""
    for one in found:
        if one.kind == NationalRow.CHANGED and one.right is None:
            continue
        state = NationalRow.KEPT if (one.key, one.field, one.right) in kept else NationalRow.OPEN
        yield (
            exchange.pk,
            one.region_code or exchange.region_code,
            exchange.layout,
            one.kind,
            one.key,
            one.household_id,
            one.person_id,
            one.name,
            one.field,
            seal(one.left),
            seal(one.right),
            state,
        )


# Deciding on what an import brought --------------------------------------------------------------------------------


def decide(scope: Scope, rows: list[NationalRow], accept: bool, reason: str = "") -> tuple[int, list[str]]:
    """Accept theirs into the register, or keep ours; gives how many and what could not be accepted.

    Accepted values of one household or person become one dated correction. Raises `PermissionDenied` for rows that are
    not the user's.
    """
    for row in rows:
        if not scope.allows("registry.national", row.region_code):
            raise PermissionDenied
    open_ones = [row for row in rows if row.state == NationalRow.OPEN and row.exchange.direction == NationalExchange.IN]
    if not accept:
        with transaction.atomic():
            decided(open_ones, NationalRow.KEPT)
            tell("daily.national_keep", open_ones)
        return len(open_ones), []
    subjects: dict[tuple[str, str], list[NationalRow]] = {}
    for row in open_ones:
        subjects.setdefault((row.layout, row.key), []).append(row)
    done, problems = 0, []
    for same in subjects.values():
        try:
            with transaction.atomic():
                _accept(scope, same, reason or _("采用国家系统导出的数据"))
                decided(same, NationalRow.ACCEPTED)
                tell("daily.national_accept", same)
            done += len(same)
        except UserError as error:
            NationalRow.everything.filter(pk__in=[row.pk for row in same]).update(note=str(error)[:300])
            problems.append(f"{same[0].name or same[0].key}：{error}")
    return done, problems


def decided(rows: list[NationalRow], state: str) -> None:
    """Write down that somebody has decided on rows."""
    who = current_actor().name or current_actor().username
    pks = [row.pk for row in rows]
    NationalRow.everything.filter(pk__in=pks).update(state=state, decided_on=today(), decided_by=who, note="")


def tell(verb: str, rows: list[NationalRow]) -> None:
    """One event for what happened to rows of an exchange."""
    if rows:
        told = [{"layout": row.layout, "key": row.key, "kind": row.kind, "field": row.field} for row in rows]
        record(
            verb, subject=("national", str(rows[0].exchange_id)), region_code=rows[0].region_code, after={"rows": told}
        )


def _accept(scope: Scope, rows: list[NationalRow], reason: str) -> None:
    """Theirs into the register, in one action. Raises `UserError` for what needs an action of its own."""
    first, entity = rows[0], entity_of(rows[0].layout)
    on = first.exchange.day
    if first.kind == NationalRow.NEW:
        if entity.entity != "person":
            raise UserError("daily.national_needs_action")
        values = _typed(entity, json.loads(first.after or "{}"))
        if not first.household_id or not values.get("name") or not values.get("relation"):
            raise UserError("daily.national_needs_action")
        actions.come_in(scope, "move_in", first.household_id, values, on=on, reason=reason)
        return
    if first.kind == NationalRow.GONE:
        raise UserError("daily.national_needs_action")
    values = _typed(entity, {row.field: row.after for row in rows})
    if entity.entity in ("household", "person"):
        actions.correct(scope, entity.entity, first.key, values, on=on, reason=reason)
    elif entity.entity == "village":
        _correct_place(first.key, values)
    else:
        _correct_fact(scope, entity, first, values, on, reason)


def _correct_place(code: str, values: dict[str, Any]) -> None:
    place = PlaceRow.everything.filter(entity="village", region_code=code).order_by("-key").first()
    if place is None:
        raise UserError("daily.national_needs_action")
    place.data = {**place.data, **values}
    place.save(update_fields=["data"])


def _correct_fact(
    scope: Scope, entity: Entity, row: NationalRow, values: dict[str, Any], on: date, reason: str
) -> None:
    owner = {"person_id": row.person_id} if entity.parent == "person" else {"household_id": row.household_id}
    day = row.key.partition("|")[2]
    dated = rules().layouts[row.layout].dated
    facts = Fact.everything.filter(entity=entity.entity, withdrawn_on__isnull=True, **owner)
    found = next((one for one in facts if (one.data.get(dated) or "") == day), None)
    if found is None:
        raise UserError("daily.national_needs_action")
    whole = {**unpack(entity.entity, found.data), **values}
    actions.state_fact(
        scope,
        entity.entity,
        found.household_id,
        whole,
        on=on,
        reason=reason,
        person_id=found.person_id or "",
        replaces=found,
        source="national",
    )


def _typed(entity: Entity, texts: dict[str, Any]) -> dict[str, Any]:
    return {name: typed(entity.fields[name], value) for name, value in texts.items() if name in entity.fields}
