"""The navigation of a page: what `navigation.yaml` lists and the user may open."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language


@cache
def _groups() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "navigation.yaml").read_text("utf-8"))
    return loaded


def _words(entry: dict[str, Any]) -> str:
    return str(entry["en" if get_language() == "en" else "zh"])


def navigation(request: Any) -> dict[str, Any]:
    """Context of every page: `nav` (groups of pages with `active`), `acting_as`, `demo`, `search_url`."""
    scope = getattr(request, "scope", None)
    if scope is None or not request.user.is_authenticated:
        return {"nav": [], "acting_as": "", "demo": settings.DEMO}
    groups = []
    for group in _groups():
        pages = [page for page in map(_page(request, scope), group["pages"]) if page]
        if pages:
            groups.append({"label": _words(group), "pages": pages})
    longest = max((page for group in groups for page in group["pages"] if page["active"]), key=_length, default=None)
    for group in groups:
        for page in group["pages"]:
            page["active"] = page is longest
    search = reverse("registry:people") if scope.has("registry.view") else ""
    return {"nav": groups, "acting_as": scope.words(), "demo": settings.DEMO, "search_url": search}


def _length(page: dict[str, Any]) -> int:
    return len(page["url"])


def _page(request: Any, scope: Any) -> Any:
    def make(entry: dict[str, Any]) -> dict[str, Any] | None:
        if entry["needs"] and not any(scope.has(permission) for permission in entry["needs"]):
            return None
        try:
            url = reverse(entry["url"])
        except NoReverseMatch:
            return None
        active = request.path == url or (url != "/" and request.path.startswith(url))
        return {"label": _words(entry), "url": url, "icon": entry["icon"], "active": active}

    return make
