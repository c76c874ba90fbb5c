"""The dictionary as a page of the docs: `python -m xianjie.dictionary.page docs/dictionary.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from xianjie.dictionary.catalogue import Dictionary, dictionary, writing
from xianjie.dictionary.masking import Ends, Mask, levels
from xianjie.dictionary.model import STORAGE, CodeList, DictionaryField, Entity

COMMAND = "python -m xianjie.dictionary.page docs/dictionary.md"


def page() -> str:
    """The whole page in Markdown."""
    known = dictionary()
    lines = [*_head(known), *_types(), *_sensitivities(), *_departments(known)]
    lines += ["", "## Entities"]
    for entity in known.entities.values():
        lines += _entity(entity)
    lines += ["", "## Code lists"]
    for name in known.own_codes:
        lines += _code_list(name, known.codes[name], known)
    return "\n".join(lines) + "\n"


def _head(known: Dictionary) -> Iterator[str]:
    sizes = len(known.entities), sum(len(entity.fields) for entity in known.entities.values()), len(known.own_codes)
    yield "# Data dictionary 数据字典"
    yield ""
    yield f"<!-- Made from src/xianjie/dictionary by `{COMMAND}`. Edit the YAML there, then make the page again. -->"
    yield ""
    yield "What every table of a data folder holds, and by which names real files call its columns. Excel templates,"
    yield "column mapping on import, validation, table schemas and masking follow from the same declarations."
    yield ""
    yield "{} entities, {} fields, {} code lists, {} departments.".format(*sizes, len(known.departments))
    yield ""
    yield "A star marks a required field. A column of a file is found by its canonical name, its Chinese label or one"
    yield "of its further names; blanks, full-width characters, stars and units in brackets do not matter. A name"
    yield "after ≠ asks the opposite question: its yes is the field's no."
    yield ""
    yield "| entity | label | table | owner | rows are |"
    yield "|---|---|---|---|---|"
    for entity in known.entities.values():
        link = f"[{entity.entity}](#{entity.entity})"
        yield _row(link, entity.zh, f"`{entity.table}`", entity.parent or "–", entity.en)


def _types() -> Iterator[str]:
    yield from ("", "## Types and units", "", "| type | label | stored as | example |", "|---|---|---|---|")
    for kind, words in writing().types.items():
        yield _row(f"`{kind}`", f"{words.zh} {words.en}", STORAGE[kind], words.example)
    yield ""
    yield "Money is stored in fen (0.01 yuan) and written in yuan by people; a header with 万元 counts 10 000 yuan."
    yield from ("", "| unit | label | further words in headers |", "|---|---|---|")
    for name, unit in writing().units.items():
        yield _row(f"`{name}`", f"{unit.zh} {unit.en}", "、".join(unit.also))


def _sensitivities() -> Iterator[str]:
    yield from ("", "## Sensitivity and masking", "")
    yield "How a value looks to somebody who may not see it in full."
    yield from ("", "| level | label | who sees it | shown to others |", "|---|---|---|---|")
    for name, level in levels().items():
        shown = "; ".join(f"{kind}: {_mask_words(mask)}" for kind, mask in level.masks.items())
        yield _row(f"`{name}`", f"{level.zh} {level.en}", level.about, shown)


def _mask_words(mask: Mask) -> str:
    if not isinstance(mask, Ends):
        return str(mask)
    ends = [f"first {mask.head}"] * bool(mask.head) + [f"last {mask.tail}"] * bool(mask.tail)
    limit = f", nothing beyond {mask.longest} characters" if mask.longest else ""
    return " and ".join(ends) + limit


def _departments(known: Dictionary) -> Iterator[str]:
    yield from ("", "## Departments", "", "| id | label | further names |", "|---|---|---|")
    for name, department in known.departments.items():
        yield _row(f"`{name}`", f"{department.zh} {department.en}", "、".join(department.aliases))


def _entity(entity: Entity) -> Iterator[str]:
    yield from ("", f'### <a id="{entity.entity}"></a>{entity.zh} {entity.en} (`{entity.table}`)', "", entity.about, "")
    facts = [f"Key `{entity.key}`"]
    if entity.parent:
        facts.append(f"belongs to a {entity.parent} by `{entity.parent_key}`")
    if entity.members != entity.table:
        facts.append(f"rules call the rows `{entity.members}`")
    if entity.validity:
        facts.append("holds from `{}` until `{}`".format(*entity.validity))
    if entity.source:
        facts.append(f"from {entity.source}")
    yield "; ".join(facts) + "."
    yield from ("", "| field | label | type | unit, codes, range | sensitivity | further names | note |")
    yield "|---|---|---|---|---|---|---|"
    for field in entity.fields.values():
        yield _field(field)


def _field(field: DictionaryField) -> str:
    low, high = ("" if bound is None else f"{bound:.12g}" for bound in (field.min, field.max))
    codes = f"[{field.codes}](#codes-{field.codes})" if field.codes else ""
    details = [field.unit, codes, f"{low} … {high}".strip() if low or high else ""]
    names = [*field.aliases, *(f"≠ {header}" for header in field.opposites)]
    return _row(
        f"`{field.name}`{' *' if field.required else ''}",
        f"{field.zh} {field.en}",
        field.type,
        "; ".join(detail for detail in details if detail),
        field.sensitivity,
        "、".join(names),
        field.about,
    )


def _code_list(name: str, codes: CodeList, known: Dictionary) -> Iterator[str]:
    users = sorted(
        f"{entity.entity}.{field.name}"
        for entity in known.entities.values()
        for field in entity.fields.values()
        if field.codes == name
    )
    trust = f" Trust: {codes.trust}." if codes.trust else ""
    yield from ("", f'### <a id="codes-{name}"></a>{codes.zh} {codes.en} (`{name}`)', "")
    yield f"Source: {codes.source}.{trust} Used by {', '.join(users)}."
    yield from ("", "| code | label | further words |", "|---|---|---|")
    for value, words in codes.values.items():
        yield _row(f"`{value}`", f"{words.zh} {words.en}", "、".join(words.also))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: Sequence[str]) -> int:
    """Write the page to the file named, or to standard output."""
    if arguments:
        Path(arguments[0]).write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
