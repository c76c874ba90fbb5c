"""The real policy gives a population what it gives each household alone."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.engines import open_engine
from xianjie.rules import Policy
from xianjie.rules.schema import Entity, Schema

DAY = date(2022, 6, 30)
TYPES = {"bool": "BOOLEAN", "int": "BIGINT", "fen": "BIGINT", "ratio": "DOUBLE", "date": "DATE", "text": "VARCHAR"}
REGIONS = ["629901001001", "623099001001", "149901001001", "239901001001", "620199001001"]
HOUSEHOLDS = 40


class RandomCounty:
    """Households of random facts over the dictionary: codes of the lists, days near today, about a tenth unknown."""

    def __init__(self, schema: Schema, seed: int) -> None:
        self.schema, self.random = schema, Random(seed)
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in schema.entities}

    def household(self) -> dict[str, Any]:
        return self.make(self.schema.entities["household"], {})

    def make(self, entity: Entity, above: dict[str, Any]) -> dict[str, Any]:
        told = dictionary().entities[entity.name].fields
        row = {
            name: None if field.nullable and self.random.random() < 0.1 else self.value(told[name], field.type)
            for name, field in entity.fields.items()
        }
        row |= above | {entity.key: f"{entity.name}{len(self.rows[entity.name])}"}
        if "region_code" in row:
            row["region_code"] = above.get("region_code") or self.random.choice(REGIONS)
        self.rows[entity.name].append(row)
        record = dict(row)
        keys = {key: row[key] for key in ("household_id", "person_id", "region_code") if key in row}
        for child in self.schema.children(entity.name):
            here = {key: value for key, value in keys.items() if key in child.fields or key == entity.key}
            number = self.random.choice([1, 2, 3, 4]) if child.name == "person" else self.random.choice([0, 0, 1, 1, 2])
            record[child.collection_names[0]] = [self.make(child, here) for _ in range(number)]
        return record

    def value(self, told: Any, kind: str) -> Any:
        draw = self.random
        if told.codes:
            return draw.choice(list(dictionary().codes[told.codes].values))
        if kind == "date":
            far = 30_000 if told.name == "birth_date" else 800
            return DAY - timedelta(days=draw.choice([0, 1, 30, 31, 181, 365, 366, draw.randrange(far)]))
        if kind == "bool":
            return draw.random() < 0.5
        if kind == "fen":
            return draw.choice([0, 50_000, 500_000, 600_000, 2_000_000, draw.randrange(3_000_000)])
        if kind == "ratio":
            return float(draw.choice([0, 20, 35, 80, 800, draw.randrange(100)]))
        if kind == "int":
            return 2022 if told.name == "year" else draw.choice([0, 7, 8, 30, 31, 36, 37])
        return draw.choice(["甲", "乙"])


def test_sql_gives_what_each_household_gives_alone(policy: Policy) -> None:
    county = RandomCounty(policy.schema, seed=20220630)
    records = [county.household() for _ in range(HOUSEHOLDS)]
    names = [rule.name for rule in policy.rules("household")]
    with open_engine() as engine:
        for entity in policy.schema.entities.values():
            columns = {name: TYPES[field.type] for name, field in entity.fields.items()} | {entity.key: "VARCHAR"}
            if entity.parent:
                columns |= {policy.schema.entities[entity.parent].key: "VARCHAR"}
            rows = [[row.get(name) for name in columns] for row in county.rows[entity.name]]
            engine.create_table(entity.table, columns, rows)
        whole = {row["household_id"]: row for row in policy.compute(engine, names, date=DAY)}
    assert len(whole) == HOUSEHOLDS
    answers: dict[str, set[Any]] = {name: set() for name in names}
    for record in records:
        alone = policy.evaluate(record, names, date=DAY, region=record["region_code"])
        together = {name: whole[record["household_id"]][name] for name in names}
        assert together == alone
        for name in names:
            answers[name].add(alone[name])
    assert sum(len(seen) > 1 for seen in answers.values()) > 0.85 * len(names), "random facts reach too few answers"
