"""From rules to a plan for a whole population: which values of which entity, in which pass, in which order.

A *cell* is one column of one entity: a table's column, a rule's result, a value fetched from the parent
(`up`) or an aggregate over a collection. Each cell has a *time*. The relation of an entity at time t may
join its parent's and its collections' relations of earlier times. Every cell is put as late as its users
allow, which brings as many as possible into one pass over each table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from xianjie.rules.grammar import Version
from xianjie.rules.ir import Agg, Const, Expr, Input, Local, walk
from xianjie.rules.policy import Policy, Resolved

CellKey = tuple[str, str]
CLASS = "_class"
HOIST_FROM = 3


@dataclass(eq=False)
class Variant:
    """The form that a rule takes in some of the region classes; `body` None where it has no value at all.

    `strict` are the inputs that make the result unknown; `aggs` and `hoisted` tell under which cell an
    aggregate or a local name's value (by identity) is found.
    """

    classes: tuple[int, ...]
    body: Expr | None
    strict: list[Input] = field(default_factory=list)
    aggs: dict[int, str] = field(default_factory=dict)
    hoisted: dict[int, str] = field(default_factory=dict)


@dataclass(eq=False)
class Cell:
    """One column of one entity. `kind`: column, class, up (from the parent's cell `source`), rule, agg."""

    entity: str
    name: str
    kind: str
    type: str
    nullable: bool = True
    variants: list[Variant] = field(default_factory=list)
    source: CellKey | None = None
    child: str = ""
    deps: set[CellKey] = field(default_factory=set)
    time: int = 0

    @property
    def key(self) -> CellKey:
        """Entity and name."""
        return (self.entity, self.name)


class Plan:
    """All cells that the wanted results of one entity need, with their times.

    `regions` are the region classes in the data (see `Policy.nearest`); `absent` names tables, and columns
    as `table.column`, that the data do not have: what reads them is unknown.
    """

    def __init__(
        self, policy: Policy, entity: str, results: list[str], day: date, regions: list[str], absent: frozenset[str]
    ) -> None:
        self.policy, self.schema, self.entity, self.day = policy, policy.schema, entity, day
        self.absent = absent
        self.regions = sorted(set(regions) or {"00"})
        self.resolved: list[Resolved] = [policy.resolve(region, day) for region in self.regions]
        self.cells: dict[CellKey, Cell] = {}
        self.results = [self.cell(entity, name) for name in results]

    # Cells ------------------------------------------------------------------------------------------------

    def cell(self, entity: str, name: str) -> Cell:
        """The cell of a field or rule, made on first use."""
        key = (entity, name)
        if key not in self.cells:
            self.cells[key] = self._rule(key) if key in self.policy.versions else self._column(key)
        return self.cells[key]

    def _column(self, key: CellKey) -> Cell:
        entity = self.schema.entities[key[0]]
        declared = entity.fields.get(key[1])
        missing = bool({entity.table, f"{entity.table}.{key[1]}"} & self.absent)
        kind = declared.type if declared else "text"
        return Cell(*key, kind="column", type=kind, nullable=missing or declared is None or declared.nullable)

    def class_cell(self, entity: str) -> Cell:
        """The number of the region class of each row; for entities below the root, fetched from the parent."""
        if entity == self.schema.root:
            cell = Cell(entity, CLASS, "class", "int", nullable=False)
            cell.deps = {self.cell(entity, self.schema.region).key}
            return self.cells.setdefault(cell.key, cell)
        parent = self.schema.entities[entity].parent
        assert parent is not None
        return self.up(entity, self.class_cell(parent).key)

    def up(self, entity: str, source: CellKey) -> Cell:
        """The parent's cell `source` as seen from its collection `entity`."""
        found = self.cells[source]
        cell = Cell(entity, f"{source[0]}__{source[1]}", "up", found.type, found.nullable, source=source)
        return self.cells.setdefault(cell.key, cell)

    def _rule(self, key: CellKey) -> Cell:
        versions = self.policy.versions[key]
        cell = Cell(*key, kind="rule", type=versions[0].type)
        groups: dict[int, tuple[Version | None, list[int]]] = {}
        for number, resolved in enumerate(self.resolved):
            version = self._usable(resolved, key)
            groups.setdefault(id(version), (version, []))[1].append(number)
        for version, classes in groups.values():
            cell.variants.append(self._variant(cell, version, tuple(classes)))
        if len(cell.variants) > 1:
            cell.deps.add(self.class_cell(cell.entity).key)
        cell.nullable = any(self._nullable(cell.entity, variant) for variant in cell.variants)
        return cell

    def _usable(self, resolved: Resolved, key: CellKey) -> Version | None:
        """The rule's version in a region class, or None when it has no value there whatever the data say."""
        version = resolved.version(key)
        if version is None:
            return None
        for name, binding in version.arguments.items():
            if binding.kind == "collection" and self.schema.entities[binding.entity].table in self.absent:
                return None
            if binding.kind == "param" and name not in version.tolerant:
                value = resolved.parameter(name)
                if value is None or not value.known:
                    return None
        return version

    def _variant(self, cell: Cell, version: Version | None, classes: tuple[int, ...]) -> Variant:
        if version is None:
            return Variant(classes, None)
        variant = Variant(classes, version.body)
        uses = _uses(version.body)
        number = len(cell.variants)
        for part in walk(version.body):
            if isinstance(part, Agg) and id(part) not in variant.aggs:
                variant.aggs[id(part)] = self.agg(cell, part, classes, number).name
        for part in _postorder(version.body):
            if isinstance(part, Local) and uses[id(part.value)] > 1 and _size(part.value) >= HOIST_FROM:
                self._hoist(cell, variant, part, number)
        variant.strict = self._strict_inputs(version)
        cell.deps |= self.reads(cell.entity, variant, version.body)
        for entry in variant.strict:
            cell.deps.add(self._input_cell(cell.entity, entry).key)
        return variant

    def _strict_inputs(self, version: Version) -> list[Input]:
        found: list[Input] = []
        for name in version.strict:
            if name in version.parents:
                found.append(Input(scope="parent", name=name.split(".")[1], type=version.parents[name].type))
            elif version.arguments[name].kind == "value":
                found.append(Input(scope="self", name=name, type=version.arguments[name].type))
        return found

    def _hoist(self, cell: Cell, variant: Variant, local: Local, number: int) -> None:
        """Give a local name's value, used more than once, a column of its own."""
        if id(local.value) in variant.hoisted:
            return
        name = f"{cell.name}__{local.name}_{number}_{len(variant.hoisted)}"
        hoisted = Cell(cell.entity, name, "rule", local.type)
        body = Variant(variant.classes, local.value, aggs=variant.aggs, hoisted=dict(variant.hoisted))
        hoisted.deps = self.reads(cell.entity, body, local.value)
        # A rule that exists in some regions only: elsewhere nobody reads this column.
        hoisted.variants = [body]
        self.cells[hoisted.key] = hoisted
        variant.hoisted[id(local.value)] = name

    def agg(self, cell: Cell, agg: Agg, classes: tuple[int, ...], number: int) -> Cell:
        """The cell of an aggregate that a rule contains."""
        name = f"{cell.name}__{agg.kind}_{number}_{len(self.cells)}"
        made = Cell(cell.entity, name, "agg", agg.type, child=agg.entity)
        made.variants = [Variant(classes, agg)]
        self.cells[made.key] = made
        for part in (agg.element, agg.condition):
            for leaf in walk(part) if part is not None else ():
                if isinstance(leaf, Input):
                    found = self.item_cell(cell.entity, agg.entity, leaf, classes)
                    if found is not None:
                        made.deps.add(found.key)
        made.nullable = agg.maybe or self.stops(agg.entity, agg)
        return made

    def item_cell(self, outer: str, child: str, leaf: Input, classes: tuple[int, ...]) -> Cell | None:
        """The cell, on the collection's side, of something that an aggregate of `outer` reads."""
        if leaf.scope == "item":
            return self.cell(child, leaf.name)
        if leaf.scope == "param":
            return self.class_cell(child) if self.varies(leaf.name, classes) else None
        if leaf.scope == "today":
            return None
        return self.up(child, self._input_cell(outer, leaf).key)

    def _input_cell(self, entity: str, leaf: Input) -> Cell:
        if leaf.scope == "parent":
            parent = self.schema.entities[entity].parent
            assert parent is not None
            return self.up(entity, self.cell(parent, leaf.name).key)
        return self.cell(entity, leaf.name)

    def input_name(self, entity: str, leaf: Input) -> str:
        """The column under which a rule's input stands in its entity's relation."""
        return self._input_cell(entity, leaf).name

    def reads(self, entity: str, variant: Variant, body: Expr) -> set[CellKey]:
        """Cells of `entity` that an expression reads, not looking into aggregates and hoisted names."""
        found: set[CellKey] = set()
        for part in walk_until(body, variant):
            if isinstance(part, Input) and part.scope in ("self", "parent"):
                found.add(self._input_cell(entity, part).key)
            elif isinstance(part, Input) and part.scope == "param" and self.varies(part.name, variant.classes):
                found.add(self.class_cell(entity).key)
            elif isinstance(part, Agg):
                found.add((entity, variant.aggs[id(part)]))
            elif isinstance(part, Local) and id(part.value) in variant.hoisted and part.value is not body:
                found.add((entity, variant.hoisted[id(part.value)]))
        return found

    # Parameters -------------------------------------------------------------------------------------------

    def parameter(self, name: str, classes: Iterable[int]) -> dict[int, Any]:
        """A parameter's value in each class; None where nobody has it."""
        found = {number: self.resolved[number].parameter(name) for number in classes}
        return {number: value.value if value is not None else None for number, value in found.items()}

    def varies(self, name: str, classes: Iterable[int]) -> bool:
        """Whether a parameter has different values in these classes."""
        return len({repr(value) for value in self.parameter(name, classes).values()}) > 1

    # Unknowns ---------------------------------------------------------------------------------------------

    def stops(self, child: str, expr: Expr, aggs: dict[int, str] | None = None, entity: str = "") -> bool:
        """Whether an expression may be NULL because an item's unknown value stops the rule.

        Within an aggregate `child` is the collection; elsewhere `aggs` and `entity` tell the aggregates' cells.
        """
        match expr:
            case Local():
                return False
            case Input():
                return expr.scope == "item" and expr.strict and self.cell(child, expr.name).nullable
            case Agg() if aggs is not None:
                agg = self.cells[(entity, aggs[id(expr)])].variants[0].body
                assert isinstance(agg, Agg)
                return self.stops(agg.entity, agg)
            case _:
                open_ended = getattr(expr, "op", "") in ("is_none", "either", "both", "first_known")
                return not open_ended and any(self.stops(child, part, aggs, entity) for part in expr.parts())

    def _nullable(self, entity: str, variant: Variant) -> bool:
        if variant.body is None or variant.body.maybe:
            return True
        if any(self._input_cell(entity, entry).nullable for entry in variant.strict):
            return True
        stopping = [part for part in walk(variant.body) if isinstance(part, Agg)]
        return any(self.cells[(entity, variant.aggs[id(part)])].nullable for part in stopping)

    # Times ------------------------------------------------------------------------------------------------

    def set_times(self, wanted: list[Cell]) -> None:
        """Fix every cell's time, once it is known which cells are wanted in the end."""
        earliest: dict[CellKey, int] = {}
        order = list(self._in_order(wanted))
        for cell in order:
            steps = [earliest[dep] + (1 if cell.kind in ("agg", "up") else 0) for dep in self.inputs(cell)]
            earliest[cell.key] = max(steps, default=0 if cell.kind != "agg" else 1)
        last = max((earliest[cell.key] for cell in wanted), default=0)
        latest = dict.fromkeys(earliest, last)
        for cell in reversed(order):
            for dep in self.inputs(cell):
                latest[dep] = min(latest[dep], latest[cell.key] - (1 if cell.kind in ("agg", "up") else 0))
        for cell in order:
            cell.time = latest[cell.key]
        self.last = last

    def inputs(self, cell: Cell) -> list[CellKey]:
        """The cells that a cell is made from."""
        return [cell.source] if cell.source else sorted(cell.deps)

    def _in_order(self, wanted: list[Cell]) -> Iterator[Cell]:
        done: set[CellKey] = set()

        def visit(cell: Cell) -> Iterator[Cell]:
            if cell.key in done:
                return
            done.add(cell.key)
            for dep in self.inputs(cell):
                yield from visit(self.cells[dep])
            yield cell

        for cell in wanted:
            yield from visit(cell)


def walk_until(body: Expr, variant: Variant) -> Iterator[Expr]:
    """The parts of an expression, not entering aggregates (except their defaults) and hoisted names."""
    seen: set[int] = set()
    todo = [body]
    while todo:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, Agg):
            todo += [current.default] if current.default is not None else []
        elif not (isinstance(current, Local) and id(current.value) in variant.hoisted):
            todo += reversed(current.parts())


def _postorder(body: Expr) -> list[Expr]:
    """The parts of an expression, each after everything it is made of."""
    found: dict[int, Expr] = {}

    def visit(part: Expr) -> None:
        if id(part) not in found:
            for below in part.parts():
                visit(below)
            found[id(part)] = part

    visit(body)
    return list(found.values())


def _uses(body: Expr) -> dict[int, int]:
    """How often each local name's value is read."""
    counts: dict[int, int] = {}
    for part in walk(body):
        if isinstance(part, Agg):
            continue
        for below in part.parts():
            if isinstance(below, Local):
                counts[id(below.value)] = counts.get(id(below.value), 0) + 1
    if isinstance(body, Local):
        counts[id(body.value)] = counts.get(id(body.value), 0) + 1
    for part in walk(body):
        if isinstance(part, Local):
            counts.setdefault(id(part.value), 1)
    return counts


def _size(expr: Expr) -> int:
    return sum(1 for part in walk(expr) if not isinstance(part, Const))
