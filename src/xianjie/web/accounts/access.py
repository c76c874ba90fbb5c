"""Who may open a page. Every view says it with `needs` or `open_to_all`; a test walks the URL table for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from xianjie.web.accounts.roles import all_roles
from xianjie.web.accounts.scope import Scope

View = Callable[..., HttpResponse]


class ScopedRequest(HttpRequest):
    """A request after `ScopeMiddleware`: it carries the user's scope."""

    scope: Scope


def needs(*permissions: str) -> Callable[[View], View]:
    """The view is for users who hold one of the permissions somewhere; which records they see is the query's part."""
    for permission in permissions:
        all_roles().permissions[permission]

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *arguments: Any, **options: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect(f"{_login()}?{urlencode({'next': request.get_full_path()})}")
            if permissions and not any(request.scope.has(permission) for permission in permissions):
                raise PermissionDenied
            return view(request, *arguments, **options)

        guarded.access = permissions or ("signed in",)  # type: ignore[attr-defined]
        return guarded

    return guard


def signed_in(view: View) -> View:
    """The view is for everybody who has signed in."""
    return needs()(view)


def open_to_all(view: View) -> View:
    """The view needs no account (login, health check)."""
    view.access = ("all",)  # type: ignore[attr-defined]
    return view


def _login() -> str:
    from django.urls import reverse

    return reverse(settings.LOGIN_URL)
