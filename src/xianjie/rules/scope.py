"""What stands around an expression of a rule while it is read: names, what is known of them, how it is refused."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Protocol

from xianjie.rules.errors import Refused
from xianjie.rules.ir import Local
from xianjie.rules.sources import Source


@dataclass(frozen=True)
class Binding:
    """What an argument's name stands for: `value` (rule, field), `param`, `today`, `collection`, `parent`."""

    kind: str
    entity: str = ""
    type: str = ""
    unit: str | None = None


class Scope(Protocol):
    """Where a rule's names are looked up."""

    def argument(self, source: Source, name: str) -> Binding:
        """What the argument `name` of a rule means. Raises `Refused` when nothing or two things bear the name."""

    def attribute(self, source: Source, entity: str, name: str, line: int) -> Binding:
        """The field or rule `name` of `entity`."""


@dataclass
class State:
    """What is known at one point of the function: local names, and which names certainly hold a value."""

    local: dict[str, Local]
    known: set[str]

    def copy(self, known: set[str] | None = None) -> State:
        """The same, with more names known."""
        return State(dict(self.local), self.known | (known or set()))


class Subject:
    """The rule that is being read, and where its names are looked up."""

    def __init__(self, source: Source, scope: Scope) -> None:
        self.source = source
        self.scope = scope

    def refuse(self, code: str, node: ast.AST | None = None, **facts: object) -> Refused:
        """What to raise for something that is not in the language: where it stands, and what to write instead."""
        line = getattr(node, "lineno", None) or self.source.line
        what = ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else ""
        facts.setdefault("what", what.split("\n")[0][:80])
        return Refused(code, file=self.source.file, line=line, rule=self.source.name, **facts)
