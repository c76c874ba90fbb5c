"""A plan → one SQL statement, in forms that DuckDB and Spark compute alike (see tests/rules/test_engine_traps.py)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from xianjie.rules.emit import Emitter
from xianjie.rules.forms import Sql, binary, case, cast, name_of, number
from xianjie.rules.ir import Agg
from xianjie.rules.masks import Masks
from xianjie.rules.plan import Cell, CellKey, Plan

RelationKey = tuple[str, int]


def table_of(name: str, alias: str | None = None) -> exp.Table:
    """A table in FROM, quoted."""
    table = exp.Table(this=exp.to_identifier(name, quoted=True))
    if alias is not None:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    return table


class Statement:
    """Writes the relations of a plan as common table expressions, earliest first."""

    def __init__(self, plan: Plan, dialect: str, casts: dict[str, str] | None = None) -> None:
        self.plan, self.dialect, self.schema = plan, dialect, plan.schema
        self.casts = casts or {}
        self.demand: dict[RelationKey, set[str]] = {}
        self.base: dict[RelationKey, int | None] = {}
        self.computed: dict[RelationKey, set[str]] = {}
        self.ctes: list[tuple[str, exp.Select]] = []
        self.names: dict[RelationKey, str] = {}

    def build(self, ordered: bool, missing: bool = False) -> exp.Select:
        """The whole statement: key and results, one row per row of the entity's table.

        With `missing`, a text column `<result>__missing` beside each result that may be unknown.
        """
        plan = self.plan
        masks = Masks(plan) if missing else None
        bits = {cell.name: masks.columns(cell.name) for cell in plan.results} if masks else {}
        wanted = [*plan.results, *(mask for columns in bits.values() for mask in columns)]
        plan.set_times(wanted)
        entity = self.schema.entities[plan.entity]
        top: RelationKey = (plan.entity, plan.last)
        self.demand[top] = {cell.name for cell in wanted}
        for time in range(plan.last, -1, -1):
            for relation in sorted(key for key in self.demand if key[1] == time):
                self._settle(relation)
        for relation in sorted(self.demand, key=lambda key: (key[1], key[0])):
            self._write(relation)
        columns: list[Sql] = [name_of(entity.key)]
        for cell in plan.results:
            columns += [name_of(cell.name)] if cell.name != entity.key else []
            if masks and bits[cell.name]:
                columns.append(
                    exp.alias_(_missing(masks, bits[cell.name]), f"{cell.name}__missing", quoted=True, copy=False)
                )
        final = exp.select(*columns, copy=False).from_(table_of(self.names[top]), copy=False)
        for name, select in self.ctes:
            final = final.with_(exp.to_identifier(name, quoted=True), as_=select, copy=False)
        return final.order_by(name_of(entity.key), copy=False) if ordered else final

    # What each relation must offer ------------------------------------------------------------------------

    def _settle(self, relation: RelationKey) -> None:
        """Decide what a relation computes itself and what it asks of earlier ones."""
        entity, time = relation
        here: set[str] = set()
        earlier: set[str] = set()
        todo = sorted(self.demand[relation])
        while todo:
            name = todo.pop()
            cell = self.plan.cells[(entity, name)]
            if name in here or name in earlier:
                continue
            if cell.time < time and not self._pure(cell):
                earlier.add(name)
                continue
            here.add(name)
            if cell.kind in ("rule", "class"):
                todo += [dep[1] for dep in self.plan.inputs(cell)]
        ups = [cell for cell in self._cells(entity, here) if cell.kind == "up"]
        if ups:
            sources = {cell.source for cell in ups if cell.source}
            self._ask(sources)
        for child in sorted({cell.child for cell in self._cells(entity, here) if cell.kind == "agg"}):
            deps = {dep for cell in self._cells(entity, here) if cell.child == child for dep in cell.deps}
            self._ask(deps or {(child, "")}, time - 1)
        before = max((self.plan.cells[(entity, name)].time for name in earlier), default=None)
        if before is not None:
            columns = {name for name in here if self.plan.cells[(entity, name)].kind == "column"}
            self.demand.setdefault((entity, before), set()).update(earlier | columns)
        self.base[relation], self.computed[relation] = before, here

    def _ask(self, cells: set[CellKey], default: int = 0) -> None:
        entity = next(iter(cells))[0]
        names = {name for _, name in cells if name}
        time = max((self.plan.cells[(entity, name)].time for name in names), default=default)
        self.demand.setdefault((entity, time), set()).update(names)

    def _pure(self, cell: Cell) -> bool:
        """Whether a cell follows from its own row alone: then a later pass works it out again rather than keep it."""
        if cell.kind in ("column", "class"):
            return True
        return cell.kind == "rule" and all(self._pure(self.plan.cells[dep]) for dep in self.plan.inputs(cell))

    def _cells(self, entity: str, names: Iterable[str]) -> list[Cell]:
        return [self.plan.cells[(entity, name)] for name in sorted(names)]

    # Writing ----------------------------------------------------------------------------------------------

    def _write(self, relation: RelationKey) -> None:
        entity = self.schema.entities[relation[0]]
        cells = self._cells(entity.name, self.computed[relation])
        keys = [entity.key, *([self.schema.entities[entity.parent].key] if entity.parent else [])]
        layers = self._layers(cells)
        carried = self._carried(relation)
        needed = self._needed_after(relation, layers)
        before = self.base[relation]
        select = exp.Select()
        if before is None:
            select = select.from_(table_of(entity.table, "t"), copy=False)
        else:
            select = select.from_(table_of(self.names[(entity.name, before)], "t"), copy=False)
        output = [exp.alias_(exp.column(key, "t", quoted=True), key, quoted=True, copy=False) for key in keys]
        for name in sorted(carried - set(keys)):
            output.append(exp.alias_(exp.column(name, "t", quoted=True), name, quoted=True, copy=False))
        for cell in cells:
            if cell.kind == "column" and cell.name not in keys and cell.name not in carried:
                output.append(self._column(cell, raw=before is None))
        select, joined = self._join(select, entity.name, cells)
        select = select.select(*output, *joined, copy=False)
        name = self._base_name(relation)
        self.ctes.append((name, select))
        for position, layer in enumerate(layers, start=1):
            emitter = Emitter(self.plan, entity.name, self.dialect)
            keep = sorted(needed[position - 1])
            columns: list[Sql] = [name_of(key) for key in keys]
            columns += [name_of(one) for one in keep if one not in keys]
            columns += [exp.alias_(emitter.cell(cell), cell.name, quoted=True, copy=False) for cell in layer]
            layered = exp.select(*columns, copy=False).from_(table_of(name), copy=False)
            self.ctes.append((f"{self._base_name(relation)}_{position}", layered))
            name = f"{self._base_name(relation)}_{position}"
        self.names[relation] = name

    def _column(self, cell: Cell, raw: bool) -> Sql:
        entity = self.schema.entities[cell.entity]
        if raw and {entity.table, f"{entity.table}.{cell.name}"} & self.plan.absent:
            return exp.alias_(cast(exp.null(), Emitter.sql_type(cell.type)), cell.name, quoted=True, copy=False)
        column: Sql = exp.column(cell.name, "t", quoted=True)
        if raw and f"{entity.table}.{cell.name}" in self.casts:
            column = cast(column, self.casts[f"{entity.table}.{cell.name}"])
        return exp.alias_(column, cell.name, quoted=True, copy=False)

    def _join(self, select: exp.Select, entity: str, cells: list[Cell]) -> tuple[exp.Select, list[Sql]]:
        """Join the parent's relation and one grouped relation per collection; gives their columns."""
        output: list[Sql] = []
        ups = [cell for cell in cells if cell.kind == "up"]
        if ups:
            parent = self.schema.entities[str(self.schema.entities[entity].parent)]
            source_time = max(self.plan.cells[cell.source].time for cell in ups if cell.source)
            select = self._left_join(select, self.names[(parent.name, source_time)], "p", parent.key)
            for cell in ups:
                assert cell.source
                output.append(
                    exp.alias_(exp.column(cell.source[1], "p", quoted=True), cell.name, quoted=True, copy=False)
                )
        for position, child in enumerate(sorted({cell.child for cell in cells if cell.kind == "agg"})):
            alias = f"c{position}"
            aggs = [cell for cell in cells if cell.kind == "agg" and cell.child == child]
            grouped = self._group(entity, child, aggs)
            select = self._left_join(select, grouped.name, alias, self.schema.entities[entity].key)
            output += [exp.alias_(grouped.decode(cell, alias), cell.name, quoted=True, copy=False) for cell in aggs]
        return select, output

    def _left_join(self, select: exp.Select, relation: str, alias: str, key: str) -> exp.Select:
        on = exp.EQ(this=exp.column(key, "t", quoted=True), expression=exp.column(key, alias, quoted=True))
        table = table_of(relation, alias)
        return select.join(table, on=on, join_type="left", copy=False)

    def _group(self, entity: str, child: str, aggs: list[Cell]) -> Grouped:
        plan = self.plan
        deps = {dep for cell in aggs for dep in cell.deps}
        times = [plan.cells[dep].time for dep in deps]
        relation = (child, max(times, default=aggs[0].time - 1))
        key = self.schema.entities[entity].key
        grouped = Grouped(plan, entity, child, self.dialect, f"{entity}_of_{child}_{len(self.ctes)}")
        columns: list[Sql] = [name_of(key)]
        for cell in aggs:
            grouped.add(cell)
        columns += [exp.alias_(value, name, quoted=True, copy=False) for name, value in grouped.columns.items()]
        select = exp.select(*columns, copy=False).from_(table_of(self.names[relation]), copy=False)
        select = select.group_by(name_of(key), copy=False)
        self.ctes.append((grouped.name, select))
        return grouped

    def _layers(self, cells: list[Cell]) -> list[list[Cell]]:
        """Rules of one relation in layers: each needs only earlier ones."""
        depth: dict[str, int] = {}
        mine = {cell.name: cell for cell in cells if cell.kind in ("rule", "class")}

        def of(name: str) -> int:
            if name not in mine:
                return 0
            if name not in depth:
                depth[name] = 1 + max((of(dep[1]) for dep in self.plan.inputs(mine[name])), default=0)
            return depth[name]

        layers: dict[int, list[Cell]] = {}
        for name, cell in mine.items():
            layers.setdefault(of(name), []).append(cell)
        return [layers[number] for number in sorted(layers)]

    def _carried(self, relation: RelationKey) -> set[str]:
        """What a relation takes over from the same entity's earlier one."""
        if self.base[relation] is None:
            return set()
        entity, here = relation[0], self.computed[relation]
        wanted = set(self.demand[relation])
        for cell in self._cells(entity, here):
            if cell.kind in ("rule", "class"):
                wanted |= {dep[1] for dep in self.plan.inputs(cell)}
        return {name for name in wanted if name not in here or self.plan.cells[(entity, name)].kind == "column"}

    def _needed_after(self, relation: RelationKey, layers: list[list[Cell]]) -> list[set[str]]:
        """For each layer, the earlier columns that it must hand on."""
        wanted = set(self.demand[relation])
        result: list[set[str]] = []
        for layer in reversed(layers):
            own = {cell.name for cell in layer}
            result.append(wanted - own)
            wanted = (wanted - own) | {dep[1] for cell in layer for dep in self.plan.inputs(cell)}
        return result[::-1]

    def _base_name(self, relation: RelationKey) -> str:
        return f"{relation[0]}_at_{relation[1]}"


class Grouped:
    """One pass over a collection: every aggregate of it that the parent's rules want at one time."""

    def __init__(self, plan: Plan, entity: str, child: str, dialect: str, name: str) -> None:
        self.plan, self.entity, self.child, self.dialect, self.name = plan, entity, child, dialect, name
        self.columns: dict[str, Sql] = {}
        self._known: dict[Sql, str] = {}  # equal expressions are one column
        self._parts: dict[str, dict[str, str]] = {}

    def _put(self, value: Sql) -> str:
        name = self._known.setdefault(value, f"a{len(self.columns)}")  # asked once: to hash a tree is to walk it
        self.columns.setdefault(name, value)
        return name

    def add(self, cell: Cell) -> None:
        """Add the columns that the aggregate of `cell` needs."""
        agg = cell.variants[0].body
        assert isinstance(agg, Agg)
        emitter = Emitter(self.plan, self.child, self.dialect, outer=self.entity, variant=cell.variants[0])
        parts = emitter.aggregate(agg, self.plan.stops(agg.entity, agg))
        self._parts[cell.name] = {part: self._put(value) for part, value in parts.items()}

    def decode(self, cell: Cell, alias: str) -> Sql:
        """The aggregate's value on the parent's row, where a parent without items has no row here."""
        columns = {part: exp.column(name, alias, quoted=True) for part, name in self._parts[cell.name].items()}
        agg = cell.variants[0].body
        assert isinstance(agg, Agg)
        emitter = Emitter(self.plan, self.entity, self.dialect, variant=cell.variants[0])
        return emitter.decode(agg, columns, self.plan.stops(agg.entity, agg))


def _missing(masks: Masks, columns: list[Cell]) -> Sql:
    """The names behind a result's bits, joined by semicolons; NULL when there are none."""
    pieces: Sql = exp.Literal.string("")
    for word, column in enumerate(columns):
        for bit, name in masks.names(word).items():
            hit = binary(exp.NEQ, exp.Paren(this=binary(exp.BitwiseAnd, name_of(column.name), number(bit))), number(0))
            piece = case((hit, exp.Literal.string(f";{name}")), otherwise=exp.Literal.string(""))
            pieces = exp.DPipe(this=pieces, expression=piece, safe=True)
    joined = exp.Substring(this=exp.Paren(this=pieces), start=number(2))
    return exp.Nullif(this=joined, expression=exp.Literal.string(""))


def class_expression(plan: Plan, region: Sql) -> Sql:
    """The number of a row's region class: that of the longest region prefix the policy knows."""
    pairs: list[tuple[Sql, Sql]] = []
    default = 0
    for position, prefix in sorted(enumerate(plan.regions), key=lambda pair: -len(pair[1])):
        if prefix == "00":
            default = position
            continue
        start = exp.Substring(this=region.copy(), start=number(1), length=number(len(prefix)))
        pairs.append((exp.EQ(this=start, expression=exp.Literal.string(prefix)), number(position)))
    return case(*pairs, otherwise=number(default)) if pairs else number(default)
