"""The URL table. Every view says who may open it (`accounts/access.py`); a test walks this table."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from xianjie.web import pages

APPS = {
    "": "accounts",
    "regions/": "regions",
    "audit/": "audit",
    "jobs/": "jobs",
    "registry/": "registry",
    "intake/": "intake",
    "daily/": "daily",
    "cases/": "cases",
    "assistance/": "assistance",
    "supervision/": "supervision",
    "ledgers/": "ledgers",
    "villages/": "villages",
    "api/": "api",
}
urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("healthz", pages.health, name="health"),
]
urlpatterns += [path(prefix, include(f"xianjie.web.{app}.urls")) for prefix, app in APPS.items()]
if settings.DEBUG:
    urlpatterns.append(path("gallery/", include("xianjie.web.design.urls")))
handler400, handler403, handler404, handler500 = (f"xianjie.web.pages.error_{code}" for code in (400, 403, 404, 500))
