"""Village governance 乡村治理: addresses."""

from __future__ import annotations

from django.urls import path

from xianjie.web.villages import entry_views, village_views

app_name = "villages"
urlpatterns = [
    path("", village_views.villages, name="villages"),
    path("export/", village_views.export, name="export"),
    path("<slug:code>/", village_views.village, name="village"),
    path("<slug:code>/rules/", village_views.rules, name="rules"),
    path("<slug:code>/vote/", village_views.vote, name="vote"),
    path("<slug:code>/meetings/", village_views.meetings, name="meetings"),
    path("<slug:code>/quarter/", entry_views.quarter, name="quarter"),
    path("<slug:code>/families/<int:year>/", village_views.families, name="families"),
    path("<slug:code>/safety/", village_views.safety, name="safety"),
    path("archive/entries/", entry_views.entries, name="entries"),
    path("archive/entries/export/", entry_views.export_entries, name="export_entries"),
    path("archive/entries/<int:pk>/", entry_views.entry, name="entry"),
    path("archive/entries/<int:pk>/paper/", entry_views.paper, name="paper"),
    path("archive/entries/<int:pk>/clear/", entry_views.clear, name="clear"),
    path("archive/entries/<int:pk>/appeal/", entry_views.appeal, name="appeal"),
    path("archive/entries/<int:pk>/answer/", entry_views.answer, name="answer"),
    path("archive/households/<str:household_id>/", entry_views.archive, name="archive"),
    path("archive/households/<str:household_id>/propose/", entry_views.propose, name="propose"),
    path("archive/households/<str:household_id>/feast/", entry_views.feast, name="feast"),
]
