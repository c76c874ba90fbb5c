"""What goes wrong while rules and parameters are read, always with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xianjie.messages import UserError


class PolicyError(UserError):
    """A policy folder that cannot be used as it is. `file` and `line` say where."""

    def __init__(self, code: str, *, file: Path | str, line: int = 0, **facts: Any) -> None:
        self.file = str(file)
        self.line = line
        super().__init__(code, file=self.file, line=line, **facts)


class Refused(PolicyError):
    """Something in a rule's source that the language does not accept; the message says what to write instead."""
