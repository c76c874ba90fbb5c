"""Addresses of the daily job: runs, findings, warnings, the national system."""

from __future__ import annotations

from django.urls import path

from xianjie.web.daily import finding_views, household_views, national_views, run_views, warning_views

app_name = "daily"
urlpatterns = [
    path("runs/", run_views.run_list, name="runs"),
    path("runs/start/", run_views.start, name="start"),
    path("runs/<int:pk>/", run_views.one_run, name="run"),
    path("runs/<int:pk>/cancel/", run_views.cancel, name="cancel"),
    path("runs/<int:pk>/resume/", run_views.resume, name="resume"),
    path("runs/<int:pk>/changes/", run_views.changes, name="changes"),
    path("runs/<int:pk>/files/<path:path>", run_views.run_file, name="file"),
    path("findings/", finding_views.findings, name="findings"),
    path("findings/export/", finding_views.export_findings, name="export_findings"),
    path("findings/<int:pk>/reveal/", finding_views.reveal, name="reveal"),
    path("households/<str:household_id>/", household_views.household, name="household"),
    path("national/", national_views.exchanges, name="national"),
    path("national/out/", national_views.write_out, name="write_out"),
    path("national/<int:pk>/", national_views.exchange, name="exchange"),
    path("national/<int:pk>/decide/", national_views.decide, name="decide"),
    path("national/<int:pk>/sheet/", national_views.sheet, name="sheet"),
    path("warnings/", warning_views.warnings, name="warnings"),
    path("warnings/answer/", warning_views.answer, name="answer"),
    path("warnings/export/", warning_views.export_warnings, name="export_warnings"),
]
