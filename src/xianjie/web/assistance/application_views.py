"""Pages of applications: the list, taking one, one application with where it stands, its evidence."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web import exporting
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import selectors, services
from xianjie.web.assistance.forms import CHANNEL_WORDS, ApplicationFilter, ApplyForm, SelfCareForm
from xianjie.web.assistance.models import Application, ApplicationEvidence, ApplicationMove
from xianjie.web.assistance.programmes import programmes
from xianjie.web.assistance.showing import civil_affairs, household_url, name_of
from xianjie.web.cases import papers
from xianjie.web.cases.deliberation_forms import ToldForm
from xianjie.web.cases.forms import PAPER_TYPES, EvidenceForm
from xianjie.web.clock import today
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status
from xianjie.web.flows import proceedings
from xianjie.web.flows.definition import Flow, evidence_kinds, flow_by_key
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry.models import Household
from xianjie.web.words import label

SORTS = ("since", "-since", "applied_on", "-applied_on", "region_code", "-region_code")


@needs("assistance.view")
def applications(request: Any) -> HttpResponse:
    """The list of applications, those that have waited longest first."""
    form = ApplicationFilter(request.GET or None, scope=request.scope)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = selectors.applications(request.scope, wanted)
    if "export" in request.GET:
        return _exported(request, rows, wanted)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "since"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    places = full_names({one.region_code for one in page.rows})
    query = request.GET.copy()
    query["export"] = "1"
    table = Table(
        _columns(request.scope, places), page.rows, _("救助申请"), page=page, count=rows.count(), sort=sort, walk=True,
        export=f"?{query.urlencode()}",
        empty_title=_("没有申请"), empty_text=_("从农户档案的“待遇与可享政策”或“应保未保”名单受理申请。"),
    )  # fmt: skip
    tiles = [
        {"label": one["label"], "figure": one["number"], "url": f"?programme={one['programme']}",
         "note": _("超期 %(number)d") % {"number": one["late"]} if one["late"] else "",
         "tone": "bad" if one["late"] else ""}
        for one in selectors.waiting(request.scope)
    ]  # fmt: skip
    return render(
        request, "assistance/list.html",
        {"page_title": _("救助申请"), "form": form, "table": table, "tiles": tiles},
    )  # fmt: skip


def _columns(scope: Scope, places: dict[str, str]) -> list[Column]:
    known = programmes()
    return [
        Column(_("户主"), lambda one: name_of(scope, one.household.head_name, one.region_code), main=True,
               link=lambda one: reverse("assistance:application", args=[one.pk])),
        Column(_("申请事项"), lambda one: known[one.programme].label),
        Column(_("地区"), lambda one: places[one.region_code], sort="region_code"),
        Column(_("环节"), selectors.step_word),
        Column(_("期限"), due_status, kind="status"),
        Column(_("近亲属备案"), lambda one: Status(_("已备案"), "warn") if one.staff_relative else "", minor=True),
        Column(_("申请日期"), "applied_on", kind="date", sort="applied_on", minor=True),
        Column(_("到本环节"), "since", kind="date", sort="since", minor=True),
    ]  # fmt: skip


def _exported(request: Any, rows: Any, wanted: dict[str, Any]) -> HttpResponse:
    known, scope = programmes(), request.scope
    columns = [
        exporting.Column(_("编号"), "pk", 8, "int"),
        exporting.Column(_("户主"), lambda one: name_of(scope, one.household.head_name, one.region_code), 12),
        exporting.Column(_("申请事项"), lambda one: known[one.programme].label, 18),
        exporting.Column(_("村代码"), "region_code", 15),
        exporting.Column(_("环节"), selectors.step_word, 16),
        exporting.Column(_("申请日期"), "applied_on", 12, "date"),
        exporting.Column(_("到期日"), "due_on", 12, "date"),
        exporting.Column(
            _("近亲属备案"), lambda one: one.staff_told if scope.sees("personal", one.region_code) else None, 24
        ),
    ]
    listing = exporting.Listing(_("救助申请"), columns, request.scope)
    return exporting.workbook_response(
        listing, rows.order_by("region_code", "pk").iterator(), verb="assistance.export", asked=asked_words(wanted)
    )


def asked_words(wanted: dict[str, Any]) -> dict[str, str]:
    """Filters as an audit event keeps them."""
    return {name: str(value) for name, value in wanted.items() if value}


def due_status(one: Application) -> Any:
    """How an application stands against its clock, as a word with a sign."""
    if one.over or one.due_on is None:
        return Status(_("无期限"), "neutral")
    left = (one.due_on - today()).days
    unsure = "" if one.due_sure else _("（节假日未定）")
    if left < 0:
        return Status(_("超期 %(days)d 天") % {"days": -left} + unsure, "bad")
    return Status(_("还有 %(days)d 天") % {"days": left} + unsure, "warn" if left <= 2 else "good")


@needs("assistance.act")
def apply(request: Any, household_id: str) -> HttpResponse:
    """Take an application of a household; `?programme=` and `?channel=` are chosen already."""
    scope = civil_affairs(request.scope)
    found = Household.objects.within(scope, "assistance.act").filter(pk=household_id).first()
    if found is None:
        raise Http404
    start = {"programme": request.GET.get("programme", ""), "channel": request.GET.get("channel", "resident"),
             "applicant": found.head_name}  # fmt: skip
    form = ApplyForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.apply(request.scope, found, form.cleaned_data["programme"], form.cleaned_data)
            messages.success(request, _("申请已登记，请按环节办理。"))
            return redirect("assistance:application", pk=made.pk)
        except UserError as error:
            form.add_error(None, str(error))
    return render(
        request, "assistance/form.html",
        {"page_title": _("登记救助申请"), "page_subtitle": subtitle(found), "form": form, "button": _("登记"),
         "back_url": household_url(request.scope, found.pk), "back": found.head_name},
    )  # fmt: skip


def subtitle(household: Household) -> str:
    """Head and place of a household."""
    return f"{household.head_name} · {full_names({household.region_code})[household.region_code]}"


@needs("assistance.view")
def application(request: Any, pk: int) -> HttpResponse:
    """One application: where it stands, what is asked for, what may be done, what was done."""
    found = selectors.application_in_scope(request.scope, pk)
    return render(request, "assistance/application.html", context_of(request, found))


def context_of(request: Any, found: Application) -> dict[str, Any]:
    """What every page about an application shows."""
    page = selectors.page_of_application(request.scope, found, services.conditions(found))
    sees = request.scope.sees("personal", found.region_code)
    known = programmes()[found.programme]
    facts = [
        {"label": _("申请事项"), "value": known.label},
        {"label": _("申请人"), "value": found.applicant if sees else found.applicant[:1] + "**"},
        {"label": _("申请方式"), "value": CHANNEL_WORDS.get(found.channel, found.channel)},
        {"label": _("申请日期"), "value": found.applied_on},
        {"label": _("困难情况"), "value": found.told if sees else "***", "wide": True},
    ]
    if found.staff_relative:
        facts.append({"label": _("近亲属备案"), "value": found.staff_told if sees else "***", "wide": True})
    refused = next((one for one in page.moves if "refuse" in one.action or one.action == "stop"), None)
    return {
        "page_title": f"{name_of(request.scope, found.household.head_name, found.region_code)}：{known.label}",
        "household_url": household_url(request.scope, found.household_id),
        "page_subtitle": full_names({found.region_code})[found.region_code],
        "application": found,
        "programme": known,
        "page": page,
        "path": proceedings.way(page),
        "due": due_status(found),
        "facts": facts,
        "history": [told(page.flow, one, sees) for one in page.moves],
        "notice": selectors.notice_days(found),
        "objections": selectors.objections_of(found) if sees else [],
        "sees": sees,
        "acts": services.may_act(request.scope, found),
        "refused": refused,
        "explains": sees and not found.over,
    }


def told(flow: Flow, one: ApplicationMove, sees: bool) -> dict[str, Any]:
    """A move as the timeline shows it, with what was decided and in what that differs from the rule.

    What people wrote, and amounts, are for who sees personal data.
    """
    step = flow.steps.get(one.step)
    action = step.actions.get(one.action) if step else None
    words = label(action) if action else _("登记申请")
    parts = [one.reason if sees else ""]
    if amount := one.given.get("amount") if sees else "":
        parts.append(_("金额 %(amount)s 元") % {"amount": f"{int(amount) / 100:,.2f}"})
    if until := (one.given.get("manner") if action and action.writes == "grace" else ""):
        parts.append(_("渐退期到 %(day)s") % {"day": until})
    if differs := one.given.get("differs"):
        parts.append(_("与规则不同：%(what)s") % {"what": differs})
    return {
        "date": one.day,
        "title": f"{label(step)}：{words}" if step else words,
        "text": "；".join(part for part in parts if part),
        "source": one.by_name or one.by,
        "tone": "warn" if action and action.back else "",
    }


@needs("assistance.act")
def evidence(request: Any, pk: int, kind: str) -> HttpResponse:
    """Give a piece of evidence for the present step."""
    found = selectors.application_in_scope(request.scope, pk)
    words = evidence_kinds().get(kind)
    step = flow_by_key(found.flow).steps.get(found.at)
    if words is None or not services.may_act(request.scope, found):
        raise Http404
    if step is None or kind not in step.evidence:
        messages.warning(request, _("当前环节不需要这项材料，请查看最新情况。"))
        return redirect("assistance:application", pk=pk)
    if words.kind == "record":  # filled in by the survey's own form
        return redirect("assistance:survey", pk=pk)
    form = _evidence_form(request, found, kind)
    if request.method == "POST" and form.is_valid():
        try:
            file = form.cleaned_data.get("file")
            services.give_evidence(
                request.scope, pk, kind, form.content, seen=form.cleaned_data["seen"],
                file=papers.keep(file) if file else "",
            )  # fmt: skip
            messages.success(request, _("已保存。"))
            return redirect("assistance:application", pk=pk)
        except UserError as error:
            form.add_error(None, str(error))
    return render(request, "assistance/form.html", form_context(found, label(words), form))


def _evidence_form(request: Any, found: Application, kind: str) -> Any:
    start = {"seen": found.revision, "told_on": today(), "by": str(request.user), "names": str(request.user)}
    if kind == "household_told":
        return ToldForm(request.POST or None, initial=start)
    if kind == "care_assessed":
        return SelfCareForm(request.POST or None, initial={**start, "person": found.applicant})
    return EvidenceForm(request.POST or None, request.FILES or None, words=evidence_kinds()[kind], initial=start)


def form_context(found: Application, title: str, form: Any, button: str = "") -> dict[str, Any]:
    """A page with one form about an application."""
    return {
        "page_title": title, "page_subtitle": subtitle(found.household), "form": form, "button": button or _("保存"),
        "back_url": reverse("assistance:application", args=[found.pk]),
        "back": f"{found.household.head_name}：{programmes()[found.programme].label}",
    }  # fmt: skip


@needs("assistance.view")
def paper(request: Any, pk: int, evidence_pk: int) -> Any:
    """A file given as evidence."""
    found = selectors.application_in_scope(request.scope, pk)
    given = ApplicationEvidence.objects.within(request.scope, "assistance.view").filter(pk=evidence_pk, owner=found)
    one = given.first()
    if one is None or not one.file or not request.scope.sees("personal", found.region_code):
        raise Http404
    path = papers.path_of(one.file)
    if not path.exists():
        raise Http404
    return FileResponse(
        path.open("rb"), content_type=PAPER_TYPES[path.suffix], headers={"X-Content-Type-Options": "nosniff"}
    )
