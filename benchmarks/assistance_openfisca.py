"""The disability subsidies in OpenFisca-core: run by assistance.py in OpenFisca's own environment.

    .openfisca-venv/bin/python benchmarks/assistance_openfisca.py PERSONS.parquet OUT.parquet

OpenFisca knows persons and households, nothing below them: what certificates, listings and payments say of each person
is gathered beforehand (`assistance.py` says in what time). Prints the processor seconds of the calculation alone.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pyarrow
import pyarrow.parquet as pq
from openfisca_core.entities import build_entity
from openfisca_core.model_api import MONTH, Variable, not_
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

PERIOD = "2025-10"
INPUTS = ("living", "dibao", "tekun", "certified", "severe", "living_paid", "care_paid")
Person = build_entity(key="person", plural="persons", label="", is_person=True)
Household = build_entity(
    key="household", plural="households", label="", roles=[{"key": "member", "plural": "members", "label": ""}]
)


def given(name: str) -> type[Variable]:
    """A yes or no of a person that comes with the data."""
    facts = {"value_type": bool, "entity": Person, "definition_period": MONTH, "label": name}
    return type(name, (Variable,), facts)


class subsidy_unpaid(Variable):
    value_type = bool
    entity = Person
    definition_period = MONTH
    label = "A disability subsidy is due and was not paid lately"

    def formula(person, period):
        living_due = person("certified", period) * person("dibao", period)
        care_due = person("severe", period) * not_(person("tekun", period))
        unpaid = living_due * not_(person("living_paid", period)) + care_due * not_(person("care_paid", period))
        return person("living", period) * (unpaid > 0)


class disability_subsidy_missing(Variable):
    value_type = bool
    entity = Household
    definition_period = MONTH
    label = "A member was not paid a disability subsidy that is due"

    def formula(household, period):
        return household.any(household.members("subsidy_unpaid", period))


def main(persons: Path, out: Path) -> None:
    """Read the persons, calculate, write the households of which it holds."""
    table = pq.read_table(persons)
    system = TaxBenefitSystem([Person, Household])
    for variable in [*map(given, INPUTS), subsidy_unpaid, disability_subsidy_missing]:
        system.add_variable(variable)
    start = time.process_time()
    builder = SimulationBuilder()
    builder.create_entities(system)
    home = table["household_id"].combine_chunks().dictionary_encode()
    builder.populations["person"].count = len(table)
    households = builder.populations["household"]
    households.count = len(home.dictionary)
    households.members_entity_id = home.indices.to_numpy()
    running = builder.build(system)
    for name in INPUTS:
        running.set_input(name, PERIOD, table[name].combine_chunks().to_numpy(zero_copy_only=False))
    missing = running.calculate("disability_subsidy_missing", PERIOD)
    print(time.process_time() - start)
    pq.write_table(pyarrow.table({"household_id": home.dictionary.filter(pyarrow.array(missing))}), out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
