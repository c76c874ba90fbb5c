"""A document's text from its file: txt and md in any usual encoding, docx, and PDF that holds text."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

from xianjie.messages import UserError

KINDS = (".txt", ".md", ".docx", ".pdf")
ENCODINGS = ("utf-8", "gb18030", "big5")
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LARGEST = 50_000_000


def read_document(path: Path) -> str:
    """The text that offsets refer to: a text file's own characters, else the text taken out of the file."""
    if not path.is_file():
        raise UserError("documents.file_not_found", file=path)
    if path.suffix.lower() not in KINDS:
        raise UserError("documents.file_kind", file=path, kinds="、".join(KINDS))
    if path.stat().st_size > LARGEST:
        raise UserError("documents.too_large", file=path, most=LARGEST // 1_000_000)
    reader = {".docx": _docx, ".pdf": _pdf}.get(path.suffix.lower(), _text)
    text = reader(path)
    if not text.strip():
        raise UserError("documents.empty", file=path)
    return text


def _text(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ENCODINGS
    if content.startswith((b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or b"\x00\x00\x00" in content[:4000]:
        raise UserError("documents.not_text", file=path)
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UserError("documents.encoding", file=path)


def _docx(path: Path) -> str:
    """Paragraphs as lines; a table's cells stand in a line, parted by tabs."""
    try:
        with zipfile.ZipFile(path) as package:
            information = package.getinfo("word/document.xml")
            if information.file_size > LARGEST:
                raise UserError("documents.too_large", file=path, most=LARGEST // 1_000_000)
            content = package.read(information)
        if b"<!DOCTYPE" in content[:2000] or b"<!ENTITY" in content[:2000]:
            raise UserError("documents.damaged", file=path, detail="DOCTYPE")
        body = ElementTree.fromstring(content).find(f"{WORD}body")
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, EOFError, OSError, RuntimeError) as error:
        raise UserError("documents.damaged", file=path, detail=error) from error
    return "\n".join(_blocks(body)) + "\n" if body is not None else ""


def _blocks(body: ElementTree.Element) -> list[str]:
    lines: list[str] = []
    for block in body:
        if block.tag == f"{WORD}p":
            lines.append(_paragraph(block))
        elif block.tag == f"{WORD}tbl":
            for row in block.iter(f"{WORD}tr"):
                cells = ["".join(_paragraph(p) for p in cell.iter(f"{WORD}p")) for cell in row.findall(f"{WORD}tc")]
                lines.append("\t".join(cells))
        elif block.tag == f"{WORD}sdt":
            content = block.find(f"{WORD}sdtContent")
            lines += _blocks(content) if content is not None else []
    return lines


def _paragraph(paragraph: ElementTree.Element) -> str:
    """The text of a paragraph as it stands after all changes (deleted runs left out)."""
    pieces = []
    for node in paragraph.iter():
        if node.tag == f"{WORD}t":
            pieces.append(node.text or "")
        elif node.tag == f"{WORD}tab":
            pieces.append(" ")
        elif node.tag in (f"{WORD}br", f"{WORD}cr"):
            pieces.append("\n")
    return "".join(pieces)


def _pdf(path: Path) -> str:
    """The text of each page; pages are parted by a form feed."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UserError("documents.encrypted", file=path)
        pages = [page.extract_text() for page in reader.pages]
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError("documents.damaged", file=path, detail=error) from error
    if not any(page.strip() for page in pages):
        raise UserError("documents.scanned", file=path)
    return "\n\f".join(pages)
