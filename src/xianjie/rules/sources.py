"""Finding the rules in Python files, by reading their syntax tree: nothing in a policy folder is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from xianjie.rules.errors import Refused
from xianjie.rules.parameters import FIRST_DAY, NATION

MARKS = ("region", "since", "until", "label", "unit", "cite")


@dataclass(frozen=True, eq=False)
class Source:
    """One rule as written: a version of `name` for `entity`, for one region from one date on."""

    name: str
    entity: str
    region: str
    since: date
    until: date | None
    label: str
    unit: str | None
    cite: str
    doc: str
    file: str
    line: int
    node: ast.FunctionDef

    @property
    def key(self) -> tuple[str, str, str, date]:
        """What an overlay's rule must share to take this one's place."""
        return (self.entity, self.name, self.region, self.since)

    def valid(self, day: date) -> bool:
        """Whether the rule holds on `day`."""
        return self.since <= day and (self.until is None or day <= self.until)


def read_rules(path: Path, entities: set[str]) -> Iterator[Source]:
    """The rules of one `.py` file. Raises `Refused` for anything in it that is neither rule nor import."""
    try:
        module = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        raise Refused("rules.syntax", file=path, line=error.lineno or 0, error=error.msg) from error
    except (UnicodeDecodeError, ValueError) as error:
        raise Refused("rules.syntax", file=path, error=str(error)) from error
    for position, statement in enumerate(module.body):
        if isinstance(statement, ast.FunctionDef):
            yield _rule(statement, path, entities)
        elif not _harmless(statement, position):
            raise Refused("rules.module_statement", file=path, line=statement.lineno, what=ast.unparse(statement)[:60])


def _harmless(statement: ast.stmt, position: int) -> bool:
    """The import of the language's words, or the file's docstring."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module in ("xianjie.rules", "__future__")
    return position == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _rule(node: ast.FunctionDef, path: Path, entities: set[str]) -> Source:
    if len(node.decorator_list) != 1:
        raise Refused("rules.no_decorator", file=path, line=node.lineno, rule=node.name)
    entity, marks = _decorator(node, path)
    if entity not in entities:
        raise Refused("rules.no_entity", file=path, line=node.lineno, rule=node.name, entity=entity)
    doc = ast.get_docstring(node) or ""
    region = marks.get("region", NATION)
    if not isinstance(region, str) or not region.isdigit() or len(region) > 12:
        raise Refused("rules.bad_mark", file=path, line=node.lineno, rule=node.name, mark="region", value=region)
    return Source(
        name=node.name,
        entity=entity,
        region=region,
        since=_day(marks.get("since"), node, path, "since") or FIRST_DAY,
        until=_day(marks.get("until"), node, path, "until"),
        label=str(marks.get("label") or node.name),
        unit=marks.get("unit"),
        cite=str(marks.get("cite") or ""),
        doc=doc,
        file=str(path),
        line=node.lineno,
        node=node,
    )


def _decorator(node: ast.FunctionDef, path: Path) -> tuple[str, dict[str, Any]]:
    decorator = node.decorator_list[0]
    call = decorator if isinstance(decorator, ast.Call) else None
    name = call.func if call else decorator
    if not isinstance(name, ast.Name):
        raise Refused("rules.no_decorator", file=path, line=node.lineno, rule=node.name)
    marks: dict[str, Any] = {}
    for keyword in call.keywords if call else ():
        if keyword.arg not in MARKS or not isinstance(keyword.value, ast.Constant):
            value = ast.unparse(keyword.value)
            raise Refused(
                "rules.bad_mark", file=path, line=node.lineno, rule=node.name, mark=keyword.arg or "**", value=value
            )
        marks[keyword.arg] = keyword.value.value
    positional = [part.value if isinstance(part, ast.Constant) else None for part in (call.args if call else ())]
    if name.id != "rule":
        if positional:
            raise Refused("rules.no_decorator", file=path, line=node.lineno, rule=node.name)
        return name.id, marks
    if len(positional) != 1 or not isinstance(positional[0], str):
        raise Refused("rules.no_decorator", file=path, line=node.lineno, rule=node.name)
    return positional[0], marks


def _day(value: Any, node: ast.FunctionDef, path: Path, mark: str) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refused("rules.bad_mark", file=path, line=node.lineno, rule=node.name, mark=mark, value=value) from None
