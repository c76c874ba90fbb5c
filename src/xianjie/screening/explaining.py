"""One household out of the population, as the nested record that the rules explain."""

from __future__ import annotations

from typing import Any

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, quote, quote_name
from xianjie.messages import UserError, say
from xianjie.screening.policies import PolicyBook


def household_record(engine: Engine, household_id: str) -> dict[str, Any]:
    """The household with its members and everything that belongs to them, by the entities' views.

    A table that is absent stays absent in the record: unknown, not empty. Raises `UserError` when there is
    no such household.
    """
    found = engine.records(f"SELECT * FROM households WHERE household_id = {quote(household_id)}")
    if not found:
        raise UserError("screening.no_household", household=household_id)
    record = found[0]
    members = _rows(engine, "persons", "household_id", [household_id]) if engine.has("persons") else None
    if members is not None:
        record["members"] = members
    by_person = {member["person_id"]: member for member in members or []}
    for entity in dictionary().entities.values():
        if entity.entity in ("household", "person") or not engine.has(entity.table):
            continue
        if entity.parent == "household":
            record[entity.members] = _rows(engine, entity.table, "household_id", [household_id])
        elif entity.parent == "person":
            for member in by_person.values():
                member[entity.members] = []
            for row in _rows(engine, entity.table, "person_id", list(by_person)):
                by_person[row["person_id"]][entity.members].append(row)
    return record


def readable_steps(book: PolicyBook, record: dict[str, Any], explained: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of an explanation for people: members by name, clauses in words, trust beside each number."""
    names = {member["person_id"]: member["name"] for member in record.get("members") or []}
    steps = []
    for step in explained["steps"]:
        text = step["text"]
        for person_id, name in names.items():
            text = text.replace(person_id, name)
        if step["cite"]:
            text = text.replace(step["cite"], book.clauses([step["cite"]]))
        trusts = dict.fromkeys(parameter["trust"] or "none" for parameter in step["parameters"])
        tags = [{"trust": say(f"report.trust.{one}"), "unsure": one not in ("stated", "regulation")} for one in trusts]
        steps.append({"text": text, "tags": tags})
    return steps


def _rows(engine: Engine, table: str, column: str, keys: list[str]) -> list[dict[str, Any]]:
    if not keys:
        return []
    entity = dictionary().by_table(table)
    order = quote_name(entity.key) if entity else quote_name(column)
    wanted = ", ".join(quote(key) for key in keys)
    return engine.records(
        f"SELECT * FROM {quote_name(table)} WHERE {quote_name(column)} IN ({wanted}) ORDER BY {order}"
    )
