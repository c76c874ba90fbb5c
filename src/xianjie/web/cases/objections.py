"""Recording objections to a public notice, and answering them."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.cases.deliberation import must_hang
from xianjie.web.cases.drafts import Objection
from xianjie.web.cases.models import Case
from xianjie.web.cases.services import ACT
from xianjie.web.clock import today


def _locked(scope: Scope, case_id: int) -> Case:
    case: Case = Case.everything.select_for_update().get(pk=case_id)
    if not scope.allows(ACT, case.region_code):
        raise PermissionDenied
    must_hang(case)
    return case


@transaction.atomic
def object_to(scope: Scope, case_id: int, raised_by: str, text: str) -> Objection:
    """Record what somebody says against a notice while it hangs."""
    case = _locked(scope, case_id)
    if not text.strip() or not raised_by.strip():
        raise UserError("cases.no_objection")
    made = Objection.everything.create(
        case=case, step=case.at, round=case.revision, raised_on=today(), raised_by=raised_by.strip(),
        text=text.strip(), recorded_by=current_actor().username,
    )  # fmt: skip
    record("cases.objection", subject=("case", str(case.pk)), region_code=case.region_code,
           after={"by": made.raised_by, "text": made.text})  # fmt: skip
    return made


@transaction.atomic
def answer(scope: Scope, case_id: int, objection_id: int, text: str) -> Objection:
    """Answer an objection, once."""
    case = _locked(scope, case_id)
    found = Objection.everything.filter(pk=objection_id, case=case, round=case.revision, answered_on=None).first()
    if found is None:
        raise UserError("cases.answered_already")
    if not text.strip():
        raise UserError("cases.no_answer")
    actor = current_actor()
    found.answer, found.answered_on, found.answered_by = text.strip(), today(), actor.name or actor.username
    found.save()
    record("cases.answer", subject=("case", str(case.pk)), region_code=case.region_code,
           after={"objection": found.pk, "answer": found.answer})  # fmt: skip
    return found
