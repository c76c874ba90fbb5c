"""Pages that belong to no app: home, health, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.translation import override

from xianjie.messages import speaking
from xianjie.web.accounts.access import open_to_all, signed_in
from xianjie.web.tiles import area_of_user, tiles_for


class LanguageMiddleware:
    """Pages are Chinese unless this browser has chosen English here, whatever language the browser itself prefers.

    Sentences of the message catalogue follow.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        chosen = "en" if request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) == "en" else settings.LANGUAGE_CODE
        request.LANGUAGE_CODE = chosen
        with override(chosen), speaking("en" if chosen == "en" else "zh"):
            return self.get_response(request)


class SmallPages(GZipMiddleware):
    """Pages go over the wire compressed (of a length that tells nothing of their secrets); files go as they are."""

    def process_response(self, request: Any, response: Any) -> Any:
        """The response, smaller when it is a page."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        return super().process_response(request, response) if is_page else response


@signed_in
def home(request: Any) -> HttpResponse:
    """The home page of whoever signed in."""
    return render(request, "home.html", {"tiles": tiles_for(request), "area": area_of_user(request)})


@open_to_all
def health(request: HttpRequest) -> HttpResponse:
    """Whether this server can answer and reach its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True})


def _error(request: HttpRequest, code: int) -> HttpResponse:
    return render(request, f"errors/{code}.html", status=code)


def error_400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that makes no sense."""
    return _error(request, 400)


def error_403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No right to this page."""
    return _error(request, 403)


def error_404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such page, or a record outside the user's scope: both look the same."""
    return _error(request, 404)


def error_500(request: HttpRequest) -> HttpResponse:
    """Something broke; the log has it."""
    return _error(request, 500)
