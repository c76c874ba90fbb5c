"""The shapes of `checks/*.yaml` and their loading: sources, numbers, bases, facts, checks 数据质量检查."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from xianjie.dictionary import dictionary
from xianjie.messages import UserError

Severity = Literal["error", "warning", "suspect"]
SEVERITIES: dict[str, str] = {"error": "错误", "warning": "警告", "suspect": "疑点"}
Trust = Literal["stated", "regulation", "local", "unverified"]
TRUSTS: dict[str, str] = {"stated": "文件载明", "regulation": "法规标准", "local": "地方做法", "unverified": "未核实"}
Shape = TypeVar("Shape", bound="Strict")
Rows = Mapping[str, list[dict[str, Any]]]

# The safe loader written in C where PyYAML has it: ten times faster on these files.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The day on which the examples of a check are true, unless the check says another.
EXAMPLE_DAY = date(2025, 6, 30)


class Strict(BaseModel):
    """A YAML shape that refuses keys it does not know, so that a typing slip is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where a check or a number comes from 依据, and how far it can be trusted."""

    zh: str
    en: str
    trust: Trust


class Number(Strict):
    """A number that a check uses: its value, unit, source and trust.

    `policy: true` stands for a number that changes with place and year, such as the monitoring line: the
    caller gives it (`run_checks(numbers=…)`), and `value` serves the examples only.
    """

    value: int | float | date | str
    unit: str
    source: str
    trust: Trust
    zh: str = ""
    policy: bool = False


class Column(Strict):
    """A value worked out from rows: SQL, and how people read it (`code:<list>` for a code list's labels).

    `empty` is what it is for an owner without any row, as SQL.
    """

    sql: str
    type: str = "int"
    empty: str = ""

    @model_validator(mode="after")
    def _readable(self) -> Column:
        kind, _, codes = self.type.partition(":")
        if kind not in ("int", "number", "fen", "percent", "date", "bool", "text", "code"):
            raise ValueError(f"unknown type {self.type}")
        if (kind == "code") != (codes in dictionary().codes):
            raise ValueError(f"unknown code list in {self.type}")
        return self


class Base(Strict):
    """What a check looks at row by row: a table of the dictionary, with columns worked out from each row.

    `optional` names columns that may be missing from the data without making a check's answer unknown.
    """

    where: str = ""
    optional: tuple[str, ...] = ()
    columns: dict[str, Column] = Field(default_factory=dict)


class Fact(Strict):
    """What is known of one person, household or number from all rows of other tables: one row a key."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    key: str
    source: str = Field(alias="from")
    where: str = ""
    optional: tuple[str, ...] = ()
    columns: dict[str, Column]


class Check(Strict):
    """One data-quality check 数据质量检查.

    Either a predicate `where` over the rows of a `base`, or a whole `sql` that gives `household_id`,
    `person_id` and the `columns` it names. `text` is the evidence shown, with `{column}` and `{number}`.
    """

    id: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")
    title: str
    subject: str
    entity: Literal["household", "person"]
    severity: Severity
    base: str = ""
    where: str = ""
    sql: str = ""
    columns: dict[str, str] = Field(default_factory=dict)
    optional: tuple[str, ...] = ()
    text: str
    advice: str
    source: str
    parameters: dict[str, Number] = Field(default_factory=dict)
    day: date = EXAMPLE_DAY
    fires: Rows
    passes: Rows

    @model_validator(mode="after")
    def _one_way(self) -> Check:
        if bool(self.sql) == bool(self.base) or bool(self.base) != bool(self.where):
            raise ValueError("a check has either base and where, or sql")
        return self


class Change(Strict):
    """What a later folder changes in a check: its severity, its numbers, or that it is not run at all."""

    off: bool = False
    severity: Severity | None = None
    parameters: dict[str, Number] = Field(default_factory=dict)


class Score(Strict):
    """Which severities count against a village's data-quality score 数据质量得分, and what it is in words."""

    severities: tuple[Severity, ...]
    zh: str
    en: str


@dataclass(frozen=True)
class CheckBook:
    """All checks in the order of their ids, with the sources, numbers, bases and facts that they use."""

    checks: tuple[Check, ...]
    subjects: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, Source]
    numbers: Mapping[str, Number]
    bases: Mapping[str, Base]
    facts: Mapping[str, Fact]
    score: Score

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    def __len__(self) -> int:
        return len(self.checks)

    def numbers_of(self, check: Check) -> dict[str, Number]:
        """Name → number as this check sees them, its own before the shared ones."""
        return {**self.numbers, **check.parameters}

    def cited(self, source: str) -> str:
        """A source as shown, with the clause or rule number after its slash."""
        name, _, place = source.partition("/")
        return f"{self.sources[name].zh} {place}".strip()


def load_checks(folders: Iterable[Path]) -> CheckBook:
    """The checks of the folders (`<folder>/*.yaml`); a later folder adds to, replaces or changes an earlier one's.

    Raises `UserError` naming file and check when something is not of its shape, or twice in one folder.
    """
    raw: dict[str, dict[str, Any]] = {
        part: {} for part in ("subjects", "sources", "numbers", "bases", "facts", "score", "changes")
    }
    checks: dict[str, Check] = {}
    folders = tuple(folders)
    for folder in folders:
        own: dict[str, Path] = {}
        for path in sorted(folder.glob("*.yaml")):
            for check in _read_file(path, raw):
                if check.id in own:
                    raise UserError("checks.twice", check=check.id, file=path.name, other=own[check.id].name)
                own[check.id] = path
                checks[check.id] = check
    if not checks:
        raise UserError("checks.none_found", folders="、".join(str(folder) for folder in folders))
    try:
        changed = [_changed(check, raw["changes"].get(name)) for name, check in sorted(checks.items())]
        book = CheckBook(
            checks=tuple(check for check in changed if check),
            subjects=raw["subjects"],
            sources=_shaped(Source, raw["sources"]),
            numbers=_shaped(Number, raw["numbers"]),
            bases=_shaped(Base, raw["bases"]),
            facts=_shaped(Fact, raw["facts"]),
            score=Score(**raw["score"]),
        )
    except (ValidationError, TypeError) as error:
        raise UserError("checks.bad_shape", file="checks", error=error) from error
    if unknown := sorted(set(raw["changes"]) - set(checks)):
        raise UserError("checks.unknown_change", checks="、".join(unknown))
    _sourced(book)
    _one_name_each(book)
    return book


def _read_file(path: Path, raw: dict[str, dict[str, Any]]) -> list[Check]:
    """The checks of one file; what else it declares goes into `raw`."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER) or {}
        checks = content.pop("checks", [])
        if "subject" in content:
            raw["subjects"][path.stem] = content.pop("subject")
        for part, declared in content.items():
            raw[part] |= declared
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise UserError("checks.bad_shape", file=path, error=error) from error
    shaped = []
    for facts in checks:
        try:
            shaped.append(Check(**{"subject": path.stem, **facts}))
        except (ValidationError, TypeError) as error:
            name = facts.get("id") if isinstance(facts, dict) else facts
            raise UserError("checks.bad_check", file=path.name, check=name, error=error) from error
    return shaped


def _shaped(shape: type[Shape], raw: Mapping[str, Any]) -> dict[str, Shape]:
    return {name: shape(**facts) for name, facts in raw.items()}


def _changed(check: Check, raw: Any) -> Check | None:
    if raw is None:
        return check
    change = Change(**raw)
    if change.off:
        return None
    severity = change.severity or check.severity
    return check.model_copy(update={"severity": severity, "parameters": {**check.parameters, **change.parameters}})


def _sourced(book: CheckBook) -> None:
    """Every check and number names a source that is declared, every check a subject."""
    used = {f"numbers.{name}": number.source for name, number in book.numbers.items()}
    for check in book:
        used[check.id] = check.source
        used |= {f"{check.id}.{name}": number.source for name, number in check.parameters.items()}
        if check.subject not in book.subjects:
            raise UserError("checks.no_subject", check=check.id, subject=check.subject)
    for place, source in used.items():
        if source.partition("/")[0] not in book.sources:
            raise UserError("checks.no_source", place=place, source=source)


def _one_name_each(book: CheckBook) -> None:
    """A column of a fact or base hides no field of the dictionary and no other column."""
    fields = {name for entity in dictionary().entities.values() if entity.parent for name in entity.fields}
    fields |= set(dictionary().entities["household"].fields)
    seen: set[str] = set(book.numbers)
    columns = {place: fact.columns for place, fact in book.facts.items()}
    columns |= {place: base.columns for place, base in book.bases.items()}
    for place, declared in columns.items():
        for name in declared:
            if name in fields or name in seen:
                raise UserError("checks.name_taken", place=place, name=name)
            seen.add(name)
