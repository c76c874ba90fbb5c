"""Which row is the header, and which column is which field."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from xianjie.dictionary import DictionaryField, header_multiplier, normal_header
from xianjie.feeds.layout import Layout, forms
from xianjie.feeds.model import RawSheet, Unreadable

Cells = Sequence[str | None]


@dataclass(frozen=True)
class Target:
    """A column of the canonical file: an identity (`i_name`) or a field, and the headers that it goes by.

    `ranks`: normalised header → rank; of the columns in a file those of the lowest rank count.
    """

    name: str
    zh: str
    ranks: dict[str, int]
    field: DictionaryField | None = None
    required: bool = False
    factor: float = 1


@dataclass(frozen=True)
class Header:
    """A sheet's header: its rows (counted from 1), the columns' names, and target → column (from 0)."""

    sheet: RawSheet
    first: int
    last: int
    names: list[str]
    columns: dict[str, int]
    ambiguous: dict[str, list[int]] = field(default_factory=dict)

    @property
    def score(self) -> int:
        """How many columns of the file are understood."""
        return len(set(self.columns.values()) | {at for places in self.ambiguous.values() for at in places})

    def multiplier(self, target: str) -> int:
        """10,000 where the target's column is in 万元, else 1."""
        return header_multiplier(self.names[self.columns[target]])


def identity_targets(layout: Layout) -> list[Target]:
    """The identity columns that a layout's files may have."""
    targets = []
    for name, headers in forms().identity.items():
        ranks = {normal(header): 1 for header in layout.otherwise.get(name, ())}
        ranks |= {normal(header): 0 for header in (name, *headers, *layout.identity.get(name, ()))}
        targets.append(Target(f"i_{name}", headers[0], ranks))
    return targets


def field_targets(layout: Layout) -> list[Target]:
    """The fields of the layout's entity, without its keys, that its files may have."""
    keys = {layout.of.key, "person_id", "household_id"}
    return [
        _field_target(one, layout) for one in layout.of.fields.values() if one.name not in {*keys, *layout.constants}
    ]


def _field_target(one: DictionaryField, layout: Layout) -> Target:
    added = layout.columns.get(one.name)
    ranks = {normal(header): 2 for header in one.opposites}
    ranks |= {normal(header): 1 for header in (one.name, *one.headers)}
    if not added:
        return Target(one.name, one.zh, ranks, one)
    shared = layout.columns.get(added.beside)
    ranks |= {normal(header): 0 for header in (*added.headers, *(shared.headers if shared else ()))}
    return Target(one.name, one.zh, ranks, one, added.required, added.factor)


@lru_cache(maxsize=20_000)
def normal(header: str) -> str:
    """A header as it is compared: as the dictionary does, and without invisible characters."""
    return normal_header(_visible(header))


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Cc"))


def find_header(sheet: RawSheet, targets: Sequence[Target], ignored: Sequence[str], file: str) -> Header:
    """The best header among the sheet's first rows. Raises `Unreadable` when none is there."""
    skipped = {normal(name) for name in ignored}
    best: Header | None = None
    for position in range(len(sheet.head)):
        for rows in (1, 2):
            names = _names(sheet.head[position : position + rows], targets)
            if len(names) and position + rows <= len(sheet.head):
                found = _match(sheet, position, rows, names, targets, skipped)
                if best is None or (found.score, height(best)) > (best.score, height(found)):
                    best = found
    if best is None or best.score < 2:
        seen = next((row for row in sheet.head if sum(bool(cell) for cell in row) > 1), sheet.head[0])
        raise Unreadable(
            "feeds.header_not_found",
            file=file,
            sheet=sheet.name or "1",
            wanted=wanted(targets),
            seen=_listed([cell or "" for cell in seen]),
        )
    return best


def height(header: Header) -> int:
    """How many rows the header takes; of two that say as much the shorter is meant."""
    return header.last - header.first + 1


def _names(rows: Sequence[Cells], targets: Sequence[Target]) -> list[str]:
    """Column names of a header of one row, or of two: group above, name below."""
    if len(rows) == 1:
        return [shown(cell) for cell in rows[0]]
    known = {header for target in targets for header in target.ranks}
    names, group = [], ""
    for above, below in zip(rows[0], rows[1], strict=True):
        group = shown(above) or (group if below else "")
        both, low = group + shown(below), shown(below)
        if low == group or not low:
            names.append(shown(above))
        else:
            names.append(low if normal(low) in known and normal(both) not in known else both)
    return names


def shown(cell: str | None) -> str:
    """A header's cell on one line, without invisible characters."""
    return _visible(" ".join((cell or "").split()))[:80]


def _match(
    sheet: RawSheet, position: int, rows: int, names: list[str], targets: Sequence[Target], skipped: set[str]
) -> Header:
    places: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        if name and normal(name) not in skipped:
            places.setdefault(normal(name), []).append(column)
    columns: dict[str, int] = {}
    ambiguous: dict[str, list[int]] = {}
    for target in targets:
        fitting = [(target.ranks[name], at) for name, ats in places.items() if name in target.ranks for at in ats]
        best = sorted(at for rank, at in fitting if rank == min(fitting)[0])
        if len(best) == 1:
            columns[target.name] = best[0]
        elif best:
            ambiguous[target.name] = best
    first = sheet.first_row + position
    return Header(sheet, first, first + rows - 1, names, columns, ambiguous)


def wanted(targets: Sequence[Target]) -> str:
    """The columns a file should have, for a message: the required ones, else the identity columns."""
    named = [target.zh for target in targets if target.required]
    return "、".join(dict.fromkeys(named or [target.zh for target in targets[:6]]))


def _listed(names: Sequence[str]) -> str:
    shown_names = [shown(name) for name in names if shown(name)]
    return "、".join(shown_names[:20]) + ("…" if len(shown_names) > 20 else "")


def check_header(header: Header, targets: Sequence[Target], needed: Sequence[str], file: str) -> None:
    """Raise `Unreadable` when the header lacks a required column or leaves open which column is meant."""
    weighty = {target.name: target for target in targets if target.required or target.name in needed}
    for name, places in header.ambiguous.items():
        if name in weighty:
            seen = "、".join(header.names[at] for at in places)
            raise Unreadable(
                "feeds.ambiguous", file=file, sheet=header.sheet.name or "1", field=weighty[name].zh, seen=seen
            )
    missing = [target.zh for target in targets if target.required and target.name not in header.columns]
    if needed and not any(name in header.columns for name in needed):
        missing.insert(0, "/".join(target.zh for target in targets if target.name in needed))
    if missing:
        raise Unreadable(
            "feeds.missing_columns",
            file=file,
            sheet=header.sheet.name or "1",
            row=header.last,
            missing="、".join(missing),
            seen=_listed(header.names),
        )
