"""What a parsed document is: clauses, targets, units, programmes, noise; offsets count characters of the file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass
class Clause:
    """A numbered (or, inside a part, unnumbered) piece of text; `start`/`end` hold its own words, not its children's.

    `kind` is `part`, `clause`, `group` (only a heading over items), `item` or `dash`; `id` the printed numbers on the
    path (`p2.c1.i3`); `number` the printed number, None when there is none.
    """

    id: str
    parent: str | None
    kind: str
    number: str | None
    title: str
    text: str
    start: int
    end: int


@dataclass
class Target:
    """What is to be reached (目标): `tier` explicit, milestone or relative; `operator` one of `= >= > <= < ≈ +`.

    `value` as printed (None when blanked); `unit` with its multiplier (万人); `deadline` as printed; `due` the last day
    it can mean (ISO), None when it names none; `start`/`end` the phrase, `text` exactly that phrase.
    """

    clause_id: str
    tier: str
    indicator: str
    operator: str | None
    value: str | None
    unit: str | None
    deadline: str | None
    text: str
    start: int
    end: int
    due: str | None = None


@dataclass
class Unit:
    """A body made responsible (责任单位): `order` from 1 in its clause; `role` lead, lead_implied, joint or local."""

    clause_id: str
    order: int
    name: str
    canonical: str
    role: str
    start: int
    end: int


@dataclass
class Programme:
    """A named programme or rule (专项行动、工程、计划), without its quotation marks."""

    clause_id: str
    name: str
    start: int
    end: int


@dataclass
class Noise:
    """What is no clause, and why: blank, title, preamble, closing, signature, header, page_number, chrome, other …"""

    start: int
    end: int
    why: str


@dataclass
class Problem:
    """Something a reader should know: `code` is its kind, `clause_id` the place, `text` the user's sentence."""

    code: str
    clause_id: str | None
    text: str


@dataclass
class Head:
    """The document's title, level (central, province, city, county, township, or None) and issuer."""

    title: str | None
    level: str | None
    issuer: str | None
    year: int | None = None


@dataclass
class Document:
    """A parsed document; `source` is the text that all offsets refer to."""

    source: str
    head: Head
    clauses: list[Clause] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    programmes: list[Programme] = field(default_factory=list)
    noise: list[Noise] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The contract of `documents parse --json`."""
        lists = {f.name: [asdict(x) for x in getattr(self, f.name)] for f in fields(self)[2:]}
        return {"document": asdict(self.head), **lists}
