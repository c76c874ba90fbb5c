"""The policy's results for a whole population, and what is missing where a result is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, quote, quote_name
from xianjie.messages import say
from xianjie.rules import Policy
from xianjie.rules.population import inspect, statement
from xianjie.screening.policies import PolicyBook

RuleKey = tuple[str, str]


def result_names(book: PolicyBook) -> list[str]:
    """The household rules that a run computes: what the policy lists as results, and what findings use."""
    names = [result["name"] for result in book.document("results.yaml")["results"]]
    for finding in book.findings.values():
        names += [finding.rule, *finding.evidence]
    return list(dict.fromkeys(names))


def compute_results(engine: Engine, book: PolicyBook, day: date, region: str | None, out: Path) -> int:
    """Write the results of every household, in the order of their IDs; gives the number of households.

    The region code stands beside the results, so that findings need no further join.
    """
    names = ["region_code", *result_names(book)]
    written = book.policy.compute(engine, names, date=day, out=out, region=region)
    assert isinstance(written, int)
    return written


def behind(policy: Policy, key: RuleKey) -> list[RuleKey]:
    """The rule and every rule it rests on, each once, itself first."""
    todo, seen = [key], []
    while todo:
        current = todo.pop(0)
        if current in seen or current not in policy.versions:
            continue
        seen.append(current)
        entity = current[0]
        parent = policy.schema.entities[entity].parent
        for version in policy.versions[current]:
            todo += [(entity, name) for name, binding in version.arguments.items() if binding.kind == "value"]
            todo += [(parent, name.split(".")[1]) for name in version.parents if parent]
            todo += sorted(version.items)
    return seen


def parameters_behind(policy: Policy, key: RuleKey) -> list[str]:
    """Names of the numbers that a rule and the rules behind it read."""
    return sorted(
        {
            name
            for one in behind(policy, key)
            for version in policy.versions[one]
            for name, binding in version.arguments.items()
            if binding.kind == "param"
        }
    )


def missing_numbers(book: PolicyBook, day: date, regions: list[str]) -> list[dict[str, str]]:
    """Numbers that the findings rest on and that no source gives for one of `regions` on that day."""
    policy, missing = book.policy, []
    rules = {finding.rule for finding in book.findings.values()}
    names = {name for rule in rules for name in parameters_behind(policy, policy.find(rule, "household"))}
    for name in sorted(names):
        parameter = policy.parameters[name]
        for region in regions:
            value = parameter.at(region, day)
            if value is None or not value.known:
                why = value.note if value is not None else say("population.no_source")
                facts = {"label": parameter.label, "region": book.place(region), "day": day.isoformat(), "why": why}
                missing.append({"name": name, **facts, "text": say("population.missing_number", **facts)})
    return missing


def write_unknown(engine: Engine, book: PolicyBook, day: date, region: str | None, out: Path) -> int:
    """Write what is unknown of whom: `unknown.parquet` (household_id, result, missing), missing as in the rules'
    SQL: `person.birth_date;parameter:line`. Only the results that the policy marks `ask` are followed to their
    facts: the others rest on them. Gives the number of rows. Needs the view `results`.
    """
    asked = [result["name"] for result in book.document("results.yaml")["results"] if result.get("ask")]
    counts = ", ".join(f"count(*) FILTER ({quote_name(rule)} IS NULL) AS {quote_name(rule)}" for rule in asked)
    open_rules = [rule for rule, number in engine.records(f"SELECT {counts} FROM results")[0].items() if number]
    if not open_rules:
        nothing = "CAST(NULL AS VARCHAR)"
        return engine.write_parquet(
            f"SELECT {nothing} AS household_id, {nothing} AS result, {nothing} AS missing WHERE false", out
        )
    with _only_of_unknown(engine, open_rules):
        known = inspect(book.policy, engine, region)
        built = statement(book.policy, open_rules, known, date=day, dialect=engine.dialect, missing=True)
        engine.run(f"CREATE OR REPLACE TEMP TABLE named AS {built.sql(engine.dialect, copy=False)}")
    parts = " UNION ALL ".join(
        f"SELECT household_id, {quote(rule)} AS result, {quote_name(rule + '__missing')} AS missing FROM named "
        f"WHERE {quote_name(rule)} IS NULL"
        for rule in open_rules
    )
    return engine.write_parquet(f"SELECT * FROM ({parts}) ORDER BY household_id, result", out)


@contextmanager
def _only_of_unknown(engine: Engine, rules: list[str]) -> Iterator[None]:
    """For a while the entities' views show only the households of whom one of `rules` is unknown, and their people:
    following what is missing costs more than the results themselves."""
    unknown = " OR ".join(f"{quote_name(rule)} IS NULL" for rule in rules)
    engine.run(f"CREATE OR REPLACE TEMP TABLE unknown_household AS SELECT household_id FROM results WHERE {unknown}")
    if engine.has("persons"):
        engine.run(
            "CREATE OR REPLACE TEMP TABLE unknown_person AS SELECT person_id FROM persons "
            "WHERE household_id IN (SELECT household_id FROM unknown_household)"
        )
    lasting = quote_name(engine.value("SELECT current_database()"))
    narrowed = []
    for entity in dictionary().entities.values():
        if not engine.has(entity.table):
            continue
        if "household_id" in entity.fields:
            keys = "household_id IN (SELECT household_id FROM unknown_household)"
        elif "person_id" in entity.fields:
            keys = "person_id IN (SELECT person_id FROM unknown_person)"
        else:
            continue
        engine.run(
            f"CREATE OR REPLACE TEMP VIEW {quote_name(entity.table)} AS "
            f"SELECT * FROM {lasting}.main.{quote_name(entity.table)} WHERE {keys}"
        )
        narrowed.append(entity.table)
    try:
        yield
    finally:
        for table in narrowed:
            engine.run(f"DROP VIEW IF EXISTS temp.{quote_name(table)}")


def missing_facts(engine: Engine, book: PolicyBook, unknown: Path) -> list[dict[str, object]]:
    """What to ask for where a result is unknown, with the number of households concerned, most first."""
    rows = engine.rows(f"""
        SELECT fact, count(DISTINCT household_id) AS households
        FROM (SELECT household_id, unnest(string_split(missing, ';')) AS fact FROM read_parquet({quote(str(unknown))}))
        WHERE fact <> '' AND NOT starts_with(fact, 'parameter:') GROUP BY fact ORDER BY households DESC, fact""")
    return [{"fact": fact, "label": fact_label(book, fact), "households": households} for fact, households in rows]


def fact_label(book: PolicyBook, fact: str) -> str:
    """What is missing as people read it: `person.birth_date` is 人员：出生日期."""
    if fact.startswith(("undefined:", "rule:")):
        rules = {info.name: info.label for info in book.policy.rules()}
        name = fact.partition(":")[2].rpartition(".")[2]
        return say("population.undefined", rule=rules.get(name, name))
    name, _, field = fact.rpartition(".")
    entity = dictionary().entities.get(name) or dictionary().by_table(field)
    if entity is None:
        return fact
    return f"{entity.zh}：{entity.fields[field].zh}" if field in entity.fields else entity.zh
