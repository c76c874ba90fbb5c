"""The 40 rules in OpenFisca: Parquet in, Parquet out. Runs in an environment of its own (see measure.py).

    .openfisca-venv/bin/python benchmarks/rules/run_openfisca.py DATA OUT.parquet own|arrays

`own`: everything through OpenFisca's own doors: ids and memberships as text, codes as text, numbers through the
parameter tree by region. `arrays`: the quickest way in that OpenFisca leaves open: memberships, codes, dates and
numbers are made as arrays beforehand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy
import openfisca_rules as rules
import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet as pq
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.parameters import ParameterNode
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

PERIOD = "2024-06"
UNKNOWN = {"insured": True, "water_safe": True}
MONEY = {
    "wage_income", "business_income", "farm_income", "property_income", "pension_month", "medical_self_paid",
    "school_cost", "land_income", "transfer_income", "savings",
}  # fmt: skip


def system(numbers: dict) -> TaxBenefitSystem:
    """The rules and their parameter tree; `numbers` as `measure.py` wrote them."""
    made = TaxBenefitSystem([rules.Person, rules.Household])
    for variable in [*rules.INPUTS, rules.region_code, rules.policy_region, *rules.RULES]:
        made.add_variable(variable)
    made.parameters = ParameterNode("", data=numbers)
    return made


def column(data: Path, table: str, name: str) -> pyarrow.ChunkedArray:
    """One column of one of the two files; one at a time, to hold little."""
    return pq.read_table(data / f"{table}.parquet", columns=[name]).column(0)


def array(values: pyarrow.ChunkedArray, variable, style: str) -> numpy.ndarray:
    """A column as OpenFisca takes it, unknown replaced as `openfisca_rules` says."""
    name, kind = variable.name, variable.value_type
    if kind is Enum:
        if style == "own":
            return numpy.array(values.fill_null("unknown").to_pylist())
        enum = variable.possible_values
        index = pc.index_in(values.fill_null("unknown"), pyarrow.array([item.name for item in enum]))
        return EnumArray(index.to_numpy().astype(numpy.int16), enum)
    if kind.__name__ == "date":
        filled = values.fill_null(pyarrow.scalar(0, pyarrow.int32()).cast(pyarrow.date32()))
        return filled.to_numpy().astype("datetime64[D]")
    if kind is bool:
        return values.fill_null(UNKNOWN[name]).to_numpy()
    numbers = values.fill_null(0).to_numpy()
    return (numbers / 100).astype(numpy.float32) if name in MONEY else numbers.astype(numpy.int32)


def simulation(data: Path, made: TaxBenefitSystem, style: str):
    """A simulation with persons in their households, and the households' ids."""
    builder = SimulationBuilder()
    builder.create_entities(made)
    ids = column(data, "households", "household_id")
    home = column(data, "persons", "household_id")
    households = builder.populations["household"]
    if style == "own":
        builder.declare_person_entity("person", column(data, "persons", "person_id").to_pylist())
        builder.declare_entity("household", ids.to_pylist())
        builder.join_with_persons(households, numpy.array(home.to_pylist()), numpy.repeat("member", len(home)))
    else:
        builder.populations["person"].count = len(home)
        households.count = len(ids)
        households.members_entity_id = pc.index_in(home, ids).to_numpy()
    return builder.build(made), ids


def load(data: Path, made: TaxBenefitSystem, running, style: str) -> None:
    """Set all inputs."""
    for given in rules.INPUTS:
        variable = made.get_variable(given.__name__)
        table = "persons" if variable.entity.key == "person" else "households"
        if variable.name.endswith("_known"):
            values = column(data, table, "wage_income" if variable.name == "wage_known" else "work_months")
            running.set_input(variable.name, PERIOD, values.is_valid().to_numpy())
        else:
            running.set_input(variable.name, PERIOD, array(column(data, table, variable.name), variable, style))
    code = column(data, "households", "region_code")
    if style == "own":
        running.set_input("region_code", "eternity", numpy.array(code.to_pylist(), dtype=object))
        return
    region = numpy.zeros(len(code), dtype=numpy.int8)
    for index, start in enumerate(rules.REGIONS[1:], 1):
        region[pc.starts_with(code, start).to_numpy()] = index
    rules.REGION_INDEX["household"] = region
    rules.REGION_INDEX["person"] = region[running.household.members_entity_id]


def regional(made: TaxBenefitSystem) -> dict[str, numpy.ndarray]:
    """One number per region of each parameter that differs by region and is no scale."""
    tree = made.parameters(PERIOD + "-01")
    nodes = {name: node for name, node in tree._children.items() if hasattr(node, "_children")}
    found = {name: [node[f"r{region}"] for region in rules.REGIONS] for name, node in nodes.items()}
    return {name: numpy.array(row, "float32") for name, row in found.items() if isinstance(row[0], (int, float))}


def main(data: Path, out: Path, style: str) -> None:
    """Read the population in `data`, write the household results to `out`."""
    made = system(json.loads((data / "numbers.json").read_text()))
    if style == "arrays":
        rules.REGIONAL = regional(made)
    running, ids = simulation(data, made, style)
    load(data, made, running, style)
    results = {"household_id": ids}
    for name in rules.RESULTS:
        values = running.calculate(name, PERIOD)
        if isinstance(values, EnumArray):
            names = pyarrow.array([item.name for item in values.possible_values])
            results[name] = names.take(pyarrow.array(numpy.asarray(values)))
        else:
            results[name] = values
    pq.write_table(pyarrow.table(results), out, compression="zstd")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
