"""Saving a plan, making its measures tasks and facts of the register, and telling what became of a measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Sum

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.cases.models import Case, CaseEvidence
from xianjie.web.cases.planning_models import Measure, MeasureReport, Plan
from xianjie.web.cases.planning_rules import accepted, can_work, development_groups, first_measure, open_risks
from xianjie.web.cases.plans import Gap, gaps
from xianjie.web.cases.services import ACT, is_mine
from xianjie.web.clock import today
from xianjie.web.flows.definition import flow_by_key
from xianjie.web.registry.models import Fact
from xianjie.web.registry.records import pack

ANSWER = "measures.answer"
FORM = "plan"
HELPER, COVERED = "helper_named", "risks_covered"
NEXT = {
    Measure.PLANNED: (Measure.PLANNED, Measure.OPEN, Measure.DONE, Measure.STOPPED),
    Measure.OPEN: (Measure.OPEN, Measure.DONE, Measure.STOPPED),
    Measure.DONE: (Measure.DONE,),
    Measure.STOPPED: (Measure.STOPPED,),
}


@dataclass(frozen=True)
class Planned:
    """A measure as somebody plans it; `measure`: the running one that it goes on from."""

    title: str
    group: str
    risk: str
    department: str
    starts_on: date
    ends_on: date
    name: str = ""
    amount: int | None = None
    measure: int | None = None


@dataclass(frozen=True)
class PlanFacts:
    """What a plan is checked against: open risks with what they rest on, labour, the policy's groups."""

    risks: Mapping[str, Sequence[str]]
    able: bool | None
    accepted: Mapping[str, tuple[str, ...]]
    development: tuple[str, ...]
    first_by: date | None = None  # by when a measure must begin, while none has

    def lacks(self, rows: Sequence[Planned], uncovered: Mapping[str, str], helper: str) -> list[Gap]:
        """The gaps of a plan for which no reason is stated."""
        planned = [(row.group, row.risk) for row in rows]
        found = gaps(self.risks, self.able, planned, self.accepted, self.development, helper)
        if rows and self.first_by and min(row.starts_on for row in rows) > self.first_by:
            found.append(Gap("first"))
        reasoned = {gap for gap in found if uncovered.get(gap.risk or gap.what, "").strip()}
        return [gap for gap in found if gap.what in ("helper", "first") or gap not in reasoned]


def plan_facts(case: Case) -> PlanFacts:
    """What is known today for the plan of a case's household."""
    place = case.region_code
    due = first_measure(case)
    begun = Measure.everything.filter(case=case, begun_on__isnull=False).exists()
    return PlanFacts(
        open_risks(case), can_work(case.household_id, place), accepted(place), development_groups(place),
        None if due is None or begun else max(due.due_on, today()),
    )  # fmt: skip


def may_plan(scope: Scope, case: Case) -> bool:
    """Whether the user writes the plan now: the case stands at the plan's step and the step is theirs."""
    return is_mine(scope, case) and flow_by_key(case.flow).steps[case.at].form == FORM


def newest_plan(case: Case) -> Plan | None:
    """The last saved version."""
    return Plan.everything.filter(case=case).order_by("-version").first()


@transaction.atomic
def save_plan(
    scope: Scope,
    case_id: int,
    rows: Sequence[Planned],
    *,
    seen: int,
    helper: str,
    phone: str,
    uncovered: Mapping[str, str],
) -> tuple[Plan, list[Gap]]:
    """Save a new version; gives it with what it still lacks. `seen`: the version on which the user worked (0: none).

    A plan that lacks nothing proves the step's evidence and puts its measures into force; one with gaps is kept as it
    is and proves nothing. Raises `UserError` when somebody saved another version meanwhile, or for another's measure.
    """
    case = Case.everything.select_for_update().get(pk=case_id)
    if not scope.allows(ACT, case.region_code):
        raise PermissionDenied
    if not may_plan(scope, case):
        raise UserError("planning.not_now")
    last = newest_plan(case)
    if (last.version if last else 0) != seen:
        assert last is not None
        raise UserError("planning.overtaken", by=last.by_name or last.by, version=last.version)
    facts = plan_facts(case)
    kept = {risk: why.strip() for risk, why in uncovered.items() if why.strip()}
    named = helper.strip() if helper.strip() and phone.strip() else ""
    lacking = facts.lacks(rows, kept, named)
    event = record(
        "cases.plan", subject=("case", str(case.pk)), region_code=case.region_code,
        after={"version": seen + 1, "measures": len(rows), "gaps": [gap.what for gap in lacking]},
    )  # fmt: skip
    if not lacking:
        rows = _into_force(case, rows, event.seq)
    actor = current_actor()
    plan = Plan.everything.create(
        case=case, version=seen + 1, day=today(), by=actor.username, by_name=actor.name, helper=helper.strip(),
        helper_phone=phone.strip() or None, able=facts.able, risks=list(facts.risks), uncovered=kept,
        measures=[_plain(row) for row in rows], complete=not lacking, event=event.seq,
    )  # fmt: skip
    _prove(case, plan, lacking)
    return plan, lacking


def _plain(row: Planned) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(row).items()}


def _prove(case: Case, plan: Plan, lacking: list[Gap]) -> None:
    """The step's evidence follows from the plan: what an earlier version proved counts no more."""
    now = CaseEvidence.everything.filter(case=case, step=case.at, round=case.revision, withdrawn_on__isnull=True)
    now.filter(kind__in=(HELPER, COVERED)).update(withdrawn_on=today())
    proved = {
        HELPER: {"names": [plan.helper]} if all(gap.what != "helper" for gap in lacking) else None,
        COVERED: {} if all(gap.what == "helper" for gap in lacking) else None,
    }
    for kind, content in proved.items():
        if content is not None:
            CaseEvidence.everything.create(
                case=case, kind=kind, step=case.at, round=case.revision, given_on=today(), given_by=plan.by,
                content={**content, "plan": plan.version, "text": f"帮扶方案第{plan.version}版"},
            )  # fmt: skip


def _into_force(case: Case, rows: Sequence[Planned], event: int) -> list[Planned]:
    """Make the rows measures in force; running ones that the plan leaves out are stopped."""
    running = {one.pk: one for one in Measure.everything.filter(case=case, state__in=Measure.RUNNING).order_by("pk")}
    made = []
    for row in rows:
        if row.measure is not None and row.measure not in running:
            raise UserError("planning.measure_over", title=row.title)
        measure = running.pop(row.measure) if row.measure is not None else Measure(
            case=case, household_id=case.household_id, region_code=case.region_code
        )  # fmt: skip
        before = measure.pk and _plain(_planned(measure))
        for name in ("name", "title", "group", "risk", "department", "starts_on", "ends_on", "amount"):
            setattr(measure, name, getattr(row, name))
        if before != _plain(row):
            measure.save()
            write_fact(measure, event)
        made.append(_planned(measure))
    for measure in running.values():
        measure.state, measure.over_on = Measure.STOPPED, today()
        measure.save()
        write_fact(measure, event)
    return made


def _planned(measure: Measure) -> Planned:
    return Planned(
        measure.title, measure.group, measure.risk, measure.department, measure.starts_on, measure.ends_on,
        measure.name, measure.amount, measure.pk,
    )  # fmt: skip


def running_rows(case: Case) -> list[Planned]:
    """The measures that run, as rows of a plan."""
    return [_planned(one) for one in Measure.everything.filter(case=case, state__in=Measure.RUNNING).order_by("pk")]


def write_fact(measure: Measure, event: int) -> Fact:
    """The measure as the register's fact: the daily run reads it from there. The row before it stands no more."""
    key = f"plan-{measure.pk}"
    Fact.everything.filter(entity="measure", key=key, withdrawn_on__isnull=True).update(withdrawn_on=today())
    given = MeasureReport.everything.filter(measure=measure).aggregate(sum=Sum("money"))["sum"]
    values: dict[str, Any] = {
        "group": measure.group, "name": measure.title, "risk": measure.risk, "department": measure.department,
        "state": measure.state, "started_on": measure.begun_on or measure.starts_on, "ended_on": measure.over_on,
        "amount": given or measure.amount,
    }  # fmt: skip
    return Fact.everything.create(
        entity="measure", key=key, household_id=measure.household_id, region_code=measure.region_code,
        source=dictionary().entities["measure"].source, holds_from=values["started_on"], holds_to=measure.over_on,
        recorded_on=today(), event=event, data=pack("measure", values),
    )  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What somebody tells of a measure."""

    state: str
    day: date
    text: str = ""
    file: str = ""
    money: int | None = None
    goods: str = ""


def may_tell(scope: Scope, measure: Measure) -> bool:
    """Its own department, or who handles the household's case."""
    return scope.allows(ANSWER, measure.region_code, measure.department) or scope.allows(ACT, measure.region_code)


@transaction.atomic
def tell(scope: Scope, measure_id: int, told: Told, *, seen: int) -> MeasureReport:
    """Record what became of a measure. A measure that is done says with what: words or a paper.

    Raises `UserError` when somebody told something meanwhile, for a step back, or for a result without proof.
    """
    measure = Measure.everything.select_for_update().get(pk=measure_id)
    if not may_tell(scope, measure):
        raise PermissionDenied
    if measure.reports != seen:
        raise UserError("planning.told_meanwhile", title=measure.title)
    if told.state not in NEXT[measure.state]:
        raise UserError("planning.no_way_back", title=measure.title)
    if told.state in (Measure.DONE, Measure.STOPPED) and not (told.text.strip() or told.file):
        raise UserError("planning.no_proof")
    if told.day > today():
        raise UserError("planning.in_future", day=told.day)
    before = {"state": measure.state}
    event = record("cases.measure", subject=("measure", str(measure.pk)), region_code=measure.region_code,
                   before=before, after={"state": told.state, "money": told.money, "goods": told.goods})  # fmt: skip
    if told.state in (Measure.OPEN, Measure.DONE) and measure.begun_on is None:
        measure.begun_on = told.day
    if told.state in (Measure.DONE, Measure.STOPPED) and measure.over_on is None:
        measure.over_on = told.day
    measure.state = told.state
    actor = current_actor()
    made = MeasureReport.everything.create(
        measure=measure, day=told.day, state=told.state, text=told.text.strip(), file=told.file, money=told.money,
        goods=told.goods.strip(), by=actor.username, by_name=actor.name, event=event.seq,
    )  # fmt: skip
    measure.save()
    Measure.everything.filter(pk=measure.pk).update(reports=F("reports") + 1)
    write_fact(measure, event.seq)
    return made
