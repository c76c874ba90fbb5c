"""Social assistance 帮扶救助: addresses."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "assistance"
urlpatterns: list[URLPattern] = []
