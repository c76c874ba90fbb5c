"""All assistance programmes over the population of a run: seconds, peak memory, and one programme against SQL by hand.

    ./run xianjie synth COUNTY --households 12000 --seed 7 --region 62
    ./run xianjie screen COUNTY --policy docs/examples/county --out RUN
    ./run python benchmarks/assistance.py RUN --policy docs/examples/county

Each figure is the middle of three passes. The programme written by hand is the disability subsidies; both ways must
give the same households.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from xianjie.screening.facts import open_facts
from xianjie.screening.letter import letter_results
from xianjie.screening.policies import PolicyBook, open_policy
from xianjie.screening.population import result_names

PROGRAMME = "disability_subsidy_missing"
MONITORING = ["monitored_kind_due", "missed", "removal_may_be_due", "uninsured", "house_unsafe", "water_unsafe"]

BY_HAND = """
WITH gone AS (SELECT DISTINCT person_id FROM vital_events WHERE kind = 'death' AND happened_on <= DATE '{day}'),
living AS (
    SELECT person_id, household_id FROM persons
    WHERE coalesce(alive, true) AND person_id NOT IN (SELECT person_id FROM gone)
),
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
SELECT DISTINCT l.household_id FROM living l JOIN certified c USING (person_id)
LEFT JOIN listed t USING (person_id) LEFT JOIN paid p USING (person_id)
WHERE (coalesce(t.dibao, false) AND NOT coalesce(p.living, false))
   OR (c.severe AND NOT coalesce(t.tekun, false) AND NOT coalesce(p.care, false))
ORDER BY 1
"""


def middle(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds, each the middle of three passes."""
    passes = []
    for _ in range(3):
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--policy", type=Path, action="append", default=[])
    given = parser.parse_args()
    book = open_policy(tuple(given.policy))
    names = results_of(book)
    with open_facts(given.run, None, lambda *_: None) as facts, tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results.parquet"

        def compute(wanted: list[str]) -> tuple[float, float]:
            return middle(lambda: book.policy.compute(facts.engine, wanted, date=facts.day, out=out))

        def say(what: str, seconds: tuple[float, float]) -> None:
            print(f"{what:48} {seconds[0]:7.2f} s wall {seconds[1]:7.2f} s processor")

        households = facts.engine.value("SELECT count(*) FROM households")
        print(f"{households} households, {len(names)} results of assistance, {facts.day}")
        say("SQL text of all of them (no data read)", middle(lambda: book.policy.sql(names, date=facts.day)))
        say("all programmes of assistance", compute(names))
        say("monitoring alone", compute(MONITORING))
        say("everything the daily job asks for", compute(result_names(book)))
        ours = compute([PROGRAMME])
        said = facts.engine.rows(f"SELECT household_id FROM '{out}' WHERE {PROGRAMME} ORDER BY 1")
        by_hand = BY_HAND.format(day=facts.day.isoformat())
        hand = middle(lambda: facts.engine.rows(by_hand))
        say(f"{PROGRAMME}, by rules", ours)
        say(f"{PROGRAMME}, SQL by hand", hand)
        print(
            f"the same households: {said == facts.engine.rows(by_hand)} ({len(said)}); "
            f"ratio of processor time {ours[1] / hand[1]:.1f}"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
