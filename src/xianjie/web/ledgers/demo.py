"""Invented entries for every ledger of a demonstration, made from the declarations: values follow from fields' types.

They go the way of any entry, so that what a check refuses is not among them; what checks tell of the others is part of
the demonstration.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.clock import today
from xianjie.web.ledgers.declaration import LedgerField, Sheet, sheets
from xianjie.web.ledgers.flagging import check_county
from xianjie.web.ledgers.recording import Row, record_rows
from xianjie.web.regions.models import level_of
from xianjie.web.regions.selectors import on_day
from xianjie.web.registry.models import Household, Person

SEED, EACH, TRIES = 8, 16, 6
PEOPLE = ("王某", "李某", "张某", "刘某", "陈某", "赵某")
FIRMS = ("青禾合作社", "远山农牧公司", "惠民建筑队", "众兴家庭农场")
# What fields of these names hold, so that the pages read like a county's; every other follows from its type.
WORDS: dict[str, tuple[str, ...]] = {
    "name": ("饮水管网改造", "香菇大棚", "通组道路硬化", "养殖小区", "冷链仓库", "村级服务中心"),
    "employer": FIRMS, "payee": FIRMS, "lessee": FIRMS, "contractor": FIRMS, "supplier": FIRMS, "buyer": ("外省某市",),
    "bank": ("县农商银行", "县农业银行"), "helper": (*FIRMS, "县水务局", "县教育局"),
    "unit": ("县水务局", "县教育局", "县财政局"),
    "holder": ("村集体",), "custodian": PEOPLE, "keeper": PEOPLE, "leader": PEOPLE, "course": ("焊工培训", "家政培训"),
}  # fmt: skip
LATE = timedelta(days=700)


def demonstrate_ledgers(county: str) -> dict[str, int]:
    """Fill the ledgers of an invented county (12 digits); gives sheet → entries made."""
    random = Random(SEED)
    scope = Scope((Holding("county", county),))
    low, high = county, county[:6] + "999999"
    places = list(on_day().filter(region_code__gte=low, region_code__lte=high).values_list("region_code", flat=True))
    living = Person.everything.filter(region_code__startswith=county[:6], alive=True, household__isnull=False)
    people = random.sample(sorted(living.values_list("pk", "household_id", "region_code")), min(400, living.count()))
    monitored = Household.everything.filter(region_code__startswith=county[:6]).exclude(monitored_kind="")
    about = people + [(None, pk, code) for pk, code in monitored.order_by("pk").values_list("pk", "region_code")[:40]]
    known: dict[str, list[dict[str, Any]]] = {}
    made = {}
    for sheet in ordered():
        maker = _Maker(random, sheet, county, places, about, known)
        known[sheet.name] = maker.rows(scope)
        made[sheet.name] = len(known[sheet.name])
    check_county(county[:6])
    return made


def ordered() -> Iterator[Sheet]:
    """The sheets, each after those that its entries refer to."""
    done: set[str] = set()
    waiting = dict(sheets())
    while waiting:
        ready = [name for name, sheet in waiting.items() if set(sheet.links.values()) <= done | {name}]
        for name in ready:
            done.add(name)
            yield waiting.pop(name)


class _Maker:
    """Makes the entries of one sheet."""

    def __init__(
        self, random: Random, sheet: Sheet, county: str, places: list[str], about: list[Any],
        known: dict[str, list[dict[str, Any]]],
    ) -> None:  # fmt: skip
        self.random, self.sheet, self.county, self.about, self.known = random, sheet, county, about, known
        levels = {"village": ("village",), "county": ("county",), "any": ("village", "township", "county")}[sheet.level]
        self.places = [code for code in places if level_of(code) in levels]

    def rows(self, scope: Scope) -> list[dict[str, Any]]:
        """The values of entries that were taken; what is refused is made up anew a few times."""
        waiting, taken = list(range(1, EACH + 1)), []
        for _try in range(TRIES):
            rows = [self._row(number) for number in waiting]
            outcome = record_rows(scope, self.sheet, self.county[:6], rows)
            taken += [{**rows[place].values, "_place": rows[place].region_code} for place in sorted(outcome.added)]
            waiting = [waiting[place] for place in sorted(outcome.problems)]
            if not waiting:
                break
        return taken

    def _row(self, number: int) -> Row:
        random, sheet = self.random, self.sheet
        person, household, place = random.choice(self.about)
        above: dict[str, Any] = {}
        for name, target in sheet.links.items():
            if self.known.get(target):
                above[name] = random.choice(self.known[target])
        named = (row.get("household_id") for row in above.values() if "household_id" in row)
        household = next(named, None) or household
        if not sheet.field_to("person") and not sheet.field_to("household"):
            place = next(iter(above.values()))["_place"] if above else random.choice(self.places)
        if level_of(place) != sheet.level and sheet.level != "any":
            place = random.choice(self.places)
        state = random.choice([sheet.start, *sheet.states])
        told = self._told_by(state)
        values: dict[str, Any] = {}
        for name, field in sheet.fields.items():
            if name in above:
                values[name] = above[name][sheets()[field.to].key]
            elif field.to == "person":
                values[name] = person
            elif field.to == "household" and (field.required or random.random() < 0.3):
                values[name] = household
            elif not field.to and (name in sheet.writable or name in told):
                values[name] = self._value(field, number)
        values[sheet.key] = (
            household if sheet.fields[sheet.key].to else f"{sheet.key[0].upper()}{today().year}{number:03d}"
        )
        if sheet.links and not above and any(sheet.fields[name].required for name in sheet.links):
            values.pop(next(iter(sheet.links)), None)
        return Row(values, place, state)

    def _told_by(self, state: str) -> set[str]:
        """The fields that the moves on the shortest way to a state ask for."""
        ways: dict[str, set[str]] = {self.sheet.start: set()}
        for _step in self.sheet.states:
            for move in self.sheet.moves.values():
                for origin in move.from_:
                    if origin in ways and move.to not in ways:
                        ways[move.to] = ways[origin] | set(move.ask)
        return ways[state]

    def _value(self, field: LedgerField, number: int) -> Any:
        random = self.random
        low, high = (field.min or 0), (field.max or 0)
        match field.type:
            case "code":
                return random.choice(list(dictionary().codes[field.codes].values))
            case "bool":
                return random.random() < 0.8
            case "fen":
                return random.randrange(max(int(low), 1000_00), 40_000_00, 100_00)
            case "int":
                return self._year() if field.name == "year" else random.randint(int(low), int(min(high or 20, 30)))
            case "number":
                return float(random.randint(int(low) or 1, int(min(high or 300, 300))))
            case "date":
                return self._day(field)
        words = WORDS.get(field.name)
        return random.choice(words) if words else f"{field.zh}{number}"

    def _year(self) -> int:
        return today().year - self.random.randint(0, 2)

    def _day(self, field: LedgerField) -> date:
        ahead = field.name.endswith(("_to", "due_on", "deadline", "until"))
        return (
            today() + timedelta(days=self.random.randint(-60, 500)) if ahead else today() - LATE * self.random.random()
        )
