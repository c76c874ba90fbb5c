"""`xianjie rules explain`: one household of a data folder or of a run, step by step."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from xianjie.messages import say
from xianjie.screening.explaining import household_record, readable_steps
from xianjie.screening.facts import open_facts
from xianjie.screening.letter import letter, letter_results
from xianjie.screening.policies import open_policy
from xianjie.screening.population import result_names
from xianjie.screening.run_folder import Progress


def explain_household(
    data: Path, household: str, region: str | None, day: date | None, overlays: tuple[Path, ...], progress: Progress
) -> dict[str, Any]:
    """The explanation of the contract: results, steps with parameters and sources, what is missing.

    `data` is a data folder (its departments' files are read and matched first) or the folder of a run.
    """
    book = open_policy(overlays)
    with open_facts(data, day, progress) as facts:
        record = household_record(facts.engine, household)
        wanted = list(dict.fromkeys([*result_names(book), *letter_results()]))
        explained = book.policy.explain(record, wanted, date=facts.day, region=region)
        return {**explained, "readable": readable_steps(book, record, explained)}


def explanation_lines(explained: dict[str, Any]) -> list[str]:
    """The explanation as lines for a person: the letter on the household's assistance, then every step."""
    title = say("explain.title", household=explained["household_id"], date=explained["date"])
    lines = [*letter(explained), "", title]
    for number, step in enumerate(explained["readable"], start=1):
        unsure = "".join(f" 〔{tag['trust']}〕" for tag in step["tags"] if tag["unsure"])
        lines.append(f"{number}. {step['text']}{unsure}")
    needs = {need["text"]: None for needs in explained["missing"].values() for need in needs}
    if needs:
        lines.append(say("explain.missing"))
        lines += [f"  - {need}" for need in needs]
    return lines
