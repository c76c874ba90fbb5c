"""A small schema, random households and random rules of the accepted grammar, for the rule language's tests.

Nothing here is about poverty: names are letters, values are small, and some of the values are
unknown. `RandomRules` writes Python source that the language accepts; the same seed writes the same rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from random import Random
from typing import Any

from xianjie.engines import Engine
from xianjie.rules import Entity, Field, Schema

TODAY = date(2024, 2, 29)
REGIONS = ["620000000000", "623001000000", "623002000000", "140100000000", "999901001001", None]

FIELDS = {
    "flag": Field("bool"),
    "sure": Field("bool", nullable=False),
    "count": Field("int"),
    "exact": Field("int", nullable=False),
    "money": Field("fen"),
    "cash": Field("fen", nullable=False),
    "share": Field("ratio"),
    "day": Field("date"),
    "start": Field("date", nullable=False),
    "kind": Field("text"),
}
TYPES = {"bool": "BOOLEAN", "int": "BIGINT", "fen": "BIGINT", "ratio": "DOUBLE", "date": "DATE", "text": "VARCHAR"}


def _fields(letter: str) -> dict[str, Field]:
    return {f"{letter}_{name}": field for name, field in FIELDS.items()}


SCHEMA = Schema.of(
    Entity("household", "households", "household_id", None, {"region_code": Field("text"), **_fields("h")}),
    Entity("person", "persons", "person_id", "household", _fields("p"), collection="members"),
    Entity("bill", "bills", "bill_id", "person", _fields("b")),
    Entity("house", "houses", "house_id", "household", _fields("e")),
)

PARAMETERS = """
parameters:
  line:
    label: 线
    unit: fen
    values:
      "00": {2020-01-01: {value: 300, source: 甲, trust: stated}, 2024-01-01: {value: 450, source: 乙, trust: stated}}
      "62": {2021-01-01: {value: 500, source: 丙, trust: local}}
      "6230": {2023-01-01: {unknown: true, note: 另有标准}}
      "623002": {2022-01-01: {value: 700, until: 2022-12-31, source: 丁, trust: local}}
  limit: {label: 限, unit: "1", values: {"00": {2020-01-01: {value: 3, source: 甲, trust: stated}}}}
  part: {label: 比, unit: ratio, values: {"00": {2020-01-01: {value: 0.5, source: 甲, trust: stated}},
    "14": {2020-01-01: {value: 0.35, source: 甲, trust: stated}}}}
  regional: {label: 地方, unit: fen, values: {"62": {2020-01-01: {yuan: 1.5, source: 甲, trust: stated}}}}
  first_day: {label: 日, unit: date, values: {"00": {2020-01-01: {value: 2000-02-29, source: 甲, trust: stated}}}}
  rates: {label: 段, unit: ratio, values: {"00": {2020-01-01: {value: [{from: 0, rate: 0.5}, {from: 300, rate: 0.755}],
    source: 甲, trust: stated}}, "14": {2020-01-01: {value: [{from: 100, rate: 0.3}], source: 甲, trust: stated}}}}
  steps: {label: 档, unit: fen, values: {"00": {2020-01-01: {value: [{from: 0, value: 10}, {from: 200, value: 20}],
    source: 甲, trust: stated}}}}
  kinds: {label: 类, unit: text, values: {"00": {2020-01-01: {value: [甲, 乙], source: 甲, trust: stated}},
    "62": {2020-01-01: {value: [乙, 丙], source: 甲, trust: stated}}}}
"""
PARAMS = {"line": "fen", "limit": "int", "part": "ratio", "regional": "fen", "first_day": "date"}


def random_value(random: Random, field: Field) -> Any:
    """A value of a field's type, often unknown where the field may be."""
    if field.nullable and random.random() < 0.12:
        return None
    match field.type:
        case "bool":
            return random.random() < 0.5
        case "int":
            return random.randint(-3, 9)
        case "fen":
            return random.choice([0, 100, 250, 299, 300, 301, 450, -150, random.randint(-1000, 1000)])
        case "ratio":
            return random.choice([0.0, 0.1, 0.5, 1.0, -0.25, random.random() * 4])
        case "date":
            edge = [date(2024, 2, 29), date(2023, 2, 28), date(2000, 2, 29), date(2023, 12, 31), date(2024, 1, 31)]
            return random.choice([*edge, date(1950, 1, 1) + timedelta(days=random.randint(0, 27_000))])
    return random.choice(["甲", "乙", "丙", "it's", ""])


def random_households(random: Random, number: int) -> list[dict[str, Any]]:
    """Households with 0 to 4 persons, persons with 0 to 3 bills, 0 to 2 houses."""

    def make(entity: str, key: str) -> dict[str, Any]:
        fields = SCHEMA.entities[entity].fields
        row = {name: random_value(random, field) for name, field in fields.items() if name != "region_code"}
        return {SCHEMA.entities[entity].key: key, **row}

    households = []
    for position in range(number):
        household = make("household", f"h{position:04d}")
        household["region_code"] = random.choice(REGIONS)
        key = household["household_id"]
        household["houses"] = [make("house", f"{key}e{n}") for n in range(random.choice([0, 1, 1, 2]))]
        household["members"] = []
        for number_ in range(random.choice([0, 1, 2, 3, 4])):
            person = make("person", f"{key}p{number_}")
            person["bills"] = [
                make("bill", f"{person['person_id']}b{n}") for n in range(random.choice([0, 0, 1, 2, 3]))
            ]
            household["members"].append(person)
        households.append(household)
    return households


def flat(households: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The households as rows of tables."""
    tables: dict[str, list[dict[str, Any]]] = {"households": [], "persons": [], "bills": [], "houses": []}
    for household in households:
        key = {"household_id": household["household_id"]}
        tables["households"].append(household)
        tables["houses"] += [{**key, **house} for house in household["houses"]]
        for person in household["members"]:
            tables["persons"].append({**key, **person})
            tables["bills"] += [{"person_id": person["person_id"], **bill} for bill in person["bills"]]
    return tables


def load_tables(engine: Engine, households: list[dict[str, Any]]) -> None:
    """Put the households into the engine's tables."""
    rows = flat(households)
    for entity in SCHEMA.entities.values():
        columns = {entity.key: "VARCHAR"}
        if entity.parent:
            columns[SCHEMA.entities[entity.parent].key] = "VARCHAR"
        columns |= {name: TYPES[field.type] for name, field in entity.fields.items()}
        engine.create_table(
            entity.table, columns, [tuple(row.get(column) for column in columns) for row in rows[entity.table]]
        )


class RandomRules:
    """Writes rules: `write(random, n)` gives the source of n rules, each able to use those before it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.rules: dict[str, list[tuple[str, str]]] = {"household": [], "person": []}

    def write(self, number: int) -> str:
        parts = ["from xianjie.rules import household, person"]
        for position in range(number):
            entity = self.random.choice(["person", "person", "household", "household", "household"])
            if position == number - 1:
                entity = "household"
            parts.append(_Rule(self, entity, f"{entity[0]}rule{position}").write())
        return "\n\n\n".join(parts) + "\n"


class _Rule:
    """Writes one rule. Atoms that are certain may stand anywhere; doubtful ones only where unknowns may."""

    def __init__(self, owner: RandomRules, entity: str, name: str) -> None:
        self.owner, self.random, self.entity, self.name = owner, owner.random, entity, name
        letter = entity[0]
        own = [(f"{letter}_{field}", kind.type) for field, kind in FIELDS.items()] + owner.rules[entity]
        own += [*PARAMS.items(), ("today", "date")]
        if entity == "person":
            own += [(f"household.h_{field}", kind.type) for field, kind in FIELDS.items()]
            own += [(f"household.{rule}", kind) for rule, kind in owner.rules["household"]]
        tolerant = {
            one
            for one in self.random.sample(own, k=min(3, len(own)))
            if one[0] != "today" and not one[0].endswith("_exact")
        }
        self.doubtful = sorted(tolerant)
        self.certain = [one for one in own if one not in tolerant]
        self.items: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {}
        for collection, first in (("members", "p"), ("houses", "e")) if entity == "household" else (("bills", "b"),):
            reads = [(f"m.{first}_{field}", kind.type) for field, kind in FIELDS.items()]
            if collection == "members":
                reads += [(f"m.{rule}", kind) for rule, kind in owner.rules["person"]]
            open_items = sorted(self.random.sample(reads, k=2))
            self.items[collection] = ([one for one in reads if one not in open_items], open_items)
        self.used: set[str] = set()
        self.inside: str | None = None  # the collection whose comprehension we are in
        self.known: list[tuple[str, str]] = []
        self.locals: list[tuple[str, str, bool]] = []  # name, type, holds an aggregate
        self.aggregates = True
        self.counter = 0

    def write(self) -> str:
        kind = self.random.choice(["bool", "bool", "int", "fen", "ratio", "date"])
        body = self.block(kind, 2, "    ")
        arguments = ", ".join(sorted({name.split(".")[0] for name in self.used}))
        self.owner.rules[self.entity].append((self.name, kind))
        return f"@{self.entity}\ndef {self.name}({arguments}):\n{body}"

    # Statements

    def block(self, kind: str, depth: int, indent: str) -> str:
        """Statements that return a value on every path."""
        choice = self.random.random()
        if depth == 0 or choice < 0.25:
            return f"{indent}return {self.returned(kind)}\n"
        if choice < 0.45:
            name = self.fresh()
            local_kind = self.random.choice(["bool", "int", "fen", "ratio"])
            before = len(self.used)
            text = self.expression(local_kind, 2)
            del before
            self.locals.append((name, local_kind, "for m in" in text or "len(" in text or self.holds(text)))
            rest = self.block(kind, depth - 1, indent)
            self.locals.pop()
            return f"{indent}{name} = {text}\n{rest}"
        if choice < 0.6 and self.doubtful:
            atom = self.random.choice(self.doubtful)
            self.use(atom[0])
            head = f"{indent}if {atom[0]} is None:\n{self.block(kind, depth - 1, indent + '    ')}"
            with self.narrowed(atom):
                return head + self.block(kind, depth - 1, indent)
        if choice < 0.7:
            return self.merged(kind, depth, indent)
        if choice < 0.8:
            return self.quotient(kind, depth, indent)
        test = self.expression("bool", 2)
        inner = self.block(kind, depth - 1, indent + "    ")
        if self.random.random() < 0.5:
            return f"{indent}if {test}:\n{inner}{indent}else:\n{self.block(kind, depth - 1, indent + '    ')}"
        return f"{indent}if {test}:\n{inner}{self.block(kind, depth - 1, indent)}"

    def merged(self, kind: str, depth: int, indent: str) -> str:
        """A local name set in both branches."""
        name = self.fresh()
        local_kind = self.random.choice(["bool", "int", "fen"])
        test, yes, no = self.expression("bool", 1), self.expression(local_kind, 1), self.expression(local_kind, 1)
        held = any("for m in" in text or self.holds(text) or "len(" in text for text in (test, yes, no))
        self.locals.append((name, local_kind, held))
        rest = self.block(kind, depth - 1, indent)
        self.locals.pop()
        return f"{indent}if {test}:\n{indent}    {name} = {yes}\n{indent}else:\n{indent}    {name} = {no}\n{rest}"

    def quotient(self, kind: str, depth: int, indent: str) -> str:
        """A division, tested before use."""
        name = self.fresh()
        with self.no_aggregates():
            text = f"divide({self.expression('fen', 1)}, {self.divisor()})"
        head = f"{indent}{name} = {text}\n{indent}if {name} is None:\n"
        head += self.block(kind, depth - 1, indent + "    ")
        self.locals.append((name, "ratio", self.holds(text)))
        rest = self.block(kind, depth - 1, indent)
        self.locals.pop()
        return head + rest

    def returned(self, kind: str) -> str:
        """A result, which may be unknown."""
        choice = self.random.random()
        if choice < 0.08:
            return "None" if self.counter else self.expression(kind, 2)
        doubtful = [atom for atom in self.doubtful if atom[1] == kind]
        if choice < 0.15 and doubtful:
            return self.use(self.random.choice(doubtful)[0])
        if choice < 0.25 and kind == "ratio":
            return f"divide({self.expression('fen', 1)}, {self.divisor()})"
        if choice < 0.35 and kind == "int":
            return f"round_half_up({self.expression('int', 1)}, {self.expression('int', 1)})"
        if choice < 0.4 and kind == "fen":
            return f"brackets({self.expression('fen', 1)}, {self.use('steps')})"
        if choice < 0.5 and kind == "bool":
            return self.kleene()
        if choice < 0.6 and kind == "bool" and self.entity == "household":
            return self.kleene_items()
        return self.expression(kind, 3)

    # Expressions

    def expression(self, kind: str, depth: int) -> str:
        """An expression of a type, certain where it stands."""
        atoms = self.atoms(kind)
        if depth <= 0 or (atoms and self.random.random() < 0.3):
            return self.atom(kind, atoms)
        if self.random.random() < 0.1:
            test = self.expression("bool", depth - 1)
            return f"({self.expression(kind, depth - 1)} if {test} else {self.expression(kind, depth - 1)})"
        if self.random.random() < 0.25 and self.inside is None and self.aggregates and kind != "ratio":
            text = self.aggregate(kind, depth - 1)
            if text:
                return text
        known = self.first_known(kind) if self.random.random() < 0.1 else None
        return known or getattr(self, f"a_{kind}")(depth - 1)

    def atoms(self, kind: str) -> list[str]:
        names = [name for name, one, held in self.locals if one == kind and not (held and self.inside)]
        names += [name for name, one in self.known if one == kind]
        if self.inside:
            strict = [] if not self.aggregates else self.items[self.inside][0]
            names += [name for name, one in strict if one == kind] * 3
        return names + [name for name, one in self.certain if one == kind]

    def atom(self, kind: str, atoms: list[str]) -> str:
        if atoms and self.random.random() < 0.85:
            return self.use(self.random.choice(atoms))
        return {
            "bool": self.random.choice(["True", "False"]), "int": str(self.random.randint(0, 5)),
            "fen": self.random.choice(self.atoms("fen")), "ratio": self.random.choice(["0.5", "1.25", "2.0"]),
            "date": "date(2020, 2, 29)", "text": "'甲'",
        }[kind] if kind != "fen" else self.use(self.random.choice(self.atoms("fen")))  # fmt: skip

    def a_bool(self, depth: int) -> str:
        kind = self.random.choice(["int", "fen", "ratio", "date", "text", "logic", "logic", "not", "chain", "none"])
        sign = self.random.choice(["<", "<=", ">", ">=", "==", "!="])
        if kind in ("int", "fen", "ratio", "date"):
            return f"({self.expression(kind, depth)} {sign} {self.expression(kind, depth)})"
        if kind == "text":
            value = self.expression("text", 0)
            choice = self.random.choice(["in", "not in", "list", "=="])
            if choice == "list":
                return f"({value} in {self.use('kinds')})"
            return f"({value} == '乙')" if choice == "==" else f"({value} {choice} ('甲', \"it's\"))"
        if kind == "not":
            return f"(not {self.expression('bool', depth)})"
        if kind == "chain":
            return f"({self.expression('int', depth)} <= {self.expression('int', depth)} < {self.random.randint(1, 6)})"
        if kind == "none":
            text = self.none_test(depth)
            if text:
                return text
        return (
            f"({self.expression('bool', depth)} {self.random.choice(['and', 'or'])} {self.expression('bool', depth)})"
        )

    def none_test(self, depth: int) -> str | None:
        doubtful = self.items[self.inside][1] if self.inside else self.doubtful
        if not doubtful:
            return None
        atom = self.random.choice(doubtful)
        name = self.use(atom[0])
        if self.random.random() < 0.3:
            return f"({name} is {self.random.choice(['', 'not '])}None)"
        word = self.random.choice(["and", "or"])
        with self.narrowed(atom):
            inner = self.expression("bool", depth)
            if atom[1] in ("int", "fen", "date", "ratio") and self.random.random() < 0.7:
                inner = f"{name} > {self.expression(atom[1], 0)}"
        return f"({name} is {'not ' if word == 'and' else ''}None {word} {inner})"

    def a_int(self, depth: int) -> str:
        choice = self.random.randint(0, 7)
        if choice < 2:
            return f"({self.expression('int', depth)} {self.random.choice('+-')} {self.expression('int', depth)})"
        if choice == 2:
            return f"({self.expression('int', depth)} * {self.random.randint(-2, 3)})"
        if choice == 3:
            return f"{self.random.choice(['min', 'max'])}({self.expression('int', depth)}, {self.expression('int', 0)})"
        if choice == 4:
            function = self.random.choice(["years_between", "months_between", "days_between"])
            # The product with a number of no unit has none either, so that it may meet any other number.
            days = f"{function}({self.expression('date', depth)}, {self.expression('date', depth)})"
            return f"({days} * {self.plain_number()})"
        if choice == 5:
            return f"{self.random.choice(['year_of', 'month_of'])}({self.expression('date', depth)})"
        if choice == 6:
            return f"round_half_up({self.expression('ratio', depth)})"
        return f"round_half_up({self.expression('int', depth)}, {self.random.choice(['2', '7', '-3'])})"

    def a_fen(self, depth: int) -> str:
        choice = self.random.randint(0, 6)
        if choice < 2:
            return f"({self.expression('fen', depth)} {self.random.choice('+-')} {self.expression('fen', depth)})"
        if choice == 2:
            return f"({self.random.randint(1, 3)} * {self.expression('fen', depth)})"
        if choice == 3:
            function = self.random.choice(["floor_yuan", "ceil_yuan"])
            return f"{function}({self.expression('fen', depth)} * {self.expression('ratio', 0)})"
        if choice == 4:
            return f"{self.random.choice(['floor_yuan', 'ceil_yuan'])}({self.expression('fen', depth)})"
        if choice == 5:
            return f"brackets({self.expression('fen', depth)}, {self.use('rates')})"
        return f"{self.random.choice(['min', 'max'])}({self.expression('fen', depth)}, {self.expression('fen', 0)})"

    def a_ratio(self, depth: int) -> str:
        choice = self.random.randint(0, 3)
        if choice == 0:
            return f"divide({self.expression('int', depth)}, {self.random.choice(['3', '8'])})"
        if choice == 1:
            return f"({self.expression('ratio', depth)} * {self.expression('ratio', 0)})"
        if choice == 2:
            return f"max({self.expression('ratio', depth)}, 0.25)"
        return f"({self.expression('ratio', depth)} {self.random.choice('+-')} {self.expression('ratio', 0)})"

    def a_date(self, depth: int) -> str:
        choice = self.random.randint(0, 2)
        if choice == 0:
            return f"add_months({self.expression('date', depth)}, {self.random.choice(['1', '-12', '13'])})"
        if choice == 1:
            return f"add_days({self.expression('date', depth)}, {self.random.choice(['1', '-30'])})"
        return f"{self.random.choice(['min', 'max'])}({self.expression('date', 0)}, {self.expression('date', 0)})"

    def a_text(self, depth: int) -> str:
        return self.atom("text", self.atoms("text"))

    # Unknowns and aggregates

    def first_known(self, kind: str) -> str | None:
        doubtful = [one for one in (self.items[self.inside][1] if self.inside else self.doubtful) if one[1] == kind]
        if not doubtful:
            return None
        name = self.use(self.random.choice(doubtful)[0])
        with self.no_aggregates():
            return f"first_known({name}, {self.open_argument(kind)})"

    def open_argument(self, kind: str) -> str:
        """An argument of either, both, first_known that is certain: not a bare name, which would be doubtful."""
        text = self.expression(kind, 0)
        if not text.replace(".", "").replace("_", "").isalnum() or text[0].isdigit() or text in ("True", "False"):
            return text
        return {"bool": f"({text} or {text})", "text": "'甲'"}.get(kind, f"max({text}, {text})")

    def divisor(self) -> str:
        return f"({self.expression('int', 1)} - {self.plain_number()})"

    def plain_number(self) -> str:
        """A number that certainly has no unit."""
        return self.use(self.random.choice([name for name, _ in self.certain if name.endswith(("_exact", "_count"))]))

    def kleene(self) -> str:
        doubtful = [name for name, kind in self.doubtful if kind == "bool"]
        with self.no_aggregates():
            parts = [self.use(name) for name in doubtful] + [self.open_argument("bool"), self.a_bool(0)]
        self.random.shuffle(parts)
        return f"{self.random.choice(['either', 'both'])}({', '.join(parts)})"

    def kleene_items(self) -> str:
        collection = self.random.choice(sorted(self.items))
        self.use(collection)
        doubtful = [name for name, kind in self.items[collection][1] if kind == "bool"]
        with self.within(collection):
            condition = f" if {self.expression('bool', 1)}" if self.random.random() < 0.5 else ""
            with self.no_aggregates():
                element = self.random.choice(doubtful) if doubtful else self.open_argument("bool")
        return f"{self.random.choice(['either', 'both'])}({element} for m in {collection}{condition})"

    def aggregate(self, kind: str, depth: int) -> str | None:
        if kind == "text":
            return None
        collection = self.random.choice(sorted(self.items))
        self.use(collection)
        if kind == "int" and self.random.random() < 0.2:
            return f"(len({collection}) * {self.plain_number()})"
        with self.within(collection):
            narrowed = None
            condition = ""
            if self.random.random() < 0.25:
                narrowed = self.random.choice(self.items[collection][1])
                condition = f" if {narrowed[0]} is not None"
            with self.narrowed(narrowed):
                if self.random.random() < 0.5:
                    condition += f" if {self.expression('bool', min(depth, 1))}"
                if kind == "int" and self.random.random() < 0.3:
                    count = f"sum(1 for m in {collection}{condition})"
                    self.inside = None
                    return f"({count} * {self.plain_number()})"
                element = self.expression(kind, min(depth, 1))
        if kind == "bool":
            return f"{self.random.choice(['any', 'all'])}({element} for m in {collection}{condition})"
        if kind == "date" or self.random.random() < 0.4:
            default = {"int": "0", "fen": "0", "date": "date(2001, 1, 1)"}[kind]
            return (
                f"{self.random.choice(['min', 'max'])}(({element} for m in {collection}{condition}), default={default})"
            )
        if element.isdigit():
            element = f"({element} * 2)"
        return f"sum({element} for m in {collection}{condition})"

    # Bookkeeping

    def use(self, name: str) -> str:
        if not name.startswith("m.") and not any(name == local for local, _, _ in self.locals):
            self.used.add(name)
        return name

    def holds(self, text: str) -> bool:
        return any(held and name in text for name, _, held in self.locals)

    def fresh(self) -> str:
        self.counter += 1
        return f"x{self.counter}"

    @contextmanager
    def narrowed(self, atom: tuple[str, str] | None) -> Iterator[None]:
        if atom is not None:
            self.known.append(atom)
        yield
        if atom is not None:
            self.known.pop()

    @contextmanager
    def within(self, collection: str) -> Iterator[None]:
        self.inside = collection
        yield
        self.inside = None

    @contextmanager
    def no_aggregates(self) -> Iterator[None]:
        before, self.aggregates = self.aggregates, False
        yield
        self.aggregates = before
