"""Ledgers of the linkage work 台账: addresses."""

from __future__ import annotations

from django.urls import path

from xianjie.web.ledgers import entry_views, views
from xianjie.web.ledgers.kinds import views as kinds

app_name = "ledgers"
urlpatterns = [
    path("", views.home, name="home"),
    path("problems/", views.problems, name="problems"),
    path("check/", views.check, name="check"),
    path("matching/", kinds.matching, name="matching"),
    path("gaps/", kinds.gaps, name="gaps"),
    path("file/<int:job_id>/", views.file, name="file"),
    path("figures/<slug:ledger>/", views.figures, name="figures"),
    path("sheet/<slug:sheet>/", views.entries, name="entries"),
    path("sheet/<slug:sheet>/new/", entry_views.add, name="add"),
    path("sheet/<slug:sheet>/export/", views.export, name="export"),
    path("sheet/<slug:sheet>/template/", views.template, name="template"),
    path("sheet/<slug:sheet>/import/", views.import_, name="import"),
    path("entry/<int:pk>/", entry_views.entry, name="entry"),
    path("entry/<int:pk>/change/", entry_views.change, name="change"),
    path("entry/<int:pk>/trace/", entry_views.trace, name="trace"),
    path("entry/<int:pk>/withdraw/", entry_views.withdraw, name="withdraw"),
    path("entry/<int:pk>/<slug:move>/", entry_views.move, name="move"),
]
