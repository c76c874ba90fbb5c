"""Taking an application, giving evidence, moving it; objections to its notice. Effects of decisions: `deciding.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import deciding
from xianjie.web.assistance.models import KIND, Application, ApplicationDraft, ApplicationObjection, Benefit
from xianjie.web.assistance.programmes import programmes
from xianjie.web.audit.services import current_actor, record
from xianjie.web.clock import today
from xianjie.web.flows import engine, proceedings
from xianjie.web.flows.definition import flow_by_key, flow_for
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import Household

ACT = KIND.permission
CHANNELS = ("resident", "cadre", "township", "warning", "case", "run")
VISIT = "visit"  # the action by which the county records its own home visit


def may_act(scope: Scope, one: Application) -> bool:
    """Whether the user handles applications there, of their department."""
    return scope.allows(ACT, one.region_code, one.department)


def _locked(scope: Scope, pk: int, seen: int | None = None) -> Application:
    one: Application = Application.everything.select_for_update().get(pk=pk)
    if not may_act(scope, one):
        raise PermissionDenied
    if seen is not None:
        proceedings.check_seen(KIND, one, seen)
    return one


def conditions(one: Application) -> dict[str, bool | None]:
    """What actions of the flow hang on: told by the application's own records and by who receives what."""
    objections = ApplicationObjection.everything.filter(owner=one, round=one.revision, answered_on__isnull=True)
    visited = KIND.move.everything.filter(owner=one, action=VISIT).exists()
    receives = Benefit.everything.filter(household=one.household_id, programme=one.programme, ends_on__isnull=True)
    return {
        "objections_settled": not objections.exists(),
        "visit_settled": visited or not one.staff_relative,
        "already_receiving": receives.exists(),
    }


@transaction.atomic
def apply(
    scope: Scope, household: Household, programme: str, values: Mapping[str, Any], *, day: date | None = None
) -> Application:
    """Take an application. `values`: channel, applicant, told, and the registration of relatives of staff.

    Raises `UserError` when one is open already, or the household has ended.
    """
    known = programmes().get(programme)
    if known is None or values["channel"] not in CHANNELS:
        raise UserError("assistance.no_programme", programme=programme)
    one = Application(
        household=household, region_code=household.region_code, programme=programme, applied_on=day or today(),
        **{name: values[name] for name in ("channel", "applicant", "told")},
        by_proxy=bool(values.get("by_proxy")), staff_relative=bool(values.get("staff_relative")),
        staff_told=values.get("staff_told", "").strip(),
    )  # fmt: skip
    if not may_act(scope, one):
        raise PermissionDenied
    if household.ends_on is not None:
        raise UserError("assistance.household_ended", household=household.pk)
    if not one.told.strip() or not one.applicant.strip():
        raise UserError("assistance.nothing_told")
    if one.staff_relative and not one.staff_told:
        raise UserError("assistance.no_staff_told")
    if Application.everything.filter(household=household, programme=programme, over=False).exists():
        raise UserError("assistance.already_open", household=household.pk, programme=known.label)
    flow = flow_for(known.flow, household.region_code, one.applied_on)
    position = engine.begin(flow, one.applied_on)
    proceedings.place(one, flow, position)
    one.save()
    event = record(
        "assistance.apply", subject=("application", str(one.pk)), region_code=one.region_code,
        after={"household": household.pk, "programme": programme, "channel": one.channel,
               "staff_relative": one.staff_relative, "staff_told": one.staff_told},
    )  # fmt: skip
    proceedings.append(KIND, one, "apply", "", position.at, event.seq, day=one.applied_on, reason=one.told)
    return one


@transaction.atomic
def move(
    scope: Scope, pk: int, action: str, *, seen: int, reason: str = "", given: Mapping[str, Any] | None = None,
    facts: Any = None,
) -> Application:  # fmt: skip
    """Move an application by one action of its flow. `seen`: the revision on which the user decided.

    Raises `Overtaken`, `Refused`, and what the decision's effect raises; nothing is kept then.
    """
    one = _locked(scope, pk, seen)
    flow, step, made, after = proceedings.advance(
        KIND, scope, one, action, reason=reason, given=given or {}, holds=conditions(one)
    )
    before = {"at": one.at, "since": one.since}
    proceedings.place(one, flow, after)
    event = record(
        "assistance.move", subject=("application", str(one.pk)), region_code=one.region_code, why=reason,
        before=before,
        after={"action": action, "at": after.at, "household": one.household_id, "programme": one.programme,
               "given": made.given},
    )  # fmt: skip
    kept = proceedings.append(
        KIND, one, action, made.step, made.to, event.seq, day=made.day, role=made.role, reason=reason,
        evidence=list(made.evidence), given=dict(made.given), facts=facts if step.freezes else None,
    )  # fmt: skip
    deciding.write(scope, one, flow, kept)
    ApplicationDraft.everything.filter(owner=one).delete()
    return one


@transaction.atomic
def give_evidence(
    scope: Scope, pk: int, kind: str, content: Mapping[str, Any], *, seen: int, file: str = ""
) -> proceedings.ProceedingEvidence:
    """Keep a piece of evidence for the present step. Raises `Overtaken`, `Refused`, `UserError`."""
    one = _locked(scope, pk, seen)
    given = proceedings.give_evidence(KIND, scope, one, kind, content, file)
    record("assistance.evidence", subject=("application", str(one.pk)), region_code=one.region_code,
           after={"kind": kind})  # fmt: skip
    return given


@transaction.atomic
def object_to(scope: Scope, pk: int, raised_by: str, text: str) -> ApplicationObjection:
    """Record what somebody says against a notice while it hangs."""
    one = _locked(scope, pk)
    must_hang(one)
    if not text.strip() or not raised_by.strip():
        raise UserError("assistance.no_objection")
    made = ApplicationObjection.everything.create(
        owner=one, round=one.revision, raised_on=today(), raised_by=raised_by.strip(), text=text.strip(),
        recorded_by=current_actor().username,
    )  # fmt: skip
    record("assistance.objection", subject=("application", str(one.pk)), region_code=one.region_code,
           after={"by": made.raised_by, "text": made.text})  # fmt: skip
    return made


@transaction.atomic
def answer(scope: Scope, pk: int, objection_pk: int, text: str) -> ApplicationObjection:
    """Answer an objection, once."""
    one = _locked(scope, pk)
    must_hang(one)
    found = ApplicationObjection.everything.filter(pk=objection_pk, owner=one, round=one.revision).first()
    if found is None or found.answered_on is not None:
        raise UserError("assistance.answered_already")
    if not text.strip():
        raise UserError("assistance.no_answer")
    actor = current_actor()
    found.answer, found.answered_on, found.answered_by = text.strip(), today(), actor.name or actor.username
    found.save()
    record("assistance.answer", subject=("application", str(one.pk)), region_code=one.region_code,
           after={"objection": found.pk, "answer": found.answer})  # fmt: skip
    return found


def must_hang(one: Application) -> None:
    """Raises `UserError` when no notice hangs at the application's present step."""
    step = flow_by_key(one.flow).steps.get(one.at)
    if step is None or "notice_posted" not in step.evidence:
        raise UserError("assistance.no_notice")


def climb_late(region_code: str = "") -> int:
    """Tell the level above of every application (of an area) that is late today and was not told yet; their number."""
    rows = Application.everything.all()
    if region_code:
        low, high = area_of(region_code)
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    with transaction.atomic():
        climbed = proceedings.climb_late(KIND, rows)
        for one in climbed:
            record("assistance.late", subject=("application", str(one.pk)), region_code=one.region_code,
                   after={"at": one.at, "due_on": one.due_on, "told_to": one.told_to})  # fmt: skip
    return len(climbed)
