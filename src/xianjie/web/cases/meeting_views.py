"""The county's meeting list: on the screen with a choice for each case, and on paper."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases.case_views import due_status, kind_word
from xianjie.web.cases.forms import MANNERS
from xianjie.web.cases.meeting import Decision, call, waiting_for_decision
from xianjie.web.cases.models import Case
from xianjie.web.cases.registering import decided_by_rule
from xianjie.web.cases.results import frozen_many
from xianjie.web.flows.definition import flow_by_key
from xianjie.web.regions.selectors import full_names

MOST = 500


@needs("cases.act")
def meeting(request: Any) -> HttpResponse:
    """Every case that waits for a decision, with the rule's result and a choice; POST queues the decisions."""
    rows = list(waiting_for_decision(request.scope)[:MOST])
    problem = ""
    if request.method == "POST":
        try:
            job = call(request.scope, request.user, request.scope.home, _chosen(request.POST))
            messages.success(request, _("决定已提交办理。"))
            return redirect("jobs:job", pk=job.pk)
        except UserError as error:
            problem = str(error)
    context = {
        "page_title": _("集中审定"), "lines": _lines(request, rows), "problem": problem, "most": MOST,
        "more": len(rows) == MOST, "typed_reason": request.POST.get("reason", ""),
    }  # fmt: skip
    return render(request, "cases/meeting.html", context)


@needs("cases.act")
def printed(request: Any) -> HttpResponse:
    """The list on paper."""
    rows = list(waiting_for_decision(request.scope)[:MOST])
    context = {
        "page_title": _("集中审定名单"), "lines": _lines(request, rows), "back_url": reverse("cases:meeting"),
    }  # fmt: skip
    return render(request, "cases/meeting_printed.html", context)


def _lines(request: Any, rows: list[Case]) -> list[dict[str, Any]]:
    places = full_names({case.region_code for case in rows})
    known: dict[str, Any] = {}
    for county in {case.region_code[:6] for case in rows}:
        ids = [case.household_id for case in rows if case.region_code.startswith(county)]
        known |= frozen_many(ids, county.ljust(12, "0"))
    return [_line(request, case, places[case.region_code], known.get(case.household_id, {})) for case in rows]


def _line(request: Any, case: Case, place: str, known: dict[str, Any]) -> dict[str, Any]:
    step = flow_by_key(case.flow).steps[case.at]
    by_rule = decided_by_rule(known)
    results = known.get("results") or {}
    return {
        "case": case, "place": place, "step": step.zh, "due": due_status(case), "by_rule": kind_word(by_rule),
        "income": results.get("income_per_head"), "choices": _choices(case),
        "chosen": request.POST.get(f"choice-{case.pk}", ""), "reason": request.POST.get(f"reason-{case.pk}", ""),
        "seen": request.POST.get(f"seen-{case.pk}", case.revision),
    }  # fmt: skip


def _choices(case: Case) -> list[tuple[str, str]]:
    """What may be decided of a case: each action, once for every kind or manner that it asks for."""
    found: list[tuple[str, str]] = []
    for name, action in flow_by_key(case.flow).steps[case.at].actions.items():
        if "kind" in action.needs:
            kinds = dictionary().codes["monitored_kind"].values
            found += [(f"{name}:kind:{kind}", f"{action.zh}：{words.zh}") for kind, words in kinds.items()]
        elif "manner" in action.needs:
            found += [(f"{name}:manner:{manner}", f"{action.zh}：{words}") for manner, words in MANNERS]
        else:
            found.append((name, action.zh))
    return found


def _chosen(posted: Any) -> list[Decision]:
    """The decisions of a posted list; a case without choice is left for another meeting."""
    decisions = []
    common = posted.get("reason", "").strip()
    for name, choice in posted.items():
        if not name.startswith("choice-") or not choice:
            continue
        pk = name.removeprefix("choice-")
        action, _colon, rest = choice.partition(":")
        key, _colon, value = rest.partition(":")
        if not pk.isdigit() or not posted.get(f"seen-{pk}", "").isdigit():
            raise UserError("cases.not_waiting", number=pk)
        reason = posted.get(f"reason-{pk}", "").strip() or common
        decisions.append(Decision(int(pk), int(posted[f"seen-{pk}"]), action, reason, {key: value} if key else {}))
    return decisions
