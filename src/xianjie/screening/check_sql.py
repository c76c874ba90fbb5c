"""Checks → SQL: what each one needs, and one pass over each base for all its predicates together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from xianjie.dictionary import Entity, dictionary
from xianjie.engines import quote, quote_name
from xianjie.messages import UserError
from xianjie.screening.check_shapes import Base, Check, CheckBook, Column, Number

_PLACE = re.compile(r"\{([a-z_]\w*)\}")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_WORD = re.compile(r'(?:(\w+)\.)?"?\b([A-Za-z_]\w*)\b"?')
_ALIAS = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)\s+(?:AS\s+)?(\w+)")
KEYS = ("household_id", "person_id")
FIELD_TYPES = {"fen": "fen", "date": "date", "bool": "bool", "number": "number", "int": "int"}
UNKNOWN = "未填"
OWNERS = "check_owner"


@dataclass
class Needs:
    """What a check reads: columns of tables, numbers of the policy; and by which facts and base columns."""

    tables: dict[str, set[str]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    facts: dict[str, set[str]] = field(default_factory=dict)
    worked_out: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)

    def add_tables(self, tables: Mapping[str, Iterable[str]], optional: Collection[str] = ()) -> None:
        """Take in more columns, apart from those that may be missing."""
        for table, columns in tables.items():
            self.tables.setdefault(table, set()).update(name for name in columns if name not in optional)

    def missing_tables(self, present: Mapping[str, Collection[str]]) -> tuple[str, ...]:
        """Tables that the data does not have."""
        return tuple(sorted(set(self.tables) - set(present)))

    def missing_columns(self, present: Mapping[str, Collection[str]]) -> tuple[str, ...]:
        """Columns that the data does not have, in tables that it has, as `table.column`."""
        return tuple(
            f"{table}.{name}"
            for table, names in sorted(self.tables.items())
            if table in present
            for name in sorted(names - set(present[table]))
        )


@dataclass(frozen=True)
class Pass:
    """One query for several checks; `name` is their base and facts, or the check with SQL of its own."""

    name: str
    checks: tuple[Check, ...]
    sql: str


def literal(number: Number | date | int | float | str) -> str:
    """A number as SQL."""
    value = number.value if isinstance(number, Number) else number
    if isinstance(value, date):
        return f"DATE {quote(value.isoformat())}"
    return quote(value) if isinstance(value, str) else str(value)


def filled(sql: str, values: Mapping[str, Number], today: date, used: set[str] | None = None) -> str:
    """SQL with its `{name}` places filled; names that are filled are added to `used`."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name == "today":
            return literal(today)
        if name not in values:
            raise UserError("checks.unknown_name", check="", name=name)
        if used is not None:
            used.add(name)
        return literal(values[name])

    return _PLACE.sub(fill, sql)


@cache
def columns_of(expression: str) -> frozenset[str]:
    """Words of an SQL expression that may be columns; function names and keywords are among them."""
    return frozenset(word for _, word in _WORD.findall(_TEXT.sub("", expression)))


@cache
def tables_of(sql: str) -> dict[str, frozenset[str]]:
    """Table of the dictionary → its columns that a query may read (a bare name counts for every table with it)."""
    bare = _TEXT.sub("", sql)
    words = _WORD.findall(bare)
    tables = {word for _, word in words if dictionary().by_table(word)}
    aliases = {alias: table for table, alias in _ALIAS.findall(bare) if table in tables}
    reads: dict[str, frozenset[str]] = {}
    for table in tables:
        fields = dictionary().by_table(table).fields  # type: ignore[union-attr]
        reads[table] = frozenset(w for q, w in words if w in fields and (not q or aliases.get(q, q) == table))
    return reads


class Compiler:
    """Turns the checks of a book into passes for one day, with the policy's numbers of that day.

    `numbers` holds the values of `policy` numbers; one that is not given is missing, not defaulted.
    """

    def __init__(self, book: CheckBook, today: date, numbers: Mapping[str, int | float | date | str]) -> None:
        self.book = book
        self.today = today
        self.given = {
            name: number.model_copy(update={"value": numbers[name]}) if name in numbers else number
            for name, number in book.numbers.items()
        }
        self.unknown_numbers = {n for n, number in book.numbers.items() if number.policy and n not in numbers}
        self._shared: frozenset[str] = frozenset()
        self._needs: dict[str, Needs] = {}
        self._fact_of = {column: name for name, fact in book.facts.items() for column in fact.columns}

    def values(self, check: Check) -> dict[str, Number]:
        """The numbers that a check sees."""
        return {**self.given, **check.parameters}

    def needs(self, check: Check) -> Needs:
        """What the check reads. Raises `UserError` for a name that its text shows and that stands for nothing."""
        if check.id not in self._needs:
            self._needs[check.id] = self._worked_out_needs(check)
        return self._needs[check.id]

    def _worked_out_needs(self, check: Check) -> Needs:
        needs = Needs()
        used: set[str] = set()
        try:
            if check.sql:
                needs.add_tables(tables_of(filled(check.sql, self.values(check), self.today, used)), check.optional)
                for name in sorted(self._shown(check) - set(check.columns)):
                    raise UserError("checks.unknown_name", check=check.id, name=name)
            else:
                where = filled(check.where, self.values(check), self.today, used)
                base, entity = self.base(check.base), dictionary().entities[check.base]
                known = {*entity.fields, *base.columns, *self._fact_of}
                for name in sorted((columns_of(where) & known) | self._shown(check)):
                    self._need(check, name, needs, used)
                needs.add_tables({entity.table: columns_of(base.where) & set(entity.fields)}, base.optional)
                needs.add_tables({"persons": ()} if entity.parent == "person" else {})
        except UserError as error:
            raise UserError("checks.unknown_name", check=check.id, name=error.facts.get("name")) from error
        needs.numbers = used & self.unknown_numbers
        return needs

    def base(self, name: str) -> Base:
        """The declared base, or the plain table of an entity."""
        if name not in dictionary().entities:
            raise UserError("checks.unknown_name", check="", name=name)
        return self.book.bases.get(name, Base())

    def _shown(self, check: Check) -> set[str]:
        return {name for name in _PLACE.findall(check.text) if name != "today" and name not in self.values(check)}

    def _need(self, check: Check, name: str, needs: Needs, used: set[str]) -> None:
        entity, base = dictionary().entities[check.base], self.base(check.base)
        if name in entity.fields:
            needs.fields.add(name)
            needs.add_tables({entity.table: {name}}, (*check.optional, *base.optional))
        elif name in base.columns:
            needs.worked_out.add(name)
            sql = filled(base.columns[name].sql, self.given, self.today, used)
            needs.add_tables({entity.table: columns_of(sql) & set(entity.fields)}, (*check.optional, *base.optional))
        elif name in self._fact_of:
            fact_name = self._fact_of[name]
            needs.facts.setdefault(fact_name, set()).add(name)
            fact = self.book.facts[fact_name]
            needs.add_tables({entity.table: {fact.key} & set(entity.fields)})
            needs.add_tables(tables_of(self.fact_sql(fact_name, {name}, used)), (*fact.optional, *check.optional))
        elif name not in KEYS:
            raise UserError("checks.unknown_name", check=check.id, name=name)

    def fact_sql(self, name: str, columns: Collection[str], used: set[str] | None = None) -> str:
        """The query that gives the wanted columns of a fact, one row a key."""
        fact = self.book.facts[name]
        wanted = [f"{fact.columns[column].sql} AS {quote_name(column)}" for column in sorted(columns)]
        where = f" WHERE {fact.where}" if fact.where else ""
        sql = f"SELECT {fact.key}, {', '.join(wanted)} FROM {fact.source}{where} GROUP BY {fact.key}"
        return filled(sql, self.given, self.today, used)

    def share(self, checks: Sequence[Check]) -> dict[str, str]:
        """Tables that are worth making once for all passes of these checks: name → query.

        They are the owners of persons' rows and the facts that several passes join. Later passes read them.
        """
        passes = {self._joined(check) for check in checks if check.base}
        wanted: dict[str, set[str]] = {}
        for check in checks:
            for fact, columns in self.needs(check).facts.items():
                wanted.setdefault(fact, set()).update(columns)
        many = {fact for fact in wanted if sum(fact in joined for joined in passes) > 1}
        tables = {f"check_fact_{fact}": self.fact_sql(fact, wanted[fact]) for fact in sorted(many)}
        if any(dictionary().entities[base].parent == "person" for base, *_ in passes):
            tables[OWNERS] = "SELECT person_id, household_id FROM persons"
        self._shared = frozenset(tables)
        return tables

    def _joined(self, check: Check) -> tuple[str, ...]:
        """The base of a check and the facts that it needs: checks with the same ones make a pass."""
        return (check.base, *sorted(self.needs(check).facts))

    def passes(self, checks: Sequence[Check]) -> list[Pass]:
        """One pass for all checks over one base with the same facts, and one for each check with SQL of its own.

        A pass with few joins carries few columns through them, which costs less than one pass with all joins.
        """
        grouped: dict[tuple[str, ...], list[Check]] = {}
        for check in checks:
            if check.base:
                grouped.setdefault(self._joined(check), []).append(check)
        passes = [self._base_pass(names, tuple(members)) for names, members in sorted(grouped.items())]
        return passes + [self._own_pass(check) for check in checks if check.sql]

    def _base_pass(self, names: tuple[str, ...], checks: tuple[Check, ...]) -> Pass:
        base = names[0]
        needs = [self.needs(check) for check in checks]
        facts: dict[str, set[str]] = {}
        for need in needs:
            for fact, columns in need.facts.items():
                facts.setdefault(fact, set()).update(columns)
        rows = self._rows(base, set().union(*(n.fields for n in needs)), self._worked_out(base, needs), facts)
        shown = sorted(set().union(*(self._shown(check) for check in checks)) - set(KEYS))
        hits = [
            f"({filled(check.where, self.values(check), self.today)}) AS hit_{number}"
            for number, check in enumerate(checks)
        ]
        carried = ", ".join([*KEYS, *map(quote_name, shown), *hits])
        any_hit = " OR ".join(f"hit_{number}" for number in range(len(checks)))
        texts = [f"CASE WHEN hit_{number} THEN {self._evidence(check)} END" for number, check in enumerate(checks)]
        flagged = f"SELECT * FROM (SELECT {carried} FROM ({rows})) WHERE {any_hit}"
        # Words are made once a column, after the filter, however many checks show it.
        said = [f"{said_as(quote_name(name), self._column_type(base, name))} AS {quote_name(name)}" for name in shown]
        carried_on = ", ".join([*KEYS, *said, *(f"hit_{number}" for number in range(len(checks)))])
        return Pass(" + ".join(names), checks, _unnested(f"SELECT {carried_on} FROM ({flagged})", checks, texts))

    def _own_pass(self, check: Check) -> Pass:
        rows = filled(check.sql, self.values(check), self.today)
        said = [f"{said_as(quote_name(name), kind)} AS {quote_name(name)}" for name, kind in check.columns.items()]
        carried = ", ".join([*KEYS, *said])
        return Pass(check.id, (check,), _unnested(f"SELECT {carried} FROM ({rows})", (check,), [self._evidence(check)]))

    def _worked_out(self, base: str, needs: Sequence[Needs]) -> dict[str, Column]:
        names: set[str] = set().union(*(need.worked_out for need in needs))
        return {name: self.base(base).columns[name] for name in sorted(names)}

    def _rows(
        self, base: str, fields: set[str], worked_out: Mapping[str, Column], facts: Mapping[str, set[str]]
    ) -> str:
        """The base's rows with the columns worked out from them and the facts joined to them."""
        entity, declared = dictionary().entities[base], self.base(base)
        computed = "".join(
            f", ({filled(column.sql, self.given, self.today)}) AS {quote_name(name)}"
            for name, column in worked_out.items()
        )
        where = f" WHERE {declared.where}" if declared.where else ""
        owners = OWNERS if OWNERS in self._shared else "persons"
        inner = f"SELECT *{computed} FROM ({_owned(entity, owners)}){where}"
        columns = [f"b.{name}" for name in KEYS]
        columns += [f"b.{quote_name(name)}" for name in sorted((fields | set(worked_out)) - set(KEYS))]
        joins = []
        for name, wanted in sorted(facts.items()):
            fact = self.book.facts[name]
            shared = f"check_fact_{name}"
            rows = shared if shared in self._shared else f"({self.fact_sql(name, wanted)})"
            joins.append(f"LEFT JOIN {rows} AS fact_{name} ON fact_{name}.{fact.key} = b.{fact.key}")
            for column in sorted(wanted):
                value, empty = f"fact_{name}.{quote_name(column)}", fact.columns[column].empty
                columns.append(f"{f'coalesce({value}, {empty})' if empty else value} AS {quote_name(column)}")
        return f"SELECT {', '.join(columns)} FROM ({inner}) AS b {' '.join(joins)}"

    def _column_type(self, base: str, name: str) -> str:
        known = dictionary().entities[base].fields.get(name)
        if known:
            return f"code:{known.codes}" if known.codes else FIELD_TYPES.get(known.type, "text")
        if name in self.base(base).columns:
            return self.base(base).columns[name].type
        return self.book.facts[self._fact_of[name]].columns[name].type if name in self._fact_of else "text"

    def _evidence(self, check: Check) -> str:
        """SQL of a finding's evidence, from columns that are words already."""
        numbers = self.values(check)
        parts = []
        for position, piece in enumerate(_PLACE.split(check.text)):
            if position % 2 == 0:
                parts += [quote(piece)] if piece else []
            elif piece == "today":
                parts.append(quote(self.today.isoformat()))
            elif piece in numbers:
                parts.append(quote(number_text(numbers[piece])))
            else:
                parts.append(quote_name(piece))
        return " || ".join(parts)


def _owned(entity: Entity, owners: str) -> str:
    """An entity's rows with `household_id` and `person_id`, the latter NULL where rows are a household's."""
    if entity.parent == "person":
        return f"SELECT r.*, o.household_id FROM {entity.table} r JOIN {owners} o ON o.person_id = r.person_id"
    if "person_id" in entity.fields:
        return f"SELECT * FROM {entity.table}"
    return f"SELECT *, CAST(NULL AS VARCHAR) AS person_id FROM {entity.table}"


def _unnested(rows: str, checks: Sequence[Check], texts: Sequence[str]) -> str:
    """One row a finding from one row with a text for each check, NULL where the check has no finding."""
    ids = ", ".join(quote(check.id) for check in checks)
    severities = ", ".join(quote(check.severity) for check in checks)
    personal = ", ".join(str(check.entity == "person") for check in checks)
    listed = (
        f"SELECT household_id, person_id, unnest([{', '.join(texts)}]) AS value, "
        f"unnest(range(1, {len(checks) + 1})) AS nth FROM ({rows})"
    )
    return (
        f"SELECT [{ids}][nth] AS check_id, [{severities}][nth] AS severity, household_id, "
        f"CASE WHEN [{personal}][nth] THEN person_id END AS person_id, value FROM ({listed}) WHERE value IS NOT NULL"
    )


def said_as(column: str, kind: str) -> str:
    """SQL text of a value as people read it: money in yuan, codes by their labels, an absent value said so."""
    if kind == "fen":
        text = f"regexp_replace(format('{{:.2f}}', {column} / 100.0), '\\.00$', '') || '元'"
    elif kind == "percent":
        text = f"format('{{:.0f}}%', {column} * 100)"
    elif kind == "number":
        text = f"regexp_replace(format('{{:.2f}}', {column}), '\\.?0+$', '')"
    elif kind == "bool":
        text = f"CASE WHEN {column} THEN '是' WHEN NOT {column} THEN '否' END"
    elif kind.startswith("code:"):
        labels = dictionary().codes[kind[5:]].values
        cases = " ".join(f"WHEN {quote(code)} THEN {quote(words.zh)}" for code, words in labels.items())
        text = f"CASE {column} {cases} ELSE {column} END"
    else:
        text = f"CAST({column} AS VARCHAR)"
    return f"coalesce({text}, {quote(UNKNOWN)})"


def number_text(number: Number) -> str:
    """A number as people read it."""
    value: Any = number.value
    if number.unit.startswith("fen"):
        return f"{value / 100:.2f}".removesuffix(".00") + "元"
    if number.unit == "share":
        return f"{value * 100:g}%"
    return value.isoformat() if isinstance(value, date) else str(value)
