"""Addresses of the register."""

from __future__ import annotations

from django.urls import path

from xianjie.web.registry import action_views, conflict_views, quality_views, views

app_name = "registry"
urlpatterns = [
    path("households/", views.households, name="households"),
    path("households/export/", views.export_households, name="export_households"),
    path("households/new/", action_views.settle_in, name="settle_in"),
    path("exports/<int:job_id>/", views.export_file, name="export_file"),
    path("people/", views.people, name="people"),
    path("people/suggest/", views.suggest, name="suggest"),
    path("households/<str:household_id>/", views.household, name="household"),
    path("households/<str:household_id>/act/<slug:kind>/", action_views.act, name="act"),
    path("households/<str:household_id>/correct/", action_views.correct_household, name="correct_household"),
    path("households/<str:household_id>/facts/<slug:entity>/", action_views.add_fact, name="add_fact"),
    path("people/<str:person_id>/", views.person, name="person"),
    path("people/<str:person_id>/correct/", action_views.correct_person, name="correct_person"),
    path("facts/<int:fact_id>/", action_views.change_fact, name="change_fact"),
    path("facts/<int:fact_id>/withdraw/", action_views.withdraw_fact, name="withdraw_fact"),
    path("changes/<int:change_id>/undo/", action_views.undo, name="undo"),
    path("reveal/<slug:kind>/<str:key>/<slug:name>/", views.reveal, name="reveal"),
    path("conflicts/", conflict_views.conflicts, name="conflicts"),
    path("conflicts/settle/", conflict_views.settle, name="settle"),
    path("conflicts/settled/", conflict_views.settled, name="settled"),
    path("conflicts/settled/<int:settlement_id>/withdraw/", conflict_views.withdraw, name="withdraw_settlement"),
    path("quality/", quality_views.quality, name="quality"),
    path("quality/findings/", quality_views.findings, name="findings"),
    path("quality/findings/export/", quality_views.export_findings, name="export_findings"),
    path("quality/answer/", quality_views.answer, name="answer"),
]
