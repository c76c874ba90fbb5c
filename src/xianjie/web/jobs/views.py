"""Pages of background jobs: what runs, how far, stop it, try again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from xianjie.messages import UserError, catalogue, say
from xianjie.web.accounts.access import signed_in
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Link, Status, moment
from xianjie.web.jobs import selectors, services
from xianjie.web.jobs.models import Job
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names


class FilterForm(forms.Form):
    """What the list of jobs may be narrowed by."""

    state = forms.ChoiceField(
        label=gettext_lazy("状态"),
        required=False,
        choices=[
            ("", gettext_lazy("全部")),
            (Job.QUEUED, gettext_lazy("排队中")),
            (Job.RUNNING, gettext_lazy("进行中")),
            (Job.DONE, gettext_lazy("已完成")),
            (Job.FAILED, gettext_lazy("失败")),
            (Job.CANCELLED, gettext_lazy("已取消")),
        ],
    )
    q = forms.CharField(label=gettext_lazy("任务名称"), required=False)


def _state(job: Job) -> Status:
    words = {
        Job.QUEUED: (_("排队中"), "neutral"),
        Job.RUNNING: (_("进行中 %d%%") % job.percent, "info"),
        Job.DONE: (_("已完成"), "good"),
        Job.FAILED: (_("失败"), "bad"),
        Job.CANCELLED: (_("已取消"), "warn"),
    }
    return Status(*words[job.state])


def _result(job: Job) -> Link | None:
    """Where the list leads to what a job has made: its file, its page."""
    url, words = _made(job)
    return Link(words or _("查看结果"), url) if url else None


def _made(job: Job) -> tuple[str, str]:
    """The address that a job's result names, and its words; "" for one that leads away from here."""
    result = job.result or {}
    url = str(result.get("url", ""))
    return (url if url_has_allowed_host_and_scheme(url, None) else ""), str(result.get("label", ""))


@signed_in
def jobs(request: Any) -> HttpResponse:
    """One's own jobs, and those of the area for who looks after them."""
    form = FilterForm(request.GET or None)
    rows = selectors.jobs(request.user, request.scope)
    if form.is_bound:
        rows = _filtered(rows, form.cleaned_data) if form.is_valid() else rows.none()
    try:
        page = page_of(rows, "-id", after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("jobs:jobs")
    places = full_names({job.region_code for job in page.rows})
    columns = [
        Column(_("任务"), "title", main=True, link=lambda job: reverse("jobs:job", args=[job.pk]), kind="long"),
        Column(_("状态"), _state, kind="status"),
        Column(_("结果"), _result),
        Column(_("地点"), lambda job: places.get(job.region_code, "")),
        Column(_("发起人"), lambda job: str(job.owner) if job.owner else _("系统")),
        Column(_("提交"), "created_at", kind="moment"),
        Column(_("结束"), "ended_at", kind="moment"),
    ]
    table = Table(columns, page.rows, _("后台任务"), page=page, empty_title=_("没有后台任务"))
    return render(request, "jobs/jobs.html", {"table": table, "filter": form})


def _filtered(rows: Any, given: dict[str, Any]) -> Any:
    if given["state"]:
        rows = rows.filter(state=given["state"])
    if given["q"]:
        rows = rows.filter(title__icontains=given["q"])
    return rows


def _seen(request: Any, pk: int) -> Job:
    found: Job | None = selectors.jobs(request.user, request.scope).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@signed_in
def job(request: Any, pk: int) -> HttpResponse:
    """One job: how far it is, and what came of it. The page looks again by itself while the job is not over."""
    one = _seen(request, pk)
    steers = selectors.may_steer(request.user, request.scope, one)
    url, words = _made(one)
    shown = {
        "id": one.pk,
        "label": one.title,
        "state": "waiting" if one.state == Job.QUEUED else one.state,
        "done": one.done,
        "total": one.total,
        "text": _("正在停止，请稍候。") if one.cancel_asked and not one.is_over else one.text,
        "url": reverse("jobs:job", args=[pk]),
        "cancel_url": reverse("jobs:cancel", args=[pk]) if steers and not one.cancel_asked else "",
        "result_url": url,
        "result_label": words,
    }
    facts = [
        {"label": _("发起人"), "value": str(one.owner) if one.owner else _("系统")},
        {"label": _("地点"), "value": full_names({one.region_code})[one.region_code]},
        {"label": _("提交"), "value": moment(one.created_at)},
        {"label": _("开始"), "value": moment(one.started_at)},
        {"label": _("结束"), "value": moment(one.ended_at)},
        {"label": _("第几次尝试"), "value": one.attempts or None},
        *(
            {"label": say(f"jobs.result_{name}"), "value": value}
            for name, value in (one.result or {}).items()
            if f"jobs.result_{name}" in catalogue()
        ),
    ]
    content = {"one": one, "job": shown, "facts": facts, "again": steers and one.state in (Job.FAILED, Job.CANCELLED)}
    return render(request, "jobs/job.html", content)


@signed_in
@require_POST
def cancel(request: Any, pk: int) -> HttpResponse:
    """Ask a job to stop."""
    one = _seen(request, pk)
    if not selectors.may_steer(request.user, request.scope, one):
        raise PermissionDenied
    services.ask_to_cancel(one)
    messages.info(request, _("已请求停止，任务会在下一个安全点停下，已保存的数据不受影响。"))
    return redirect("jobs:job", pk=pk)


@signed_in
@require_POST
def again(request: Any, pk: int) -> HttpResponse:
    """Put a job that failed or was cancelled back into the queue."""
    one = _seen(request, pk)
    if not selectors.may_steer(request.user, request.scope, one):
        raise PermissionDenied
    if services.try_again(one):
        messages.success(request, _("已重新排队。"))
    else:
        messages.warning(request, _("这个任务没有失败或取消，不用重来。"))
    return redirect("jobs:job", pk=pk)
