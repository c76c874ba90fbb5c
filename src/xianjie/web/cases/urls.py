"""Addresses of clues and cases."""

from __future__ import annotations

from django.urls import path

from xianjie.web.cases import case_views, clue_views

app_name = "cases"
urlpatterns = [
    path("clues/", clue_views.clues, name="clues"),
    path("clues/decide/", clue_views.decide, name="decide_clues"),
    path("clues/undo/<int:batch>/", clue_views.undo, name="undo"),
    path("clues/add/<str:household_id>/", clue_views.add, name="add_clue"),
    path("clues/<int:pk>/dispatch/", clue_views.dispatch, name="dispatch"),
    path("", case_views.cases, name="cases"),
    path("<int:pk>/", case_views.case, name="case"),
    path("<int:pk>/do/<slug:action>/", case_views.move, name="move"),
    path("<int:pk>/evidence/<slug:kind>/", case_views.evidence, name="evidence"),
    path("<int:pk>/papers/<int:evidence_pk>/", case_views.paper, name="paper"),
]
