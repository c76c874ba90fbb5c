"""One household out of the population, as the nested record that the rules explain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xianjie.dictionary import Entity, dictionary
from xianjie.engines import Engine, quote, quote_name
from xianjie.messages import UserError, say
from xianjie.screening.policies import PolicyBook


def household_record(engine: Engine, household_id: str) -> dict[str, Any]:
    """The household with its members and everything that belongs to them, by the entities' views.

    A table that is absent stays absent in the record: unknown, not empty. Raises `UserError` when there is
    no such household.
    """
    members: list[str] = []

    def fetch(entity: Entity) -> list[dict[str, Any]] | None:
        if not engine.has(entity.table):
            return None
        if entity.parent == "person":
            return _rows(engine, entity, "person_id", members)
        rows = _rows(engine, entity, "household_id", [household_id])
        if entity.entity == "person":
            members.extend(row["person_id"] for row in rows)
        return rows

    return nested(fetch, household_id)


def nested(fetch: Callable[[Entity], list[dict[str, Any]] | None], household_id: str) -> dict[str, Any]:
    """The record out of each table's rows about the household, in the order of their keys; persons are asked for
    before what belongs to them. None: there is no such table."""
    entities = dictionary().entities
    found = fetch(entities["household"])
    if not found:
        raise UserError("screening.no_household", household=household_id)
    record = found[0]
    members = fetch(entities["person"])
    if members is not None:
        record["members"] = members
    by_person = {member["person_id"]: member for member in members or []}
    for entity in entities.values():
        if entity.entity in ("household", "person") or entity.parent not in ("household", "person"):
            continue
        rows = fetch(entity)
        if rows is None:
            continue
        if entity.parent == "household":
            record[entity.members] = rows
            continue
        for member in by_person.values():
            member[entity.members] = []
        for row in rows:
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
        cite = book.clauses([step["cite"]]) if step["cite"] else ""
        text = text.replace(step["cite"], cite) if cite else text
        trusts = dict.fromkeys(parameter["trust"] or "none" for parameter in step["parameters"])
        tags = [{"trust": say(f"report.trust.{one}"), "unsure": one not in ("stated", "regulation")} for one in trusts]
        steps.append({"text": text, "tags": tags, "of": names.get(step["key"], "")})
    return steps


def _rows(engine: Engine, entity: Entity, column: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    if not keys:
        return []
    wanted = ", ".join(quote(key) for key in keys)
    return engine.records(
        f"SELECT * FROM {quote_name(entity.table)} WHERE {quote_name(column)} IN ({wanted}) "
        f"ORDER BY {quote_name(entity.key)}"
    )
