"""Village governance 乡村治理: addresses."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "villages"
urlpatterns: list[URLPattern] = []
