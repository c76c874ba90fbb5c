"""Which files lie in the feeds folder, of which department and layout, of which day."""

from __future__ import annotations

import datetime
import re
import unicodedata
from pathlib import Path

from xianjie.dictionary import dictionary, normal_word
from xianjie.feeds.kinds import ENDINGS
from xianjie.feeds.layout import Layout, read_layouts
from xianjie.feeds.model import FeedFile, Problem
from xianjie.messages import UserError

# Files that systems leave behind; nobody means them as data.
LEFT_BEHIND = re.compile(r"^(\.(?!\.)|~\$|Thumbs\.db$|desktop\.ini$)")
DATE = re.compile(r"(?<!\d)(\d{4})[-.年]?(\d{2})[-.月]?(\d{2})日?(?!\d)")


def discover(folder: Path, layouts: dict[str, Layout] | None = None) -> list[FeedFile]:
    """The files below `folder/<department>/`, in the order of their names.

    A file that cannot be taken has a `problem` and no layout. Hidden and temporary files are passed over.
    Raises `UserError` when there is no such folder.
    """
    if not folder.is_dir():
        raise UserError("feeds.no_folder", folder=folder)
    layouts = read_layouts() if layouts is None else layouts
    home = folder.resolve()
    found = []
    for path in sorted(folder.iterdir()):
        if LEFT_BEHIND.match(path.name):
            continue
        if path.is_dir() and not _outside(path, home) and path.suffix.lower() not in ENDINGS:
            inside = sorted(path.iterdir())
            found += [_described(one, folder, home, layouts) for one in inside if not LEFT_BEHIND.match(one.name)]
        else:
            found.append(_described(path, folder, home, layouts))
    return found


def _outside(path: Path, home: Path) -> bool:
    try:
        return not path.resolve(strict=True).is_relative_to(home)
    except (OSError, RuntimeError):
        return True


def _described(path: Path, folder: Path, home: Path, layouts: dict[str, Layout]) -> FeedFile:
    name = "".join(char if char.isprintable() else "?" for char in path.relative_to(folder).as_posix())
    department = dictionary().department_of(path.parent.name) if path.parent != folder else None

    def refused(code: str, **facts: object) -> FeedFile:
        return FeedFile(path, name, department, problem=Problem(code, {"file": name, **facts}))

    if any(unicodedata.category(char) in ("Cc", "Cs") or char in '\\:*?"<>|' for char in path.name):
        return refused("feeds.strange_name")
    if _outside(path, home):
        return refused("feeds.link_outside")
    if path.is_dir():
        return refused("feeds.is_folder")
    if not path.is_file() or path.suffix.lower() not in ENDINGS:
        return refused("feeds.not_a_feed")
    if path.parent == folder:
        return refused("feeds.too_deep")
    layout = layout_of(path.stem, department, layouts)
    if layout is None:
        some = next((one for one in layouts.values() if one.department == department), None)
        return refused("feeds.no_layout", example=f"{(some.layout if some else 'medical_bills')}-20240305{path.suffix}")
    if layout.department != department:
        label = dictionary().departments[layout.department].zh
        return refused("feeds.wrong_department", folder=path.parent.name, department=label)
    try:
        date = date_of(path.stem)
    except ValueError as error:
        return refused("feeds.bad_date", date=str(error))
    return FeedFile(path, name, department, layout.layout, date)


def layout_of(stem: str, department: str | None, layouts: dict[str, Layout]) -> Layout | None:
    """The layout that a file's name means: its id or title, or the longest of its other names in it."""
    plain = normal_word(DATE.sub("", stem)).strip("-_.")
    for layout in layouts.values():
        if plain in (layout.layout, normal_word(layout.zh)):
            return layout
    named = [
        (len(word), layout.layout)
        for layout in layouts.values()
        if department in (None, layout.department)
        for word in (layout.zh, *layout.also)
        if normal_word(word) in plain
    ]
    best = [name for length, name in named if length == max(named)[0]]
    return layouts[best[0]] if len(set(best)) == 1 else None


def date_of(stem: str) -> datetime.date | None:
    """The day in a file's name, None without one. Raises `ValueError` with the digits when they are no day."""
    found = DATE.search(stem)
    if not found:
        return None
    try:
        return datetime.date(*(int(part) for part in found.groups()))
    except ValueError as error:
        raise ValueError(found.group()) from error
