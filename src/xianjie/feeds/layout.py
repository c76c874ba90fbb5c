"""Layouts 来表格式: what the files of a department look like, as data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from xianjie.dictionary import Entity, dictionary
from xianjie.dictionary.model import Strict
from xianjie.messages import UserError

FOLDER = Path(__file__).parent


class Column(Strict):
    """What a layout adds to a field of the dictionary: further column names, whether a file must have it.

    `factor` multiplies the number in the cell where the file writes another unit than its header says. `beside`
    names a field whose column says this one too: a pupil's state tells whether the child is on the roll.
    """

    headers: tuple[str, ...] = ()
    required: bool = False
    factor: float = 1
    beside: str = ""


class Layout(Strict):
    """A layout 来表格式 of one department's file; its rows become rows of `entity`.

    `identity` adds column names to those of `forms.yaml`; `otherwise` names columns that are taken for an
    identity only when no better one is there. `constants` hold for every row, `defaults` where a file has no
    such column (`file_year`, `file_date`: from the file's name). `words` adds words to code lists. `term` is the
    field that says of which year or term a row is, where a file that holds only old ones would mislead.
    """

    layout: str
    department: str
    zh: str
    en: str = ""
    also: tuple[str, ...] = ()
    entity: str
    period: str = ""
    identity: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    otherwise: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    needs: tuple[str, ...] = ()
    constants: dict[str, str] = Field(default_factory=dict)
    defaults: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, Column] = Field(default_factory=dict)
    words: dict[str, dict[str, str]] = Field(default_factory=dict)
    term: str = ""
    ignore: tuple[str, ...] = ()

    @property
    def of(self) -> Entity:
        """The entity whose rows this layout brings."""
        return dictionary().entities[self.entity]

    @property
    def needed(self) -> tuple[str, ...]:
        """Identity columns of which a row must fill at least one."""
        return self.needs or forms().needs


class Forms(Strict):
    """Ways of writing that hold for every layout (`forms.yaml`)."""

    identity: dict[str, tuple[str, ...]]
    needs: tuple[str, ...]
    reserved: tuple[str, ...]
    totals: tuple[str, ...]
    notes: tuple[str, ...]
    empty: tuple[str, ...]
    open_end: tuple[str, ...]
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    units: dict[str, tuple[str, ...]]


@cache
def forms() -> Forms:
    """The ways of writing of `forms.yaml`."""
    return Forms.model_validate(yaml.load((FOLDER / "forms.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader))


def read_layouts(folder: Path | None = None) -> dict[str, Layout]:
    """Layouts by id: the product's own, then those of `folder`, which replace one of the same id.

    Raises `UserError` naming the file when one is not of the shape, or names an unknown field.
    """
    found: dict[str, Layout] = {}
    for place in (FOLDER / "layouts", *([folder] if folder else [])):
        for path in sorted(place.glob("*.yaml")):
            layout = read_layout(path)
            found[layout.layout] = layout
    return found


def read_layout(path: Path) -> Layout:
    """One layout's file. Raises `UserError` naming what is wrong in it."""
    try:
        layout = Layout.model_validate(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
    except (ValueError, yaml.YAMLError, OSError) as error:
        raise UserError("feeds.layout_shape", file=path.name, why=str(error)) from error
    _check(layout, path)
    return layout


def _check(layout: Layout, path: Path) -> None:
    known = dictionary()
    if layout.layout != path.stem:
        raise UserError("feeds.layout_shape", file=path.name, why=f"layout: {layout.layout} ≠ {path.stem}")
    if layout.entity not in known.entities or layout.department not in known.departments:
        raise UserError("feeds.layout_unknown", file=path.name, what=f"{layout.entity} / {layout.department}")
    fields = set(layout.of.fields)
    named: list[Any] = [*layout.columns, *layout.constants, *layout.defaults, *layout.words]
    named += [name for name in (layout.term, *(column.beside for column in layout.columns.values())) if name]
    people = [*layout.identity, *layout.otherwise, *layout.needs]
    wrong = [name for name in named if name not in fields]
    wrong += [name for name in people if name not in forms().identity]
    for name, words in layout.words.items():
        codes = layout.of.fields[name].codes if name in fields else ""
        values = set(known.codes[codes].values) if codes else {"true", "false"}
        wrong += [f"{name}: {value}" for value in words.values() if value not in values]
    if wrong:
        raise UserError("feeds.layout_unknown", file=path.name, what="、".join(wrong))
