"""Layouts as people meet them on pages: names, expected columns, a template to fill in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xianjie.dictionary import dictionary
from xianjie.dictionary.catalogue import normal_header
from xianjie.dictionary.model import DictionaryField
from xianjie.dictionary.templates import TemplateSheet, template_header, write_template
from xianjie.feeds import Layout, read_layouts
from xianjie.feeds.layout import forms
from xianjie.web.words import label

# Identity columns of `forms.yaml` that a template asks for first, with the dictionary's field each is like.
USUAL = {"name": "name", "id_no": "id_no", "village_name": "", "phone": "phone"}
KEYS = {"household_id": "household_id", "person_id": "person_id", "disability_no": "disability_no"}


@dataclass(frozen=True)
class Expected:
    """A column that a file of a layout may have: header, whether it must be there, other headers, a hint."""

    header: str
    required: bool
    also: tuple[str, ...]
    about: str


@cache
def layouts() -> dict[str, Layout]:
    """The layouts of this version by id."""
    return read_layouts()


def title(layout: str) -> str:
    """The layout's name; the id itself for one that is gone."""
    return label(layouts()[layout]) if layout in layouts() else layout


def of_department(department: str) -> list[Layout]:
    """The layouts that a department hands in; all of them for "" (the county)."""
    return [one for one in layouts().values() if department in ("", one.department)]


def _identity(layout: Layout) -> list[DictionaryField]:
    """The identity columns that a template of this layout asks for."""
    person = dictionary().entities["person"].fields
    wanted = [*(name for name in layout.needed if name in KEYS and layout.needs), *USUAL]
    if layout.of.key == "region_code":
        wanted = ["region_code"]
    fields = []
    for name in dict.fromkeys(wanted):
        like = person.get(KEYS.get(name) or USUAL.get(name) or name)
        header = forms().identity[name][0]
        base = like or DictionaryField(name=name, zh=header, type="text", sensitivity="public")
        fields.append(base.model_copy(update={"zh": header, "required": False}))
    return fields


@cache
def columns_of(layout_id: str) -> tuple[DictionaryField, ...]:
    """The columns of a layout's template: identity, what is required, what is welcome; no header twice."""
    layout = layouts()[layout_id]
    owned = {layout.of.key, layout.of.parent_key, "person_id", "household_id", "region_code", *layout.constants}
    fields = [
        field.model_copy(update={"required": name in layout.columns and layout.columns[name].required})
        for name, field in layout.of.fields.items()
        if name not in owned
    ]
    ordered = [*_identity(layout), *sorted(fields, key=lambda field: not field.required)]
    unique: dict[str, DictionaryField] = {}
    for field in ordered:
        unique.setdefault(normal_header(field.zh), field)
    return tuple(unique.values())


def expected(layout_id: str) -> list[Expected]:
    """The columns as a page lists them."""
    layout = layouts()[layout_id]
    return [
        Expected(
            template_header(field).lstrip("*"),
            field.required,
            tuple(dict.fromkeys((*layout.columns[field.name].headers, *field.aliases)))
            if field.name in layout.columns
            else field.aliases,
            field.about,
        )
        for field in columns_of(layout_id)
    ]


def write_layout_template(layout_id: str, path: Path) -> None:
    """Write the Excel template of a layout. Raises `UserError` when it cannot be written."""
    layout = layouts()[layout_id]
    write_template([TemplateSheet(layout.zh, columns_of(layout_id))], path)
