"""The page of a visit: saved as typed, photos kept at once, handed in when everything is answered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases import selectors, verification
from xianjie.web.cases.case_views import holds_of
from xianjie.web.cases.drafts import draft_of, keep_draft
from xianjie.web.cases.forms import checked_paper
from xianjie.web.cases.known import CHECKED, INCOMES, SPENDING, STATES, known_of
from xianjie.web.cases.models import Case
from xianjie.web.cases.services import is_mine
from xianjie.web.cases.verification_forms import SEEN, VisitForm, visit_form
from xianjie.web.cases.work import work_panel
from xianjie.web.flows.definition import flow_by_key
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import label

FORMS = ("verification", "removal")


@needs("cases.act")
def verify(request: Any, pk: int) -> HttpResponse:
    """Fill the form of a visit in, keep it as a draft, or hand it in."""
    found = selectors.case_in_scope(request.scope, pk)
    step = flow_by_key(found.flow).steps.get(found.at)
    if step is None or step.form not in FORMS:
        messages.warning(request, _("案件已不在入户核实环节，请查看最新情况。"))
        return redirect("cases:case", pk=pk)
    if not request.scope.allows("cases.act", found.region_code):
        raise Http404
    return _posted(request, found) if request.method == "POST" else _shown(request, found, _form(request, found))


def _form(request: Any, found: Case, **data: Any) -> VisitForm:
    step = flow_by_key(found.flow).steps[found.at]
    return visit_form()(
        **data, step=step, told=known_of(request.scope, found.household), given=verification.papers_given(found),
        by=verification.visitor_name(),
        initial={"seen": found.revision, **draft_of(found, request.user.username)},
    )  # fmt: skip


def _posted(request: Any, found: Case) -> HttpResponse:
    keep_draft(found, request.user.username, request.POST.dict())
    if request.headers.get("HX-Request"):  # saved in passing: hands nothing in, though htmx may name a button
        return HttpResponse(status=204)
    problems = _keep_photos(request, found)
    if "submit" not in request.POST and not problems:
        messages.success(request, _("已保存草稿，可随时回来继续填写。"))
        return redirect("cases:verify", pk=found.pk)
    form = _form(request, found, data=request.POST)
    for name, problem in problems.items():
        form.add_error(name if name in form.fields else None, problem)
    if form.is_valid():
        try:
            verification.hand_in(
                request.scope, found, form.cleaned_data, form.words(), form.told, seen=form.cleaned_data["seen"],
                holds=holds_of(found),
            )  # fmt: skip
            messages.success(request, _("核实结果已提交。"))
            return redirect("cases:case", pk=found.pk)
        except UserError as error:
            form.add_error(None, str(error))
    return _shown(request, found, form)


def _keep_photos(request: Any, found: Case) -> dict[str, Any]:
    """Photos that are good are kept before anything else is looked at; field → what is wrong with the others."""
    good: dict[str, Any] = {}
    problems: dict[str, Any] = {}
    for name, file in request.FILES.items():
        try:
            good[name] = checked_paper(file)
        except forms.ValidationError as error:
            problems[name] = error
    try:
        seen = int(request.POST.get("seen", ""))
        verification.keep_photos(request.scope, found, good, seen=seen)
    except (UserError, ValueError) as error:
        problems["names"] = str(error)
    return problems


def _shown(request: Any, found: Case, form: VisitForm) -> HttpResponse:
    groups = [
        (_("入户人员"), ["names"]),
        (_("近12个月收入（元）"), [name for name in INCOMES if name in form.fields]),
        (_("刚性支出（元）"), list(SPENDING)),
        (_("三保障、饮水和吃穿"), [*STATES, *CHECKED, *SEEN]),
        (_("签字材料"), [name for name in form.fields if name.startswith(("signed_", "photo_"))]),
    ]
    asked = form.asked
    context = {
        "page_title": label(flow_by_key(found.flow).steps[found.at]),
        "page_subtitle": f"{found.household.head_name} · {full_names({found.region_code})[found.region_code]}",
        "case": found,
        "form": form,
        "groups": [(title, [form[name] for name in names]) for title, names in groups],
        "asked": len(asked),
        "files": ",".join(name for name in form.fields if name.startswith("photo_")),
        "filled": len(form.told.values),
    }
    return render(request, "cases/verification.html", context)


def _panel(request: Any, found: Case) -> dict[str, Any] | None:
    step = flow_by_key(found.flow).steps[found.at]
    if step.form not in FORMS or not is_mine(request.scope, found):
        return None
    return {"begun": bool(draft_of(found, request.user.username))}


work_panel("verify", "cases/verification_panel.html", _panel)
work_panel("removal_verify", "cases/verification_panel.html", _panel)
