"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from xianjie.web.intake import calendar_views, doubt_views, views

app_name = "intake"
urlpatterns = [
    path("", views.deliveries, name="deliveries"),
    path("export.xlsx", views.export, name="export"),
    path("deliver/", views.deliver, name="deliver"),
    path("layouts/<slug:layout>/", views.layout_page, name="layout"),
    path("layouts/<slug:layout>/template.xlsx", views.template, name="template"),
    path("watched/", views.watched, name="watched"),
    path("calendar/", calendar_views.board, name="calendar"),
    path("calendar/<slug:layout>/", calendar_views.due, name="due"),
    path("doubts/", doubt_views.doubts_page, name="doubts"),
    path("doubts/next/", doubt_views.next_page, name="next"),
    path("doubts/undo/", doubt_views.undo, name="undo_last"),
    path("doubts/<int:pk>/", doubt_views.doubt, name="doubt"),
    path("doubts/<int:pk>/decide/", doubt_views.decide, name="decide"),
    path("doubts/<int:pk>/undo/", doubt_views.undo, name="undo"),
    path("<int:pk>/", views.delivery, name="delivery"),
    path("<int:pk>/cancel/", views.cancel, name="cancel"),
    path("<int:pk>/again/", views.again, name="again"),
    path("<int:pk>/settle/", views.settle, name="settle"),
    path("<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("<int:pk>/giveback.xlsx", views.giveback, name="giveback"),
    path("<int:pk>/given/", views.given, name="given"),
]
