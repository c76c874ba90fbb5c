"""What is missing, for a whole population: beside each unknown result the names of what would have to be known.

Every field, parameter or rule that may be the reason is one bit of a whole number; the plan gets, for every
rule that may be unknown, a column of bits worked out the way `plain.Evaluator.missing` does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xianjie.rules.grammar import Version
from xianjie.rules.ir import Agg, Const, Expr, Input, Op, walk
from xianjie.rules.plan import Cell, CellKey, Plan, Variant

BITS = 62
Reason = tuple[str, str]


class Masks:
    """Adds columns of bits to a plan; `reasons` lists what each bit stands for, 62 to a word."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.reasons: dict[Reason, int] = {}
        self._collected: set[CellKey] = set()
        for cell in list(plan.results):
            self._collect(cell.key)

    @property
    def words(self) -> int:
        """How many whole numbers the bits fill."""
        return -(-len(self.reasons) // BITS)

    def columns(self, name: str) -> list[Cell]:
        """The bit columns of a result, one per word."""
        cells = [self._mask((self.plan.entity, name), word) for word in range(self.words)]
        return [cell for cell in cells if cell is not None]

    def names(self, word: int) -> dict[int, str]:
        """The bits of one word with the reason's name, such as `person.birth_date` or `parameter:line`."""
        found: dict[int, str] = {}
        for (kind, name), position in self.reasons.items():
            if position // BITS == word:
                found[1 << (position % BITS)] = name if kind == "field" else f"{kind}:{name}"
        return found

    # Reasons ----------------------------------------------------------------------------------------------

    def _collect(self, key: CellKey) -> None:
        """Number every reason that may lie behind a cell."""
        if key in self._collected:
            return
        self._collected.add(key)
        cell = self.plan.cell(*key)
        if not cell.nullable:
            return
        if cell.kind == "column":
            self._reason("field", f"{key[0]}.{key[1]}")
            return
        for number in range(len(self.plan.resolved)):
            for reason in self._static(key, number):
                self._reason(*reason)
        for version in self._versions(key):
            for entity, name in self._inputs(key[0], version):
                self._collect((entity, name))
            for one in sorted(version.tolerant):
                if one in version.arguments and version.arguments[one].kind == "param":
                    self._reason("parameter", one)
            if version.body.maybe:
                self._reason("undefined", key[1])

    def _reason(self, kind: str, name: str) -> None:
        self.reasons.setdefault((kind, name), len(self.reasons))

    def _versions(self, key: CellKey) -> list[Version]:
        found = {id(version): version for version in (one.version(key) for one in self.plan.resolved) if version}
        return list(found.values())

    def _inputs(self, entity: str, version: Version) -> Iterator[CellKey]:
        for name, binding in version.arguments.items():
            if binding.kind == "value":
                yield entity, name
        for name, binding in version.parents.items():
            yield binding.entity, name.split(".")[1]
        yield from sorted(version.items)

    def _static(self, key: CellKey, number: int) -> list[Reason]:
        """Reasons in one region class that hold whatever the data say."""
        resolved = self.plan.resolved[number]
        version = resolved.version(key)
        if version is None:
            return [("rule", key[1])]
        found: list[Reason] = []
        for name, binding in version.arguments.items():
            if binding.kind == "collection" and self.plan.schema.entities[binding.entity].table in self.plan.absent:
                found.append(("collection", name))
            if binding.kind == "param" and name not in version.tolerant:
                value = resolved.parameter(name)
                if value is None or not value.known:
                    found.append(("parameter", name))
        return found

    def _bits(self, reasons: Iterable[Reason], word: int) -> int:
        positions = [self.reasons[reason] for reason in reasons if reason in self.reasons]
        return sum(1 << (position % BITS) for position in positions if position // BITS == word)

    # Columns ----------------------------------------------------------------------------------------------

    def _mask(self, key: CellKey, word: int) -> Cell | None:
        """The column of bits of a cell; None when the cell is never unknown."""
        cell = self.plan.cell(*key)
        if not cell.nullable:
            return None
        name = f"{cell.name}__missing_{word}"
        if (cell.entity, name) in self.plan.cells:
            return self.plan.cells[(cell.entity, name)]
        mask = Cell(cell.entity, name, "rule", "int", nullable=False)
        self.plan.cells[mask.key] = mask
        if cell.kind == "column":
            bits = self._bits([("field", f"{key[0]}.{key[1]}")], word)
            body = _if(_is_none(_own(cell.name, cell.type)), _const(bits), _const(0))
            mask.variants = [Variant(tuple(range(len(self.plan.resolved))), body)]
            mask.deps = {cell.key}
            return mask
        self._rule_mask(key, mask, word)
        return mask

    def _rule_mask(self, key: CellKey, mask: Cell, word: int) -> None:
        groups: dict[tuple[int, tuple[Reason, ...]], tuple[Version | None, list[int]]] = {}
        for number, resolved in enumerate(self.plan.resolved):
            version, reasons = resolved.version(key), tuple(self._static(key, number))
            groups.setdefault((id(version), reasons), (version, []))[1].append(number)
        for (_, reasons), (version, classes) in groups.items():
            variant = Variant(tuple(classes), _const(self._bits(reasons, word)))
            if version is not None and reasons:
                variant.body = _union([_const(self._bits(reasons, word)), *self._strict(key[0], version, word)])
            elif version is not None:
                variant.body = self._body(key, mask, variant, version, word)
            assert variant.body is not None
            mask.deps |= self.plan.reads(key[0], variant, variant.body)
            mask.variants.append(variant)
        if len(mask.variants) > 1:
            mask.deps.add(self.plan.class_cell(key[0]).key)

    def _body(self, key: CellKey, mask: Cell, variant: Variant, version: Version, word: int) -> Expr:
        """Bits of strict inputs; if there are none, of items that stop the rule; else of what the rule tested."""
        undefined = self._bits([("undefined", key[1])], word) if version.body.maybe else 0
        result: Expr = _const(undefined)
        for group in (self._tested, self._stopped, self._strict):
            mine = group(key[0], version, word)
            others = [part for other in range(self.words) if other != word for part in group(key[0], version, other)]
            if mine or others:
                bits = _union(mine) if mine else _const(0)
                result = _if(_is_not_zero(_union([*mine, *others])), bits, result)
        for part in walk(result):
            if isinstance(part, Agg) and id(part) not in variant.aggs:
                variant.aggs[id(part)] = self.plan.agg(mask, part, variant.classes, 0).name
        return _if(_is_none(_own(key[1], "int")), result, _const(0))

    def _strict(self, entity: str, version: Version, word: int) -> list[Expr]:
        found = (self._input_mask(entity, version, name, word) for name in version.strict)
        return [part for part in found if part is not None]

    def _stopped(self, entity: str, version: Version, word: int) -> list[Expr]:
        found = (self._agg_mask(part, word) for part in walk(version.body) if isinstance(part, Agg))
        return [part for part in found if part is not None]

    def _tested(self, entity: str, version: Version, word: int) -> list[Expr]:
        found = [self._input_mask(entity, version, name, word) for name in sorted(version.tolerant)]
        found += [self._items_mask(child, name, word) for child, name in sorted(version.tolerant_items)]
        return [part for part in found if part is not None]

    def _input_mask(self, entity: str, version: Version, name: str, word: int) -> Expr | None:
        if name in version.parents:
            found = self._mask((version.parents[name].entity, name.split(".")[1]), word)
            return Input(scope="parent", name=found.name, type="int") if found else None
        if name not in version.arguments:
            return None
        if version.arguments[name].kind == "param":
            bits = self._bits([("parameter", name)], word)
            return _if(_is_none(Input(scope="param", name=name, type="int")), _const(bits), _const(0)) if bits else None
        if version.arguments[name].kind != "value":
            return None
        found = self._mask((entity, name), word)
        return _own(found.name, "int") if found else None

    def _item_bits(self, child: str, part: Expr, word: int) -> Expr | None:
        names = {leaf.name for leaf in walk(part) if isinstance(leaf, Input) and leaf.scope == "item" and leaf.strict}
        masks = [self._mask((child, name), word) for name in sorted(names)]
        inputs = [Input(scope="item", name=mask.name, type="int") for mask in masks if mask is not None]
        return _union(inputs) if inputs else None

    def _agg_mask(self, agg: Agg, word: int) -> Expr | None:
        """Bits of the items that stop an aggregate: by its condition, or, where they pass, by its element."""
        of_element = self._item_bits(agg.entity, agg.element, word)
        bits: Expr = _const(0)
        if of_element is not None:
            bits = _if(_is_none(agg.element), of_element, bits)
        if agg.condition is not None:
            of_condition = self._item_bits(agg.entity, agg.condition, word)
            bits = _if(agg.condition, bits, _const(0))
            if of_condition is not None:
                bits = _if(_is_none(agg.condition), of_condition, bits)
            elif of_element is None:
                return None
        elif of_element is None:
            return None
        return Agg(kind="bits", entity=agg.entity, element=bits, type="int")

    def _items_mask(self, entity: str, name: str, word: int) -> Expr | None:
        found = self._mask((entity, name), word)
        if found is None:
            return None
        return Agg(kind="bits", entity=entity, element=Input(scope="item", name=found.name, type="int"), type="int")


def _const(value: int) -> Const:
    return Const(type="int", value=value)


def _own(name: str, kind: str) -> Input:
    return Input(scope="self", name=name, type=kind)


def _is_none(value: Expr) -> Op:
    return Op(op="is_none", args=(value,), type="bool")


def _is_not_zero(value: Expr) -> Op:
    return Op(op="ne", args=(value, _const(0)), type="bool")


def _if(test: Expr, yes: Expr, no: Expr) -> Op:
    return Op(op="if", args=(test, yes, no), type="int")


def _union(parts: Sequence[Expr]) -> Expr:
    result: Expr = parts[0]
    for part in parts[1:]:
        result = Op(op="bit_or", args=(result, part), type="int")
    return result
