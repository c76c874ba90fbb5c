"""The English of the pages: Chinese is the source language, `locale/en` the catalogue.

`python -m xianjie.web.translations` compares the catalogue with what templates and code say, adds what is new (without
English yet) and drops what is gone; `compile_catalogue` makes the binary that Django reads. No gettext tools needed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

HERE = Path(__file__).parent
CATALOGUE = HERE / "locale" / "en" / "LC_MESSAGES" / "django.po"
# In templates {% translate "…" %}, {% trans "…" %}, _("…") in arguments of tags, and blocktranslate; in code _("…").
_TAG = re.compile(r"""\{%\s*trans(?:late)?\s+(["'])(.+?)\1""")
_CALL = re.compile(r"""\b(?:_|gettext|gettext_lazy)\(\s*(["'])((?:[^"'\\]|\\.|(?!\1)["'])+?)\1\s*,?\s*\)""", re.S)
_BLOCK = re.compile(
    r"\{%\s*blocktrans(?:late)?\b(?P<options>[^%]*)%\}(?P<text>.*?)\{%\s*endblocktrans(?:late)?\s*%\}", re.S
)
_PLURAL = re.compile(r"\{%\s*plural\s*%\}")
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def _block_text(options: str, text: str) -> str:
    """A block's message as Django asks for it: variables as %(name)s, lines joined when trimmed."""
    text = _PLURAL.split(text)[0]
    if "trimmed" in options.split():
        text = " ".join(line.strip() for line in text.splitlines() if line.strip())
    return _VARIABLE.sub(r"%(\1)s", text.replace("%", "%%"))


def messages_of(path: Path) -> Iterator[str]:
    """Every text of a template or module that is to be translated."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        yield from (found[2] for found in _TAG.finditer(content))
        yield from (_block_text(found["options"], found["text"]) for found in _BLOCK.finditer(content))
    yield from (found[2] for found in _CALL.finditer(content))


def said() -> set[str]:
    """Every text that the application's pages say."""
    paths = [*HERE.rglob("*.html"), *HERE.rglob("*.py")]
    return {
        text
        for path in sorted(paths)
        if path != Path(__file__) and "migrations" not in path.parts
        for text in messages_of(path)
        if re.search(r"[\u4e00-\u9fff]", text)
    }


def update() -> list[str]:
    """Bring the catalogue in line with what is said; gives the texts that lack English."""
    catalogue = polib.pofile(str(CATALOGUE)) if CATALOGUE.exists() else polib.POFile(wrapwidth=118)
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Language": "en"}
    known = {entry.msgid: entry for entry in catalogue}
    texts = said()
    for text in sorted(texts - known.keys()):
        catalogue.append(polib.POEntry(msgid=text, msgstr=""))
    for text in known.keys() - texts:
        catalogue.remove(known[text])
    catalogue.sort(key=lambda entry: entry.msgid)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(CATALOGUE))
    return [entry.msgid for entry in catalogue if not entry.msgstr]


def compile_catalogue() -> None:
    """Make the binary catalogue beside the text, when the text is newer."""
    binary = CATALOGUE.with_suffix(".mo")
    if CATALOGUE.exists() and (not binary.exists() or binary.stat().st_mtime < CATALOGUE.stat().st_mtime):
        polib.pofile(str(CATALOGUE)).save_as_mofile(str(binary))


if __name__ == "__main__":
    for missing in update():
        sys.stdout.write(missing + "\n")
