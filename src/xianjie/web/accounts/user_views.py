"""Administration of accounts: list, create, edit, roles, passwords, tables."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from xianjie.messages import UserError
from xianjie.web.accounts import selectors, services, table
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.own_account import grant_rows
from xianjie.web.accounts.services import Wanted
from xianjie.web.accounts.sign_in import second_device
from xianjie.web.accounts.user_forms import FilterForm, GrantForm, NewUserForm, UploadForm, UserForm, WhyForm
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status, joined
from xianjie.web.exporting import KIND_OF_TYPE, Listing, workbook_response
from xianjie.web.exporting import Column as Cell
from xianjie.web.paging import page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.sheets import read_upload

SORTS = ("username", "display_name", "date_joined")


def _rows(request: Any) -> tuple[Any, FilterForm]:
    form = FilterForm(request.GET or None)
    rows = selectors.visible(request.scope)
    if form.is_bound:
        rows = selectors.filtered(rows, form.cleaned_data) if form.is_valid() else rows.none()
    return rows, form


def _sort(request: Any) -> str:
    wanted = request.GET.get("sort", "username")
    return wanted if wanted.lstrip("-") in SORTS else "username"


@needs("accounts.manage")
def users(request: Any) -> HttpResponse:
    """The accounts of the administrator's area."""
    rows, form = _rows(request)
    sort = _sort(request)
    try:
        page = page_of(rows, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except UserError as error:
        messages.error(request, str(error))
        return redirect("accounts:users")
    columns = [
        Column(_("姓名"), "user.display_name", sort="display_name", main=True,
               link=lambda row: reverse("accounts:user", args=[row["pk"]])),
        Column(_("账号"), "user.username", kind="code", sort="username"),
        Column(_("所属"), "place"),
        Column(_("授权"), _roles_words, kind="long"),
        Column(_("上次登录"), "user.last_login", kind="moment"),
        Column(_("状态"), _state, kind="status"),
    ]  # fmt: skip
    listed = Table(
        columns,
        selectors.with_grants(page.rows),
        _("账号"),
        page=page,
        count=rows.count(),
        sort=sort,
        export=reverse("accounts:export") + "?" + request.GET.urlencode(),
        empty_title=_("没有符合条件的账号"),
        muted=lambda row: not row["user"].is_active,
    )
    return render(request, "accounts/users.html", {"table": listed, "filter": form})


def _roles_words(row: dict[str, Any]) -> str:
    told = [f"{one['place']} {one['role']}" + (f"（{one['department']}）" if one["department"] else "")
            for one in row["grants"] if one["holds"]]  # fmt: skip
    return "；".join(told) or _("无有效授权")


def _state(row: dict[str, Any]) -> Any:
    user = row["user"]
    if not user.is_active:
        return Status(_("停用"), "bad")
    parts = [Status(_("启用"), "good")]
    if user.must_change_password:
        parts.append(Status(_("临时密码"), "warn"))
    return joined(parts) if len(parts) > 1 else parts[0]


@needs("accounts.manage")
def export(request: Any) -> HttpResponse:
    """The filtered accounts in the columns that an upload takes."""
    rows, _form = _rows(request)
    cells = [Cell(one.zh, one.name, 16, KIND_OF_TYPE.get(one.type, "text"), masked=one) for one in table.columns()]
    listing = Listing(_("账号"), cells, request.scope)
    found = table.exported(rows.order_by("username").iterator(chunk_size=500))
    return workbook_response(listing, found, verb="accounts.export", region_code=request.scope.home)


@needs("accounts.manage")
def template(request: Any) -> HttpResponse:
    """The empty table to fill in."""
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        path = Path(folder) / "template.xlsx"
        table.template(path)
        content = path.read_bytes()
    response = HttpResponse(content, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    name = quote(_("账号表.xlsx"))
    response["Content-Disposition"] = f"attachment; filename=accounts.xlsx; filename*=UTF-8''{name}"
    return response


@needs("accounts.manage")
@never_cache
def upload(request: Any) -> HttpResponse:
    """A table of accounts: all of it, or the list of what is wrong."""
    form, outcome = UploadForm(request.POST or None, request.FILES or None), None
    if form.is_valid():
        try:
            sheet = read_upload(form.cleaned_data["file"], table.columns(), table.KEY)
            outcome = table.take(request.scope, request.user, sheet)
        except UserError as error:
            form.add_error("file", str(error))
    content: dict[str, Any] = {"form": form, "outcome": outcome}
    if outcome:
        content["faults"] = _faults(outcome)
    return render(request, "accounts/upload.html", content)


def _faults(outcome: table.Outcome) -> Table:
    columns = [
        Column(_("工作表"), "sheet"),
        Column(_("行"), "row", kind="number", main=True),
        Column(_("列"), lambda fault: fault.column or "", kind="text"),
        Column(_("问题"), "text", kind="long"),
    ]
    return Table(columns, outcome.faults[:500], _("有错的行"), count=len(outcome.faults), id="faults")


@needs("accounts.manage")
@never_cache
def new_user(request: Any) -> HttpResponse:
    """A new account."""
    form = NewUserForm(request.scope, request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            user, password = services.create_with_role(
                request.scope, request.user, given["username"], given["display_name"], given["place"],
                given["phone"] or "", given["role"], given["department"],
            )  # fmt: skip
        except UserError as error:
            form.add_error(None, str(error))
        else:
            return _handed_over(request, user, password)
    content = {"form": form, "page_title": _("新建账号"), "cancel_url": reverse("accounts:users")}
    return render(request, "accounts/user_form.html", content)


def _handed_over(request: Any, user: User, password: str) -> HttpResponse:
    return render(request, "accounts/handed_over.html", {"one": user, "password": password})


def _seen(request: Any, pk: int) -> User:
    user = selectors.visible(request.scope).filter(pk=pk).first()
    if user is None:
        raise Http404
    return user


def _own(request: Any, pk: int) -> User:
    user = _seen(request, pk)
    if not selectors.manageable(request.scope, user):
        raise PermissionDenied
    return user


@needs("accounts.manage")
@never_cache
def user(request: Any, pk: int) -> HttpResponse:
    """One account: facts, roles, and what can be done with it."""
    one = _seen(request, pk)
    form = GrantForm(request.scope, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        wanted = Wanted(
            given["role"], given["area"], given["department"], given["begins_on"], given["ends_on"]
        )  # fmt: skip
        try:
            services.give(request.scope, request.user, one, wanted)
        except UserError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已授权。"))
            return redirect("accounts:user", pk=pk)
    grants = grant_rows(list(one.grants.order_by("pk")))
    for grant in grants:
        grant["mine"] = request.scope.contains(selectors.MANAGE, grant["region_code"]) and one.pk != request.user.pk
    content = {
        "one": one,
        "place": full_names({one.region_code}).get(one.region_code, "") if one.region_code else "",
        "grants": grants,
        "form": form,
        "own": selectors.manageable(request.scope, one) and one.pk != request.user.pk,
        "is_me": one.pk == request.user.pk,
        "device": second_device(one),
    }
    return render(request, "accounts/user.html", content)


@needs("accounts.manage")
def edit_user(request: Any, pk: int) -> HttpResponse:
    """Another name, place or phone."""
    one = _own(request, pk)
    initial = {"display_name": one.display_name, "phone": one.phone, "place": one.region_code}
    form = UserForm(request.scope, request.POST or None, initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        try:
            services.edit(request.scope, request.user, one, given["display_name"], given["place"], given["phone"] or "")
        except UserError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已保存。"))
            return redirect("accounts:user", pk=pk)
    title = _("修改账号 %s") % one.username
    content = {"form": form, "page_title": title, "cancel_url": reverse("accounts:user", args=[pk])}
    return render(request, "accounts/user_form.html", content)


Doer = Callable[[Any, User, str], HttpResponse | None]


def _close(request: Any, one: User, why: str) -> None:
    services.set_active(request.scope, request.user, one, False, why)


def _open(request: Any, one: User, why: str) -> None:
    services.set_active(request.scope, request.user, one, True, why)


def _password(request: Any, one: User, why: str) -> HttpResponse:
    return _handed_over(request, one, services.reset_password(request.scope, request.user, one, why))


def _two_step(request: Any, one: User, why: str) -> None:
    services.reset_two_step(request.scope, request.user, one, why)


DOINGS: dict[str, Doer] = {"close": _close, "open": _open, "password": _password, "two-step": _two_step}


@needs("accounts.manage")
@never_cache
def user_action(request: Any, pk: int, action: str) -> HttpResponse:
    """Close, open, reset the password or the second step of an account, with a reason."""
    if action not in DOINGS:
        raise Http404
    one = _own(request, pk)
    form = WhyForm(request.POST or None)
    if form.is_valid():
        try:
            answer = DOINGS[action](request, one, form.cleaned_data["why"])
        except UserError as error:
            form.add_error(None, str(error))
        else:
            if answer is not None:
                return answer
            messages.success(request, _("已办理。"))
            return redirect("accounts:user", pk=pk)
    titles = {
        "close": (_("停用账号"), _("停用后立即退出登录，令牌同时失效；记录和审计保留。")),
        "open": (_("启用账号"), _("启用后可用原密码登录。")),
        "password": (_("重置密码"), _("生成临时密码，登录后必须修改；锁定同时解除。")),
        "two-step": (_("重置两步登录"), _("手机丢失时使用：之后只凭密码登录，本人可重新启用。请先当面核实身份。")),
    }
    title, text = titles[action]
    content = {
        "page_title": f"{title}：{one.display_name}（{one.username}）",
        "text": text,
        "form": form,
        "action": title,
        "danger": action != "open",
        "cancel_url": reverse("accounts:user", args=[pk]),
    }
    return render(request, "components/confirm_page.html", content)


@needs("accounts.manage")
@require_POST
def withdraw(request: Any, pk: int, grant: int) -> HttpResponse:
    """Take a role away."""
    held = Grant.objects.filter(pk=grant, user=_seen(request, pk)).first()
    if held is None:
        raise Http404
    try:
        services.withdraw(request.scope, request.user, held)
        messages.success(request, _("授权已收回。"))
    except UserError as error:
        messages.error(request, str(error))
    return redirect("accounts:user", pk=pk)
