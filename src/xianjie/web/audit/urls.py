"""Addresses of the audit trail."""

from django.urls import path

from xianjie.web.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.events, name="events"),
    path("export/", views.export, name="export"),
    path("<int:seq>/", views.event, name="event"),
]
