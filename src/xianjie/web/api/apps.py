from django.apps import AppConfig


class ApiConfig(AppConfig):
    """接口."""

    name = "xianjie.web.api"
    label = "api"
