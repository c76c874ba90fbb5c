"""A parsed document as Akoma Ntoso 3.0 (OASIS LegalDocML), so that other legal tools can read its structure.

The format has no place for targets and responsible units; those stay in our own JSON.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from xianjie.documents.model import Clause, Document

NAMESPACE = "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"
ELEMENTS = {"part": "part", "clause": "clause", "group": "clause", "item": "point", "dash": "indent"}
UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SOURCE = "#xianjie"
UNDATED = "1900-01-01"


def to_akn(document: Document) -> str:
    """The document as an XML text; a date that the document does not tell is given as 1900-01-01."""
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(_tag("akomaNtoso"))
    doc = ET.SubElement(root, _tag("doc"), {"name": "policy"})
    _meta(doc, document)
    title = _said(document, "title") or document.head.title or ""
    if title:
        preface = ET.SubElement(doc, _tag("preface"))
        heading = ET.SubElement(ET.SubElement(preface, _tag("p")), _tag("docTitle"))
        heading.text = title
    _paragraphs(doc, "preamble", _said(document, "preamble"))
    body = ET.SubElement(doc, _tag("mainBody"))
    if document.clauses:
        _clauses(body, document)
    else:
        ET.SubElement(body, _tag("p"))
    _paragraphs(doc, "conclusions", _said(document, "closing") + _said(document, "signature"))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _meta(doc: ET.Element, document: Document) -> None:
    meta = ET.SubElement(doc, _tag("meta"))
    identification = ET.SubElement(meta, _tag("identification"), {"source": SOURCE})
    date = f"{document.head.year}-01-01" if document.head.year else UNDATED
    work = f"/akn/cn/doc/policy/{date[:4]}/{abs(_checksum(document.source)):08x}"
    uris = {"FRBRWork": work, "FRBRExpression": f"{work}/zho@{date}", "FRBRManifestation": f"{work}/zho@{date}.xml"}
    for level, uri in uris.items():
        part = ET.SubElement(identification, _tag(level))
        ET.SubElement(part, _tag("FRBRthis"), {"value": uri})
        ET.SubElement(part, _tag("FRBRuri"), {"value": uri})
        ET.SubElement(part, _tag("FRBRdate"), {"date": date, "name": "year"})
        ET.SubElement(part, _tag("FRBRauthor"), {"href": "#issuer"})
        if level == "FRBRWork":
            ET.SubElement(part, _tag("FRBRcountry"), {"value": "cn"})
        elif level == "FRBRExpression":
            ET.SubElement(part, _tag("FRBRlanguage"), {"language": "zho"})
    references = ET.SubElement(meta, _tag("references"), {"source": SOURCE})
    issuer = document.head.issuer or "—"
    for name, shown in (("issuer", issuer), ("xianjie", "Xianjie")):
        facts = {"eId": name, "href": f"/ontology/organization/{name}", "showAs": shown}
        ET.SubElement(references, _tag("TLCOrganization"), facts)


def _checksum(text: str) -> int:
    import zlib

    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _said(document: Document, why: str) -> str:
    """The text that lies outside the clauses under one name."""
    return _plain("\n".join(document.source[n.start : n.end].strip() for n in document.noise if n.why == why))


def _plain(text: str) -> str:
    """Without line breaks inside sentences and without what XML cannot hold."""
    return UNPRINTABLE.sub("", re.sub(r"(?<![。；;!?！？:：])\s*[\n\r\x0b\x0c]+\s*", "", text)).strip()


def _paragraphs(parent: ET.Element, name: str, text: str) -> None:
    if text:
        block = ET.SubElement(parent, _tag(name))
        for line in text.splitlines():
            ET.SubElement(block, _tag("p")).text = line.strip()


def _clauses(body: ET.Element, document: Document) -> None:
    """Children follow their parent in order, so one pass builds the tree."""
    elements: dict[str, ET.Element] = {}
    children: dict[str, int] = {}
    for clause in document.clauses:
        if clause.parent:
            children[clause.parent] = children.get(clause.parent, 0) + 1
    for clause in document.clauses:
        parent = elements[clause.parent] if clause.parent else body
        element = ET.SubElement(parent, _tag(ELEMENTS[clause.kind]), {"eId": clause.id})
        elements[clause.id] = element
        if clause.number:
            ET.SubElement(element, _tag("num")).text = clause.number
        words = _words(document, clause)
        heading = clause.title and words.startswith(clause.title)
        if heading:
            ET.SubElement(element, _tag("heading")).text = _plain(clause.title)
            words = words[len(clause.title) :].lstrip("。:： ")
        if clause.id in children:
            if words:
                _paragraphs(element, "intro", words)
        else:
            content = ET.SubElement(element, _tag("content"))
            for line in words.splitlines() or [""]:
                ET.SubElement(content, _tag("p")).text = line.strip() or None


def _words(document: Document, clause: Clause) -> str:
    """The clause's words without its number and without noise inside it."""
    pieces, place = [], clause.start
    for noise in document.noise:
        if clause.start <= noise.start and noise.end <= clause.end and noise.start >= place:
            pieces.append(document.source[place : noise.start])
            place = noise.end
    text = _plain("".join([*pieces, document.source[place : clause.end]]))
    if clause.number:
        after = text.find(clause.number) + len(clause.number)
        text = re.sub(r"^[、.．,，)）〕\]》>章节条编篇\s]+", "", text[after:]) if after < 16 else text
    elif clause.kind == "dash":
        text = re.sub(r"^[—\-–·•●■◆▪*\s]+", "", text)
    return re.sub(r"(?<=[\u4e00-\u9fff])[ \u3000]+(?=[\u4e00-\u9fff])", "", text)
