from django.urls import path

from xianjie.web.design import gallery

app_name = "design"
urlpatterns = [
    path("", gallery.show, name="gallery"),
    path("<slug:page>/", gallery.show, name="page"),
]
