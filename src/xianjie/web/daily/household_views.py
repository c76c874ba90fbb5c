"""The page that explains a household: how each finding came about, what is unknown, what departments handed in."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.audit.services import record
from xianjie.web.daily import explaining, selectors
from xianjie.web.daily.forms import ReasonForm
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry.models import Household
from xianjie.web.registry.records import fields_of


@needs("registry.view")
def household(request: Any, household_id: str) -> HttpResponse:
    """A household by the newest run. Health facts are shown by POST with a reason, which is kept on record."""
    found = Household.objects.within(request.scope, "registry.view").filter(pk=household_id).first()
    if found is None:
        raise Http404
    run = selectors.newest_run(found.region_code)
    eyes = explaining.Eyes(request.scope, found.region_code, False)
    form, may_reveal = None, request.scope.may_reveal("health", found.region_code)
    if may_reveal and not request.scope.sees("health", found.region_code):
        form = ReasonForm(request.POST or None)
        if form.is_bound and form.is_valid():
            eyes.health = True
            after = {"household": found.pk, "page": "explanation"}
            why = form.cleaned_data["reason"]
            record(
                "registry.reveal", subject=("household", found.pk), region_code=found.region_code, why=why, after=after
            )
    name = request.scope.show(fields_of("household")["head_name"], found.head_name, found.region_code)
    context: dict[str, Any] = {
        "page_title": _("%(name)s户的比对详情") % {"name": name},
        "household": found,
        "place": full_names({found.region_code})[found.region_code],
        "household_url": reverse("registry:household", args=[found.pk]),
        "household_name": name,
        "run": run,
        "form": form,
        "revealed": eyes.health,
    }
    try:
        if run is not None and explaining.has_page(run):
            context["told"] = explaining.household_page(run, found.pk, eyes)
    except UserError:
        context["told"] = None  # the household is newer than the run
    return render(request, "daily/household.html", context)
