"""All assistance programmes over the population of a run: seconds, peak memory, one programme in SQL and in OpenFisca.

    ./run xianjie synth COUNTY --households 12000 --seed 7 --region 62
    ./run xianjie screen COUNTY --policy docs/examples/county --out RUN
    ./run python benchmarks/assistance.py RUN --policy docs/examples/county [--copies 8] [--openfisca PYTHON]

Each figure is the middle of three passes (`--passes`). `--copies` lays so many copies of the county beside each other,
with new ids. The programme written by hand and in OpenFisca-core is the disability subsidies; all must give the same
households. PYTHON is that of an environment with OpenFisca (benchmarks/rules/measure.py makes one).
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, quote
from xianjie.screening.facts import open_facts
from xianjie.screening.letter import letter_results
from xianjie.screening.policies import PolicyBook, open_policy
from xianjie.screening.population import result_names

PROGRAMME = "disability_subsidy_missing"
MONITORING = ["monitored_kind_due", "missed", "removal_may_be_due", "uninsured", "house_unsafe", "water_unsafe"]

PEOPLE = """
WITH gone AS (SELECT DISTINCT person_id FROM vital_events WHERE kind = 'death' AND happened_on <= DATE '{day}'),
listed AS (
    SELECT person_id, bool_or(category = 'dibao') AS dibao, bool_or(category = 'tekun') AS tekun FROM categories
    WHERE valid_from <= DATE '{day}' AND (valid_to IS NULL OR valid_to > DATE '{day}') GROUP BY person_id
),
certified AS (
    SELECT person_id, bool_or(grade IN ('1', '2')) AS severe FROM disabilities
    WHERE cancelled_on IS NULL OR cancelled_on > DATE '{day}' GROUP BY person_id
),
paid AS (
    SELECT person_id, bool_or(kind = 'disability_living') AS living, bool_or(kind = 'disability_care') AS care
    FROM benefits WHERE paid_on > DATE '{day}' - INTERVAL 3 MONTH AND paid_on <= DATE '{day}' GROUP BY person_id
)
"""
BY_HAND = (
    PEOPLE
    + """
SELECT DISTINCT p.household_id FROM persons p JOIN certified c USING (person_id)
LEFT JOIN listed t USING (person_id) LEFT JOIN paid b USING (person_id)
WHERE coalesce(p.alive, true) AND p.person_id NOT IN (SELECT person_id FROM gone)
    AND ((coalesce(t.dibao, false) AND NOT coalesce(b.living, false))
        OR (c.severe AND NOT coalesce(t.tekun, false) AND NOT coalesce(b.care, false)))
ORDER BY 1
"""
)
OF_PERSONS = (
    PEOPLE
    + """
SELECT p.household_id, coalesce(p.alive, true) AND p.person_id NOT IN (SELECT person_id FROM gone) AS living,
    coalesce(t.dibao, false) AS dibao, coalesce(t.tekun, false) AS tekun, c.person_id IS NOT NULL AS certified,
    coalesce(c.severe, false) AS severe, coalesce(b.living, false) AS living_paid, coalesce(b.care, false) AS care_paid
FROM persons p LEFT JOIN certified c USING (person_id) LEFT JOIN listed t USING (person_id)
LEFT JOIN paid b USING (person_id)
"""
)


def middle(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Wall and processor seconds, each the middle of the passes."""
    passes = []
    for _ in range(times):
        wall, busy = time.monotonic(), time.process_time()
        work()
        passes.append((time.monotonic() - wall, time.process_time() - busy))
    return statistics.median(one for one, _ in passes), statistics.median(one for _, one in passes)


def results_of(book: PolicyBook) -> list[str]:
    """Everything that assistance says of a household: the letter's results and the assistance findings."""
    folders = ("dibao", "tekun", "lowincome", "relief", "cascade", "premium", "pension", "welfare")
    rules = {finding.rule for finding in book.findings.values()}
    ours = {
        name
        for (entity, name), versions in book.policy.versions.items()
        if entity == "household" and Path(versions[0].source.file).parent.name in folders and name in rules
    }
    return list(dict.fromkeys([*letter_results(), *sorted(ours)]))


def copy(engine: Engine, copies: int) -> None:
    """So many copies of every table beside each other, the ids of households and persons with the copy's number."""
    for entity in dictionary().entities.values():
        if not engine.has(entity.table):
            continue
        keys = {"household_id", "person_id", entity.key} & set(engine.columns(entity.table))
        new = ", ".join(f"{key} || '-' || n AS {key}" for key in sorted(keys))
        engine.run(f"""
            CREATE OR REPLACE TABLE many_{entity.table} AS
            SELECT * REPLACE ({new}) FROM {entity.table}, range({copies}) AS copies(n)""")
        engine.run(f"CREATE OR REPLACE VIEW {entity.table} AS SELECT * EXCLUDE (n) FROM many_{entity.table}")


def openfisca(python: Path, engine: Engine, day: str, place: Path, times: int) -> tuple[float, float, float, list[str]]:
    """Processor seconds of gathering the inputs, of the whole process, of the calculation alone; the households."""
    persons, out = place / "persons.parquet", place / "openfisca.parquet"
    gathered = middle(lambda: engine.write_parquet(OF_PERSONS.format(day=day), persons), times)[1]
    passes = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        words = [str(python), str(Path(__file__).with_name("assistance_openfisca.py")), str(persons), str(out)]
        alone = float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        passes.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, alone))
    found = [row[0] for row in engine.rows(f"SELECT household_id FROM read_parquet({quote(str(out))}) ORDER BY 1")]
    return gathered, *(statistics.median(one[n] for one in passes) for n in (0, 1)), found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--policy", type=Path, action="append", default=[])
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--openfisca", type=Path, help="Python of an environment that has OpenFisca-core")
    given = parser.parse_args()
    book = open_policy(tuple(given.policy))
    names = results_of(book)
    with open_facts(given.run, None, lambda *_: None) as facts, tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results.parquet"
        if given.copies > 1:
            copy(facts.engine, given.copies)

        def compute(wanted: list[str]) -> tuple[float, float]:
            return middle(lambda: book.policy.compute(facts.engine, wanted, date=facts.day, out=out), given.passes)

        def say(what: str, seconds: tuple[float, float]) -> None:
            print(f"{what:48} {seconds[0]:7.2f} s wall {seconds[1]:7.2f} s processor")

        households = facts.engine.value("SELECT count(*) FROM households")
        print(f"{households} households, {len(names)} results of assistance, {facts.day}")
        say(
            "SQL text of all of them (no data read)",
            middle(lambda: book.policy.sql(names, date=facts.day), given.passes),
        )
        say("all programmes of assistance", compute(names))
        say("monitoring alone", compute(MONITORING))
        say("everything that a run asks for", compute(result_names(book)))
        ours = compute([PROGRAMME])
        said = facts.engine.rows(f"SELECT household_id FROM '{out}' WHERE {PROGRAMME} ORDER BY 1")
        by_hand = BY_HAND.format(day=facts.day.isoformat())
        hand = middle(lambda: facts.engine.rows(by_hand), given.passes)
        say(f"{PROGRAMME}, by rules", ours)
        say(f"{PROGRAMME}, SQL by hand", hand)
        print(
            f"the same households: {said == facts.engine.rows(by_hand)} ({len(said)}); "
            f"ratio of processor time {ours[1] / hand[1]:.1f}"
        )
        if given.openfisca:
            day = facts.day.isoformat()
            gathered, whole, alone, theirs = openfisca(given.openfisca, facts.engine, day, Path(folder), given.passes)
            print(f"OpenFisca, processor: gathering {gathered:.2f} s, process {whole:.2f} s, of it alone {alone:.2f} s")
            print(f"the same households: {theirs == [row[0] for row in said]}; our ratio {ours[1] / whole:.2f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
