"""One household of the newest run: how each finding came about, what is unknown, what departments handed in.

Nothing about health is told to who does not see health: neither a step that reads a health field, nor a rule's value
that gives one away, nor a department's value of that sensitivity.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from xianjie.dictionary import DictionaryField, dictionary
from xianjie.dictionary.masking import HIDDEN
from xianjie.messages import UserError
from xianjie.rules import Policy
from xianjie.rules.text import show_value
from xianjie.screening.household import RunReader, open_run
from xianjie.screening.policies import open_policy
from xianjie.web.accounts.scope import Scope
from xianjie.web.daily.kinds import department_label, kind_label, kinds, may_read
from xianjie.web.daily.models import Finding, Run
from xianjie.web.daily.runs import overlays
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Masked
from xianjie.web.dictionary_forms import label_of, shown_value
from xianjie.web.words import label

NEAR = {"person": 2}  # rules that read a health field within so many steps (others: one) tell of health
ROWS_SHOWN = 200


class _Open:
    """A run kept open; it closes when nobody holds it any more, so a page that is being made is never cut off."""

    def __init__(self, run: Run) -> None:
        self._manager = open_run(run.folder, overlays())
        self.reader: RunReader = self._manager.__enter__()


_lock = threading.Lock()
_open: dict[int, _Open] = {}


def reader_of(run: Run) -> _Open:
    """The run, kept open for this process; an older run of the same county is let go."""
    with _lock:
        if run.pk not in _open:
            opened = _Open(run)
            while len(_open) >= 4:
                _open.pop(next(iter(_open)))
            _open[run.pk] = opened
        return _open[run.pk]


@dataclass(frozen=True)
class Words:
    """What rules and fields are called, and how their values are written."""

    policy: Policy

    def rule(self, name: str) -> str:
        found = _infos(self.policy).get(name)
        return found.label if found else name

    def value(self, name: str, value: Any) -> str:
        found = _infos(self.policy).get(name)
        return show_value(value, found.type if found else "", found.unit if found else None)


@cache
def _infos(policy: Policy) -> dict[str, Any]:
    return {info.name: info for info in policy.rules()}


def field_of(name: str, entity: str) -> DictionaryField | None:
    """The dictionary's field behind a rule's input: `medical_bills.self_paid`, or a field of the rule's own entity."""
    table, _dot, column = name.rpartition(".")
    owner = dictionary().by_table(table) if table else dictionary().entities.get(entity)
    if owner is None and table:
        owner = next((one for one in dictionary().entities.values() if one.members == table), None)
    return owner.fields.get(column) if owner else None


@cache
def health_rules() -> frozenset[str]:
    """Rules whose value tells of somebody's health: they read a health field closely, or a finding about health rests
    on them alone."""
    policy = open_policy().policy
    health = {
        (entity.entity, name)
        for entity in dictionary().entities.values()
        for name, field in entity.fields.items()
        if field.sensitivity == "health"
    }
    near = {
        name for (entity, name) in policy.versions if _distance(policy, (entity, name), health) <= NEAR.get(entity, 1)
    }
    of_findings: set[str] = set()
    shared: set[str] = set()
    for code, finding in open_policy().findings.items():
        (of_findings if kinds()[code].is_health else shared).update((finding.rule, *finding.evidence, *finding.places))
    return frozenset(near | (of_findings - shared))


def _distance(policy: Policy, start: tuple[str, str], goals: set[tuple[str, str]]) -> int:
    """How many steps a rule is from the nearest of some fields; a large number when it reads none."""
    waiting, seen = deque([(start, 0)]), {start}
    while waiting:
        key, far = waiting.popleft()
        if key in goals:
            return far
        if far > max(NEAR.values()):
            break
        for following in _reads(policy, key) - seen:
            seen.add(following)
            waiting.append((following, far + 1))
    return 99


def _reads(policy: Policy, key: tuple[str, str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for version in policy.versions.get(key, []):
        found |= {(one.entity or key[0], name) for name, one in version.arguments.items() if one.kind == "value"}
        found |= {(one.entity, name) for name, one in version.parents.items()} | version.items
    return found


@dataclass
class Eyes:
    """What a user sees of one household, now or for a stated reason."""

    scope: Scope
    region_code: str
    health: bool

    def value(self, field: DictionaryField, value: Any) -> Any:
        """A field's value in words, masked where need be."""
        if field.sensitivity == "health" and self.health:
            return shown_value(field, value)
        shown = self.scope.show(field, value, self.region_code)
        return shown_value(field, value) if shown is value else shown


def household_page(run: Run, household_id: str, eyes: Eyes) -> dict[str, Any]:
    """What the page about a household of a run shows. Raises `UserError` when the run does not know the household."""
    opened = reader_of(run)
    page = opened.reader.household(household_id)
    names = {one["person_id"]: one["name"] for one in page["members"]}
    teller = _Teller(page, Words(opened.reader.book.policy), names, eyes, opened.reader.book)
    return {
        "findings": [teller.finding(one) for one in page["findings"]],
        "unknown": list(teller.unknown()),
        "departments": list(teller.departments()),
        "hidden": teller.hidden,
    }


def steps_of(
    run: Run, page: dict[str, Any], eyes: Eyes, rules: Sequence[str], results: Collection[str]
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The steps of some rules, in the order of `rules`, and what is not known for some `results`.

    `page` as `RunReader.household` gives it.
    """
    opened = reader_of(run)
    names = {one["person_id"]: one["name"] for one in page["members"]}
    teller = _Teller(page, Words(opened.reader.book.policy), names, eyes, opened.reader.book)
    order = {rule: number for number, rule in enumerate(rules)}
    wanted = sorted((one for one in page["steps"] if one["rule"] in order), key=lambda one: order[one["rule"]])
    return [teller.step(one) for one in wanted], list(teller.unknown(results))


@dataclass
class _Teller:
    """Turns the run's answer about a household into what a page shows."""

    page: dict[str, Any]
    words: Words
    names: dict[str, str]
    eyes: Eyes
    book: Any
    hidden: int = 0

    def finding(self, one: dict[str, Any]) -> dict[str, Any]:
        """A finding with the steps that led to it, the last first."""
        reads = self.eyes.health or may_read(self.eyes.scope, one["causes"], self.eyes.region_code)
        rule = self.book.findings[one["finding"]].rule if one["finding"] in self.book.findings else one["finding"]
        return {
            "label": kind_label(one["finding"]),
            "text": one["text"] if reads else Masked(_("涉及健康信息")),
            "score": one["score"],
            "cite": one["cite"],
            "departments": "、".join(map(department_label, one["departments"])),
            "steps": list(self._steps(rule)),
        }

    def _steps(self, rule: str) -> Iterator[dict[str, Any]]:
        """The steps behind a rule: itself, what it rests on, and so on down to facts."""
        by_rule: dict[str, list[dict[str, Any]]] = {}
        for step in self.page["steps"]:
            by_rule.setdefault(step["rule"], []).append(step)
        waiting, seen = deque([rule]), {rule}
        while waiting:
            for step in by_rule.get(waiting.popleft(), []):
                yield self.step(step)
                for name in step["inputs"]:
                    below = name.rpartition(".")[2]
                    if below in by_rule and below not in seen:
                        seen.add(below)
                        waiting.append(below)

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """One step as the component `explanation` shows it."""
        whose = self.names.get(step["key"], "") if step["entity"] == "person" else ""
        if self._is_hidden(step["rule"]):
            self.hidden += 1
            return {"label": self.words.rule(step["rule"]), "of": whose, "value": Masked(_("涉及健康信息"))}
        return {
            "label": step["label"] or step["rule"],
            "of": whose,
            "value": self.words.value(step["rule"], step["value"]),
            "inputs": [self._input(name, value, step["entity"]) for name, value in step["inputs"].items()],
            "parameters": [
                {**one, "value": show_value(one["value"], "", one["unit"]), "trust": one["trust"] or "unverified"}
                for one in step["parameters"]
            ],
            "cite": self.book.clauses([step["cite"]]) if step["cite"] else "",
        }

    def _is_hidden(self, rule: str) -> bool:
        seen = self.eyes.health or self.eyes.scope.sees("health", self.eyes.region_code)
        return not seen and rule in health_rules()

    def _input(self, name: str, value: Any, entity: str) -> dict[str, Any]:
        below = name.rpartition(".")[2]
        if below in _infos(self.words.policy):
            shown = HIDDEN if self._is_hidden(below) else self._several(lambda one: self.words.value(below, one), value)
            return {"label": self.words.rule(below), "value": shown}
        field = field_of(name, entity)
        if field is None:
            return {"label": name, "value": self._several(str, value)}
        return {"label": label_of(field), "value": self._several(lambda one: self.eyes.value(field, one), value)}

    def _several(self, show: Any, value: Any) -> str:
        """A value, or the values of many rows, as one text; many equal ones are counted."""
        if not isinstance(value, list):
            return str(show(value))
        texts = [str(show(one)) for one in value]
        if not texts:
            return _("没有记录")
        counted = {text: texts.count(text) for text in dict.fromkeys(texts)}
        return "、".join(f"{text}×{number}" if number > 1 else text for text, number in counted.items())

    def unknown(self, of: Collection[str] | None = None) -> Iterator[dict[str, str]]:
        """What is not known (of some results), each once, with whom to ask."""
        told: set[tuple[str, str]] = set()
        for result, needs in self.page["missing"].items():
            for need in needs if of is None or result in of else ():
                key = (need["name"], need.get("key", ""))
                if key in told or need["kind"] == "undefined":
                    continue
                told.add(key)
                yield {
                    "label": need["label"],
                    "of": self.names.get(need.get("key", ""), ""),
                    "reason": need.get("reason", ""),
                    "ask": self._whom(need),
                }

    def _whom(self, need: dict[str, Any]) -> str:
        if need["kind"] == "parameter":
            return _("县级确定参数")
        entity = dictionary().entities.get(need.get("entity", "")) or dictionary().by_table(need["name"])
        field = entity.fields.get(need["name"]) if entity else None
        source = (field.source if field else "") or (entity.source if entity else "")
        return department_label(source) if source else _("村级核实")

    def departments(self) -> Iterator[dict[str, Any]]:
        """What departments' files say, table by table, each row with the file it came from."""
        for table, rows in self.page["facts"].items():
            entity = dictionary().by_table(table)
            given = [row for row in rows if row["source"]]
            if entity is None or not given:
                continue
            fields = [
                field
                for name, field in entity.fields.items()
                if name not in (entity.key, "household_id", "person_id") and any(row[name] is not None for row in given)
            ]
            title = label(entity)
            yield {"title": title, "table": self._table(title, fields, given[:ROWS_SHOWN], table)}

    def _table(self, title: str, fields: list[DictionaryField], rows: list[dict[str, Any]], table: str) -> Table:
        def show(field: DictionaryField) -> Any:
            return lambda row: None if row[field.name] is None else self.eyes.value(field, row[field.name])

        whose = Column(_("姓名"), lambda row: self.names.get(row.get("person_id") or "", _("全户")), main=True)
        source = Column(
            _("来源文件"), lambda row: row["source"]["file"], second=lambda row: _place(row["source"]["row_id"])
        )
        return Table(
            [whose, *(Column(label_of(one), show(one)) for one in fields), source], rows, title, id=f"facts-{table}"
        )


def _place(row_id: str) -> str:
    """Sheet and row of a row's number."""
    sheet, _colon, row = row_id.partition(":")
    return _("第%(sheet)s表第%(row)s行") % {"sheet": sheet, "row": row}


def findings_of(household_id: str) -> list[Finding]:
    """A household's standing findings, the heaviest first; the caller has checked who may see the household."""
    rows = Finding.everything.filter(household_id=household_id, gone_on__isnull=True)
    return list(rows.select_related("last_run").order_by("-score", "finding"))


def has_page(run: Run | None) -> bool:
    """Whether a run can still tell of single households."""
    return run is not None and not run.thinned and (run.folder / "work" / "steps" / "feeds.json").exists()


def warm(run: Run) -> None:
    """Make the tables that the pages read, so that the first page need not wait for them."""
    try:
        _Open(run)
    except UserError:  # a run without households has nothing to show
        return
