"""Addresses of clues and cases."""

from __future__ import annotations

from django.urls import path

from xianjie.web.cases import (
    case_views,
    clue_views,
    comparing_views,
    deliberation_views,
    document_views,
    measures_views,
    meeting_views,
    planning_views,
    verification_views,
    visiting_views,
)

app_name = "cases"
urlpatterns = [
    path("clues/", clue_views.clues, name="clues"),
    path("clues/decide/", clue_views.decide, name="decide_clues"),
    path("clues/undo/<int:batch>/", clue_views.undo, name="undo"),
    path("clues/add/<str:household_id>/", clue_views.add, name="add_clue"),
    path("clues/<int:pk>/dispatch/", clue_views.dispatch, name="dispatch"),
    path("", case_views.cases, name="cases"),
    path("<int:pk>/", case_views.case, name="case"),
    path("meeting/", meeting_views.meeting, name="meeting"),
    path("meeting/printed/", meeting_views.printed, name="meeting_printed"),
    path("<int:pk>/verify/", verification_views.verify, name="verify"),
    path("<int:pk>/compare/", comparing_views.compare, name="compare"),
    path("<int:pk>/record/", deliberation_views.record, name="record"),
    path("<int:pk>/notice/", deliberation_views.notice, name="notice"),
    path("<int:pk>/objections/", deliberation_views.object_to, name="object_to"),
    path("<int:pk>/objections/<int:objection_pk>/", deliberation_views.answer, name="answer"),
    path("<int:pk>/news/", case_views.news, name="news"),
    path("<int:pk>/do/<slug:action>/", case_views.move, name="move"),
    path("<int:pk>/evidence/helper_named/", planning_views.plan, name="plan_helper"),  # these two follow from the plan
    path("<int:pk>/evidence/risks_covered/", planning_views.plan, name="plan_risks"),
    path("<int:pk>/evidence/<slug:kind>/", case_views.evidence, name="evidence"),
    path("<int:pk>/papers/<int:evidence_pk>/", case_views.paper, name="paper"),
    path("<int:pk>/plan/", planning_views.plan, name="plan"),
    path("<int:pk>/plan/shown/", planning_views.plan_shown, name="plan_shown"),
    path("<int:pk>/plan/printed/", planning_views.plan_printed, name="plan_printed"),
    path("<int:pk>/plan/word/", document_views.plan_word, name="plan_word"),
    path("plan-template/", document_views.template, name="plan_template"),
    path("plan-template/file/", document_views.template_file, name="plan_template_file"),
    path("measures/", measures_views.measures, name="measures"),
    path("measures/<int:pk>/", measures_views.measure, name="measure"),
    path("measures/<int:pk>/papers/<int:report_pk>/", measures_views.measure_paper, name="measure_paper"),
    path("visits/", visiting_views.visits, name="visits"),
    path("<int:pk>/visits/add/", visiting_views.visit, name="add_visit"),
]
