"""`xianjie documents`: parse a policy document, align two, write the task ledger."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from xianjie.messages import UserError, say

documents_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=say("documents.about"))
Json = Annotated[bool, typer.Option("--json", help=say("documents.json"))]
console = Console(highlight=False)


@documents_app.command("parse", help=say("documents.parse"))
def parse_command(
    file: Path,
    as_json: Json = False,
    akn: Annotated[Path | None, typer.Option("--akn", help=say("documents.akn"))] = None,
) -> None:
    """Clauses, targets, units, programmes, noise."""
    from xianjie.documents import parse
    from xianjie.documents.akn import to_akn

    document = parse(file)
    if akn:
        _write(akn, to_akn(document))
    if as_json:
        result = document.as_dict()
        if file.suffix.lower() in (".docx", ".pdf"):
            result["text"] = document.source
        _print_json(result)
        return
    kinds = Counter(c.kind for c in document.clauses)
    counted = "、".join(f"{say(f'documents.kind_{kind}')} {number}" for kind, number in kinds.items())
    console.print(say("documents.found", title=document.head.title or file.name, kinds=counted), markup=False)
    explicit = [t for t in document.targets if t.tier == "explicit"]
    rows = [[t.clause_id, t.indicator, t.operator, t.value, t.unit, t.deadline] for t in explicit]
    _print_table("targets", rows, ("clause", "indicator", "operator", "value", "unit", "deadline"))
    _print_table("units", [[u.clause_id, u.canonical, say(f"documents.role_{u.role}")] for u in document.units],
                 ("clause", "name", "role"))  # fmt: skip
    for problem in document.problems:
        console.print(problem.text, style="yellow", markup=False)
    if akn:
        console.print(say("documents.written", file=akn), markup=False)


@documents_app.command("align", help=say("documents.align"))
def align_command(lower: Path, upper: Path, as_json: Json = False) -> None:
    """Which upper clauses each lower clause implements."""
    from xianjie.documents import align, parse

    below, above = parse(lower), parse(upper)
    alignment = align(below, above)
    if as_json:
        _print_json(alignment.as_dict())
        return
    titles_below = {c.id: c.title for c in below.clauses}
    titles_above = {c.id: c.title for c in above.clauses}
    rows = [
        [link.lower_id, titles_below[link.lower_id], link.upper[0]["id"] if link.upper else "—",
         titles_above[link.upper[0]["id"]] if link.upper else "", say(f"documents.relation_{link.relation}"),
         say(f"documents.coverage_{link.coverage}") if link.coverage else ""]
        for link in alignment.links
    ]  # fmt: skip
    _print_table("links", rows, ("clause", "task", "upper", "upper_title", "relation", "coverage"))
    for name in alignment.missing:
        console.print(say("documents.not_implemented", id=name, title=titles_above[name]), style="yellow", markup=False)


@documents_app.command("ledger", help=say("documents.ledger"))
def ledger_command(file: Path, out: Annotated[Path, typer.Option("--out", help=say("documents.ledger_out"))]) -> None:
    """The task ledger as Excel."""
    from xianjie.documents import parse
    from xianjie.documents.ledger import write_ledger

    if out.suffix.lower() != ".xlsx":
        raise UserError("documents.out_kind", file=out)
    document = parse(file)
    try:
        number = write_ledger(document, out)
    except OSError as error:
        raise UserError("documents.not_written", file=out, detail=error) from error
    console.print(say("documents.ledger_done", file=out, tasks=number, targets=len(document.targets)), markup=False)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError("documents.not_written", file=path, detail=error) from error


def _print_json(content: Any) -> None:
    json.dump(content, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def _print_table(name: str, rows: list[list[Any]], columns: tuple[str, ...]) -> None:
    table = Table(title=say(f"documents.sheet_{name}"), title_justify="left", show_edge=False)
    for column in columns:
        table.add_column(say(f"documents.column_{column}"))
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    if rows:
        console.print(table)
