"""The plan as a Word document, and the county's own template for it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases import plan_document, selectors
from xianjie.web.cases.planning_models import Plan
from xianjie.web.cases.planning_views import chosen_version

MANAGE = "cases.template"


@needs("cases.view")
def plan_word(request: Any, pk: int) -> HttpResponse:
    """A version of the plan as a Word document."""
    case = selectors.case_in_scope(request.scope, pk)
    shown = chosen_version(request, list(Plan.everything.filter(case=case).order_by("-version")))
    if shown is None:
        raise Http404
    try:
        content = plan_document.plan_document(case, shown)
    except UserError as error:
        messages.error(request, str(error))
        return redirect("cases:plan_shown", pk=pk)
    name = _("帮扶方案-%(head)s-第%(n)d版.docx") % {"head": case.household.head_name, "n": shown.version}
    answer = HttpResponse(content, content_type=plan_document.WORD)
    answer.headers["Content-Disposition"] = str(content_disposition_header(True, name))
    return answer


class TemplateForm(forms.Form):
    """A county's own template."""

    file = forms.FileField(
        label=gettext_lazy("Word 模板（.docx）"), widget=forms.FileInput(attrs={"accept": ".docx"}),
        help_text=gettext_lazy("在下载的模板上改版式和文字，保留双花括号里的名字"),
    )  # fmt: skip


@needs("cases.template")
def template(request: Any) -> HttpResponse:
    """Look at the template in use, put another in its place, go back to ours."""
    home = request.scope.home
    form = TemplateForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and "ours" in request.POST:
        plan_document.take_template_back(home)
        messages.success(request, _("已恢复系统自带模板。"))
        return redirect("cases:plan_template")
    if request.method == "POST" and form.is_valid():
        try:
            plan_document.replace_template(home, form.cleaned_data["file"].read())
            messages.success(request, _("模板已试填成功并启用。"))
            return redirect("cases:plan_template")
        except UserError as error:
            form.add_error("file", str(error))
    context = {
        "page_title": _("帮扶方案模板"), "form": form, "own": plan_document.county_template(home).exists(),
        "names": _names(plan_document.SAMPLE),
    }  # fmt: skip
    return render(request, "cases/plan_template.html", context)


def _names(sample: dict[str, Any]) -> list[str]:
    """The names that a template may use; those of lists with their rows' names."""
    return [f"{name}: {', '.join(value[0])}" if isinstance(value, list) else name for name, value in sample.items()]


@needs("cases.template")
def template_file(request: Any) -> Any:
    """The template in use."""
    path = plan_document.template_for(request.scope.home)
    return FileResponse(path.open("rb"), content_type=plan_document.WORD, as_attachment=True, filename="plan.docx")
