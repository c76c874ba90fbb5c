"""Signing in, and what everybody may do with their own account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from xianjie.messages import UserError
from xianjie.web.accounts import own_account, sign_in
from xianjie.web.accounts.access import open_to_all, signed_in
from xianjie.web.accounts.demo import demo_accounts, demo_password
from xianjie.web.accounts.forms import CodeForm, ConfirmForm, LoginForm, TokenForm
from xianjie.web.accounts.models import User


def _next(request: Any) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("home")


@open_to_all
@never_cache
def login(request: Any) -> HttpResponse:
    """Name and password; on an invented instance also its accounts to click on."""
    if request.user.is_authenticated:
        return redirect(_next(request))
    form = LoginForm(request.POST or None)
    if form.is_valid():
        if sign_in.try_password(request, form.cleaned_data["username"], form.cleaned_data["password"]):
            return redirect(_next(request))
        form.add_error(None, _("账号或密码不正确，或账号已停用。"))
    content = {
        "form": form,
        "next": _next(request),
        "tries": settings.AXES_FAILURE_LIMIT,
        "minutes": round(settings.AXES_COOLOFF_TIME * 60),
        "accounts": demo_accounts(),
        "demo_password": demo_password() if settings.DEMO else "",
    }
    return render(request, "accounts/login.html", content)


@open_to_all
@require_POST
def demo_login(request: Any) -> HttpResponse:
    """One click on an invented account. On a real instance there is no such page."""
    wanted = request.POST.get("username", "")
    if wanted not in {account.username for account in demo_accounts()}:
        raise Http404
    sign_in.enter(request, User.objects.get(username=wanted))
    return redirect(_next(request))


@signed_in
@require_POST
def logout(request: Any) -> HttpResponse:
    """End the session."""
    sign_in.leave(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@open_to_all
@require_POST
def language(request: Any) -> HttpResponse:
    """Chinese or English, for this browser."""
    return set_language(request)


@signed_in
@never_cache
def second_step(request: Any) -> HttpResponse:
    """The code of the second step."""
    if request.user.is_verified() or sign_in.second_device(request.user) is None:
        return redirect(_next(request))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if sign_in.try_code(request, form.cleaned_data["code"]):
            return redirect(_next(request))
        form.add_error("code", _("验证码不正确或已过期，请等应用换一组数字后再试。"))
    return render(request, "accounts/second_step.html", {"form": form, "next": _next(request)})


@signed_in
@never_cache
def password(request: Any) -> HttpResponse:
    """A new password for oneself."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if form.is_valid():
        own_account.change_password(form)
        update_session_auth_hash(request, form.user)
        messages.success(request, _("密码已修改，其他设备上的登录已失效。"))
        return redirect("accounts:me" if not request.POST.get("next") else _next(request))
    return render(request, "accounts/password.html", {"form": form})


@signed_in
@never_cache
def me(request: Any) -> HttpResponse:
    """One's own account: roles, last sign-in, second step, keys."""
    return render(request, "accounts/me.html", {**own_account.overview(request.user), "token_form": TokenForm()})


@signed_in
@never_cache
def two_step(request: Any) -> HttpResponse:
    """Set the second step up: a QR code to scan, a code to prove it."""
    if sign_in.second_device(request.user) is not None:
        return redirect("accounts:me")
    device = own_account.new_device(request.user)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if own_account.confirm_device(request, device, form.cleaned_data["code"]):
            messages.success(request, _("两步登录已启用。下次登录除密码外还需验证码。"))
            return redirect("accounts:me")
        form.add_error("code", _("验证码不正确，请核对手机时间后重试。"))
    content = {"form": form, "qr": own_account.qr_svg(device.config_url), "secret": own_account.readable_secret(device)}
    return render(request, "accounts/two_step.html", content)


@signed_in
@never_cache
def two_step_off(request: Any) -> HttpResponse:
    """Give the second step up, with the password."""
    form = ConfirmForm(request.user, request.POST or None)
    if form.is_valid():
        own_account.remove_device(request.user)
        messages.success(request, _("两步登录已停用。"))
        return redirect("accounts:me")
    content = {
        "page_title": _("停用两步登录"),
        "text": _("停用后，只凭密码就能登录本账号。"),
        "form": form,
        "action": _("停用"),
        "danger": True,
        "cancel_url": reverse("accounts:me"),
    }
    return render(request, "components/confirm_page.html", content)


@signed_in
@require_POST
@never_cache
def make_token(request: Any) -> HttpResponse:
    """A new key, shown this once."""
    form = TokenForm(request.POST)
    fresh = ""
    if form.is_valid():
        try:
            fresh = own_account.make_token(request.user, form.cleaned_data["name"], form.cleaned_data["ends_on"])
            form = TokenForm()
        except UserError as error:
            form.add_error(None, str(error))
    content = {**own_account.overview(request.user), "token_form": form, "fresh_token": fresh}
    return render(request, "accounts/me.html", content)


@signed_in
@require_POST
def withdraw_token(request: Any, pk: int) -> HttpResponse:
    """A key that no longer works."""
    token = request.user.tokens.filter(pk=pk).first()
    if token is None:
        raise Http404
    own_account.withdraw_token(token)
    messages.success(request, _("令牌已作废。"))
    return redirect("accounts:me")
