from django.apps import AppConfig


class DailyConfig(AppConfig):
    """每日比对."""

    name = "xianjie.web.daily"
    label = "daily"
