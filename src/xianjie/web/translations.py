"""The English of the pages: Chinese is the source language, `locale/en` the catalogue.

`python -m xianjie.web.translations` compares the catalogue with what templates and code say, adds what is new (without
English yet) and drops what is gone; `compile_catalogue` makes the binary that Django reads. No gettext tools needed:
Django's own template reader turns a template into calls of gettext, Python's reader reads the code.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

HERE = Path(__file__).parent
CATALOGUE = HERE / "locale" / "en" / "LC_MESSAGES" / "django.po"
# A function that translates → the positions of its context, text and plural among the arguments.
_CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
_CALLS |= {f"{name}_lazy": positions for name, positions in _CALLS.items()} | {"_": _CALLS["gettext"]}
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LITERAL = r"""u?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
_IN_TEMPLATE = re.compile(rf"\b(_|n?p?gettext)\(((?:{_LITERAL}(?:,\s*)?)+)")


@dataclass(frozen=True, order=True)
class Message:
    """A text that is to be translated, in the form that Django asks for it."""

    text: str
    plural: str = ""
    context: str = ""


def _message(name: str, texts: list[str | None]) -> Message | None:
    """What a call of the translating function `name` says; None where its text is no literal."""
    context, text, plural = (None if at is None else dict(enumerate(texts)).get(at) for at in _CALLS[name])
    return None if text is None else Message(text, plural or "", context or "")


def _of_template(content: str) -> Iterator[Message]:
    for name, literals in _IN_TEMPLATE.findall(templatize(content)):
        texts = [ast.literal_eval(literal) for literal in re.findall(_LITERAL, literals)]
        if found := _message(name, texts):
            yield found


def _translators(tree: ast.Module) -> dict[str, str]:
    """The name under which this module calls a translating function → that function."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in _CALLS
    }


def _of_code(content: str) -> Iterator[Message]:
    """Literals written in several pieces are one text: the reader joins them."""
    tree = ast.parse(content)
    known = _translators(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in known:
            continue
        texts = [one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else None
                 for one in node.args]  # fmt: skip
        if found := _message(known[node.func.id], texts):
            yield found


def messages_of(path: Path) -> set[Message]:
    """Every Chinese text of a template or module that is to be translated."""
    if not settings.configured:
        settings.configure()  # the template reader asks for the character set only
    content = path.read_text(encoding="utf-8")
    found = _of_template(content) if path.suffix == ".html" else _of_code(content)
    return {message for message in found if _CHINESE.search(message.text)}


def said() -> set[Message]:
    """Every text that the application's pages say."""
    paths = [path for path in (*HERE.rglob("*.html"), *HERE.rglob("*.py")) if "migrations" not in path.parts]
    return {message for path in paths for message in messages_of(path)}


def _key(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural, entry.msgctxt or "")


def _entry(message: Message) -> polib.POEntry:
    entry = polib.POEntry(msgid=message.text, msgstr="", msgctxt=message.context or None)
    if message.plural:
        entry.msgid_plural, entry.msgstr_plural = message.plural, {0: "", 1: ""}
    return entry


def lacks_english(entry: polib.POEntry) -> bool:
    """Whether an entry of the catalogue has no English, or a plural without one of its two forms."""
    return not all(entry.msgstr_plural.values()) if entry.msgid_plural else not entry.msgstr


def update() -> list[str]:
    """Bring the catalogue in line with what is said; gives the texts that lack English."""
    catalogue = polib.pofile(str(CATALOGUE)) if CATALOGUE.exists() else polib.POFile()
    catalogue.wrapwidth = 118
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Language": "en",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    known = {_key(entry): entry for entry in catalogue}
    texts = said()
    for message in sorted(texts - known.keys()):
        catalogue.append(_entry(message))
    for message in known.keys() - texts:
        catalogue.remove(known[message])
    catalogue.sort(key=_key)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(CATALOGUE))
    return [entry.msgid for entry in catalogue if lacks_english(entry)]


def compile_catalogue() -> None:
    """Make the binary catalogue beside the text, when the text is newer."""
    binary = CATALOGUE.with_suffix(".mo")
    if CATALOGUE.exists() and (not binary.exists() or binary.stat().st_mtime < CATALOGUE.stat().st_mtime):
        fresh = binary.with_suffix(f".{os.getpid()}")
        polib.pofile(str(CATALOGUE)).save_as_mofile(str(fresh))
        fresh.replace(binary)  # of two processes that do it at once, both read a whole one


if __name__ == "__main__":
    for missing in update():
        sys.stdout.write(missing + "\n")
