"""Addresses of this app: the interface and its description, which needs no network."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from xianjie.web.api import interface, views
from xianjie.web.api import ledgers as _ledgers  # noqa: F401  its operations join the interface

app_name = "api"


def guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of the interface: only a token opens it, and what is far too big is refused unread."""

    @wraps(view)
    def answer(request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        if interface.too_long(request):
            return interface.refused(request)
        return view(request, *arguments, **options)

    answer.access = ("token",)  # type: ignore[attr-defined]
    return answer


def _patterns() -> list[URLPattern]:
    found = []
    for pattern in interface.api.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            pattern.callback = guarded(cast(Callable[..., HttpResponse], pattern.callback))
            found.append(pattern)
    return found


urlpatterns = [
    path("", views.description, name="description"),
    path("openapi.json", views.openapi, name="openapi"),
    *_patterns(),
]
