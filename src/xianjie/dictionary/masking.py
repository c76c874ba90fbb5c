"""Masking 脱敏: how a value looks to somebody who may not see it. What is left of it stands in `sensitivity.yaml`."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from pydantic import model_validator

from xianjie.dictionary.catalogue import FOLDER, read_yaml
from xianjie.dictionary.model import DictionaryField, FieldType, Sensitivity, Strict

HIDDEN = "***"


class Ends(Strict):
    """How many characters stay at each end; a value longer than `longest` keeps none."""

    head: int = 0
    tail: int = 0
    longest: int | None = None


Mask = Ends | Literal["shown", "hidden"]


class Level(Strict):
    """A sensitivity 敏感级别: labels, who may see it, masks by type of field."""

    zh: str
    en: str
    about: str
    masks: dict[FieldType | Literal["other"], Mask]

    @model_validator(mode="after")
    def _has_other(self) -> Level:
        if "other" not in self.masks:
            raise ValueError(f"{self.en}: no mask for the other types")
        return self


@cache
def levels() -> dict[Sensitivity, Level]:
    """Every sensitivity with its masks, the least sensitive first."""
    return {name: Level.model_validate(raw) for name, raw in read_yaml(FOLDER / "sensitivity.yaml").items()}  # type: ignore[misc]


def mask_of(field: DictionaryField) -> Mask:
    """The mask of a field, by its sensitivity and type."""
    masks = levels()[field.sensitivity].masks
    return masks.get(field.type, masks["other"])


def mask_value(field: DictionaryField, value: Any) -> Any:
    """`value` as somebody sees it who may not see it in full.

    A shown value stays what it is, a hidden one is `***` whether there is a value or not, the ends of a text
    stay between stars; None stays None there.
    """
    mask = mask_of(field)
    if mask == "shown":
        return value
    if mask == "hidden":
        return HIDDEN
    if value is None:
        return None
    assert isinstance(mask, Ends)
    text, kept = str(value), mask.head + mask.tail
    if len(text) <= kept or (mask.longest is not None and len(text) > mask.longest):
        return "*" * len(text)
    return text[: mask.head] + "*" * (len(text) - kept) + text[len(text) - mask.tail :]


def mask_sql(field: DictionaryField, value: str) -> str:
    """`mask_value` as an SQL expression over the SQL expression `value`, for every engine."""
    mask = mask_of(field)
    if mask == "shown":
        return value
    if mask == "hidden":
        return f"'{HIDDEN}'"
    assert isinstance(mask, Ends)
    text, kept = f"CAST({value} AS STRING)", mask.head + mask.tail
    too_long = f" OR length({text}) > {mask.longest}" if mask.longest is not None else ""
    return (
        f"CASE WHEN {value} IS NULL THEN NULL"
        f" WHEN length({text}) <= {kept}{too_long} THEN repeat('*', CAST(length({text}) AS INT))"
        f" ELSE concat(substr({text}, 1, {mask.head}), repeat('*', CAST(length({text}) - {kept} AS INT)),"
        f" substr({text}, CAST(length({text}) - {mask.tail - 1} AS INT))) END"
    )
