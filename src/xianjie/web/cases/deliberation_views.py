"""Pages of the village's part: the review's record, the notice as a sheet, objections, the result told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases import deliberation, objections, selectors, services
from xianjie.web.cases.deliberation_forms import AnswerForm, ObjectionForm, ReviewForm, ToldForm
from xianjie.web.cases.drafts import Objection
from xianjie.web.cases.models import Case
from xianjie.web.cases.work import work_panel
from xianjie.web.clock import today
from xianjie.web.flows.definition import Step, flow_by_key
from xianjie.web.regions.selectors import full_names, names

# A step's form → the evidence it gives, the form's class.
RECORDS: dict[str, tuple[str, type[forms.Form]]] = {
    "review": ("review_record", ReviewForm),
    "told": ("household_told", ToldForm),
}


def _step(found: Case) -> Step | None:
    return flow_by_key(found.flow).steps.get(found.at)


@needs("cases.act")
def record(request: Any, pk: int) -> HttpResponse:
    """Fill in the record that the present step asks for."""
    found = selectors.case_in_scope(request.scope, pk)
    step = _step(found)
    if step is None or step.form not in RECORDS:
        messages.warning(request, _("案件已不在该环节，请查看最新情况。"))
        return redirect("cases:case", pk=pk)
    kind, form_class = RECORDS[step.form]
    form: Any = form_class(
        request.POST or None,
        initial={"seen": found.revision, "held_on": today(), "told_on": today(), "by": str(request.user)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.give_evidence(request.scope, pk, kind, form.content, seen=form.cleaned_data["seen"])
            messages.success(request, _("已保存。"))
            return redirect("cases:case", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {"page_title": step.zh, "page_subtitle": found.household.head_name, "form": form, "case": found,
               "rules": deliberation.review_rules() if step.form == "review" else None}  # fmt: skip
    return render(request, "cases/record.html", context)


@needs("cases.view")
def notice(request: Any, pk: int) -> HttpResponse:
    """The public notice as a sheet of paper: one for all households of the village whose notice began on that day.

    Of a household it tells the head's name, village and size: no more.
    """
    found = selectors.case_in_scope(request.scope, pk)
    hanging = deliberation.notice_of(found)
    if hanging is None:
        raise Http404
    village = names({found.region_code})[found.region_code]
    together = Case.objects.within(request.scope, "cases.view").filter(
        region_code=found.region_code, flow=found.flow, at=found.at, since=found.since, over=False
    )
    context = {
        "page_title": _("监测对象风险消除公示") if hanging.removal else _("防止返贫监测对象公示"),
        "notice": hanging, "village": village,
        "households": [one.household for one in together.select_related("household").order_by("household_id")],
        "place": full_names({found.region_code})[found.region_code], "back_url": reverse("cases:case", args=[pk]),
    }  # fmt: skip
    return render(request, "cases/notice.html", context)


@needs("cases.act")
def object_to(request: Any, pk: int) -> HttpResponse:
    """Record an objection."""
    found = selectors.case_in_scope(request.scope, pk)
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            objections.object_to(request.scope, pk, form.cleaned_data["raised_by"], form.cleaned_data["text"])
            messages.success(request, _("异议已登记。"))
            return redirect("cases:case", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {"page_title": _("登记异议"), "page_subtitle": found.household.head_name, "form": form, "case": found}
    return render(request, "cases/record.html", context)


@needs("cases.act")
def answer(request: Any, pk: int, objection_pk: int) -> HttpResponse:
    """Answer an objection."""
    found = selectors.case_in_scope(request.scope, pk)
    asked = Objection.objects.within(request.scope, "cases.act").filter(pk=objection_pk, case=found).first()
    if asked is None:
        raise Http404
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            objections.answer(request.scope, pk, objection_pk, form.cleaned_data["text"])
            messages.success(request, _("答复已登记。"))
            return redirect("cases:case", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {"page_title": _("答复异议"), "page_subtitle": found.household.head_name, "form": form, "case": found,
               "asked": asked}  # fmt: skip
    return render(request, "cases/record.html", context)


def _record_panel(request: Any, found: Case) -> dict[str, Any] | None:
    step = _step(found)
    vote = deliberation.vote_of(found) if step and step.form == "review" else None
    mine = services.is_mine(request.scope, found)
    if vote is None and not mine:
        return None
    return {"mine": mine, "vote": vote, "rules": deliberation.review_rules()}


def _notice_panel(request: Any, found: Case) -> dict[str, Any] | None:
    hanging = deliberation.notice_of(found)
    if hanging is None:
        return None
    acts = request.scope.allows("cases.act", found.region_code)
    return {"notice": hanging, "objections": deliberation.objections_of(found), "acts": acts}


for at in ("village_review", "removal_review", "tell_result", "tell_refusal"):
    work_panel(at, "cases/record_panel.html", _record_panel)
for at in ("village_notice", "removal_notice"):
    work_panel(at, "cases/notice_panel.html", _notice_panel)
