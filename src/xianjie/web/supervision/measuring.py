"""The indicators that the system knows 系统指标, worked out from the newest daily run and from the case half."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import Count, F, Q

from xianjie.engines import open_engine
from xianjie.messages import UserError
from xianjie.web.cases.models import Case
from xianjie.web.cases.planning_models import Measure
from xianjie.web.clock import today
from xianjie.web.daily.models import Run
from xianjie.web.daily.selectors import newest_run
from xianjie.web.regions.models import DIGITS, area_of
from xianjie.web.supervision.declared import indicators
from xianjie.web.supervision.following import follow_all
from xianjie.web.supervision.target_models import Observation

KIND = "supervision.measure"
Counts = Iterable[tuple[str, float | None, float | None]]


def measure(county: str) -> int:
    """Work every indicator out for a county, its townships and villages; gives the number of values."""
    run = newest_run(county)
    made: list[Observation] = []
    if run is not None:
        for name, rows in _of_run(run).items():
            made += _observations(name, rows, run.day)
    for name, declared in indicators().items():
        if reader := READERS.get(declared.get("count", "")):
            made += _observations(name, reader(county), today())
    Observation.everything.bulk_create(
        made, batch_size=2000, update_conflicts=True, unique_fields=["indicator", "region_code", "day"],
        update_fields=["value", "part", "whole", "source"],
    )  # fmt: skip
    follow_all(county)
    return len(made)


def _of_run(run: Run) -> Mapping[str, Counts]:
    """The indicators that are declared as SQL over a run's tables."""
    tables = {path.stem: path for path in sorted((run.folder / "work" / "entities").glob("*.parquet"))}
    tables["results"] = run.folder / "work" / "results.parquet"
    if not tables["results"].exists():
        raise UserError("supervision.run_thinned")
    with open_engine(threads=1) as engine:
        for name, path in tables.items():
            engine.view_parquet(name, path)
        return {
            name: [(str(code), part, whole) for code, part, whole in engine.rows(one["sql"])]
            for name, one in indicators().items()
            if "sql" in one
        }


def _observations(name: str, rows: Counts, day: date) -> list[Observation]:
    """Villages' counts, added up to townships and the county; a place without anything to count has no value."""
    sums: dict[str, tuple[float, float]] = {}
    for village, part, whole in rows:
        for digits in (DIGITS["village"], DIGITS["township"], DIGITS["county"]):
            code = village[:digits].ljust(12, "0")
            before = sums.get(code, (0.0, 0.0))
            sums[code] = (before[0] + float(part or 0), before[1] + float(whole or 0))
    times = indicators()[name]["times"]
    return [
        Observation(indicator=name, region_code=code, day=day, value=round(part / whole * times, 4), part=part,
                    whole=whole, source="system")
        for code, (part, whole) in sorted(sums.items()) if whole
    ]  # fmt: skip


def measures_on_time(county: str) -> Counts:
    """Measures that ended in time, of those whose end has come."""
    low, high = area_of(county)
    due = Q(ends_on__lt=today()) | Q(state=Measure.DONE)
    rows = Measure.everything.filter(region_code__gte=low, region_code__lt=high).exclude(state=Measure.STOPPED)
    good = Q(state=Measure.DONE, over_on__lte=F("ends_on"))
    counted = (
        rows.order_by().values_list("region_code").annotate(part=Count("pk", filter=good), n=Count("pk", filter=due))
    )
    return [(code, part, whole) for code, part, whole in counted]


def cases_on_time(county: str) -> Counts:
    """Open cases that are not past their day."""
    low, high = area_of(county)
    rows = Case.everything.filter(region_code__gte=low, region_code__lt=high, over=False).order_by()
    late = Q(due_on__lt=today())
    counted = rows.values_list("region_code").annotate(late=Count("pk", filter=late), n=Count("pk"))
    return [(code, whole - late, whole) for code, late, whole in counted]


READERS = {"measures_on_time": measures_on_time, "cases_on_time": cases_on_time}
