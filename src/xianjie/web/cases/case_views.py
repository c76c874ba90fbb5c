"""Pages of cases: the list, one case with where it stands, a move, a piece of evidence."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases import papers, selectors, services
from xianjie.web.cases.deliberation import conditions
from xianjie.web.cases.forms import PAPER_TYPES, CaseFilter, EvidenceForm, MoveForm, NewsForm
from xianjie.web.cases.meeting import deciding_steps
from xianjie.web.cases.models import Case, CaseEvidence, CaseMove
from xianjie.web.cases.registering import decided_by_rule, proposed_risks
from xianjie.web.cases.results import frozen, household_results
from xianjie.web.cases.selectors import CasePage
from xianjie.web.cases.work import panels_of
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status
from xianjie.web.flows.definition import Flow, evidence_kinds, flow_by_key
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import code_label, label

KEPT = ("reason", "text", "finding", "names")  # what somebody may have typed at length
SORTS = ("region_code", "-region_code", "since", "-since", "opened_on", "-opened_on")


@needs("cases.view")
def cases(request: Any) -> HttpResponse:
    """The list of cases, those that have waited longest first."""
    form = CaseFilter(request.GET or None, scope=request.scope)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = selectors.case_list(request.scope, wanted)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "since"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    places = full_names({case.region_code for case in page.rows})
    table = Table(
        _columns(places), page.rows, _("案件"), page=page, count=rows.count(), sort=sort, walk=True,
        empty_title=_("没有案件"), empty_text=_("派发线索后，案件会出现在这里。"),
    )  # fmt: skip
    waiting = [
        {"label": one["label"], "figure": one["number"], "url": f"?step={one['step']}",
         "note": _("超期 %(number)d") % {"number": one["late"]} if one["late"] else "",
         "tone": "bad" if one["late"] else ""}
        for one in selectors.waiting(request.scope)
    ]  # fmt: skip
    return render(
        request, "cases/cases.html",
        {"page_title": _("监测帮扶案件"), "form": form, "table": table, "tiles": waiting,
         "decides": bool(deciding_steps(request.scope)), "templates": request.scope.has("cases.template")},
    )  # fmt: skip


def _columns(places: dict[str, str]) -> list[Column]:
    return [
        Column(_("户主"), lambda case: case.household.head_name, main=True,
               link=lambda case: reverse("cases:case", args=[case.pk])),
        Column(_("地区"), lambda case: places[case.region_code], sort="region_code"),
        Column(_("环节"), lambda case: step_word(flow_by_key(case.flow), case.at)),
        Column(_("期限"), due_status, kind="status"),
        Column(_("对象类别"), lambda case: kind_word(case.kind)),
        Column(_("到本环节"), "since", kind="date", sort="since", minor=True),
        Column(_("建案日期"), "opened_on", kind="date", sort="opened_on", minor=True),
    ]  # fmt: skip


def step_word(flow: Flow, name: str) -> str:
    """The label of a step or an end."""
    return label(flow.steps[name]) if name in flow.steps else label(flow.ends[name])


def kind_word(kind: str) -> str:
    """The label of a kind of monitored household; empty for none."""
    return code_label("monitored_kind", kind) if kind else ""


def due_status(case: Case) -> Any:
    """How a case stands against its clock, as a word with a sign."""
    if case.over or case.due_on is None:
        return Status(_("无期限"), "neutral")
    left = (case.due_on - today()).days
    unsure = "" if case.due_sure else _("（节假日未定）")
    if left < 0:
        return Status(_("超期 %(days)d 天") % {"days": -left} + unsure, "bad")
    return Status(_("还有 %(days)d 天") % {"days": left} + unsure, "warn" if left <= 2 else "good")


@needs("cases.view")
def case(request: Any, pk: int) -> HttpResponse:
    """One case: where it stands, what is asked for, what may be done, what was done."""
    found = selectors.case_in_scope(request.scope, pk)
    context = _context(request, found)
    context["work"] = panels_of(request, found, context["page"])
    context["news"] = selectors.news_of(request.scope, found)
    context["acts"] = request.scope.allows(services.ACT, found.region_code)
    return render(request, "cases/case.html", context)


def _context(request: Any, found: Case) -> dict[str, Any]:
    page = selectors.case_page(request.scope, found, holds_of(found))
    return {
        "page_title": found.household.head_name,
        "page_subtitle": full_names({found.region_code})[found.region_code],
        "case": found,
        "page": page,
        "path": way(page),
        "due": due_status(found),
        "kind": kind_word(found.kind),
        "history": [told(page.flow, one) for one in page.moves],
        "earlier": [(label(evidence_kinds()[one.kind]), one) for one in page.earlier if one.kind in evidence_kinds()],
    }


def holds_of(found: Case) -> dict[str, bool | None]:
    """Results of the newest daily run on which actions of the flow hang; unknown without a run."""
    return {**household_results(found.household_id, found.region_code), **conditions(found)}


def way(page: CasePage) -> list[dict[str, Any]]:
    """The flow's phases and steps for "you are here": done, here, ahead."""
    done = {one.step for one in page.moves}
    phases = []
    for name, words in page.flow.phases.items():
        steps = [
            {
                "label": label(step),
                "here": step_name == page.case.at,
                "done": step_name in done and step_name != page.case.at,
            }
            for step_name, step in page.flow.steps.items()
            if step.phase == name
        ]
        phases.append({"label": label(words), "steps": steps, "here": page.case.phase == name})
    return phases


def told(flow: Flow, one: CaseMove) -> dict[str, Any]:
    """A move as the timeline shows it."""
    step = flow.steps.get(one.step)
    action = step.actions.get(one.action) if step else None
    words = (
        label(action)
        if action
        else {"open": _("建案"), "reopen": _("重新建案"), "adopt": _("承接在册监测对象")}.get(one.action, one.action)
    )
    return {
        "date": one.day,
        "title": f"{label(step)}：{words}" if step else words,
        "text": "；".join(part for part in (one.reason, *_decided(one)) if part),
        "source": one.by_name or one.by,
        "tone": "warn" if action and action.back else "",
    }


def _decided(one: CaseMove) -> list[str]:
    """Kind and risks as decided, and what the rule had said where it differs."""
    words = [kind_word(one.given["kind"])] if one.given.get("kind") else []
    words += [code_label("risk", risk) for risk in one.given.get("risks", "").split(";") if risk]
    if by_rule := one.given.get("by_rule"):
        words.append(_("按规则应为%(kind)s") % {"kind": kind_word(by_rule)})
    return words


@needs("cases.act")
def news(request: Any, pk: int) -> HttpResponse:
    """Say what was done about what was newly found of a case."""
    found = selectors.case_in_scope(request.scope, pk)
    form = NewsForm(request.POST or None, initial={"seen": found.news_on})
    if found.news_on is None and request.method != "POST":
        return redirect("cases:case", pk=pk)
    if request.method == "POST" and form.is_valid():
        try:
            services.see_to_news(request.scope, pk, form.cleaned_data["text"], seen=form.cleaned_data["seen"])
            messages.success(request, _("已登记。"))
            return redirect("cases:case", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {
        "page_title": _("在办案件的新情况"), "page_subtitle": found.household.head_name, "form": form, "case": found,
        "news": selectors.news_of(request.scope, found),
    }  # fmt: skip
    return render(request, "cases/record.html", context)


@needs("cases.act")
def move(request: Any, pk: int, action: str) -> HttpResponse:
    """Ask for what an action needs, and do it."""
    found = selectors.case_in_scope(request.scope, pk)
    flow = flow_by_key(found.flow)
    step = flow.steps.get(found.at)
    if step is None or action not in step.actions:
        return left_behind(request, found)
    facts = frozen_facts(found) if step.freezes else {}
    form = MoveForm(
        request.POST or None, action=step.actions[action], by_rule=decided_by_rule(facts),
        initial={"seen": found.revision, "risks": proposed_risks([found.household_id])[found.household_id]},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            services.move(
                request.scope, pk, action, seen=form.cleaned_data["seen"], reason=form.cleaned_data["reason"],
                given=form.given, holds=holds_of(found), facts=facts,
            )  # fmt: skip
            messages.success(request, _("已办理：%(action)s") % {"action": label(step.actions[action])})
            return redirect("cases:case", pk=pk)
        except services.Overtaken as error:  # the same form again, on what the case is now
            form = form.again(found.revision)
            form.add_error(None, str(error))
        except UserError as error:
            form.add_error(None, str(error))
    context = {**_context(request, found), "form": form, "action": step.actions[action],
               "page_title": label(step.actions[action]), "page_subtitle": found.household.head_name}  # fmt: skip
    return render(request, "cases/move.html", context)


def left_behind(request: Any, found: Case) -> HttpResponse:
    """Somebody has moved the case on from the step of this form: who did what, and what was typed, to be copied."""
    typed = [text for name, text in request.POST.items() if name in KEPT and text.strip()]
    if not typed:
        messages.warning(request, _("案件已不在该环节，请查看最新情况。"))
        return redirect("cases:case", pk=found.pk)
    seen = request.POST.get("seen", "")
    flow = flow_by_key(found.flow)
    since = CaseMove.everything.filter(case=found, number__gt=int(seen) if seen.isdigit() else found.revision - 1)
    context = {
        "page_title": _("案件已被他人办理"), "page_subtitle": found.household.head_name, "case": found, "typed": typed,
        "history": [told(flow, one) for one in since.order_by("-number")],
    }  # fmt: skip
    return render(request, "cases/left_behind.html", context)


def frozen_facts(found: Case) -> dict[str, Any]:
    """The facts on which a decision rests, as they are known now."""
    return frozen(found.household_id, found.region_code)


@needs("cases.act")
def evidence(request: Any, pk: int, kind: str) -> HttpResponse:
    """Give a piece of evidence for the present step."""
    found = selectors.case_in_scope(request.scope, pk)
    words = evidence_kinds().get(kind)
    if words is None:
        raise Http404
    step = flow_by_key(found.flow).steps.get(found.at)
    if step is not None and step.form:  # given by the step's own form, which asks for more than a tick
        return redirect("cases:case", pk=pk)
    form = EvidenceForm(request.POST or None, request.FILES or None, words=words, initial={"seen": found.revision})
    if request.method == "POST" and form.is_valid():
        try:
            file = form.cleaned_data.get("file")
            services.give_evidence(
                request.scope,
                pk,
                kind,
                form.content,
                seen=form.cleaned_data["seen"],
                file=papers.keep(file) if file else "",
            )
            return redirect("cases:case", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {"page_title": label(words), "page_subtitle": found.household.head_name, "form": form, "case": found}
    return render(request, "cases/evidence.html", context)


@needs("cases.view")
def paper(request: Any, pk: int, evidence_pk: int) -> Any:
    """A file given as evidence."""
    found = selectors.case_in_scope(request.scope, pk)
    given = CaseEvidence.objects.within(request.scope, "cases.view").filter(pk=evidence_pk, case=found).first()
    if given is None or not given.file:
        raise Http404
    path = papers.path_of(given.file)
    if not path.exists():
        raise Http404
    return FileResponse(
        path.open("rb"), content_type=PAPER_TYPES[path.suffix], headers={"X-Content-Type-Options": "nosniff"}
    )
