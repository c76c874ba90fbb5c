"""Addresses of the region tree."""

from django.urls import path

from xianjie.web.regions import views

app_name = "regions"
urlpatterns = [
    path("", views.tree, name="tree"),
    path("export/", views.export, name="export"),
    path("upload/", views.upload, name="upload"),
    path("upload/<str:word>/", views.preview, name="preview"),
    path("<str:code>/<str:kind>/", views.change, name="change"),
]
