"""Pages of clues: the list, one reason for many, undo, a clue by a person, dispatch."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases import clues as service
from xianjie.web.cases import selectors
from xianjie.web.cases.forms import ClueFilter, ClueForm, ReasonForm
from xianjie.web.cases.models import Clue
from xianjie.web.cases.rules import is_reason
from xianjie.web.clock import today
from xianjie.web.daily.kinds import kind_label, kinds
from xianjie.web.design.tables import Action, Column, Table
from xianjie.web.design.values import Lines, Link, Status
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry.models import Household

SORTS = ("-score", "score", "opened_on", "-opened_on", "region_code")


@needs("cases.view")
def clues(request: Any) -> HttpResponse:
    """The list of clues, weightiest first: reasons side by side, many dismissed or one dispatched."""
    raising = sorted((code, kind.label) for code, kind in kinds().items() if is_reason(code, kind.group))
    form = ClueFilter(request.GET or None, scope=request.scope, codes=raising)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = selectors.clue_list(request.scope, wanted)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "-score"
    page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    reasons = selectors.reasons_of(request.scope, page.rows)
    places = full_names({clue.region_code for clue in page.rows})
    acting = request.scope.has("cases.act") and (wanted.get("state") or Clue.OPEN) == Clue.OPEN
    table = Table(
        _columns(reasons, places, acting), page.rows, _("线索"), page=page, count=rows.count(), sort=sort,
        pick="clue" if acting else "", pick_value="pk", action_url=reverse("cases:decide_clues"),
        actions=[Action(_("排除所选"), "do", "dismiss"), Action(_("派发所选"), "do", "dispatch")] if acting else [],
        empty_title=_("没有线索"), empty_text=_("每日比对、走访排查和农户申请产生的线索会出现在这里。"), walk=True,
    )  # fmt: skip
    counts = selectors.clue_counts(request.scope)
    tiles = [
        {"label": _("待研判"), "figure": counts["open"], "url": "?"},
        {
            "label": _("突发"),
            "figure": counts["urgent"],
            "url": "?urgent=on",
            "tone": "bad" if counts["urgent"] else "",
        },
        {"label": _("加重再现"), "figure": counts["came_back"], "url": "?came_back=on"},
    ]
    return render(
        request, "cases/clues.html", {"page_title": _("线索研判"), "form": form, "table": table, "tiles": tiles}
    )


def _columns(reasons: dict[int, Any], places: dict[str, str], acting: bool) -> list[Column]:
    def why(clue: Clue) -> Any:
        words = [kind_label(one.code) if one.code else one.text for one in reasons[clue.pk]]
        more = f" +{len(words) - 4}" if len(words) > 4 else ""
        return Lines("；".join(words[:4]) + more, reasons[clue.pk][0].text) if words else None

    def state(clue: Clue) -> Any:
        if clue.urgent:
            return Status(_("突发"), "bad")
        return Status(_("加重再现"), "warn") if clue.came_back else Status(_("新线索"), "info")

    columns = [
        Column(_("户主"), lambda clue: clue.household.head_name, main=True,
               link=lambda clue: reverse("registry:household", args=[clue.household_id])),
        Column(_("地区"), lambda clue: places[clue.region_code], sort="region_code"),
        Column(_("来由"), why, kind="long"),
        Column(_("分值"), "score", kind="number", sort="score"),
        Column(_("类型"), state, kind="status"),
        Column(_("发现日期"), "opened_on", kind="date", sort="opened_on", minor=True),
    ]  # fmt: skip
    if acting:
        columns.append(Column(_("办理"), lambda clue: Link(_("派发"), reverse("cases:dispatch", args=[clue.pk]))))
    return columns


@needs("cases.act")
@require_POST
def decide(request: Any) -> HttpResponse:
    """Dismiss the chosen clues with one reason, or dispatch them; the reason is asked for on the way."""
    chosen = [int(pk) for pk in request.POST.getlist("clue") if pk.isdigit()]
    doing = request.POST.get("do", "")
    if not chosen or doing not in ("dismiss", "dispatch"):
        messages.warning(request, _("请先在列表中勾选线索。"))
        return redirect("cases:clues")
    form = ReasonForm(request.POST if "why" in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            return _decided(request, doing, chosen, form.cleaned_data["why"])
        except UserError as error:
            form.add_error(None, str(error))
    rows = list(Clue.objects.within(request.scope, "cases.act").filter(pk__in=chosen).select_related("household"))
    context = {
        "page_title": _("排除线索") if doing == "dismiss" else _("派发线索"),
        "form": form, "clues": rows, "do": doing, "cancel_url": reverse("cases:clues"),
    }  # fmt: skip
    return render(request, "cases/decide_clues.html", context)


def _decided(request: Any, doing: str, chosen: list[int], why: str) -> HttpResponse:
    if doing == "dismiss":
        batch = service.dismiss(request.scope, chosen, why)
        messages.success(request, _("已排除 %(number)d 条线索。") % {"number": len(chosen)})
        return redirect(f"{reverse('cases:clues')}?undo={batch}")
    for pk in chosen:
        service.dispatch(request.scope, pk, why=why)
    messages.success(request, _("已派发 %(number)d 条线索入户核实。") % {"number": len(chosen)})
    return redirect("cases:clues")


@needs("cases.act")
@require_POST
def undo(request: Any, batch: int) -> HttpResponse:
    """Take a dismissal back."""
    number = service.undo(request.scope, batch)
    messages.success(request, _("已恢复 %(number)d 条线索。") % {"number": number})
    return redirect("cases:clues")


@needs("cases.act")
def dispatch(request: Any, pk: int) -> HttpResponse:
    """Send one clue to verification, or help first by the green channel."""
    clue = Clue.objects.within(request.scope, "cases.act").select_related("household").filter(pk=pk).first()
    if clue is None:
        raise Http404
    form = ReasonForm(request.POST or None)
    form.fields["why"].required = "green" in request.POST
    if request.method == "POST" and form.is_valid():
        try:
            case = service.dispatch(
                request.scope, pk, green="green" in request.POST, why=form.cleaned_data["why"] or _("派发核实")
            )
            return redirect("cases:case", pk=case.pk)
        except UserError as error:
            form.add_error(None, str(error))
    context = {
        "page_title": _("派发线索"), "form": form, "clue": clue, "today": today(),
        "reasons": selectors.reasons_of(request.scope, [clue])[clue.pk], "cancel_url": reverse("cases:clues"),
    }  # fmt: skip
    return render(request, "cases/dispatch.html", context)


@needs("cases.act")
def add(request: Any, household_id: str) -> HttpResponse:
    """A clue by a person about one household."""
    household = Household.objects.within(request.scope, "cases.act").filter(pk=household_id).first()
    if household is None:
        raise Http404
    form = ClueForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service.add_clue(request.scope, household, form.cleaned_data["origin"], form.cleaned_data["text"],
                             urgent=form.cleaned_data["urgent"])  # fmt: skip
            messages.success(request, _("线索已登记。"))
            return redirect("registry:household", household_id)
        except UserError as error:
            form.add_error(None, str(error))
    context = {"page_title": _("登记线索"), "page_subtitle": household.head_name, "form": form,
               "cancel_url": reverse("registry:household", args=[household_id])}  # fmt: skip
    return render(request, "cases/add_clue.html", context)
