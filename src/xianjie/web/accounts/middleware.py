"""Puts the user's scope on the request, and names who acts for the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from xianjie.web.accounts.scope import NOBODY, scope_of
from xianjie.web.accounts.sign_in import idle_too_long, leave
from xianjie.web.audit.services import Actor, acting


class ScopeMiddleware:
    """`request.scope` for every request; events inside belong to its user.

    Who must change the password first, or has two-factor sign-in and has not given the code yet, is led there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            request.scope = NOBODY
            with acting(Actor("anonymous", origin=_address(request))):
                return self.get_response(request)
        if idle_too_long(request):
            with acting(Actor("anonymous", origin=_address(request))):
                return _rested(request)
        request.scope = scope_of(user)
        actor = Actor(user.username, user.display_name, request.scope.words("zh"), _address(request))
        with acting(actor):
            detour = _detour(request)
            return redirect(detour) if detour else self.get_response(request)


def _rested(request: Any) -> HttpResponse:
    """Back to the login page, and from there to where the user was."""
    request.scope = NOBODY
    back = request.get_full_path() if request.method == "GET" else reverse("home")
    leave(request)
    messages.warning(request, _("停留过久，已自动退出，请重新登录。"))
    return redirect(f"{reverse('accounts:login')}?{urlencode({'next': back})}")


def _address(request: HttpRequest) -> str:
    return request.META.get("REMOTE_ADDR", "")


def _detour(request: Any) -> str | None:
    allowed = {reverse(f"accounts:{name}") for name in ("logout", "password", "second_step", "language")}
    if request.path in allowed or request.path.startswith("/static/"):
        return None
    if not request.user.is_verified() and request.user.totpdevice_set.filter(confirmed=True).exists():
        return reverse("accounts:second_step")
    if request.user.must_change_password:
        return reverse("accounts:password")
    return None
