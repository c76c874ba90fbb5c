"""The numbers of `intake.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict


class Knobs(BaseModel):
    """How careful the intake is, and how much a page shows."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    fewer_rows_held: float
    stable_seconds: int
    reasons_kept: int
    page_rows: int
    candidates_shown: int
    endings: tuple[str, ...]
    macro_endings: tuple[str, ...]


@cache
def knobs() -> Knobs:
    """The numbers of this version."""
    text = (Path(__file__).parent / "intake.yaml").read_text(encoding="utf-8")
    return Knobs.model_validate(yaml.safe_load(text))
