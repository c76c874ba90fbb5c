"""The daily job: from a county's files to explained findings.

`screen_data` does it step by step; what a step gives stands in the run's folder, so a stopped run goes on
where it was. docs/screening.md tells the steps and the folder.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from xianjie import __version__
from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine
from xianjie.screening.check_report import write_check_outputs
from xianjie.screening.checks import load_checks, run_checks
from xianjie.screening.documents import compare_documents
from xianjie.screening.duplicates import list_duplicates
from xianjie.screening.facts import Facts, gather, open_facts, view_folder
from xianjie.screening.findings import compare_with, household_list, make_findings, unknown_counts
from xianjie.screening.inputs import Inputs, survey
from xianjie.screening.intake import Intake
from xianjie.screening.lists import prepare_lists, write_lists
from xianjie.screening.policies import PolicyBook, open_policy
from xianjie.screening.population import compute_results, missing_facts, missing_numbers, write_unknown
from xianjie.screening.report import write_report
from xianjie.screening.run_folder import PARTS, Progress, RunFolder, read_json, write_json
from xianjie.screening.summary import summarise
from xianjie.screening.watching import Stop, Stopped, Tell, Watch

SELDOM = 200_000  # new objects between two looks; usually 700

__all__ = ["Request", "Stopped", "check_folder", "run_screening", "screen_data"]


@dataclass(frozen=True)
class Request:
    """What to screen, where to, and by which policy."""

    data: Path
    out: Path
    region: str | None = None
    date: date | None = None
    engine: str = "duckdb"
    overlays: tuple[Path, ...] = ()
    previous: Path | None = None
    documents: bool = False
    memory: str = "3GB"


class Job:
    """One screening: the run's folder, the engine, the policy, and the steps over them."""

    def __init__(self, request: Request, inputs: Inputs, book: PolicyBook, watch: Watch) -> None:
        self.request, self.inputs, self.book, self.watch = request, inputs, book, watch
        self.run = RunFolder(request.out, _manifest(request, inputs, book), watch)
        self.work = self.run.work
        self.day = inputs.day

    def tell_checks(self, done: int, total: int, text: str) -> None:
        """Pass on how far the checks are."""
        self.watch.within(PARTS["check"] * done / total, text)

    def facts(self, engine: Engine) -> Intake:
        """Steps 1-4: every entity's rows, from register and departments, as views on the engine."""
        intake = gather(engine, self.inputs, self.work, self.run.folder, self.run.step)
        known = {
            "date": self.day.isoformat(),
            "present": intake.present_columns(engine),
            "region": intake.region,
        }
        write_json(self.run.folder / "facts.json", known)
        return intake

    def judge(self, engine: Engine, county: str) -> dict[str, Any]:
        """Step 6: the rules' results for every household, as the view `results`."""
        results = self.work / "results.parquet"
        unknown = self.run.folder / "unknown.parquet"

        def rules() -> dict[str, Any]:
            if self.request.engine != "duckdb":
                with open_engine(self.request.engine) as other:
                    view_folder(other, self.work / "entities")
                    rows = compute_results(other, self.book, self.day, self.request.region, results)
            else:
                rows = compute_results(engine, self.book, self.day, self.request.region, results)
            engine.view_parquet("results", results)
            write_unknown(engine, self.book, self.day, self.request.region, unknown)
            return {
                "households": rows,
                "missing_facts": missing_facts(engine, self.book, unknown),
                "missing_numbers": missing_numbers(self.book, self.day, [self.request.region or county]),
            }

        judged = self.run.step("rules", rules)
        engine.view_parquet("results", results)
        return judged


def _manifest(request: Request, inputs: Inputs, book: PolicyBook) -> dict[str, Any]:
    return {
        "xianjie": __version__,
        "date": inputs.day.isoformat(),
        "region": request.region,
        "engine": request.engine,
        "policy": book.version,
        "documents": request.documents,
        "inputs": inputs.fingerprints,
        "previous": inputs.previous_fingerprint,
    }


def screen_data(request: Request, progress: Progress) -> dict[str, Any]:
    """`run_screening` for a caller who only wants to be told what is being done."""
    return run_screening(request, lambda _done, _total, text: progress(text))


def run_screening(request: Request, progress: Tell | None = None, stop: Stop | None = None) -> dict[str, Any]:
    """Screen a data folder into a run folder; gives the run's counts (also in `counts.json`).

    `progress` is told (done, total, what is being done); `stop` is asked several times a second, and a yes raises
    `Stopped`: the same call later goes on with the first unfinished step.
    Raises `UserError` when the data have no register, the date is nowhere to be found, or the folder holds
    another run.
    """
    watch = Watch(progress, stop)
    inputs = survey(request.data, request.out, request.date, request.previous)
    book = open_policy(request.overlays)
    job = Job(request, inputs, book, watch)
    if job.run.complete:
        counts: dict[str, Any] = read_json(job.run.folder / "counts.json")
        return counts
    spill = job.work / "spill"
    with (
        open_engine(memory_limit=request.memory, temp_folder=spill) as engine,
        watch.over(engine),
        _seldom_collecting(),
    ):
        counts = _screen(engine, job)
    write_json(job.run.folder / "counts.json", counts)
    return counts


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let Python look for circles of objects seldom: the rules' syntax trees are many objects and stay to the end."""
    usual = gc.get_threshold()
    gc.set_threshold(SELDOM, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _screen(engine: Engine, job: Job) -> dict[str, Any]:
    request, inputs, book = job.request, job.inputs, job.book
    intake = job.facts(engine)
    here = request.region or intake.region
    facts = Facts(engine.sibling(), job.day, intake.present_columns(engine), here)

    def check() -> dict[str, Any]:
        return check_facts(facts, book, job.run.folder / "checks", job.tell_checks)

    # The checks and the rules read the same tables and do not need each other.
    with ThreadPoolExecutor(1) as beside:
        checking = beside.submit(job.run.step, "check", check)
        try:
            judged = job.judge(engine, intake.region)
            found = job.run.step("findings", lambda: _find(engine, job, here))
            _view_findings(engine, job)
            documents = job.run.step("documents", lambda: _documents(engine, job)) if request.documents else {}
            lists = job.run.step("lists", lambda: _lists(engine, job))
        except BaseException:
            engine.interrupt()
            raise
        checks = checking.result()
    counts = summarise(
        engine,
        job.book,
        {
            "manifest": job.run.manifest,
            "intake": intake.summary(),
            "checks": checks,
            "judged": judged,
            "found": found,
            "documents": documents,
            "lists": lists,
            "previous_date": inputs.previous_date,
        },
    )
    job.run.step("report", lambda: _report(engine, job, counts))
    return counts


def _report(engine: Engine, job: Job, counts: dict[str, Any]) -> dict[str, Any]:
    write_report(engine, job.book, job.day, job.request.region, counts, job.run.folder / "report.html")
    return {}


def _find(engine: Engine, job: Job, region: str) -> dict[str, Any]:
    folder = job.run.folder
    findings = list(job.book.findings.values())
    clauses = {finding.name: job.book.clauses(finding.cite, region) for finding in findings}
    rows = make_findings(engine, findings, job.book.units_of_findings(), clauses, folder / "findings.parquet")
    engine.view_parquet("findings", folder / "findings.parquet")
    changes = compare_with(engine, job.inputs.previous_findings, folder)
    household_list(engine, "monitored_kind_due", "already_monitored", folder / "households.parquet")
    return {"rows": rows, "changes": changes, "unknown": unknown_counts(engine, findings)}


def _view_findings(engine: Engine, job: Job) -> None:
    folder = job.run.folder
    for name, view in (("findings", "findings"), ("changes", "changes"), ("households", "household_results")):
        engine.view_parquet(view, folder / f"{name}.parquet")
    kinds = {code: value.zh for code, value in dictionary().codes["monitored_kind"].values.items()}
    departments = {code: department.zh for code, department in dictionary().departments.items()}
    titles = {name: finding.zh for name, finding in job.book.findings.items()}
    prepare_lists(engine, kinds, departments, titles)


def _lists(engine: Engine, job: Job) -> dict[str, Any]:
    return {"files": write_lists(engine, job.run.folder / "excel")}


def _documents(engine: Engine, job: Job) -> dict[str, Any]:
    return compare_documents(engine, job.book, job.day)


def check_folder(
    data: Path, out: Path, day: date | None, overlays: tuple[Path, ...], progress: Progress
) -> dict[str, Any]:
    """Run the data-quality checks alone; gives their summary. Departments' files count as facts too."""
    with open_facts(data, day, progress) as facts:
        summary = check_facts(facts, open_policy(overlays), out, lambda _done, _total, text: progress(text))
        summary["duplicates"] = list_duplicates(facts.engine, out)
    write_json(out / "summary.json", summary)
    return summary


def check_facts(facts: Facts, book: PolicyBook, out: Path, tell: Tell | None = None) -> dict[str, Any]:
    """Check facts by the policy's checks; writes findings and lists into `out`."""
    checks = load_checks([folder / "checks" for folder in book.folders if (folder / "checks").is_dir()])
    numbers = book.numbers(facts.day, facts.region)
    counts = run_checks(facts.engine, checks, facts.present, facts.day, out / "findings.parquet", numbers, tell)
    return write_check_outputs(facts.engine, checks, counts, out)
