"""A table of regions: what it would change is shown first, then all of it is done or nothing.

A row says code and name, and where they are known level, code above, first day, last day, code after. A known code
with another name is a rename; with a last day it ends, with a code after it was merged or renumbered. A code that the
table does not name stays as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, F

from xianjie.dictionary import dictionary
from xianjie.dictionary.model import DictionaryField
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.regions.models import LEVELS, Region, area_of, level_of
from xianjie.web.regions.records import rows_in, scoped_models
from xianjie.web.regions.selectors import successors
from xianjie.web.regions.services import move_safely, parent_of
from xianjie.web.sheets import Fault, Sheet, SheetRow
from xianjie.web.words import code_label

MOST_LISTED = 2000
REQUIRED = ("region_code", "name")


def columns() -> list[DictionaryField]:
    """The columns of the table: the dictionary's, of which only code and name must be there."""
    fields = dictionary().entities["region"].fields.values()
    return [one.model_copy(update={"required": one.name in REQUIRED}) for one in fields]


@dataclass
class Plan:
    """What a table would do."""

    new: list[Region] = field(default_factory=list)
    renamed: list[tuple[Region, str, date]] = field(default_factory=list)
    merged: list[tuple[Region, date, str]] = field(default_factory=list)
    ended: list[tuple[Region, date]] = field(default_factory=list)
    outlined: list[tuple[Region, str]] = field(default_factory=list)
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Rows by what they do; they add up to the rows of the table."""
        return {
            "new": len(self.new),
            "renamed": len(self.renamed),
            "merged": len(self.merged),
            "ended": len(self.ended),
            "outlined": len(self.outlined),
            "unchanged": self.unchanged,
            "faults": len(self.faults),
        }

    def changed(self) -> list[Region]:
        """The rows of known regions that would change."""
        rows = [one[0] for one in self.renamed] + [one[0] for one in self.merged]
        return rows + [one[0] for one in self.ended] + [one[0] for one in self.outlined]

    def told(self) -> dict[str, Any]:
        """The changes as the audit trail keeps them."""
        return {
            "counts": self.counts(),
            "new": [[row.region_code, row.name] for row in self.new[:MOST_LISTED]],
            "renamed": [[row.region_code, row.name, name, on] for row, name, on in self.renamed[:MOST_LISTED]],
            "merged": [[row.region_code, row.name, on, after] for row, on, after in self.merged[:MOST_LISTED]],
            "ended": [[row.region_code, row.name, on] for row, on in self.ended[:MOST_LISTED]],
        }


def plan(sheet: Sheet, on: date, scope: Scope | None = None) -> Plan:
    """What a table would do; `on` is the day of changes that name none. `scope` None: everything may be changed."""
    known: dict[str, list[Region]] = defaultdict(list)
    for row in Region.objects.order_by("region_code", F("valid_from").asc(nulls_first=True)):
        known[row.region_code].append(row)
    result = Plan(faults=list(sheet.faults))
    good = _well_formed(sheet, known, result)
    lines: dict[str, list[SheetRow]] = defaultdict(list)
    for line in good:
        lines[line.values["region_code"]].append(line)
    for code, some in lines.items():
        some.sort(key=lambda line: line.values["valid_from"] or date.min)
        _plan_code(result, code, some, known.get(code, []), on)
    _may_all(sheet, result, lines, scope)
    _leaves_nobody(sheet, result, lines)
    return result


def _well_formed(sheet: Sheet, known: dict[str, list[Region]], result: Plan) -> list[SheetRow]:
    """The rows whose own cells make sense together; faults of the others are noted."""
    codes = {row.values["region_code"] for row in sheet.rows} | known.keys()
    after = {
        row.values["region_code"]: row.values["successor_code"] for row in sheet.rows if row.values["successor_code"]
    }
    seen: set[tuple[str, Any]] = set()
    good = []
    for row in sheet.rows:
        fault = _fault_of(sheet, row, codes, after)
        span = (row.values["region_code"], row.values["valid_from"])
        if fault is None and span in seen:
            fault = sheet.fault(row, "region_code", "regions.row_twice", region=span[0])
        seen.add(span)
        if fault is None:
            good.append(row)
        else:
            result.faults.append(fault)
    return good


def _fault_of(sheet: Sheet, row: SheetRow, codes: set[str], after: dict[str, str]) -> Fault | None:
    values = row.values
    code, until, successor = values["region_code"], values["valid_to"], values["successor_code"]
    if len(code) != 12 or not (code.isascii() and code.isdigit()) or level_of(code) not in LEVELS:
        return sheet.fault(row, "region_code", "regions.row_code", region=code)
    if values["level"] and values["level"] != level_of(code):
        label = code_label("region_level", level_of(code))
        return sheet.fault(row, "level", "regions.row_level", region=code, level=label)
    parent = parent_of(code)
    if values["parent_code"] and values["parent_code"] != parent:
        return sheet.fault(row, "parent_code", "regions.row_parent", region=code, parent=values["parent_code"])
    if parent and parent not in codes:
        return sheet.fault(row, "region_code", "regions.row_no_parent", parent=parent)
    if until and values["valid_from"] and until <= values["valid_from"]:
        return sheet.fault(row, "valid_to", "regions.row_dates", since=values["valid_from"], to=until)
    if successor:
        if not until:
            return sheet.fault(row, "valid_to", "regions.row_no_day")
        if successor not in codes:
            return sheet.fault(row, "successor_code", "regions.row_successor", region=successor)
        if level_of(successor) != level_of(code):
            return sheet.fault(row, "successor_code", "regions.row_successor_level", region=successor)
        if _goes_round(code, after):
            return sheet.fault(row, "successor_code", "regions.row_loop", region=successor)
    return None


def _goes_round(code: str, after: dict[str, str]) -> bool:
    seen = {code}
    while (code := after.get(code, "")) and code not in seen:
        seen.add(code)
    return bool(code)


def _plan_code(result: Plan, code: str, lines: list[SheetRow], rows: list[Region], on: date) -> None:
    if not rows:
        result.new += [_region(line) for line in lines]
        return
    result.unchanged += len(lines) - 1  # earlier stretches of a known code are history already
    newest, values = rows[-1], lines[-1].values
    until, since = values["valid_to"], values["valid_from"]
    if newest.valid_to and not until and since and since >= newest.valid_to:
        result.new.append(_region(lines[-1]))  # the code is given out again
    elif until and (until, values["successor_code"] or "") != (newest.valid_to, newest.successor_code):
        if values["successor_code"]:
            result.merged.append((newest, until, values["successor_code"]))
        else:
            result.ended.append((newest, until))
    elif not until and not newest.valid_to and values["name"] != newest.name:
        later = since if since and (newest.valid_from is None or since > newest.valid_from) else on
        result.renamed.append((newest, values["name"], later))
    elif values["outline"] and values["outline"] != newest.outline:
        result.outlined.append((newest, values["outline"]))
    else:
        result.unchanged += 1


def _region(line: SheetRow) -> Region:
    values = line.values
    code = values["region_code"]
    return Region(
        region_code=code,
        name=values["name"],
        level=level_of(code),
        parent_code=parent_of(code),
        valid_from=values["valid_from"],
        valid_to=values["valid_to"],
        successor_code=values["successor_code"] or "",
        outline=values["outline"] or "",
    )


def _touched(result: Plan) -> Iterable[str]:
    yield from (row.region_code for row in result.new)
    yield from (row.region_code for row in result.changed())
    yield from (after for _row, _on, after in result.merged)


def _may_all(sheet: Sheet, result: Plan, lines: dict[str, list[SheetRow]], scope: Scope | None) -> None:
    if scope is None:
        return
    for code in sorted(set(_touched(result))):
        if code in lines and not scope.contains("regions.manage", code):
            result.faults.append(sheet.fault(lines[code][-1], "region_code", "regions.row_outside", region=code))


def _leaves_nobody(sheet: Sheet, result: Plan, lines: dict[str, list[SheetRow]]) -> None:
    """A region that ends without a code after it must have no records left."""
    villages = [row.region_code for row, _on in result.ended if row.level == "village"]
    counts: Counter[str] = Counter()
    for model in scoped_models():
        name = str(model.region_field)  # type: ignore[attr-defined]
        for at in range(0, len(villages), 500):
            rows = model.everything.filter(**{f"{name}__in": villages[at : at + 500]})  # type: ignore[attr-defined]
            counts.update(dict(rows.order_by().values_list(name).annotate(rows=Count("pk"))))
    merged = {row.region_code for row, _on, _after in result.merged}
    for row, _on in result.ended:
        if row.level != "village":
            low, high = area_of(row.region_code)
            if row.level == "township" and not _all_merged(low, high, merged):
                counts[row.region_code] = sum(rows_in(low, high).values())
        if counts[row.region_code]:
            facts = {"region": row.region_code, "rows": counts[row.region_code]}
            result.faults.append(
                sheet.fault(lines[row.region_code][-1], "successor_code", "regions.row_records", **facts)
            )


def _all_merged(low: str, high: str, merged: set[str]) -> bool:
    below = Region.objects.filter(region_code__gt=low, region_code__lt=high, valid_to__isnull=True)
    return set(below.values_list("region_code", flat=True)) <= merged


@transaction.atomic
def apply(result: Plan, why: str, region_code: str = "") -> dict[str, int]:
    """Do what a plan without faults says, and move the records of codes that have ended; model → rows moved."""
    if result.faults:
        raise UserError("regions.table_empty")
    told = result.told()  # before the rows change
    Region.objects.bulk_create(result.new, batch_size=2000)
    follow = []
    for row, name, on in result.renamed:
        if row.valid_from == on:
            row.name = name
            continue
        follow.append(
            Region(
                region_code=row.region_code, name=name, level=row.level, parent_code=row.parent_code, valid_from=on,
                valid_to=row.valid_to, successor_code=row.successor_code, outline=row.outline,
            )
        )  # fmt: skip
        row.valid_to, row.successor_code = on, ""
    for ended, until in result.ended:
        ended.valid_to, ended.successor_code = until, ""
    for ended, until, after in result.merged:
        ended.valid_to, ended.successor_code = until, after
    for drawn, outline in result.outlined:
        drawn.outline = outline
    Region.objects.bulk_update(result.changed(), ["name", "valid_to", "successor_code", "outline"], batch_size=500)
    Region.objects.bulk_create(follow, batch_size=2000)
    codes = {row.region_code for row, until, _after in result.merged if until <= today()}
    codes |= {row.region_code for row in result.new if row.successor_code}
    moved = move_safely({code: new for code, (new, _name) in successors(codes).items() if new != code})
    record(
        "regions.table",
        subject=("region", region_code),
        region_code=region_code,
        why=why,
        after={**told, "moved": moved},
    )
    return moved
