"""Social assistance 帮扶救助: addresses."""

from __future__ import annotations

from django.urls import path

from xianjie.web.assistance import (
    application_views,
    benefit_views,
    coverage_views,
    decision_views,
    fund_views,
    payment_views,
    premium_views,
)

app_name = "assistance"
urlpatterns = [
    path("", application_views.applications, name="applications"),
    path("apply/<str:household_id>/", application_views.apply, name="apply"),
    path("<int:pk>/", application_views.application, name="application"),
    path("<int:pk>/explained/", decision_views.explained, name="explained"),
    path("<int:pk>/do/<slug:action>/", decision_views.move, name="move"),
    path("<int:pk>/survey/", decision_views.survey, name="survey"),
    path("<int:pk>/notice/", decision_views.notice, name="notice"),
    path("<int:pk>/refusal/", decision_views.refusal, name="refusal"),
    path("<int:pk>/evidence/<slug:kind>/", application_views.evidence, name="evidence"),
    path("<int:pk>/papers/<int:evidence_pk>/", application_views.paper, name="paper"),
    path("<int:pk>/objections/", decision_views.object_to, name="object_to"),
    path("<int:pk>/objections/<int:objection_pk>/", decision_views.answer, name="answer"),
    path("benefits/", benefit_views.received, name="benefits"),
    path("benefits/deaths/", benefit_views.deaths, name="deaths"),
    path("coverage/", coverage_views.coverage, name="coverage"),
    path("letter/<str:household_id>/", benefit_views.household_letter, name="letter"),
    path("payments/", payment_views.lists, name="payments"),
    path("payments/make/", payment_views.make, name="make_payment"),
    path("payments/<int:pk>/", payment_views.payment, name="payment"),
    path("payments/<int:pk>/lock/", payment_views.lock, name="lock"),
    path("payments/lines/<int:line_pk>/release/", payment_views.release, name="release"),
    path("funds/", fund_views.funds, name="funds"),
    path("funds/bring-in/", fund_views.bring_in, name="bring_in"),
    path("funds/<int:pk>/", fund_views.fund_page, name="fund"),
    path("funds/entries/<int:pk>/reverse/", fund_views.reverse_entry, name="reverse"),
    path("premium/", premium_views.premium_list, name="premium"),
]
