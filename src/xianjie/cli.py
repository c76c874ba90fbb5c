"""The command `xianjie`. Thin: it reads arguments, calls a room, prints what came out.

Exit codes: 0 done; 1 done, but rows or checks fell short (said on stderr); 2 wrong use or bad input.
With `--json` one JSON document goes to stdout and nothing else; progress always goes to stderr.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from datetime import date as Date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from xianjie import __version__
from xianjie.documents.command_line import documents_app
from xianjie.engines import EngineError
from xianjie.messages import UserError, say
from xianjie.web.command_line import manage_app, serve

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, help=say("cli.about"))
rules_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=say("cli.rules"))
app.add_typer(rules_app, name="rules")
app.add_typer(documents_app, name="documents")
app.add_typer(manage_app, name="manage")
app.command(help=say("cli.serve"))(serve)

error_console = Console(stderr=True, highlight=False)
console = Console(highlight=False)

DONE, FELL_SHORT, WRONG = 0, 1, 2

Overlay = Annotated[list[Path] | None, typer.Option("--policy", help=say("cli.policy"))]
Region = Annotated[str | None, typer.Option("--region", help=say("cli.region"))]
AsOf = Annotated[str | None, typer.Option("--date", help=say("cli.date"))]
Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def progress(text: str) -> None:
    """A line of progress, on stderr."""
    error_console.print(text, style="dim", markup=False)


def print_json(content: Any) -> None:
    """The one JSON document of a `--json` call."""
    json.dump(content, sys.stdout, ensure_ascii=False, indent=1, default=str)
    sys.stdout.write("\n")


def parse_date(text: str | None) -> Date | None:
    """A date as written, 2025-10-31. Raises `UserError` otherwise."""
    if text is None:
        return None
    try:
        return Date.fromisoformat(text)
    except ValueError as error:
        raise UserError("cli.bad_date", text=text) from error


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help=say("cli.version"))] = False) -> None:
    if version:
        console.print(__version__)
        raise typer.Exit(DONE)


@app.command(help=say("cli.synth"))
def synth(
    out: Path,
    households: Annotated[int, typer.Option(min=20, help=say("cli.households"))],
    seed: Annotated[int, typer.Option(min=0, help=say("cli.seed"))],
    years: Annotated[int, typer.Option(min=1, max=10, help=say("cli.years"))] = 3,
    region: Annotated[str, typer.Option(help=say("cli.synth_region"))] = "62",
) -> None:
    """An invented county."""
    from xianjie.synth import synthesise

    synthesise(out, households=households, seed=seed, years=years, region=region, progress=progress)
    console.print(say("cli.synth_done", out=out), markup=False)


@app.command(help=say("cli.screen"))
def screen(
    data: Path,
    out: Annotated[Path, typer.Option(help=say("cli.out"))],
    region: Region = None,
    date: AsOf = None,
    engine: Annotated[str, typer.Option(help=say("cli.engine"))] = "duckdb",
    policy: Overlay = None,
    previous: Annotated[Path | None, typer.Option(help=say("cli.previous"))] = None,
    documents: Annotated[bool, typer.Option("--documents", help=say("cli.documents"))] = False,
    memory: Annotated[str, typer.Option(help=say("cli.memory"))] = "3GB",
    as_json: Json = False,
) -> None:
    """The daily job."""
    from xianjie.screening.job import Request, screen_data

    counts = screen_data(
        Request(
            data=data,
            out=out,
            region=region,
            date=parse_date(date),
            engine=engine,
            overlays=tuple(policy or ()),
            previous=previous,
            documents=documents,
            memory=memory,
        ),
        progress,
    )
    if as_json:
        print_json(counts)
    else:
        print_run(counts, out)
    rejected = sum(feed["rejected"] for feed in counts["feeds"])
    problems = [*counts["problems"], *([say("cli.rejected", number=rejected)] if rejected else [])]
    for problem in problems:
        error_console.print(problem, style="yellow", markup=False, soft_wrap=True)
    raise typer.Exit(FELL_SHORT if problems else DONE)


def print_run(counts: dict[str, Any], out: Path) -> None:
    """What a run found, for people, with where its files lie."""
    from xianjie.screening.summary import run_tables

    for table in run_tables(counts):
        shown = Table(title=table.title, title_justify="left", show_edge=False)
        for position, name in enumerate(table.columns):
            shown.add_column(name, justify="left" if position < table.labels else "right")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
    for name, text in (
        ("report.html", "cli.where_report"),
        ("excel", "cli.where_excel"),
        ("giveback", "cli.where_giveback"),
        ("checks", "cli.where_checks"),
    ):
        console.print(say(text, path=out / name), markup=False, soft_wrap=True)


@app.command(help=say("cli.check"))
def check(
    data: Path,
    out: Annotated[Path, typer.Option(help=say("cli.out"))],
    date: AsOf = None,
    policy: Overlay = None,
    as_json: Json = False,
) -> None:
    """Data-quality findings."""
    from xianjie.screening.job import check_folder

    summary = check_folder(data, out, parse_date(date), tuple(policy or ()), progress)
    if as_json:
        print_json(summary)
    else:
        console.print(say("cli.check_done", total=summary["total"], out=out), markup=False, soft_wrap=True)
    if summary["not_run"]:
        error_console.print(say("cli.checks_not_run", number=len(summary["not_run"])), style="yellow", markup=False)
    raise typer.Exit(FELL_SHORT if summary["not_run"] or summary["total"] else DONE)


@app.command(help=say("cli.link"))
def link(
    registry: Annotated[Path, typer.Option(help=say("cli.registry"))],
    feed: Annotated[Path, typer.Option(help=say("cli.feed"))],
    out: Annotated[Path, typer.Option(help=say("cli.link_out"))],
    use: Annotated[str, typer.Option(help=say("cli.link_use"))] = "everyday",
    as_json: Json = False,
) -> None:
    """A department's rows to the register's people."""
    from xianjie.screening.link_command import link_tables

    counts = link_tables(registry, feed, out, use)
    if as_json:
        print_json(counts)
    else:
        console.print(say("cli.link_done", **counts, out=out), markup=False, soft_wrap=True)


@app.command(help=say("cli.simulate"))
def simulate(
    data: Path,
    reform: Annotated[list[Path], typer.Option(help=say("cli.reform"))],
    out: Annotated[Path, typer.Option(help=say("cli.out"))],
    region: Region = None,
    date: AsOf = None,
    policy: Overlay = None,
    as_json: Json = False,
) -> None:
    """What a change of policy does, before it is in force."""
    from xianjie.screening.simulating import simulate_reforms

    result = simulate_reforms(data, reform, out, region, parse_date(date), tuple(policy or ()), progress)
    if as_json:
        print_json(result)
    else:
        for line in result["lines"]:
            console.print(line, markup=False, soft_wrap=True)


@app.command(help=say("cli.coverage"))
def coverage(
    data: Path,
    out: Annotated[Path, typer.Option(help=say("cli.out"))],
    region: Region = None,
    date: AsOf = None,
    policy: Overlay = None,
    as_json: Json = False,
) -> None:
    """Who has what they qualify for, programme by programme."""
    from xianjie.screening.coverage import cover, lines_of

    summary = cover(data, out, region, parse_date(date), tuple(policy or ()), progress)
    if as_json:
        print_json(summary)
        return
    for line in lines_of(summary):
        console.print(line, markup=False, soft_wrap=True)


@app.command(help=say("cli.template"))
def template(entities: list[str], out: Annotated[Path, typer.Option(help=say("cli.template_out"))]) -> None:
    """Excel templates with drop-downs, from the dictionary."""
    from xianjie.dictionary import dictionary
    from xianjie.dictionary.templates import write_template

    known = dictionary().entities
    if unknown := [name for name in entities if name not in known]:
        raise UserError("cli.no_entity", names="、".join(unknown), known="、".join(known))
    write_template(entities, out)
    console.print(say("cli.written", path=out), markup=False, soft_wrap=True)


@app.command(help=say("cli.demo"))
def demo(
    households: Annotated[int, typer.Option(min=100, help=say("cli.households"))] = 12_000,
    port: Annotated[int, typer.Option(min=1, max=65535, help=say("cli.port"))] = 8000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help=say("cli.no_serve"))] = False,
    folder: Annotated[Path, typer.Option(help=say("cli.demo_folder"))] = Path("demo"),
) -> None:
    """An invented county in the web application, its daily job done, ready to log in."""
    from xianjie.web import server
    from xianjie.web.demonstration import demonstrate

    made = demonstrate(folder, households, progress)
    print_run(made["counts"], made["folder"])
    accounts = Table(title=say("cli.demo_accounts"), title_justify="left", show_edge=False)
    for column in ("account", "password", "holder"):
        accounts.add_column(say(f"cli.column.{column}"))
    for one in made["accounts"]:
        accounts.add_row(one["username"], one["password"], one["zh"])
    console.print(accounts)
    if not no_serve:
        server.serve("127.0.0.1", port, 2, 1, progress)


@rules_app.command("list", help=say("cli.rules_list"))
def rules_list(policy: Overlay = None, as_json: Json = False) -> None:
    """All rules."""
    from xianjie.screening.policies import open_policy

    infos = open_policy(tuple(policy or ())).policy.rules()
    rows = [
        {"name": info.name, "entity": info.entity, "label": info.label, "type": info.type, "unit": info.unit}
        for info in infos
    ]
    if as_json:
        print_json(rows)
        return
    table = Table(show_edge=False)
    for column in ("name", "entity", "label", "type", "unit"):
        table.add_column(say(f"cli.column.{column}"))
    for row in rows:
        table.add_row(*(str(value or "") for value in row.values()))
    console.print(table)


@rules_app.command("show", help=say("cli.rules_show"))
def rules_show(name: str, policy: Overlay = None, as_json: Json = False) -> None:
    """One rule: its text, its numbers in every region, their sources."""
    from xianjie.screening.rule_pages import rule_page, rule_page_lines

    page = rule_page(name, tuple(policy or ()))
    if as_json:
        print_json(page)
        return
    for line in rule_page_lines(page):
        console.print(line, markup=False, soft_wrap=True)


@rules_app.command("book", help=say("cli.rules_book"))
def rules_book(
    out: Annotated[Path, typer.Argument(help=say("cli.rules_book_out"))],
    policy: Overlay = None,
) -> None:
    """Every number and rule with sources, formulas, changes and gaps, as one page."""
    from xianjie.screening.policies import open_policy
    from xianjie.screening.rule_book import rule_book

    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(rule_book(open_policy(tuple(policy or ()))), encoding="utf-8")
    console.print(say("cli.written", path=out), markup=False, soft_wrap=True)


@rules_app.command("explain", help=say("cli.rules_explain"))
def rules_explain(
    data: Annotated[Path, typer.Option(help=say("cli.explain_data"))],
    household: Annotated[str, typer.Option(help=say("cli.household"))],
    region: Region = None,
    date: AsOf = None,
    policy: Overlay = None,
    as_json: Json = False,
) -> None:
    """One household, step by step."""
    from xianjie.screening.explain_command import explain_household, explanation_lines

    explained = explain_household(data, household, region, parse_date(date), tuple(policy or ()), progress)
    if as_json:
        print_json(explained)
        return
    for line in explanation_lines(explained):
        console.print(line, markup=False, soft_wrap=True)


@rules_app.command("test", help=say("cli.rules_test"))
def rules_test(
    folder: Annotated[Path | None, typer.Argument(help=say("cli.rules_test_folder"))] = None,
    policy: Overlay = None,
    as_json: Json = False,
) -> None:
    """Worked cases."""
    from xianjie.screening.rule_pages import run_policy_cases

    outcome = run_policy_cases(folder, tuple(policy or ()))
    if as_json:
        print_json(outcome)
    else:
        for failure in outcome["failures"]:
            console.print(failure["text"], markup=False, soft_wrap=True)
        console.print(say("cli.cases", passed=outcome["passed"], failed=outcome["failed"]), markup=False)
    raise typer.Exit(FELL_SHORT if outcome["failed"] else DONE)


def main() -> None:
    """Run the command; every error ends in a sentence and exit code 2, never a traceback."""
    try:
        app()
        sys.exit(DONE)
    except UserError as error:
        error_console.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(WRONG)
    except KeyboardInterrupt:
        error_console.print(say("cli.stopped"), markup=False)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except (OSError, EngineError, MemoryError) as error:
        error_console.print(say("cli.system_error", error=_first_line(error)), style="red", markup=False)
        sys.exit(WRONG)
    except Exception as error:
        error_console.print(say("cli.our_fault", error=_first_line(error), log=_keep(error)), style="red", markup=False)
        sys.exit(WRONG)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _keep(error: BaseException) -> str:
    """Write the traceback where whoever mends it can find it; gives the file's name."""
    with tempfile.NamedTemporaryFile("w", prefix="xianjie-error-", suffix=".txt", delete=False) as log:
        log.write("".join(traceback.format_exception(error)))
    return log.name


if __name__ == "__main__":
    main()
