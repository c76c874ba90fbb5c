"""What a ledger is, read from `policy/ledgers/*.yaml` and checked when it is loaded.

A file tells one ledger 台账: its code lists, and its sheets 表. A sheet tells everything about one kind of entry:
fields (with the dictionary's types), key, links to other sheets and to the register, life cycle, money that it moves,
checks with examples, figures. Forms, lists, templates, imports, exports, history and the interface follow from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from xianjie.dictionary import CodeList, DictionaryField, dictionary
from xianjie.dictionary.model import Strict, Trust
from xianjie.rules.parameters import Parameter, read_parameters
from xianjie.web.accounts.roles import all_roles
from xianjie.web.flows.definition import Limit, Words, read_yaml

FOLDER = Path(__file__).parents[2] / "policy" / "ledgers"
NUMBERS = "numbers.yaml"
REGISTER = ("person", "household")
OUTSIDE, SELF = "outside", "self"
Tone = Literal["neutral", "good", "warn", "bad", "info"]
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class LedgerError(ValueError):
    """A ledger's declaration does not hold; the text names file, sheet and what is wrong."""


class LedgerField(DictionaryField):
    """A field of a sheet. `to`: its value is the key of an entry of that sheet, or of a person or household."""

    sensitivity: Literal["public", "internal", "personal", "health"] = "internal"  # secret numbers stay in the register
    to: str = ""


class State(Words):
    """A state of an entry. `over`: nothing more is expected; `limit`: how long it may stay here."""

    tone: Tone = "neutral"
    over: bool = False
    limit: Limit | None = None


class Wait(Strict):
    """A time that must have passed since a day that the entry tells (a public notice, say)."""

    since: str
    least: Limit


class Move(Words):
    """A way from one state to another: who may go it, what must be told, what must have passed."""

    from_: tuple[str, ...] = Field(alias="from")
    to: str
    approve: bool = False  # asks for the right to approve, not only to record
    roles: tuple[str, ...] = ()  # narrower than the right
    ask: tuple[str, ...] = ()  # fields that must be filled by then
    offer: tuple[str, ...] = ()  # fields that may be filled on the way
    reason: bool = False
    wait: Wait | None = None


class Shown(Strict):
    """A value that a check's sentence shows: an SQL expression and its type."""

    sql: str
    type: Literal["int", "number", "fen", "percent", "date", "text"] = "number"


class Check(Strict):
    """A rule over a sheet's entries. `where`: SQL that is true of a wrong entry; it may ask other sheets.

    `refuse`: such an entry is not taken at all; else it is taken and told. `fires` and `passes` are examples: sheet →
    rows; the first row of the check's own sheet is the one that is looked at.
    """

    title: str
    refuse: bool = False
    severity: Literal["error", "warning", "suspect"] = "warning"
    where: str
    text: str
    show: dict[str, Shown] = Field(default_factory=dict)
    field: str = ""  # where a form tells it
    advice: str = ""
    source: str
    trust: Trust
    day: date = date(2025, 6, 30)  # of the examples
    fires: dict[str, list[dict[str, Any]]]
    passes: dict[str, list[dict[str, Any]]]


class Figure(Words):
    """A number of a sheet 指标: an SQL aggregate over its entries; `share` of two sums, shown as per cent."""

    sql: str
    type: Literal["int", "number", "fen", "percent"] = "int"


class Money(Strict):
    """The money that an entry moves, in which states it has moved (any, when none is named).

    Its ends: `self`, `parent`, `other`, `outside`, `household`, or a field whose value names a payee.
    """

    source: str
    target: str
    amount: str = "amount"
    on: str
    when: tuple[str, ...] = ()


class Sheet(Words):
    """A sheet 表 of a ledger: one kind of entry."""

    name: str = ""
    ledger: str = ""
    about: str = ""
    key: str
    title: str
    level: Literal["village", "county", "any"] = "village"  # the places that an entry may belong to
    department: str = "revitalisation"  # who keeps it
    fields: dict[str, LedgerField]
    columns: tuple[str, ...]
    filters: tuple[str, ...] = ()
    day: str = ""  # the field that dates an entry
    amount: str = ""  # the field that is its sum of money
    start: str = "recorded"
    states: dict[str, State] = Field(default_factory=lambda: {"recorded": State(zh="已登记", en="Recorded")})
    moves: dict[str, Move] = Field(default_factory=dict)
    money: Money | None = None
    checks: dict[str, Check] = Field(default_factory=dict)
    figures: dict[str, Figure] = Field(default_factory=dict)

    @property
    def links(self) -> dict[str, str]:
        """Field → sheet, where a field names an entry of a sheet; the first is the parent, the second the other."""
        return {name: field.to for name, field in self.fields.items() if field.to and field.to not in REGISTER}

    def field_to(self, target: str) -> str:
        """The field that names a person or a household, empty for none."""
        return next((name for name, field in self.fields.items() if field.to == target), "")

    @property
    def writable(self) -> dict[str, LedgerField]:
        """The fields that a form for a new entry asks for: those that no move asks for later."""
        later = {name for move in self.moves.values() for name in (*move.ask, *move.offer)}
        return {name: field for name, field in self.fields.items() if field.required or name not in later}


class Ledger(Words):
    """A ledger 台账: the mechanism that it serves, its source, its sheets."""

    ledger: str
    mechanism: str
    about: str
    about_en: str = ""
    source: str
    trust: Trust
    icon: str = "book"
    codes: dict[str, CodeList] = Field(default_factory=dict)
    sheets: dict[str, Sheet]

    @model_validator(mode="before")
    @classmethod
    def _named(cls, raw: Any) -> Any:
        name, sheets = raw.get("ledger"), raw.get("sheets", {})
        return {**raw, "sheets": {key: _sheet(key, str(name), one) for key, one in sheets.items()}}


def _sheet(name: str, ledger: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """A sheet as written → as the model takes it: names in place, fields that are like one of the dictionary filled."""
    fields = {}
    for field, facts in raw.get("fields", {}).items():
        like = facts.get("like")
        base = {}
        if like:
            entity, _, known = like.partition(".")
            base = dictionary().entities[entity].fields[known].model_dump(exclude={"name", "aliases", "required"})
        own = {key: value for key, value in facts.items() if key != "like"}
        if "codes" in own and own["codes"] not in dictionary().codes:
            own["codes"] = f"{ledger}.{own['codes']}"
        fields[field] = {"name": field, "sensitivity": "internal", **base, **own}
    return {**raw, "name": name, "ledger": ledger, "fields": fields}


@cache
def ledgers() -> dict[str, Ledger]:
    """Every ledger by name, in the order of their mechanisms. Raises `LedgerError` for one that does not hold."""
    found: dict[str, Ledger] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name == NUMBERS:
            continue
        raw = read_yaml(path)
        try:
            one = Ledger.model_validate(raw)
        except (ValidationError, KeyError, AttributeError, TypeError) as error:
            raise LedgerError(f"{path.name}: {error}") from error
        if one.ledger != path.stem:
            raise LedgerError(f"{path.name} describes {one.ledger}")
        dictionary().add_codes({f"{one.ledger}.{name}": codes for name, codes in one.codes.items()})
        found[one.ledger] = one
    ordered = dict(sorted(found.items(), key=lambda item: int(item[1].mechanism.removeprefix("D"))))
    if problems := list(_problems(ordered)):
        raise LedgerError("; ".join(problems))
    return ordered


@cache
def sheets() -> dict[str, Sheet]:
    """Every sheet by name."""
    return {name: sheet for ledger in ledgers().values() for name, sheet in ledger.sheets.items()}


@cache
def numbers() -> dict[str, Parameter]:
    """The numbers that checks use: by region and date, each with source and trust."""
    return read_parameters(FOLDER / NUMBERS, {})


def _problems(known: Mapping[str, Ledger]) -> Iterator[str]:
    """What does not fit together, in words."""
    seen: set[str] = set()
    everything = {name for ledger in known.values() for name in ledger.sheets}
    for ledger in known.values():
        for name, sheet in ledger.sheets.items():
            if name in seen or name in (*REGISTER, "number", "village") or not _NAME.fullmatch(name):
                yield f"{ledger.ledger}: {name} is taken or no name"
            seen.add(name)
            for problem in (*_field_problems(sheet, everything), *_life_problems(sheet), *_money_problems(sheet)):
                yield f"{ledger.ledger}.{name}: {problem}"


def _field_problems(sheet: Sheet, everything: set[str]) -> Iterator[str]:
    named = [sheet.key, sheet.title, *sheet.columns, *sheet.filters, *filter(None, (sheet.day, sheet.amount))]
    named += [check.field for check in sheet.checks.values() if check.field]
    for name in named:
        if name not in sheet.fields:
            yield f"{name} is no field"
    for name, field in sheet.fields.items():
        if field.codes and field.codes not in dictionary().codes:
            yield f"{name}: no code list {field.codes}"
        if field.to and field.to not in everything | set(REGISTER):
            yield f"{name} leads to {field.to}, which does not exist"
    if len(sheet.links) > 2:
        yield "more than two links to other sheets"
    if sheet.department not in dictionary().departments:
        yield f"no department {sheet.department}"
    if not sheet.fields.get(sheet.key, LedgerField(name="x", zh="x", type="text")).required:
        yield "the key is not required"


def _life_problems(sheet: Sheet) -> Iterator[str]:
    if sheet.start not in sheet.states:
        yield f"starts as {sheet.start}, which is no state"
    reached = {sheet.start}
    for _ in sheet.states:
        reached |= {move.to for move in sheet.moves.values() if reached & set(move.from_)}
    for name in sheet.states.keys() - reached:
        yield f"nothing leads to {name}"
    for name, move in sheet.moves.items():
        for state in (*move.from_, move.to):
            if state not in sheet.states:
                yield f"{name}: no state {state}"
        told = (*move.ask, *move.offer, *([move.wait.since] if move.wait else []))
        for field in told:
            if field not in sheet.fields:
                yield f"{name} asks for {field}, which is no field"
        for role in move.roles:
            if role not in all_roles().roles:
                yield f"{name}: no role {role}"
    leads = {state for move in sheet.moves.values() for state in move.from_}
    for name, declared in sheet.states.items():
        if sheet.moves and not declared.over and name not in leads:
            yield f"{name} is a dead end and not said to be over"


def _money_problems(sheet: Sheet) -> Iterator[str]:
    if sheet.money is None:
        return
    places = {SELF, "parent", "other", OUTSIDE, "household", *sheet.fields}
    for side in (sheet.money.source, sheet.money.target):
        if side not in places:
            yield f"money of {side}, which is neither a place nor a field"
    for name, kind in ((sheet.money.amount, "fen"), (sheet.money.on, "date")):
        if name not in sheet.fields or sheet.fields[name].type != kind:
            yield f"money needs {name} as a field of type {kind}"
    for state in sheet.money.when:
        if state not in sheet.states:
            yield f"money moves in {state}, which is no state"
