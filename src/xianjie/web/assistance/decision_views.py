"""Pages on which an application moves on: survey, decision with its explanation, notice, objections, sheets."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.rules.language import add_months
from xianjie.web.accounts.access import needs
from xianjie.web.assistance import deciding, selectors, services, surveying
from xianjie.web.assistance.application_views import context_of, form_context, subtitle
from xianjie.web.assistance.forms import DecideForm
from xianjie.web.assistance.models import Application, ApplicationEvidence, ApplicationObjection
from xianjie.web.assistance.programmes import number, programmes
from xianjie.web.assistance.proposing import Proposal, frozen, propose
from xianjie.web.cases.deliberation_forms import AnswerForm, ObjectionForm
from xianjie.web.cases.drafts import NOT_TYPED
from xianjie.web.cases.known import CHECKED, INCOMES, SPENDING, STATES, known_of
from xianjie.web.cases.verification import visitor_name
from xianjie.web.cases.verification_forms import SEEN, visit_form
from xianjie.web.clock import today
from xianjie.web.flows.definition import Action, flow_by_key
from xianjie.web.regions.selectors import names
from xianjie.web.registry.models import Person
from xianjie.web.words import label


@needs("assistance.act")
def move(request: Any, pk: int, action: str) -> HttpResponse:
    """Ask for what an action needs, show what the rule proposes, and do it."""
    found = selectors.application_in_scope(request.scope, pk)
    flow = flow_by_key(found.flow)
    step = flow.steps.get(found.at)
    if step is None or action not in step.actions:
        messages.warning(request, _("申请已不在该环节，请查看最新情况。"))
        return redirect("assistance:application", pk=pk)
    if not services.may_act(request.scope, found):
        raise Http404
    chosen = step.actions[action]
    proposal = propose(request.scope, found) if step.freezes and not chosen.back else None
    form = _form(request, found, chosen, proposal)
    if request.method == "POST" and form.is_valid():
        try:
            services.move(
                request.scope, pk, action, seen=form.cleaned_data["seen"], reason=form.cleaned_data["reason"],
                given=form.given, facts=frozen(proposal) if proposal else None,
            )  # fmt: skip
            messages.success(request, _("已办理：%(action)s") % {"action": label(chosen)})
            return redirect("assistance:application", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {**context_of(request, found), **form_context(found, label(chosen), form, label(chosen)),
               "proposal": proposal, "words": due_words(proposal)}  # fmt: skip
    return render(request, "assistance/decision.html", context)


def _form(request: Any, found: Application, chosen: Action, proposal: Proposal | None) -> DecideForm:
    people = list(living(found))
    rows = deciding.running(found, today()) if proposal else []
    amounts = [row.amount_month for row in rows]
    receiving = {
        "members": [row.person_id for row in rows],
        "amount": sum(one or 0 for one in amounts) if amounts and None not in amounts else None,
        "dibao_class": rows[0].dibao_class if rows else "",
        "single_person": rows[0].single_person if rows else None,
    }
    return DecideForm(
        request.POST or None, flow=flow_by_key(found.flow), action=chosen, proposal=proposal, people=people,
        receiving=receiving, self_care=_self_care(found), grace_latest=_grace_latest(found, chosen),
        initial={"seen": found.revision},
    )  # fmt: skip


def living(found: Application) -> QuerySet[Person]:
    """The household's members who have not died, the head first."""
    return Person.everything.filter(household=found.household_id).exclude(alive=False).order_by("relation", "pk")


def _grace_latest(found: Application, chosen: Action) -> Any:
    if chosen.writes != "grace":
        return None
    months = number(programmes()[found.programme].grace, found.region_code, today())
    return add_months(today(), int(months.value)) if months else None


def _self_care(found: Application) -> int | None:
    """How many items failed by the newest assessment of this application."""
    given = ApplicationEvidence.everything.filter(owner=found, kind="care_assessed", withdrawn_on__isnull=True)
    newest = given.order_by("-pk").first()
    return newest.content.get("failed") if newest else None


def due_words(proposal: Proposal | None) -> dict[str, str]:
    """The proposal's result as a word with its tone."""
    if proposal is None:
        return {}
    if proposal.due is None:
        return {"word": _("资料不足，规则不能判定"), "tone": "warn"}
    if proposal.due:
        return {"word": _("按规则可按单人户施保") if proposal.alone else _("按规则符合条件"), "tone": "good"}
    return {"word": _("按规则不符合条件"), "tone": "bad"}


@needs("assistance.view")
def explained(request: Any, pk: int) -> HttpResponse:
    """What the rule proposes and how it came about, without deciding."""
    found = selectors.application_in_scope(request.scope, pk)
    if not request.scope.sees("personal", found.region_code):
        raise Http404
    proposal = propose(request.scope, found)
    context = {**form_context(found, _("核算说明"), None), "proposal": proposal, "words": due_words(proposal),
               "application": found, "programme": programmes()[found.programme]}  # fmt: skip
    return render(request, "assistance/explained.html", context)


@needs("assistance.act")
def survey(request: Any, pk: int) -> HttpResponse:
    """Fill the form of the survey in, keep it as a draft, or hand it in."""
    found = selectors.application_in_scope(request.scope, pk)
    step = flow_by_key(found.flow).steps.get(found.at)
    if step is None or step.form != "survey":
        messages.warning(request, _("申请已不在入户调查环节，请查看最新情况。"))
        return redirect("assistance:application", pk=pk)
    if not services.may_act(request.scope, found):
        raise Http404
    by = request.user.username
    told = known_of(request.scope, found.household)
    options: dict[str, Any] = {"step": step, "told": told, "given": set(), "by": visitor_name()}
    if request.method != "POST":
        start = {"seen": found.revision, **selectors.draft_of(found, by)}
        return _surveyed(request, found, visit_form()(initial=start, **options))
    selectors.keep_draft(found, by, request.POST.dict(), NOT_TYPED)
    if request.headers.get("HX-Request") and "submit" not in request.POST:
        return HttpResponse(status=204)
    if "submit" not in request.POST:
        messages.success(request, _("已保存草稿，可随时回来继续填写。"))
        return redirect("assistance:survey", pk=pk)
    form = visit_form()(data=request.POST, initial={"seen": found.revision}, **options)
    if form.is_valid():
        try:
            surveying.hand_in(request.scope, found, form.cleaned_data, form.words(), told)
            messages.success(request, _("调查表已登记，请核对其余材料后提交。"))
            return redirect("assistance:application", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    return _surveyed(request, found, form)


def _surveyed(request: Any, found: Application, form: Any) -> HttpResponse:
    groups = [
        (_("调查人员"), ["names"]),
        (_("近12个月收入（元）"), [name for name in INCOMES if name in form.fields]),
        (_("刚性支出（元）"), list(SPENDING)),
        (_("住房、饮水、就学、参保和吃穿"), [*STATES, *CHECKED, *SEEN]),
    ]
    context = {
        **form_context(found, label(flow_by_key(found.flow).steps[found.at]), form),
        "groups": [(title, [form[name] for name in fields]) for title, fields in groups],
        "asked": len(form.asked), "filled": len(form.told.values),
    }  # fmt: skip
    return render(request, "assistance/survey.html", context)


@needs("assistance.view")
def notice(request: Any, pk: int) -> HttpResponse:
    """The public notice as a sheet of paper: applicant, members, amount and no more (民发〔2021〕57号第二十四条)."""
    found = selectors.application_in_scope(request.scope, pk)
    days = selectors.notice_days(found)
    if days is None or not request.scope.sees("personal", found.region_code):
        raise Http404
    village = names({found.region_code})[found.region_code]
    proposal = propose(request.scope, found, explained=False)
    people = living(found)
    context = {
        "page_title": _("%(programme)s公示") % {"programme": programmes()[found.programme].label},
        "application": found, "programme": programmes()[found.programme], "begins": days[0], "ends": days[1],
        "members": [person.name for person in people], "amount": proposal.amount, "village": village,
        "days": (days[1] - days[0]).days, "ending": found.phase == "review",
        "back_url": reverse("assistance:application", args=[pk]),
    }  # fmt: skip
    return render(request, "assistance/notice.html", context)


@needs("assistance.view")
def refusal(request: Any, pk: int) -> HttpResponse:
    """The letter that tells a family why not, and how to appeal."""
    found = selectors.application_in_scope(request.scope, pk)
    context = context_of(request, found)
    if context["refused"] is None or not request.scope.sees("personal", found.region_code):
        raise Http404
    context |= {
        "page_title": _("不予确认（停止保障）告知书"), "back_url": reverse("assistance:application", args=[pk]),
        "village": names({found.region_code})[found.region_code], "subtitle": subtitle(found.household),
    }  # fmt: skip
    return render(request, "assistance/refusal.html", context)


@needs("assistance.act")
def object_to(request: Any, pk: int) -> HttpResponse:
    """Record an objection to the notice."""
    found = selectors.application_in_scope(request.scope, pk)
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.object_to(request.scope, pk, form.cleaned_data["raised_by"], form.cleaned_data["text"])
            messages.success(request, _("异议已登记。"))
            return redirect("assistance:application", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    return render(request, "assistance/form.html", form_context(found, _("登记异议"), form))


@needs("assistance.act")
def answer(request: Any, pk: int, objection_pk: int) -> HttpResponse:
    """Answer an objection."""
    found = selectors.application_in_scope(request.scope, pk)
    asked = ApplicationObjection.objects.within(request.scope, "assistance.act").filter(pk=objection_pk, owner=found)
    if not asked.exists():
        raise Http404
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.answer(request.scope, pk, objection_pk, form.cleaned_data["text"])
            messages.success(request, _("答复已登记。"))
            return redirect("assistance:application", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    return render(request, "assistance/form.html", form_context(found, _("答复异议"), form))
