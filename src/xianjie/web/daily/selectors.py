"""Reading runs, findings and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db.models import Count, Q, QuerySet

from xianjie.web.accounts.scope import Scope
from xianjie.web.clock import today
from xianjie.web.daily.models import Finding, Run, Warning
from xianjie.web.regions.models import area_of, level_of

ABOVE = ("country", "province", "prefecture")


def county_of(region_code: str) -> str:
    """The county's 12-digit code of any region below it."""
    return region_code[:6].ljust(12, "0")


def newest_run(region_code: str, day: date | None = None) -> Run | None:
    """The newest finished run (up to a day) of the county that a region belongs to; its `folder` holds the results.

    Of a run that is not the newest, only the results stand: its working files may be gone (`thinned`).
    """
    runs = Run.everything.filter(region_code=county_of(region_code), state=Run.DONE)
    if day is not None:
        runs = runs.filter(day__lte=day)
    return runs.order_by("-pk").first()


def runs(scope: Scope) -> QuerySet[Run]:
    """The runs of every county that a user sees all or part of; what a page tells of them is cut to their areas.

    A run belongs to a county, so a township's user could not reach it by its code: hence the rows are chosen by hand.
    """
    counties = {
        county_of(held.region_code) for held in scope.holding("daily.view") if level_of(held.region_code) not in ABOVE
    }
    chosen = scope.where("daily.view") | Q(region_code__in=counties)
    return Run.everything.filter(chosen).select_related("job", "previous").order_by("-pk")


def areas_in(scope: Scope, run: Run, permission: str = "daily.view") -> list[tuple[str, str]]:
    """The user's areas inside a run's county."""
    low, high = area_of(run.region_code)
    cut = [(max(low, begin), min(high, end)) for begin, end in scope.areas(permission)]
    return [(begin, end) for begin, end in cut if begin < end]


def sees_whole(scope: Scope, run: Run) -> bool:
    """Whether the user sees the whole county of a run."""
    return scope.allows("daily.view", run.region_code)


@dataclass(frozen=True)
class RunFile:
    """A file of a run that can be taken out: its path within the run's folder, its name, the area that it is about."""

    path: str
    title: str
    region_code: str
    kind: str  # list, checks, giveback, report


def run_files(scope: Scope, run: Run) -> list[RunFile]:
    """The files of a run that a user may take out: those about an area that lies within their own."""
    return [
        one for one in _files(run) if scope.allows("daily.view", one.region_code) and may_take(scope, one.region_code)
    ]


def may_take(scope: Scope, region_code: str) -> bool:
    """Whether a user may take out files that show people's names there."""
    return scope.allows("registry.export", region_code) and scope.sees("personal", region_code)


def _files(run: Run) -> list[RunFile]:
    folder = run.folder
    found = [
        *(_by_place(folder, path, "list") for path in sorted((folder / "excel").rglob("*.xlsx"))),
        *(_by_place(folder, path, "checks") for path in sorted((folder / "checks" / "townships").glob("*.xlsx"))),
        *(_of_county(run, path, "giveback") for path in sorted((folder / "giveback").rglob("*.xlsx"))),
        *(_of_county(run, path, "checks") for path in sorted((folder / "checks").glob("*.xlsx"))),
    ]
    if (folder / "report.html").exists():
        found.append(RunFile("report.html", "report.html", run.region_code, "report"))
    return found


def _by_place(folder: Path, path: Path, kind: str) -> RunFile:
    """A list's name carries the code of its place: 竹原镇-629901100, 629901100-竹原镇, 某村-629901100200."""
    digits = next((part for part in path.stem.split("-") if part.isdigit()), "")
    return RunFile(path.relative_to(folder).as_posix(), path.stem, digits.ljust(12, "0"), kind)


def _of_county(run: Run, path: Path, kind: str) -> RunFile:
    name = path.relative_to(run.folder).as_posix()
    return RunFile(name, f"{path.parent.name}/{path.stem}" if kind == "giveback" else path.stem, run.region_code, kind)


def findings(scope: Scope) -> QuerySet[Any]:
    """The standing findings of the households that a user may look at."""
    rows = Finding.objects.within(scope, "registry.view").filter(gone_on__isnull=True)
    return rows.select_related("household").order_by()


def finding_counts(scope: Scope) -> dict[str, int]:
    """Kind → number of standing findings in the user's areas."""
    rows = Finding.objects.within(scope, "registry.view").filter(gone_on__isnull=True)
    return dict(rows.order_by().values_list("finding").annotate(number=Count("id")))


def warnings(scope: Scope, permission: str = "warnings.view") -> QuerySet[Any]:
    """The warnings that a user may see: of their areas, and of their department where they belong to one."""
    return Warning.objects.within(scope, permission).select_related("finding", "household", "came_from").order_by()


def warning_counts(scope: Scope, permission: str = "warnings.view") -> dict[str, int]:
    """{overdue, soon, open, answered, returned} of the warnings in sight, in one query."""
    day, open_ = today(), Q(state=Warning.OPEN)
    rows = Warning.objects.within(scope, permission).order_by()
    counted: dict[str, int] = rows.aggregate(
        overdue=Count("id", filter=open_ & Q(due_on__lt=day)),
        open=Count("id", filter=open_),
        answered=Count("id", filter=Q(state=Warning.ANSWERED)),
        returned=Count("id", filter=open_ & Q(returned__gt=0)),
    )
    return counted
