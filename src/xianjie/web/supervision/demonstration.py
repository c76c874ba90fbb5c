"""What an invented instance shows of this app: two invented documents, their tasks, targets, policies, an assessment.

Made through the app's own services, as an office would; only the past of the indicators is invented.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile

from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.audit.services import Actor, acting
from xianjie.web.clock import today
from xianjie.web.supervision import assessments, documents, measuring, orders, policies, reporting, tasks
from xianjie.web.supervision.document_models import PolicyDocument
from xianjie.web.supervision.following import follow_all
from xianjie.web.supervision.target_models import Assessment, Observation, Target
from xianjie.web.supervision.task_models import Task, TaskUnit

TEXTS = Path(__file__).parent / "examples"
CLERK, OFFICE = Actor("xianji", "示例县级专干"), Actor("yibao", "示例医保局经办")
# A target's words → the system's indicator that follows it.
INDICATORS = {
    "风险消除率": "removed_share", "住房安全率": "house_safe_share", "饮水安全率": "water_safe_share",
    "人均纯收入": "relieved_income",
}  # fmt: skip
REPORTED = {
    "参保率": (96.2, 97.1, 97.9, 98.3), "劳务输转": (310.0, 640.0, 930.0, 1180.0), "支出率": (12.0, 33.0, 51.0, 68.0),
}  # fmt: skip
QUARTER = timedelta(days=91)


def demonstrate(county: str) -> dict[str, int]:
    """Fill the app for a county; gives counts. What is there already is left alone."""
    if PolicyDocument.everything.filter(region_code=county).exists():
        return {}
    scope = Scope((Holding("county", county),))
    with acting(CLERK):
        upper, lower = _document(scope, "upper"), _document(scope, "lower")
        pair = documents.hold_against(scope, lower, upper)
        documents.compare(pair.pk)
        made = tasks.make_tasks(scope, lower, [one["id"] for one in lower.parsed["clauses"]], today().year)
        _targets(county)
        measuring.measure(county)
        _system_past(county)
        _reports(scope, county)
        _policies(scope)
        late = tasks.with_state(Task.everything.filter(region_code=county), "late").order_by("pk").first()
        if late:
            _order(scope, late)
        _assessment(scope)
    return {"documents": 2, "tasks": len(made), "targets": Target.everything.filter(region_code=county).count()}


def _document(scope: Scope, name: str) -> PolicyDocument:
    """One of the invented documents, uploaded and read at once; the job that was queued reads it again, unharmed."""
    file = ContentFile((TEXTS / f"{name}.txt").read_bytes(), name=f"{name}.txt")
    number = {"upper": "青禾州发〔2025〕3号", "lower": "样例县发〔2025〕7号"}[name]
    level = {"upper": "city", "lower": "county"}[name]
    return documents.read_document(documents.add_document(scope, file, number=number, level=level).pk)


def _targets(county: str) -> None:
    """Follow targets by the system's indicators where it has one, and invent four quarters of the others."""
    for one in Target.everything.filter(region_code=county):
        begins = date(today().year, 1, 1)
        words = f"{one.title}{one.text}"
        indicator = next((name for sign, name in INDICATORS.items() if sign in words), "")
        Target.everything.filter(pk=one.pk).update(begins_on=begins, indicator=indicator)
        Task.everything.filter(pk=one.task_id or 0).update(begins_on=date(today().year, 3, 18))
        past = next((values for sign, values in REPORTED.items() if sign in words), ())
        if not indicator:
            _past(f"target-{one.pk}", county, past, "report")


def _system_past(county: str) -> None:
    """Three quarters before what was measured, each a little lower than the next."""
    for name in INDICATORS.values():
        now = Observation.everything.filter(indicator=name, region_code=county).order_by("-day").first()
        if now:
            _past(name, county, tuple(round(now.value * part, 2) for part in (0.88, 0.91, 0.96)), "system")
    follow_all(county)


def _past(series: str, county: str, values: tuple[float, ...], source: str) -> None:
    first = today() - len(values) * QUARTER
    Observation.everything.bulk_create(
        Observation(indicator=series, region_code=county, day=first + number * QUARTER, value=value, source=source)
        for number, value in enumerate(values)
    )


def _reports(scope: Scope, county: str) -> None:
    """Two units report; one says that it is done."""
    leads = TaskUnit.everything.filter(task__region_code=county, role=TaskUnit.LEAD).order_by("pk")
    for unit, done in zip(leads[2:4], (True, False), strict=False):
        task = Task.everything.get(pk=unit.task_id)
        told = reporting.Told("已完成集中排查，问题逐户建账整改（示例）。", done=done)
        with acting(OFFICE):
            reporting.tell(scope, unit, told, seen=task.revision)


def _policies(scope: Scope) -> None:
    year, empty = today().year, {"department": "", "note": "", "transition_to": None, "successor": None}
    fresh = policies.save_policy(
        scope, {**empty, "title": "样例县产业奖补办法（新）", "number": f"样例县政办〔{year}〕12号", "kind": "optimise",
                "department": "agriculture", "begins_on": date(year, 9, 1), "planned_end": date(year + 3, 8, 31)},
    )  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"title": "样例县产业奖补办法", "kind": "optimise", "department": "agriculture", "begins_on": date(2019, 1, 1),
         "planned_end": date(year, 12, 31), "successor": fresh.pk},
        {"title": "小额信贷贴息办法", "kind": "continue", "department": "revitalisation", "begins_on": date(2021, 6, 1),
         "planned_end": date(year, 12, 31), "transition_to": date(year + 1, 6, 30)},
        {"title": "外出务工交通补助办法", "kind": "adjust", "department": "human_resources",
         "begins_on": date(2020, 3, 1), "planned_end": date(year, 12, 31)},
        {"title": "困难群众参保资助办法", "kind": "continue", "department": "medical_insurance",
         "begins_on": date(2021, 1, 1), "planned_end": None},
    ]  # fmt: skip
    for row in rows:
        policies.save_policy(scope, {**empty, "number": "", **row})


def _order(scope: Scope, task: Task) -> None:
    lead = TaskUnit.everything.filter(task=task).order_by("order").first()
    assert lead is not None
    orders.issue(
        scope, title=f"督办：{task.title}", unit=lead.name, why="已超期，没有进展报告",
        due_on=today() + timedelta(days=15),
        items=["报送未完成事项清单和原因", "提出完成时间和措施"], task=task,
    )  # fmt: skip


def _assessment(scope: Scope) -> None:
    """An assessment of the townships, with invented survey values, published."""
    year = today().year
    made: Assessment = assessments.begin(
        scope, scheme="township_consolidation", title=f"{year}年乡镇巩固脱贫成果评价", begins_on=date(year, 1, 1),
        ends_on=today(),
    )  # fmt: skip
    given = {
        one.pk: {"satisfaction": 91.5 - 2.5 * number, "work": 88.0 - 4 * number}
        for number, one in enumerate(assessments.units(made))
    }
    assessments.set_values(scope, made, given, "抽样调查（示例）")
    if not assessments.missing(made, assessments.units(made)):
        assessments.publish(scope, made)
