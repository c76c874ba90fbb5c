"""The same county under each of the five documents: what differs, and which clause or number makes it differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from xianjie.engines import Engine, quote_name
from xianjie.messages import say
from xianjie.rules import Policy
from xianjie.rules.population import inspect, statement
from xianjie.screening.findings import Finding
from xianjie.screening.policies import PolicyBook
from xianjie.screening.population import behind, parameters_behind


@dataclass(frozen=True)
class Document:
    """A policy document: its id, short name, the region whose policy it is, the overlay that carries it."""

    name: str
    zh: str
    region: str
    overlay: str = ""


def compare_documents(engine: Engine, book: PolicyBook, day: date) -> dict[str, Any]:
    """Households per finding under each document, with the reason where the documents part.

    Needs the entities' views. `names`: the documents; `rows`: a finding each, with a cell per document
    (`text`, and whether it is `unknown`) and `why`.
    """
    documents = [Document(**facts) for facts in book.document("documents.yaml")["compared"]]
    books = {document.name: book.with_overlay(document.overlay) for document in documents}
    counted = {document.name: _count(engine, books[document.name], document, day) for document in documents}
    rows = []
    for finding in book.findings.values():
        cells = [_cell(counted[document.name].get(finding.name)) for document in documents]
        if any(cell["households"] or cell["unknown"] for cell in cells):
            why = _why(finding, documents, books, day) if len({cell["text"] for cell in cells}) > 1 else ""
            rows.append({"finding": finding.name, "zh": finding.zh, "cells": cells, "why": why})
    return {"names": [document.zh for document in documents], "rows": rows}


def _count(engine: Engine, book: PolicyBook, document: Document, day: date) -> dict[str, tuple[int, int]]:
    """Finding → households with it, households of which it cannot be told, under one document."""
    findings = [
        finding for finding in book.findings.values() if not finding.regions or document.region in finding.regions
    ]
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    known = inspect(book.policy, engine, document.region)
    results = statement(book.policy, rules, known, date=day, dialect=engine.dialect).sql(engine.dialect, copy=False)
    columns = ", ".join(
        f"count(*) FILTER ({quote_name(rule)}), count(*) FILTER ({quote_name(rule)} IS NULL)" for rule in rules
    )
    row = engine.rows(f"SELECT {columns} FROM ({results})")[0]
    by_rule = {rule: (int(row[2 * position]), int(row[2 * position + 1])) for position, rule in enumerate(rules)}
    return {finding.name: by_rule[finding.rule] for finding in findings}


def _cell(counted: tuple[int, int] | None) -> dict[str, Any]:
    if counted is None:
        return {"text": say("documents.not_asked"), "unknown": False, "households": 0}
    households, unknown = counted
    text = f"{households:,}" + (say("documents.unknown", number=f"{unknown:,}") if unknown else "")
    return {"text": text, "unknown": bool(unknown and not households), "households": households}


def _why(finding: Finding, documents: list[Document], books: dict[str, PolicyBook], day: date) -> str:
    """The numbers behind a finding that differ between the documents, with their sources; else the rules' own."""
    reasons = []
    some = next(iter(books.values())).policy
    for name in parameters_behind(some, some.find(finding.rule, "household")):
        said = []
        for document in documents:
            value = books[document.name].policy.parameters[name].at(document.region, day)
            known = value is not None and value.known
            shown = books[document.name].shown(name, value.value) if value is not None and known else None
            said.append((document.zh, shown, value.source if value is not None and known else ""))
        if len({shown for _, shown, _ in said}) > 1:
            texts = [
                say("documents.number", document=zh, value=shown, source=source)
                if shown
                else say("documents.no_number", document=zh)
                for zh, shown, source in said
            ]
            reasons.append(f"{some.parameters[name].label}：" + "，".join(texts))
    if not reasons:
        reasons = (
            [say("documents.rule_differs", rule=finding.zh)] if _rule_differs(some, finding, documents, day) else []
        )
    return "；".join(reasons)


def _rule_differs(policy: Policy, finding: Finding, documents: list[Document], day: date) -> bool:
    return any(
        len({id(policy.resolve(document.region, day).version(key)) for document in documents}) > 1
        for key in behind(policy, policy.find(finding.rule, "household"))
    )
