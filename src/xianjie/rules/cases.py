"""Worked cases: facts in, expected values out, with their source. The shape is OpenFisca's YAML test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from xianjie.messages import UserError
from xianjie.rules.errors import PolicyError
from xianjie.rules.plain import start
from xianjie.rules.policy import Policy, RuleKey
from xianjie.rules.records import Record, typed

KEYS = {"name", "date", "period", "region", "input", "output", "error_margin", "source", "assumed", "note"}


@dataclass(frozen=True)
class Difference:
    """One expected value that did not come out; `where` such as `members[1].age`."""

    where: str
    expected: Any
    got: Any


@dataclass(frozen=True)
class CaseResult:
    """How one case went. `values` are the asserted rules with the value that came out, by (entity, name)."""

    name: str
    file: str
    source: str
    differences: tuple[Difference, ...]
    values: tuple[tuple[RuleKey, Any], ...]

    @property
    def passed(self) -> bool:
        """Whether every expected value came out."""
        return not self.differences


@dataclass
class Coverage:
    """How often cases assert that a rule is true (or not 0), false (or 0), unknown."""

    true: int = 0
    false: int = 0
    unknown: int = 0

    @property
    def complete(self) -> bool:
        """Whether there is a case of each."""
        return bool(self.true and self.false and self.unknown)


def run_cases(policy: Policy, where: Path | Sequence[Path]) -> list[CaseResult]:
    """Run the cases of YAML files: those given, those in the `cases` folders below a folder, or else the folder's own.

    Raises `PolicyError` for a file that is no list of cases, or a case with unknown keys, rules or facts.
    """
    results: list[CaseResult] = []
    for path in case_files(where):
        for number, case in enumerate(_read(path), start=1):
            results.append(_run(policy, case, path, number))
    return results


def case_files(where: Path | Sequence[Path]) -> list[Path]:
    """The case files that `where` means, in a fixed order."""
    if not isinstance(where, Path):
        return [path for one in where for path in case_files(one)]
    if not where.is_dir():
        return [where]
    found = sorted(path for path in where.rglob("*.yaml") if "cases" in path.relative_to(where).parts[:-1])
    return found or sorted(where.rglob("*.yaml") if where.name == "cases" else where.glob("*.yaml"))


def case_coverage(policy: Policy, results: Iterable[CaseResult]) -> dict[RuleKey, Coverage]:
    """For every rule of the policy, which kinds of answer the cases assert."""
    coverage = {key: Coverage() for key in policy.versions}
    for result in results:
        for key, value in result.values:
            kind = "unknown" if value is None else ("true" if value else "false")
            setattr(coverage[key], kind, getattr(coverage[key], kind) + 1)
    return coverage


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        cases = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise PolicyError("rules.yaml_broken", file=path, error=" ".join(str(error).split())) from error
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        raise PolicyError("rules.case_no_list", file=path)
    return cases


def _run(policy: Policy, case: Mapping[str, Any], path: Path, number: int) -> CaseResult:
    name = str(case.get("name") or number)
    extra = set(case) - KEYS
    if extra or not isinstance(case.get("output"), dict) or not isinstance(case.get("input"), dict):
        raise PolicyError("rules.case_bad", file=path, name=name, keys=", ".join(sorted(map(str, extra))))
    day = _day(case.get("date", case.get("period")), path, name)
    run = _Run(policy, path, name, float(case.get("error_margin", 0)))
    try:
        run.evaluator, tree = start(policy, case["input"], case.get("region"), day, strict=True)
        run.check(tree, case["output"], "")
    except PolicyError:
        raise
    except UserError as error:
        raise PolicyError("rules.case_wrong", file=path, name=name, error=str(error)) from error
    return CaseResult(name, str(path), str(case.get("source", "")), tuple(run.differences), tuple(run.values))


def _day(value: Any, path: Path, name: str) -> date:
    text = str(value) + "-01" * (3 - len(str(value).split("-")))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PolicyError("rules.case_no_date", file=path, name=name, value=value) from None


@dataclass
class _Run:
    policy: Policy
    path: Path
    name: str
    margin: float
    evaluator: Any = None
    differences: list[Difference] = field(default_factory=list)
    values: list[tuple[RuleKey, Any]] = field(default_factory=list)

    def check(self, record: Record, expected: Mapping[str, Any], where: str) -> None:
        """Compare a record's expected values, and those of its collections' items."""
        for name, value in expected.items():
            child = self.policy.schema.collection(record.entity, name)
            if child is not None:
                self._items(record.children(child.name) or [], value, f"{where}{name}")
                continue
            key = (record.entity, name)
            if key not in self.policy.versions:
                raise PolicyError("rules.case_no_rule", file=self.path, name=self.name, rule=name, entity=record.entity)
            wanted = typed(value, self.policy.versions[key][0].type, name, record.key)
            got = self.evaluator.value(record, name)
            self.values.append((key, got))
            if not self._same(wanted, got):
                self.differences.append(Difference(where + name, wanted, got))

    def _items(self, items: list[Record], expected: Any, where: str) -> None:
        if not isinstance(expected, list) or len(expected) != len(items):
            raise PolicyError("rules.case_items", file=self.path, name=self.name, where=where, number=len(items))
        for number, (item, values) in enumerate(zip(items, expected, strict=True)):
            self.check(item, values or {}, f"{where}[{number}].")

    def _same(self, wanted: Any, got: Any) -> bool:
        if wanted is None or got is None or isinstance(wanted, bool | str | date):
            return bool(wanted == got)
        return abs(float(wanted) - float(got)) <= self.margin
